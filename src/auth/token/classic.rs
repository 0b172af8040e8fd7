//! The tokens of the classic API: claims under classic names or their JWT aliases, in either form.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Number, json};

use super::{TokenError, open};
use crate::auth::{KeyPair, PublicKey};
use crate::ident::UnixTime;
use crate::secret::Secret;

/// The claims of a classic token. What they allow is decided elsewhere; above all, no claim makes an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClassicToken {
    /// The user; empty if the token names none.
    pub identity: String,
    /// The Realm that the token is for, absolute and with `~` expanded; `None` is every Realm.
    pub path: Option<String>,
    /// The words of `access` that are known; `None` if there is no such claim, as in user tokens.
    pub access: Option<Access>,
    /// When it ends; `None` is never.
    pub expires_at: Option<UnixTime>,
    /// When it was made, if it says so.
    pub issued_at: Option<UnixTime>,
    /// Whether the server has made it for a user that signed in, and not its operator for whatever purpose.
    pub is_issued: bool,
}

/// The words of `access`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    /// `download`
    pub download: bool,
    /// `upload`
    pub upload: bool,
    /// `manage`
    pub manage: bool,
    /// `refresh`: the token is no access token, it gets them.
    pub refresh: bool,
}

/// The claims as they travel. Unknown ones are skipped, `admin` and `isAdmin` among them.
#[derive(Deserialize)]
struct Claims {
    identity: Option<String>,
    sub: Option<String>,
    path: Option<String>,
    access: Option<Vec<String>>,
    expires: Option<Number>,
    exp: Option<Number>,
    timestamp: Option<Number>,
    iat: Option<Number>,
    /// Every access token has it that a server gives to those who sign in.
    sync_label: Option<serde::de::IgnoredAny>,
    /// Only the tokens of apps say what kind they are.
    typ: Option<serde::de::IgnoredAny>,
}

impl ClassicToken {
    /// The claims of a token that this server's key has signed, of either form. Whether it has expired is another question.
    pub fn verify(token: &Secret, key: &PublicKey) -> Result<ClassicToken, TokenError> {
        let claims = open(token.reveal(), key)?;
        // An array would be taken for the members in their order.
        if claims.trim_ascii_start().first() != Some(&b'{') {
            return Err(TokenError::Claims);
        }
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| TokenError::Claims)?;
        // A token of an app is good for as long as its login lasts, which nobody asks about here.
        if claims.typ.is_some() {
            return Err(TokenError::Kind);
        }
        Ok(ClassicToken {
            identity: claims.identity.or(claims.sub).unwrap_or_default(),
            path: claims.path,
            access: claims.access.as_deref().map(Access::from_words),
            expires_at: claims
                .expires
                .or(claims.exp)
                .and_then(|number| moment(&number)),
            issued_at: claims
                .timestamp
                .or(claims.iat)
                .and_then(|number| moment(&number)),
            is_issued: claims.sync_label.is_some(),
        })
    }

    /// The token that makes whoever holds it an administrator, for ever.
    pub fn admin(keys: &KeyPair) -> Secret {
        let claims =
            json!({"identity": "__admin", "access": ["upload", "download", "manage"]}).to_string();
        let signature = keys.sign(claims.as_bytes());
        Secret::new(format!(
            "{}:{}",
            BASE64_STANDARD.encode(claims),
            BASE64_STANDARD.encode(signature)
        ))
    }

    /// Whether it is an administrator's: it names no Realm, and its user is one of the two that only the server signs for.
    pub fn is_admin(&self) -> bool {
        self.path.is_none() && matches!(self.identity.as_str(), "__auth" | "__admin")
    }

    /// Whether its time is over.
    pub fn has_expired(&self, now: UnixTime) -> bool {
        self.expires_at.is_some_and(|end| now > end)
    }
}

impl Access {
    fn from_words(words: &[String]) -> Access {
        let has = |word: &str| words.iter().any(|w| w == word);
        Access {
            download: has("download"),
            upload: has("upload"),
            manage: has("manage"),
            refresh: has("refresh"),
        }
    }
}

/// A moment; 0 is none. What lies before 1970 is long over, which second 1 says as well.
fn moment(number: &Number) -> Option<UnixTime> {
    let seconds = number
        .as_u64()
        .unwrap_or_else(|| number.as_f64().map_or(1, |seconds| seconds.max(1.0) as u64));
    (seconds != 0).then_some(UnixTime(seconds))
}
