//! Granting and revoking, one by one or whole lists.

use std::path::{Path, PathBuf};

use ros::client::RealmAddress;
use ros::client::permissions::{Ask, Flags, Told};
use serde_json::json;

use super::ask::{Desk, grantee, refused};
use super::lines;
use super::rights::Rights;
use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::{self, Format, Rows};
use crate::reach::{Reach, text_of};

/// Give somebody rights on a Realm; flags that are not named stay as they are
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros perms grant alice@example.com /bob/notes --read --write\n  ros perms grant '*' /shared/wall --read\n  ros perms grant 5d1c0e7a9b3f4c2286aa10f3b7e4d901 my-app/notes --read\n  ros perms grant --file grants.csv --dry-run\n\nA list is CSV with the heading who,realm,read,write,manage or lines of JSON with these members; true gives, false takes away, nothing leaves as it is."
)]
pub struct Grant {
    /// An id, a name with an @ by which a user signs in, key=value of metadata, or '*' for everybody
    #[arg(value_name = "WHO", required_unless_present = "file")]
    who: Option<String>,
    /// The Realm: a path (/alice/notes), a partition of an app (my-app/notes), or '*' for all that you own
    #[arg(value_name = "REALM", required_unless_present = "file")]
    realm: Option<String>,
    #[command(flatten)]
    rights: Rights,
    /// A list of grants; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["who", "realm", "read", "write", "manage"])]
    file: Option<PathBuf>,
    /// Say what would be asked for, and ask for nothing
    #[arg(long)]
    dry_run: bool,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

/// Take rights away from somebody; all of them if none is named
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros perms revoke alice@example.com /bob/notes\n  ros perms revoke '*' /shared/wall --write"
)]
pub struct Revoke {
    /// An id, a name with an @ by which a user signs in, key=value of metadata, or '*' for everybody
    #[arg(value_name = "WHO")]
    who: String,
    /// The Realm: a path (/alice/notes), a partition of an app (my-app/notes), or '*' for all that you own
    #[arg(value_name = "REALM")]
    realm: String,
    #[command(flatten)]
    rights: Rights,
    /// Say what would be asked for, and ask for nothing
    #[arg(long)]
    dry_run: bool,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

/// One change that is asked for.
struct Wanted {
    /// Its line in a list; 1 if there is none.
    line: usize,
    who: String,
    /// The Realm; nothing for all that whoever asks owns.
    realm: Option<RealmAddress>,
    flags: Flags,
}

/// What became of a line.
struct Outcome {
    line: usize,
    who: String,
    realm: String,
    code: Option<i64>,
    message: String,
}

/// Changes that are asked for in one transaction.
const AT_ONCE: usize = 100;

impl Grant {
    /// Does it.
    pub async fn run(&self) -> Result<(), Failure> {
        if let Some(file) = &self.file {
            return self.list(file).await;
        }
        if self.rights.is_empty() {
            return Err(Failure::new(Exit::Usage, "nothing is granted")
                .hint("name rights: --read, --write, --manage"));
        }
        let flags = self.rights.flags(true, None);
        let who = self.who.as_deref().unwrap_or_default();
        let wanted = wanted(1, who, self.realm.as_deref().unwrap_or_default(), flags)?;
        one(wanted, self.dry_run, self.output, &self.reach).await
    }

    async fn list(&self, file: &Path) -> Result<(), Failure> {
        let text = text_of(file)?;
        let mut outcomes = Vec::new();
        let mut all = Vec::new();
        for (number, line) in lines::parse(&text) {
            let parsed = line.and_then(|line| {
                let parsed = wanted(number, &line.who, &line.realm, line.flags());
                parsed.map_err(|failure| failure.line())
            });
            match parsed {
                Ok(wanted) => all.push(wanted),
                Err(message) => outcomes.push(Outcome {
                    line: number,
                    who: String::new(),
                    realm: String::new(),
                    code: None,
                    message,
                }),
            }
        }
        if self.dry_run {
            outcomes.extend(all.into_iter().map(|wanted| outcome(wanted, None)));
        } else {
            // One connection for each app whose users ask in its own Management Realm; an administrator has one for all.
            let bar = output::lines_bar("grants", all.len());
            while let Some(first) = all.first() {
                let like = first.realm.clone();
                let (now, later): (Vec<_>, Vec<_>) = all
                    .into_iter()
                    .partition(|wanted| self.reach.has_token() || app(&wanted.realm) == app(&like));
                all = later;
                let asked = self.asked(now, like.as_ref(), &bar, &mut outcomes);
                if let Err(failure) = asked.await {
                    // Nothing more can be done; what was done is said.
                    bar.finish_and_clear();
                    return Err(left_off(outcomes, self.output, failure));
                }
            }
            bar.finish_and_clear();
        }
        report(&mut outcomes, self.output, self.dry_run)
    }

    async fn asked(
        &self,
        wanted: Vec<Wanted>,
        like: Option<&RealmAddress>,
        bar: &indicatif::ProgressBar,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Failure> {
        let any = RealmAddress::Path("/~".into());
        let desk = Desk::open(&self.reach, like.unwrap_or(&any)).await?;
        let mut wanted = wanted.into_iter().peekable();
        while wanted.peek().is_some() {
            let some: Vec<Wanted> = wanted.by_ref().take(AT_ONCE).collect();
            let asks: Vec<Ask> = some
                .iter()
                .map(|wanted| ask(&desk, wanted))
                .collect::<Result<_, _>>()?;
            let told = desk.ask(&asks).await?;
            bar.inc(some.len() as u64);
            outcomes.extend(
                some.into_iter()
                    .zip(&told)
                    .map(|(wanted, told)| outcome(wanted, Some(told))),
            );
        }
        desk.close().await;
        Ok(())
    }
}

impl Revoke {
    /// Does it.
    pub async fn run(&self) -> Result<(), Failure> {
        let others = self.rights.is_empty().then_some(false);
        let flags = self.rights.flags(false, others);
        let wanted = wanted(1, &self.who, &self.realm, flags)?;
        one(wanted, self.dry_run, self.output, &self.reach).await
    }
}

fn wanted(line: usize, who: &str, realm: &str, flags: Flags) -> Result<Wanted, Failure> {
    if who.is_empty() {
        return Err(Failure::new(Exit::Usage, "nobody is named"));
    }
    let realm = match realm {
        "*" => None,
        realm => Some(open::address(realm)?),
    };
    Ok(Wanted {
        line,
        who: who.to_owned(),
        realm,
        flags,
    })
}

fn app(realm: &Option<RealmAddress>) -> Option<String> {
    match realm {
        Some(RealmAddress::Partition { app, .. }) => Some(app.to_string()),
        Some(RealmAddress::Path(_)) | None => None,
    }
}

fn ask(desk: &Desk<'_>, wanted: &Wanted) -> Result<Ask, Failure> {
    let all = || Ok("*".to_owned());
    let realm = wanted.realm.as_ref();
    Ok(Ask::Change {
        grantee: grantee(&wanted.who),
        realm: realm.map_or_else(all, |realm| desk.name(realm))?,
        flags: wanted.flags,
    })
}

fn outcome(wanted: Wanted, told: Option<&Told>) -> Outcome {
    let flag = |name: &str, flag: Option<bool>| flag.map(|flag| format!("{name}={flag}"));
    let flags = [
        flag("read", wanted.flags.read),
        flag("write", wanted.flags.write),
        flag("manage", wanted.flags.manage),
    ];
    let would = || {
        format!(
            "would ask for {}",
            flags.into_iter().flatten().collect::<Vec<_>>().join(" ")
        )
    };
    Outcome {
        line: wanted.line,
        realm: wanted
            .realm
            .map_or_else(|| "*".to_owned(), |realm| realm.to_string()),
        who: wanted.who,
        code: told.map(|told| told.code),
        message: told.map_or_else(would, |told| told.message.clone().unwrap_or_default()),
    }
}

async fn one(wanted: Wanted, dry_run: bool, format: Format, reach: &Reach) -> Result<(), Failure> {
    if dry_run {
        return report(&mut [outcome(wanted, None)], format, true);
    }
    let any = RealmAddress::Path("/~".into());
    let desk = Desk::open(reach, wanted.realm.as_ref().unwrap_or(&any)).await?;
    let asks = [ask(&desk, &wanted)?];
    let told = desk.ask(&asks).await?.remove(0);
    desk.close().await;
    let realm = wanted
        .realm
        .as_ref()
        .map_or("*".to_owned(), ToString::to_string);
    let what = format!("cannot change the permissions of {} on {realm}", wanted.who);
    match refused(&what, &told) {
        Some(failure) => Err(failure),
        None => report(&mut [outcome(wanted, Some(&told))], format, false),
    }
}

/// Says what became of the lines before a failure, as far as anything did.
fn left_off(mut outcomes: Vec<Outcome>, format: Format, failure: Failure) -> Failure {
    if outcomes.iter().all(|outcome| outcome.code.is_none()) {
        return failure;
    }
    match report(&mut outcomes, format, false) {
        Err(unprinted) if !unprinted.is_shown() => unprinted,
        Ok(()) | Err(_) => failure.partly(),
    }
}

/// Says what became of each line, in their order, and fails if some did not work.
fn report(outcomes: &mut [Outcome], format: Format, dry_run: bool) -> Result<(), Failure> {
    outcomes.sort_by_key(|outcome| outcome.line);
    let is_done =
        |outcome: &&Outcome| outcome.code == Some(0) || (dry_run && !outcome.who.is_empty());
    let document = |outcome: &Outcome| {
        json!({
            "line": outcome.line, "who": outcome.who, "realm": outcome.realm,
            "statusCode": outcome.code, "message": outcome.message,
        })
    };
    match format {
        Format::Json => output::print_json(&outcomes.iter().map(document).collect::<Vec<_>>())?,
        Format::Ndjson => outcomes
            .iter()
            .try_for_each(|outcome| output::print(&format!("{}\n", document(outcome))))?,
        Format::Table | Format::Plain | Format::Csv => {
            let mut rows = Rows::new(["line", "who", "realm", "status", "message"]);
            for outcome in &*outcomes {
                let code = outcome.code.map_or("-".to_owned(), |code| code.to_string());
                let line = outcome.line.to_string();
                let (who, realm) = (outcome.who.clone(), outcome.realm.clone());
                rows.push(vec![line, who, realm, code, outcome.message.clone()]);
            }
            output::print(&rows.text(format))?;
        }
    }
    let done = outcomes.iter().filter(is_done).count();
    match outcomes.len() - done {
        0 => Ok(()),
        _ if done == 0 => Err(Failure::shown(Exit::Failed)),
        _ => Err(Failure::shown(Exit::Partly)),
    }
}
