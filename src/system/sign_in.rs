//! Signing in and out, and registering.

use sha2::{Digest, Sha256};

use super::logins::NewLogin;
use super::users::{self, NewUser, Profile, Provider};
use super::{Moment, System, SystemError, hex, logins};
use crate::auth::{AppToken, PasswordRules, TokenKind, hash_password};
use crate::ident::{AppId, LoginId, UnixTime, UserId};
use crate::secret::Secret;

/// Bytes of an e-mail address, at most.
const EMAIL_BYTES: usize = 320;

/// The id of a device as its client keeps it: 24 hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device(String);

impl Device {
    /// An id from text; `None` if it cannot be one that this server gave.
    pub fn parse(text: &str) -> Option<Device> {
        let hex = text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| Device(text.to_owned()))
    }
}

/// What somebody who has signed in is given.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Opens everything for a while.
    pub access_token: Secret,
    /// Gets new access tokens.
    pub refresh_token: Secret,
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: String,
}

impl System {
    /// Makes a user without credentials, and signs it in.
    pub fn sign_in_anonymous(
        &self,
        app: &AppId,
        device: Option<Device>,
        moment: &Moment,
    ) -> Result<SignedIn, SystemError> {
        if !self.app(app)?.anonymous {
            return Err(SystemError::NoSuchProvider(Provider::Anonymous));
        }
        let user = NewUser {
            id: moment.user(),
            app,
            email: None,
            account: moment.account(),
            provider: Provider::Anonymous,
            name: &moment.account(),
            password_hash: None,
            created: moment.now,
        };
        self.sign_in(app, user.id.clone(), device, moment, |tx| {
            users::insert(tx, &user)
        })
    }

    /// Signs in a user with e-mail and password.
    pub fn sign_in_password(
        &self,
        app: &AppId,
        name: &str,
        password: &Secret,
        device: Option<Device>,
        moment: &Moment,
    ) -> Result<SignedIn, SystemError> {
        let rules = self.app(app)?;
        if !rules.password {
            return Err(SystemError::NoSuchProvider(Provider::Password));
        }
        let account = self
            .admin
            .read(|tx| users::find(tx, app, Provider::Password, &name.to_lowercase()))?;
        let right = self.verify_account(account.as_ref(), password, moment)?;
        match account {
            Some(account) if right && account.disabled => Err(SystemError::UserDisabled),
            Some(account) if right && rules.confirm_email && !account.confirmed => {
                Err(SystemError::NotConfirmed)
            }
            Some(account) if right => self.sign_in(app, account.user, device, moment, |_| Ok(())),
            Some(_) | None => Err(SystemError::WrongPassword),
        }
    }

    /// Makes a user with e-mail and password, if the app lets everybody become one.
    pub fn register(
        &self,
        app: &AppId,
        email: &str,
        password: &Secret,
        moment: &Moment,
    ) -> Result<UserId, SystemError> {
        let rules = self.app(app)?;
        if !rules.password {
            return Err(SystemError::NoSuchProvider(Provider::Password));
        }
        if !rules.registration {
            return Err(SystemError::RegistrationClosed);
        }
        check_email(email)?;
        self.check_password(password, Some(email))?;
        let name = email.to_lowercase();
        // Looked at before the work of hashing, and for good when the user is made.
        let taken = self
            .admin
            .read(|tx| users::find(tx, app, Provider::Password, &name))?;
        if taken.is_some() {
            return Err(SystemError::NameInUse);
        }
        let hash = hash_password(password, moment.salt())?;
        let user = NewUser {
            id: moment.user(),
            app,
            email: Some(email),
            account: moment.account(),
            provider: Provider::Password,
            name: &name,
            password_hash: Some(&hash),
            created: moment.now,
        };
        self.write(|tx| users::insert(tx, &user))?;
        Ok(user.id)
    }

    /// How passwords are judged here.
    pub fn password_rules(&self) -> PasswordRules {
        PasswordRules::new(self.settings().password_min_length)
    }

    /// Lets through a password that somebody may choose, under this name if that is known yet.
    pub(super) fn check_password(
        &self,
        password: &Secret,
        name: Option<&str>,
    ) -> Result<(), SystemError> {
        self.password_rules().check(password)?;
        name.map_or(Ok(()), |name| PasswordRules::check_name(password, name))?;
        Ok(())
    }

    /// A new access token for a refresh token.
    pub fn refresh(&self, token: &Secret, now: UnixTime) -> Result<Secret, SystemError> {
        let token = self.verify(token, TokenKind::Refresh, now)?;
        Ok(self.access_token(&token, now)?.sign(self.keys.signing()))
    }

    /// Ends the login of a refresh token; which one it was.
    pub fn log_out(&self, token: &Secret, now: UnixTime) -> Result<LoginId, SystemError> {
        let token = self.verify(token, TokenKind::Refresh, now)?;
        self.write(|tx| logins::delete(tx, &token.login))?;
        Ok(token.login)
    }

    /// Removes the user of an access token with its Realms; which logins have ended by it.
    pub fn delete_user(&self, token: &Secret, now: UnixTime) -> Result<Vec<LoginId>, SystemError> {
        let token = self.verify(token, TokenKind::Access, now)?;
        self.change(now, |book| book.remove_user(&token.user))
    }

    /// Disables a user, or lets it in again; which logins have ended by it.
    pub fn set_disabled(&self, user: &UserId, disabled: bool) -> Result<Vec<LoginId>, SystemError> {
        self.write(|tx| {
            users::set_disabled(tx, user, disabled)?;
            if disabled {
                logins::delete_all(tx, user)
            } else {
                Ok(Vec::new())
            }
        })
    }

    /// What the user of an access token is shown of itself.
    pub fn profile(&self, token: &Secret, now: UnixTime) -> Result<Profile, SystemError> {
        let token = self.verify(token, TokenKind::Access, now)?;
        self.admin.read(|tx| {
            let profile = users::profile(tx, &token.app, &token.user)?;
            let mut profile = profile.ok_or(SystemError::LoginEnded)?;
            profile.data = self.taken_over(tx, &profile)?;
            Ok(profile)
        })
    }

    /// The claims of a token, if it is right and its login lasts.
    pub(super) fn verify(
        &self,
        token: &Secret,
        kind: TokenKind,
        now: UnixTime,
    ) -> Result<AppToken, SystemError> {
        let token = AppToken::verify(token, kind, &self.keys, now)?;
        self.check_login(&token.app, &token.login, &token.user, now)?;
        Ok(token)
    }

    /// Whether a login to an app lasts.
    pub(super) fn check_login(
        &self,
        app: &AppId,
        login: &LoginId,
        user: &UserId,
        now: UnixTime,
    ) -> Result<(), SystemError> {
        self.app(app)?;
        let lasts = self
            .admin
            .read(|tx| logins::lasts(tx, login, user, None, now))?;
        lasts.then_some(()).ok_or(SystemError::LoginEnded)
    }

    /// Begins a login in one transaction with what must come before it.
    pub(super) fn sign_in(
        &self,
        app: &AppId,
        user: UserId,
        device: Option<Device>,
        moment: &Moment,
        before: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<(), SystemError>,
    ) -> Result<SignedIn, SystemError> {
        let expires = moment.now.after(self.app(app)?.lifetimes.refresh);
        let device = device.map_or_else(|| moment.device(), |device| device.0);
        let refresh = AppToken {
            kind: TokenKind::Refresh,
            app: app.clone(),
            user,
            login: moment.login(),
            domain: domain_id(app),
            user_data: None,
            device,
            issued_at: moment.now,
            expires_at: expires,
        };
        let login = NewLogin {
            id: &refresh.login,
            user: &refresh.user,
            device: &refresh.device,
            created: moment.now,
            expires,
        };
        self.write(|tx| {
            before(tx)?;
            logins::insert(tx, &login)
        })?;
        // After what has come before: that may have changed the custom data in it.
        let access = self.access_token(&refresh, moment.now)?;
        Ok(SignedIn {
            access_token: access.sign(self.keys.signing()),
            refresh_token: refresh.sign(self.keys.signing()),
            user: refresh.user,
            device: refresh.device,
        })
    }

    /// The access token that a refresh token gets; it does not outlive the login.
    fn access_token(&self, refresh: &AppToken, now: UnixTime) -> Result<AppToken, SystemError> {
        let end = now
            .after(self.app(&refresh.app)?.lifetimes.access)
            .min(refresh.expires_at);
        let data = self
            .admin
            .read(|tx| users::custom_data(tx, &refresh.user))?;
        Ok(AppToken {
            kind: TokenKind::Access,
            user_data: (!data.is_empty()).then_some(data),
            issued_at: now,
            expires_at: end,
            ..refresh.clone()
        })
    }
}

/// The id that stands for an app where clients expect 24 hex digits.
pub fn domain_id(app: &AppId) -> String {
    hex(&Sha256::digest(app.as_str())[..12])
}

/// The id that stands for a provider within an app where clients expect 24 hex digits.
pub fn provider_id(app: &AppId, provider: Provider) -> String {
    hex(&Sha256::digest(format!("{app}/{provider}"))[..12])
}

/// Lets through what could be an address: no white space, something before and after an `@`.
fn check_email(email: &str) -> Result<(), SystemError> {
    let plain =
        email.len() <= EMAIL_BYTES && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    match email.rsplit_once('@') {
        Some((user, domain)) if plain && !user.is_empty() && !domain.is_empty() => Ok(()),
        Some(_) | None => Err(SystemError::BadEmail),
    }
}

/// Lets through what a user may be called: no white space around it, no control characters.
pub(super) fn check_name(name: &str) -> Result<(), SystemError> {
    let fits = (1..=EMAIL_BYTES).contains(&name.len())
        && name.trim() == name
        && !name.chars().any(char::is_control);
    fits.then_some(()).ok_or(SystemError::BadName)
}
