//! Removing Realms: written down with all that it takes from the database, and carried out in the data folder after it.
//!
//! Between the two nobody opens the Realm: see [`System::is_being_removed`]. A crash leaves the row, and the next start goes on. What an administrator has removed, and what
//! was of a user whom an issuer may name again, is remembered by a hash of its name, so that devices that come with a file from before start over instead of waiting for its return.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::book::{Book, Changed};
use super::users::{Provider, seconds};
use super::{System, SystemError, gone, hex, listing, logins, mirrors, permissions, realms, users};
use crate::access::{Endpoint, Reserved};
use crate::audit::{Act, Entry};
use crate::ident::{AppId, LoginId, RealmName, UnixTime, UserId};

/// Why a Realm was not removed.
#[derive(Debug, thiserror::Error)]
pub enum NotRemoved {
    /// It is not listed.
    #[error("there is no Realm {0}")]
    NoSuchRealm(RealmName),
    /// It is one that the server needs, or that goes with its user.
    #[error("{0} is the server's own")]
    Reserved(RealmName),
    /// The server failed.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl From<crate::storage::StorageError> for NotRemoved {
    fn from(error: crate::storage::StorageError) -> NotRemoved {
        NotRemoved::System(error.into())
    }
}

impl Book<'_> {
    /// Removes a Realm from all tables, and writes down that its file is to go. `gone`: the user who is removed with it. `kept`: its name stays, for devices that come
    /// with a file from before.
    fn remove_realm(
        &mut self,
        realm: &RealmName,
        gone: Option<&UserId>,
        kept: bool,
    ) -> Result<(), SystemError> {
        let was_listed = realms::is_listed(self.tx, realm)?;
        for row in permissions::on_realm(self.tx, realm)? {
            mirrors::show(self, Some(&row), None)?;
        }
        for sql in [
            "DELETE FROM realms WHERE name = ?1", // permissions and offers on it go with it
            "DELETE FROM offers WHERE management = ?1",
            "DELETE FROM management WHERE realm = ?1",
            "DELETE FROM mirrors WHERE realm = ?1",
            "DELETE FROM effects WHERE realm = ?1",
        ] {
            self.tx.prepare_cached(sql)?.execute([realm.as_str()])?;
        }
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO removals (realm, asked, kept, done) VALUES (?1, ?2, ?3, 0)",
            )?
            .execute(params![realm.as_str(), seconds(self.now), kept])?;
        if was_listed {
            self.effect(&listing::name(), None, vec![listing::erase(realm)])?;
        }
        if let Some(user) = gone.filter(|_| was_listed) {
            let entry = Entry::of(Act::RemoveRealm).realm(realm);
            self.record(entry.user(user).detail("with its user"));
        }
        self.tell(Changed::Removed(realm.clone(), gone.cloned()));
        Ok(())
    }

    /// Removes a user with all that hangs on it: logins, keys, Realms, what is granted to it and what it has offered. Which logins have ended by it.
    pub(super) fn remove_user(&mut self, user: &UserId) -> Result<Vec<LoginId>, SystemError> {
        let ended = logins::delete_all(self.tx, user)?;
        let kept = comes_back(self.tx, user)?;
        for realm in all_of(self.tx, user)? {
            self.remove_realm(&realm, Some(user), kept)?;
        }
        self.forget(user)?;
        self.tx
            .prepare_cached("UPDATE permissions SET changed_by = ?2 WHERE changed_by = ?1")?
            .execute([&*user.0, NOBODY])?;
        if users::delete(self.tx, user)? {
            gone::note(self.tx, user, self.now)?;
            Ok(ended)
        } else {
            Err(SystemError::NoSuchUser)
        }
    }
}

/// Who has changed what a user has changed who is gone. No user has such an id.
const NOBODY: &str = "__removed";

/// The Realms that go with a user: those in its home, and those that the server has made for it.
fn all_of(tx: &Transaction<'_>, user: &UserId) -> Result<BTreeSet<RealmName>, SystemError> {
    let mut realms: BTreeSet<RealmName> = realms::owned_by(tx, user)?.into_iter().collect();
    let Some(app) = users::app_of(tx, user)? else {
        return Err(SystemError::NoSuchUser);
    };
    let endpoint = match AppId::parse(&app) {
        Some(app) if app.as_str() != AppId::CLASSIC => Endpoint::App(app),
        Some(_) | None => Endpoint::Classic,
    };
    let management = Reserved::management(&endpoint, user);
    realms.extend(Reserved::mirrors(&management, user));
    realms.insert(management);
    Ok(realms)
}

/// Whether somebody of this id may come again: an issuer names it, and what it names a user is the user's id.
fn comes_back(tx: &Transaction<'_>, user: &UserId) -> Result<bool, SystemError> {
    let found = tx
        .prepare_cached("SELECT 1 FROM accounts WHERE user = ?1 AND app = ?2 AND provider = ?3")?
        .query_row(
            params![&*user.0, AppId::CLASSIC, Provider::CustomToken.name()],
            |_| Ok(()),
        )
        .optional()?;
    Ok(found.is_some())
}

/// Whether a Realm is on its way out.
pub(super) fn is_pending(tx: &Transaction<'_>, realm: &RealmName) -> Result<bool, SystemError> {
    let found = tx
        .prepare_cached("SELECT 1 FROM removals WHERE realm = ?1 AND NOT done")?
        .query_row([realm.as_str()], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

impl System {
    /// The Realm that an administrator names: a path, or a partition after its app; `None` if it is none.
    pub fn realm_of(&self, administrator: &UserId, named: &str) -> Option<RealmName> {
        let named = super::named::named(&Endpoint::Classic, administrator, true, named);
        named.map(|named| named.realm)
    }

    /// Whether a Realm could be removed.
    pub fn check_removable(&self, realm: &RealmName) -> Result<(), NotRemoved> {
        if Reserved::of(realm).is_some() {
            return Err(NotRemoved::Reserved(realm.clone()));
        }
        let is_listed = self.is_listed(realm)?;
        is_listed
            .then_some(())
            .ok_or_else(|| NotRemoved::NoSuchRealm(realm.clone()))
    }

    /// Removes a Realm that is listed. Its file is there until [`removals`](System::removals) are carried out.
    pub fn remove_realm(&self, realm: &RealmName, now: UnixTime) -> Result<(), NotRemoved> {
        self.check_removable(realm)?;
        let removed = self.change(now, |book| {
            let is_listed = realms::is_listed(book.tx, realm)?;
            if is_listed {
                book.remove_realm(realm, None, true)?;
            }
            Ok(is_listed)
        })?;
        removed
            .then_some(())
            .ok_or_else(|| NotRemoved::NoSuchRealm(realm.clone()))
    }

    /// Realms whose files are to go.
    pub fn removals(&self) -> Result<Vec<RealmName>, SystemError> {
        self.admin.read(|tx| {
            let mut statement =
                tx.prepare_cached("SELECT realm FROM removals WHERE NOT done ORDER BY realm")?;
            let names = statement.query_map([], |row| {
                Ok(RealmName::from_canonical(row.get::<_, String>(0)?))
            })?;
            Ok(names.collect::<Result<_, _>>()?)
        })
    }

    /// The file of a Realm is gone, durably: from now on there may be another of its name.
    pub fn removed(&self, realm: &RealmName) -> Result<(), SystemError> {
        self.write(|tx| {
            tx.prepare_cached("UPDATE removals SET done = 1 WHERE realm = ?1")?
                .execute([realm.as_str()])?;
            tx.prepare_cached("DELETE FROM removals WHERE realm = ?1 AND NOT kept")?
                .execute([realm.as_str()])?;
            hide_names(tx)
        })
    }

    /// Whether a Realm is on its way out, so that nobody may open it.
    pub fn is_being_removed(&self, realm: &RealmName) -> Result<bool, SystemError> {
        self.admin.read(|tx| is_pending(tx, realm))
    }

    /// Whether there was a Realm of this name that an administrator has removed, or that went with a user who may come back.
    pub fn was_removed(&self, realm: &RealmName) -> Result<bool, SystemError> {
        self.admin.read(|tx| {
            let found = tx
                .prepare_cached("SELECT 1 FROM removals WHERE realm IN (?1, ?2)")?
                .query_row([realm.as_str(), &hash(realm.as_str())], |_| Ok(()))
                .optional()?;
            Ok(found.is_some())
        })
    }
}

/// What stays of Realms whose files have gone is the hash of the name, which may say whose it was. Names of Realms have a slash, and hashes have none.
fn hide_names(tx: &Transaction<'_>) -> Result<(), SystemError> {
    let mut statement =
        tx.prepare_cached("SELECT realm FROM removals WHERE done AND instr(realm, '/')")?;
    let names = statement.query_map([], |row| row.get(0))?;
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    for name in names {
        tx.prepare_cached("UPDATE OR REPLACE removals SET realm = ?2 WHERE realm = ?1")?
            .execute([&name, &hash(&name)])?;
    }
    Ok(())
}

fn hash(name: &str) -> String {
    let digest = Sha256::new()
        .chain_update("removed Realm ")
        .chain_update(name);
    hex(&digest.finalize())
}
