//! Users under an administrator's eyes: `/api/ros/v1/users`. Fields are added, never renamed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secret::Secret;

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// 24 hex digits for users of an app, 32 for those of `classic`; imported users keep theirs.
    pub id: String,
    /// The app; `classic` for users of Realm Object Server 1 to 3.
    pub app: String,
    /// Name or e-mail address.
    pub name: Option<String>,
    /// When it was made: RFC 3339, UTC.
    pub created: String,
    /// Whether it administers the server.
    pub admin: bool,
    /// Whether it is kept out.
    pub suspended: bool,
    /// The ways in which it signs in.
    pub identities: Vec<NamedIdentity>,
    /// Its custom data.
    pub metadata: BTreeMap<String, Value>,
    /// How often it is signed in.
    pub logins: u64,
}

/// A way in which a user signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedIdentity {
    /// `anon-user`, `local-userpass`, `api-key`.
    pub provider: String,
    /// The name there, in small letters.
    pub name: String,
}

/// Users in the order of their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Users {
    /// The users.
    pub users: Vec<User>,
    /// The id after which the next page begins; nothing if this is the last.
    pub next: Option<String>,
}

/// A user to be made.
#[derive(Deserialize)]
pub struct NewUser {
    /// The app; `classic` if none is named.
    pub app: Option<String>,
    /// Name or e-mail address.
    pub name: String,
    /// The password; without one the user cannot sign in until it has one.
    pub password: Option<Secret>,
    /// Whether it administers the server.
    #[serde(default)]
    pub admin: bool,
}

/// A user of another server, with the hash of its password. Beside our own names of the fields, those of its Realms and of its HTTP API are taken.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportedUser {
    /// The app; `classic` if none is named.
    pub app: Option<String>,
    /// The id that it had.
    #[serde(alias = "userId", alias = "user_id")]
    pub id: String,
    /// How it signs in: the name of a provider, as clients of the classic API give it, or those of the app; `password` if it is not said.
    pub provider: Option<String>,
    /// Name or e-mail address, or what the provider calls it.
    #[serde(alias = "providerId", alias = "provider_id")]
    pub name: String,
    /// Base64 of the password's PBKDF2; without one the user cannot sign in until it has a password.
    pub hash: Option<Secret>,
    /// Base64 of the salt.
    pub salt: Option<Secret>,
    /// `sha256` or `sha512`; sha256 if it is not said, as in 1.x.
    pub digest: Option<String>,
    /// Rounds; `auth.providers.password.iterations` if it is not said.
    pub iterations: Option<u32>,
    /// Bytes of the hash, if they are to be checked.
    #[serde(alias = "key_length")]
    pub key_length: Option<usize>,
    /// What 1.x keeps as `Account.data`, in the place of the five above: JSON with `password`, `salt` and `options`.
    pub data: Option<Secret>,
    /// Whether it administers the server.
    #[serde(default, alias = "isAdmin", alias = "is_admin")]
    pub admin: bool,
    /// Whether it is kept out.
    #[serde(default)]
    pub suspended: bool,
    /// Its custom data.
    #[serde(default)]
    pub metadata: BTreeMap<String, Value>,
}

/// The hash of a password as 1.x keeps it.
#[derive(Deserialize)]
pub struct AccountData {
    /// Base64 of the hash.
    pub password: Secret,
    /// Base64 of the salt.
    pub salt: Secret,
    /// How it was made.
    #[serde(default)]
    pub options: HashOptions,
}

/// How a hash was made, as far as it is said.
#[derive(Deserialize, Default)]
pub struct HashOptions {
    /// `sha256` or `sha512`.
    pub digest: Option<String>,
    /// Rounds.
    pub iterations: Option<u32>,
    /// Bytes of the hash.
    #[serde(alias = "keyLength")]
    pub key_length: Option<usize>,
}

/// What is to be changed of a user; what is not named stays.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct UserChange {
    /// Another password; all logins end.
    pub password: Option<Secret>,
    /// Whether it administers the server.
    pub admin: Option<bool>,
    /// Whether it is kept out; all logins end.
    pub suspended: Option<bool>,
    /// Custom data in the place of what there was.
    pub metadata: Option<BTreeMap<String, Value>>,
}
