//! Who may do what in a Realm, and why: one pure decision.
//!
//! Everything that the decision depends on is given: who asks ([`Caller`]) and what is granted on the Realm ([`Grants`]). No rule, no access.
//! Rows of permissions are kept as they were sent; it is here that writing and managing imply reading, since a client that cannot download cannot merge.
//!
//! Knows no tokens, databases or settings, and reads no rules from anywhere.

mod reserved;
mod rules;

use std::fmt;

pub use reserved::{Reserved, app_of};
pub use rules::{BadPattern, Pattern, Person, Rule, Source, given};

use crate::ident::{AppId, LoginId, RealmName, UnixTime, UserId};

#[cfg(test)]
mod tests;

/// Where a caller came in: this decides in which namespace of Realms and users it lives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/api/client/v2.0/app/<app id>/…`: Realms are partitions of the app.
    App(AppId),
    /// `/realm-sync…`: Realms are virtual paths.
    Classic,
}

/// Somebody whose token has been accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Where the token was shown.
    pub endpoint: Endpoint,
    /// Who it is.
    pub user: UserId,
    /// Whether everything is allowed.
    pub admin: bool,
    /// What the token itself allows, if it is one that carries rights (classic access tokens).
    pub token: Option<TokenRights>,
    /// When the token ends; `None` is never.
    pub expires_at: Option<UnixTime>,
    /// When the token was made, if it says so: one that belongs to no login ends with its user.
    pub issued_at: Option<UnixTime>,
    /// The login that the token came from; when it ends, so does everything that was opened with it.
    pub login: Option<LoginId>,
}

/// Rights that travel in a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRights {
    /// The only Realm they are for; `None` is every Realm.
    pub realm: Option<RealmName>,
    /// The rights.
    pub rights: Rights,
    /// Whether they end with those that the user has: so it is with tokens that the server has made for users of its own.
    pub is_capped: bool,
}

/// A set of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// Download.
    pub read: bool,
    /// Upload changesets.
    pub write: bool,
    /// Change permissions, and the schema where a setting asks for it.
    pub manage: bool,
}

impl Rights {
    /// Nothing.
    pub const NONE: Rights = Rights {
        read: false,
        write: false,
        manage: false,
    };
    /// Everything.
    pub const ALL: Rights = Rights {
        read: true,
        write: true,
        manage: true,
    };

    /// Whether there is no right at all.
    pub fn is_empty(self) -> bool {
        self == Rights::NONE
    }

    /// Those that are in either.
    pub fn or(self, other: Rights) -> Rights {
        Rights {
            read: self.read || other.read,
            write: self.write || other.write,
            manage: self.manage || other.manage,
        }
    }

    /// Those that are in both.
    pub fn and(self, other: Rights) -> Rights {
        Rights {
            read: self.read && other.read,
            write: self.write && other.write,
            manage: self.manage && other.manage,
        }
    }

    /// The same rights, and reading if there is any other.
    pub fn with_implied_read(self) -> Rights {
        Rights {
            read: self.read || self.write || self.manage,
            ..self
        }
    }
}

/// The user id that stands for everybody, in rows and in requests.
pub struct Everyone;

impl Everyone {
    /// How it is written.
    pub const ID: &'static str = "*";

    /// Whether this is it.
    pub fn is(user: &UserId) -> bool {
        &*user.0 == Everyone::ID
    }
}

/// What is granted on one Realm to one caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// Who owns it.
    pub owner: Option<UserId>,
    /// The caller's row, as it was sent.
    pub own: Option<Rights>,
    /// Whether that row came about by an offer alone: it adds to what everybody has, for nobody loses by accepting.
    pub offered: bool,
    /// The row of everybody, as it was sent.
    pub default: Option<Rights>,
    /// What the app gives, and the first of its settings that gives anything.
    pub app: (Rights, Option<Source>),
    /// How these go together.
    pub rows: Rows,
    /// Who may add classes and columns.
    pub schema: SchemaRule,
}

/// How a user's own row goes together with what everybody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rows {
    /// The own row replaces it, as in Realm Object Server 1.
    #[default]
    Replace,
    /// Both count, as in Realm Object Server 2 and 3.
    Add,
}

/// Who may add classes and columns to a Realm. Taking them away is for those who manage it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SchemaRule {
    /// Whoever may write.
    #[default]
    Write,
    /// Whoever may manage.
    Manage,
    /// Nobody, and nobody may take any away: the Realm is frozen.
    Frozen,
}

/// What a caller may do with a Realm, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The rights.
    pub rights: Rights,
    /// Whether reading is granted by nobody, and follows from another right.
    pub is_read_implied: bool,
    /// What of the schema may be changed.
    pub schema: SchemaRights,
    /// What they follow from.
    pub reason: Reason,
}

/// Which changes of the schema are allowed. Instructions that change nothing always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SchemaRights {
    /// Adding classes and columns.
    pub add: bool,
    /// What is added is taken and not kept: the server alone draws the Realm.
    pub drawn: bool,
    /// Removing them.
    pub erase: bool,
}

/// What a decision follows from; for the log and for whoever asks why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The caller's login has ended.
    LoginEnded,
    /// The caller is an administrator.
    Admin,
    /// The Realm belongs to another app, or to the other kind of clients.
    OtherNamespace,
    /// The caller's token carries the rights.
    Token,
    /// The caller's token is for another Realm.
    TokenForOtherRealm,
    /// The caller's token carries rights but names no Realm.
    TokenForNoRealm,
    /// The Realm is where the caller asks for changes of permissions.
    OwnManagement,
    /// The Realm shows the caller its permissions.
    OwnPermissions,
    /// The Realm shows what everybody may.
    Defaults,
    /// The Realm is the server's own and the caller no administrator.
    Reserved,
    /// The caller owns the Realm.
    Owner,
    /// The caller's own row.
    OwnRow,
    /// The row of everybody.
    DefaultRow,
    /// The own row and what everybody has, together.
    BothRows,
    /// The settings of the app.
    App(Source),
    /// The settings of the app and the row of everybody, together.
    AppAndDefaultRow(Source),
    /// Nothing is granted.
    NothingGranted,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::LoginEnded => "the login has ended",
            Reason::Admin => "the user is an administrator",
            Reason::OtherNamespace => "the Realm belongs to another app",
            Reason::Token => "the token carries these rights",
            Reason::TokenForOtherRealm => "the token is for another Realm",
            Reason::TokenForNoRealm => "the token names no Realm",
            Reason::OwnManagement => "the Realm is the user's own Management Realm",
            Reason::OwnPermissions => "the Realm shows the user its permissions",
            Reason::Defaults => "the Realm shows what is granted to everyone",
            Reason::Reserved => "the Realm is the server's own",
            Reason::Owner => "the user owns the Realm",
            Reason::OwnRow => "granted to this user",
            Reason::DefaultRow => "granted to everyone",
            Reason::BothRows => "granted to this user, and to everyone",
            Reason::App(source) => return source.fmt(f),
            Reason::AppAndDefaultRow(source) => {
                return write!(f, "granted to everyone, and {source}");
            }
            Reason::NothingGranted => "nothing is granted to this user",
        })
    }
}

/// What the caller may do with the Realm, and why.
pub fn decide(caller: &Caller, realm: &RealmName, grants: &Grants) -> Decision {
    let (stored, reason) = rights(caller, realm, grants);
    let rights = stored.with_implied_read();
    // SDKs before version 10 make the class themselves where they read their permissions, and listeners that of Realms. It is there already: what else they declare
    // is not refused, and nobody gets it.
    let drawn = reason == Reason::OwnPermissions || (rights.read && Reserved::is_list(realm));
    let schema = match grants.schema {
        SchemaRule::Write => SchemaRights {
            add: rights.write || drawn,
            erase: rights.manage,
            drawn,
        },
        SchemaRule::Manage => SchemaRights {
            add: rights.manage || drawn || reason == Reason::OwnManagement,
            erase: rights.manage,
            drawn,
        },
        SchemaRule::Frozen => SchemaRights::default(),
    };
    Decision {
        is_read_implied: rights.read && !stored.read,
        rights,
        schema,
        reason,
    }
}

/// The rights before one implies another.
fn rights(caller: &Caller, realm: &RealmName, grants: &Grants) -> (Rights, Reason) {
    if !is_within(realm, &caller.endpoint) {
        return (Rights::NONE, Reason::OtherNamespace);
    }
    if caller.admin {
        // The list of users and Realms is an image of the server's database, which it alone draws.
        let rights = match Reserved::is_list(realm) {
            true => READ,
            false => Rights::ALL,
        };
        return (rights, Reason::Admin);
    }
    match &caller.token {
        Some(TokenRights { realm: None, .. }) => (Rights::NONE, Reason::TokenForNoRealm),
        Some(TokenRights {
            realm: Some(named), ..
        }) if named != realm => (Rights::NONE, Reason::TokenForOtherRealm),
        Some(token) if token.is_capped => {
            let (now, reason) = granted(&caller.user, realm, grants);
            (token.rights.and(now.with_implied_read()), reason)
        }
        Some(token) => (token.rights, Reason::Token),
        None => granted(&caller.user, realm, grants),
    }
}

/// What a user has without any token that says so.
fn granted(user: &UserId, realm: &RealmName, grants: &Grants) -> (Rights, Reason) {
    match Reserved::of(realm) {
        Some(Reserved::Management(owner)) if owner == *user => {
            return (WRITE, Reason::OwnManagement);
        }
        Some(Reserved::Permissions(owner)) if owner == *user => {
            return (READ, Reason::OwnPermissions);
        }
        Some(Reserved::Defaults) => return (READ, Reason::Defaults),
        Some(_) => return (Rights::NONE, Reason::Reserved),
        None => {}
    }
    if grants.owner.as_ref() == Some(user) {
        return (Rights::ALL, Reason::Owner);
    }
    let (app, source) = grants.app;
    let common = app.or(grants.default.unwrap_or_default());
    let common_reason = match (source, grants.default) {
        (Some(source), Some(_)) => Reason::AppAndDefaultRow(source),
        (Some(source), None) => Reason::App(source),
        (None, Some(_)) => Reason::DefaultRow,
        (None, None) => Reason::NothingGranted,
    };
    let both = grants.rows == Rows::Add || grants.offered;
    match grants.own {
        None => (common, common_reason),
        Some(own) if both && common_reason != Reason::NothingGranted => {
            (own.or(common), Reason::BothRows)
        }
        Some(own) => (own, Reason::OwnRow),
    }
}

const READ: Rights = Rights {
    read: true,
    write: false,
    manage: false,
};
const WRITE: Rights = Rights {
    read: true,
    write: true,
    manage: false,
};

/// Whether the Realm lies in the namespace of the endpoint.
fn is_within(realm: &RealmName, endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Classic => realm.is_path(),
        Endpoint::App(app) => app_of(realm) == Some(app.as_str()),
    }
}
