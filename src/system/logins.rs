//! Logins: from signing in to logging out, or to the end of the refresh token.

use rusqlite::{OptionalExtension, Transaction, params};

use super::SystemError;
use super::users::seconds;
use super::{gone, tokens, users};
use crate::access::Caller;
use crate::ident::{LoginId, UnixTime, UserId};

/// Logins that are over and removed when another begins, at most.
const SWEEP: usize = 100;

/// A login that is about to begin.
pub(super) struct NewLogin<'a> {
    pub id: &'a LoginId,
    pub user: &'a UserId,
    pub device: &'a str,
    pub created: UnixTime,
    pub expires: UnixTime,
}

/// Begins a login, and removes some whose time is over, so that they do not pile up.
pub(super) fn insert(tx: &Transaction<'_>, login: &NewLogin<'_>) -> Result<(), SystemError> {
    tx.prepare_cached(
        "DELETE FROM logins WHERE id IN (SELECT id FROM logins WHERE expires < ?1 LIMIT ?2)",
    )?
    .execute(params![seconds(login.created), SWEEP])?;
    tx.prepare_cached(
        "INSERT INTO logins (id, user, device, created, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        login.id.to_string(),
        login.user.to_string(),
        login.device,
        seconds(login.created),
        seconds(login.expires)
    ])?;
    tx.prepare_cached("UPDATE users SET used = 1 WHERE id = ?1 AND NOT used")?
        .execute([login.user.to_string()])?;
    Ok(())
}

/// Whether the login that a caller has come in with has ended.
pub(super) fn has_ended(
    tx: &Transaction<'_>,
    caller: &Caller,
    now: UnixTime,
) -> Result<bool, SystemError> {
    match &caller.login {
        Some(login) => Ok(!lasts(tx, login, &caller.user, caller.issued_at, now)?),
        None => Ok(false),
    }
}

/// Whether this is a login of this user that has not ended, and the user may still come in. A token that stands alone, `issued` then, is its own login: it lasts until it is
/// revoked or its user removed, and its user may be one that is not known here.
pub(super) fn lasts(
    tx: &Transaction<'_>,
    login: &LoginId,
    user: &UserId,
    issued: Option<UnixTime>,
    now: UnixTime,
) -> Result<bool, SystemError> {
    if stands_alone(login) {
        let may_come_in = users::is_disabled(tx, user)? != Some(true);
        return Ok(may_come_in
            && !tokens::is_revoked(tx, login)?
            && !gone::since(tx, user, issued)?);
    }
    let sql = "SELECT 1 FROM logins JOIN users ON users.id = logins.user
               WHERE logins.id = ?1 AND logins.user = ?2 AND expires >= ?3 AND NOT disabled";
    let found = tx
        .prepare_cached(sql)?
        .query_row(
            params![login.to_string(), user.to_string(), seconds(now)],
            |_| Ok(()),
        )
        .optional()?;
    Ok(found.is_some())
}

/// Whether this is the fingerprint of a token, and not the id of a login (24 digits).
pub(super) fn stands_alone(login: &LoginId) -> bool {
    login.0.len() == 64
}

/// Ends a login.
pub(super) fn delete(tx: &Transaction<'_>, login: &LoginId) -> Result<(), SystemError> {
    tx.execute("DELETE FROM logins WHERE id = ?1", [login.to_string()])?;
    Ok(())
}

/// Ends all logins of a user; which those were.
pub(super) fn delete_all(tx: &Transaction<'_>, user: &UserId) -> Result<Vec<LoginId>, SystemError> {
    let mut statement = tx.prepare_cached("DELETE FROM logins WHERE user = ?1 RETURNING id")?;
    let ended = statement.query_map([user.to_string()], |row| {
        Ok(LoginId(row.get::<_, String>(0)?.into()))
    })?;
    Ok(ended.collect::<Result<_, _>>()?)
}
