//! Who comes in, and into which Realm: tokens of upgrade requests, names in BIND.

use std::net::IpAddr;
use std::sync::Arc;

use crate::access::{Caller, Endpoint, SchemaRights};
use crate::audit::{Act, Entry};
use crate::config::Settings;
use crate::ident::{AppId, RealmName};
use crate::realm::{Additions, Allow};
use crate::secret::Secret;
use crate::system::{Issuers, Moment, Refusal, System, SystemError, realm_name};
use crate::wire::{Action, ErrorCode, WireError};

use super::clock;

/// The door.
pub struct Door {
    system: Arc<System>,
}

/// The sync endpoint of a URL path, if it is one.
pub fn endpoint(path: &str) -> Option<Endpoint> {
    let app = path
        .strip_prefix("/api/client/v2.0/app/")
        .and_then(|rest| rest.strip_suffix("/realm-sync"));
    match app {
        Some(id) => AppId::parse(id).map(Endpoint::App),
        None if path == "/realm-sync"
            || path.starts_with("/realm-sync/%2F")
            || path.starts_with("/realm-sync/%2f") =>
        {
            Some(Endpoint::Classic)
        }
        None => None,
    }
}

impl Door {
    /// Over the server's users and apps.
    pub fn new(system: Arc<System>) -> Door {
        Door { system }
    }

    /// Who shows this token at this endpoint, from this address.
    pub fn caller(
        &self,
        endpoint: &Endpoint,
        token: &Secret,
        from: IpAddr,
    ) -> Result<Caller, Refusal> {
        let caller = self.system.authorize(endpoint, token, clock::now());
        caller.inspect_err(|refusal| Entry::of(Act::Open).from(from).refused(refusal))
    }

    /// The Realm that a caller names in BIND.
    pub fn realm(
        &self,
        caller: &Caller,
        text: &[u8],
        from: IpAddr,
    ) -> Result<RealmName, WireError> {
        realm_name(&caller.endpoint, &caller.user, text).map_err(|error| {
            let entry = Entry::of(Act::Open).by(&caller.user).from(from);
            entry.realm(String::from_utf8_lossy(text)).refused(error);
            WireError::new(ErrorCode::IllegalRealmPath).because(error)
        })
    }

    /// What a caller may change in a Realm; an error if it may not even read it.
    pub fn allowed(
        &self,
        caller: &Caller,
        realm: &RealmName,
        from: IpAddr,
    ) -> Result<Allow, WireError> {
        let decision = self
            .system
            .decide(caller, realm, clock::now())
            .map_err(|error| {
                tracing::error!(%realm, %error, "rights are not known");
                WireError::new(ErrorCode::OtherSessionError)
                    .because("the rights of the user are not known; try again")
                    .with(Action::Transient)
            })?;
        if decision.rights.read {
            Ok(Allow {
                data: decision.rights.write,
                add: match decision.schema {
                    SchemaRights { add: false, .. } => Additions::Refused,
                    SchemaRights { drawn: true, .. } => Additions::Dropped,
                    SchemaRights { .. } => Additions::Kept,
                },
                erase: decision.schema.erase,
            })
        } else {
            let entry = Entry::of(Act::Open).by(&caller.user).realm(realm);
            entry.from(from).refused(decision.reason);
            Err(WireError::new(ErrorCode::PermissionDenied)
                .because(format!("{realm}: {}", decision.reason)))
        }
    }

    /// Whether the login of a caller has ended since it came in.
    pub fn has_ended(&self, caller: &Caller) -> bool {
        self.system.has_ended(caller, clock::now()).unwrap_or(false)
    }

    /// The configuration.
    pub fn settings(&self) -> Arc<Settings> {
        self.system.settings()
    }

    /// From now on another configuration.
    pub fn configure(&self, settings: Settings) {
        match Issuers::read(&settings) {
            Ok(issuers) => self.system.trust(issuers),
            Err((file, error)) => {
                let file = file.display();
                tracing::error!(%file, %error, "the keys of an issuer cannot be read; those from before go on");
            }
        }
        self.system.configure(settings);
    }

    /// A token that makes the first administrator; see [`System::invite`].
    pub fn invite(&self, moment: &Moment) -> Result<Option<Secret>, SystemError> {
        self.system.invite(moment)
    }

    /// The link that was printed counts no more.
    pub fn uninvite(&self) {
        self.system.uninvite();
    }

    /// How many Realms are listed.
    pub fn listed_realms(&self) -> Result<u64, SystemError> {
        self.system.realm_count()
    }

    /// Whether client files that this server did not give out are told to reset, where a reset would empty them.
    pub fn resets_unknown_files(&self, caller: &Caller) -> bool {
        self.system.resets_unknown_files(&caller.endpoint)
    }

    /// Lists a Realm that is about to be made, before its file is. Whether it was not listed before.
    pub fn register(&self, realm: &RealmName, caller: &Caller) -> Result<bool, SystemError> {
        self.system.register_realm(realm, caller, clock::now())
    }

    /// An error that passes, if a Realm is on its way out.
    pub fn check_stays(&self, realm: &RealmName) -> Result<(), WireError> {
        match self.system.is_being_removed(realm) {
            Ok(false) => Ok(()),
            Ok(true) => Err(WireError::new(ErrorCode::OtherSessionError)
                .because(SystemError::BeingRemoved)
                .with(Action::Transient)),
            Err(error) => Err(WireError::new(ErrorCode::OtherSessionError)
                .because(error)
                .with(Action::Transient)),
        }
    }

    /// Whether there was a Realm of this name that is not to be waited for; see [`System::was_removed`].
    pub fn was_removed(&self, realm: &RealmName) -> Result<bool, SystemError> {
        self.system.was_removed(realm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sync_endpoints_are_known_by_their_path() {
        let app = |id| Some(Endpoint::App(AppId::parse(id).unwrap()));
        for (path, found) in [
            ("/api/client/v2.0/app/my-app/realm-sync", app("my-app")),
            ("/api/client/v2.0/app/a/b/realm-sync", None),
            ("/api/client/v2.0/app//realm-sync", None),
            ("/api/client/v2.0/app/my-app/location", None),
            ("/realm-sync", Some(Endpoint::Classic)),
            ("/realm-sync/%2Fme%2Fdb", Some(Endpoint::Classic)),
            ("/realm-sync/me", None),
            ("/", None),
        ] {
            assert_eq!(endpoint(path), found, "{path}");
        }
    }
}
