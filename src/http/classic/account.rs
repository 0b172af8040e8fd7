//! What somebody who has signed in does with that: signing out, another password.

use std::net::IpAddr;

use hyper::Response;
use hyper::http::request::Parts;
use serde_json::json;

use super::problem::{Kind, Problem};
use super::{done, token};
use crate::api::classic::{PasswordChange, Revocation};
use crate::audit::{Act, Entry};
use crate::auth::TokenError;
use crate::http::attempts::Key;
use crate::http::{Answer, Http, request};
use crate::ident::UserId;
use crate::system::SystemError;

/// `POST /auth/revoke`: the refresh token in the body, or the one that is shown if there is none.
pub async fn revoke(http: &Http, head: &Parts, body: &[u8]) -> Result<Response<Answer>, Problem> {
    let said: Revocation = if body.is_empty() {
        Revocation::default()
    } else {
        request::parse(body)?
    };
    let token = match (said.token, token(head)) {
        (Some(token), _) | (None, Ok(token)) => token,
        (None, Err(_)) => return Err(Problem::missing("token")),
    };
    let now = http.surroundings.now();
    let login = http
        .ask(move |system| system.classic_log_out(&token, now))
        .await??;
    Entry::of(Act::SignOut).detail(&login).done();
    http.surroundings.ended(&[login]);
    Ok(done(&json!({})))
}

/// `PUT /auth/password`, as 1.x has it (token and password in the body) or as 2 and later (token in the header, password in `data`). Logins go on.
pub async fn password(
    http: &Http,
    peer: IpAddr,
    head: &Parts,
    body: &[u8],
) -> Result<Response<Answer>, Problem> {
    let said: PasswordChange = request::parse(body)?;
    let is_old = said.token.is_some() || said.password.is_some();
    let (token, password) = if is_old {
        let token = said.token.ok_or_else(|| Problem::missing("token"))?;
        let password = said.password;
        (token, password.ok_or_else(|| Problem::missing("password"))?)
    } else {
        let password = said.data.and_then(|data| data.new_password);
        let password = password.ok_or_else(|| Problem::missing("new_password"))?;
        (self::token(head)?, password)
    };
    let moment = http.moment();
    let from = Key::new(peer, &super::app(), "");
    if !http.registrations.begin(&from, moment.now) {
        return Err(Problem::new(Kind::TooMany).because("too many passwords are changed"));
    }
    let wanted = said.user_id.filter(|id| !id.is_empty());
    let changed = http
        .ask_hashing(move |system| {
            let shown = system.person(&token, moment.now)?;
            let user = wanted.map_or_else(|| shown.user.clone(), |id| UserId(id.into()));
            if user != shown.user && !shown.admin {
                return Err(SystemError::NotAdmin);
            }
            system.set_password(&user, &password, true, &moment)?;
            Ok((user, shown.user))
        })
        .await?;
    let (user, by) = changed.map_err(|error| match error {
        SystemError::Token(TokenError::Expired) if is_old => {
            Problem::new(Kind::ExpiredRefreshToken).because(error)
        }
        error => error.into(),
    })?;
    let entry = Entry::of(Act::Password).by(by).user(user);
    entry.from(peer).done();
    Ok(done(&if is_old {
        json!({ "update": true, "accounts": 1 })
    } else {
        json!({})
    }))
}
