//! The shapes of the App Services API, as JSON.
//!
//! Clients send extended JSON; what is read here is plain in both. Unknown keys are ignored, and hardly any is required.

pub mod classic;
pub mod permissions;
pub mod status;
pub mod tokens;
pub mod users;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::secret::Secret;

/// Where an app's clients go: answer to `GET /app/<id>/location`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Always `GLOBAL`.
    pub deployment_model: String,
    /// A name of the place.
    pub location: String,
    /// Base URL of all further requests, without a slash at the end.
    pub hostname: String,
    /// Base URL of sync connections, without a slash at the end.
    pub ws_hostname: String,
}

/// Body of a sign-in, as far as it is looked at.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Credentials {
    /// Name of a user with a password.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// An API key.
    pub key: Option<Secret>,
    /// A token of another issuer.
    pub token: Option<Secret>,
    /// An ID token of a provider.
    pub id_token: Option<Secret>,
    /// An access token of a provider.
    #[serde(rename = "accessToken")]
    pub access_token: Option<Secret>,
    /// What a server gets an ID token of Google for.
    #[serde(rename = "authCode")]
    pub auth_code: Option<Secret>,
    /// What the client says of itself.
    pub options: Options,
}

/// What a client says of itself.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Options {
    /// The device.
    pub device: DeviceOptions,
}

/// What a client says of its device.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct DeviceOptions {
    /// The id that it was given before, if it has kept it.
    pub device_id: Option<String>,
}

/// Body of a registration.
#[derive(Deserialize)]
pub struct Registration {
    /// The address, which is the user's name.
    pub email: String,
    /// The password.
    pub password: Secret,
}

/// Answer to a sign-in.
#[derive(Serialize, Deserialize)]
pub struct Session {
    /// Opens everything for a while.
    #[serde(serialize_with = "reveal")]
    pub access_token: Secret,
    /// Gets new access tokens.
    #[serde(serialize_with = "reveal")]
    pub refresh_token: Secret,
    /// 24 hex digits.
    pub user_id: String,
    /// 24 hex digits.
    pub device_id: String,
}

/// Body of a request for an e-mail.
#[derive(Deserialize)]
pub struct Address {
    /// The address.
    pub email: String,
}

/// What the link in an e-mail carries.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mailed {
    /// The token.
    pub token: Secret,
    /// Its id.
    pub token_id: String,
    /// The new password, where that is what it is for.
    pub password: Option<Secret>,
}

/// Body of a request for an API key.
#[derive(Deserialize)]
pub struct WantedKey {
    /// What the user calls it.
    pub name: String,
}

/// An API key.
#[derive(Serialize)]
pub struct ApiKey {
    /// 24 hex digits.
    #[serde(rename = "_id")]
    pub id: String,
    /// The key itself, in the answer to whoever has just made it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "reveal_key")]
    pub key: Option<Secret>,
    /// What the user calls it.
    pub name: String,
    /// Whether it signs nobody in for now.
    pub disabled: bool,
}

/// Answer to a refresh.
#[derive(Serialize, Deserialize)]
pub struct AccessToken {
    /// Opens everything for a while.
    #[serde(serialize_with = "reveal")]
    pub access_token: Secret,
}

/// What a user is shown of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// 24 hex digits.
    pub user_id: String,
    /// 24 hex digits that stand for the app.
    pub domain_id: String,
    /// Always `normal`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The ways in which the user signs in.
    pub identities: Vec<Identity>,
    /// What is known of the user.
    pub data: ProfileData,
}

/// One way in which a user signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// 24 hex digits.
    pub id: String,
    /// Name of the provider.
    pub provider_type: String,
    /// 24 hex digits that stand for the provider within the app.
    pub provider_id: String,
}

/// What is known of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProfileData {
    /// The address that it registered with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// What the tokens of another issuer have said.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// Body of every answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What happened, for people.
    pub error: String,
    /// What happened, for programs.
    pub error_code: ErrorCode,
    /// Where the log is; empty.
    pub link: String,
}

/// The names by which programs know errors, as far as this server uses them. Names are fixed: add, never rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorCode {
    /// The name is taken.
    AccountNameInUse,
    /// The user has an API key of this name.
    APIKeyAlreadyExists,
    /// There is no such API key.
    APIKeyNotFound,
    /// None of the others.
    AppUnknownError,
    /// The credentials are right and do not suffice.
    AuthError,
    /// The app has no such provider.
    AuthProviderNotFound,
    /// The request is malformed.
    BadRequest,
    /// There is no such function.
    FunctionNotFound,
    /// The server failed.
    InternalServerError,
    /// Wrong name or password.
    InvalidPassword,
    /// The token is bad, or its login is over.
    InvalidSession,
    /// A required key is missing.
    MissingParameter,
    /// There is no such service.
    ServiceNotFound,
    /// The user's address has been confirmed before.
    UserAlreadyConfirmed,
    /// The user is disabled.
    UserDisabled,
    /// There is no such user.
    UserNotFound,
}

/// Writes a token into the one answer that is for its owner.
fn reveal<S: Serializer>(token: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.reveal())
}

fn reveal_key<S: Serializer>(key: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&key.as_ref().map(Secret::reveal))
}
