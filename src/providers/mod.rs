//! What other services say of those who sign in: the keys that their tokens are signed with, and whom a token belongs to.
//!
//! Invariants
//! - Only addresses of the configuration are asked, and where an answer would lead elsewhere it is no answer.
//! - Nothing is asked before somebody signs in. What is asked has a bound in time, what is answered in size.
//! - That somebody does not answer is never said to be a mistake of who signs in.
//! - No token is in an error, a log or a cache.
//!
//! Time is an argument. Knows no users, and no requests to this server.

mod ask;
mod cloudkit;
mod facebook;
mod google;
mod keys;
mod secret_file;

use std::sync::Arc;

use crate::auth::{ForeignKeys, named_key};
use crate::config::Issuer;
use crate::ident::UnixTime;
use crate::secret::Secret;

use ask::Outside;
use keys::KeySets;

/// Everybody who may be asked.
#[derive(Default)]
pub struct Providers {
    outside: Outside,
    sets: KeySets,
}

/// Why it is not known who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKnown {
    /// The provider says that the token is nobody's, or not for this server.
    #[error("{0}")]
    Refused(String),
    /// The provider does not answer, or not in the way that is expected.
    #[error("{0}")]
    Unavailable(String),
}

impl Providers {
    /// The keys that an issuer publishes and that this token may be signed with; none if it publishes none.
    pub async fn keys(
        &self,
        issuer: &Issuer,
        token: &Secret,
        now: UnixTime,
    ) -> Result<Arc<ForeignKeys>, NotKnown> {
        let Some(url) = &issuer.keys_url else {
            return Ok(Arc::default());
        };
        let named = named_key(token).map_err(|error| NotKnown::Refused(error.to_string()))?;
        let keys = self.sets.get(&self.outside, url, named.as_deref(), now);
        keys.await.map_err(NotKnown::Unavailable)
    }
}
