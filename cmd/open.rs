//! Opening a Realm for a command: signed in, downloaded, with progress on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ros::access::{Endpoint, Reserved};
use ros::client::{Options, Place, Realm, RealmAddress};
use ros::ident::{RealmName, UserId};
use ros::system::realm_name;
use ros::{ejson, transfer};

use crate::failure::{Exit, Failure};
use crate::output;
use crate::reach::{Reach, failed};

/// The address in the words of the user.
pub fn address(text: &str) -> Result<RealmAddress, Failure> {
    text.parse::<RealmAddress>().map_err(|error| {
        Failure::new(Exit::Usage, error.to_string())
            .hint("ros browse /alice/notes, ros browse my-app/notes")
    })
}

/// A copy in memory of everything that the server has of a Realm that must be there. Who may see the list of Realms makes none by looking at it.
pub async fn existing(reach: &Reach, address: &RealmAddress) -> Result<Realm, Failure> {
    if let Some(name) = listed_name(address)
        && !Reserved::is_list(&RealmName::from_canonical(name.as_str()))
        && reach.is_administrator().await?
        && let Ok(listed) = listing(reach).await
        && !listed.iter().any(|listed| listed.name == name)
    {
        return Err(
            Failure::new(Exit::NotFound, format!("there is no Realm {address}"))
                .hint("ros realms list"),
        );
    }
    downloaded(reach, address).await
}

/// A Realm in the list.
pub struct Listed {
    /// Its canonical name: a virtual path, or app and partition.
    pub name: String,
    /// Whether it is a partition of an app.
    pub is_partition: bool,
    /// When it was made.
    pub created: Option<String>,
}

/// The list of Realms, which is a Realm for administrators.
pub async fn listing(reach: &Reach) -> Result<Vec<Listed>, Failure> {
    let realm = downloaded(reach, &RealmAddress::Path("/__admin".into())).await?;
    let listed = realm.look(|schema, cells| {
        let mut listed = Vec::new();
        for (class, is_partition) in [("RealmFile", false), ("Partition", true)] {
            let Some(class) = schema.class(&class.into()) else {
                continue;
            };
            transfer::objects(schema, cells, class, &mut |key, fields| {
                let object = ejson::object_to_json(class, key, fields, schema);
                listed.push(Listed {
                    name: object["path"].as_str().unwrap_or_default().to_owned(),
                    is_partition,
                    created: object["createdAt"]["$date"].as_str().map(str::to_owned),
                });
                true
            })?;
        }
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    });
    realm.close().await;
    listed.map_err(|error| failed("cannot read the list of Realms", &error))
}

/// The canonical name under which a Realm would be listed, where that does not depend on who asks.
pub fn listed_name(address: &RealmAddress) -> Option<String> {
    let (endpoint, text) = match address {
        RealmAddress::Path(path) => (Endpoint::Classic, path.clone()),
        RealmAddress::Partition { app, value } => (Endpoint::App(app.clone()), value.to_string()),
    };
    let nobody = UserId("".into()); // who has no home, so that `~` names nothing
    let name = realm_name(&endpoint, &nobody, text.as_bytes()).ok()?;
    Some(name.as_str().to_owned())
}

/// A copy in memory of everything that the server has of a Realm. It is made if it is not there.
pub async fn downloaded(reach: &Reach, address: &RealmAddress) -> Result<Realm, Failure> {
    let user = reach.sign_in(Some(address)).await?;
    let what = format!("cannot open {address}");
    let options = Options {
        timeout: reach.timeout(),
        ..Options::default()
    };
    let realm = user.open(address, Place::Memory, options).await;
    let realm = realm.map_err(|error| failed(&what, &error))?;
    reach.within(&what, realm.wait_for_connection()).await?;
    let bar = spinner(format!("downloading {address}"));
    let result = arrived(reach, &realm, &what).await;
    bar.finish_and_clear();
    result.map(|()| realm)
}

/// Waits for the download. The time allowed is for silence, not for the whole: a large Realm takes as long as it takes.
async fn arrived(reach: &Reach, realm: &Realm, what: &str) -> Result<(), Failure> {
    let download = realm.wait_for_download();
    tokio::pin!(download);
    let mut before = realm.progress().download;
    loop {
        match tokio::time::timeout(reach.timeout(), &mut download).await {
            Ok(result) => return result.map_err(|error| failed(what, &error)),
            Err(_) => {
                let now = realm.progress().download;
                if now == before {
                    return Err(match realm.trouble() {
                        Some(trouble) => failed(what, &trouble),
                        None => reach.too_late(what),
                    });
                }
                before = now;
            }
        }
    }
}

/// Something that turns on a terminal, and is not there otherwise.
pub fn spinner(text: String) -> ProgressBar {
    if !output::shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(text);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos:>8} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
