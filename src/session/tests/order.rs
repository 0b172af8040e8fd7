//! Who may say what when, and what comes of it.

use super::*;
use crate::wire::Action;

fn closes(code: u16, keys: &[u64]) -> Vec<String> {
    let mut lines: Vec<String> = keys.iter().map(|key| format!("release {key}")).collect();
    let action = match code {
        100 => "Transient",
        101 | 114 => "ApplicationBug",
        _ => "ProtocolViolation",
    };
    lines.push(format!("error {code} 0 {action}"));
    lines.push("close: an error ended the connection".into());
    lines
}

/// The releases of a connection's end come in any order.
fn sorted(mut lines: Vec<String>) -> Vec<String> {
    let releases = lines
        .iter()
        .filter(|line| line.starts_with("release"))
        .count();
    lines[..releases].sort();
    lines
}

#[test]
fn a_session_from_bind_to_unbound() {
    let mut peer = Peer::live();
    assert_eq!(peer.hears("mark 1 1\n"), ["read? 1 0"]);
    assert_eq!(peer.downloaded(1, 0, 0, 0), ["mark 1 1"]);
    assert_eq!(peer.hears(&upload(1, &[2, 4], 5)), ["integrate? 1 2 to 5"]);
    assert_eq!(peer.integrated(1), ["read? 1 0"]);
    assert_eq!(peer.announced(1, 2), [""; 0]);
    assert_eq!(peer.downloaded(1, 2, 2, 5), ["download 1 2 2 5"]);
    assert_eq!(peer.hears("ping 12 3\n"), ["pong 12"]);
    assert_eq!(peer.hears("unbind 1\n"), ["unbound 1", "release 1"]);
    assert_eq!(peer.hears("bind 1 2 0 0 0\n/a"), ["bind? 2"]);
}

#[test]
fn progress_alone_is_noted_and_not_acknowledged() {
    let mut peer = Peer::live();
    assert_eq!(peer.hears(&upload(1, &[], 3)), ["note 1 3"]);
    // Behind an upload it waits for its turn: that may still be refused, and would then be taken as integrated.
    assert_eq!(peer.hears(&upload(1, &[4], 4)), ["integrate? 1 1 to 4"]);
    assert_eq!(peer.hears(&upload(1, &[], 5)), ["integrate? 1 0 to 5"]);
    assert_eq!(peer.integrated(1), ["read? 1 0"]);
    assert_eq!(peer.hears(&upload(1, &[], 6)), ["integrate? 1 0 to 6"]);
    assert_eq!(peer.integrated(1), [""; 0]);
    assert_eq!(peer.integrated(1), [""; 0]);
    assert_eq!(peer.hears(&upload(1, &[], 7)), ["note 1 7"]);
}

#[test]
fn a_mark_waits_for_all_that_was_there() {
    let mut peer = Peer::live();
    assert_eq!(peer.announced(1, 5), ["read? 1 0"]);
    // The read under way may have begun before something that was there when the MARK came.
    assert_eq!(peer.hears("mark 1 1\n"), [""; 0]);
    assert_eq!(
        peer.downloaded(1, 3, 5, 0),
        ["download 1 3 5 0", "read? 1 3"]
    );
    // A second MARK takes the place of the first, and has to be seen by a read of its own.
    assert_eq!(peer.hears("mark 1 2\n"), [""; 0]);
    assert_eq!(
        peer.downloaded(1, 5, 5, 0),
        ["download 1 5 5 0", "read? 1 5"]
    );
    assert_eq!(peer.downloaded(1, 5, 5, 0), ["mark 1 2"]);
    // News that comes during the last read is sent first.
    assert_eq!(peer.hears("mark 1 3\n"), ["read? 1 5"]);
    assert_eq!(peer.announced(1, 6), [""; 0]);
    assert_eq!(peer.downloaded(1, 5, 5, 0), ["read? 1 5"]);
    assert_eq!(
        peer.downloaded(1, 6, 6, 0),
        ["download 1 6 6 0", "mark 1 3"]
    );
}

#[test]
fn one_read_at_a_time() {
    let mut peer = Peer::live();
    assert_eq!(peer.announced(1, 1), ["read? 1 0"]);
    assert_eq!(peer.announced(1, 2), [""; 0]);
    assert_eq!(peer.hears("mark 1 1\n"), [""; 0]);
    assert_eq!(
        peer.downloaded(1, 1, 1, 0),
        ["download 1 1 1 0", "read? 1 1"]
    );
}

#[test]
fn ident_and_what_follows_it_may_come_before_the_realm_is_open() {
    let mut peer = Peer::new();
    peer.hears("bind 1 2 0 0 0\n/a");
    assert_eq!(peer.hears("ident 1 2 77 0 0 0 0\n"), [""; 0]);
    assert_eq!(peer.hears("mark 1 1\n"), [""; 0]);
    assert_eq!(peer.bound(1, "/a", None), ["look up? 1 2"]);
    assert_eq!(peer.hears(&upload(1, &[2], 2)), [""; 0]);
    assert_eq!(
        peer.known(1, 0),
        ["claim 1 2", "read? 1 0", "integrate? 1 1 to 2"]
    );
    assert_eq!(
        peer.downloaded(1, 0, 0, 0),
        ["download 1 0 0 0", "read? 1 0"]
    );
    assert_eq!(peer.downloaded(1, 0, 0, 0), ["mark 1 1"]);
}

/// Leads a session to a stage.
type Arrange = fn(&mut Peer);

/// Asks the server something, and answers with an error. What comes of it.
type Fails = fn(&mut Peer, WireError) -> Vec<String>;

/// The stages before a session is live: how to get there, and whether an IDENT has been said.
const EARLY: &[(&str, Arrange, bool)] = &[
    (
        "binding, needs an ident",
        |peer| drop(peer.hears("bind 1 2 0 1 0\n/a")),
        false,
    ),
    (
        "binding",
        |peer| drop(peer.hears("bind 1 2 0 0 0\n/a")),
        false,
    ),
    (
        "binding, after IDENT",
        |peer| {
            peer.hears("bind 1 2 0 0 0\n/a");
            peer.hears("ident 1 2 77 0 0 0 0\n");
        },
        true,
    ),
    (
        "to identify itself",
        |peer| {
            peer.hears("bind 1 2 0 0 0\n/a");
            peer.bound(1, "/a", None);
        },
        false,
    ),
    (
        "identifying",
        |peer| {
            peer.hears("bind 1 2 0 0 0\n/a");
            peer.bound(1, "/a", None);
            peer.hears("ident 1 2 77 0 0 0 0\n");
        },
        true,
    ),
];

#[test]
fn what_comes_too_early_ends_the_connection() {
    let messages = [
        "mark 1 1\n".to_owned(),
        upload(1, &[2], 2),
        "upload 1 0 999999999 0 2 0 0\n".into(), // too large
        "json_error 112 2 1\n{}".into(),
    ];
    for (stage, arrange, identified) in EARLY.iter().filter(|(_, _, identified)| !identified) {
        for message in &messages {
            let mut peer = Peer::new();
            arrange(&mut peer);
            assert!(!identified);
            assert_eq!(peer.hears(message), closes(109, &[1]), "{stage}: {message}");
        }
    }
    for (stage, arrange, _) in EARLY {
        if !matches!(*stage, "binding" | "to identify itself") {
            let mut peer = Peer::new();
            arrange(&mut peer);
            let ident = "ident 1 2 77 0 0 0 0\n";
            assert_eq!(peer.hears(ident), closes(109, &[1]), "{stage}");
        }
    }
    assert_eq!(
        Peer::live().hears("ident 1 2 77 0 0 0 0\n"),
        closes(109, &[1])
    );
}

#[test]
fn an_upload_that_is_too_large_fails_its_session_alone() {
    let refused = ["release 1", "error 206 1 ApplicationBug"];
    let large = "upload 1 0 999999999 0 2 0 0\n";
    for (stage, arrange, _) in EARLY.iter().filter(|(_, _, identified)| *identified) {
        let mut peer = Peer::new();
        arrange(&mut peer);
        assert_eq!(peer.hears(large), refused, "{stage}");
        assert_eq!(peer.bound(1, "/a", None), [""; 0], "{stage}");
        assert_eq!(peer.known(1, 0), [""; 0], "{stage}");
    }
    let mut peer = Peer::live();
    assert_eq!(peer.hears(large), refused);
    // The client may have sent more before it hears of the error; there is no second one.
    assert_eq!(peer.hears(large), [""; 0]);
    assert_eq!(peer.hears("mark 1 1\n"), [""; 0]);
    assert_eq!(peer.hears("unbind 1\n"), [""; 0]);
    assert_eq!(peer.hears(large), closes(106, &[]));
}

#[test]
fn an_upload_of_too_many_changesets_fails_its_session_alone() {
    let mut peer = Peer::with(Limits {
        upload_entries: 1,
        ..Limits::default()
    });
    peer.hears("bind 1 2 0 0 0\n/a");
    peer.bound(1, "/a", None);
    peer.hears("ident 1 2 77 0 0 0 0\n");
    peer.known(1, 0);
    assert_eq!(
        peer.hears(&upload(1, &[2, 3], 3)),
        ["release 1", "error 206 1 ApplicationBug"]
    );
}

#[test]
fn what_no_session_can_say_ends_the_connection() {
    let cases: &[(&str, u16)] = &[
        ("", 103),
        ("hello 1\n", 103),
        ("bind 1 0 0 0 0\n", 103),
        ("bind 1 9 0 0 0\n/a", 103),
        ("mark 0 1\n", 103),
        ("refresh 1 0\n", 103),
        ("upload 1 1 5 3 2 0 0\nabc", 101),
        ("upload 1 0 3 0 2 0 0\nabc", 103),
        ("bind 1 2 0 0 0\n/b", 107),
        ("mark 2 1\n", 106),
        ("unbind 2\n", 106),
        ("ident 2 2 77 0 0 0 0\n", 106),
        ("upload 2 0 0 0 2 0 0\n", 106),
        ("json_error 112 2 2\n{}", 106),
    ];
    for (message, code) in cases {
        let mut peer = Peer::live();
        assert_eq!(peer.hears(message), closes(*code, &[1]), "{message:?}");
        for after in ["ping 1 1\n", "unbind 1\n", "bind 5 2 0 0 0\n/c"] {
            assert_eq!(peer.hears(after), [""; 0], "{message:?}");
        }
        assert_eq!(peer.downloaded(1, 1, 1, 0), [""; 0], "{message:?}");
    }
    let mut peer = Peer::live();
    let oversized = peer.input(Input::Oversized("too long".into()));
    assert_eq!(oversized, closes(101, &[1]));
}

#[test]
fn a_file_is_bound_once_on_a_connection() {
    let mut peer = Peer::live();
    let other = |peer: &mut Peer, session: u64, key: u64, realm: &str| {
        peer.hears(&format!("bind {session} 2 0 0 0\n/x"));
        peer.bound(key, realm, None);
        peer.hears(&format!("ident {session} 2 77 0 0 0 0\n"));
        peer.known(key, 0)
    };
    // The same number in another Realm is another file.
    assert_eq!(other(&mut peer, 2, 2, "/b"), ["claim 2 2", "read? 2 0"]);
    assert_eq!(
        sorted(other(&mut peer, 3, 3, "/a")),
        closes(108, &[1, 2, 3])
    );
}

#[test]
fn a_file_may_come_back_after_unbind() {
    let mut peer = Peer::live();
    peer.hears("unbind 1\n");
    peer.hears("bind 2 2 0 0 0\n/a");
    peer.bound(2, "/a", None);
    peer.hears("ident 2 2 77 0 0 0 0\n");
    assert_eq!(peer.known(2, 0), ["claim 2 2", "read? 2 0"]);
    // Superseded by another connection: no close code that would keep the client away.
    for protocol in [2, 8, 14] {
        assert_eq!(
            Close::Superseded.code(Protocol::new(protocol).unwrap()),
            None
        );
    }
}

#[test]
fn a_failed_session_is_silent() {
    let mut peer = Peer::live();
    assert_eq!(peer.hears(&upload(1, &[2], 2)), ["integrate? 1 1 to 2"]);
    assert_eq!(peer.hears(&upload(1, &[3], 3)), ["integrate? 1 1 to 3"]);
    assert_eq!(peer.announced(1, 1), ["read? 1 0"]);
    assert_eq!(
        peer.refused(1, ErrorCode::BadChangeset),
        ["release 1", "error 212 1 ClientReset"]
    );
    assert_eq!(peer.refused(1, ErrorCode::OtherSessionError), [""; 0]);
    assert_eq!(peer.downloaded(1, 1, 1, 0), [""; 0]);
    assert_eq!(peer.announced(1, 2), [""; 0]);
    assert_eq!(peer.hears(&upload(1, &[4], 4)), [""; 0]);
    assert_eq!(peer.hears("mark 1 1\n"), [""; 0]);
    assert_eq!(peer.hears("ident 1 2 77 0 0 0 0\n"), [""; 0]);
    assert_eq!(peer.hears("unbind 1\n"), [""; 0]);
    // The number is free again, and answers to the old session are none to the new one.
    assert_eq!(peer.hears("bind 1 2 0 0 0\n/a"), ["bind? 2"]);
    assert_eq!(peer.bound(1, "/a", None), [""; 0]);
    assert_eq!(peer.bound(2, "/a", None), [""; 0]);
    assert_eq!(peer.hears("ident 1 2 77 0 0 0 0\n"), ["look up? 2 2"]);
}

#[test]
fn errors_of_the_server_end_one_session() {
    let questions: &[(&str, Fails)] = &[
        ("bind", |peer, error| {
            peer.hears("bind 2 2 0 0 0\n/b");
            peer.input(Input::Bound(SessionKey(2), Err(error)))
        }),
        ("look up", |peer, error| {
            peer.hears("bind 2 2 0 0 0\n/b");
            peer.bound(2, "/b", None);
            peer.hears("ident 2 3 77 0 0 0 0\n");
            peer.input(Input::ClientFile(SessionKey(2), Err(error)))
        }),
        ("read", |peer, error| {
            peer.hears("bind 2 2 0 0 0\n/b");
            peer.bound(2, "/b", None);
            peer.hears("ident 2 3 77 0 0 0 0\n");
            peer.known(2, 0);
            peer.input(Input::Downloaded(SessionKey(2), Err(error)))
        }),
    ];
    for (question, fails) in questions {
        let mut peer = Peer::live();
        let error = WireError::new(ErrorCode::OtherSessionError).with(Action::Transient);
        let said = fails(&mut peer, error);
        assert_eq!(said, ["release 2", "error 201 2 Transient"], "{question}");
        assert_eq!(peer.hears("unbind 2\n"), [""; 0], "{question}");
        assert_eq!(peer.announced(1, 1), ["read? 1 0"], "{question}");
    }
}

#[test]
fn a_file_that_is_held_tries_again() {
    let mut peer = Peer::new();
    peer.hears("bind 1 2 0 0 0\n/a");
    peer.bound(1, "/a", None);
    peer.hears("ident 1 2 4711 9 3 9 815\n");
    let held = FileFacts {
        held: true,
        ..facts(0)
    };
    assert_eq!(
        peer.input(Input::ClientFile(SessionKey(1), Ok(held))),
        ["release 1", "error 201 1 Transient"]
    );
}

#[test]
fn what_a_client_could_not_use_resets_it() {
    let mut peer = Peer::live();
    assert_eq!(
        peer.hears("json_error 112 2 1\n{}"),
        ["release 1", "error 212 1 ClientReset"]
    );
}

#[test]
fn what_is_asked_too_much_of_is_refused() {
    let mut peer = Peer::with(Limits {
        sessions_per_connection: 3,
        client_files_per_connection: 2,
        ..Limits::default()
    });
    let mut bind = |session: u64, sub: u64| peer.hears(&format!("bind {session} 2 0 1 {sub}\n/a"));
    assert_eq!(bind(1, 0), ["bind? 1"]);
    assert_eq!(bind(2, 1), ["release 2", "error 206 2 ApplicationBug"]);
    assert_eq!(bind(3, 0), ["release 3", "error 201 3 Transient"]);
    assert_eq!(sorted(bind(4, 0)), closes(100, &[1, 2, 3]));
}

#[test]
fn flexible_sync_is_refused_at_the_first_bind() {
    let mut peer = Peer {
        connection: connection(14, Kind::Flexible, Limits::default()),
    };
    assert_eq!(peer.hears("ping 1 0\n"), ["pong 1"]);
    assert_eq!(peer.hears("bind 1 2 0 1 0\n{}"), closes(114, &[]));
}

#[test]
fn the_connection_names_itself_to_those_who_can_hear_it() {
    for (protocol, lines) in [(2, 0), (9, 0), (10, 1), (14, 1)] {
        let mut connection = connection(protocol, Kind::Partition, Limits::default());
        let mut out = Vec::new();
        connection.start(&mut out);
        assert_eq!(out.len(), lines, "{protocol}");
        for output in out {
            let Output::Send(frame) = output else {
                panic!("{output:?}")
            };
            let text = String::from_utf8(frame.head.to_vec()).unwrap();
            assert!(text.starts_with("log_message 0 "), "{text}");
            assert!(text.contains(r#""co_id":"c1""#), "{text}");
        }
    }
}

#[test]
fn old_clients_get_plain_errors() {
    let mut peer = Peer {
        connection: connection(3, Kind::Partition, Limits::default()),
    };
    assert_eq!(
        peer.hears("mark 1 1\n"),
        ["error 106 39 0 0", "close: an error ended the connection"]
    );
}

#[test]
fn the_socket_is_read_while_what_waits_is_within_its_bound() {
    let mut peer = Peer::live();
    let whole = Limits::default();
    let one = 256 + 9 + 128; // as a message, its changeset, as an entry
    peer.connection = connection(
        14,
        Kind::Partition,
        Limits {
            pending_upload_bytes: 2 * one,
            ..whole
        },
    );
    let reads = |peer: &Peer| peer.connection.may_read_socket();
    peer.hears("bind 1 2 0 0 0\n/a");
    peer.bound(1, "/a", None);
    peer.hears("ident 1 2 77 0 0 0 0\n");
    // In the inbox and on its way to the Realm they count the same.
    peer.hears(&upload(1, &[2], 2));
    assert!(reads(&peer));
    peer.hears(&upload(1, &[3], 3));
    assert!(!reads(&peer));
    peer.known(1, 0);
    assert!(!reads(&peer));
    peer.integrated(1);
    assert!(reads(&peer));
    peer.hears(&upload(1, &[4], 4));
    assert!(!reads(&peer));
    // They count until the server has them off its hands, whatever becomes of the session.
    peer.refused(1, ErrorCode::BadChangeset);
    assert!(reads(&peer));
    peer.hears("unbind 1\n");
    peer.hears("bind 1 2 0 0 0\n/a");
    peer.bound(2, "/a", None);
    peer.hears("ident 1 2 77 0 0 0 0\n");
    peer.hears(&upload(1, &[2], 2));
    assert!(!reads(&peer));
    peer.hears("unbind 1\n");
    assert!(reads(&peer));
    peer.refused(1, ErrorCode::OtherSessionError);
    assert!(reads(&peer));
}
