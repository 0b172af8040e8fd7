//! `POST /auth` for those whom others know: a provider of the configuration.

use std::net::IpAddr;

use hyper::Response;
use serde_json::json;

use super::problem::{Kind, Problem};
use super::{done, sign_in};
use crate::api::classic::Authentication;
use crate::audit::{Act, Entry};
use crate::config::{Issuer, Provider as Configured};
use crate::http::{Answer, Http};
use crate::secret::Secret;
use crate::system::{Home, Issued, Proof, Provider, Recognised, SystemError};

/// The name with which the provider `debug` lets administrators in.
const ADMIN: &str = "admin";

/// Signs in whom the provider of this name knows.
pub async fn sign_in(
    http: &Http,
    peer: IpAddr,
    name: &str,
    asked: Authentication,
) -> Result<Response<Answer>, Problem> {
    let configured = http.system.settings().providers.named(name);
    let configured =
        configured.ok_or_else(|| Problem::invalid("provider", "is not one of this server"))?;
    let shown = asked.data.ok_or_else(|| Problem::missing("data"))?;
    let asked_for = asked.user_info.and_then(|info| info.is_admin);
    let begun = http.may_try(peer, &super::app());
    let begun = begun.ok_or_else(|| Problem::new(Kind::TooMany).because("too many tries"))?;
    let stranger = Stranger {
        home: home(name, &configured),
        configured,
        shown,
        asked_for,
        app_id: asked.app_id,
    };
    let known = stranger.known(http).await;
    if !known.as_ref().is_err_and(Problem::is_wrong_password) {
        begun.take_back();
    }
    let entry = Entry::of(Act::SignIn).app(super::app()).from(peer);
    let entry = entry.detail(name);
    let known = known.inspect_err(|problem| entry.clone().refused(problem))?;
    if known.changed {
        http.surroundings.user_ended(&known.user);
    }
    entry.user(&known.user).done();
    Ok(done(
        &json!({ "refresh_token": sign_in::shown(&known.given) }),
    ))
}

/// Where accounts of a provider are.
fn home(name: &str, configured: &Configured) -> Home {
    let custom = name.strip_prefix("custom/").map(str::to_owned);
    let provider = match configured {
        _ if custom.is_some() => Provider::Custom,
        Configured::Jwt(_) => Provider::CustomToken,
        Configured::Google(_) => Provider::Google,
        Configured::Facebook(_) => Provider::Facebook,
        Configured::AzureAd(_) => Provider::AzureAd,
        Configured::CloudKit(_) => Provider::CloudKit,
        Configured::Debug(_) => Provider::Debug,
    };
    Home { provider, custom }
}

/// Somebody who is to be known.
struct Stranger {
    home: Home,
    configured: Configured,
    shown: Secret,
    /// Whether it asks to be an administrator.
    asked_for: Option<bool>,
    app_id: Option<String>,
}

impl Stranger {
    async fn known(self, http: &Http) -> Result<Recognised<Issued>, Problem> {
        let issuer = match &self.configured {
            // Its issuer chooses the ids of users.
            Configured::Jwt(jwt) if self.home.custom.is_none() => {
                let shown = http.with_keys(&jwt.issuer, self.shown).await?;
                let (app_id, moment) = (self.app_id, http.moment());
                let known = http
                    .ask(move |system| system.classic_sign_in_token(&shown, app_id, &moment))
                    .await?;
                return known.map_err(refused);
            }
            Configured::Jwt(jwt) => jwt.issuer.clone(),
            Configured::Google(google) => google.issuer(),
            Configured::AzureAd(azuread) => azuread.issuer(),
            Configured::Facebook(_) | Configured::CloudKit(_) | Configured::Debug(_) => {
                Issuer::default()
            }
        };
        let mut admin = None;
        let proof = match &self.configured {
            Configured::Facebook(facebook) => {
                Proof::Name(http.providers.facebook(facebook, &self.shown).await?)
            }
            Configured::CloudKit(cloudkit) => {
                let now = http.surroundings.now();
                let name = http.providers.cloudkit(cloudkit, &self.shown, now);
                Proof::Name(name.await?)
            }
            Configured::Debug(_) => {
                let name = self.shown.reveal().to_owned();
                admin = self.asked_for.or((name == ADMIN).then_some(true));
                Proof::Name(name)
            }
            Configured::Jwt(_) | Configured::Google(_) | Configured::AzureAd(_) => {
                Proof::Token(http.with_keys(&issuer, self.shown).await?)
            }
        };
        let (home, app_id, moment) = (self.home, self.app_id, http.moment());
        let known = http
            .ask(move |system| {
                system.classic_sign_in_known(&home, &issuer, &proof, admin, app_id, &moment)
            })
            .await?;
        known.map_err(refused)
    }
}

fn refused(error: SystemError) -> Problem {
    match error {
        SystemError::IdInUse
        | SystemError::IdOfRealms(_)
        | SystemError::BadId
        | SystemError::BadMetadata => Problem::new(Kind::InvalidCredentials).because(error),
        error => error.into(),
    }
}
