//! The names by which clients call Realms, made canonical.
//!
//! At an app's endpoint the text is a partition value as extended JSON. It is compared by type and value: `42`, `{"$numberInt":"42"}` and
//! `{"$numberLong":"42"}` are one partition, `"42"` is another, spacing and escapes do not matter. At the classic endpoint it is a virtual path. The
//! two never meet: the partition `"/alice/notes"` is not Alice's Realm.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::access::Endpoint;
use crate::ident::{AppId, RealmName, UserId};

/// Why a text in BIND names no Realm (error 204).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Not JSON at all.
    #[error("the partition value is not extended JSON")]
    NotJson,
    /// JSON of a type that no partition has: a partition is a string, an integer, an ObjectId, a UUID or null.
    #[error("a partition is a string, an integer, an ObjectId, a UUID or null")]
    PartitionType,
    /// A type that a partition may have, with a value that the type does not.
    #[error("the partition value is malformed")]
    PartitionValue,
    /// Not a virtual path.
    #[error(
        "a Realm path consists of segments of A-Z a-z 0-9 _ - . that are not empty and do not start with a dot"
    )]
    Path,
    /// A path that ends like the files beside a Realm.
    #[error("a segment of a Realm path must not end in .realm, .realm.lock or .realm.management")]
    PathSuffix,
}

/// The Realm that this user at this endpoint means. `~` at the beginning of a virtual path is the user's home.
pub fn realm_name(endpoint: &Endpoint, user: &UserId, text: &[u8]) -> Result<RealmName, BadName> {
    match endpoint {
        Endpoint::App(app) => partition(app, text),
        Endpoint::Classic => path(user, text),
    }
}

/// `<app>/<canonical extended JSON>`.
fn partition(app: &AppId, text: &[u8]) -> Result<RealmName, BadName> {
    let value = serde_json::from_slice(&joined_pairs(text)).map_err(|_| BadName::NotJson)?;
    let canonical = canonical(&value)?;
    Ok(RealmName::from_canonical(format!("{app}/{canonical}")))
}

/// The text with surrogate pairs as the characters that they are. SDKs on Java send characters beyond U+FFFF as such pairs, in three bytes each.
fn joined_pairs(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        match rest {
            [
                0xED,
                a @ 0xA0..=0xAF,
                b @ 0x80..=0xBF,
                0xED,
                c @ 0xB0..=0xBF,
                d @ 0x80..=0xBF,
                after @ ..,
            ] => {
                let [a, b, c, d] = [*a, *b, *c, *d].map(u32::from);
                let high = (a & 0x0F) << 6 | (b & 0x3F);
                let low = (c & 0x0F) << 6 | (d & 0x3F);
                let character = char::from_u32(0x10000 + (high << 10 | low));
                out.extend(
                    character
                        .into_iter()
                        .flat_map(|c| c.to_string().into_bytes()),
                );
                rest = after;
            }
            _ => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

fn canonical(value: &Value) -> Result<String, BadName> {
    match value {
        Value::Null => Ok("null".to_owned()),
        Value::String(text) => Ok(Value::from(text.as_str()).to_string()),
        Value::Number(number) => number
            .as_i64()
            .map(|n| n.to_string())
            .ok_or(BadName::PartitionType),
        Value::Object(members) => typed(members),
        Value::Bool(_) | Value::Array(_) => Err(BadName::PartitionType),
    }
}

/// A value whose type stands in the only key of an object.
fn typed(members: &Map<String, Value>) -> Result<String, BadName> {
    let mut members = members.iter();
    let (Some((key, value)), None) = (members.next(), members.next()) else {
        return Err(BadName::PartitionType);
    };
    match key.as_str() {
        "$numberInt" => Ok(integer(value, i64::from(i32::MIN), i64::from(i32::MAX))?.to_string()),
        "$numberLong" => Ok(integer(value, i64::MIN, i64::MAX)?.to_string()),
        "$oid" => Ok(format!(r#"{{"$oid":"{}"}}"#, hex(value, 24)?)),
        "$uuid" => Ok(uuid(&uuid_digits(value)?)),
        "$binary" => Ok(uuid(&binary_uuid(value)?)),
        _ => Err(BadName::PartitionType),
    }
}

fn integer(value: &Value, least: i64, most: i64) -> Result<i64, BadName> {
    let digits = value
        .as_str()
        .filter(|text| !text.starts_with('+'))
        .ok_or(BadName::PartitionValue)?;
    let number = digits.parse().map_err(|_| BadName::PartitionValue)?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(BadName::PartitionValue)
    }
}

/// A text of exactly so many hex digits, in small letters.
fn hex(value: &Value, digits: usize) -> Result<String, BadName> {
    let text = value.as_str().ok_or(BadName::PartitionValue)?;
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(BadName::PartitionValue)
    }
}

/// The 32 digits of a UUID that is written `8-4-4-4-12`.
fn uuid_digits(value: &Value) -> Result<String, BadName> {
    let text = value.as_str().ok_or(BadName::PartitionValue)?;
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    if lengths != [8, 4, 4, 4, 12] {
        return Err(BadName::PartitionValue);
    }
    hex(&Value::from(groups.concat()), 32)
}

/// The 32 digits of a UUID that is written as binary of subtype 4. Other binary values are no partitions.
fn binary_uuid(value: &Value) -> Result<String, BadName> {
    let member = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .ok_or(BadName::PartitionValue)
    };
    if !matches!(member("subType")?, "04" | "4") {
        return Err(BadName::PartitionType);
    }
    let bytes = BASE64_STANDARD
        .decode(member("base64")?)
        .map_err(|_| BadName::PartitionValue)?;
    let bytes: [u8; 16] = bytes.try_into().map_err(|_| BadName::PartitionValue)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn uuid(digits: &str) -> String {
    let group = |from: usize, to: usize| &digits[from..to];
    format!(
        r#"{{"$uuid":"{}-{}-{}-{}-{}"}}"#,
        group(0, 8),
        group(8, 12),
        group(12, 16),
        group(16, 20),
        group(20, 32)
    )
}

/// A virtual path with a leading slash. Quotes do not count: some clients send every name as a JSON string.
fn path(user: &UserId, text: &[u8]) -> Result<RealmName, BadName> {
    let text = std::str::from_utf8(text)
        .map_err(|_| BadName::Path)?
        .replace('"', "");
    let segments = text.strip_prefix('/').unwrap_or(&text);
    let segments = match segments.strip_prefix("~/") {
        Some(rest) => {
            check_segment(&user.0)?;
            format!("{user}/{rest}")
        }
        None => segments.to_owned(),
    };
    segments.split('/').try_for_each(check_segment)?;
    Ok(RealmName::from_canonical(format!("/{segments}")))
}

/// Whether a text can be one segment of a Realm path.
pub(super) fn is_segment(text: &str) -> bool {
    check_segment(text).is_ok()
}

fn check_segment(segment: &str) -> Result<(), BadName> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if segment.is_empty() || segment.starts_with('.') || !segment.bytes().all(legal) {
        return Err(BadName::Path);
    }
    let reserved = [".realm", ".realm.lock", ".realm.management"];
    if reserved.iter().any(|suffix| segment.ends_with(suffix)) {
        return Err(BadName::PathSuffix);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm_name(endpoint: &Endpoint, text: &[u8]) -> Result<RealmName, BadName> {
        super::realm_name(endpoint, &UserId("ada".into()), text)
    }

    fn app() -> Endpoint {
        Endpoint::App(AppId::parse("myapp").unwrap())
    }

    #[test]
    fn partitions_are_compared_by_type_and_value() {
        let oid = r#"myapp/{"$oid":"507f1f77bcf86cd799439011"}"#;
        let uuid = r#"myapp/{"$uuid":"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"}"#;
        for (sent, name) in [
            (r#""p""#, r#"myapp/"p""#),
            (r#" "p" "#, r#"myapp/"p""#),
            (r#""\u0070""#, r#"myapp/"p""#),
            (r#""""#, r#"myapp/"""#),
            (r#""q\"\\ /é""#, r#"myapp/"q\"\\ /é""#),
            (r#""q\"\\ \/\u00e9""#, r#"myapp/"q\"\\ /é""#),
            (r#""/alice/notes""#, r#"myapp/"/alice/notes""#),
            (r#""42""#, r#"myapp/"42""#),
            ("42", "myapp/42"),
            (r#"{"$numberInt":"42"}"#, "myapp/42"),
            (r#"{ "$numberLong" : "42" }"#, "myapp/42"),
            (r#"{"$numberLong":"042"}"#, "myapp/42"),
            (r#"{"$numberLong":"-1"}"#, "myapp/-1"),
            ("-1", "myapp/-1"),
            (
                r#"{"$numberLong":"-9223372036854775808"}"#,
                "myapp/-9223372036854775808",
            ),
            ("null", "myapp/null"),
            (r#"{"$oid":"507f1f77bcf86cd799439011"}"#, oid),
            (r#"{"$oid":"507F1F77BCF86CD799439011"}"#, oid),
            (
                r#"{"$binary":{"base64":"mx3rTTt9S62b3SsNez3LbQ==","subType":"04"}}"#,
                uuid,
            ),
            (
                r#"{"$binary":{"subType":"4","base64":"mx3rTTt9S62b3SsNez3LbQ=="}}"#,
                uuid,
            ),
            (r#"{"$uuid":"9B1DEB4D-3B7D-4BAD-9BDD-2B0D7B3DCB6D"}"#, uuid),
        ] {
            assert_eq!(
                realm_name(&app(), sent.as_bytes()).map(|name| name.to_string()),
                Ok(name.to_owned()),
                "{sent}"
            );
        }
    }

    #[test]
    fn surrogate_pairs_are_the_characters_that_they_are() {
        let pairs = b"\"a\xed\xa0\xbe\xed\xb6\x80b\""; // as Java's modified UTF-8 has it
        let name = realm_name(&app(), pairs).unwrap();
        assert_eq!(name, realm_name(&app(), "\"a🦀b\"".as_bytes()).unwrap());
        for half in [&b"\"\xed\xa0\xbe\""[..], b"\"\xed\xb6\x80\xed\xa0\xbe\""] {
            assert_eq!(realm_name(&app(), half), Err(BadName::NotJson));
        }
    }

    #[test]
    fn other_values_are_no_partitions() {
        use BadName::{NotJson, PartitionType, PartitionValue};
        for (sent, why) in [
            (&b""[..], NotJson),
            (b"p", NotJson),
            (b"\"p\" x", NotJson),
            (b"\"\xff\"", NotJson),
            (b"/alice/notes", NotJson),
            (b"+1", NotJson),
            (b"true", PartitionType),
            (b"1.5", PartitionType),
            (b"1e3", PartitionType),
            (b"9223372036854775808", PartitionType),
            (b"[]", PartitionType),
            (b"{}", PartitionType),
            (br#"{"a":"b"}"#, PartitionType),
            (
                br#"{"$oid":"507f1f77bcf86cd799439011","x":1}"#,
                PartitionType,
            ),
            (br#"{"$numberDouble":"1"}"#, PartitionType),
            (br#"{"$numberInt":"2147483648"}"#, PartitionValue),
            (br#"{"$numberLong":"9223372036854775808"}"#, PartitionValue),
            (br#"{"$numberLong":"+1"}"#, PartitionValue),
            (br#"{"$numberLong":1}"#, PartitionValue),
            (br#"{"$oid":"507f"}"#, PartitionValue),
            (br#"{"$oid":"507f1f77bcf86cd79943901g"}"#, PartitionValue),
            (
                br#"{"$uuid":"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"}"#,
                PartitionValue,
            ),
            (
                br#"{"$uuid":"9b1deb4d3-b7d-4bad-9bdd-2b0d7b3dcb6d"}"#,
                PartitionValue,
            ),
            (
                br#"{"$binary":{"base64":"AAH/","subType":"04"}}"#,
                PartitionValue,
            ),
            (
                br#"{"$binary":{"base64":"mx3rTTt9S62b3SsNez3LbQ==","subType":"00"}}"#,
                PartitionType,
            ),
            (br#"{"$binary":"mx3rTTt9S62b3SsNez3LbQ=="}"#, PartitionValue),
        ] {
            assert_eq!(
                realm_name(&app(), sent),
                Err(why),
                "{}",
                sent.escape_ascii()
            );
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_harm() {
        assert_eq!(
            realm_name(&app(), "[".repeat(1000).as_bytes()),
            Err(BadName::NotJson)
        );
    }

    #[test]
    fn paths_get_a_leading_slash_and_lose_quotes() {
        for (sent, name) in [
            ("/a/b", "/a/b"),
            ("a/b", "/a/b"),
            ("\"foo\"", "/foo"),
            ("/A-b_c.d/0", "/A-b_c.d/0"),
            ("/a/x.realms", "/a/x.realms"),
        ] {
            let found = realm_name(&Endpoint::Classic, sent.as_bytes());
            assert_eq!(
                found.map(|name| name.to_string()),
                Ok(name.to_owned()),
                "{sent}"
            );
        }
    }

    #[test]
    fn a_tilde_is_the_home_of_whoever_says_it() {
        let said = |user: &str, text: &str| {
            let user = UserId(user.into());
            let name = super::realm_name(&Endpoint::Classic, &user, text.as_bytes());
            name.map(|name| name.to_string())
        };
        assert_eq!(said("ada", "/~/notes"), Ok("/ada/notes".into()));
        assert_eq!(said("ada", "\"~/a/b\""), Ok("/ada/a/b".into()));
        // An id that is no segment has no home.
        for user in ["a/b", "..", "", "a.realm", "*"] {
            assert!(said(user, "/~/notes").is_err(), "{user}");
        }
    }

    #[test]
    fn bad_paths_are_refused() {
        let bad = [
            "", "/", "//", "/a/", "/a//b", "/.", "/..", "/a/../b", "/.a", "/a b", "/~", "/~a",
            "/a/~/b", "/~/~", "/é", "/a%2Fb", "/a\\b", "/a\0", "\"\"",
        ];
        for sent in bad {
            assert_eq!(
                realm_name(&Endpoint::Classic, sent.as_bytes()),
                Err(BadName::Path),
                "{sent}"
            );
        }
        for sent in ["/a.realm", "/a.realm.lock/b", "/a/b.realm.management"] {
            assert_eq!(
                realm_name(&Endpoint::Classic, sent.as_bytes()),
                Err(BadName::PathSuffix),
                "{sent}"
            );
        }
        assert_eq!(realm_name(&Endpoint::Classic, b"/\xff"), Err(BadName::Path));
    }
}
