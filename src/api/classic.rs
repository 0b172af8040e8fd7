//! The shapes of the classic API, as JSON: that of Realm Object Server 1 to 3. Unknown keys are ignored, and hardly any is required.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Whether the user is to be an administrator.
    pub is_admin: Option<bool>,
}

/// Body of `POST /auth/revoke`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Revocation {
    /// The refresh token.
    pub token: Option<Secret>,
}

/// Body of `PUT /auth/password`: `token` and `password` in 1.x, `data` later.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PasswordChange {
    /// The refresh token (1.x).
    pub token: Option<Secret>,
    /// The new password (1.x).
    pub password: Option<Secret>,
    /// Whose password, if it is not the caller's.
    pub user_id: Option<String>,
    /// The new password (2 and later).
    pub data: Option<NewPassword>,
}

/// A new password.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct NewPassword {
    /// The password.
    pub new_password: Option<Secret>,
}

/// Body of `POST /auth/<provider>/updateAccount`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct AccountUpdate {
    /// The e-mail address.
    pub provider_id: Option<String>,
    /// What is to be done.
    pub data: Update,
}

/// What is to be done with an account.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Update {
    /// `reset_password`, `complete_reset`, `request_email_confirmation` or `confirm_email`.
    pub action: Option<String>,
    /// What was sent by e-mail.
    pub token: Option<Secret>,
    /// The new password.
    pub new_password: Option<Secret>,
}

/// Body of `PUT /auth/users`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct WantedUser {
    /// `password`.
    pub provider: Option<String>,
    /// The user's name.
    pub provider_id: Option<String>,
    /// Whether it is to be an administrator.
    pub is_admin: Option<bool>,
    /// Its metadata.
    pub metadata: Option<BTreeMap<String, Value>>,
    /// The id that it has.
    pub user_id: Option<String>,
}

/// Body of `PATCH /auth/users/<id>`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct WantedStatus {
    /// `active` or `suspended`.
    pub status: Option<String>,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserBody {
    /// Its id.
    pub user_id: String,
    /// Whether it is an administrator.
    pub is_admin: bool,
    /// The ways in which it signs in.
    pub accounts: Vec<AccountBody>,
    /// Its metadata.
    pub metadata: Vec<MetadataBody>,
    /// `active` or `suspended`.
    pub status: &'static str,
}

/// A way in which a user signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountBody {
    /// `password`.
    pub provider: String,
    /// The name there.
    pub provider_id: String,
}

/// One fact about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MetadataBody {
    /// Its name.
    pub key: String,
    /// Its value, as text.
    pub value: String,
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

/// Body of `POST /permissions/apply`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct PermissionChange {
    /// Whose permissions.
    pub condition: Option<Condition>,
    /// The Realm: a path, a URL, or `*` for all that the caller owns.
    pub realm_path: Option<String>,
    /// `none`, `read`, `write` or `admin`.
    pub access_level: Option<String>,
}

/// Whose permissions are changed: those of a user (`*` is everybody), or of all who have this in their metadata.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Condition {
    /// The user.
    pub user_id: Option<String>,
    /// The name of the member.
    pub metadata_key: Option<String>,
    /// Its value.
    pub metadata_value: Option<String>,
}

/// A permission.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionShown {
    /// The user; nothing is everybody.
    pub user_id: Option<String>,
    /// The Realm.
    pub path: String,
    /// `read`, `write` or `admin`.
    pub access_level: &'static str,
    /// When it was changed last.
    pub updated_at: String,
}

/// Body of `POST /permissions/offers`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct WantedOffer {
    /// The Realm: a path or a URL.
    pub realm_path: Option<String>,
    /// `read`, `write` or `admin`.
    pub access_level: Option<String>,
    /// Until when, in the form of the SDK's language; nothing is for ever.
    pub expires_at: Option<String>,
}

/// An offer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferBody {
    /// What takes it up.
    pub token: String,
    /// The Realm.
    pub realm_path: String,
    /// Until when; nothing is for ever.
    pub expires_at: Option<String>,
    /// `read`, `write` or `admin`.
    pub access_level: &'static str,
    /// Since when.
    pub created_at: String,
    /// Who made it.
    pub user_id: String,
}

/// Offers.
#[derive(Serialize)]
pub struct OfferShown {
    /// The offers.
    pub offers: Vec<OfferBody>,
}
