//! What the routes need from the running server.

use super::clock;
use super::logins::Logins;
use super::mail::Post;
use crate::http::Surroundings;
use crate::ident::{LoginId, UnixTime, UserId};
use crate::system::Letter;

/// The clock, chance, open connections, and the way out for e-mail.
pub struct Around {
    /// The connections of all logins and users.
    pub logins: Logins,
    /// The way out for e-mail.
    pub post: Post,
}

impl Surroundings for Around {
    fn now(&self) -> UnixTime {
        clock::now()
    }

    fn random(&self, buffer: &mut [u8]) {
        rand::RngCore::fill_bytes(&mut rand::rng(), buffer);
    }

    fn ended(&self, logins: &[LoginId]) {
        self.logins.ended(logins);
    }

    fn user_ended(&self, user: &UserId) {
        self.logins.user_ended(user);
    }

    fn mail(&self, letter: Letter) {
        self.post.send(letter);
    }
}
