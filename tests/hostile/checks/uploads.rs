//! What UPLOAD claims (§11), and what its changesets do (§11.1).

use super::Stage::{Fresh, Known};
use super::*;

pub fn checks() -> Vec<Check> {
    let reset =
        |place, stage, said, code, cause| check(place, stage, said, Session(code, RESET), cause);
    let second = |place, first, said, code, cause| Check {
        said: vec![first, said],
        ..check(place, Fresh, "", Session(code, RESET), cause)
    };
    vec![
        second(
            "11.1",
            upload((5, 0), 0, &[]),
            upload((4, 0), 0, &[]),
            210,
            "progress goes back",
        ),
        reset(
            "11.2",
            Fresh,
            upload((5, 3), 0, &[]),
            209,
            "progress beyond what was sent",
        ),
        reset(
            "11.3",
            Fresh,
            upload((0, 1), 0, &[]),
            209,
            "inconsistent progress",
        ),
        reset(
            "11.4",
            Known,
            upload((3, 2), 0, &[]),
            209,
            "progress contradicts what was integrated",
        ),
        second(
            "11.5",
            upload((5, 1), 0, &[]),
            upload((6, 0), 0, &[]),
            209,
            "progress contradicts the last one",
        ),
        second(
            "11.6",
            upload((5, 0), 1, &[]),
            upload((6, 0), 0, &[]),
            209,
            "locked version goes back",
        ),
        reset(
            "11.7",
            Fresh,
            upload((5, 0), 3, &[]),
            209,
            "locked version beyond what was sent",
        ),
        reset(
            "11.8",
            Fresh,
            upload((5, 0), 0, &[(0, 0)]),
            210,
            "client versions do not grow",
        ),
        reset(
            "11.8",
            Fresh,
            upload((5, 0), 0, &[(3, 0), (3, 0)]),
            210,
            "client versions do not grow",
        ),
        reset(
            "11.10",
            Fresh,
            upload((5, 1), 0, &[(2, 1), (3, 0)]),
            209,
            "changeset contradicts the one before",
        ),
        reset(
            "11.11",
            Known,
            upload((6, 1), 0, &[(5, 0)]),
            209,
            "changeset contradicts what was integrated",
        ),
        reset(
            "11.12",
            Fresh,
            upload((5, 0), 0, &[(6, 0)]),
            210,
            "changeset beyond the progress",
        ),
        reset(
            "11.13",
            Fresh,
            upload((5, 0), 0, &[(3, 1)]),
            209,
            "changesets contradict the progress",
        ),
        check(
            "11.1 origin",
            Fresh,
            changeset(7, &[]),
            Session(216, BUG),
            "",
        ),
        check(
            "11.1 parse",
            Fresh,
            changeset(0, b"junk"),
            Session(212, RESET),
            "Bad changeset",
        ),
        check(
            "11.1 apply",
            Fresh,
            changeset(0, &list_edit(7..8)),
            Session(212, RESET),
            "the list has",
        ),
    ]
}

/// An UPLOAD of one changeset, made in this file, on what there is.
fn changeset(origin: u64, changeset: &[u8]) -> Vec<u8> {
    let mut body = format!("2 2 1 {origin} {} ", changeset.len()).into_bytes();
    body.extend_from_slice(changeset);
    [
        format!("upload 1 0 {} 0 2 2 0\n", body.len()).as_bytes(),
        &body,
    ]
    .concat()
}
