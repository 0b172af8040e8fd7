//! The Realms that the server makes and answers in itself, told by their names.

use super::{Endpoint, Everyone};
use crate::ident::{RealmName, UserId};

/// A Realm of the server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// Where this user asks for changes of permissions: `/<user>/__management`, or the partition `"__management/<user>"`.
    Management(UserId),
    /// Where this user sees its permissions: `/<user>/__permission` or `/<user>/__perm`, or the partition `"__permission/<user>"`.
    Permissions(UserId),
    /// Where everybody sees what everybody may: `/__wildcardpermissions`, `/__permission` or `/__perm`, or the partition `"__wildcardpermissions"`.
    Defaults,
    /// Any other, for administrators alone.
    Server,
}

impl Reserved {
    /// What a name says; `None` if the Realm is not the server's.
    pub fn of(realm: &RealmName) -> Option<Reserved> {
        if realm.is_path() {
            path(realm.as_str())
        } else {
            partition(&string_partition(realm)?)
        }
    }

    /// Whether this is the list of users, Realms and permissions for administrators: `/__admin`.
    pub fn is_list(realm: &RealmName) -> bool {
        realm.as_str() == "/__admin"
    }

    /// The Management Realm of a user.
    pub fn management(endpoint: &Endpoint, user: &UserId) -> RealmName {
        RealmName::from_canonical(match endpoint {
            Endpoint::Classic => format!("/{user}/__management"),
            Endpoint::App(app) => twin(app.as_str(), "__management", user),
        })
    }

    /// Whether rows with these names go by `_id` in the Realm, as SDKs from version 10 on want it.
    pub fn is_twin(realm: &RealmName) -> bool {
        !realm.is_path()
    }

    /// The Realms that show the rows of a user or of everybody, in the namespace of a Realm that they are about.
    pub fn mirrors(realm: &RealmName, user: &UserId) -> Vec<RealmName> {
        let everyone = Everyone::is(user);
        let names = match (app_of(realm), everyone) {
            (None, true) => vec![
                "/__wildcardpermissions".to_owned(),
                "/__permission".to_owned(),
                "/__perm".to_owned(),
            ],
            (None, false) => vec![format!("/{user}/__permission"), format!("/{user}/__perm")],
            (Some(app), true) => vec![format!("{app}/\"__wildcardpermissions\"")],
            (Some(app), false) => vec![twin(app, "__permission", user)],
        };
        names.into_iter().map(RealmName::from_canonical).collect()
    }
}

/// A twin of a user in an app.
fn twin(app: &str, kind: &str, user: &UserId) -> String {
    let value = serde_json::Value::from(format!("{kind}/{user}"));
    format!("{app}/{value}")
}

/// The app that a partition belongs to; `None` for a virtual path.
pub fn app_of(realm: &RealmName) -> Option<&str> {
    if realm.is_path() {
        return None;
    }
    realm.as_str().split_once('/').map(|(app, _)| app)
}

/// The value of a partition that is a string.
pub(super) fn string_partition(realm: &RealmName) -> Option<String> {
    let (_, value) = realm.as_str().split_once('/')?;
    match serde_json::from_str(value) {
        Ok(serde_json::Value::String(text)) => Some(text),
        Ok(_) | Err(_) => None,
    }
}

fn path(path: &str) -> Option<Reserved> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["__wildcardpermissions" | "__permission" | "__perm"] => Some(Reserved::Defaults),
        [user, "__management"] => Some(Reserved::Management(UserId((*user).into()))),
        [user, "__permission" | "__perm"] => Some(Reserved::Permissions(UserId((*user).into()))),
        _ => {
            let ours = segments.iter().any(|segment| segment.starts_with("__"));
            ours.then_some(Reserved::Server)
        }
    }
}

fn partition(text: &str) -> Option<Reserved> {
    if text == "__wildcardpermissions" {
        return Some(Reserved::Defaults);
    }
    let user = |user: &str| UserId(user.into());
    let management = text.strip_prefix("__management/").map(user);
    let permissions = || text.strip_prefix("__permission/").map(user);
    management
        .map(Reserved::Management)
        .or_else(|| permissions().map(Reserved::Permissions))
}
