//! Messages that break the grammar (§3, §5): all of them end the connection, for nobody knows what the rest means.

use super::super::sizes::deflated;
use super::Stage::{Fresh, Nothing};
use super::*;

pub fn checks() -> Vec<Check> {
    let bad = |said: &[u8], cause| {
        check(
            "7.2 unparsable",
            Fresh,
            said,
            Connection(103, VIOLATION),
            cause,
        )
    };
    let mut all: Vec<Check> = UNPARSABLE
        .iter()
        .map(|(said, cause)| bad(said.as_bytes(), cause))
        .collect();
    let obsolete = OBSOLETE.iter().map(|said| {
        check(
            "5.9 obsolete message",
            Fresh,
            *said,
            Connection(103, VIOLATION),
            "bad message type",
        )
    });
    all.extend(obsolete);
    let long_path = format!("bind 1 1025 0 1 0\n{}", "x".repeat(1025));
    let long_token = format!("bind 1 2 2049 1 0\n/a{}", "x".repeat(2049));
    let stream = deflated(&upload_body());
    let packed = |plain: usize, stream: &[u8]| {
        let head = format!("upload 1 1 {plain} {} 2 0 0\n", stream.len());
        [head.as_bytes(), stream].concat()
    };
    let plain = upload_body().len();
    let inflates_not = |said| {
        check(
            "7.2 does not inflate",
            Fresh,
            said,
            Connection(101, BUG),
            "does not inflate",
        )
    };
    all.extend([
        check(
            "5.1 path size",
            Nothing,
            "bind 1 0 0 1 0\n",
            Connection(103, VIOLATION),
            "bad path size",
        ),
        check(
            "5.1 path size",
            Nothing,
            long_path,
            Connection(103, VIOLATION),
            "bad path size",
        ),
        check(
            "5.1 token size",
            Nothing,
            long_token,
            Connection(103, VIOLATION),
            "bad token size",
        ),
        inflates_not(packed(5, b"abc")),
        inflates_not(packed(plain + 1, &stream)),
        inflates_not(packed(plain - 1, &stream)),
        inflates_not(packed(plain, &stream[..stream.len() - 1])),
        inflates_not(packed(plain, &[&stream[..], b"x"].concat())),
    ]);
    all
}

/// Messages, and which part of them is wrong.
const UNPARSABLE: &[(&str, &str)] = &[
    ("", "bad message type"),
    ("\n", "bad message type"),
    ("mark", "bad message type"),
    ("hello 1\n", "bad message type"),
    ("MARK 1 1\n", "bad message type"),
    ("mark  1 1\n", "bad session ident"),
    ("mark 0 1\n", "bad session ident"),
    ("mark -1 1\n", "bad session ident"),
    ("mark +1 1\n", "bad session ident"),
    ("mark 9223372036854775808 1\n", "bad session ident"),
    ("mark 18446744073709551617 1\n", "bad session ident"),
    ("mark 1\n", "bad session ident"),
    ("mark 1 1", "bad request ident"),
    ("mark 1 1\r\n", "bad request ident"),
    ("mark 1 1 1\n", "bad request ident"),
    ("mark 1 1\nx", "bad bytes after the message"),
    ("unbind 0\n", "bad session ident"),
    ("unbind x\n", "bad session ident"),
    ("ping x 1\n", "bad timestamp"),
    ("ping 1 x\n", "bad round trip time"),
    ("bind 0 2 0 0 0\n/a", "bad session ident"),
    ("bind 2 x 0 0 0\n/a", "bad path size"),
    ("bind 2 2 x 0 0\n/a", "bad token size"),
    ("bind 2 2 0 x 0\n/a", "bad need_client_file_ident"),
    ("bind 2 2 0 0 x\n/a", "bad is_subserver"),
    ("bind 2 3 0 0 0\n/a", "bad path"),
    ("bind 2 2 3 0 0\n/ato", "bad token"),
    ("ident 1 x 1 0 0 0 0\n", "bad client file ident"),
    ("ident 1 1 x 0 0 0 0\n", "bad client file ident salt"),
    ("ident 1 1 1 x 0 0 0\n", "bad download server version"),
    ("ident 1 1 1 0 x 0 0\n", "bad download client version"),
    ("ident 1 1 1 0 0 x 0\n", "bad latest server version"),
    ("ident 1 1 1 0 0 0 x\n", "bad latest server version salt"),
    ("upload 1 x 0 0 2 0 0\n", "bad is_body_compressed"),
    ("upload 1 0 x 0 2 0 0\n", "bad uncompressed body size"),
    ("upload 1 0 0 x 2 0 0\n", "bad compressed body size"),
    (
        "upload 1 1 5 999999999 2 0 0\nabc",
        "bad compressed body size",
    ),
    ("upload 1 0 0 0 x 0 0\n", "bad client version"),
    ("upload 1 0 0 0 2 x 0\n", "bad server version"),
    ("upload 1 0 0 0 2 0 x\n", "bad locked server version"),
    ("upload 1 0 9 0 2 0 0\nabc", "bad body"),
    ("upload 1 0 3 0 2 0 0\nabc", "bad client version"),
    ("upload 1 0 4 0 2 0 0\n2 x ", "bad server version"),
    ("upload 1 0 6 0 2 0 0\n2 0 x ", "bad origin timestamp"),
    ("upload 1 0 8 0 2 0 0\n2 0 1 x ", "bad origin file ident"),
    ("upload 1 0 10 0 2 0 0\n2 0 1 0 x ", "bad changeset size"),
    ("upload 1 0 10 0 2 0 0\n2 0 1 0 9 ", "bad changeset"),
    (
        "upload 1 0 28 0 2 0 0\n2 0 1 0 9223372036854775807 ",
        "bad changeset",
    ),
    ("json_error x 2 1\n{}", "bad error code"),
    ("json_error 1 x 1\n{}", "bad body size"),
    ("json_error 1 9999999 1\n{}", "bad body size"),
    ("json_error 1 2 0\n{}", "bad session ident"),
    ("json_error 1 3 1\n{}", "bad body"),
];

/// Messages of the protocol's past, and of what this server has not.
const OBSOLETE: &[&str] = &[
    "transact 1 2 0 3\nabc",
    "alloc 1\n",
    "state_request 1 0 0 0 0 9 24 0 10\n",
    "client_version_request 1 2 77\n",
    "refresh 1 0\n",
    "query 1 1 2\n{}",
    "test_command 1 1 2\n{}",
    // What only a server says.
    "download 1 0 0 0 0 0 0 0 0 0 0\n",
    "unbound 1\n",
    "pong 1\n",
];

fn upload_body() -> Vec<u8> {
    b"2 0 1 0 0 ".to_vec()
}
