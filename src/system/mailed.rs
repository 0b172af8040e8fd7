//! E-mail with a token in it: the proof that an address is the user's, and the way back for who has forgotten the password.
//!
//! A token is drawn, kept as its SHA-256 only, counts once and for a while. Whether there is such an address is never told: a letter is made or not, and the answer is the same.

use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::users::{self, Provider, seconds, user_id};
use super::{Moment, System, SystemError, hex, logins};
use crate::auth::hash_password;
use crate::ident::{AppId, LoginId, UnixTime, UserId};
use crate::secret::Secret;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To confirm an address.
    Confirm,
    /// To set another password.
    Reset,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Confirm => "confirm",
            Purpose::Reset => "reset",
        }
    }

    /// Seconds for which a token counts: a month and half a day.
    fn lifetime(self) -> u64 {
        match self {
            Purpose::Confirm => 30 * 86_400,
            Purpose::Reset => 12 * 3600,
        }
    }
}

/// An e-mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The text. It holds the token.
    pub text: Secret,
}

/// What the link in a letter carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailedToken {
    /// 24 hex digits; `None` for tokens of the classic API, which have the id in them.
    pub id: String,
    /// The token.
    pub token: Secret,
}

impl MailedToken {
    /// Both in one, as the classic API has it.
    pub fn joined(text: &Secret) -> Option<MailedToken> {
        let (id, token) = text.reveal().split_at_checked(24)?;
        Some(MailedToken {
            id: id.to_owned(),
            token: Secret::new(token),
        })
    }
}

/// The account of nobody.
const NOBODY: &str = "";

/// Tokens of one account that count at the same time; asking for more ends the oldest.
const MOST: i64 = 5;

impl System {
    /// The letter to the user of this address, if there is one, and if it is not confirmed already where that is what it is about.
    pub fn letter(
        &self,
        app: &AppId,
        purpose: Purpose,
        address: &str,
        moment: &Moment,
    ) -> Result<Option<Letter>, SystemError> {
        let mail = self.settings().mail.clone();
        let page = match purpose {
            Purpose::Confirm => mail.confirm_url,
            Purpose::Reset => mail.reset_url,
        };
        let page = page.filter(|_| mail.url.is_some() && mail.from.is_some());
        let page = page.ok_or(SystemError::NoMail)?;
        let (id, token) = (moment.user().to_string(), hex(&moment.random[16..48]));
        let written = self.write(|tx| {
            let found = users::find(tx, app, Provider::Password, &address.to_lowercase())?;
            let done = |account: &users::Account| purpose == Purpose::Confirm && account.confirmed;
            let Some(account) = found.filter(|account| !account.disabled && !done(account)) else {
                // The same work for nobody: who listens to the time cannot tell.
                tx.pragma_update(None, "defer_foreign_keys", true)?;
                insert(tx, NOBODY, &id, &token, purpose, moment.now)?;
                tx.execute("DELETE FROM mailed WHERE account = ?1", [NOBODY])?;
                return Ok::<_, SystemError>(None);
            };
            insert(tx, &account.id, &id, &token, purpose, moment.now)?;
            let to = tx.query_row(
                "SELECT email FROM users WHERE id = ?1",
                [&*account.user.0],
                |row| row.get::<_, Option<String>>(0),
            )?;
            Ok(to)
        })?;
        let link = link(&page, app, &id, &token);
        Ok(written.map(|to| text(purpose, to, &link)))
    }

    /// Takes a token that confirms an address; whose it is.
    pub fn confirm(
        &self,
        app: &AppId,
        token: &MailedToken,
        now: UnixTime,
    ) -> Result<UserId, SystemError> {
        self.write(|tx| {
            let (account, user) = take(tx, app, token, Purpose::Confirm, now)?;
            tx.execute("UPDATE accounts SET confirmed = 1 WHERE id = ?1", [account])?;
            Ok(user)
        })
    }

    /// Takes a token that sets another password: all logins of its user end. Whoever has the letter has the address too.
    pub fn reset(
        &self,
        app: &AppId,
        token: &MailedToken,
        password: &Secret,
        moment: &Moment,
    ) -> Result<(UserId, Vec<LoginId>), SystemError> {
        self.check_password(password, None)?;
        let hash = hash_password(password, moment.salt())?;
        self.write(|tx| {
            let (account, user) = take(tx, app, token, Purpose::Reset, moment.now)?;
            users::check_password(tx, &user, password)?;
            tx.execute(
                "UPDATE accounts SET secret = ?2, confirmed = 1 WHERE id = ?1",
                params![account, hash],
            )?;
            tx.execute("DELETE FROM mailed WHERE account = ?1", [account])?;
            Ok((user.clone(), logins::delete_all(tx, &user)?))
        })
    }
}

fn insert(
    tx: &Transaction<'_>,
    account: &str,
    id: &str,
    token: &str,
    purpose: Purpose,
    now: UnixTime,
) -> Result<(), SystemError> {
    tx.execute("DELETE FROM mailed WHERE expires < ?1", [seconds(now)])?;
    tx.execute(
        "DELETE FROM mailed WHERE account = ?1 AND id NOT IN
             (SELECT id FROM mailed WHERE account = ?1 ORDER BY expires DESC LIMIT ?2)",
        params![account, MOST - 1],
    )?;
    let expires = seconds(now.after(purpose.lifetime()));
    tx.execute(
        "INSERT INTO mailed (id, account, purpose, hash, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id, account, purpose.name(), hash(token), expires],
    )?;
    Ok(())
}

/// Uses a token up; the account and the user that it is for.
fn take(
    tx: &Transaction<'_>,
    app: &AppId,
    token: &MailedToken,
    purpose: Purpose,
    now: UnixTime,
) -> Result<(String, UserId), SystemError> {
    let sql = "SELECT accounts.id, accounts.user FROM mailed JOIN accounts ON accounts.id = mailed.account
               WHERE mailed.id = ?1 AND hash = ?2 AND purpose = ?3 AND expires >= ?4 AND app = ?5";
    let given = params![
        token.id,
        hash(token.token.reveal()),
        purpose.name(),
        seconds(now),
        app.as_str()
    ];
    let found = tx
        .query_row(sql, given, |row| Ok((row.get(0)?, user_id(row.get(1)?))))
        .optional()?;
    let found = found.ok_or(SystemError::BadMailedToken)?;
    tx.execute("DELETE FROM mailed WHERE id = ?1", [&token.id])?;
    Ok(found)
}

fn hash(token: &str) -> String {
    hex(&Sha256::digest(token))
}

/// The page with the token added.
fn link(page: &str, app: &AppId, id: &str, token: &str) -> String {
    let join = if page.contains('?') { '&' } else { '?' };
    // The classic API takes both in one.
    let token = if app.as_str() == super::classic::CLASSIC {
        format!("{id}{token}")
    } else {
        token.to_owned()
    };
    format!("{page}{join}app={app}&token={token}&tokenId={id}")
}

fn text(purpose: Purpose, to: String, link: &str) -> Letter {
    let (subject, text) = match purpose {
        Purpose::Confirm => (
            "Confirm your e-mail address",
            format!(
                "To confirm that this is your address, open\n\n{link}\n\nIf you have not registered, do nothing.\n"
            ),
        ),
        Purpose::Reset => (
            "Set a new password",
            format!(
                "To set a new password within twelve hours, open\n\n{link}\n\nIf you have not asked for it, do nothing: your password stays as it is.\n"
            ),
        ),
    };
    Letter {
        to,
        subject: subject.to_owned(),
        text: Secret::new(text),
    }
}
