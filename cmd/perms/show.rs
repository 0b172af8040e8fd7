//! Rows of permissions, as whoever asks may see them.

use std::collections::BTreeMap;

use ros::client::permissions::{Namespace, Row, rows};
use ros::client::{Place, RealmAddress, User};
use serde_json::json;

use super::ask::{namespace, options};
use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::{self, Format, Rows};
use crate::reach::{Reach, failed};

/// List permissions: all of them for administrators, else your own, those on your Realms, and what everybody has
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros perms list\n  ros perms list --of 5d1c0e7a9b3f4c2286aa10f3b7e4d901\n  ros perms list --app my-app --user alice@example.com --password-file password.txt"
)]
pub struct List {
    /// Only those of this user; '*' for what everybody has
    #[arg(long, value_name = "ID")]
    of: Option<String>,
    /// The app, for a user that signs in with a password
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

/// Show the permissions on a Realm
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros perms show /alice/notes\n  ros perms show my-app/notes -o json"
)]
pub struct Show {
    /// The Realm: a path (/alice/notes) or a partition of an app (my-app/notes)
    #[arg(value_name = "REALM")]
    realm: String,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

impl List {
    /// Does it.
    pub async fn run(&self) -> Result<(), Failure> {
        let address = match &self.app {
            Some(app) => open::address(&format!("{app}/x"))?,
            None => RealmAddress::Path("/~".into()),
        };
        let seen = seen(&self.reach, &address).await?;
        let of = |line: &&Line| self.of.as_ref().is_none_or(|of| line.user == *of);
        print(seen.lines.values().filter(of), self.output)
    }
}

impl Show {
    /// Does it.
    pub async fn run(&self) -> Result<(), Failure> {
        let address = open::address(&self.realm)?;
        let seen = seen(&self.reach, &address).await?;
        let name = open::listed_name(&address).or_else(|| seen.at_home(&address));
        let name = name.unwrap_or_else(|| address.to_string());
        let on = seen.lines.values().filter(|line| line.realm == name);
        let on: Vec<&Line> = on.collect();
        if on.is_empty() {
            return Err(Failure::new(Exit::NotFound, format!("no permissions on {name}"))
                .hint("ros perms list shows all that you may see; ros perms why USER REALM says what follows from other things"));
        }
        print(on.into_iter(), self.output)
    }
}

/// A row, for people.
struct Line {
    realm: String,
    user: String,
    rights: [bool; 3],
    updated: Option<i64>,
}

/// What whoever asks may see.
struct Seen {
    /// By Realm and user.
    lines: BTreeMap<(String, String), Line>,
    /// Who asks, if it is no administrator.
    user: Option<String>,
}

impl Seen {
    /// The name of a Realm that is named by the home of whoever asks.
    fn at_home(&self, address: &RealmAddress) -> Option<String> {
        let user = self.user.as_ref()?;
        let text = address.to_string();
        let rest = text.strip_prefix("/~")?;
        Some(format!("/{user}{rest}"))
    }
}

async fn seen(reach: &Reach, address: &RealmAddress) -> Result<Seen, Failure> {
    let user = reach.sign_in(Some(address)).await?;
    let mut lines = BTreeMap::new();
    let all: RealmAddress = RealmAddress::Path("/__admin".into());
    if reach.is_administrator().await?
        && let Ok(found) = shown(reach, &user, &all, &Namespace::Classic).await
    {
        lines.extend(found);
        return Ok(Seen { lines, user: None });
    }
    let namespace = namespace(&user, address);
    for realm in [namespace.permissions(), namespace.defaults()] {
        lines.extend(shown(reach, &user, &realm, &namespace).await?);
    }
    // The Realm that shows them is one that its user may read.
    let own = lines
        .values()
        .find(|line| line.realm == format!("/{}/__permission", line.user));
    let user = own.map(|line| line.user.clone());
    Ok(Seen { lines, user })
}

/// The rows that a Realm shows.
async fn shown(
    reach: &Reach,
    user: &User,
    address: &RealmAddress,
    namespace: &Namespace,
) -> Result<Vec<((String, String), Line)>, Failure> {
    let what = format!("cannot open {address}");
    let opened = user.open(address, Place::Memory, options(reach)).await;
    let realm = opened.map_err(|error| failed(&what, &error))?;
    reach.within(&what, realm.wait_for_connection()).await?;
    reach.within(&what, realm.wait_for_download()).await?;
    let found = rows(&realm, "Permission").map_err(|error| failed(&what, &error))?;
    realm.close().await;
    let lines = found.iter().map(|row| {
        let line = line(row, namespace);
        ((line.realm.clone(), line.user.clone()), line)
    });
    Ok(lines.collect())
}

fn line(row: &Row, namespace: &Namespace) -> Line {
    let path = row.text("path").unwrap_or_default();
    Line {
        realm: match namespace {
            Namespace::App(app, _) => format!("{app}/{path}"),
            Namespace::Classic => path,
        },
        user: row.text("userId").unwrap_or_default(),
        rights: ["mayRead", "mayWrite", "mayManage"].map(|name| row.flag(name)),
        updated: row.date("updatedAt"),
    }
}

fn print<'a>(lines: impl Iterator<Item = &'a Line>, format: Format) -> Result<(), Failure> {
    let time = |line: &Line| {
        let seconds = u64::try_from(line.updated?).ok()?;
        Some(ros::ident::UnixTime(seconds).rfc3339())
    };
    let document = |line: &Line| {
        let [read, write, manage] = line.rights;
        json!({
            "realm": line.realm, "user": line.user, "mayRead": read, "mayWrite": write, "mayManage": manage,
            "updatedAt": time(line),
        })
    };
    match format {
        Format::Json => output::print_json(&lines.map(document).collect::<Vec<_>>()),
        Format::Ndjson => lines
            .map(document)
            .try_for_each(|document| output::print(&format!("{document}\n"))),
        Format::Table | Format::Plain | Format::Csv => {
            let mut rows = Rows::new(["realm", "user", "rights", "updated"]);
            for line in lines {
                let words = ["read", "write", "manage"].iter().zip(line.rights);
                let rights: Vec<&str> = words
                    .filter(|(_, has)| *has)
                    .map(|(word, _)| *word)
                    .collect();
                let updated = time(line).unwrap_or_default();
                rows.push(vec![
                    line.realm.clone(),
                    line.user.clone(),
                    rights.join(" "),
                    updated,
                ]);
            }
            output::print(&rows.text(format))
        }
    }
}
