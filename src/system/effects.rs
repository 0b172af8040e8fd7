//! Effects: what a change in `admin.db` has to bring about in Realms, written down in the transaction of the change and carried out after it.
//!
//! A change and its effects cannot be committed together, for each Realm has a file of its own. So an effect stays in the table until it is durable in its Realm, and is
//! carried out again after a crash. It is an upload of the server's own file, whose client version is the number of the effect: a Realm that has it already
//! skips it, like anything that a client sends twice. Numbers grow with the clock, so that they also do in a data folder that was brought back from a
//! backup.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{System, SystemError};
use crate::changeset::{self, Changeset, Instruction};
use crate::ident::{RealmName, ServerVersion, UnixTime};

/// An edit that the server makes in a Realm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Its number: greater than those before it.
    pub number: u64,
    /// Where.
    pub realm: RealmName,
    /// The version that it was made upon; `None` if whichever is the newest will do.
    pub base: Option<ServerVersion>,
    /// The changeset.
    pub changeset: Vec<u8>,
}

/// Writes an effect down.
pub(super) fn add(
    tx: &Transaction<'_>,
    realm: &RealmName,
    base: Option<ServerVersion>,
    instructions: Vec<Instruction>,
    now: UnixTime,
) -> Result<(), SystemError> {
    let last: Option<i64> = tx
        .prepare_cached("SELECT number FROM effect_numbers")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let clock = i64::try_from(now.0.saturating_mul(1000)).unwrap_or_default();
    let number = clock.max(last.unwrap_or_default() + 1);
    tx.prepare_cached("INSERT OR REPLACE INTO effect_numbers (id, number) VALUES (0, ?1)")?
        .execute([number])?;
    let changeset = changeset::encode(&Changeset { instructions });
    let base = base.map(|version| i64::try_from(version.0).unwrap_or(i64::MAX));
    tx.prepare_cached(
        "INSERT INTO effects (number, realm, base, changeset) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![number, realm.as_str(), base, changeset])?;
    Ok(())
}

/// Whether a Realm has effects that are not carried out.
pub(super) fn wait_for(tx: &Transaction<'_>, realm: &RealmName) -> Result<bool, SystemError> {
    let found = tx
        .prepare_cached("SELECT 1 FROM effects WHERE realm = ?1 LIMIT 1")?
        .query_row([realm.as_str()], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

impl System {
    /// Effects that are not carried out, the oldest first, after a number.
    pub fn effects(&self, after: u64, most: usize) -> Result<Vec<Effect>, SystemError> {
        self.admin.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT number, realm, base, changeset FROM effects WHERE number > ?1 ORDER BY number LIMIT ?2",
            )?;
            let bounds = [
                i64::try_from(after).unwrap_or(i64::MAX),
                i64::try_from(most).unwrap_or(i64::MAX),
            ];
            let number = |number: i64| u64::try_from(number).unwrap_or_default();
            let effects =
                statement.query_map(bounds, |row| {
                    Ok(Effect {
                        number: number(row.get(0)?),
                        realm: RealmName::from_canonical(row.get::<_, String>(1)?),
                        base: row
                            .get::<_, Option<i64>>(2)?
                            .map(|base| ServerVersion(number(base))),
                        changeset: row.get(3)?,
                    })
                })?;
            Ok(effects.collect::<Result<_, _>>()?)
        })
    }

    /// These effects are durable in their Realms.
    pub fn carried_out(&self, numbers: &[u64]) -> Result<(), SystemError> {
        self.admin.write(|tx| {
            let mut statement = tx.prepare_cached("DELETE FROM effects WHERE number = ?1")?;
            for number in numbers {
                statement.execute([i64::try_from(*number).unwrap_or(i64::MAX)])?;
            }
            Ok(())
        })
    }
}
