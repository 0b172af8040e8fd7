//! Who keeps the server busy, each at a moderate pace.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use ros::changeset::Key;
use ros::client::{
    ClientError, Credentials, Options, Place, Realm, Server, User, WriteError, field,
};
use ros::ident::FileIdent;

use crate::client::write_fitting;
use crate::support::edits::{self, Scope, Shape};

/// How long acknowledgements took since somebody last looked.
pub type Times = Arc<Mutex<Vec<Duration>>>;

/// What a task of the load fails with.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The URL of the server, what was measured, and when to end.
#[derive(Clone)]
pub struct Load {
    pub url: String,
    pub times: Times,
    pub end: Instant,
}

impl Load {
    async fn user(&self) -> Result<User, ClientError> {
        let app = "app".to_owned();
        let there = Server::at(&self.url)?;
        there.sign_in(&Credentials::Anonymous { app }).await
    }

    /// So many users sign in, several at a time, and do nothing.
    pub async fn sign_in(&self, users: usize) -> Result<(), ClientError> {
        const AT_A_TIME: usize = 8;
        let each = |load: Load| async move {
            for _ in 0..users / AT_A_TIME {
                load.user().await?;
            }
            Ok::<(), ClientError>(())
        };
        let tasks = [(); AT_A_TIME].map(|()| tokio::spawn(each(self.clone())));
        for task in tasks {
            task.await.unwrap()?;
        }
        Ok(())
    }

    /// A copy in memory of a partition.
    pub async fn open(&self, partition: &str) -> Result<Realm, ClientError> {
        let address = format!("app/{partition}")
            .parse()
            .expect("a name of a Realm");
        let user = self.user().await?;
        user.open(&address, Place::Memory, Options::default()).await
    }

    async fn acknowledged(&self, realm: &Realm) -> Result<(), ClientError> {
        let since = Instant::now();
        realm.wait_for_upload().await?;
        self.times.lock().unwrap().push(since.elapsed());
        Ok(())
    }

    /// Edits of every kind on few objects that others edit too; now and then the network is lost, or left for a while.
    pub async fn editor(
        self,
        partition: String,
        seed: u64,
        pause: Duration,
    ) -> Result<(), Failure> {
        let mut random = StdRng::seed_from_u64(seed);
        let realm = self.open(&partition).await?;
        realm.wait_for_download().await?;
        while Instant::now() < self.end {
            edit(&realm, &mut random)?;
            if random.random_bool(0.02) {
                realm.lose_connection();
            }
            if random.random_bool(0.02) {
                realm.set_online(false);
                (0..5).try_for_each(|_| edit(&realm, &mut random))?;
                tokio::time::sleep(pause * 4).await;
                realm.set_online(true);
            }
            self.acknowledged(&realm).await?;
            tokio::time::sleep(pause).await;
        }
        realm.close().await;
        Ok(())
    }

    /// New objects, of which the oldest go.
    pub async fn writer(
        self,
        partition: String,
        first: i64,
        pause: Duration,
    ) -> Result<(), Failure> {
        let realm = self.open(&partition).await?;
        for number in first.. {
            if Instant::now() > self.end {
                break;
            }
            let key = Key::Int(number);
            realm.write(|edit| -> Result<(), WriteError> {
                crate::client::schema(edit)?;
                edit.create("Note", key.clone())?;
                let text = format!("number {number}, {}", "some text ".repeat(20));
                edit.set(
                    field("Note", &key, "text"),
                    ros::changeset::Value::String((&*text).into()),
                )?;
                edit.delete("Note", Key::Int(number - 300))
            })?;
            self.acknowledged(&realm).await?;
            tokio::time::sleep(pause).await;
        }
        realm.close().await;
        Ok(())
    }

    /// New devices of new users that take a whole Realm, change something and go.
    pub async fn visitor(self, realms: u64, seed: u64, pause: Duration) -> Result<(), Failure> {
        let mut random = StdRng::seed_from_u64(seed);
        while Instant::now() < self.end {
            let realm = self
                .open(&format!("visited-{}", random.random_range(0..realms)))
                .await?;
            realm.wait_for_download().await?;
            edit(&realm, &mut random)?;
            self.acknowledged(&realm).await?;
            realm.close().await;
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }
}

/// A transaction of a device of any kind; the first one of a Realm makes its classes.
fn edit(realm: &Realm, random: &mut StdRng) -> Result<(), Failure> {
    let scope = Scope {
        embedded_entries: false,
        erase_schema: false,
        maker: match realm.progress().file {
            FileIdent(0) => 1,
            FileIdent(file) => file,
        },
        ..Scope::ALL
    };
    let made = write_fitting(realm, |model| match model.classes.is_empty() {
        true => Shape::of(1).beginning(model),
        false => edits::transaction(random, model, scope, 5),
    });
    Ok(made?)
}
