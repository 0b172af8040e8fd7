//! Why somebody may do something: `POST /api/ros/v1/permissions/why`. Fields are added, never renamed.

use serde::{Deserialize, Serialize};

/// Body of the request.
#[derive(Debug, Serialize, Deserialize)]
pub struct WhyBody {
    /// Whose rights: an id, the name by which a user signs in, or `*` for whoever has nothing of its own.
    pub user: String,
    /// In which Realm: a path, or a partition with its app before it.
    pub realm: String,
}

/// What a user may do in a Realm, and what that follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The user's id.
    pub user: String,
    /// Whether there is such a user, or it is everybody.
    #[serde(default = "yes")]
    pub known: bool,
    /// The Realm's canonical name.
    pub realm: String,
    /// Whether there is such a Realm.
    pub exists: bool,
    /// Whether the user may read it.
    pub may_read: bool,
    /// Which right reading follows from, `write` or `manage`, where it is not granted itself.
    #[serde(default)]
    pub read_implied_by: Option<String>,
    /// Whether the user may write to it.
    pub may_write: bool,
    /// Whether the user may change its permissions.
    pub may_manage: bool,
    /// Whether the user may add classes and properties.
    pub may_add_schema: bool,
    /// Whether the user may remove classes and properties.
    pub may_erase_schema: bool,
    /// What the rights follow from, in words.
    pub reason: String,
    /// Who owns the Realm.
    pub owner: Option<String>,
    /// The user's own row.
    pub own: Option<RowShown>,
    /// The row of everybody.
    pub everyone: Option<RowShown>,
}

/// Servers from before it was said.
fn yes() -> bool {
    true
}

/// A row of permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowShown {
    /// As it was sent.
    pub may_read: bool,
    /// As it was sent.
    pub may_write: bool,
    /// As it was sent.
    pub may_manage: bool,
    /// Since when: RFC 3339, UTC.
    pub since: String,
    /// By whom.
    pub by: String,
    /// How: `owner` (the Realm was made in its owner's home), `change` or `offer`.
    pub how: String,
}
