//! Tokens of other issuers (JWT, RFC 7519): what they must say, so that somebody signs in with one.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::Parts;
use crate::auth::ForeignKeys;
use crate::ident::UnixTime;
use crate::secret::Secret;

/// Seconds by which clocks may differ.
const LEEWAY: u64 = 60;

/// What a token of another issuer must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// For whom it is (`aud`): one of these; nothing: for anybody.
    pub audiences: &'a [String],
    /// Who has made it (`iss`): one of these; nothing: anybody.
    pub issuers: &'a [&'a str],
}

/// Why a token of another issuer signs nobody in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForeignTokenError {
    /// It is none.
    #[error("the token is no JWT")]
    Form,
    /// None of the keys has signed it.
    #[error(
        "the token is not signed by a key of its issuer, or with an algorithm that is not taken"
    )]
    Signature,
    /// It must not be taken by whoever does not know what it names (`crit`, RFC 7515), and this server knows nothing of the kind.
    #[error("the token asks for something that this server does not do (crit)")]
    Critical,
    /// It says not when it ends.
    #[error("the token does not say when it ends (exp)")]
    NoEnd,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token does not hold yet (nbf)")]
    NotYet,
    /// It is for others.
    #[error("the token is for another audience (aud)")]
    Audience,
    /// Somebody else has made it.
    #[error("the token is of another issuer (iss)")]
    Issuer,
    /// It does not say something that it must.
    #[error("the token says no {0}, or nothing that could be one")]
    Missing(String),
}

/// What a token says of its signature.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

impl Header {
    fn of(parts: &Parts) -> Option<Header> {
        serde_json::from_slice(parts.header.as_deref().unwrap_or_default()).ok()
    }
}

/// The key that a token names (`kid`), whose issuer it is to be asked for; `None` if it names none, and an error if it is no token at all. Nothing of it is known to be true.
pub fn named_key(token: &Secret) -> Result<Option<String>, ForeignTokenError> {
    let parts = Parts::of_jwt(token.reveal()).map_err(|_| ForeignTokenError::Form)?;
    let header = Header::of(&parts).ok_or(ForeignTokenError::Form)?;
    Ok(header.kid)
}

impl ForeignKeys {
    /// The claims of a token that one of these keys has signed, and that says what it must.
    pub fn claims(
        &self,
        token: &Secret,
        expected: Expected<'_>,
        now: UnixTime,
    ) -> Result<Map<String, Value>, ForeignTokenError> {
        let parts = Parts::of_jwt(token.reveal()).map_err(|_| ForeignTokenError::Form)?;
        let header = Header::of(&parts).ok_or(ForeignTokenError::Form)?;
        let kid = header.kid.as_deref();
        if !self.verify(&header.alg, kid, &parts.signed, &parts.signature) {
            return Err(ForeignTokenError::Signature);
        }
        if header.crit.is_some() {
            return Err(ForeignTokenError::Critical);
        }
        let claims = serde_json::from_slice(&parts.claims);
        let claims = claims.map_err(|_| ForeignTokenError::Form)?;
        expected.check(&claims, now)?;
        Ok(claims)
    }
}

impl Expected<'_> {
    fn check(&self, claims: &Map<String, Value>, now: UnixTime) -> Result<(), ForeignTokenError> {
        let end = seconds(claims, "exp").ok_or(ForeignTokenError::NoEnd)?;
        if now.0 > end.saturating_add(LEEWAY) {
            return Err(ForeignTokenError::Expired);
        }
        if seconds(claims, "nbf").is_some_and(|begin| now.0.saturating_add(LEEWAY) < begin) {
            return Err(ForeignTokenError::NotYet);
        }
        let is_ours = |one: &Value| {
            let named = one.as_str();
            named.is_some_and(|named| self.audiences.iter().any(|ours| ours == named))
        };
        let is_for_us = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        };
        if !self.audiences.is_empty() && !is_for_us {
            return Err(ForeignTokenError::Audience);
        }
        let issuer = claims.get("iss").and_then(Value::as_str);
        let is_theirs = issuer.is_some_and(|issuer| self.issuers.contains(&issuer));
        if !self.issuers.is_empty() && !is_theirs {
            return Err(ForeignTokenError::Issuer);
        }
        Ok(())
    }
}

/// A time; fractions of a second are cut off.
fn seconds(claims: &Map<String, Value>, name: &str) -> Option<u64> {
    let value = claims.get(name)?;
    let cut = |time: f64| (time >= 0.0).then_some(time as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(cut))
}

/// A claim by its name, or by the path to it with dots.
pub fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(name) {
        return Some(found);
    }
    let (first, rest) = name.split_once('.')?;
    claim(claims.get(first)?.as_object()?, rest)
}
