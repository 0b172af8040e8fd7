//! Confirming an address, and the way back for who has forgotten the password, as SDKs of version 2 and later ask for it.

use std::net::IpAddr;

use hyper::Response;
use serde_json::json;

use super::done;
use super::problem::{Kind, Problem};
use crate::api::classic::AccountUpdate;
use crate::audit::{Act, Entry};
use crate::http::attempts::Key;
use crate::http::{Answer, Http, request};
use crate::secret::Secret;
use crate::system::{MailedToken, Purpose, SystemError};

/// `POST /auth/<provider>/updateAccount`
pub async fn update(
    http: &Http,
    peer: IpAddr,
    provider: &str,
    body: &[u8],
) -> Result<Response<Answer>, Problem> {
    if provider != "password" {
        return Err(Problem::invalid("provider", "has no passwords"));
    }
    let AccountUpdate { provider_id, data } = request::parse(body)?;
    let address = provider_id.ok_or_else(|| Problem::missing("provider_id"));
    let token = data.token.ok_or_else(|| Problem::missing("token"));
    match data.action.as_deref() {
        Some("reset_password") => send(http, peer, Purpose::Reset, address?).await?,
        Some("request_email_confirmation") => {
            send(http, peer, Purpose::Confirm, address?).await?;
        }
        Some("complete_reset") => {
            let password = data.new_password;
            let password = password.ok_or_else(|| Problem::missing("new_password"))?;
            reset(http, peer, &token?, password).await?;
        }
        Some("confirm_email") => confirm(http, peer, &token?).await?,
        Some(_) => return Err(Problem::invalid("action", "is not known")),
        None => return Err(Problem::missing("action")),
    }
    Ok(done(&json!({})))
}

async fn send(http: &Http, peer: IpAddr, purpose: Purpose, address: String) -> Result<(), Problem> {
    let (app, moment) = (super::app(), http.moment());
    let (from, to) = (Key::new(peer, &app, ""), Key::new(peer, &app, &address));
    if !http.registrations.begin(&from, moment.now) || !http.letters.begin(&to, moment.now) {
        return Err(Problem::new(Kind::TooMany).because("too many e-mails"));
    }
    let letter = http
        .ask(move |system| system.letter(&app, purpose, &address, &moment))
        .await??;
    letter
        .into_iter()
        .for_each(|letter| http.surroundings.mail(letter));
    Ok(())
}

async fn confirm(http: &Http, peer: IpAddr, token: &Secret) -> Result<(), Problem> {
    let (token, now) = (taken_apart(token)?, http.surroundings.now());
    let confirmed = http
        .ask(move |system| system.confirm(&super::app(), &token, now))
        .await?;
    let entry = Entry::of(Act::Confirm).app(super::app()).from(peer);
    let user = confirmed.inspect_err(|refused| entry.clone().refused(refused))?;
    entry.user(user).done();
    Ok(())
}

async fn reset(http: &Http, peer: IpAddr, token: &Secret, password: Secret) -> Result<(), Problem> {
    let (token, moment) = (taken_apart(token)?, http.moment());
    let set = http
        .ask_hashing(move |system| system.reset(&super::app(), &token, &password, &moment))
        .await?;
    let entry = Entry::of(Act::Password).app(super::app()).from(peer);
    let (user, ended) = set.inspect_err(|refused| entry.clone().refused(refused))?;
    entry.user(&user).done();
    http.surroundings.ended(&ended);
    http.surroundings.user_ended(&user);
    Ok(())
}

fn taken_apart(token: &Secret) -> Result<MailedToken, Problem> {
    MailedToken::joined(token).ok_or_else(|| SystemError::BadMailedToken.into())
}
