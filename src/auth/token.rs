//! Tokens of app users: JWTs, RS256 and nothing else. SDKs read `exp`, `iat` and `user_data`, and take the rest as it is.

use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use super::{KeyPair, TokenError};
use crate::secret::Secret;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Short-lived; goes with every request and into the WebSocket's URL.
    Access,
    /// Long-lived; only gets new access tokens and ends the session.
    Refresh,
}

/// What a token of an app user says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppClaims {
    /// The user's id.
    pub sub: String,
    /// What the token is for.
    pub typ: TokenKind,
    /// The app.
    #[serde(rename = "baas_domain_id")]
    pub app: String,
    /// The device.
    #[serde(rename = "baas_device_id")]
    pub device: String,
    /// The session that the token belongs to; when it is over, the token is worth nothing.
    pub sid: String,
    /// When it was made, in Unix seconds.
    pub iat: u64,
    /// When it ends, in Unix seconds.
    pub exp: u64,
    /// Who made it.
    pub iss: String,
}

/// What stands in `iss`.
const ISSUER: &str = "ros";

impl AppClaims {
    /// Claims that begin now.
    pub fn new(
        kind: TokenKind,
        user: &str,
        app: &str,
        device: &str,
        session: &str,
        now: u64,
        lifetime: u64,
    ) -> AppClaims {
        AppClaims {
            sub: user.into(),
            typ: kind,
            app: app.into(),
            device: device.into(),
            sid: session.into(),
            iat: now,
            exp: now.saturating_add(lifetime),
            iss: ISSUER.into(),
        }
    }

    /// The signed token.
    pub fn sign(&self, keys: &KeyPair) -> Result<Secret, TokenError> {
        let token = jsonwebtoken::encode(&Header::new(Algorithm::RS256), self, &keys.signing)
            .map_err(|_| TokenError::BadSignature)?;
        Ok(Secret::new(token))
    }

    /// Reads a token of this kind at this time.
    pub fn verify(
        token: &str,
        kind: TokenKind,
        keys: &KeyPair,
        now: u64,
    ) -> Result<AppClaims, TokenError> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[ISSUER]);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<AppClaims>(token, &keys.verifying, &validation)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature
                | jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => TokenError::BadSignature,
                _ => TokenError::Malformed,
            })?;
        let claims = claims.claims;
        if claims.typ != kind {
            Err(TokenError::WrongUse)
        } else if now > claims.exp {
            Err(TokenError::Expired)
        } else {
            Ok(claims)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> KeyPair {
        KeyPair::from_pem(&KeyPair::generate().unwrap().0).unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_kind_and_time() {
        let keys = keys();
        let claims = AppClaims::new(TokenKind::Access, "u", "app", "d", "s", 1000, 60);
        let token = claims.sign(&keys).unwrap();
        let verify = |kind, now| AppClaims::verify(token.reveal(), kind, &keys, now);
        assert_eq!(verify(TokenKind::Access, 1060), Ok(claims));
        assert_eq!(verify(TokenKind::Access, 1061), Err(TokenError::Expired));
        assert_eq!(verify(TokenKind::Refresh, 1000), Err(TokenError::WrongUse));
    }

    #[test]
    fn nobody_else_makes_tokens() {
        let (ours, theirs) = (keys(), keys());
        let claims = AppClaims::new(TokenKind::Access, "u", "app", "d", "s", 1000, 60);
        let token = claims.sign(&theirs).unwrap();
        assert_eq!(
            AppClaims::verify(token.reveal(), TokenKind::Access, &ours, 1000),
            Err(TokenError::BadSignature)
        );
        let shared = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &jsonwebtoken::EncodingKey::from_secret(b"x"),
        )
        .unwrap();
        assert_eq!(
            AppClaims::verify(&shared, TokenKind::Access, &ours, 1000),
            Err(TokenError::BadSignature)
        );
        for garbage in ["", ".", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            assert!(AppClaims::verify(garbage, TokenKind::Access, &ours, 1000).is_err());
        }
    }
}
