//! The data folder and the keys: there, private, with room, on a disk that keeps up.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::Finding;
use crate::auth::KeyPair;
use crate::config::Settings;
use crate::storage::{Space, space, try_writing};

/// Everything about folders and files.
pub fn findings(settings: &Settings) -> Vec<Finding> {
    let root = &settings.root;
    let mut findings = vec![private("root-permissions", root), keys(settings)];
    if root.is_dir() {
        findings.push(match space(root) {
            Ok(space) => judged_space(space),
            Err(error) => unreadable("disk-space", root, &error),
        });
        findings.push(speed(root));
    }
    findings
}

/// Whether a file or folder is its owner's alone.
fn private(check: &'static str, path: &Path) -> Finding {
    let shown = path.display();
    match fs::metadata(path) {
        Err(error) => unreadable(check, path, &error),
        Ok(found) if found.mode() & 0o077 != 0 => Finding::warn(
            check,
            format!(
                "others may enter or read {shown} (mode {:o})",
                found.mode() & 0o777
            ),
            format!("chmod go-rwx {shown}"),
        ),
        Ok(_) => Finding::ok(check, format!("{shown} is its owner's alone")),
    }
}

fn keys(settings: &Settings) -> Finding {
    const CHECK: &str = "keys";
    let private_key = &settings.private_key;
    match KeyPair::read(private_key, settings.public_key.as_deref()) {
        Ok(_) => private(CHECK, private_key),
        Err(error) => Finding::bad(
            CHECK,
            format!("{}: {error}", private_key.display()),
            another_key(private_key),
        ),
    }
}

/// What helps where there is no key that is of use. It never writes over a file that is there.
pub(super) fn another_key(private_key: &Path) -> String {
    let shown = private_key.display();
    if !private_key.exists() {
        return format!("openssl genrsa -out {shown} 2048, as the user of the server");
    }
    let text = fs::read_to_string(private_key).unwrap_or_default();
    if text.contains("ENCRYPTED") {
        return format!(
            "it has a passphrase, which a server cannot be asked for: openssl rsa -in {shown} -out FILE makes one without; name that FILE"
        );
    }
    "openssl genrsa -out FILE 2048, as the user of the server, makes one; name that FILE".to_owned()
}

fn unreadable(check: &'static str, path: &Path, error: &std::io::Error) -> Finding {
    let shown = path.display();
    Finding::bad(
        check,
        format!("{shown}: {error}"),
        format!("install -d -m 0700 {shown}, owned by the user of the server"),
    )
}

fn judged_space(space: Space) -> Finding {
    const CHECK: &str = "disk-space";
    const MIB: u64 = 1 << 20;
    const HINT: &str = "make room, or move storage.root_path to a larger disk; uploads are refused when it is full, and taken again when there is room";
    let share = (space.free * 100).checked_div(space.total).unwrap_or(0);
    let text = format!("{} MiB free, {share} %", space.free / MIB);
    if space.free < 256 * MIB {
        Finding::bad(CHECK, text, HINT)
    } else if share < 10 {
        Finding::warn(CHECK, text, HINT)
    } else {
        Finding::ok(CHECK, text)
    }
}

/// How long the disk takes to make something durable: each commit waits for that once.
fn speed(root: &Path) -> Finding {
    const TIMES: usize = 11;
    let times: Result<Vec<Duration>, _> = (0..TIMES).map(|_| try_writing(root, true)).collect();
    match times {
        Ok(mut times) => {
            times.sort();
            judged_speed(times[TIMES / 2])
        }
        Err(error) => Finding::bad(
            "disk-speed",
            format!("{} cannot be written: {error}", root.display()),
            "run this as the user of the server; check mount options and quota",
        ),
    }
}

fn judged_speed(median: Duration) -> Finding {
    const CHECK: &str = "disk-speed";
    let text = format!(
        "a durable write takes {:.1} ms",
        median.as_secs_f64() * 1000.0
    );
    let hint = "use a local SSD; network and virtual disks often take this long for each fsync";
    match median.as_millis() {
        0..25 => Finding::ok(CHECK, text),
        25..250 => Finding::warn(CHECK, text, hint),
        250.. => Finding::bad(CHECK, text, hint),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::State;
    use super::*;

    #[test]
    fn room_and_speed_are_judged() {
        let room = |free, total| judged_space(Space { free, total }).state;
        assert_eq!(room(50 << 30, 100 << 30), State::Ok);
        assert_eq!(room(5 << 30, 100 << 30), State::Warn);
        assert_eq!(room(1 << 20, 2 << 20), State::Bad);
        assert_eq!(room(0, 0), State::Bad);
        let speed = |millis| judged_speed(Duration::from_millis(millis)).state;
        assert_eq!(
            [speed(1), speed(100), speed(300)],
            [State::Ok, State::Warn, State::Bad]
        );
    }

    #[test]
    fn what_others_may_read_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let state = |mode| {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            private("x", folder.path()).state
        };
        assert_eq!((state(0o700), state(0o750)), (State::Ok, State::Warn));
        assert_eq!(private("x", Path::new("/nonexistent")).state, State::Bad);
    }
}
