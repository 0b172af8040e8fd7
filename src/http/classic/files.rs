//! Realms, as SDKs from version 2 on ask for them before they open one with an administrator's token.

use std::net::IpAddr;

use hyper::Response;
use hyper::http::request::Parts;
use serde_json::json;

use super::problem::{Kind, Problem};
use super::{done, token};
use crate::access::Endpoint;
use crate::audit::{Act, Entry};
use crate::http::{Answer, Http, request};
use crate::system::{NoAccess, NotRemoved, realm_name};

/// `GET /realms/files/<path>`: for whoever may read it.
pub async fn file(http: &Http, head: &Parts, path: &str) -> Result<Response<Answer>, Problem> {
    let (token, now) = (token(head)?, http.surroundings.now());
    let path = request::decoded(path).ok_or_else(|| Problem::new(Kind::AccessDenied))?;
    let work = move |system: &crate::system::System| {
        let caller = system.caller(&token, now)?;
        let path = format!("/{}", path.strip_prefix('/').unwrap_or(&path));
        let realm = realm_name(&Endpoint::Classic, &caller.user, path.as_bytes())?;
        let decision = system.decide(&caller, &realm, now)?;
        if !decision.rights.read {
            let user = caller.user;
            return Err(NoAccess::Denied {
                user,
                realm,
                decision,
            });
        }
        let is_listed = system.is_listed(&realm)?;
        Ok::<_, NoAccess>((realm, is_listed))
    };
    match http.ask(work).await? {
        Err(NoAccess::System(error)) => Err(error.into()),
        Err(error) => Err(error.into()),
        Ok((_, false)) => Err(Problem::new(Kind::RealmNotFound)),
        Ok((realm, true)) => Ok(done(&json!({
            "path": realm.as_str(), "exists": true, "realmType": "full", "syncLabel": "default",
        }))),
    }
}

/// `DELETE /realms/files/<path>`, for administrators.
pub async fn delete(
    http: &Http,
    peer: IpAddr,
    head: &Parts,
    path: &str,
) -> Result<Response<Answer>, Problem> {
    let (token, now) = (token(head)?, http.surroundings.now());
    let administrator = http.ask(move |system| system.administrator(&token, now));
    let entry = Entry::of(Act::RemoveRealm).from(peer);
    let administrator = administrator.await?;
    let administrator = administrator.inspect_err(|error| entry.clone().refused(error))?;
    let path = request::decoded(path).ok_or_else(|| Problem::new(Kind::AccessDenied))?;
    let path = format!("/{}", path.strip_prefix('/').unwrap_or(&path));
    let realm = realm_name(&Endpoint::Classic, &administrator, path.as_bytes());
    let realm = realm.map_err(NoAccess::from)?;
    let entry = entry.by(&administrator).realm(&realm);
    let removed = http.ask(move |system| system.remove_realm(&realm, now));
    let removed = removed.await?;
    entry.ended(&removed);
    removed?;
    Ok(done(&json!({})))
}

impl From<NotRemoved> for Problem {
    fn from(error: NotRemoved) -> Problem {
        match error {
            NotRemoved::NoSuchRealm(_) => Problem::new(Kind::RealmNotFound).because(error),
            NotRemoved::Reserved(_) => Problem::new(Kind::AccessDenied).because(error),
            NotRemoved::System(error) => error.into(),
        }
    }
}
