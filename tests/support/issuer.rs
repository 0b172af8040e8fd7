//! Somebody who signs tokens for users of this server.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ros::auth::KeyPair;
use rsa::RsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
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
        std::fs::write(&file, self.public_key()).unwrap();
        file
    }

    /// Its public key, PEM.
    pub fn public_key(&self) -> String {
        self.0.public_pem().unwrap()
    }

    /// Its public key as a JWK of this name.
    pub fn jwk(&self, kid: &str) -> Value {
        let key = RsaPublicKey::from_public_key_pem(&self.public_key()).unwrap();
        let number = |number: &rsa::BigUint| BASE64.encode(number.to_bytes_be());
        let (n, e) = (number(key.n()), number(key.e()));
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e })
    }

    /// A token that says this, and holds for a minute.
    pub fn token(&self, claims: &Value) -> String {
        let mut claims = claims.clone();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        claims["exp"] = (now + 60).into();
        self.signed(&json!({ "alg": "RS256" }), &claims)
    }

    /// The same, signed with the key of this name.
    pub fn token_by(&self, kid: &str, claims: &Value) -> String {
        let mut claims = claims.clone();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        claims["exp"] = (now + 60).into();
        self.signed(&json!({ "alg": "RS256", "kid": kid }), &claims)
    }

    /// A token of this header and these claims.
    pub fn signed(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        format!("{signed}.{}", BASE64.encode(self.0.sign(signed.as_bytes())))
    }
}

/// A set of keys, as issuers publish it.
pub fn jwks(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}
