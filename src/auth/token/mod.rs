//! Signed tokens: the two forms in which claims travel, and the two families of claims.
//!
//! - JWT: `<base64url header>.<base64url claims>.<base64url signature>`, RS256 and nothing else, signed over the text before the second dot.
//! - Classic: `<base64 claims>:<base64 signature>`, signed over the decoded claims.

mod app;
mod classic;

#[cfg(test)]
mod tests;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

pub use app::{AppToken, TokenKind};
pub use classic::ClassicToken;

use super::PublicKey;

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

/// The claims of a token of either form, its signature verified.
fn open(token: &str, key: &PublicKey) -> Result<Vec<u8>, TokenError> {
    if token.contains(':') {
        open_classic(token, key)
    } else {
        open_jwt(token, key)
    }
}

fn open_classic(token: &str, key: &PublicKey) -> Result<Vec<u8>, TokenError> {
    let (claims, signature) = token.split_once(':').ok_or(TokenError::Form)?;
    let (claims, signature) = (decode(claims)?, decode(signature)?);
    if !key.verify(&claims, &signature) {
        return Err(TokenError::Signature);
    }
    Ok(claims)
}

fn open_jwt(token: &str, key: &PublicKey) -> Result<Vec<u8>, TokenError> {
    let token = token.trim_ascii();
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Form)?;
    if !says_rs256(&decode(header)?) {
        return Err(TokenError::Algorithm);
    }
    if !key.verify(signed.as_bytes(), &decode(signature)?) {
        return Err(TokenError::Signature);
    }
    decode(claims)
}

fn says_rs256(header: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Header {
        alg: String,
    }
    serde_json::from_slice::<Header>(header).is_ok_and(|header| header.alg == "RS256")
}
