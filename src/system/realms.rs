//! The list of Realms.

use rusqlite::{OptionalExtension, Transaction, params};

use super::classic::CLASSIC;
use super::named::named;
use super::permissions::{self, Change, Flags, Origin};
use super::users::{self, seconds, user_id};
use super::{System, SystemError, homes, listing, logins, removals};
use crate::access::{
    Caller, Decision, Endpoint, Everyone, Grants, Person, Reason, Rights, Rows, Rule, SchemaRights,
    SchemaRule, Source, app_of, decide, given,
};
use crate::config::Settings;
use crate::ident::{AppId, RealmName, UnixTime, UserId};

/// Realms that are looked at together.
pub(super) const AT_ONCE: usize = 1000;

fn page(tx: &Transaction<'_>, after: &str) -> Result<Vec<(RealmName, UnixTime)>, SystemError> {
    let mut statement = tx.prepare_cached(
        "SELECT name, created FROM realms WHERE name > ?1 ORDER BY name LIMIT ?2",
    )?;
    let names = statement.query_map(params![after, AT_ONCE as i64], |row| {
        let name = RealmName::from_canonical(row.get::<_, String>(0)?);
        let created = u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
        Ok((name, UnixTime(created)))
    })?;
    Ok(names.collect::<Result<_, _>>()?)
}

impl System {
    /// Lists a Realm that is about to be made for the caller; does nothing if it is listed. Whether it was new.
    pub fn register_realm(
        &self,
        realm: &RealmName,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<bool, SystemError> {
        if self.admin.read(|tx| listed(tx, realm))?.is_some() {
            return Ok(false);
        }
        let app = match &caller.endpoint {
            Endpoint::App(app) => app.as_str(),
            Endpoint::Classic => CLASSIC,
        };
        self.change(now, |book| {
            if removals::is_pending(book.tx, realm)? {
                return Err(SystemError::BeingRemoved);
            }
            if logins::has_ended(book.tx, caller, now)? {
                return Err(SystemError::LoginEnded);
            }
            // It was decided before, and somebody may have been quicker.
            if !decide(caller, realm, &self.grants(book.tx, &caller.user, realm)?).rights.read {
                return Err(SystemError::NotMade);
            }
            let owner = homes::owner_of_new(book.tx, realm, &caller.user)?;
            let made = book
                .tx
                .prepare_cached(
                    "INSERT OR IGNORE INTO realms (name, app, owner, created) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    realm.as_str(),
                    app,
                    owner.as_ref().map(|owner| &*owner.0),
                    seconds(now)
                ])?;
            if made > 0 && *realm != listing::name() {
                let row = listing::put(book.tx, realm, now)?;
                book.effect(&listing::name(), None, row)?;
            }
            if let Some(owner) = owner.filter(|_| made > 0) {
                book.change(&Change {
                    realm,
                    user: &owner,
                    flags: Flags::exactly(Rights::ALL),
                    now,
                    by: &owner,
                    origin: Origin::Owner,
                })?;
            }
            Ok(made > 0)
        })
    }

    /// Whether client files that this server did not give out are told to reset, even where that empties them.
    pub fn resets_unknown_files(&self, endpoint: &Endpoint) -> bool {
        match endpoint {
            Endpoint::App(app) => self.app(app).is_ok_and(|app| app.reset_unknown_files),
            Endpoint::Classic => self.settings().reset_unknown_files,
        }
    }

    /// Whether a Realm is listed.
    pub fn is_listed(&self, realm: &RealmName) -> Result<bool, SystemError> {
        Ok(self.admin.read(|tx| listed(tx, realm))?.is_some())
    }

    /// How many Realms are listed.
    pub fn realm_count(&self) -> Result<u64, SystemError> {
        self.admin.read(|tx| {
            let mut statement = tx.prepare_cached("SELECT count(*) FROM realms")?;
            let count: i64 = statement.query_row([], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or_default())
        })
    }

    /// Goes through all listed Realms, with when each was listed, in the order of their names: [`AT_ONCE`] of them in memory.
    pub fn each_realm<E: From<SystemError>>(
        &self,
        mut look: impl FnMut(&[(RealmName, UnixTime)]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut last = String::new(); // no name is empty
        loop {
            let page = self.admin.read(|tx| page(tx, &last))?;
            let Some((name, _)) = page.last() else {
                return Ok(());
            };
            name.as_str().clone_into(&mut last);
            look(&page)?;
        }
    }

    /// What the caller may do with the Realm, and why: nothing, if its login has ended since it came in.
    pub fn decide(
        &self,
        caller: &Caller,
        realm: &RealmName,
        now: UnixTime,
    ) -> Result<Decision, SystemError> {
        self.admin.read(|tx| {
            if logins::has_ended(tx, caller, now)? {
                return Ok(Decision {
                    rights: Rights::NONE,
                    is_read_implied: false,
                    schema: SchemaRights::default(),
                    reason: Reason::LoginEnded,
                });
            }
            Ok(decide(
                caller,
                realm,
                &self.grants(tx, &caller.user, realm)?,
            ))
        })
    }

    /// Whether the login of a caller has ended since it came in.
    pub fn has_ended(&self, caller: &Caller, now: UnixTime) -> Result<bool, SystemError> {
        self.admin.read(|tx| logins::has_ended(tx, caller, now))
    }

    /// What is granted to a user on a Realm, in the transaction of whoever asks.
    pub(super) fn grants(
        &self,
        tx: &Transaction<'_>,
        user: &UserId,
        realm: &RealmName,
    ) -> Result<Grants, SystemError> {
        let settings = self.settings();
        let owner = match listed(tx, realm)? {
            Some(owner) => owner,
            None => homes::owner_of_new(tx, realm, user)?,
        };
        let row = |user: &UserId| permissions::find(tx, realm, user);
        let own = row(user)?;
        Ok(Grants {
            owner,
            offered: own.as_ref().is_some_and(|row| row.origin == Origin::Offer),
            own: own.map(|row| row.rights),
            default: row(&UserId(Everyone::ID.into()))?.map(|row| row.rights),
            app: self.given(tx, user, realm)?,
            rows: if settings.rows_add {
                Rows::Add
            } else {
                Rows::Replace
            },
            schema: schema_rule(&settings, realm),
        })
    }

    /// What the settings of an app give to a user; nothing on virtual paths.
    fn given(
        &self,
        tx: &Transaction<'_>,
        user: &UserId,
        realm: &RealmName,
    ) -> Result<(Rights, Option<Source>), SystemError> {
        let Some(app) = app_of(realm).and_then(AppId::parse) else {
            return Ok((Rights::NONE, None));
        };
        let app = self.app(&app)?;
        let open = Rights {
            read: app.read,
            write: app.write,
            manage: app.manage,
        };
        let custom = users::custom_data(tx, user)?;
        let rules: Vec<Rule> = app.rules.into_iter().map(|rule| rule.rule).collect();
        Ok(given(
            open,
            &rules,
            realm,
            Person {
                user,
                custom: &custom,
            },
        ))
    }
}

/// Who may add classes and columns.
fn schema_rule(settings: &Settings, realm: &RealmName) -> SchemaRule {
    let nobody = UserId("".into());
    let is_this = |name: &String| {
        let named = named(&Endpoint::Classic, &nobody, true, name);
        named.is_some_and(|named| named.realm == *realm)
    };
    if settings.frozen.iter().any(is_this) {
        SchemaRule::Frozen
    } else if settings.schema_by_managers {
        SchemaRule::Manage
    } else {
        SchemaRule::Write
    }
}

/// The owner of a Realm, if it has one; `None` if the Realm is not listed.
pub(super) fn listed(
    tx: &Transaction<'_>,
    realm: &RealmName,
) -> Result<Option<Option<UserId>>, SystemError> {
    let found = tx
        .prepare_cached("SELECT owner FROM realms WHERE name = ?1")?
        .query_row([realm.as_str()], |row| {
            Ok(row.get::<_, Option<String>>(0)?.map(user_id))
        });
    Ok(found.optional()?)
}

/// Who owns a listed Realm.
pub(super) fn owner(
    tx: &Transaction<'_>,
    realm: &RealmName,
) -> Result<Option<UserId>, SystemError> {
    Ok(listed(tx, realm)?.flatten())
}

/// Whether a Realm is listed.
pub(super) fn is_listed(tx: &Transaction<'_>, realm: &RealmName) -> Result<bool, SystemError> {
    Ok(listed(tx, realm)?.is_some())
}

/// The listed Realms that a user owns, by name.
pub(super) fn owned_by(tx: &Transaction<'_>, user: &UserId) -> Result<Vec<RealmName>, SystemError> {
    let mut statement =
        tx.prepare_cached("SELECT name FROM realms WHERE owner = ?1 ORDER BY name")?;
    let names = statement.query_map([&*user.0], |row| {
        Ok(RealmName::from_canonical(row.get::<_, String>(0)?))
    })?;
    Ok(names.collect::<Result<_, _>>()?)
}
