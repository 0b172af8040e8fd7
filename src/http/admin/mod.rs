//! What administrators and the commands ask: everything below `/api/ros/v1`, the status left out, which the server itself answers.
//!
//! Every route asks for an administrator's token, and says 401 to whoever shows none that counts, 403 to whoever is no administrator.

mod imported;
mod permissions;
mod realms;
mod tokens;
mod users;

use std::net::IpAddr;

use hyper::http::request::Parts;
use hyper::{Method, Response};

pub use imported::imported as imported_user;
pub use tokens::inspected;
pub use users::{changed as changed_words, shown as shown_user};

use super::answer::Failure;
use super::{Answer, Http, request};
use crate::audit::{Act, Entry};
use crate::ident::UserId;
use crate::system::{Shown, SystemError};

/// The prefix of all routes.
const BASE: &str = "/api/ros/v1/";

/// A route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    /// `POST tokens/inspect`
    Inspect,
    /// `POST tokens/revoke`
    Revoke,
    /// `POST permissions/why`
    Why,
    /// `DELETE realms?realm=…`
    RemoveRealm,
    /// `GET users`
    Users,
    /// `POST users`
    AddUser,
    /// `POST users/import`
    ImportUser,
    /// `GET users/<who>`
    User(&'a str),
    /// `PATCH users/<who>`
    ChangeUser(&'a str),
    /// `DELETE users/<who>`
    RemoveUser(&'a str),
}

impl<'a> Route<'a> {
    /// The route of a method and a path; `None` if there is none.
    pub fn find(method: &Method, path: &'a str) -> Option<Route<'a>> {
        let segments: Vec<&str> = path.strip_prefix(BASE)?.splitn(4, '/').collect();
        match (method.as_str(), segments.as_slice()) {
            ("POST", ["tokens", "inspect"]) => Some(Route::Inspect),
            ("POST", ["tokens", "revoke"]) => Some(Route::Revoke),
            ("POST", ["permissions", "why"]) => Some(Route::Why),
            ("DELETE", ["realms"]) => Some(Route::RemoveRealm),
            ("GET", ["users"]) => Some(Route::Users),
            ("POST", ["users"]) => Some(Route::AddUser),
            ("POST", ["users", "import"]) => Some(Route::ImportUser),
            ("GET", ["users", who]) => Some(Route::User(who)),
            ("PATCH", ["users", who]) => Some(Route::ChangeUser(who)),
            ("DELETE", ["users", who]) => Some(Route::RemoveUser(who)),
            _ => None,
        }
    }
}

/// Lets an administrator in.
pub async fn admit(http: &Http, peer: IpAddr, head: &Parts) -> Result<By, Failure> {
    let administrator = administrator(http, peer, head).await?;
    Ok(By {
        administrator,
        peer,
    })
}

/// Answers a request to one of the routes.
pub async fn answer(
    http: &Http,
    by: &By,
    route: Route<'_>,
    head: &Parts,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    match route {
        Route::Inspect => tokens::inspect(http, body).await,
        Route::Why => permissions::why(http, body).await,
        Route::Revoke => tokens::revoke(http, by, body).await,
        Route::RemoveRealm => realms::remove(http, by, head).await,
        Route::Users => users::list(http, head).await,
        Route::AddUser => users::add(http, by, body).await,
        Route::ImportUser => imported::import(http, by, head, body).await,
        Route::User(who) => users::show(http, head, who).await,
        Route::ChangeUser(who) => users::change(http, by, head, who, body).await,
        Route::RemoveUser(who) => users::remove(http, by, head, who).await,
    }
}

/// The administrator who asks, and from where.
pub struct By {
    administrator: UserId,
    peer: IpAddr,
}

impl By {
    /// An entry of what is done.
    fn entry(&self, act: Act) -> Entry {
        Entry::of(act).by(&self.administrator).from(self.peer)
    }
}

/// Who asks, if it is an administrator.
async fn administrator(http: &Http, peer: IpAddr, head: &Parts) -> Result<UserId, Failure> {
    let entry = Entry::of(Act::Administer).detail(head.uri.path());
    let entry = entry.from(peer);
    match person(http, head).await {
        Ok(Shown { admin: true, user }) => Ok(user),
        Ok(Shown { admin: false, user }) => {
            let refused = Failure::from(SystemError::NotAdmin);
            entry.by(user).refused(&refused);
            Err(refused)
        }
        Err(refused) => {
            entry.refused(&refused);
            Err(refused)
        }
    }
}

async fn person(http: &Http, head: &Parts) -> Result<Shown, Failure> {
    let (token, now) = (request::bearer(head)?, http.surroundings.now());
    http.call(move |system| system.person(&token, now)).await
}
