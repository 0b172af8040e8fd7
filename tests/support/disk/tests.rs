//! The disk keeps the rules that others are measured by.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::FileExt;

use super::*;

fn lose(disk: &Disk, loss: Loss) {
    disk.cut_power();
    disk.restore_power(loss, 1);
}

#[test]
fn what_was_not_synced_is_lost() {
    if !can_mount() {
        return;
    }
    let disk = Disk::new();
    let at = |name: &str| disk.path().join(name);
    fs::write(at("bytes"), "old").unwrap();
    sync(&at("bytes"));
    fs::write(at("name"), "old").unwrap();
    sync(&disk.path());
    fs::write(at("bytes"), "new, and longer").unwrap();
    fs::write(at("late"), "old").unwrap();
    sync(&at("late"));
    fs::rename(at("name"), at("renamed")).unwrap();
    assert_eq!(fs::read(at("bytes")).unwrap(), b"new, and longer");

    lose(&disk, Loss::All);
    let mut names: Vec<_> = fs::read_dir(disk.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["bytes", "name"]); // the file was synced, its name was not
    assert_eq!(fs::read(at("bytes")).unwrap(), b"old");
    assert_eq!(fs::read(at("name")).unwrap(), b""); // the name was synced, the file was not

    fs::rename(at("name"), at("renamed")).unwrap();
    fs::write(at("bytes"), "new").unwrap();
    lose(&disk, Loss::Nothing);
    assert_eq!(fs::read(at("bytes")).unwrap(), b"new");
    assert!(at("renamed").exists() && !at("name").exists());
}

#[test]
fn a_point_fails_as_planned() {
    if !can_mount() {
        return;
    }
    let disk = Disk::new();
    let mut file = File::create(disk.path().join("file")).unwrap();
    file.write_all(b"one").unwrap();
    file.sync_all().unwrap();
    disk.plan(disk.count() + 2, Fault::Once(Trouble::Broken));
    file.write_all(b"two").unwrap();
    assert_eq!(file.sync_all().unwrap_err().raw_os_error(), Some(5));
    assert!(disk.take_strike());
    file.sync_all().unwrap();
    drop(file);
    // What a failed sync should have saved, no later one saves.
    sync(&disk.path());
    lose(&disk, Loss::All);
    assert_eq!(fs::read(disk.path().join("file")).unwrap(), b"one");

    let file = OpenOptions::new()
        .write(true)
        .open(disk.path().join("file"))
        .unwrap();
    disk.plan(disk.count() + 1, Fault::FromThenOn(Trouble::Full));
    for _ in 0..2 {
        let failed = file.write_at(b"three", 0).unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::StorageFull);
    }
    disk.heal();
    disk.leave_room(4);
    assert_eq!(file.write_at(b"beyond", 3).unwrap(), 4);
    assert_eq!(
        file.write_at(b"more", 7).unwrap_err().kind(),
        ErrorKind::StorageFull
    );
    assert_eq!(file.write_at(b"over", 0).unwrap(), 4);
    drop(file);
    disk.plan(disk.count() + 1, Fault::PowerCut);
    assert!(fs::create_dir(disk.path().join("folder")).is_err());
    assert!(disk.is_off());
    assert!(fs::write(disk.path().join("file"), "").is_err());
    disk.restore_power(Loss::All, 1);
    assert!(!disk.path().join("folder").exists());
}

#[test]
fn a_disk_is_a_process_of_its_own() {
    if let Some(folder) = std::env::var_os(daemon::FOLDER) {
        return daemon::run(folder.as_ref());
    }
    if !can_mount() {
        return;
    }
    let disk = Disk::new();
    let process = disk.process.id();
    assert_ne!(process, std::process::id());
    fs::write(disk.path().join("file"), "bytes").unwrap();
    assert_eq!(disk.recent().len(), 2);
    drop(disk);
    assert!(!fs::exists(format!("/proc/{process}")).unwrap());
}
