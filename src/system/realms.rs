//! The list of Realms.

use rusqlite::{OptionalExtension, params};

use super::users::{seconds, user_id};
use super::{System, SystemError, logins};
use crate::access::{Caller, Decision, Endpoint, Grants, Reason, Rights, decide};
use crate::ident::{RealmName, UnixTime, UserId};

/// The app that classic users and Realms belong to.
const CLASSIC: &str = "classic";

impl System {
    /// Lists a Realm that is about to be made for the caller; does nothing if it is listed. Whether it was new.
    pub fn register_realm(
        &self,
        realm: &RealmName,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<bool, SystemError> {
        if self.listed_owner(realm)?.is_some() {
            return Ok(false);
        }
        let app = match &caller.endpoint {
            Endpoint::App(app) => app.as_str(),
            Endpoint::Classic => CLASSIC,
        };
        let owner = home_owner(realm).map(|owner| owner.to_string());
        self.admin.write(|tx| {
            let made = tx
                .prepare_cached(
                    "INSERT OR IGNORE INTO realms (name, app, owner, created) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![realm.as_str(), app, owner, seconds(now)])?;
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

    /// How many Realms are listed.
    pub fn realm_count(&self) -> Result<u64, SystemError> {
        self.admin.read(|tx| {
            let mut statement = tx.prepare_cached("SELECT count(*) FROM realms")?;
            let count: i64 = statement.query_row([], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or_default())
        })
    }

    /// The names of all listed Realms, in order, and when each was listed.
    pub fn realms(&self) -> Result<Vec<(RealmName, UnixTime)>, SystemError> {
        self.admin.read(|tx| {
            let mut statement =
                tx.prepare_cached("SELECT name, created FROM realms ORDER BY name")?;
            let names = statement.query_map([], |row| {
                let name = RealmName::from_canonical(row.get::<_, String>(0)?);
                let created = u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
                Ok((name, UnixTime(created)))
            })?;
            Ok(names.collect::<Result<_, _>>()?)
        })
    }

    /// What the caller may do with the Realm, and why: nothing, if its login has ended since it came in.
    pub fn decide(
        &self,
        caller: &Caller,
        realm: &RealmName,
        now: UnixTime,
    ) -> Result<Decision, SystemError> {
        if let Some(login) = &caller.login
            && !self
                .admin
                .read(|tx| logins::lasts(tx, login, &caller.user, now))?
        {
            return Ok(Decision {
                rights: Rights::NONE,
                reason: Reason::LoginEnded,
            });
        }
        Ok(decide(caller, realm, &self.grants(caller, realm)?))
    }

    fn grants(&self, caller: &Caller, realm: &RealmName) -> Result<Grants, SystemError> {
        match &caller.endpoint {
            Endpoint::App(app) => {
                let open = self.app(app)?;
                Ok(Grants {
                    owner: None,
                    everyone: Rights {
                        read: open.read,
                        write: open.write,
                        manage: false,
                    },
                })
            }
            Endpoint::Classic => {
                let owner = self
                    .listed_owner(realm)?
                    .unwrap_or_else(|| home_owner(realm));
                Ok(Grants {
                    owner,
                    everyone: Rights::NONE,
                })
            }
        }
    }

    /// The owner of a Realm, if it has one; `None` if the Realm is not listed.
    fn listed_owner(&self, realm: &RealmName) -> Result<Option<Option<UserId>>, SystemError> {
        self.admin.read(|tx| {
            let owner = tx
                .prepare_cached("SELECT owner FROM realms WHERE name = ?1")?
                .query_row([realm.as_str()], |row| {
                    Ok(row.get::<_, Option<String>>(0)?.map(user_id))
                });
            Ok(owner.optional()?)
        })
    }
}

/// The user in whose home a virtual path lies: the first of at least two segments. Only the one user who has that very id gains by it.
fn home_owner(realm: &RealmName) -> Option<UserId> {
    let (home, _) = realm.as_str().strip_prefix('/')?.split_once('/')?;
    (!home.starts_with("__")).then(|| user_id(home.to_owned()))
}
