//! Requests in a Management Realm, and what becomes of them.

use ros::client::permissions::{Ask, Grantee, Management, Namespace, Told};
use ros::client::{Options, RealmAddress, User};
use ros::ident::AppId;

use crate::failure::{Exit, Failure};
use crate::reach::{Reach, failed};

/// The Management Realm of whoever asks, open.
pub struct Desk<'a> {
    reach: &'a Reach,
    management: Management,
    /// The app whose partitions are meant; nothing if Realms are named in full.
    app: Option<AppId>,
}

impl<'a> Desk<'a> {
    /// Signs in for a Realm, and opens the Management Realm of its kind.
    pub async fn open(reach: &'a Reach, address: &RealmAddress) -> Result<Desk<'a>, Failure> {
        let user = reach.sign_in(Some(address)).await?;
        let namespace = namespace(&user, address);
        let what = format!("cannot open {}", namespace.management());
        let app = match &namespace {
            Namespace::App(app, _) => Some(app.clone()),
            Namespace::Classic => None,
        };
        let opened = Management::open(&user, namespace, options(reach)).await;
        let management = opened.map_err(|error| failed(&what, &error))?;
        let connected = management.realm().wait_for_connection();
        reach.within(&what, connected).await?;
        Ok(Desk {
            reach,
            management,
            app,
        })
    }

    /// How the Management Realm calls a Realm.
    pub fn name(&self, address: &RealmAddress) -> Result<String, Failure> {
        match (&self.app, address) {
            (None, address) => Ok(address.to_string()),
            (Some(own), RealmAddress::Partition { app, value }) if app == own => {
                Ok(value.to_string())
            }
            (Some(own), other) => Err(Failure::new(
                Exit::Usage,
                format!("a user of the app {own} cannot speak of {other}"),
            )),
        }
    }

    /// Writes requests and waits for what the server says to them.
    pub async fn ask(&self, asks: &[Ask]) -> Result<Vec<Told>, Failure> {
        let what = "the server has not answered";
        self.reach.within(what, self.management.ask(asks)).await
    }

    /// The Management Realm.
    pub fn management(&self) -> &Management {
        &self.management
    }

    /// Leaves.
    pub async fn close(self) {
        self.management.realm().clone().close().await;
    }
}

/// Where the permissions of a user are that are about such a Realm.
pub fn namespace(user: &User, address: &RealmAddress) -> Namespace {
    match (user.id(), address) {
        (Some(id), RealmAddress::Partition { app, .. }) => {
            Namespace::App(app.clone(), id.to_owned())
        }
        (Some(_) | None, _) => Namespace::Classic,
    }
}

/// How Realms are opened.
pub fn options(reach: &Reach) -> Options {
    Options {
        timeout: reach.timeout(),
        ..Options::default()
    }
}

/// Whom a word means: `*` is everybody, what has an `@` the user who signs in by that name, `key=value` all with that in their metadata, anything else an id.
pub fn grantee(who: &str) -> Grantee {
    match who.split_once('=') {
        Some((key, value)) if !key.is_empty() => Grantee::Metadata(key.into(), value.into()),
        Some(_) | None if who.contains('@') => Grantee::Metadata("email".into(), who.into()),
        Some(_) | None => Grantee::User(who.into()),
    }
}

/// An answer as a failure, if it is one.
pub fn refused(what: &str, told: &Told) -> Option<Failure> {
    let (exit, hint) = match told.code {
        0 => return None,
        601 => (
            Exit::NotFound,
            "ros perms list shows what there is; email=NAME is who signs in by a name without an @",
        ),
        614 => (
            Exit::Denied,
            "the owner, whoever manages the Realm, and administrators may do that",
        ),
        701 => (Exit::Conflict, "ask for another offer"),
        _ => (Exit::Failed, "ros perms why says who may do what"),
    };
    let cause = told.message.clone().unwrap_or_default();
    let code = told.code;
    Some(
        Failure::new(exit, what)
            .cause(format!("{cause} ({code})"))
            .hint(hint),
    )
}
