//! Who comes in, and into which Realm: tokens of upgrade requests, names in BIND.

use std::sync::Arc;

use crate::access::{self, Claim};
use crate::auth::{Caller, ClassicClaims, Scope, TokenError};
use crate::config::Apps;
use crate::ident::RealmName;
use crate::session::Rights;
use crate::system::{System, SystemError, partition_name, path_name};
use crate::wire::{ErrorCode, WireError};

use super::clock;

/// The door.
pub struct Door {
    system: Arc<System>,
    apps: Apps,
}

/// Which sync endpoint a connection came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `/api/client/v2.0/app/<id>/realm-sync`.
    App(String),
    /// `/realm-sync`, with or without a path.
    Classic,
}

impl Endpoint {
    /// The endpoint of a URL path, if it is one.
    pub fn of(path: &str) -> Option<Endpoint> {
        let rest = path
            .strip_prefix("/api/client/v2.0/app/")
            .and_then(|rest| rest.strip_suffix("/realm-sync"));
        match rest {
            Some(id) if !id.contains('/') => Some(Endpoint::App(id.to_owned())),
            _ if path == "/realm-sync"
                || path.starts_with("/realm-sync/%2F")
                || path.starts_with("/realm-sync/%2f") =>
            {
                Some(Endpoint::Classic)
            }
            _ => None,
        }
    }
}

impl Door {
    /// Over the server's users and apps.
    pub fn new(system: Arc<System>, apps: Apps) -> Door {
        Door { system, apps }
    }

    /// Who shows this token at this endpoint.
    pub fn caller(&self, endpoint: &Endpoint, token: &str) -> Result<Caller, SystemError> {
        let now = clock::unix_seconds();
        match endpoint {
            Endpoint::App(app) if self.apps.get(app).is_none() => Err(TokenError::WrongUse.into()),
            Endpoint::App(app) => self.system.caller(app, token, now),
            Endpoint::Classic => {
                Ok(ClassicClaims::verify(token, self.system.keys(), now)?.caller())
            }
        }
    }

    /// The Realm that a caller names in BIND, and what the session may do in it.
    pub fn open(&self, caller: &Caller, text: &[u8]) -> Result<(RealmName, Rights), WireError> {
        let illegal = |error| WireError::new(ErrorCode::IllegalRealmPath).because(error);
        let (realm, decision) = match &caller.scope {
            Scope::App { app } => {
                let rules = self.apps.get(app).cloned().unwrap_or_default();
                let realm = partition_name(app, text).map_err(illegal)?;
                (
                    realm,
                    access::decide(Claim::Partition {
                        read: rules.read,
                        write: rules.write,
                    }),
                )
            }
            Scope::Classic {
                path,
                download,
                upload,
                admin,
            } => {
                let realm = path_name(text).map_err(illegal)?;
                let claim = Claim::Path {
                    path: realm.as_str(),
                    granted_path: path.as_deref(),
                    download: *download,
                    upload: *upload,
                    admin: *admin,
                };
                let decision = access::decide(claim);
                (realm, decision)
            }
        };
        if decision.rights.read {
            Ok((
                realm,
                Rights {
                    write: decision.rights.write,
                },
            ))
        } else {
            Err(WireError::new(ErrorCode::PermissionDenied)
                .because(format!("{realm}: {:?}", decision.reason)))
        }
    }

    /// Notes a Realm in the list of Realms, before its file is made.
    pub fn note(&self, realm: &RealmName) -> Result<(), SystemError> {
        self.system.note_realm(realm, clock::unix_seconds())
    }
}
