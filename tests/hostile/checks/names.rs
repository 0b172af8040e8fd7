//! What names no Realm (§5.1), and who may not open one (§17).

use super::Stage::Nothing;
use super::*;

pub fn checks() -> Vec<Check> {
    let illegal = ILLEGAL.iter().map(|(path, cause)| {
        let said = format!("bind 1 {} 0 1 0\n{path}", path.len());
        check("5.1 path", Nothing, said, Session(204, BUG), cause)
    });
    let token = "bind 1 7 4 1 0\n/checksjunk";
    illegal
        .chain([
            check(
                "5.1 path",
                Nothing,
                b"bind 1 2 0 1 0\n/\xff",
                Session(204, BUG),
                SEGMENTS,
            ),
            check("17 token in BIND", Nothing, token, Session(206, BUG), ""),
        ])
        .collect()
}

const SEGMENTS: &str = "a Realm path consists of segments";
const SUFFIX: &str = "must not end in .realm";

const ILLEGAL: &[(&str, &str)] = &[
    ("/", SEGMENTS),
    ("\"\"", SEGMENTS),
    ("//a", SEGMENTS),
    ("/a/", SEGMENTS),
    ("/a//b", SEGMENTS),
    ("/..", SEGMENTS),
    ("/a/../../../etc/passwd", SEGMENTS),
    ("/.hidden", SEGMENTS),
    ("/a b", SEGMENTS),
    ("/a\\b", SEGMENTS),
    ("/a\0b", SEGMENTS),
    ("/ä", SEGMENTS),
    ("/%2e%2e/a", SEGMENTS),
    ("{\"schemaVersion\":0,\"sessionReason\":0}", SEGMENTS),
    ("/a.realm", SUFFIX),
    ("/a.realm.lock", SUFFIX),
    ("/a.realm.management/b", SUFFIX),
];
