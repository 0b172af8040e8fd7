//! The tokens of the App Services API.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Parts, TokenError};
use crate::auth::{KeyPair, Verifier};
use crate::ident::{AppId, LoginId, UnixTime, UserId};
use crate::secret::Secret;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Shown with every request and every sync connection.
    Access,
    /// Gets new access tokens, and ends the login.
    Refresh,
}

/// The claims of an access or refresh token of an app's user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppToken {
    /// Access or refresh.
    pub kind: TokenKind,
    /// The app.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The login that the token came from.
    pub login: LoginId,
    /// The id of the device, as the client was told.
    pub device: String,
    /// The id that stands for the app in the profile.
    pub domain: String,
    /// The user's custom data, in access tokens; clients read it there and nowhere else.
    pub user_data: Option<BTreeMap<String, Value>>,
    /// When it was made.
    pub issued_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// The same as on the wire: clients need `exp` and `iat` as integers and show `baas_device_id`; the rest is for the server.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    typ: TokenKind,
    exp: u64,
    iat: u64,
    sid: String,
    app_id: String,
    baas_device_id: String,
    baas_domain_id: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user_data: Option<BTreeMap<String, Value>>,
}

const ISSUER: &str = "ros";
/// What clients never read.
fn header(kid: &str) -> String {
    format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{kid}"}}"#)
}

impl AppToken {
    /// The signed token.
    pub fn sign(&self, keys: &KeyPair) -> Secret {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: self.user.to_string(),
            typ: self.kind,
            exp: self.expires_at.0,
            iat: self.issued_at.0,
            sid: self.login.to_string(),
            app_id: self.app.to_string(),
            baas_device_id: self.device.clone(),
            baas_domain_id: self.domain.clone(),
            user_data: self.user_data.clone(),
        };
        let claims = serde_json::to_vec(&claims).expect("claims are plain text and numbers");
        let mut token = BASE64_URL_SAFE_NO_PAD.encode(header(keys.public().id()));
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = keys.sign(token.as_bytes());
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Secret::new(token)
    }

    /// The claims of a token of this server, of this kind, that has not expired. Whether its login still lasts is another question.
    pub fn verify(
        token: &Secret,
        kind: TokenKind,
        keys: &(impl Verifier + ?Sized),
        now: UnixTime,
    ) -> Result<AppToken, TokenError> {
        let claims = Parts::of_jwt(token.reveal())?.verified(keys)?;
        let token = AppToken::read(&claims)?;
        if token.kind != kind {
            return Err(TokenError::Kind);
        }
        if now > token.expires_at {
            return Err(TokenError::Expired);
        }
        Ok(token)
    }

    /// The claims of a token, whoever has signed it.
    pub(in crate::auth) fn read(claims: &[u8]) -> Result<AppToken, TokenError> {
        let claims: Claims = serde_json::from_slice(claims).map_err(|_| TokenError::Claims)?;
        let app = AppId::parse(&claims.app_id)
            .filter(|_| claims.iss == ISSUER)
            .ok_or(TokenError::Claims)?;
        let user = UserId(claims.sub.into());
        if user.is_reserved() {
            return Err(TokenError::Nobody);
        }
        Ok(AppToken {
            kind: claims.typ,
            app,
            user,
            login: LoginId(claims.sid.into()),
            device: claims.baas_device_id,
            domain: claims.baas_domain_id,
            user_data: claims.user_data,
            issued_at: UnixTime(claims.iat),
            expires_at: UnixTime(claims.exp),
        })
    }
}
