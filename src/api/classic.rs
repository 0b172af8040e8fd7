//! The shapes of the classic API, as JSON: that of Realm Object Server 1 to 3. Unknown keys are ignored, and hardly any is required.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// Body of `POST /auth`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Authentication {
    /// `password`, or `realm` for an access token.
    pub provider: Option<String>,
    /// The user's name; the refresh token for the provider `realm`.
    pub data: Option<Secret>,
    /// What else the provider wants.
    pub user_info: Option<UserInfo>,
    /// What the client calls its app; repeated in tokens.
    pub app_id: Option<String>,
    /// The Realm that an access token is for.
    pub path: Option<String>,
    /// The same as `data`, in the flat form.
    pub username: Option<Secret>,
    /// The same as in `user_info`, in the flat form.
    pub password: Option<Secret>,
    /// The same as in `user_info`, in the flat form.
    pub register: Option<bool>,
}

/// What a provider wants beside a name.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct UserInfo {
    /// The password.
    pub password: Option<Secret>,
    /// Whether the user is to be made.
    pub register: Option<bool>,
}

/// Body of `POST /auth/revoke`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Revocation {
    /// The refresh token.
    pub token: Option<Secret>,
}

/// Body of every answer that is an error (RFC 7807).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemBody {
    /// A URL that stands for the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What more can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What happened, for programs: 601 to 803.
    pub code: u16,
    /// Which parameters are meant, if any are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invalid_params: Vec<InvalidParameter>,
}

/// A parameter that is missing, or that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvalidParameter {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub reason: String,
}
