//! Realms: removed.

use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde_json::json;

use super::By;
use crate::api::ErrorCode;
use crate::audit::Act;
use crate::http::answer::{self, Failure};
use crate::http::{Answer, Http, request};
use crate::system::NotRemoved;

/// `DELETE realms?realm=…&dry_run=true`: the answer is the name of the Realm as it is listed. With `dry_run` it is only looked at.
pub async fn remove(http: &Http, by: &By, head: &Parts) -> Result<Response<Answer>, Failure> {
    let named = request::query(&head.uri, "realm");
    let named = named.ok_or_else(|| Failure::missing_parameter("realm"))?;
    let dry_run = request::query(&head.uri, "dry_run").as_deref() == Some("true");
    let (administrator, now) = (by.administrator.clone(), http.surroundings.now());
    let removed = http
        .ask(move |system| {
            let realm = system.realm_of(&administrator, &named);
            let realm = realm.ok_or(None)?;
            let removed = match dry_run {
                true => system.check_removable(&realm),
                false => system.remove_realm(&realm, now),
            };
            removed.map_err(|error| Some((realm.clone(), error)))?;
            Ok::<_, Option<(_, NotRemoved)>>(realm)
        })
        .await?;
    let entry = by.entry(Act::RemoveRealm);
    match removed {
        Ok(realm) => {
            if !dry_run {
                entry.realm(&realm).done();
            }
            Ok(answer::json(
                StatusCode::OK,
                &json!({ "realm": realm.as_str() }),
            ))
        }
        Err(None) => Err(Failure::bad_request("this names no Realm")),
        Err(Some((realm, error))) => {
            if !dry_run {
                entry.realm(&realm).refused(&error);
            }
            Err(error.into())
        }
    }
}

impl From<NotRemoved> for Failure {
    fn from(error: NotRemoved) -> Failure {
        let text = error.to_string();
        match error {
            NotRemoved::NoSuchRealm(_) => {
                Failure::new(StatusCode::NOT_FOUND, ErrorCode::AppUnknownError, text)
            }
            NotRemoved::Reserved(_) => Failure::forbidden(&text),
            NotRemoved::System(error) => error.into(),
        }
    }
}
