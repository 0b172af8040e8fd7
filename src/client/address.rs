//! Names of Realms as people write them.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::ident::AppId;

/// Which Realm.
#[derive(Debug, Clone, PartialEq)]
pub enum RealmAddress {
    /// A classic Realm by its virtual path: `/alice/notes`, `/~/notes`.
    Path(String),
    /// The Realm of a partition of an app.
    Partition {
        /// The app.
        app: AppId,
        /// The value, as extended JSON.
        value: Value,
    },
}

/// The text names no Realm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no Realm: a path begins with a slash (/alice/notes), a partition with its app (my-app/notes)"
)]
pub struct BadAddress(String);

impl RealmAddress {
    /// The path and query of the endpoint at which it is synced, without a token.
    pub(super) fn endpoint(&self) -> String {
        match self {
            RealmAddress::Path(_) => "/realm-sync".into(),
            RealmAddress::Partition { app, .. } => {
                format!("/api/client/v2.0/app/{app}/realm-sync")
            }
        }
    }

    /// Its name in BIND.
    pub(super) fn text(&self) -> String {
        match self {
            RealmAddress::Path(path) => path.clone(),
            RealmAddress::Partition { value, .. } => value.to_string(),
        }
    }
}

/// `/path`, or `app/partition`. A partition that is JSON is that value, any other is a string: `my-app/notes` and `my-app/"notes"` are one, and so are `my-app/42`
/// and `my-app/{"$numberLong":"42"}`; the string of two digits is `my-app/"42"`.
impl FromStr for RealmAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<RealmAddress, BadAddress> {
        let bad = || BadAddress(text.to_owned());
        if text.starts_with('/') && text.len() > 1 {
            return Ok(RealmAddress::Path(text.to_owned()));
        }
        let (app, partition) = text.split_once('/').ok_or_else(bad)?;
        let app = AppId::parse(app).ok_or_else(bad)?;
        let value =
            serde_json::from_str(partition).unwrap_or_else(|_| Value::String(partition.to_owned()));
        Ok(RealmAddress::Partition { app, value })
    }
}

impl fmt::Display for RealmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RealmAddress::Path(path) => f.write_str(path),
            RealmAddress::Partition { app, value } => write!(f, "{app}/{value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_paths_or_partitions() {
        let said = |text: &str| {
            let address = text
                .parse::<RealmAddress>()
                .map_err(|error| error.to_string())?;
            Ok::<_, String>((address.endpoint(), address.text()))
        };
        let app = "/api/client/v2.0/app/my-app/realm-sync".to_owned();
        for (text, endpoint, name) in [
            ("/alice/notes", "/realm-sync", "/alice/notes"),
            ("my-app/notes", &*app, "\"notes\""),
            ("my-app/\"notes\"", &*app, "\"notes\""),
            ("my-app/42", &*app, "42"),
            ("my-app/", &*app, "\"\""),
            ("my-app/a/b", &*app, "\"a/b\""),
        ] {
            assert_eq!(
                said(text),
                Ok((endpoint.to_owned(), name.to_owned())),
                "{text}"
            );
        }
        for text in ["", "/", "notes", "my app/x", ".x/y"] {
            assert!(said(text).is_err(), "{text}");
        }
    }
}
