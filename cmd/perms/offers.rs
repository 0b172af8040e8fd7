//! Offers: whoever has the token may take the rights.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use ros::changeset::Key;
use ros::client::RealmAddress;
use ros::client::permissions::{Ask, Row};
use ros::ident::UnixTime;
use serde_json::json;

use super::ask::{Desk, refused};
use super::rights::Rights;
use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::{self, Format, Rows};
use crate::reach::{Reach, failed, secret_of};

/// Make an offer of rights on a Realm, and print its token; whoever has it may take them
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros perms offer /bob/notes --read --expires 7d > offer.token\n  ros perms offer my-app/notes --read --write -o json"
)]
pub struct Offer {
    /// The Realm: a path (/alice/notes) or a partition of an app (my-app/notes)
    #[arg(value_name = "REALM")]
    realm: String,
    #[command(flatten)]
    rights: Rights,
    /// How long it holds: 90s, 10m, 12h, 7d [default: until it is withdrawn]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    expires: Option<std::time::Duration>,
    /// The form of the result
    #[arg(short, long, value_parser = ["plain", "json"], default_value = "plain")]
    output: String,
    #[command(flatten)]
    reach: Reach,
}

/// Take the rights of an offer
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros perms accept offer.token --token-file alice.token\n  ros perms offer /bob/notes --read | ros perms accept --token-file alice.token"
)]
pub struct Accept {
    /// A file that holds the offer's token; - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// The app, for a user that signs in with a password
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// The form of the result
    #[arg(short, long, value_parser = ["plain", "json"], default_value = "plain")]
    output: String,
    #[command(flatten)]
    reach: Reach,
}

/// List your offers
#[derive(clap::Args)]
#[command(before_long_help = "Examples:\n  ros perms offers\n  ros perms offers --tokens -o json")]
pub struct Offers {
    /// Show their tokens, too
    #[arg(long)]
    tokens: bool,
    /// The app, for a user that signs in with a password
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

impl Offer {
    /// Does it.
    pub async fn run(&self) -> Result<(), Failure> {
        if self.rights.is_empty() {
            return Err(Failure::new(Exit::Usage, "nothing is offered")
                .hint("name rights: --read, --write, --manage"));
        }
        let address = open::address(&self.realm)?;
        let desk = Desk::open(&self.reach, &address).await?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let end = self.expires.map(|time| (now + time).as_secs());
        let ask = Ask::Offer {
            realm: desk.name(&address)?,
            flags: self.rights.flags(true, Some(false)),
            expires: end.map(|end| i64::try_from(end).unwrap_or(i64::MAX)),
        };
        let told = desk.ask(&[ask]).await?.remove(0);
        desk.close().await;
        if let Some(failure) = refused(&format!("cannot offer {address}"), &told) {
            return Err(failure);
        }
        let token = told.token.unwrap_or_default();
        match self.output.as_str() {
            "json" => output::print_json(&json!({
                "token": token, "realm": told.realm, "expiresAt": end.map(|end| UnixTime(end).rfc3339()),
            })),
            _ => output::print(&format!("{token}\n")),
        }
    }
}

impl Accept {
    /// Does it.
    pub async fn run(&self) -> Result<(), Failure> {
        let token = secret_of(&self.file)?.reveal().to_owned();
        let desk = Desk::open(&self.reach, &place(self.app.as_deref())?).await?;
        let told = desk.ask(&[Ask::Accept { token }]).await?.remove(0);
        desk.close().await;
        if let Some(failure) = refused("cannot accept the offer", &told) {
            return Err(failure);
        }
        let realm = told.realm.unwrap_or_default();
        match self.output.as_str() {
            "json" => output::print_json(&json!({ "realm": realm })),
            _ => output::print(&format!("{realm}\n")),
        }
    }
}

impl Offers {
    /// Does it.
    pub async fn run(&self) -> Result<(), Failure> {
        let desk = Desk::open(&self.reach, &place(self.app.as_deref())?).await?;
        let realm = desk.management().realm();
        let what = "cannot read the offers";
        self.reach.within(what, realm.wait_for_download()).await?;
        let offers = desk.management().offers();
        let offers = offers.map_err(|error| failed(what, &error))?;
        desk.close().await;
        let documents: Vec<_> = offers.iter().map(|row| self.document(row)).collect();
        match self.output {
            Format::Json => output::print_json(&documents),
            Format::Ndjson => documents
                .iter()
                .try_for_each(|document| output::print(&format!("{document}\n"))),
            Format::Table | Format::Plain | Format::Csv => {
                let names = ["id", "realm", "rights", "expiresAt", "statusCode", "token"];
                let names = &names[..names.len() - usize::from(!self.tokens)];
                let mut rows = Rows::new(names.iter().copied());
                for document in &documents {
                    let text = |name: &&str| match &document[*name] {
                        serde_json::Value::String(text) => text.clone(),
                        serde_json::Value::Null => String::new(),
                        other => other.to_string(),
                    };
                    rows.push(names.iter().map(text).collect());
                }
                output::print(&rows.text(self.output))
            }
        }
    }

    fn document(&self, row: &Row) -> serde_json::Value {
        let words = [
            ("mayRead", "read"),
            ("mayWrite", "write"),
            ("mayManage", "manage"),
        ];
        let rights: Vec<&str> = words
            .iter()
            .filter(|(name, _)| row.flag(name))
            .map(|(_, word)| *word)
            .collect();
        let id = match &row.key {
            Key::String(text) => text.to_lossy(),
            other => format!("{other:?}"),
        };
        let end = row
            .date("expiresAt")
            .and_then(|end| u64::try_from(end).ok());
        let mut document = json!({
            "id": id, "realm": row.text("realmUrl"), "rights": rights.join(" "),
            "expiresAt": end.map(|end| UnixTime(end).rfc3339()), "statusCode": row.int("statusCode"),
        });
        if self.tokens {
            document["token"] = row.text("token").into();
        }
        document
    }
}

/// A Realm of the app, for whoever signs in there; else any path.
fn place(app: Option<&str>) -> Result<RealmAddress, Failure> {
    match app {
        Some(app) => open::address(&format!("{app}/x")),
        None => Ok(RealmAddress::Path("/~".into())),
    }
}
