//! Somebody who signs tokens for users of this server.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ros::auth::KeyPair;
use serde_json::{Value, json};

/// An issuer with a key pair of its own.
pub struct Issuer(KeyPair);

impl Issuer {
    /// With a new key pair.
    pub fn new() -> Issuer {
        Issuer(KeyPair::generate(&mut rand_core::OsRng).unwrap())
    }

    /// Writes its public key.
    pub fn publish(&self, folder: &Path) -> PathBuf {
        let file = folder.join("issuer.pem");
        std::fs::write(&file, self.0.public_pem().unwrap()).unwrap();
        file
    }

    /// A token that says this, and holds for a minute.
    pub fn token(&self, claims: &Value) -> String {
        let mut claims = claims.clone();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        claims["exp"] = (now + 60).into();
        let part = |value: &Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "RS256" })), part(&claims));
        format!("{signed}.{}", BASE64.encode(self.0.sign(signed.as_bytes())))
    }
}
