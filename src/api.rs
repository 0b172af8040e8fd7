//! The shapes of the HTTP interface, shared by both ends: the App Services client API as far as it is built. No logic.

use serde::{Deserialize, Serialize};

/// `GET …/app/<id>/location`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Location {
    /// Always `GLOBAL`.
    pub deployment_model: String,
    /// Any text.
    pub location: String,
    /// Where further HTTP requests go; no slash at the end.
    pub hostname: String,
    /// Where the WebSocket is; no slash at the end.
    pub ws_hostname: String,
}

/// Credentials of the e-mail and password provider.
#[derive(Deserialize)]
pub struct PasswordCredentials {
    /// The e-mail address.
    pub username: String,
    /// The password.
    pub password: String,
}

/// Registration with e-mail and password.
#[derive(Deserialize)]
pub struct Registration {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// The answer to a login.
#[derive(Serialize, Deserialize)]
pub struct Session {
    /// For requests and the WebSocket.
    pub access_token: String,
    /// For new access tokens.
    pub refresh_token: String,
    /// 24 hex digits.
    pub user_id: String,
    /// 24 hex digits.
    pub device_id: String,
}

/// The answer to a refresh.
#[derive(Serialize, Deserialize)]
pub struct Refreshed {
    /// The new access token.
    pub access_token: String,
}

/// The answer to `GET /auth/profile`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Profile {
    /// 24 hex digits.
    pub user_id: String,
    /// The app.
    pub domain_id: String,
    /// Always `normal`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The ways in which the user signs in.
    pub identities: Vec<Identity>,
    /// What SDKs show of the user.
    pub data: ProfileData,
}

/// A way in which a user signs in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Identity {
    /// 24 hex digits.
    pub id: String,
    /// The provider, as SDKs name it.
    pub provider_type: String,
    /// 24 hex digits.
    pub provider_id: String,
}

/// What SDKs show of a user.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ProfileData {
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Every error.
#[derive(Debug, Serialize, Deserialize)]
pub struct Error {
    /// Words for people.
    pub error: String,
    /// The name that SDKs know.
    pub error_code: String,
    /// Where more is said; nowhere.
    pub link: String,
}
