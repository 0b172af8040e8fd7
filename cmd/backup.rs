//! `ros backup`, `ros verify`, `ros restore`: copies of a whole data folder.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use indicatif::ProgressBar;
use ros::backup::{
    self, BackupError, Content, Head, Item, Made, Options, Restored, Verified, Watch,
};
use ros::storage::{self, StorageError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Rows};

/// Copy the data folder of a running or stopped server
///
/// The server goes on; each Realm in the copy is as it was at one moment after the command began, and holds everything that was acknowledged before. The copy has the
/// layout of the source, so that `ros serve --root TARGET` starts from it, and a manifest with a checksum for each file. TARGET must not be there, or be an empty
/// folder. What was not finished does not look like a backup. The command gives way to the server: it runs with a low priority.
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
    /// The form of the result; ndjson prints a line for each file when it is done
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
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
    let made = followed(work.output, move |watch| {
        backup::backup(&from, &to, &options, watch)
    })
    .map_err(|error| failed("cannot back up", &source, error))?;
    report_made(work.output, &begun, &target, &made)?;
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
    report_verified(work.output, &backup, &verified)?;
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
        return report_restored(
            work.output,
            "would be made",
            &root,
            verified.head.as_ref(),
            &verified.items,
        );
    }
    let (from, to, threads) = (backup.clone(), root.clone(), work.jobs.get());
    let restored = followed(work.output, move |watch| match rehearse {
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
    report_restored(work.output, what, &root, Some(&head), &items)
}

fn checked(backup: &Path, work: &Work) -> Result<Verified, Failure> {
    let (folder, threads) = (backup.to_owned(), work.jobs.get());
    followed(work.output, move |watch| {
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

/// Does work on other threads, shows its progress, and ends it early at Ctrl-C.
fn followed<T: Send + 'static>(
    format: Format,
    work: impl FnOnce(&Follower) -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    // A worse place in the line for the processor than the server has. Where that is refused, it goes without.
    let _ = rustix::process::nice(10);
    let follower = Arc::new(Follower::new(format));
    let end = follower.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|cause| BackupError::Io {
        path: PathBuf::new(),
        cause,
    })?;
    runtime.block_on(async {
        let mut work = tokio::task::spawn_blocking(move || work(&follower));
        let result = tokio::select! {
            result = &mut work => result,
            _ = tokio::signal::ctrl_c() => {
                end.stopped.store(true, Ordering::Relaxed);
                work.await
            }
        };
        end.bar.finish_and_clear();
        result.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    })
}

/// Shows what a copy does, and ends it when it is told to.
struct Follower {
    bar: ProgressBar,
    lines: bool,
    stopped: AtomicBool,
}

impl Follower {
    fn new(format: Format) -> Follower {
        let lines = matches!(format, Format::Ndjson);
        Follower {
            bar: output::bytes_bar(),
            lines,
            stopped: AtomicBool::new(false),
        }
    }
}

impl Watch for Follower {
    fn begin(&self, what: &'static str, bytes: u64) {
        self.bar.set_message(what);
        self.bar.set_length(bytes);
        self.bar.set_position(0);
    }

    fn more(&self, bytes: u64) {
        self.bar.inc_length(bytes);
    }

    fn moved(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn done(&self, item: &Item) {
        // A reader that has gone away ends the program; another failure will be met again by the report.
        if self.lines && output::print(&format!("{}\n", json!(item))).is_err() {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    fn go_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }
}

/// Realms and bytes among files.
fn counts(items: &[Item]) -> (usize, u64) {
    let realms = items
        .iter()
        .filter(|item| matches!(item.content, Content::Realm { .. }));
    (realms.count(), items.iter().map(|item| item.bytes).sum())
}

/// A report as one document, as the last line of many, or for people.
fn print_report(
    format: Format,
    document: &Value,
    items: &[Item],
    rows: Vec<[String; 2]>,
) -> Result<(), Failure> {
    match format {
        Format::Json => output::print_json(document),
        Format::Ndjson => output::print(&format!("{document}\n")),
        Format::Plain | Format::Csv => {
            let mut table = Rows::new(["path", "bytes", "sha256"]);
            for item in items {
                table.push(vec![
                    item.path.clone(),
                    item.bytes.to_string(),
                    item.sha256.clone(),
                ]);
            }
            output::print(&table.text(format))
        }
        Format::Table => {
            let mut table = Rows::new(["", ""]);
            rows.into_iter().for_each(|row| table.push(row.into()));
            output::print(&table.text(format))
        }
    }
}

fn row(name: &str, value: impl ToString) -> [String; 2] {
    [name.to_owned(), value.to_string()]
}

fn amount(items: &[Item]) -> String {
    let (realms, bytes) = counts(items);
    format!(
        "{realms} Realms in {} files, {}",
        items.len(),
        indicatif::HumanBytes(bytes)
    )
}

fn report_made(format: Format, begun: &str, target: &Path, made: &Made) -> Result<(), Failure> {
    let (realms, bytes) = counts(&made.items);
    let damaged: Vec<&Item> = made
        .items
        .iter()
        .filter(|item| item.damage.is_some())
        .collect();
    let document = json!({
        "backup": target, "begun": begun, "realms": realms, "files": made.items.len(), "bytes": bytes,
        "damaged": damaged, "keys": made.keys, "left_out": made.left_out,
    });
    let mut rows = vec![
        row("backup", target.display()),
        row("begun", begun),
        row("holds", amount(&made.items)),
    ];
    for key in &made.keys {
        let whether = if key.copied {
            "copied"
        } else {
            "NOT in the backup (--with-keys)"
        };
        rows.push(row("key", format!("{}: {whether}", key.file.display())));
    }
    rows.extend(
        made.left_out
            .iter()
            .map(|path| row("left out", path.display())),
    );
    print_report(format, &document, &made.items, rows)
}

fn report_verified(format: Format, backup: &Path, verified: &Verified) -> Result<(), Failure> {
    let (realms, bytes) = counts(&verified.items);
    let damaged: Vec<&Item> = verified
        .items
        .iter()
        .filter(|item| item.damage.is_some())
        .collect();
    let document = json!({
        "backup": backup, "whole": verified.is_whole(), "begun": verified.head.as_ref().map(|head| &head.begun), "realms": realms,
        "files": verified.items.len(), "bytes": bytes, "problems": verified.problems, "damaged": damaged,
    });
    let whole = if verified.is_whole() {
        "whole: every byte is as it was"
    } else {
        "DAMAGED"
    };
    let mut rows = vec![row("backup", backup.display()), row("state", whole)];
    rows.extend(verified.head.iter().map(|head| row("begun", &head.begun)));
    rows.push(row("holds", amount(&verified.items)));
    for item in damaged {
        rows.push(row("damaged when it was copied", &item.path));
    }
    print_report(format, &document, &verified.items, rows)
}

fn report_restored(
    format: Format,
    what: &str,
    root: &Path,
    head: Option<&Head>,
    items: &[Item],
) -> Result<(), Failure> {
    let (realms, bytes) = counts(items);
    let begun = head.map(|head| head.begun.as_str()).unwrap_or_default();
    let keys = head
        .map(|head| head.keys_elsewhere.as_slice())
        .unwrap_or_default();
    let document = json!({
        "root": root, "result": what, "begun": begun, "realms": realms, "files": items.len(), "bytes": bytes, "keys_elsewhere": keys,
    });
    let mut rows = vec![
        row("data folder", format!("{}: {what}", root.display())),
        row("as of", begun),
        row("holds", amount(items)),
    ];
    rows.extend(keys.iter().map(|key| row("key, not in it", key)));
    print_report(format, &document, items, rows)
}

fn damaged(backup: &Path, verified: &Verified) -> Failure {
    let failure = Failure::new(
        Exit::Damaged,
        format!("{} is not what it was when it was made", backup.display()),
    );
    let (shown, more) = verified.problems.split_at(verified.problems.len().min(20));
    let failure = shown.iter().fold(failure, |failure, found| {
        failure.cause(format!("{}: {}", found.path, found.problem))
    });
    let failure = match more.len() {
        0 => failure,
        more => failure.cause(format!("and {more} more; see all with -o json")),
    };
    failure.hint("use another backup; what is whole in this one can be copied out by hand")
}

fn failed(what: &str, folder: &Path, error: BackupError) -> Failure {
    let exit = match &error {
        BackupError::Damaged(verified) => return damaged(folder, verified),
        BackupError::Stopped => return Failure::interrupted(),
        BackupError::NotARoot(_) | BackupError::NotABackup(_) => Exit::NotFound,
        BackupError::NotEmpty(_)
        | BackupError::Unfinished(_)
        | BackupError::InUse(_)
        | BackupError::Twice(_) => Exit::Conflict,
        BackupError::Nested { .. } => Exit::Usage,
        BackupError::Storage(StorageError::Damaged { .. }) => Exit::Damaged,
        BackupError::Io { cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => {
            Exit::NotFound
        }
        BackupError::Io { cause, .. } if cause.kind() == std::io::ErrorKind::PermissionDenied => {
            Exit::Denied
        }
        BackupError::NoRoom { .. } | BackupError::Storage(_) | BackupError::Io { .. } => {
            Exit::Failed
        }
    };
    let hint = match &error {
        BackupError::NotARoot(_) => "name the folder of storage.root_path",
        BackupError::NotABackup(_) => "name a folder that `ros backup` made",
        BackupError::NotEmpty(_) => "name a path where nothing is, or an empty folder",
        BackupError::Unfinished(_) => "remove it, and make it again",
        BackupError::InUse(_) => "stop the server first, or name another folder",
        BackupError::NoRoom { .. } => "make room, or name a folder on another disk",
        _ => return Failure::new(exit, format!("{what} {}", folder.display())).cause(error),
    };
    Failure::new(exit, format!("{what} {}", folder.display()))
        .cause(error)
        .hint(hint)
}
