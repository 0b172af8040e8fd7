//! `POST /auth`: registering, signing in, and access tokens for Realms.

use std::net::IpAddr;

use hyper::Response;
use serde_json::json;

use super::done;
use super::problem::{Kind, Problem};
use crate::api::classic::Authentication;
use crate::audit::{Act, Entry};
use crate::config::{Issuer, Settings};
use crate::http::attempts::Key;
use crate::http::{Answer, Http, request};
use crate::secret::Secret;
use crate::system::{Issued, NoAccess, Provider, Recognised, SystemError};

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
        Some(name) => match way(&http.system.settings(), name) {
            Some(way) => foreign(http, peer, way, asked).await,
            None => Err(Problem::invalid("provider", "is not one of this server")),
        },
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

/// A way to sign in with what others know.
enum Way {
    /// A token of the issuer, who chooses ids.
    Jwt(Issuer),
    /// A token of a provider.
    Provided(Provider, Issuer),
}

impl Way {
    fn issuer(&self) -> &Issuer {
        match self {
            Way::Jwt(issuer) | Way::Provided(_, issuer) => issuer,
        }
    }
}

/// The way of this name, if the configuration has it.
fn way(settings: &Settings, name: &str) -> Option<Way> {
    let providers = &settings.providers;
    Some(match name {
        "jwt" => Way::Jwt(providers.jwt.as_ref()?.issuer.clone()),
        "google" => Way::Provided(Provider::Google, providers.google.as_ref()?.issuer()),
        _ => return None,
    })
}

/// Somebody whom others know.
async fn foreign(
    http: &Http,
    peer: IpAddr,
    way: Way,
    asked: Authentication,
) -> Result<Response<Answer>, Problem> {
    let token = asked.data.ok_or_else(|| Problem::missing("data"))?;
    let begun = http.may_try(peer, &super::app());
    let begun = begun.ok_or_else(|| Problem::new(Kind::TooMany).because("too many tries"))?;
    let known = known(http, way, token, asked.app_id).await;
    if !known.as_ref().is_err_and(Problem::is_wrong_password) {
        begun.take_back();
    }
    let entry = Entry::of(Act::SignIn).app(super::app()).from(peer);
    let known = known.inspect_err(|problem| entry.clone().refused(problem))?;
    if known.changed {
        http.surroundings.user_ended(&known.user);
    }
    entry.user(&known.user).done();
    Ok(done(&json!({ "refresh_token": shown(&known.given) })))
}

async fn known(
    http: &Http,
    way: Way,
    token: Secret,
    app_id: Option<String>,
) -> Result<Recognised<Issued>, Problem> {
    let shown = http.with_keys(way.issuer(), token).await?;
    let moment = http.moment();
    let known = http
        .ask(move |system| match way {
            Way::Jwt(_) => system.classic_sign_in_token(&shown, app_id, &moment),
            Way::Provided(provider, issuer) => {
                system.classic_sign_in_provided(provider, &issuer, &shown, app_id, &moment)
            }
        })
        .await?;
    known.map_err(|error| match error {
        SystemError::IdInUse | SystemError::BadId | SystemError::BadMetadata => {
            Problem::new(Kind::InvalidCredentials).because(error)
        }
        error => error.into(),
    })
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
fn shown(issued: &Issued) -> serde_json::Value {
    json!({ "token": issued.token.reveal(), "token_data": issued.claims })
}
