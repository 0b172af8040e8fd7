//! Offers that stand, and who is concerned by which permissions: what is read of them, and how they are withdrawn.

use rusqlite::params;

use super::permissions::{self, Permission};
use super::users::{self, seconds, user_id};
use super::{System, SystemError};
use crate::access::{Everyone, Rights};
use crate::ident::{AppId, RealmName, UnixTime, UserId};

/// Offers in one answer, at most.
const MOST: usize = 1000;

/// An offer that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// What takes it up.
    pub token: String,
    /// Who made it.
    pub user: UserId,
    /// On which Realm.
    pub realm: RealmName,
    /// What is offered.
    pub rights: Rights,
    /// Until when; `None` is for ever.
    pub expires: Option<UnixTime>,
    /// Since when.
    pub created: UnixTime,
}

impl System {
    /// The offers of a user that have not expired, the oldest first.
    pub fn offers_of(&self, user: &UserId, now: UnixTime) -> Result<Vec<Offered>, SystemError> {
        let sql = format!(
            "SELECT token, user, realm, may_read, may_write, may_manage, expires, created FROM offers
             WHERE user = ?1 AND (expires IS NULL OR expires > ?2) ORDER BY created, token LIMIT {MOST}"
        );
        self.admin.read(|tx| {
            let mut statement = tx.prepare_cached(&sql)?;
            let time = |seconds: i64| UnixTime(u64::try_from(seconds).unwrap_or_default());
            let found = statement.query_map(params![&*user.0, seconds(now)], |row| {
                let expires: Option<i64> = row.get(6)?;
                Ok(Offered {
                    token: row.get(0)?,
                    user: user_id(row.get(1)?),
                    realm: RealmName::from_canonical(row.get::<_, String>(2)?),
                    rights: Rights {
                        read: row.get(3)?,
                        write: row.get(4)?,
                        manage: row.get(5)?,
                    },
                    expires: expires.map(time),
                    created: time(row.get(7)?),
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Withdraws an offer of a user; whether there was such a one. What was taken up stays.
    pub fn withdraw_offer(&self, user: &UserId, token: &str) -> Result<bool, SystemError> {
        self.write(|tx| {
            let gone = tx
                .prepare_cached("DELETE FROM offers WHERE user = ?1 AND token = ?2")?
                .execute(params![&*user.0, token])?;
            Ok(gone > 0)
        })
    }

    /// Rows of a user, of everybody, and of others on the user's own Realms; each once.
    pub fn permissions_about(&self, user: &UserId) -> Result<Vec<Permission>, SystemError> {
        self.admin.read(|tx| {
            let mut rows = permissions::of_user(tx, user)?;
            rows.extend(permissions::of_user(tx, &user_id(Everyone::ID.to_owned()))?);
            let own = permissions::on_realms_of(tx, user)?.into_iter();
            rows.extend(own.filter(|row| row.user != *user && !Everyone::is(&row.user)));
            Ok(rows)
        })
    }

    /// How many rows a user sees in its `/~/__permission`.
    pub fn permissions_shown_to(&self, user: &UserId) -> Result<usize, SystemError> {
        let rows = self.permissions_about(user)?;
        let shown = |row: &&Permission| row.realm.is_path() && !Everyone::is(&row.user);
        Ok(rows.iter().filter(shown).count())
    }

    /// How many users of an app have this member in their custom data.
    pub fn count_with_metadata(
        &self,
        app: &AppId,
        key: &str,
        value: &str,
    ) -> Result<usize, SystemError> {
        let found = self
            .admin
            .read(|tx| users::with_metadata(tx, app.as_str(), key, value));
        Ok(found?.len())
    }
}
