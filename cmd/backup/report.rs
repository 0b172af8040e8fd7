//! What the commands say of backups: for people, for programs, and when they fail.

use std::path::Path;

use ros::backup::{BackupError, Content, Head, Item, Made, Verified};
use ros::storage::StorageError;
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Rows};

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

/// Prints what was copied.
pub fn made(format: Format, begun: &str, target: &Path, made: &Made) -> Result<(), Failure> {
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

/// Prints what was found in a backup.
pub fn verified(format: Format, backup: &Path, verified: &Verified) -> Result<(), Failure> {
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

/// Prints what was brought back.
pub fn restored(
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

/// The failure of a backup that has changed.
pub fn damaged(backup: &Path, verified: &Verified) -> Failure {
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

/// A failure of the library as one of the program: with its exit code, and what may help.
pub fn failed(what: &str, folder: &Path, error: BackupError) -> Failure {
    let exit = match &error {
        BackupError::Damaged(verified) => return damaged(folder, verified),
        BackupError::Stopped => return Failure::interrupted(),
        BackupError::NotARoot(_) | BackupError::NotABackup(_) | BackupError::LeadsNowhere(_) => {
            Exit::NotFound
        }
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
        BackupError::LeadsNowhere(_) => "mount what it leads to, or remove the link",
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
