//! Signing in and registering.

use std::net::IpAddr;

use hyper::{Response, StatusCode};
use serde_json::json;

use crate::api::{Credentials, Registration, Session};
use crate::http::answer::{self, Failure};
use crate::http::attempts::Key;
use crate::http::{Answer, Http, request};
use crate::ident::AppId;
use crate::system::{Device, Provider, SignedIn};

use super::missing;

/// `POST /app/<app id>/auth/providers/<provider>/login`
pub async fn login(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    provider: &str,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let signed_in = match Provider::named(provider) {
        Some(Provider::Anonymous) => anonymous(http, app, body).await?,
        Some(Provider::Password) => password(http, peer, app, body).await?,
        None => return missing::provider(http, provider),
    };
    tracing::debug!(%app, user = %signed_in.user, provider, "signed in");
    let session = Session {
        access_token: signed_in.access_token,
        refresh_token: signed_in.refresh_token,
        user_id: signed_in.user.to_string(),
        device_id: signed_in.device,
    };
    Ok(answer::json(StatusCode::OK, &session))
}

async fn anonymous(http: &Http, app: &AppId, body: &[u8]) -> Result<SignedIn, Failure> {
    let credentials = if body.is_empty() {
        Credentials::default()
    } else {
        request::parse(body)?
    };
    let (app, device, moment) = (app.clone(), device(&credentials), http.moment());
    http.call(move |system| system.sign_in_anonymous(&app, device, &moment))
        .await
}

async fn password(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    body: &[u8],
) -> Result<SignedIn, Failure> {
    let mut credentials: Credentials = request::parse(body)?;
    let device = device(&credentials);
    let name = credentials
        .username
        .take()
        .ok_or_else(|| Failure::missing_parameter("username"))?;
    let password = credentials
        .password
        .take()
        .ok_or_else(|| Failure::missing_parameter("password"))?;
    let (key, moment) = (Key::new(peer, app, &name), http.moment());
    if !http.wrong_passwords.begin(&key, moment.now) {
        return Err(Failure::too_many(
            "too many wrong passwords; try again in a minute",
        ));
    }
    let app = app.clone();
    let result = http
        .call_hashing(move |system| {
            system.sign_in_password(&app, &name, &password, device, &moment)
        })
        .await;
    if !result.as_ref().is_err_and(Failure::is_wrong_password) {
        http.wrong_passwords.take_back(&key);
    }
    result
}

fn device(credentials: &Credentials) -> Option<Device> {
    Device::parse(credentials.options.device.device_id.as_deref()?)
}

/// `POST /app/<app id>/auth/providers/local-userpass/register`
pub async fn register(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let Registration { email, password } = request::parse(body)?;
    let (id, moment) = (app.clone(), http.moment());
    if !http
        .registrations
        .begin(&Key::new(peer, app, ""), moment.now)
    {
        return Err(Failure::too_many(
            "too many registrations from this address; try again in a minute",
        ));
    }
    let user = http
        .call_hashing(move |system| system.register(&id, &email, &password, &moment))
        .await?;
    tracing::info!(%app, %user, "a user has registered");
    Ok(answer::json(StatusCode::CREATED, &json!({})))
}
