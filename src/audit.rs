//! What is put on record for whoever must be able to say later who did what: signing in, refusals, changes of permissions, what administrators do.
//!
//! An entry is an event of `tracing` with a target of its own; the room `log` writes it as a line of JSON into a file of its own, whatever the level of the log. Names are fixed: add, never
//! rename. Nothing secret belongs here.

use std::fmt::Display;
use std::net::IpAddr;

/// The target of entries.
pub const TARGET: &str = "ros::audit";

/// What has been done, or was to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Somebody signs in.
    SignIn,
    /// Somebody signs out.
    SignOut,
    /// Somebody registers.
    Register,
    /// An access token for a Realm is asked for.
    AccessToken,
    /// A Realm is opened for sync.
    Open,
    /// Changes are uploaded.
    Upload,
    /// Permissions on a Realm are changed.
    Permission,
    /// A password is changed by its user, or by who has forgotten it.
    Password,
    /// An e-mail address is confirmed.
    Confirm,
    /// An API key is made, enabled, disabled or removed.
    ApiKey,
    /// Another way to sign in is added to a user.
    Link,
    /// A user is made by an administrator.
    AddUser,
    /// A user is changed by an administrator.
    ChangeUser,
    /// A user is removed.
    RemoveUser,
    /// A Realm is removed.
    RemoveRealm,
    /// A token is revoked by an administrator.
    RevokeToken,
    /// Somebody who is no administrator asks for what is theirs.
    Administer,
    /// The configuration is read again.
    Configure,
    /// The server starts.
    Start,
    /// The server stops.
    Stop,
}

impl Act {
    /// The name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Act::SignIn => "sign-in",
            Act::SignOut => "sign-out",
            Act::Register => "register",
            Act::AccessToken => "access-token",
            Act::Open => "open",
            Act::Upload => "upload",
            Act::Permission => "permission",
            Act::Password => "password",
            Act::Confirm => "confirm",
            Act::ApiKey => "api-key",
            Act::Link => "link",
            Act::AddUser => "add-user",
            Act::ChangeUser => "change-user",
            Act::RemoveUser => "remove-user",
            Act::RemoveRealm => "remove-realm",
            Act::RevokeToken => "revoke-token",
            Act::Administer => "administer",
            Act::Configure => "configure",
            Act::Start => "start",
            Act::Stop => "stop",
        }
    }
}

/// An entry in the making.
#[must_use = "an entry is written by `done` or `refused`"]
#[derive(Debug, Clone)]
pub struct Entry {
    act: Act,
    by: Option<String>,
    user: Option<String>,
    app: Option<String>,
    realm: Option<String>,
    from: Option<IpAddr>,
    detail: Option<String>,
}

impl Entry {
    /// An entry about an act.
    pub fn of(act: Act) -> Entry {
        Entry {
            act,
            by: None,
            user: None,
            app: None,
            realm: None,
            from: None,
            detail: None,
        }
    }

    /// Who does it: a user's id.
    pub fn by(mut self, user: impl Display) -> Entry {
        self.by = Some(bounded(user));
        self
    }

    /// To whom it is done: a user's id, or the name that somebody gives who is not known yet.
    pub fn user(mut self, user: impl Display) -> Entry {
        self.user = Some(bounded(user));
        self
    }

    /// The app.
    pub fn app(mut self, app: impl Display) -> Entry {
        self.app = Some(bounded(app));
        self
    }

    /// The Realm.
    pub fn realm(mut self, realm: impl Display) -> Entry {
        self.realm = Some(bounded(realm));
        self
    }

    /// The address of the client.
    pub fn from(mut self, address: IpAddr) -> Entry {
        self.from = Some(address.to_canonical());
        self
    }

    /// What more is to be said.
    pub fn detail(mut self, detail: impl Display) -> Entry {
        self.detail = Some(bounded(detail));
        self
    }

    /// It was done.
    pub fn done(self) {
        self.write("done", None);
    }

    /// It was refused, or failed, and why.
    pub fn refused(self, reason: impl Display) {
        self.write("refused", Some(bounded(reason)));
    }

    /// It ended like this.
    pub fn ended<T, E: Display>(self, result: &Result<T, E>) {
        match result {
            Ok(_) => self.done(),
            Err(error) => self.refused(error),
        }
    }

    fn write(self, outcome: &str, reason: Option<String>) {
        tracing::info!(
            target: TARGET,
            act = self.act.name(),
            outcome,
            by = self.by.as_deref(),
            user = self.user.as_deref(),
            app = self.app.as_deref(),
            realm = self.realm.as_deref(),
            from = self.from.map(|from| from.to_string()).as_deref(),
            reason = reason.as_deref(),
            detail = self.detail.as_deref(),
        );
    }
}

/// What a peer has sent takes a bounded place.
fn bounded(text: impl Display) -> String {
    text.to_string().chars().take(400).collect()
}
