//! Apps: which there are, and what each allows.

use std::collections::BTreeMap;

use crate::ident::AppId;

/// Which apps there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Apps {
    /// Those with a name of their own.
    pub named: BTreeMap<AppId, App>,
    /// What every other app id gets; `None`: there are no others.
    pub any: Option<App>,
}

impl Apps {
    /// What an app allows; `None` if there is no such app.
    pub fn get(&self, app: &AppId) -> Option<&App> {
        self.named.get(app).or(self.any.as_ref())
    }
}

/// What an app allows. The default is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct App {
    /// Signing in without credentials; every sign-in makes a user.
    pub anonymous: bool,
    /// Signing in with e-mail and password.
    pub password: bool,
    /// Whether anybody may register with e-mail and password.
    pub registration: bool,
    /// Whether its users may read any partition.
    pub read: bool,
    /// Whether its users may write to any partition.
    pub write: bool,
    /// Whether its users may change the permissions of any partition, and remove classes and columns.
    pub manage: bool,
    /// Client files that this server never gave out are told to reset, even on an empty Realm.
    pub reset_unknown_files: bool,
    /// How long its tokens live.
    pub lifetimes: Lifetimes,
}

impl App {
    /// Everything that `serve --dev` opens.
    pub(super) fn open() -> App {
        App {
            anonymous: true,
            password: true,
            registration: true,
            read: true,
            write: true,
            manage: true,
            reset_unknown_files: true,
            lifetimes: Lifetimes::default(),
        }
    }
}

/// How long tokens live, in seconds; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// The token that is shown with every request and every sync connection.
    pub access: u64,
    /// The token that gets new access tokens.
    pub refresh: u64,
}

/// 30 minutes and 60 days.
impl Default for Lifetimes {
    fn default() -> Lifetimes {
        Lifetimes {
            access: 30 * 60,
            refresh: 60 * 24 * 60 * 60,
        }
    }
}
