//! Who may say what when (§7.2), and what asks for too much.

use super::Stage::{Bound, Fresh, Nothing};
use super::*;

pub fn checks() -> Vec<Check> {
    let ident = "ident 1 2 77 0 0 0 0\n";
    let unknown = |said: &str| {
        check(
            "7.2 unknown session",
            Fresh,
            said,
            Connection(106, VIOLATION),
            "",
        )
    };
    let early = |said: Vec<u8>| {
        check(
            "7.2 before IDENT",
            Bound,
            said,
            Connection(109, VIOLATION),
            "",
        )
    };
    let over = |said: &str| Check {
        said: vec![b"unbind 1\n".to_vec(), said.into()],
        ..check(
            "7.2 after UNBIND",
            Fresh,
            "",
            Connection(106, VIOLATION),
            "",
        )
    };
    vec![
        check(
            "7.2 session in use",
            Fresh,
            "bind 1 2 0 1 0\n/b",
            Connection(107, VIOLATION),
            "",
        ),
        check(
            "7.2 session in use",
            Bound,
            "bind 9 2 0 1 0\n/b",
            Connection(107, VIOLATION),
            "",
        ),
        unknown("ident 2 2 77 0 0 0 0\n"),
        unknown("upload 2 0 0 0 2 0 0\n"),
        unknown("upload 2 0 999999999 0 2 0 0\n"),
        unknown("mark 2 1\n"),
        unknown("unbind 2\n"),
        unknown("json_error 212 2 2\n{}"),
        // A session of another connection, or one that would be the next.
        unknown("unbind 9223372036854775807\n"),
        early(upload((2, 0), 0, &[])),
        early(b"mark 1 1\n".to_vec()),
        early(b"json_error 212 2 1\n{}".to_vec()),
        over("mark 1 1\n"),
        over("upload 1 0 0 0 2 0 0\n"),
        over("unbind 1\n"),
        check(
            "7.2 second IDENT",
            Fresh,
            ident,
            Connection(109, VIOLATION),
            "",
        ),
        // Both in one message each, before the Realm can have been made.
        Check {
            said: vec![b"bind 1 5 0 1 0\n/made".to_vec(), ident.into()],
            ..check(
                "7.2 IDENT before the server's",
                Nothing,
                "",
                Connection(109, VIOLATION),
                "",
            )
        },
        check(
            "5.6 JSON_ERROR",
            Fresh,
            "json_error 233 2 1\n{}",
            Session(212, RESET),
            "could not integrate a DOWNLOAD",
        ),
        check(
            "9.10",
            Nothing,
            "bind 1 7 0 1 1\n/checks",
            Session(206, BUG),
            "subservers are not supported",
        ),
        check(
            "18 UPLOAD body",
            Fresh,
            "upload 1 0 999999999 0 2 0 0\n",
            Session(206, BUG),
            "larger than",
        ),
        check(
            "18 changesets",
            Fresh,
            too_many(),
            Session(206, BUG),
            "more than the 100000 changesets",
        ),
    ]
}

fn too_many() -> Vec<u8> {
    let entries: Vec<(u64, u64)> = (2..100_003).map(|version| (version, 0)).collect();
    upload((200_000, 0), 0, &entries)
}
