//! Opening a Realm for a command: signed in, downloaded, with progress on a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ros::client::{Options, Place, Realm, RealmAddress};

use crate::failure::{Exit, Failure};
use crate::reach::{Reach, failed};

/// The address in the words of the user.
pub fn address(text: &str) -> Result<RealmAddress, Failure> {
    text.parse::<RealmAddress>().map_err(|error| {
        Failure::new(Exit::Usage, error.to_string())
            .hint("ros browse /alice/notes, ros browse my-app/notes")
    })
}

/// A copy in memory of everything that the server has of a Realm.
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
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(text);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos:>8} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
