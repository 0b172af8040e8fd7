//! Permissions and offers, as Realm Object Server 3.23 has them over HTTP. Each request is what its row in `/~/__management` would be, and is judged like one.

use std::net::IpAddr;

use hyper::Response;
use hyper::http::request::Parts;
use serde_json::json;

use super::problem::{Kind, Problem};
use super::{app, done, moment, token};
use crate::access::{Endpoint, Everyone, Reserved, Rights};
use crate::api::classic::{
    Condition, OfferBody, OfferShown, PermissionChange, PermissionShown, WantedOffer,
};
use crate::audit::{Act, Entry};
use crate::http::{Answer, Http, request};
use crate::system::{Ask, Flags, Offered, Permission, Reply, Shown, SystemError};

/// A route below `/permissions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    /// `GET /permissions`
    List,
    /// `POST /permissions/apply`
    Apply,
    /// `POST /permissions/offers`
    Offer,
    /// `GET /permissions/offers`
    Offers,
    /// `POST /permissions/offers/<token>/accept`
    Accept(&'a str),
    /// `DELETE /permissions/offers/<token>`
    Withdraw(&'a str),
    /// `GET /permissions/ondemand`
    OnDemand,
}

impl<'a> Route<'a> {
    /// The route of a method and the segments after `permissions`.
    pub fn find(method: &str, segments: &[&'a str]) -> Option<Route<'a>> {
        match (method, segments) {
            ("GET", []) => Some(Route::List),
            ("GET", ["ondemand"]) => Some(Route::OnDemand),
            ("POST", ["apply"]) => Some(Route::Apply),
            ("POST", ["offers"]) => Some(Route::Offer),
            ("GET", ["offers"]) => Some(Route::Offers),
            ("POST", ["offers", token, "accept"]) => Some(Route::Accept(token)),
            ("DELETE", ["offers", token]) => Some(Route::Withdraw(token)),
            _ => None,
        }
    }
}

/// Answers a request to one of the routes, if the configuration has them.
pub async fn answer(
    http: &Http,
    peer: IpAddr,
    route: Route<'_>,
    head: &Parts,
    body: &[u8],
) -> Result<Response<Answer>, Problem> {
    if !http.system.settings().classic_permissions {
        return Err(Problem::new(Kind::NotEnabled).because("classic.permissions is off"));
    }
    let shown = whoever(http, head).await;
    let shown = shown.inspect_err(|refused| {
        let path = super::without_token(head.uri.path());
        refused.record(Act::Permission, &path, peer);
    })?;
    match route {
        Route::List => list(http, shown, head).await,
        Route::Apply => apply(http, shown, body).await,
        Route::Offer => offer(http, shown, body).await,
        Route::Offers => offers(http, shown).await,
        Route::Accept(token) => accept(http, shown, token).await,
        Route::Withdraw(token) => withdraw(http, shown, token).await,
        Route::OnDemand => on_demand(http, shown).await,
    }
}

async fn list(http: &Http, shown: Shown, head: &Parts) -> Result<Response<Answer>, Problem> {
    let recipient = request::query(&head.uri, "recipient").unwrap_or_default();
    let user = shown.user.clone();
    let rows = http
        .ask(move |system| system.permissions_about(&user))
        .await??;
    let wanted = |row: &Permission| {
        let of_caller = row.user == shown.user || Everyone::is(&row.user);
        match recipient.as_str() {
            "currentUser" => of_caller,
            "otherUser" => !of_caller,
            _ => true,
        }
    };
    let rows = rows
        .into_iter()
        .filter(|row| row.realm.is_path() && Reserved::of(&row.realm).is_none() && wanted(row));
    let permissions: Vec<_> = rows
        .map(|row| PermissionShown {
            user_id: (!Everyone::is(&row.user)).then(|| row.user.to_string()),
            path: row.realm.to_string(),
            access_level: level(row.rights),
            updated_at: moment::shown(row.changed),
        })
        .collect();
    Ok(done(&json!({ "permissions": permissions })))
}

/// As 2.0 has it: it brought `/~/__permission` up to date, which is so here all the time, and said how many rows it has.
async fn on_demand(http: &Http, shown: Shown) -> Result<Response<Answer>, Problem> {
    let user = shown.user.clone();
    let rows = http
        .ask(move |system| system.permissions_shown_to(&user))
        .await??;
    Ok(done(&json!({
        "userId": shown.user.to_string(),
        "affectedPermissionsCount": rows,
    })))
}

async fn apply(http: &Http, shown: Shown, body: &[u8]) -> Result<Response<Answer>, Problem> {
    let said: PermissionChange = request::parse(body)?;
    let condition = said
        .condition
        .ok_or_else(|| Problem::missing("condition"))?;
    let url = said
        .realm_path
        .ok_or_else(|| Problem::missing("realmPath"))?;
    let flags = Flags::exactly(rights(said.access_level.as_deref())?);
    let (user, metadata) = match condition {
        Condition {
            user_id: Some(user),
            ..
        } => (user, None),
        Condition {
            metadata_key: Some(key),
            metadata_value: Some(value),
            ..
        } => (String::new(), Some((key, value))),
        Condition { .. } => return Err(Problem::missing("condition")),
    };
    let everybody = user == Everyone::ID;
    let counted = metadata.clone();
    let ask = Ask::Change {
        user,
        metadata,
        url,
        flags,
    };
    asked(http, &shown, ask).await?;
    let affected = match counted {
        Some((key, value)) => {
            let count = http.ask(move |system| system.count_with_metadata(&app(), &key, &value));
            i64::try_from(count.await??).unwrap_or(i64::MAX)
        }
        None if everybody => -1,
        None => 1,
    };
    Ok(done(&json!({ "affectedUsers": affected })))
}

async fn offer(http: &Http, shown: Shown, body: &[u8]) -> Result<Response<Answer>, Problem> {
    let said: WantedOffer = request::parse(body)?;
    let url = said
        .realm_path
        .ok_or_else(|| Problem::missing("realmPath"))?;
    let rights = rights(said.access_level.as_deref())?;
    if rights.is_empty() {
        return Err(Problem::invalid("accessLevel", "is read, write or admin"));
    }
    let expires = said.expires_at.map(|text| {
        moment::parse(&text).ok_or_else(|| Problem::invalid("expiresAt", "is no time"))
    });
    let expires = expires.transpose()?;
    let ask = Ask::Offer {
        url,
        rights,
        expires,
    };
    let now = http.surroundings.now();
    let reply = asked(http, &shown, ask).await?;
    let made = OfferBody {
        token: reply.token.unwrap_or_default(),
        realm_path: path(&reply.realm.unwrap_or_default()).to_owned(),
        expires_at: expires.map(moment::shown),
        access_level: level(rights),
        created_at: moment::shown(now),
        user_id: shown.user.to_string(),
    };
    Ok(done(&made))
}

async fn offers(http: &Http, shown: Shown) -> Result<Response<Answer>, Problem> {
    let (user, now) = (shown.user, http.surroundings.now());
    let found = http
        .ask(move |system| system.offers_of(&user, now))
        .await??;
    let offers = found.into_iter().filter(|offer| offer.realm.is_path());
    let offers = offers.map(body_of).collect();
    Ok(done(&OfferShown { offers }))
}

async fn accept(http: &Http, shown: Shown, token: &str) -> Result<Response<Answer>, Problem> {
    let token = named(token)?;
    let reply = asked(http, &shown, Ask::Response { token }).await?;
    let realm = reply.realm.unwrap_or_default();
    Ok(done(&json!({ "path": path(&realm) })))
}

async fn withdraw(http: &Http, shown: Shown, token: &str) -> Result<Response<Answer>, Problem> {
    let token = named(token)?;
    let entry = Entry::of(Act::Permission).by(&shown.user);
    let entry = entry.detail("an offer is withdrawn");
    let withdrawn = http
        .ask(move |system| system.withdraw_offer(&shown.user, &token))
        .await??;
    if withdrawn {
        entry.done();
        Ok(done(&json!({})))
    } else {
        let problem = no_offer();
        entry.refused(&problem);
        Err(problem)
    }
}

/// Who asks: a user of the classic API, or an administrator's token. Users of apps have the Management Realm of theirs.
async fn whoever(http: &Http, head: &Parts) -> Result<Shown, Problem> {
    let (token, now) = (token(head)?, http.surroundings.now());
    let shown = http.ask(move |system| system.person(&token, now)).await??;
    let user = shown.user.clone();
    match http.ask(move |system| system.account(&user)).await? {
        Ok(account) if account.app != app() => {
            Err(Problem::new(Kind::InvalidCredentials).because("a user of an app"))
        }
        Ok(_) | Err(SystemError::NoSuchUser) => Ok(shown),
        Err(error) => Err(error.into()),
    }
}

/// Has a request carried out.
async fn asked(http: &Http, shown: &Shown, ask: Ask) -> Result<Reply, Problem> {
    let (user, moment) = (shown.user.clone(), http.moment());
    let reply = http
        .ask(move |system| system.request(&Endpoint::Classic, &user, ask, &moment))
        .await??;
    let kind = match reply.code {
        0 => return Ok(reply),
        601 => Kind::InvalidParameters,
        616 => Kind::InvalidHost,
        701 => Kind::ExpiredOffer,
        _ => Kind::AccessDenied,
    };
    let message = reply.message.unwrap_or_default();
    Err(Problem::new(kind).detail(message))
}

fn no_offer() -> Problem {
    Problem::invalid("token", "is that of no offer")
}

fn named(token: &str) -> Result<String, Problem> {
    request::decoded(token).ok_or_else(no_offer)
}

fn rights(level: Option<&str>) -> Result<Rights, Problem> {
    let (read, write, manage) = match level {
        Some("none") => (false, false, false),
        Some("read") => (true, false, false),
        Some("write") => (true, true, false),
        Some("admin") => (true, true, true),
        Some(_) => {
            let levels = "is none, read, write or admin";
            return Err(Problem::invalid("accessLevel", levels));
        }
        None => return Err(Problem::missing("accessLevel")),
    };
    Ok(Rights {
        read,
        write,
        manage,
    })
}

fn level(rights: Rights) -> &'static str {
    match rights {
        Rights { manage: true, .. } => "admin",
        Rights { write: true, .. } => "write",
        Rights { read: true, .. } => "read",
        Rights { .. } => "none",
    }
}

fn body_of(offer: Offered) -> OfferBody {
    OfferBody {
        token: offer.token,
        realm_path: offer.realm.to_string(),
        expires_at: offer.expires.map(moment::shown),
        access_level: level(offer.rights),
        created_at: moment::shown(offer.created),
        user_id: offer.user.to_string(),
    }
}

/// The path of a Realm that may be named by a URL.
fn path(url: &str) -> &str {
    let after = url.split_once("://").map(|(_, rest)| rest);
    let path = after.and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    path.unwrap_or(url)
}
