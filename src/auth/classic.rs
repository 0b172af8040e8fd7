//! Classic tokens: `<base64 of JSON>:<base64 of signature>`, or a JWT with the same claims under other names. Our own tools use them on `/realm-sync`.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding, Signer, Verifier};
use serde::Deserialize;

use super::{Caller, KeyPair, Scope, TokenError};
use crate::ident::UserId;
use crate::secret::Secret;

/// What a classic token says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ClassicClaims {
    /// The user.
    #[serde(alias = "sub")]
    pub identity: String,
    /// What is granted: `download`, `upload`, `manage`.
    #[serde(default)]
    pub access: Vec<String>,
    /// The one path that it is for.
    #[serde(default)]
    pub path: Option<String>,
    /// When it ends, in Unix seconds; 0 or nothing: never.
    #[serde(default, alias = "exp", deserialize_with = "seconds")]
    pub expires: Option<u64>,
    /// Whether it is an administrator's. Nothing else makes one.
    #[serde(default, alias = "isAdmin")]
    pub admin: bool,
}

impl ClassicClaims {
    /// The signed token for these claims.
    pub fn sign(&self, keys: &KeyPair) -> Secret {
        let json = serde_json::json!({
            "identity": self.identity, "access": self.access, "path": self.path, "expires": self.expires, "admin": self.admin,
        });
        let json = json.to_string().into_bytes();
        let signature = SigningKey::<Sha256>::new(keys.private.clone()).sign(&json);
        let base64 = base64::engine::general_purpose::STANDARD;
        Secret::new(format!(
            "{}:{}",
            base64.encode(&json),
            base64.encode(signature.to_bytes())
        ))
    }

    /// Reads a token of either form at this time.
    pub fn verify(token: &str, keys: &KeyPair, now: u64) -> Result<ClassicClaims, TokenError> {
        let Parts {
            signed,
            json,
            signature,
        } = parts(token)?;
        let signature =
            Signature::try_from(&signature[..]).map_err(|_| TokenError::BadSignature)?;
        VerifyingKey::<Sha256>::new(keys.public.clone())
            .verify(&signed, &signature)
            .map_err(|_| TokenError::BadSignature)?;
        let claims: ClassicClaims =
            serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)?;
        match claims.expires {
            Some(expires) if expires > 0 && now > expires => Err(TokenError::Expired),
            Some(_) | None => Ok(claims),
        }
    }

    /// Who this is.
    pub fn caller(self) -> Caller {
        let grants = |right: &str| self.access.iter().any(|granted| granted == right);
        Caller {
            scope: Scope::Classic {
                download: grants("download"),
                upload: grants("upload"),
                admin: self.admin,
                path: self.path.clone(),
            },
            expires: self.expires.filter(|expires| *expires > 0),
            user: UserId(self.identity.into()),
        }
    }
}

/// A token taken apart.
struct Parts {
    signed: Vec<u8>,
    json: Vec<u8>,
    signature: Vec<u8>,
}

fn parts(token: &str) -> Result<Parts, TokenError> {
    if let Some((json, signature)) = token.split_once(':') {
        let json = decode(json)?;
        return Ok(Parts {
            signed: json.clone(),
            json,
            signature: decode(signature)?,
        });
    }
    let mut split = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (split.next(), split.next(), split.next(), split.next())
    else {
        return Err(TokenError::Malformed);
    };
    let described: serde_json::Value =
        serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Malformed)?;
    if described.get("alg").and_then(|alg| alg.as_str()) != Some("RS256") {
        return Err(TokenError::BadSignature);
    }
    Ok(Parts {
        signed: format!("{header}.{payload}").into_bytes(),
        json: decode(payload)?,
        signature: decode(signature)?,
    })
}

/// Both alphabets, padding or none, white space ignored.
fn decode(text: &str) -> Result<Vec<u8>, TokenError> {
    let engine = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let plain: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    engine.decode(plain).map_err(|_| TokenError::Malformed)
}

/// Seconds as any JSON number or null.
fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = Option::<f64>::deserialize(deserializer)?;
    Ok(number.map(|seconds| if seconds > 0.0 { seconds as u64 } else { 0 }))
}
