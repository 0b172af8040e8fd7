//! Keys of other issuers, by which users sign in with a token that this server has not signed.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::{hmac, signature};
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use serde::Deserialize;
use x509_cert::Certificate;
use x509_cert::der::DecodePem;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::KeyError;
use crate::secret::Secret;

/// Bits of an RSA key, at least.
const RSA_BITS: usize = 2048;
/// Bytes of a shared secret, at least: those of the digest.
const SECRET_BYTES: usize = 32;
/// Bytes of a file of keys, at most.
const FILE_BYTES: u64 = 1 << 20;

/// The keys of an issuer. Has no printable form.
#[derive(Default)]
pub struct ForeignKeys(Vec<Named>);

struct Named {
    /// The `kid` that tokens name it by, if it has one.
    id: Option<String>,
    key: Key,
}

enum Key {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
    Secret(Secret),
}

impl ForeignKeys {
    /// From files: of public keys (PEM: keys and certificates; JSON: a JWK or a set of them), and of a shared secret. The file that is of no use, if one is.
    pub fn read(
        public: &[PathBuf],
        secret: Option<&Path>,
    ) -> Result<ForeignKeys, (PathBuf, KeyError)> {
        let mut keys = ForeignKeys::default();
        for file in public {
            let added = text(file).and_then(|text| keys.add(&text));
            added.map_err(|cause| (file.clone(), cause))?;
        }
        if let Some(file) = secret {
            let added = text(file).and_then(|text| keys.add_secret(text.trim_end()));
            added.map_err(|cause| (file.to_owned(), cause))?;
        }
        Ok(keys)
    }

    /// Adds public keys from a text.
    pub fn add(&mut self, text: &str) -> Result<(), KeyError> {
        let before = self.0.len();
        if text.trim_start().starts_with('{') {
            self.0.extend(jwks(text)?);
        } else {
            for block in pem_blocks(text) {
                self.0.push(Named {
                    id: None,
                    key: Key::from_pem(block)?,
                });
            }
        }
        (self.0.len() > before)
            .then_some(())
            .ok_or(KeyError::Foreign)
    }

    /// Adds a secret that this server shares with the issuer.
    pub fn add_secret(&mut self, secret: &str) -> Result<(), KeyError> {
        if secret.len() < SECRET_BYTES {
            return Err(KeyError::ShortSecret(secret.len()));
        }
        self.0.push(Named {
            id: None,
            key: Key::Secret(Secret::new(secret)),
        });
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is one of this name.
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Whether one of them has signed the message in this way. A key that the token names is the only one that is tried, if there is one of this name.
    pub(super) fn verify(
        &self,
        algorithm: &str,
        hint: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let is_named = |key: &Named| hint.is_some() && key.id.as_deref() == hint;
        let only_named = self.0.iter().any(is_named);
        let tried = self.0.iter().filter(|key| !only_named || is_named(key));
        let mut tried = tried.map(|named| &named.key);
        tried.any(|key| key.verify(algorithm, message, signature))
    }
}

impl Key {
    /// Each algorithm belongs to one kind of key: nobody signs with a public key as if it were a secret.
    fn verify(&self, algorithm: &str, message: &[u8], given: &[u8]) -> bool {
        match self {
            Key::Rsa { n, e } => {
                let parameters = match algorithm {
                    "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                    "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                    "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                    "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
                    _ => return false,
                };
                let key = signature::RsaPublicKeyComponents { n, e };
                key.verify(parameters, message, given).is_ok()
            }
            Key::P256(key) if algorithm == "ES256" => {
                verified(&signature::ECDSA_P256_SHA256_FIXED, key, message, given)
            }
            Key::P384(key) if algorithm == "ES384" => {
                verified(&signature::ECDSA_P384_SHA384_FIXED, key, message, given)
            }
            Key::Ed25519(key) if algorithm == "EdDSA" => {
                verified(&signature::ED25519, key, message, given)
            }
            Key::P256(_) | Key::P384(_) | Key::Ed25519(_) => false,
            Key::Secret(secret) => {
                let algorithm = match algorithm {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    "HS512" => hmac::HMAC_SHA512,
                    _ => return false,
                };
                let key = hmac::Key::new(algorithm, secret.reveal().as_bytes());
                hmac::verify(&key, message, given).is_ok()
            }
        }
    }

    fn from_pem(pem: &str) -> Result<Key, KeyError> {
        let foreign = |_| KeyError::Foreign;
        if pem.starts_with("-----BEGIN CERTIFICATE-----") {
            let certificate = Certificate::from_pem(pem).map_err(foreign)?;
            return Key::from_info(&certificate.tbs_certificate.subject_public_key_info);
        }
        if pem.starts_with("-----BEGIN RSA PUBLIC KEY-----") {
            let key = RsaPublicKey::from_pkcs1_pem(pem).map_err(|_| KeyError::Foreign)?;
            return Key::rsa(&key);
        }
        Key::from_info(&SubjectPublicKeyInfoOwned::from_pem(pem).map_err(foreign)?)
    }

    fn from_info(info: &SubjectPublicKeyInfoOwned) -> Result<Key, KeyError> {
        const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
        const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
        const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
        const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
        const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
        let bytes = info.subject_public_key.raw_bytes();
        let curve = || {
            let parameters = info.algorithm.parameters.as_ref();
            parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok())
        };
        match info.algorithm.oid {
            RSA => {
                let key = RsaPublicKey::from_pkcs1_der(bytes).map_err(|_| KeyError::Foreign)?;
                Key::rsa(&key)
            }
            EC if curve() == Some(P256) => Key::p256(bytes.to_vec()),
            EC if curve() == Some(P384) => Key::p384(bytes.to_vec()),
            ED25519 => Key::ed25519(bytes.to_vec()),
            _ => Err(KeyError::Foreign),
        }
    }

    // A point has both coordinates, behind a byte that says so: what is only one of them verifies nothing.

    fn p256(point: Vec<u8>) -> Result<Key, KeyError> {
        let is_whole = point.len() == 65 && point[0] == 4;
        is_whole
            .then_some(Key::P256(point))
            .ok_or(KeyError::Foreign)
    }

    fn p384(point: Vec<u8>) -> Result<Key, KeyError> {
        let is_whole = point.len() == 97 && point[0] == 4;
        is_whole
            .then_some(Key::P384(point))
            .ok_or(KeyError::Foreign)
    }

    fn ed25519(key: Vec<u8>) -> Result<Key, KeyError> {
        let is_whole = key.len() == 32;
        is_whole
            .then_some(Key::Ed25519(key))
            .ok_or(KeyError::Foreign)
    }

    fn rsa(key: &RsaPublicKey) -> Result<Key, KeyError> {
        Key::of_components(key.n().to_bytes_be(), key.e().to_bytes_be())
    }

    /// From its numbers. Some issuers write zeros before them, with which nothing would be verified.
    fn of_components(n: Vec<u8>, e: Vec<u8>) -> Result<Key, KeyError> {
        let without_zeros =
            |number: Vec<u8>| Vec::from_iter(number.into_iter().skip_while(|byte| *byte == 0));
        let (n, e) = (without_zeros(n), without_zeros(e));
        let bits = n.len() * 8;
        if bits < RSA_BITS {
            return Err(KeyError::Short(bits));
        }
        Ok(Key::Rsa { n, e })
    }
}

fn verified(
    algorithm: &'static dyn signature::VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    given: &[u8],
) -> bool {
    let key = signature::UnparsedPublicKey::new(algorithm, key);
    key.verify(message, given).is_ok()
}

/// The text of a file of bounded size.
fn text(path: &Path) -> Result<String, KeyError> {
    let size = std::fs::metadata(path).map(|found| found.len());
    if size.is_ok_and(|size| size > FILE_BYTES) {
        return Err(KeyError::Foreign);
    }
    super::key::text(path)
}

/// The blocks of a PEM text, each with its first and last line.
fn pem_blocks(text: &str) -> impl Iterator<Item = &str> {
    const LAST: &str = "-----END ";
    let starts = text.match_indices("-----BEGIN ").map(|(at, _)| &text[at..]);
    starts.map(|rest| {
        let end = rest.find(LAST).and_then(|at| {
            let after = at + LAST.len();
            Some(after + rest[after..].find("-----")? + "-----".len())
        });
        &rest[..end.unwrap_or(rest.len())]
    })
}

/// A key as JSON (RFC 7517), as far as it is looked at.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a set, or the one that it is. Those for other purposes and of other kinds are passed over, as RFC 7517 wants it.
fn jwks(text: &str) -> Result<Vec<Named>, KeyError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Jwks {
        Set { keys: Vec<serde_json::Value> },
        One(Jwk),
    }
    let keys = match serde_json::from_str(text).map_err(|_| KeyError::Foreign)? {
        Jwks::One(key) => vec![key],
        Jwks::Set { keys } => {
            let keys = keys.into_iter();
            keys.filter_map(|key| serde_json::from_value(key).ok())
                .collect()
        }
    };
    let signing = keys
        .into_iter()
        .filter(|key: &Jwk| key.usage.as_deref().is_none_or(|usage| usage == "sig"));
    let mut found = Vec::new();
    for jwk in signing {
        if let Some(key) = jwk.key() {
            found.push(Named {
                id: jwk.kid,
                key: key?,
            });
        }
    }
    Ok(found)
}

impl Jwk {
    fn key(&self) -> Option<Result<Key, KeyError>> {
        let part = |part: &Option<String>| {
            let text = part.as_deref()?.trim_end_matches('=');
            BASE64_URL_SAFE_NO_PAD.decode(text).ok()
        };
        let point = || Some([&[4], &*part(&self.x)?, &*part(&self.y)?].concat());
        match (&*self.kty, self.crv.as_deref()) {
            ("RSA", _) => Some(Key::of_components(part(&self.n)?, part(&self.e)?)),
            ("EC", Some("P-256")) => Some(Key::p256(point()?)),
            ("EC", Some("P-384")) => Some(Key::p384(point()?)),
            ("OKP", Some("Ed25519")) => Some(Key::ed25519(part(&self.x)?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
