//! Those whom only others know: keys of issuers are fetched, and what goes wrong on the way becomes what a client is told.

use std::net::IpAddr;

use hyper::StatusCode;

use super::Http;
use super::answer::Failure;
use super::attempts::Key;
use crate::api::ErrorCode;
use crate::config::Issuer;
use crate::ident::AppId;
use crate::providers::NotKnown;
use crate::secret::Secret;
use crate::system::ForeignToken;

impl Http {
    /// A token, with the keys that its issuer publishes.
    pub async fn with_keys(
        &self,
        issuer: &Issuer,
        token: Secret,
    ) -> Result<ForeignToken, NotKnown> {
        let now = self.surroundings.now();
        let keys = self.providers.keys(issuer, &token, now).await?;
        Ok(ForeignToken {
            token,
            keys,
            from: issuer.keys_url.clone(),
        })
    }

    /// Whether somebody from there may try to sign in by what others know. A try that was right is taken back.
    pub fn may_try(&self, peer: IpAddr, app: &AppId) -> Option<Try<'_>> {
        let key = Key::new(peer, app, "");
        let may = self.strangers.begin(&key, self.surroundings.now());
        may.then_some(Try { http: self, key })
    }
}

/// A try that counts.
pub struct Try<'a> {
    http: &'a Http,
    key: Key,
}

impl Try<'_> {
    /// It was right, or nobody could say.
    pub fn take_back(self) {
        self.http.strangers.take_back(&self.key);
    }
}

/// What clients of apps are told. Who is not known may try again where only the provider is away: no SDK gives a user up for that.
impl From<NotKnown> for Failure {
    fn from(error: NotKnown) -> Failure {
        match &error {
            NotKnown::Refused(_) => Failure::new(
                StatusCode::UNAUTHORIZED,
                ErrorCode::AuthError,
                error.to_string(),
            ),
            NotKnown::Unavailable(cause) => Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::InternalServerError,
                "the provider cannot be asked now; try again later",
            )
            .because(cause),
        }
    }
}
