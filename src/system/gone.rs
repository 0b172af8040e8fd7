//! Users who have been removed: a token that stands alone does not outlive the user whom it was made for.
//!
//! Of each there is a hash of its id and when it went, for such a token may have no end. A token that was made afterwards, for an id that nobody has or has again, counts.

use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::users::seconds;
use super::{SystemError, hex};
use crate::ident::{UnixTime, UserId};

/// Notes that a user goes now.
pub(super) fn note(tx: &Transaction<'_>, user: &UserId, now: UnixTime) -> Result<(), SystemError> {
    tx.prepare_cached("INSERT OR REPLACE INTO removed_users (user, removed) VALUES (?1, ?2)")?
        .execute(params![hash(user), seconds(now)])?;
    Ok(())
}

/// Whether the user of a token has been removed since it was made. One that does not say when it was made is taken for old.
pub(super) fn since(
    tx: &Transaction<'_>,
    user: &UserId,
    issued: Option<UnixTime>,
) -> Result<bool, SystemError> {
    let removed: Option<i64> = tx
        .prepare_cached("SELECT removed FROM removed_users WHERE user = ?1")?
        .query_row([hash(user)], |row| row.get(0))
        .optional()?;
    Ok(removed.is_some_and(|removed| issued.is_none_or(|issued| seconds(issued) <= removed)))
}

fn hash(user: &UserId) -> String {
    let digest = Sha256::new()
        .chain_update("removed user ")
        .chain_update(&*user.0);
    hex(&digest.finalize())
}
