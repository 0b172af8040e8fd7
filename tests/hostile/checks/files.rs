//! What IDENT claims (§9), in the order in which it is looked at.

use super::Stage::{Bound, Known};
use super::*;

pub fn checks(scene: &Scene) -> Vec<Check> {
    let (file, salt, newest) = (scene.owner.file, scene.owner.salt, scene.newest_salt);
    let others = scene.good.salt;
    let ident = |place, fields: String, code, cause| {
        let said = format!("ident 1 {fields}\n");
        check(place, Bound, said, Session(code, RESET), cause)
    };
    let later = "knows a later version than there is";
    let wrong_salt = "wrong salt of the client file ident";
    let wrong_latest = "wrong salt of the latest server version";
    vec![
        ident("9.1", format!("{file} {salt} 2 4 3 {newest}"), 209, later),
        ident(
            "9.1",
            format!("{file} {salt} 2 4 {} {newest}", i64::MAX),
            209,
            later,
        ),
        ident(
            "9.2",
            format!("0 {salt} 2 4 2 {newest}"),
            208,
            "no such client file",
        ),
        ident(
            "9.2",
            format!("{} {salt} 2 4 2 {newest}", i64::MAX),
            208,
            "no such client file",
        ),
        ident(
            "9.3",
            format!("{file} {} 2 4 2 {newest}", salt ^ 1),
            211,
            wrong_salt,
        ),
        ident("9.3", format!("{file} 0 2 4 2 {newest}"), 211, wrong_salt),
        // Another client's salt.
        ident(
            "9.3",
            format!("{file} {others} 2 4 2 {newest}"),
            211,
            wrong_salt,
        ),
        // The server's own file.
        ident(
            "9.2",
            format!("1 0 2 4 2 {newest}"),
            208,
            "no such client file",
        ),
        ident(
            "9.4",
            format!("{file} {salt} 0 0 2 {newest}"),
            209,
            "stands before what it has acknowledged",
        ),
        ident(
            "9.6",
            format!("{file} {salt} 3 4 2 {newest}"),
            209,
            "stands after the newest version",
        ),
        ident(
            "9.7",
            format!("{file} {salt} 2 5 2 {newest}"),
            210,
            "claims more than was integrated",
        ),
        ident(
            "9.8",
            format!("{file} {salt} 2 4 1 {newest}"),
            209,
            "before the client's own",
        ),
        ident(
            "9.9",
            format!("{file} {salt} 2 4 2 {}", newest ^ 1),
            211,
            wrong_latest,
        ),
        ident("9.9", format!("{file} {salt} 2 4 2 0"), 211, wrong_latest),
        Check {
            said: vec![b"bind 2 7 0 0 0\n/checks".to_vec(), scene.known(2).into()],
            ..check(
                "7.2 file bound twice",
                Known,
                "",
                Connection(108, VIOLATION),
                "",
            )
        },
    ]
}
