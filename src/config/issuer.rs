//! Other issuers, by whose tokens users sign in.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Endpoint;

/// Whose tokens (JWT) are believed, and what is taken from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Files with its public keys.
    pub public_keys: Vec<PathBuf>,
    /// A file with a secret that it shares with this server.
    pub secret: Option<PathBuf>,
    /// Where it publishes them, if they are fetched there.
    pub keys_url: Option<Endpoint>,
    /// For whom a token must be (`aud`), one of these.
    pub audiences: Vec<String>,
    /// What it calls itself (`iss`), if that is looked at.
    pub name: Option<String>,
    /// What else it calls itself.
    pub aliases: Vec<String>,
    /// Claims that its tokens must have.
    pub says: Vec<(&'static str, String)>,
    /// The claim that says who the user is.
    pub user_claim: String,
    /// What else is taken over.
    pub metadata: Vec<TakenClaim>,
}

/// A claim that becomes a member of the user's custom data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenClaim {
    /// Its name in tokens, or the path to it with dots.
    pub claim: String,
    /// The name of the member; without one the claim's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Whether nobody signs in without it.
    #[serde(default)]
    pub required: bool,
}

impl Issuer {
    /// Nobody, whose tokens would say who the user is in this claim.
    pub(super) fn with_user_claim(claim: &str) -> Issuer {
        Issuer {
            public_keys: Vec::new(),
            secret: None,
            keys_url: None,
            audiences: Vec::new(),
            name: None,
            aliases: Vec::new(),
            says: Vec::new(),
            user_claim: claim.to_owned(),
            metadata: Vec::new(),
        }
    }

    /// Whether its keys are known, or can be.
    pub fn has_keys(&self) -> bool {
        !self.public_keys.is_empty() || self.secret.is_some() || self.keys_url.is_some()
    }

    /// All that it calls itself; nothing: that is not looked at.
    pub fn names(&self) -> Vec<&str> {
        let names = self.name.iter().chain(&self.aliases);
        names.map(String::as_str).collect()
    }
}

/// As in the App Services.
impl Default for Issuer {
    fn default() -> Issuer {
        Issuer::with_user_claim("sub")
    }
}

impl TakenClaim {
    /// The name of the member.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.claim)
    }
}
