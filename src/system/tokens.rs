//! Tokens: whether one counts, what one says, and how one ends before its time.

use rusqlite::{OptionalExtension, Transaction, params};

use super::users::{seconds, user_id};
use super::{System, SystemError, gone, logins, users};
use crate::auth::{AppToken, ClassicToken, Inspection, TokenError, TokenKind};
use crate::ident::{LoginId, UnixTime, UserId};
use crate::secret::Secret;

/// A token taken apart, and whether this server takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What it says.
    pub inspection: Inspection,
    /// Why it is refused; `None`: it counts.
    pub refused: Option<String>,
}

/// Who shows a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The user.
    pub user: UserId,
    /// Whether it administers the server.
    pub admin: bool,
}

impl System {
    /// What a token says, and whether it counts here and now.
    pub fn inspect(&self, token: &Secret, now: UnixTime) -> Result<Verdict, SystemError> {
        let inspection = Inspection::of(token, Some(&self.keys), now);
        let refused = match &inspection.refused {
            Some(cause) => Some(cause.to_string()),
            None => match self.check(token, now) {
                Ok(_) => None,
                Err(error) if error.is_ours() => return Err(error),
                Err(error) => Some(error.to_string()),
            },
        };
        Ok(Verdict {
            inspection,
            refused,
        })
    }

    /// Ends a token before its time: one that belongs to a login ends with it and all its tokens, another one alone. Which login has ended by it.
    pub fn revoke(&self, token: &Secret, now: UnixTime) -> Result<LoginId, SystemError> {
        let (login, expires) = self.check(token, now)?;
        self.write(|tx| {
            if logins::stands_alone(&login) {
                insert(tx, &login, expires, now)
            } else {
                logins::delete(tx, &login)
            }
        })?;
        Ok(login)
    }

    /// The administrator who shows this token: an administrator's token, or one of a user who is an administrator.
    pub fn administrator(&self, token: &Secret, now: UnixTime) -> Result<UserId, SystemError> {
        let person = self.person(token, now)?;
        person
            .admin
            .then_some(person.user)
            .ok_or(SystemError::NotAdmin)
    }

    /// Who shows this token: an administrator's, a refresh or user token of the classic API, or an access token of an app. One that carries rights for a Realm says nothing
    /// of its user.
    pub fn person(&self, token: &Secret, now: UnixTime) -> Result<Shown, SystemError> {
        let user = if token.reveal().contains(':') {
            let token = ClassicToken::verify(token, &self.keys)?;
            self.check_classic(&token, now)?;
            let user = user_id(token.identity.clone());
            if token.is_admin() {
                return Ok(Shown { user, admin: true });
            }
            if token.access.is_some() && !token.is_refresh() {
                return Err(TokenError::Kind.into());
            }
            user
        } else {
            self.verify(token, TokenKind::Access, now)?.user
        };
        let admin = self.admin.read(|tx| users::is_admin(tx, &user))?;
        Ok(Shown { user, admin })
    }

    /// The login of a token of any kind that counts now, and its end; `None` if that is never, or not known.
    fn check(
        &self,
        token: &Secret,
        now: UnixTime,
    ) -> Result<(LoginId, Option<UnixTime>), SystemError> {
        for kind in [TokenKind::Access, TokenKind::Refresh] {
            if let Ok(token) = AppToken::verify(token, kind, &self.keys, now) {
                self.check_login(&token.app, &token.login, &token.user, now)?;
                return Ok((token.login, Some(token.expires_at)));
            }
        }
        let token = ClassicToken::verify(token, &self.keys)?;
        self.check_classic(&token, now)?;
        // One that another token got may end before that one does.
        let end = token.expires_at.filter(|_| token.stands_alone);
        Ok((token.login, end))
    }

    /// Whether a classic token counts now, whatever it is for.
    pub(super) fn check_classic(
        &self,
        token: &ClassicToken,
        now: UnixTime,
    ) -> Result<(), SystemError> {
        if token.identity.is_empty() {
            return Err(TokenError::Claims.into());
        }
        if token.has_expired(now) {
            return Err(TokenError::Expired.into());
        }
        let user = user_id(token.identity.clone());
        self.admin.read(|tx| {
            if logins::stands_alone(&token.login) && is_revoked(tx, &token.login)? {
                Err(SystemError::Revoked)
            } else if logins::stands_alone(&token.login) && gone::since(tx, &user, token.issued_at)?
            {
                Err(SystemError::UserRemoved)
            } else if users::is_disabled(tx, &user)? == Some(true) {
                Err(SystemError::UserDisabled)
            } else if logins::lasts(tx, &token.login, &user, token.issued_at, now)? {
                Ok(())
            } else {
                Err(SystemError::LoginEnded)
            }
        })
    }
}

/// Whether a token that stands alone has been revoked.
pub(super) fn is_revoked(tx: &Transaction<'_>, token: &LoginId) -> Result<bool, SystemError> {
    let found = tx
        .prepare_cached("SELECT 1 FROM revocations WHERE token = ?1")?
        .query_row([token.to_string()], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// Revokes a token that stands alone, and forgets those that have ended by themselves.
fn insert(
    tx: &Transaction<'_>,
    token: &LoginId,
    expires: Option<UnixTime>,
    now: UnixTime,
) -> Result<(), SystemError> {
    tx.execute("DELETE FROM revocations WHERE expires < ?1", [seconds(now)])?;
    tx.execute(
        "INSERT OR IGNORE INTO revocations (token, expires, revoked) VALUES (?1, ?2, ?3)",
        params![token.to_string(), expires.map(seconds), seconds(now)],
    )?;
    Ok(())
}
