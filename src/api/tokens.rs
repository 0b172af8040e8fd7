//! Tokens under an administrator's eyes: `POST /api/ros/v1/tokens/inspect` and `/revoke`. Fields are added, never renamed.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// Body of both requests.
#[derive(Deserialize)]
pub struct TokenBody {
    /// The token that is looked at or revoked.
    pub token: Secret,
}

/// What a token says, and whether the server takes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspected {
    /// `jwt` or `classic`; nothing if it has neither form.
    pub form: Option<String>,
    /// `app access`, `app refresh`, `admin`, `refresh`, `access` or `user`; nothing if its claims cannot be read.
    pub kind: Option<String>,
    /// The header of a JWT.
    pub header: serde_json::Value,
    /// The claims, as they were signed.
    pub claims: serde_json::Value,
    /// When it was made: RFC 3339, UTC.
    pub issued_at: Option<String>,
    /// When it ends; nothing if it never does.
    pub expires_at: Option<String>,
    /// The id of the key that has signed it; nothing if none of the server's keys has.
    pub signed_by: Option<String>,
    /// Whether the server takes it, for what it is for. Nothing if nobody has looked at its signature.
    pub accepted: Option<bool>,
    /// Why not.
    pub refused: Option<String>,
}
