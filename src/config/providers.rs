//! How classic users may sign in: `auth.providers` of the original.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_yaml::Value;

use super::{Endpoint, Issuer, TakenClaim};

/// The providers. Name and password, and tokens of the server itself, are always there.
#[derive(Debug, Clone, PartialEq)]
pub struct Providers {
    /// Rounds of the hash of passwords.
    pub password_iterations: u32,
    /// Tokens of another issuer.
    pub jwt: Option<Jwt>,
    /// Apple's CloudKit.
    pub cloudkit: Option<CloudKit>,
    /// Google.
    pub google: Option<Google>,
    /// Facebook.
    pub facebook: bool,
    /// Azure Active Directory.
    pub azuread: Option<AzureAd>,
    /// For tests: whatever name is given.
    pub debug: bool,
    /// The operator's own, by the name behind `custom/`.
    pub custom: BTreeMap<String, Custom>,
}

/// Only what is always there.
impl Default for Providers {
    fn default() -> Providers {
        Providers {
            password_iterations: 100_000,
            jwt: None,
            cloudkit: None,
            google: None,
            facebook: false,
            azuread: None,
            debug: false,
            custom: BTreeMap::new(),
        }
    }
}

/// Signing in with tokens of another issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwt {
    /// The issuer.
    pub issuer: Issuer,
    /// The claim that says whether the user administers the server; without one no token does.
    pub admin_claim: Option<String>,
}

/// As in Realm Object Server 2 and 3, but for administrators.
impl Default for Jwt {
    fn default() -> Jwt {
        Jwt {
            issuer: Issuer::with_user_claim("userId"),
            admin_claim: None,
        }
    }
}

/// Signing in with CloudKit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CloudKit {
    /// The id of the server's key at Apple, 64 hex digits.
    pub key_id: String,
    /// The server's private key, EC, PEM.
    pub private_key: PathBuf,
    /// The container of the app, `iCloud.…`.
    pub container: String,
    /// Which of Apple's environments.
    pub environment: Environment,
}

/// An environment of CloudKit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// While an app is written.
    #[default]
    Development,
    /// When it is in the store.
    Production,
}

/// Signing in with the ID tokens that a provider gives its users (OpenID Connect).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTokens {
    /// The ids that the provider knows the apps by, for which tokens are.
    pub client_ids: Vec<String>,
    /// Where the provider publishes its keys.
    pub keys_url: Endpoint,
    /// What is taken from tokens.
    pub metadata: Vec<TakenClaim>,
    /// What the provider calls itself.
    names: &'static [&'static str],
}

impl IdTokens {
    /// Those of Google, for nobody.
    pub(super) fn of_google() -> IdTokens {
        IdTokens {
            client_ids: Vec::new(),
            keys_url: Endpoint::known("https://www.googleapis.com/oauth2/v3/certs"),
            metadata: Vec::new(),
            names: &["https://accounts.google.com", "accounts.google.com"],
        }
    }

    /// The provider, as an issuer of tokens.
    pub fn issuer(&self) -> Issuer {
        Issuer {
            keys_url: Some(self.keys_url.clone()),
            audiences: self.client_ids.clone(),
            aliases: self.names,
            metadata: self.metadata.clone(),
            ..Issuer::default()
        }
    }
}

/// Signing in with Google.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Google {
    /// The app's client id at Google.
    pub client_id: String,
    /// Its tokens, for further client ids.
    pub tokens: IdTokens,
}

impl Google {
    /// Google, as an issuer of tokens.
    pub fn issuer(&self) -> Issuer {
        let mut issuer = self.tokens.issuer();
        issuer.audiences.insert(0, self.client_id.clone());
        issuer
    }
}

impl Default for Google {
    fn default() -> Google {
        Google {
            client_id: String::new(),
            tokens: IdTokens::of_google(),
        }
    }
}

/// Signing in with Azure Active Directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AzureAd {
    /// The directory.
    pub tenant_id: String,
}

/// Signing in with a module of the operator's own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Custom {
    /// The module, or the provider that it is another form of.
    pub implementation: String,
    /// Where the module is looked for; `None`: where all are.
    pub include_path: Option<PathBuf>,
    /// What the module is given.
    pub options: BTreeMap<String, Value>,
}
