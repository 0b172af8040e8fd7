//! Users who come with their ids: those of another server, with the hashes of their passwords, and whom an administrator gives one.
//!
//! A hash that was imported is replaced when its user signs in. As long as there is one, every sign-in takes the work of comparing with the costliest: who listens to the time
//! cannot tell whose hash is which.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params};
use serde_json::Value;

use super::accounts::{metadata_text, set_admin, set_metadata};
use super::name::is_segment;
use super::sign_in::check_name;
use super::users::{self, NewUser, Provider};
use super::{Account, Moment, System, SystemError, homes};
use crate::auth::{Digest, Pbkdf2, hash_password, spend, verify_password};
use crate::ident::{AppId, UserId};
use crate::secret::Secret;

/// Characters of an id, at most.
const ID: usize = 128;

/// A user of another server.
#[derive(Debug)]
pub struct ImportedUser {
    /// The app; `classic` for users of Realm Object Server.
    pub app: AppId,
    /// The id that it had, which its Realms are named after.
    pub id: UserId,
    /// How it signs in.
    pub provider: Provider,
    /// The name or e-mail address by which it signs in, or what the provider calls it.
    pub name: String,
    /// The hash of its password; without one it cannot sign in until it is given one.
    pub hash: Option<Pbkdf2>,
    /// Whether it administers the server.
    pub admin: bool,
    /// Whether it is kept out.
    pub suspended: bool,
    /// Its custom data.
    pub metadata: BTreeMap<String, Value>,
}

impl System {
    /// Whether a user of another server could be made: what stands in the way, now.
    pub fn check_import(&self, user: &ImportedUser) -> Result<(), SystemError> {
        self.check_words(user)?;
        self.admin.read(|tx| check_free(tx, user))
    }

    /// Makes a user of another server; all of it or nothing.
    pub fn import_account(
        &self,
        user: &ImportedUser,
        moment: &Moment,
    ) -> Result<Account, SystemError> {
        let metadata = self.check_words(user)?;
        let hash = user.hash.as_ref().map(Pbkdf2::text);
        let new = NewUser {
            id: user.id.clone(),
            app: &user.app,
            email: (user.provider == Provider::Password).then_some(&*user.name),
            account: moment.account(),
            provider: user.provider,
            name: &user.provider.key(&user.name),
            password_hash: hash.as_deref(),
            created: moment.now,
        };
        self.write(|tx| {
            check_free(tx, user)?;
            users::insert(tx, &new)?;
            set_admin(tx, &user.id, user.admin)?;
            users::set_disabled(tx, &user.id, user.suspended)?;
            if !user.metadata.is_empty() {
                set_metadata(tx, &user.id, &metadata)?;
            }
            Ok::<_, SystemError>(())
        })?;
        self.account(&user.id)
    }

    /// Looks at what can be judged without the database; the metadata as text.
    fn check_words(&self, user: &ImportedUser) -> Result<String, SystemError> {
        if user.app.as_str() != AppId::CLASSIC {
            self.app(&user.app)?;
        }
        check_name(&user.name)?;
        // An id is the first segment of paths. Names of the server and of everybody are nobody's.
        let id = &*user.id.0;
        if id.len() > ID || !is_segment(id) || user.id.is_reserved() {
            return Err(SystemError::BadId);
        }
        metadata_text(&user.metadata)
    }

    /// Whether the password is that of an account; without an account the same work is done. A hash that was imported is replaced if it is.
    pub(super) fn verify_account(
        &self,
        account: Option<&users::Account>,
        password: &Secret,
        moment: &Moment,
    ) -> Result<bool, SystemError> {
        let hash = account.and_then(|account| account.password_hash.as_deref());
        let imported = hash.filter(|hash| Pbkdf2::is(hash));
        let own = imported.and_then(Pbkdf2::parse).map(|own| own.work());
        for (digest, most) in self.admin.read(work_of_imported)? {
            let done = own.filter(|own| own.0 == digest).map_or(0, |own| own.1);
            spend(digest, most.saturating_sub(done), password);
        }
        let right = verify_password(password, hash)?;
        if let (true, Some(account), Some(imported)) = (right, account, imported) {
            let hash = hash_password(password, moment.salt())?;
            self.write(|tx| {
                // Another password that was set meanwhile stays.
                tx.prepare_cached("UPDATE accounts SET secret = ?3 WHERE id = ?1 AND secret = ?2")?
                    .execute(params![account.id, imported, hash])?;
                Ok::<_, SystemError>(())
            })?;
        }
        Ok(right)
    }
}

/// Refuses an id or a name that somebody has.
fn check_free(tx: &Transaction<'_>, user: &ImportedUser) -> Result<(), SystemError> {
    if users::is_disabled(tx, &user.id)?.is_some() {
        return Err(SystemError::IdInUse);
    }
    let name = user.provider.key(&user.name);
    if users::find(tx, &user.app, user.provider, &name)?.is_some() {
        return Err(SystemError::NameInUse);
    }
    homes::check_id(tx, user.app.as_str(), &user.id)
}

/// Kinds of hashes that are looked at; more than one or two there are only where somebody has put them together.
const KINDS: usize = 64;

/// The most rounds of the hashes that were imported, for each digest.
fn work_of_imported(tx: &Transaction<'_>) -> Result<BTreeMap<Digest, u32>, SystemError> {
    let sql = "SELECT min(secret) FROM accounts
               WHERE secret >= '$pbkdf2-' AND secret < '$pbkdf2.' AND secret > ?1";
    let mut statement = tx.prepare_cached(sql)?;
    let (mut most, mut after) = (BTreeMap::new(), String::new());
    for _ in 0..KINDS {
        let found: Option<String> = statement.query_row([&after], |row| row.get(0))?;
        let Some(found) = found else { break };
        after = match Pbkdf2::parse(&found) {
            Some(found) => {
                let (digest, rounds) = found.work();
                let most = most.entry(digest).or_insert(rounds);
                *most = rounds.max(*most);
                found.kind() + "~" // after all of this kind: base64 has nothing beyond
            }
            None => found,
        };
    }
    Ok(most)
}
