//! Who may do what in a Realm, and why: one pure decision.
//!
//! Everything that the decision depends on is given: who asks ([`Caller`]) and what is granted on the Realm ([`Grants`]). No rule, no access.
//! Writing and managing imply reading, since a client that cannot download cannot merge.
//!
//! Knows no tokens, databases or settings, and reads no rules from anywhere.

use std::fmt;

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

    /// The same rights, and reading if there is any other.
    pub fn with_implied_read(self) -> Rights {
        Rights {
            read: self.read || self.write || self.manage,
            ..self
        }
    }
}

/// What is granted on one Realm, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// Who owns it.
    pub owner: Option<UserId>,
    /// What every signed-in user of the Realm's app may do.
    pub everyone: Rights,
}

/// What a caller may do with a Realm, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The rights.
    pub rights: Rights,
    /// What they follow from.
    pub reason: Reason,
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
    /// The Realm is the server's own and the caller no administrator.
    Reserved,
    /// The caller owns the Realm.
    Owner,
    /// What is granted to everyone.
    Everyone,
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
            Reason::Reserved => "the Realm is the server's own",
            Reason::Owner => "the user owns the Realm",
            Reason::Everyone => "granted to every user",
            Reason::NothingGranted => "nothing is granted to this user",
        })
    }
}

/// What the caller may do with the Realm, and why.
pub fn decide(caller: &Caller, realm: &RealmName, grants: &Grants) -> Decision {
    let decided = |rights: Rights, reason| Decision {
        rights: rights.with_implied_read(),
        reason,
    };
    if !is_within(realm, &caller.endpoint) {
        return decided(Rights::NONE, Reason::OtherNamespace);
    }
    if caller.admin {
        return decided(Rights::ALL, Reason::Admin);
    }
    if let Some(token) = &caller.token {
        return match &token.realm {
            Some(named) if named == realm => decided(token.rights, Reason::Token),
            Some(_) => decided(Rights::NONE, Reason::TokenForOtherRealm),
            None => decided(Rights::NONE, Reason::TokenForNoRealm),
        };
    }
    if is_reserved(realm) {
        return decided(Rights::NONE, Reason::Reserved);
    }
    if grants.owner.as_ref() == Some(&caller.user) {
        return decided(Rights::ALL, Reason::Owner);
    }
    if !grants.everyone.is_empty() {
        return decided(grants.everyone, Reason::Everyone);
    }
    decided(Rights::NONE, Reason::NothingGranted)
}

/// Whether the Realm lies in the namespace of the endpoint.
fn is_within(realm: &RealmName, endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Classic => realm.is_path(),
        Endpoint::App(app) => realm
            .as_str()
            .strip_prefix(app.as_str())
            .is_some_and(|rest| rest.starts_with('/')),
    }
}

/// Whether a path has a segment that only the server makes: those that start with two underscores.
fn is_reserved(realm: &RealmName) -> bool {
    realm.is_path()
        && realm
            .as_str()
            .split('/')
            .any(|segment| segment.starts_with("__"))
}
