//! Signed tokens: the two forms in which claims travel, and the two families of claims.
//!
//! - JWT: `<base64url header>.<base64url claims>.<base64url signature>`, RS256 and nothing else, signed over the text before the second dot.
//! - Classic: `<base64 claims>:<base64 signature>`, signed over the decoded claims.

mod app;
mod classic;
mod foreign;

#[cfg(test)]
mod tests;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

pub use app::{AppToken, TokenKind};
pub use classic::{Access, ClassicClaims, ClassicToken};
pub use foreign::{Expected, ForeignTokenError, claim, named_key};

use super::Verifier;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has neither of the two forms.
    #[error("the token has neither of the known forms")]
    Form,
    /// A part is not base64.
    #[error("a part of the token is not base64")]
    Base64,
    /// The header of a JWT does not say RS256.
    #[error("the token is not signed with RS256")]
    Algorithm,
    /// It was not signed with the server's key.
    #[error("the signature is not this server's")]
    Signature,
    /// The claims are not what such a token carries.
    #[error("the claims of the token cannot be read")]
    Claims,
    /// It is of the other kind: a refresh token where an access token is asked for, or the reverse.
    #[error("the token is of the wrong kind")]
    Kind,
    /// It was made for another app.
    #[error("the token is for another app")]
    OtherApp,
    /// Its user is one that nobody is: everybody (`*`), or a name of the server that is not its administrator's.
    #[error("the token is for a user that nobody is")]
    Nobody,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

/// Takes both alphabets of base64 after [`standard`], with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes base64 of either alphabet, padded or not; white space does not matter.
fn decode(text: &str) -> Result<Vec<u8>, TokenError> {
    let standard: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(standard)
        .collect();
    LENIENT.decode(standard).map_err(|_| TokenError::Base64)
}

fn standard(digit: char) -> char {
    match digit {
        '-' => '+',
        '_' => '/',
        other => other,
    }
}

/// A token taken apart; nothing about it is believed yet.
pub(in crate::auth) struct Parts {
    /// The header of a JWT.
    pub header: Option<Vec<u8>>,
    /// The claims as they were signed.
    pub claims: Vec<u8>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Parts {
    /// A token of either form.
    pub fn of(token: &str) -> Result<Parts, TokenError> {
        if token.contains(':') {
            Parts::of_classic(token)
        } else {
            Parts::of_jwt(token)
        }
    }

    fn of_classic(token: &str) -> Result<Parts, TokenError> {
        let (claims, signature) = token.split_once(':').ok_or(TokenError::Form)?;
        let (claims, signature) = (decode(claims)?, decode(signature)?);
        Ok(Parts {
            header: None,
            signed: claims.clone(),
            claims,
            signature,
        })
    }

    fn of_jwt(token: &str) -> Result<Parts, TokenError> {
        let token = token.trim_ascii();
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Form)?;
        Ok(Parts {
            header: Some(decode(header)?),
            claims: decode(claims)?,
            signed: signed.as_bytes().to_vec(),
            signature: decode(signature)?,
        })
    }

    /// The id of the key that has signed it, if one of these has, and with RS256.
    pub fn verified_by<'a>(
        &self,
        keys: &'a (impl Verifier + ?Sized),
    ) -> Result<&'a str, TokenError> {
        let hint = match &self.header {
            Some(header) => rs256_key(header)?,
            None => None,
        };
        keys.verified_by(hint.as_deref(), &self.signed, &self.signature)
            .ok_or(TokenError::Signature)
    }

    /// The claims, if they may be believed.
    fn verified(self, keys: &(impl Verifier + ?Sized)) -> Result<Vec<u8>, TokenError> {
        self.verified_by(keys)?;
        Ok(self.claims)
    }
}

/// The key that a header names; that it says RS256 is a must.
fn rs256_key(header: &[u8]) -> Result<Option<String>, TokenError> {
    #[derive(serde::Deserialize)]
    struct Header {
        alg: String,
        kid: Option<serde_json::Value>,
    }
    match serde_json::from_slice::<Header>(header) {
        Ok(header) if header.alg == "RS256" => {
            Ok(header.kid.and_then(|kid| kid.as_str().map(str::to_owned)))
        }
        Ok(_) | Err(_) => Err(TokenError::Algorithm),
    }
}
