//! API keys, made and kept by the user of a refresh token.

use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::api::{ApiKey, WantedKey};
use crate::audit::{Act, Entry};
use crate::http::answer::{self, Failure};
use crate::http::{Answer, Http, request};
use crate::secret::Secret;
use crate::system::{self, KeyChange};

/// `GET /auth/api_keys`
pub async fn list(http: &Http, head: &Parts) -> Result<Response<Answer>, Failure> {
    let (token, now) = (request::bearer(head)?, http.surroundings.now());
    let keys = http
        .call(move |system| system.api_keys(&token, now))
        .await?;
    let keys: Vec<ApiKey> = keys.into_iter().map(|key| shown(key, None)).collect();
    Ok(answer::json(StatusCode::OK, &keys))
}

/// `POST /auth/api_keys`
pub async fn make(http: &Http, head: &Parts, body: &[u8]) -> Result<Response<Answer>, Failure> {
    let (token, moment) = (request::bearer(head)?, http.moment());
    let WantedKey { name } = request::parse(body)?;
    let (user, key, secret) = http
        .call(move |system| system.make_api_key(&token, &name, &moment))
        .await?;
    let entry = Entry::of(Act::ApiKey).by(&user).user(&user);
    entry.detail(format!("{} made", key.id)).done();
    Ok(answer::json(StatusCode::CREATED, &shown(key, Some(secret))))
}

/// `GET /auth/api_keys/<id>`
pub async fn one(http: &Http, head: &Parts, id: &str) -> Result<Response<Answer>, Failure> {
    let (token, now, id) = (
        request::bearer(head)?,
        http.surroundings.now(),
        id.to_owned(),
    );
    let key = http
        .call(move |system| system.api_key(&token, &id, now))
        .await?;
    Ok(answer::json(StatusCode::OK, &shown(key, None)))
}

/// `DELETE /auth/api_keys/<id>`, and `PUT …/enable` and `…/disable`
pub async fn change(
    http: &Http,
    head: &Parts,
    id: &str,
    change: KeyChange,
) -> Result<Response<Answer>, Failure> {
    let (token, now) = (request::bearer(head)?, http.surroundings.now());
    let key = id.to_owned();
    let user = http
        .call(move |system| system.change_api_key(&token, &key, change, now))
        .await?;
    let entry = Entry::of(Act::ApiKey).by(&user).user(&user);
    entry
        .detail(format!("{id} {change:?}").to_lowercase())
        .done();
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

fn shown(key: system::ApiKey, secret: Option<Secret>) -> ApiKey {
    ApiKey {
        id: key.id,
        key: secret,
        name: key.name,
        disabled: key.disabled,
    }
}
