//! The first administrator: made by whoever has the link that a start prints, or as the configuration says, and only while there is none.
//!
//! There is one link at a time, and it is kept in memory: a restart makes another. Of its token only the SHA-256 is kept.

use sha2::{Digest, Sha256};

use super::accounts::{self, Account, Wanted};
use super::users::{self, Provider};
use super::{Moment, System, SystemError, classic, hex};
use crate::ident::UnixTime;
use crate::secret::Secret;

/// How many seconds a link counts.
pub const INVITATION_SECONDS: u64 = 15 * 60;

/// A link that was printed.
pub(super) struct Invitation {
    token: [u8; 32],
    expires: UnixTime,
    used: bool,
}

/// Why a link makes no administrator.
#[derive(Debug, thiserror::Error)]
pub enum NotInvited {
    /// Nobody was given this one, or a later start has made another.
    #[error("there is no such link")]
    Unknown,
    /// It has made one.
    #[error("the link has been used")]
    Used,
    /// There is an administrator, who has come by another way.
    #[error("there is an administrator already")]
    NotNeeded,
    /// Its time is over.
    #[error("the link has expired")]
    Expired,
    /// What was asked for cannot be, or the server failed.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl System {
    /// A new token for the link, in the place of the one before: 64 hex digits. `None` if there is an administrator.
    pub fn invite(&self, moment: &Moment) -> Result<Option<Secret>, SystemError> {
        if self.has_administrator()? {
            return Ok(None);
        }
        let token = hex(&moment.random[..32]);
        *self.invitation() = Some(Invitation {
            token: Sha256::digest(&token).into(),
            expires: moment.now.after(INVITATION_SECONDS),
            used: false,
        });
        Ok(Some(Secret::new(token)))
    }

    /// The link that there is, if there is one, counts no more.
    pub fn uninvite(&self) {
        *self.invitation() = None;
    }

    /// Whether a token could make the first administrator now.
    pub fn invited(&self, token: &Secret, now: UnixTime) -> Result<(), NotInvited> {
        let shown: [u8; 32] = Sha256::digest(token.reveal()).into();
        let expires = match &*self.invitation() {
            Some(invitation) if invitation.token == shown && invitation.used => {
                return Err(NotInvited::Used);
            }
            Some(invitation) if invitation.token == shown => invitation.expires,
            Some(_) | None => return Err(NotInvited::Unknown),
        };
        if self.has_administrator()? {
            return Err(NotInvited::NotNeeded);
        }
        if now < expires {
            Ok(())
        } else {
            Err(NotInvited::Expired)
        }
    }

    /// Makes the first administrator, with the token of the link.
    pub fn accept_invitation(
        &self,
        token: &Secret,
        name: &str,
        password: &Secret,
        moment: &Moment,
    ) -> Result<Account, NotInvited> {
        self.invited(token, moment.now)?;
        let made = self.first_administrator(name, password, moment)?;
        if let Some(invitation) = &mut *self.invitation() {
            invitation.used = true;
        }
        made.ok_or(NotInvited::NotNeeded)
    }

    /// Whether somebody in the classic app signs in with this name, administrator or not.
    pub fn is_known(&self, name: &str) -> Result<bool, SystemError> {
        let name = name.to_lowercase();
        let found = self
            .admin
            .read(|tx| users::find(tx, &classic::app(), Provider::Password, &name))?;
        Ok(found.is_some())
    }

    /// Makes an administrator, a user of the classic app, unless there is one.
    pub fn first_administrator(
        &self,
        name: &str,
        password: &Secret,
        moment: &Moment,
    ) -> Result<Option<Account>, SystemError> {
        let app = classic::app();
        let wanted = Wanted {
            app: &app,
            name,
            password: Some(password),
            admin: true,
        };
        let hash = self.checked(&wanted, moment)?;
        self.write(|tx| {
            if accounts::has_administrator(tx)? {
                return Ok(None);
            }
            accounts::make(tx, &wanted, hash.as_deref(), moment).map(Some)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::App;
    use crate::system::tests::Fixture;

    fn moment(now: u64, random: u8) -> Moment {
        Moment {
            now: UnixTime(now),
            random: [random; 64],
        }
    }

    fn accept(fixture: &Fixture, token: &Secret, moment: &Moment) -> Result<(), String> {
        let password = Secret::new("a long password");
        let made = fixture
            .system
            .accept_invitation(token, "root", &password, moment);
        made.map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn a_link_makes_one_administrator_and_no_second() {
        let fixture = Fixture::new(App::default());
        let system = &fixture.system;
        let token = system.invite(&moment(0, 1)).unwrap().unwrap();
        let wrong = Secret::new("0".repeat(64));
        let refused = |said: &str| Err(said.to_owned());
        assert_eq!(
            accept(&fixture, &wrong, &moment(1, 2)),
            refused("there is no such link")
        );
        assert!(!system.has_administrator().unwrap());
        assert_eq!(accept(&fixture, &token, &moment(2, 3)), Ok(()));
        assert_eq!(
            accept(&fixture, &token, &moment(3, 4)),
            refused("the link has been used")
        );
        assert!(system.invite(&moment(4, 5)).unwrap().is_none());

        // Not even when there is none any more.
        let root = system.who(&classic::app(), "root").unwrap();
        assert!(root.admin);
        system.set_admin(&root.user, false).unwrap();
        assert_eq!(
            accept(&fixture, &token, &moment(5, 6)),
            refused("the link has been used")
        );
    }

    #[test]
    fn a_link_ends_with_its_time_with_another_and_with_another_administrator() {
        let fixture = Fixture::new(App::default());
        let system = &fixture.system;
        let first = system.invite(&moment(0, 1)).unwrap().unwrap();
        assert!(system.invited(&first, UnixTime(899)).is_ok());
        let late = system.invited(&first, UnixTime(900)).unwrap_err();
        assert!(matches!(late, NotInvited::Expired));
        let second = system.invite(&moment(1000, 2)).unwrap().unwrap();
        let replaced = system.invited(&first, UnixTime(1000)).unwrap_err();
        assert!(matches!(replaced, NotInvited::Unknown));
        let password = Secret::new("a long password");
        let made = system.first_administrator("root", &password, &moment(1001, 3));
        assert!(made.unwrap().is_some());
        let needless = system.invited(&second, UnixTime(1002)).unwrap_err();
        assert!(matches!(needless, NotInvited::NotNeeded));
        let again = system.first_administrator("other", &password, &moment(1003, 4));
        assert!(again.unwrap().is_none());
    }

    #[test]
    fn a_bad_name_or_password_does_not_use_the_link_up() {
        let fixture = Fixture::new(App::default());
        let system = &fixture.system;
        let token = system.invite(&moment(0, 1)).unwrap().unwrap();
        for (name, password) in [("root", "short"), ("", "a long password")] {
            let made =
                system.accept_invitation(&token, name, &Secret::new(password), &moment(1, 2));
            assert!(matches!(made, Err(NotInvited::System(_))));
        }
        assert_eq!(accept(&fixture, &token, &moment(2, 3)), Ok(()));
    }
}
