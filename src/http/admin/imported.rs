//! Users of another server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde_json::json;

use super::By;
use super::users::{app_of, shown};
use crate::api::users::{AccountData, HashOptions, ImportedUser};
use crate::audit::Act;
use crate::auth::{Digest, Pbkdf2};
use crate::http::answer::{self, Failure};
use crate::http::{Answer, Http, request};
use crate::ident::{AppId, UserId};
use crate::secret::Secret;
use crate::system::{self, Provider};

/// `POST users/import?dry_run=true`: one user; 200 and nothing if it was a dry run, 201 and the user if not.
pub async fn import(
    http: &Http,
    by: &By,
    head: &Parts,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let rounds = http.system.settings().providers.password_iterations;
    let user = imported(request::parse(body)?, rounds).map_err(Failure::bad_request)?;
    if request::query(&head.uri, "dry_run").as_deref() == Some("true") {
        http.call(move |system| system.check_import(&user)).await?;
        return Ok(answer::json(StatusCode::OK, &json!({})));
    }
    let moment = http.moment();
    let made = http
        .call(move |system| system.import_account(&user, &moment))
        .await?;
    let entry = by.entry(Act::AddUser).user(&made.user).app(&made.app);
    entry.detail("imported").done();
    Ok(answer::json(StatusCode::CREATED, &shown(made)))
}

/// A user as it was sent, made sense of; or what is wrong with it. `rounds` are those of a hash that does not say its own.
pub fn imported(user: ImportedUser, rounds: u32) -> Result<system::ImportedUser, String> {
    let app = app_of(user.app.clone()).map_err(|failure| failure.to_string())?;
    let hash = match (&user.hash, &user.salt, &user.data) {
        (None, None, None) => None,
        (Some(hash), Some(salt), None) => {
            let options = HashOptions {
                digest: user.digest,
                iterations: user.iterations,
                key_length: user.key_length,
            };
            Some(hash_of(hash, salt, &options, rounds)?)
        }
        (None, None, Some(data)) => {
            let data: AccountData = serde_json::from_str(data.reveal())
                .map_err(|_| "data is no JSON with password and salt")?;
            Some(hash_of(&data.password, &data.salt, &data.options, rounds)?)
        }
        _ => return Err("a password takes hash and salt, or data".to_owned()),
    };
    let named = user.provider.as_deref().unwrap_or("password");
    let (provider, name) = account(&app, named, &user.name)
        .ok_or_else(|| format!("provider is none that users can be imported for: `{named}`"))?;
    if provider != Provider::Password && hash.is_some() {
        return Err("hash, salt and data are for users with a password".to_owned());
    }
    Ok(system::ImportedUser {
        app,
        id: UserId(user.id.into()),
        provider,
        name,
        hash,
        admin: user.admin,
        suspended: user.suspended,
        metadata: user.metadata,
    })
}

/// The account that a list calls so; `None` if nobody can have it twice.
fn account(app: &AppId, provider: &str, name: &str) -> Option<(Provider, String)> {
    let of_app = || Some((Provider::named(provider)?, name.to_owned()));
    let found = match app.as_str() {
        AppId::CLASSIC => Provider::of_classic(provider, name),
        _ if provider == "password" => Some((Provider::Password, name.to_owned())),
        _ => of_app(),
    };
    found.filter(|(provider, _)| !matches!(provider, Provider::Anonymous | Provider::ApiKey))
}

fn hash_of(
    hash: &Secret,
    salt: &Secret,
    options: &HashOptions,
    rounds: u32,
) -> Result<Pbkdf2, String> {
    let bytes = |what: &str, text: &Secret| {
        let decoded = STANDARD.decode(text.reveal());
        decoded.map_err(|_| format!("{what} is no base64"))
    };
    let (hash, salt) = (bytes("hash", hash)?, bytes("salt", salt)?);
    let digest = options.digest.as_deref().unwrap_or("sha256");
    let digest = Digest::named(digest).ok_or("digest is neither sha256 nor sha512")?;
    if options
        .key_length
        .is_some_and(|length| length != hash.len())
    {
        return Err(format!("hash has {} bytes, and not keyLength", hash.len()));
    }
    let rounds = options.iterations.unwrap_or(rounds);
    Pbkdf2::new(digest, rounds, salt, hash)
        .ok_or_else(|| "hash has less than 16 bytes, or iterations is not 1 to 1000000".to_owned())
}
