//! No check without a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ros::wire::ErrorCode;

use super::{Answer, Scene};

/// Checks of the description of the protocol, and the test that provokes each that stands in no table.
const PLACES: &[(&str, &str)] = &[
    ("1.2 handshake", "requests_that_are_none_are_answered"),
    (
        "1.3 versions",
        "versions_that_cannot_be_agreed_on_are_refused",
    ),
    ("2 frames", "frames_that_are_none_end_the_connection"),
    (
        "2 message size",
        "a_large_transaction_is_taken_and_a_larger_one_refused",
    ),
    ("5.1 path size", ""),
    ("5.1 token size", ""),
    ("5.1 path", ""),
    ("5.6 JSON_ERROR", ""),
    ("5.9 obsolete message", ""),
    ("7.2 unparsable", ""),
    ("7.2 does not inflate", ""),
    ("7.2 session in use", ""),
    ("7.2 unknown session", ""),
    ("7.2 after UNBIND", ""),
    ("7.2 before IDENT", ""),
    ("7.2 second IDENT", ""),
    ("7.2 IDENT before the server's", ""),
    ("7.2 file bound twice", ""),
    (
        "7.2 file on another connection",
        "a_file_that_comes_back_ends_its_old_connection_and_no_other",
    ),
    (
        "7.2 sessions and files of a connection",
        "more_than_a_connection_may_have_is_refused",
    ),
    (
        "9 held",
        "devices_of_another_server_are_held_until_the_operator_decides",
    ),
    ("9.1", ""),
    ("9.2", ""),
    ("9.3", ""),
    ("9.4", ""),
    ("9.5", "an_expired_file_is_reset"),
    ("9.6", ""),
    ("9.7", ""),
    ("9.8", ""),
    ("9.9", ""),
    ("9.10", ""),
    ("11.1", ""),
    ("11.2", ""),
    ("11.3", ""),
    ("11.4", ""),
    ("11.5", ""),
    ("11.6", ""),
    ("11.7", ""),
    ("11.8", ""),
    ("11.10", ""),
    ("11.11", ""),
    ("11.12", ""),
    ("11.13", ""),
    (
        "11.1 expired",
        "what_is_too_much_to_merge_is_reset_and_taken_afterwards",
    ),
    ("11.1 origin", ""),
    ("11.1 parse", ""),
    ("11.1 apply", ""),
    ("17 token in BIND", ""),
    ("17 token in the URL", "requests_that_are_none_are_answered"),
    (
        "17 rights",
        "who_may_only_read_repeats_the_schema_and_changes_nothing",
    ),
    ("18 UPLOAD body", ""),
    ("18 changesets", ""),
    ("flexible sync", "flexible_sync_is_refused_in_words"),
    ("storage", "a_damaged_realm_is_named_and_the_others_stay_up"),
];

/// What can be said and is not: a check before it makes sure, or nothing calls for it yet.
const NEVER: &[&str] = &[
    "inconsistent changeset", // §11.9: client version 0 is what §11.8 refuses first
];

/// Causes that tests of their own provoke: of places 9 and 9.5.
const IN_OTHERS: &[&str] = &[
    "this client file is of another server; held until the operator decides",
    "what the client needs is gone",
];

/// Errors that no table provokes, and the test that does; none if the server has no use for it.
const CODES: &[(u16, &str)] = &[
    (100, "more_than_a_connection_may_have_is_refused"),
    (114, "flexible_sync_is_refused_in_words"),
    (200, ""),
    (201, "more_than_a_connection_may_have_is_refused"),
    (222, "an_expired_file_is_reset"),
    (225, ""),
];

#[test]
fn every_place_has_a_check() {
    let scene = Scene::set();
    let tables: BTreeSet<&str> = scene.tables().iter().map(|check| check.place).collect();
    let expected = PLACES.iter().filter(|(_, test)| test.is_empty());
    assert_eq!(tables, expected.map(|(place, _)| *place).collect());
}

#[test]
fn every_error_is_provoked() {
    let scene = Scene::set();
    let tables = scene.tables();
    let provoked = tables.iter().map(|check| match check.answer {
        Answer::Session(code, _) | Answer::Connection(code, _) => code,
    });
    let elsewhere = CODES.iter().map(|(code, _)| u64::from(*code));
    let provoked: BTreeSet<u64> = provoked.chain(elsewhere).collect();
    let all = ErrorCode::ALL.iter().map(|code| u64::from(code.number()));
    assert_eq!(provoked, all.collect());
}

/// The causes that are told stand in the sources as they are told.
#[test]
fn every_cause_is_provoked() {
    let scene = Scene::set();
    let tables = scene.tables();
    let told = |cause: &str| {
        tables.iter().any(|check| {
            check.cause.contains(cause) || !check.cause.is_empty() && cause.contains(check.cause)
        })
    };
    let checks = texts("src/session/checks.rs", |text| text.contains(' '));
    let fields = texts("src/wire/request.rs", |text| {
        text.chars()
            .all(|c| c.is_ascii_lowercase() || c == '_' || c == ' ')
    });
    assert!(
        checks.len() >= 22 && fields.len() >= 20,
        "the sources were not found"
    );
    let missing: Vec<&String> = checks
        .iter()
        .filter(|cause| {
            !told(cause) && !NEVER.contains(&cause.as_str()) && !IN_OTHERS.contains(&cause.as_str())
        })
        .chain(
            fields
                .iter()
                .filter(|field| !KINDS.contains(&field.as_str()) && !told(&format!("bad {field}"))),
        )
        .collect();
    assert!(missing.is_empty(), "no check provokes {missing:#?}");
}

/// Names of messages; each is in a table by what is wrong in it.
const KINDS: &[&str] = &[
    "bind",
    "ident",
    "upload",
    "mark",
    "unbind",
    "ping",
    "json_error",
];

#[test]
fn the_tests_of_other_places_exist() {
    let mut sources = String::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile"),
        &mut sources,
    );
    let named = PLACES.iter().map(|(_, test)| test);
    let named = named.chain(CODES.iter().map(|(_, test)| test));
    for test in named.filter(|test| !test.is_empty()) {
        let definition = format!("#[test]\nfn {test}() {{");
        assert!(sources.contains(&definition), "{test}");
    }
}

/// The texts in a source file, comments left out.
fn texts(file: &str, like: fn(&str) -> bool) -> Vec<String> {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let code = source.lines().filter(|line| {
        let line = line.trim_start();
        !line.starts_with("//") && !line.starts_with("#[error")
    });
    let code: Vec<&str> = code.collect();
    let code = code.join("\n");
    let inside = code.split('"').skip(1).step_by(2);
    inside
        .filter(|text| like(text))
        .map(str::to_owned)
        .collect()
}

fn read(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, into);
        } else {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
