//! A transaction on permissions: the change, what it brings about in Realms, and whom it concerns, in one.

use std::collections::BTreeSet;

use rusqlite::Transaction;

use super::permissions::{self, Change, Permission};
use super::{System, SystemError, effects, mirrors, people};
use crate::access::Rights;
use crate::audit::{Act, Entry};
use crate::changeset::Instruction;
use crate::ident::{RealmName, ServerVersion, UnixTime, UserId};

/// What has changed, for whoever keeps sessions of it open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Changed {
    /// A Realm has been removed; with it the user who owned it, if one is named, who hears of it in another way.
    Removed(RealmName, Option<UserId>),
    /// What one user, or everybody (`*`), may do on a Realm.
    Rights(RealmName, UserId),
    /// There are effects to be carried out.
    Effects,
    /// What the list for administrators shows of users is not up to date.
    Users,
}

/// A change under way.
pub(super) struct Book<'t> {
    pub tx: &'t Transaction<'t>,
    pub now: UnixTime,
    /// What it has cost so far: rows that were looked at to be changed, and effects.
    pub work: usize,
    changed: BTreeSet<Changed>,
    /// What is put on record when it is durable.
    record: Vec<Entry>,
}

impl Book<'_> {
    /// Changes a row, and shows it where it is shown, unless it is so already. The row as it is then.
    pub fn change(&mut self, change: &Change<'_>) -> Result<Option<Permission>, SystemError> {
        let (before, after) = permissions::change(self.tx, change)?;
        if before != after {
            mirrors::show(self, before.as_ref(), after.as_ref())?;
            let (realm, user) = (change.realm.clone(), change.user.clone());
            self.changed.insert(Changed::Rights(realm, user));
            let entry = Entry::of(Act::Permission).by(change.by);
            let entry = entry.user(change.user).realm(change.realm);
            let rights = after.as_ref().map(|row| row.rights);
            self.record(entry.detail(words(rights.unwrap_or_default())));
        }
        Ok(after)
    }

    /// Whoever watches hears of this.
    pub fn tell(&mut self, changed: Changed) {
        self.changed.insert(changed);
    }

    /// Puts something on record when the change is durable.
    pub fn record(&mut self, entry: Entry) {
        self.record.push(entry);
    }

    /// Removes all rows and offers of a user.
    pub fn forget(&mut self, user: &UserId) -> Result<(), SystemError> {
        for row in permissions::of_user(self.tx, user)? {
            mirrors::show(self, Some(&row), None)?;
            self.changed.insert(Changed::Rights(row.realm, row.user));
        }
        for table in ["permissions", "offers"] {
            let sql = format!("DELETE FROM {table} WHERE user = ?1");
            self.tx.execute(&sql, [&*user.0])?;
        }
        Ok(())
    }

    /// Writes an effect down.
    pub fn effect(
        &mut self,
        realm: &RealmName,
        base: Option<ServerVersion>,
        instructions: Vec<Instruction>,
    ) -> Result<(), SystemError> {
        effects::add(self.tx, realm, base, instructions, self.now)?;
        self.work += 1;
        self.changed.insert(Changed::Effects);
        Ok(())
    }
}

impl System {
    /// Runs a change; whoever watches hears of it when it is durable.
    pub(super) fn change<T>(
        &self,
        now: UnixTime,
        work: impl FnOnce(&mut Book<'_>) -> Result<T, SystemError>,
    ) -> Result<T, SystemError> {
        let (result, changed, record) = self.admin.write(|tx| {
            let mut book = Book {
                tx,
                now,
                work: 0,
                changed: BTreeSet::new(),
                record: Vec::new(),
            };
            let result = work(&mut book)?;
            if people::are_stale(tx)? {
                book.tell(Changed::Users);
            }
            Ok::<_, SystemError>((result, book.changed, book.record))
        })?;
        record.into_iter().for_each(Entry::done);
        if let Some(watcher) = self.watcher.get().filter(|_| !changed.is_empty()) {
            watcher(&changed);
        }
        Ok(result)
    }

    /// From now on `watcher` hears of every change when it is durable; it must not wait. The first one stays.
    pub fn watch(&self, watcher: impl Fn(&BTreeSet<Changed>) + Send + Sync + 'static) {
        drop(self.watcher.set(Box::new(watcher)));
    }
}

/// Rights, in words.
pub(super) fn words(rights: Rights) -> String {
    let words = [
        ("read", rights.read),
        ("write", rights.write),
        ("manage", rights.manage),
    ];
    let words: Vec<&str> = words
        .into_iter()
        .filter_map(|(word, has)| has.then_some(word))
        .collect();
    if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join(" ")
    }
}
