//! `ros backup`, `ros verify`, `ros restore`: copies of a whole data folder.

mod follow;
mod report;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ros::backup::{self, Item, Options, Pace, Restored, Verified};
use ros::storage;
use serde::Deserialize;

use crate::failure::{Exit, Failure};
use crate::output::Format;
use follow::followed;
use report::{damaged, failed};

/// Copy the data folder of a running or stopped server
///
/// The server goes on; each Realm in the copy is as it was at one moment after the command began, and holds everything that was acknowledged before. The copy has the
/// layout of the source, so that `ros serve --root TARGET` starts from it, and a manifest with a checksum for each file. TARGET must not be there, or be an empty
/// folder. What was not finished does not look like a backup. The command gives way to a server that runs: it works in small portions, with a rest after each as long as the work was, and a low
/// priority. With --full-speed it does not.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros backup /var/lib/realm/object-server /backup/tonight\n  ros backup ros-data \"backup-$(date +%F)\" -o ndjson\n  realm-backup /var/lib/realm/object-server /backup/tonight"
)]
pub struct Backup {
    /// The data folder (storage.root_path)
    source: PathBuf,
    /// Where the copy goes: a path where nothing is, or an empty folder
    target: PathBuf,
    /// Copy keys that lie outside of the data folder, too, into TARGET/keys
    #[arg(long)]
    with_keys: bool,
    #[command(flatten)]
    work: Work,
}

/// Check that a backup is what it was when it was made
///
/// Reads every byte and compares it with the manifest. Exit code 9 if anything has changed, is missing or does not belong there.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros verify /backup/tonight\n  ros verify /backup/tonight -o json | jq .problems"
)]
pub struct Verify {
    /// The backup
    backup: PathBuf,
    #[command(flatten)]
    work: Work,
}

/// Make a data folder of a backup
///
/// Verifies the backup first. ROOT must not be there, or be an empty folder; it is there as a whole at the end, or not at all. Devices that know more than the
/// backup holds are told to reset when they come: with recovery they keep their own changes, and what others had uploaded since is lost.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros restore /backup/tonight /var/lib/realm/object-server\n  ros restore --dry-run /backup/tonight /var/lib/realm/object-server\n  ros restore --rehearse /backup/tonight /var/tmp/rehearsal"
)]
pub struct Restore {
    /// The backup
    backup: PathBuf,
    /// The data folder to make: a path where nothing is, or an empty folder
    root: PathBuf,
    /// Verify the backup and say what would be done, and do nothing
    #[arg(long, conflicts_with = "rehearse")]
    dry_run: bool,
    /// Restore into ROOT, read every row of every Realm there, and take it away again
    #[arg(long)]
    rehearse: bool,
    #[command(flatten)]
    work: Work,
}

/// How the work is done, and what is printed.
#[derive(clap::Args)]
struct Work {
    /// Files worked on at the same time
    #[arg(long, value_name = "N", default_value = "2")]
    jobs: NonZeroUsize,
    /// Do not give way to a server on this machine
    #[arg(long)]
    full_speed: bool,
    /// The form of the result; ndjson prints a line for each file when it is done
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

impl Work {
    /// Half of the time belongs to the server that works beside it, unless somebody is in a hurry.
    fn pace(&self) -> Pace {
        match self.full_speed {
            true => Pace::Full,
            false => Pace::Gentle,
        }
    }
}

/// Runs `ros backup`.
pub fn backup(arguments: Backup) -> Result<(), Failure> {
    let Backup {
        source,
        target,
        with_keys,
        work,
    } = arguments;
    let options = Options {
        begun: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        threads: work.jobs.get(),
        keys: keys_of(&source)?,
        with_keys,
    };
    let begun = options.begun.clone();
    let (from, to) = (source.clone(), target.clone());
    let pace = match storage::is_held(&source) {
        Ok(false) => Pace::Full, // nobody is there to give way to
        Ok(true) | Err(_) => work.pace(),
    };
    let made = followed(work.output, pace, move |watch| {
        backup::backup(&from, &to, &options, watch)
    })
    .map_err(|error| failed("cannot back up", &source, error))?;
    report::made(work.output, &begun, &target, &made)?;
    let damaged: Vec<&Item> = made
        .items
        .iter()
        .filter(|item| item.damage.is_some())
        .collect();
    if damaged.is_empty() {
        return Ok(());
    }
    if matches!(work.output, Format::Json) {
        return Err(Failure::shown(Exit::Partly));
    }
    let failure = Failure::new(
        Exit::Partly,
        format!(
            "{} files were damaged before they were copied",
            damaged.len()
        ),
    );
    let failure = damaged.iter().fold(failure, |failure, item| {
        failure.cause(format!(
            "{}: {}",
            item.path,
            item.damage.as_deref().unwrap_or_default()
        ))
    });
    Err(failure
        .hint("the backup holds them as they are; bring these Realms back from an older one"))
}

/// Runs `ros verify`.
pub fn verify(arguments: Verify) -> Result<(), Failure> {
    let Verify { backup, work } = arguments;
    let verified = checked(&backup, &work)?;
    report::verified(work.output, &backup, &verified)?;
    match (verified.is_whole(), work.output) {
        (true, _) => Ok(()),
        (false, Format::Json) => Err(Failure::shown(Exit::Damaged)),
        (false, _) => Err(damaged(&backup, &verified)),
    }
}

/// Runs `ros restore`.
pub fn restore(arguments: Restore) -> Result<(), Failure> {
    let Restore {
        backup,
        root,
        dry_run,
        rehearse,
        work,
    } = arguments;
    if dry_run {
        let verified = checked(&backup, &work)?;
        if !verified.is_whole() {
            return Err(damaged(&backup, &verified));
        }
        backup::may_restore(&root).map_err(|error| failed("cannot restore", &backup, error))?;
        return report::restored(
            work.output,
            "would be made",
            &root,
            verified.head.as_ref(),
            &verified.items,
        );
    }
    let (from, to, threads) = (backup.clone(), root.clone(), work.jobs.get());
    // Who brings a data folder back is waited for.
    let pace = if rehearse { work.pace() } else { Pace::Full };
    let restored = followed(work.output, pace, move |watch| match rehearse {
        true => backup::rehearse(&from, &to, threads, watch),
        false => backup::restore(&from, &to, threads, watch),
    });
    let Restored { head, items } =
        restored.map_err(|error| failed("cannot restore", &backup, error))?;
    let what = if rehearse {
        "rehearsed, nothing left"
    } else {
        "made"
    };
    report::restored(work.output, what, &root, Some(&head), &items)
}

fn checked(backup: &Path, work: &Work) -> Result<Verified, Failure> {
    let (folder, threads) = (backup.to_owned(), work.jobs.get());
    followed(work.output, work.pace(), move |watch| {
        backup::verify(&folder, threads, watch)
    })
    .map_err(|error| failed("cannot verify", backup, error))
}

/// Keys that the server signs with, as it said when it started.
fn keys_of(source: &Path) -> Result<Vec<PathBuf>, Failure> {
    #[derive(Deserialize)]
    struct Note {
        #[serde(default)]
        keys: Vec<PathBuf>,
    }
    let note =
        storage::note_of(source).map_err(|error| failed("cannot back up", source, error.into()))?;
    // Of an older or newer server: it says nothing of keys.
    Ok(serde_json::from_str(&note).map_or_else(|_| Vec::new(), |note: Note| note.keys))
}
