//! Another way to sign in for a user that has one: above all, name and password for one that began without credentials.

use rusqlite::{Transaction, params};

use super::users::{self, Provider};
use super::{Moment, SignedIn, System, SystemError};
use crate::auth::TokenKind;
use crate::ident::UserId;
use crate::secret::Secret;

impl System {
    /// Gives the account of this name and password to the user of an access token, and begins a login. The account has been registered before, as SDKs do it, and nobody has ever
    /// used it: one that somebody lives in is not taken over.
    pub fn link_password(
        &self,
        token: &Secret,
        name: &str,
        password: &Secret,
        moment: &Moment,
    ) -> Result<SignedIn, SystemError> {
        let token = self.verify(token, TokenKind::Access, moment.now)?;
        if !self.app(&token.app)?.password {
            return Err(SystemError::NoSuchProvider(Provider::Password));
        }
        let key = name.to_lowercase();
        let account = self
            .admin
            .read(|tx| users::find(tx, &token.app, Provider::Password, &key))?;
        let right = self.verify_account(account.as_ref(), password, moment)?;
        let account = account
            .filter(|_| right)
            .ok_or(SystemError::WrongPassword)?;
        if account.disabled {
            return Err(SystemError::UserDisabled);
        }
        if self.app(&token.app)?.confirm_email && !account.confirmed {
            return Err(SystemError::NotConfirmed);
        }
        self.sign_in(&token.app, token.user.clone(), None, moment, |tx| {
            if account.user == token.user {
                return Ok(());
            }
            if !is_unused(tx, &account.user)? {
                return Err(SystemError::NameInUse);
            }
            tx.execute(
                "UPDATE accounts SET user = ?1 WHERE user = ?2",
                params![&*token.user.0, &*account.user.0],
            )?;
            tx.execute(
                "UPDATE users SET email = coalesce(email, (SELECT email FROM users WHERE id = ?2)) WHERE id = ?1",
                params![&*token.user.0, &*account.user.0],
            )?;
            users::delete(tx, &account.user)?;
            Ok(())
        })
    }
}

/// Whether nobody has ever signed in as this user, and nothing is granted to it.
fn is_unused(tx: &Transaction<'_>, user: &UserId) -> Result<bool, SystemError> {
    let sql = "SELECT (SELECT used FROM users WHERE id = ?1)
               OR EXISTS (SELECT 1 FROM permissions WHERE user = ?1)
               OR EXISTS (SELECT 1 FROM realms WHERE owner = ?1)
               OR (SELECT count(*) FROM accounts WHERE user = ?1) > 1";
    let used: bool = tx.query_row(sql, [&*user.0], |row| row.get(0))?;
    Ok(!used)
}
