//! How classic users may sign in: `auth.providers` of the original.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Custom, Endpoint, Issuer, TakenClaim};
use serde::{Deserialize, Serialize};

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
    pub facebook: Option<Facebook>,
    /// Azure Active Directory.
    pub azuread: Option<AzureAd>,
    /// For tests: whatever name is given.
    pub debug: Option<Debug>,
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
            facebook: None,
            azuread: None,
            debug: None,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudKit {
    /// The id of the server's key at Apple, 64 hex digits.
    pub key_id: String,
    /// The server's private key, EC, PEM.
    pub private_key: PathBuf,
    /// The container of the app, `iCloud.…`.
    pub container: String,
    /// Which of Apple's environments.
    pub environment: Environment,
    /// Where its web services are.
    pub api_url: Endpoint,
}

impl Default for CloudKit {
    fn default() -> CloudKit {
        CloudKit {
            key_id: String::new(),
            private_key: PathBuf::new(),
            container: String::new(),
            environment: Environment::default(),
            api_url: Endpoint::known("https://api.apple-cloudkit.com"),
        }
    }
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

    /// Those of Apple, for nobody.
    pub(super) fn of_apple() -> IdTokens {
        IdTokens {
            client_ids: Vec::new(),
            keys_url: Endpoint::known("https://appleid.apple.com/auth/keys"),
            metadata: Vec::new(),
            names: &["https://appleid.apple.com"],
        }
    }

    /// The provider, as an issuer of tokens.
    pub fn issuer(&self) -> Issuer {
        Issuer {
            keys_url: Some(self.keys_url.clone()),
            audiences: self.client_ids.clone(),
            aliases: self.names.iter().map(|name| (*name).to_owned()).collect(),
            metadata: self.metadata.clone(),
            ..Issuer::default()
        }
    }
}

impl Environment {
    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Environment::Development => "development",
            Environment::Production => "production",
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

/// How codes are exchanged that Google gives to apps for their servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleCode {
    /// A file with the secret of the first client id; without it no codes are taken.
    pub client_secret: Option<PathBuf>,
    /// The URI that the code was asked for with, if there was one.
    pub redirect_uri: Option<String>,
    /// Where codes are exchanged.
    pub token_url: Endpoint,
}

impl Default for GoogleCode {
    fn default() -> GoogleCode {
        GoogleCode {
            client_secret: None,
            redirect_uri: None,
            token_url: Endpoint::known("https://oauth2.googleapis.com/token"),
        }
    }
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureAd {
    /// The directory.
    pub tenant_id: String,
    /// For whom a token must be (`aud`), one of these; nothing: for any app of the directory.
    pub audiences: Vec<String>,
    /// Where the directory is: another one for a cloud of its own.
    pub authority: Endpoint,
    /// The claim that says who the user is.
    pub user_claim: String,
    /// What is taken from tokens.
    pub metadata: Vec<TakenClaim>,
}

impl AzureAd {
    /// The directory, as an issuer of tokens of both versions.
    pub fn issuer(&self) -> Issuer {
        let (tenant, authority) = (self.tenant_id.to_ascii_lowercase(), self.authority.as_str());
        let first = match authority.ends_with(".cn") {
            true => "https://sts.chinacloudapi.cn",
            false => "https://sts.windows.net",
        };
        let keys_url = Endpoint::known(&format!("{authority}/{tenant}/discovery/v2.0/keys"));
        Issuer {
            keys_url: Some(keys_url),
            audiences: self.audiences.clone(),
            aliases: vec![
                format!("{first}/{tenant}/"),
                format!("{authority}/{tenant}/v2.0"),
            ],
            says: vec![("tid", tenant)],
            user_claim: self.user_claim.clone(),
            metadata: self.metadata.clone(),
            ..Issuer::default()
        }
    }
}

impl Default for AzureAd {
    fn default() -> AzureAd {
        AzureAd {
            tenant_id: String::new(),
            audiences: Vec::new(),
            authority: Endpoint::known("https://login.microsoftonline.com"),
            user_claim: "oid".to_owned(),
            metadata: Vec::new(),
        }
    }
}

/// Signing in with Facebook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facebook {
    /// The app's id at Facebook.
    pub app_id: Option<String>,
    /// A file with its secret.
    pub app_secret: Option<PathBuf>,
    /// Where the Graph API is.
    pub graph_url: Endpoint,
}

impl Facebook {
    /// Id and secret of the app, if both are known.
    pub fn app(&self) -> Option<(&str, &Path)> {
        self.app_id.as_deref().zip(self.app_secret.as_deref())
    }
}

impl Default for Facebook {
    fn default() -> Facebook {
        Facebook {
            app_id: None,
            app_secret: None,
            graph_url: Endpoint::known("https://graph.facebook.com"),
        }
    }
}

/// Signing in as anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Debug {
    /// Whether that is really wanted; it must be said.
    pub allow_anybody: Option<bool>,
}

/// A provider by its settings, whatever it is called.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is the provider of its name")]
pub enum Provider {
    Jwt(Jwt),
    Google(Google),
    Facebook(Facebook),
    AzureAd(AzureAd),
    CloudKit(CloudKit),
    Debug(Debug),
}

impl Providers {
    /// What clients may call a provider, `password` and `realm` left out.
    pub const NAMES: [&str; 6] = ["jwt", "google", "facebook", "azuread", "cloudkit", "debug"];

    /// Whether one of them lets anybody in as anybody.
    pub fn let_anybody_in(&self) -> bool {
        let mut custom = self.custom.values();
        let is_debug = |custom: &Custom| matches!(custom.provider(), Some(Provider::Debug(_)));
        self.debug.is_some() || custom.any(is_debug)
    }

    /// The provider that clients call so, `custom/` before the names that the operator has chosen.
    pub fn named(&self, name: &str) -> Option<Provider> {
        match name {
            "jwt" => self.jwt.clone().map(Provider::Jwt),
            "google" => self.google.clone().map(Provider::Google),
            "facebook" => self.facebook.clone().map(Provider::Facebook),
            "azuread" => self.azuread.clone().map(Provider::AzureAd),
            "cloudkit" => self.cloudkit.clone().map(Provider::CloudKit),
            "debug" => self.debug.clone().map(Provider::Debug),
            name => self.custom.get(name.strip_prefix("custom/")?)?.provider(),
        }
    }
}
