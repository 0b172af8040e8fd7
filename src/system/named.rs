//! Which Realm a request means.

use super::realm_name;
use crate::access::Endpoint;
use crate::ident::{AppId, RealmName, UserId};

/// A Realm as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The Realm.
    pub realm: RealmName,
    /// What stood before its path: `realm://host:port`, or nothing.
    before: String,
}

impl Named {
    /// A Realm that was not named by a URL.
    pub fn plain(realm: RealmName) -> Named {
        Named {
            realm,
            before: String::new(),
        }
    }

    /// What the request calls it, with `~` expanded: the same form as it was sent in.
    pub fn expanded(&self, endpoint: &Endpoint) -> String {
        let name = self.realm.as_str();
        match endpoint {
            Endpoint::App(app) if !self.realm.is_path() => {
                name[app.as_str().len() + 1..].to_owned()
            }
            Endpoint::App(_) | Endpoint::Classic => format!("{}{name}", self.before),
        }
    }
}

/// The Realm that a text means, in the Management Realm of this user at this endpoint; `None` if it means none.
///
/// On virtual paths: a URL of any host, for whoever stands before the server may call it anything, or an absolute path; `~` is the user's home. Of an app: the value
/// of a partition as extended JSON, any other text is a string. An administrator may name partitions of any app with the app before them
/// (`my-app/notes`).
pub fn named(endpoint: &Endpoint, user: &UserId, admin: bool, url: &str) -> Option<Named> {
    match endpoint {
        Endpoint::App(app) => partition(app, user, url).map(Named::plain),
        Endpoint::Classic => match url.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = rest.split_at(rest.find('/')?);
                let path = unescaped(path)?;
                Some(Named {
                    realm: realm_name(endpoint, user, path.as_bytes()).ok()?,
                    before: format!("{scheme}://{authority}"),
                })
            }
            None if url.starts_with('/') => realm_name(endpoint, user, url.as_bytes())
                .ok()
                .map(Named::plain),
            None if admin => {
                let (app, value) = url.split_once('/')?;
                partition(&AppId::parse(app)?, user, value).map(Named::plain)
            }
            None => None,
        },
    }
}

fn partition(app: &AppId, user: &UserId, value: &str) -> Option<RealmName> {
    let endpoint = Endpoint::App(app.clone());
    let quoted = || serde_json::Value::from(value).to_string();
    let is_json = serde_json::from_str::<serde_json::Value>(value).is_ok();
    let text = if is_json { value.to_owned() } else { quoted() };
    realm_name(&endpoint, user, text.as_bytes()).ok()
}

/// Without percent encoding; `None` if that is wrong.
fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_are_named_by_url_path_or_value() {
        let (classic, app) = (Endpoint::Classic, Endpoint::App(AppId::parse("x").unwrap()));
        let ada = UserId("ada".into());
        let said = |endpoint: &Endpoint, admin, url: &str| {
            let named = named(endpoint, &ada, admin, url)?;
            Some((named.realm.to_string(), named.expanded(endpoint)))
        };
        let both = |realm: &str, told: &str| Some((realm.to_owned(), told.to_owned()));
        for (endpoint, admin, url, expected) in [
            (
                &classic,
                false,
                "realm://h:1/~/a",
                both("/ada/a", "realm://h:1/ada/a"),
            ),
            (
                &classic,
                false,
                "realms://h/%7E/a",
                both("/ada/a", "realms://h/ada/a"),
            ),
            (&classic, false, "/bob/a", both("/bob/a", "/bob/a")),
            (&classic, false, "/~/a", both("/ada/a", "/ada/a")),
            (&classic, false, "realm://h/../a", None),
            (&classic, false, "realm://h/a%2F..%2Fb", None),
            (&classic, false, "realm://h/a%", None),
            (&classic, false, "realm://h", None),
            (&classic, false, "x/notes", None),
            (&classic, false, "", None),
            (
                &classic,
                true,
                "x/notes",
                both("x/\"notes\"", "x/\"notes\""),
            ),
            (&classic, true, "x/42", both("x/42", "x/42")),
            (&app, false, "notes", both("x/\"notes\"", "\"notes\"")),
            (&app, false, "\"notes\"", both("x/\"notes\"", "\"notes\"")),
            (&app, false, "42", both("x/42", "42")),
            (&app, false, "/ada/a", both("x/\"/ada/a\"", "\"/ada/a\"")),
            (&app, false, "y/notes", both("x/\"y/notes\"", "\"y/notes\"")),
            (&app, false, "{\"$oid\":1}", None),
        ] {
            assert_eq!(said(endpoint, admin, url), expected, "{url}");
        }
    }
}
