//! Signing in and registering.

use std::net::IpAddr;

use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::api::{Credentials, Registration, Session};
use crate::audit::{Act, Entry};
use crate::http::answer::{self, Failure};
use crate::http::attempts::Key;
use crate::http::strangers::Try;
use crate::http::{Answer, Http, request};
use crate::ident::AppId;
use crate::secret::Secret;
use crate::system::{
    Device, Moment, Proof, Provider, Purpose, Recognised, SignedIn, System, SystemError,
};

use super::{mail, missing};

/// `POST /app/<app id>/auth/providers/<provider>/login`
pub async fn login(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    provider: &str,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let signed_in = match Provider::named(provider) {
        Some(Provider::Anonymous) => anonymous(http, app, body).await,
        Some(Provider::Password) => password(http, peer, app, body).await,
        Some(Provider::ApiKey) => api_key(http, peer, app, body).await,
        Some(
            by @ (Provider::CustomToken | Provider::Google | Provider::Apple | Provider::Facebook),
        ) => stranger(http, peer, app, by, body).await,
        Some(Provider::AzureAd | Provider::CloudKit | Provider::Debug | Provider::Custom)
        | None => return missing::provider(http, provider),
    };
    let entry = Entry::of(Act::SignIn).app(app).from(peer).detail(provider);
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(refused) => {
            entry.refused(&refused);
            return Err(refused);
        }
    };
    entry.user(&signed_in.user).done();
    Ok(session(signed_in))
}

fn session(signed_in: SignedIn) -> Response<Answer> {
    let session = Session {
        access_token: signed_in.access_token,
        refresh_token: signed_in.refresh_token,
        user_id: signed_in.user.to_string(),
        device_id: signed_in.device,
    };
    answer::json(StatusCode::OK, &session)
}

/// `POST …/login?link=true`: another way to sign in for the user of an access token.
pub async fn link(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    provider: &str,
    head: &Parts,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let linked = match Provider::named(provider) {
        Some(Provider::Password) => {
            let token = request::bearer(head)?;
            let (name, password, _) = credentials(body)?;
            tried(http, peer, app, &name.clone(), move |system, moment| {
                system.link_password(&token, &name, &password, moment)
            })
            .await
        }
        Some(
            by @ (Provider::CustomToken | Provider::Google | Provider::Apple | Provider::Facebook),
        ) => {
            let access = request::bearer(head)?;
            link_stranger(http, peer, app, by, access, body).await
        }
        Some(
            Provider::Anonymous
            | Provider::ApiKey
            | Provider::AzureAd
            | Provider::CloudKit
            | Provider::Debug
            | Provider::Custom,
        )
        | None => {
            return missing::link(http, provider);
        }
    };
    let entry = Entry::of(Act::Link).app(app).from(peer).detail(provider);
    let linked = linked.inspect_err(|refused| entry.clone().refused(refused))?;
    entry.user(&linked.user).done();
    Ok(session(linked))
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
    let (name, password, device) = credentials(body)?;
    let id = app.clone();
    tried(http, peer, app, &name.clone(), move |system, moment| {
        system.sign_in_password(&id, &name, &password, device, moment)
    })
    .await
}

async fn api_key(http: &Http, peer: IpAddr, app: &AppId, body: &[u8]) -> Result<SignedIn, Failure> {
    let mut credentials: Credentials = request::parse(body)?;
    let device = device(&credentials);
    let key = credentials.key.take();
    let key = key.ok_or_else(|| Failure::missing_parameter("key"))?;
    let id = app.clone();
    // All keys that an address tries are counted together: there is no name to count by.
    tried(http, peer, app, "", move |system, moment| {
        system.sign_in_api_key(&id, &key, device, moment)
    })
    .await
}

/// Whom others know.
async fn stranger(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    provider: Provider,
    body: &[u8],
) -> Result<SignedIn, Failure> {
    let credentials: Credentials = request::parse(body)?;
    let device = device(&credentials);
    let begun = begun(http, peer, app)?;
    let known = async {
        let proof = proof(http, app, provider, credentials).await?;
        let (app, moment) = (app.clone(), http.moment());
        http.call(move |system| system.sign_in_known(&app, provider, &proof, device, &moment))
            .await
    };
    ended(http, begun, known.await)
}

/// The same, for the user of an access token.
async fn link_stranger(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    provider: Provider,
    access: Secret,
    body: &[u8],
) -> Result<SignedIn, Failure> {
    let credentials: Credentials = request::parse(body)?;
    let begun = begun(http, peer, app)?;
    let known = async {
        let proof = proof(http, app, provider, credentials).await?;
        let moment = http.moment();
        http.call(move |system| system.link_known(&access, provider, &proof, &moment))
            .await
    };
    ended(http, begun, known.await)
}

fn begun<'a>(http: &'a Http, peer: IpAddr, app: &AppId) -> Result<Try<'a>, Failure> {
    let begun = http.may_try(peer, app);
    begun.ok_or_else(|| Failure::too_many("too many tries; try again in a minute"))
}

/// A try has come to its end.
fn ended(
    http: &Http,
    begun: Try<'_>,
    known: Result<Recognised<SignedIn>, Failure>,
) -> Result<SignedIn, Failure> {
    if !known.as_ref().is_err_and(Failure::is_refusal) {
        begun.take_back();
    }
    Ok(heard(http, known?))
}

/// What shows who somebody is. Facebook is asked; tokens of the others are looked at.
async fn proof(
    http: &Http,
    app: &AppId,
    provider: Provider,
    mut credentials: Credentials,
) -> Result<Proof, Failure> {
    if provider == Provider::Facebook {
        let rules = http.system.app(app)?;
        if !rules.facebook {
            return Err(SystemError::NoSuchProvider(provider).into());
        }
        let token = credentials.access_token.take();
        let token = token.ok_or_else(|| Failure::missing_parameter("accessToken"))?;
        let name = http.providers.facebook(&rules.facebook_app, &token).await?;
        return Ok(Proof::Name(name));
    }
    let issuer = http.system.issuer(app, provider)?;
    let (name, token) = if provider == Provider::CustomToken {
        ("token", credentials.token.take())
    } else {
        ("id_token", credentials.id_token.take())
    };
    let token = match (token, credentials.auth_code.take()) {
        (None, Some(code)) if provider == Provider::Google => {
            Some(exchanged(http, app, &code).await?)
        }
        (token, _) => token,
    };
    let token = token.ok_or_else(|| Failure::missing_parameter(name))?;
    Ok(Proof::Token(http.with_keys(&issuer, token).await?))
}

/// What somebody is given whom a token names; what it has open hears of it if the token has changed what it may do.
fn heard(http: &Http, known: Recognised<SignedIn>) -> SignedIn {
    if known.changed {
        http.surroundings.user_ended(&known.user);
    }
    known.given
}

/// The ID token for a code of Google's, which only a server with the secret of the app gets.
async fn exchanged(http: &Http, app: &AppId, code: &Secret) -> Result<Secret, Failure> {
    let rules = http.system.app(app)?;
    let client = rules.google_tokens.client_ids.first();
    let Some((client, secret)) = client.zip(rules.google_code.client_secret.as_ref()) else {
        return Err(Failure::bad_request(
            "this app takes ID tokens of Google (id_token), not codes for a server (authCode)",
        ));
    };
    let token = http
        .providers
        .google_code(&rules.google_code, client, secret, code);
    Ok(token.await?)
}

/// Name, password and device.
fn credentials(body: &[u8]) -> Result<(String, Secret, Option<Device>), Failure> {
    let mut credentials: Credentials = request::parse(body)?;
    let device = device(&credentials);
    let name = credentials.username.take();
    let password = credentials.password.take();
    Ok((
        name.ok_or_else(|| Failure::missing_parameter("username"))?,
        password.ok_or_else(|| Failure::missing_parameter("password"))?,
        device,
    ))
}

/// Tries something secret for a name, if that was not wrong too often.
async fn tried(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    name: &str,
    work: impl FnOnce(&System, &Moment) -> Result<SignedIn, SystemError> + Send + 'static,
) -> Result<SignedIn, Failure> {
    let (key, moment) = (Key::new(peer, app, name), http.moment());
    if !http.wrong_passwords.begin(&key, moment.now) {
        return Err(Failure::too_many(
            "too many wrong passwords; try again in a minute",
        ));
    }
    let result = http.call_hashing(move |system| work(system, &moment)).await;
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
    let address = email.clone();
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
        .await;
    let entry = Entry::of(Act::Register).app(app).from(peer);
    let user = user.inspect_err(|refused| entry.clone().refused(refused))?;
    entry.user(&user).done();
    if http.system.app(app)?.confirm_email {
        mail::letter(http, peer, app, Purpose::Confirm, address).await?;
    }
    Ok(answer::json(StatusCode::CREATED, &json!({})))
}
