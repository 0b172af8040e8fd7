//! `POST /auth`: registering, signing in, and access tokens for Realms.

use std::net::IpAddr;

use hyper::Response;
use serde_json::json;

use super::problem::{Kind, Problem};
use super::{done, stranger};
use crate::api::classic::Authentication;
use crate::audit::{Act, Entry};
use crate::http::attempts::Key;
use crate::http::{Answer, Http, request};
use crate::secret::Secret;
use crate::system::{Issued, NoAccess};

/// Whoever asks, by what it shows.
pub async fn authenticate(
    http: &Http,
    peer: IpAddr,
    body: &[u8],
) -> Result<Response<Answer>, Problem> {
    let asked: Authentication = request::parse(body)?;
    match asked.provider.as_deref() {
        Some("password") => password(http, peer, asked).await,
        Some("realm") => realm(http, peer, asked).await,
        Some(name) => {
            let name = name.to_owned();
            stranger::sign_in(http, peer, &name, asked).await
        }
        None => Err(Problem::missing("provider")),
    }
}

async fn password(
    http: &Http,
    peer: IpAddr,
    asked: Authentication,
) -> Result<Response<Answer>, Problem> {
    let info = asked.user_info.unwrap_or_default();
    let name = asked.data.or(asked.username);
    let name = name.ok_or_else(|| Problem::missing("data"))?;
    let password = info.password.or(asked.password);
    let password = password.ok_or_else(|| Problem::missing("password"))?;
    let register = info.register.or(asked.register).unwrap_or(false);
    let (name, app_id) = (name.reveal().to_owned(), asked.app_id);
    let entry = |act| Entry::of(act).app(super::app()).from(peer);
    let (entry, issued) = if register {
        let issued = self::register(http, peer, name, password, app_id).await;
        (entry(Act::Register), issued)
    } else {
        let issued = sign_in(http, peer, name, password, app_id).await;
        (entry(Act::SignIn), issued)
    };
    let issued = issued.inspect_err(|problem| entry.clone().refused(problem))?;
    entry.user(&issued.claims.identity).done();
    Ok(done(&json!({ "refresh_token": shown(&issued) })))
}

async fn register(
    http: &Http,
    peer: IpAddr,
    name: String,
    password: Secret,
    app_id: Option<String>,
) -> Result<Issued, Problem> {
    let moment = http.moment();
    let from = Key::new(peer, &super::app(), "");
    if !http.registrations.begin(&from, moment.now) {
        return Err(Problem::new(Kind::TooMany).because("too many registrations from this address"));
    }
    let work = move |system: &crate::system::System| {
        system.classic_register(&name, &password, app_id, &moment)
    };
    Ok(http.ask_hashing(work).await??)
}

async fn sign_in(
    http: &Http,
    peer: IpAddr,
    name: String,
    password: Secret,
    app_id: Option<String>,
) -> Result<Issued, Problem> {
    let (key, moment) = (Key::new(peer, &super::app(), &name), http.moment());
    if !http.wrong_passwords.begin(&key, moment.now) {
        return Err(Problem::new(Kind::TooMany).because("too many wrong passwords"));
    }
    let result = http
        .ask_hashing(move |system| system.classic_sign_in(&name, &password, app_id, &moment))
        .await
        .map_err(Problem::from)
        .and_then(|result| result.map_err(Problem::from));
    if !result.as_ref().is_err_and(Problem::is_wrong_password) {
        http.wrong_passwords.take_back(&key);
    }
    result
}

async fn realm(
    http: &Http,
    peer: IpAddr,
    asked: Authentication,
) -> Result<Response<Answer>, Problem> {
    let refresh = asked.data.ok_or_else(|| Problem::missing("data"))?;
    let (app_id, moment) = (asked.app_id, http.moment());
    let Some(path) = asked.path.filter(|path| !path.is_empty()) else {
        let issued = http
            .ask(move |system| Ok(system.classic_user_token(&refresh, app_id, &moment)?))
            .await?;
        let issued = issued.map_err(|error| refused(peer, None, error))?;
        return Ok(done(&json!({ "user_token": shown(&issued) })));
    };
    let path = match http.system.settings().own_path(&path) {
        Some(Err(other)) => return Err(Problem::new(Kind::InvalidHost).because(other)),
        Some(Ok(path)) => path.to_owned(),
        None => path,
    };
    let path = request::decoded(&path).ok_or_else(|| Problem::new(Kind::AccessDenied))?;
    let asked_for = path.clone();
    let issued = http
        .ask(move |system| system.classic_access(&refresh, &path, app_id, &moment))
        .await?;
    let issued = issued.map_err(|error| refused(peer, Some(asked_for), error))?;
    Ok(done(&json!({ "access_token": shown(&issued) })))
}

/// Puts on record that somebody gets no token for a Realm, or none that says who it is.
fn refused(peer: IpAddr, realm: Option<String>, error: NoAccess) -> Problem {
    let mut entry = Entry::of(Act::AccessToken).from(peer);
    if let Some(realm) = realm {
        entry = entry.realm(realm);
    }
    if let NoAccess::Denied { user, .. } = &error {
        entry = entry.by(user);
    }
    entry.refused(&error);
    error.into()
}

/// A token and what is in it, as clients want both.
pub(super) fn shown(issued: &Issued) -> serde_json::Value {
    json!({ "token": issued.token.reveal(), "token_data": issued.claims })
}
