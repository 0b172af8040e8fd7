//! Who may do what: asked for in Management Realms, as rows and as a whole server answers them.

mod attacks;
mod crash;
mod haste;
mod homes;
mod live;
mod management;
mod matrix;
mod mirrors;
mod people;
mod recipes;
mod reference;
mod removal;
mod settings;

use ros::client::permissions::{Ask, Flags, Grantee, Management, Namespace, Told};
use ros::client::{Credentials, Options, Place, Realm, RealmAddress, User};
use ros::secret::Secret;

use crate::serve::signed;
use crate::support::patience::PATIENCE;
use crate::support::server::Server;

/// Somebody on virtual paths that the server knows, signed in by a token.
pub async fn classic(server: &Server, id: &str) -> User {
    let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    let sql = "INSERT OR IGNORE INTO users (id, app, created) VALUES (?1, 'classic', 0)";
    database.execute(sql, [id]).unwrap();
    stranger(server, id).await
}

/// Somebody who has a token, and whom the server does not know.
pub async fn stranger(server: &Server, id: &str) -> User {
    holder(
        server,
        &signed(server, &format!(r#"{{"identity":"{id}"}}"#)),
    )
    .await
}

/// The holder of the administrator's token.
pub async fn admin(server: &Server) -> User {
    holder(server, &server.admin_token()).await
}

async fn holder(server: &Server, token: &str) -> User {
    let token = Credentials::Token(Secret::new(token));
    let there = ros::client::Server::at(&server.url()).unwrap();
    there.sign_in(&token).await.unwrap()
}

/// A new anonymous user of an app, and where its permissions are.
pub async fn anybody(server: &Server, app: &str) -> (User, Namespace) {
    let there = ros::client::Server::at(&server.url()).unwrap();
    let credentials = Credentials::Anonymous { app: app.into() };
    let user = there.sign_in(&credentials).await.unwrap();
    let id = user.id().unwrap().to_owned();
    (
        user,
        Namespace::App(ros::ident::AppId::parse(app).unwrap(), id),
    )
}

pub async fn open(user: &User, realm: &str) -> Realm {
    let address: RealmAddress = realm.parse().unwrap();
    user.open(&address, Place::Memory, Options::default())
        .await
        .unwrap()
}

/// Opens a Realm, so that it is there.
pub async fn made(user: &User, realm: &str) -> Realm {
    let realm = open(user, realm).await;
    realm.wait_for_download().await.unwrap();
    realm
}

pub async fn management(user: &User) -> Management {
    let opened = Management::open(user, Namespace::Classic, Options::default());
    opened.await.unwrap()
}

/// `rw-`: what is set, what is taken away, and `.` for what stays.
pub fn flags(text: &str) -> Flags {
    let flag = |at: usize| match text.as_bytes()[at] {
        b'.' => None,
        letter => Some(letter != b'-'),
    };
    Flags {
        read: flag(0),
        write: flag(1),
        manage: flag(2),
    }
}

pub fn change(user: &str, realm: &str, text: &str) -> Ask {
    Ask::Change {
        grantee: Grantee::User(user.into()),
        realm: realm.into(),
        flags: flags(text),
    }
}

/// One request, answered.
pub async fn ask(management: &Management, ask: Ask) -> Told {
    management.ask(&[ask]).await.unwrap().remove(0)
}
