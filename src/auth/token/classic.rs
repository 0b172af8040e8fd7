//! The tokens of the classic API: claims under classic names or their JWT aliases, in either form.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use sha2::{Digest, Sha256};

use super::{Parts, TokenError};
use crate::auth::{KeyPair, Verifier};
use crate::ident::{LoginId, UnixTime, UserId};
use crate::secret::Secret;

/// The claims of a classic token. What they allow is decided elsewhere; above all, no claim makes an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The login that it belongs to. A token that was made without one is a login of its own, under its fingerprint: 64 hex digits, the SHA-256 of its claims. Tokens that it gets
    /// belong to it.
    pub login: LoginId,
    /// Whether that login is the token itself.
    pub stands_alone: bool,
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
    sid: Option<String>,
    /// Only the tokens of apps say what kind they are.
    typ: Option<serde::de::IgnoredAny>,
}

impl ClassicToken {
    /// The claims of a token that this server's key has signed, of either form. Whether it has expired is another question.
    pub fn verify(
        token: &Secret,
        keys: &(impl Verifier + ?Sized),
    ) -> Result<ClassicToken, TokenError> {
        let claims = Parts::of(token.reveal())?.verified(keys)?;
        ClassicToken::read(&claims)
    }

    /// The claims of a token, whoever has signed it.
    pub(in crate::auth) fn read(claims: &[u8]) -> Result<ClassicToken, TokenError> {
        let fingerprint = || {
            let digest = Sha256::digest(claims);
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        // An array would be taken for the members in their order.
        if claims.trim_ascii_start().first() != Some(&b'{') {
            return Err(TokenError::Claims);
        }
        let claims: Claims = serde_json::from_slice(claims).map_err(|_| TokenError::Claims)?;
        // A token of an app is good for as long as its login lasts, which nobody asks about here.
        if claims.typ.is_some() {
            return Err(TokenError::Kind);
        }
        let named = claims.sid.filter(|sid| is_login(sid));
        let token = ClassicToken {
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
            stands_alone: named.is_none(),
            login: LoginId(named.unwrap_or_else(fingerprint).into()),
        };
        let user = UserId(token.identity.as_str().into());
        if user.is_reserved() && !token.is_admin() {
            return Err(TokenError::Nobody);
        }
        Ok(token)
    }

    /// The token that makes whoever holds it an administrator, for ever.
    pub fn admin(keys: &KeyPair) -> Secret {
        ClassicClaims::admin().sign(keys)
    }

    /// What it is for, in a word.
    pub fn kind(&self) -> &'static str {
        match self.access {
            _ if self.is_admin() => "admin",
            Some(Access { refresh: true, .. }) => "refresh",
            Some(_) => "access",
            None => "user",
        }
    }

    /// Whether it gets access tokens, and opens nothing itself.
    pub fn is_refresh(&self) -> bool {
        self.access.is_some_and(|access| access.refresh)
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

/// The claims of a classic token that is made here, in the order and under the names that clients of the original know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ClassicClaims {
    /// As the client has sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// The user.
    pub identity: String,
    /// `refresh`, or some of `download`, `upload`, `manage`; `None` in user tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Vec<&'static str>>,
    /// 8 hex digits that make tokens differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// Seconds since 1970; `None` is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// Whether the user is an administrator, for the client's own use: this server does not believe it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_admin: Option<bool>,
    /// The Realm, in access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Always `default`, in access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_label: Option<&'static str>,
    /// When it was made: seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// The login, or the fingerprint of the refresh token that it was got with; `None` for a token that stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

impl ClassicClaims {
    /// An administrator's, for ever and for every Realm.
    pub fn admin() -> ClassicClaims {
        ClassicClaims {
            identity: "__admin".to_owned(),
            access: Some(vec!["upload", "download", "manage"]),
            ..ClassicClaims::default()
        }
    }

    /// The signed token.
    pub fn sign(&self, keys: &KeyPair) -> Secret {
        let claims = serde_json::to_vec(self).expect("claims are plain text and numbers");
        let signature = keys.sign(&claims);
        Secret::new(format!(
            "{}:{}",
            BASE64_STANDARD.encode(claims),
            BASE64_STANDARD.encode(signature)
        ))
    }
}

/// Whether this is the id of a login of this server (24 hex digits) or the fingerprint of a token that is a login of its own (64), and not what another issuer means by `sid`.
fn is_login(sid: &str) -> bool {
    matches!(sid.len(), 24 | 64) && sid.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A moment; 0 is none. What lies before 1970 is long over, which second 1 says as well.
fn moment(number: &Number) -> Option<UnixTime> {
    let seconds = number
        .as_u64()
        .unwrap_or_else(|| number.as_f64().map_or(1, |seconds| seconds.max(1.0) as u64));
    (seconds != 0).then_some(UnixTime(seconds))
}
