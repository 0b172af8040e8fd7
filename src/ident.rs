//! The numbers and names that travel: every one has its own type, so that none can be passed for another.
//!
//! Knows nothing of any other room.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// Largest value any number of the sync protocol may have: all are below 2^63.
pub const MAX_NUMBER: u64 = (1 << 63) - 1;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A position in a Realm's history on the server: the number of entries up to and including it. 0 is the empty history.
    ServerVersion
}
number! {
    /// A client's commit counter. 0 is "nothing yet".
    ClientVersion
}
number! {
    /// A file that takes part in the sync of one Realm. 1 is the server's own, clients start at 2, 0 means "none" or "itself".
    FileIdent
}
number! {
    /// A random number 1..2^63-1 that guards an ident or a version against being guessed or reused. 0 means "none".
    Salt
}
number! {
    /// A session within one connection, chosen by the client: 1..2^63-1. 0 stands for the connection itself.
    SessionIdent
}
number! {
    /// When a changeset was made on its origin: milliseconds since 2015-01-01T00:00:00Z, by the writer's own clock.
    OriginTimestamp
}

number! {
    /// A moment by the server's clock: seconds since 1970-01-01T00:00:00Z.
    UnixTime
}

impl UnixTime {
    /// The moment so many seconds later.
    pub fn after(self, seconds: u64) -> UnixTime {
        UnixTime(self.0.saturating_add(seconds))
    }

    /// The moment as text of RFC 3339 in UTC; the last one that has such a text stands for all after it.
    pub fn rfc3339(self) -> String {
        const LAST: u64 = 253_402_300_799;
        let since = std::time::Duration::from_secs(self.0.min(LAST));
        humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + since).to_string()
    }
}

impl FileIdent {
    /// The server's own file, origin of changes that the server makes.
    pub const SERVER: FileIdent = FileIdent(1);
}

impl ServerVersion {
    /// The version after this one.
    pub fn next(self) -> ServerVersion {
        ServerVersion(self.0 + 1)
    }
}

/// How far a client has been served: a server version, and the last client version of that client contained in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DownloadCursor {
    /// Position in the server's history.
    pub server_version: ServerVersion,
    /// Last version of the client that was integrated at that position.
    pub client_version: ClientVersion,
}

/// How far a client's history has been integrated: a client version, and the last server version contained in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UploadCursor {
    /// Position in the client's history.
    pub client_version: ClientVersion,
    /// Last server version that the client had integrated at that position.
    pub server_version: ServerVersion,
}

/// A server version together with its salt: what a client shows to prove that it knows this history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SaltedVersion {
    /// The version.
    pub version: ServerVersion,
    /// Its salt; 0 exactly when the version is 0.
    pub salt: Salt,
}

/// The name of a Realm in canonical text. A classic Realm is a virtual path (`/alice/notes`); the Realm of a
/// partition is `<app>/<canonical extended JSON>` (`myapp/"notes"`, `myapp/42`). A path starts with a slash and an app id never
/// does, so the two namespaces cannot meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RealmName(Arc<str>);

impl RealmName {
    /// A name from text that is canonical already: one read back from storage, or made by the room that parses names.
    pub fn from_canonical(text: impl Into<Arc<str>>) -> RealmName {
        RealmName(text.into())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a classic virtual path.
    pub fn is_path(&self) -> bool {
        self.0.starts_with('/')
    }
}

impl fmt::Display for RealmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a user: 24 hex digits for users of an app, free text for classic users.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub Arc<str>);

impl UserId {
    /// Whether this is nobody's id: `*` stands for everybody, and what begins with `__` is the server's own.
    pub fn is_reserved(&self) -> bool {
        &*self.0 == "*" || self.0.starts_with("__")
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of an app: what its clients put into the path of every request. It becomes the first part of Realm names and is
/// therefore narrow: 1 to 64 letters, digits, `_`, `-` and `.`, no dot first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(Arc<str>);

impl AppId {
    /// The name under which users and Realms of virtual paths are kept. No app of the App Services API has it.
    pub const CLASSIC: &str = "classic";

    /// An app id from text; `None` if the text cannot be one.
    pub fn parse(text: &str) -> Option<AppId> {
        let narrow = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let fits =
            (1..=64).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(narrow);
        fits.then(|| AppId(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a login: from signing in to logging out, or to the end of its refresh token. 24 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoginId(pub Arc<str>);

impl fmt::Display for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What one client has to itself: an address, or the 64 bits of an IPv6 network.
pub fn own_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
    }
}
