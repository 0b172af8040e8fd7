//! Names of Realms: what clients send becomes a canonical name, or is refused (sync protocol §5.1; App Services API §3.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::ident::RealmName;

/// Why a text names no Realm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no partition value in extended JSON: a string, an integer, an ObjectId, a UUID or null.
    #[error("not a partition value")]
    NotAPartition,
    /// It is no path of a Realm.
    #[error("not a path of a Realm")]
    NotAPath,
}

/// The Realm of a partition of an app. The value is extended JSON; however it is written, equal values of one type name one Realm.
pub fn partition_name(app: &str, text: &[u8]) -> Result<RealmName, NameError> {
    let value: Value = serde_json::from_slice(text).map_err(|_| NameError::NotAPartition)?;
    let canonical = canonical(&value).ok_or(NameError::NotAPartition)?;
    Ok(RealmName::from_canonical(format!("{app}/{canonical}")))
}

fn canonical(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".into()),
        Value::String(_) => Some(value.to_string()),
        Value::Number(number) => number.as_i64().map(|number| number.to_string()),
        Value::Object(fields) if fields.len() == 1 => {
            let (kind, value) = fields.iter().next()?;
            typed(kind, value)
        }
        Value::Object(_) | Value::Array(_) | Value::Bool(_) => None,
    }
}

fn typed(kind: &str, value: &Value) -> Option<String> {
    match kind {
        "$numberLong" => integer::<i64>(value),
        "$numberInt" => integer::<i32>(value),
        "$oid" => {
            let hex = value.as_str()?;
            let valid = hex.len() == 24 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
            valid.then(|| format!("{{\"$oid\":\"{}\"}}", hex.to_ascii_lowercase()))
        }
        "$uuid" => uuid(&value.as_str()?.replace('-', "")),
        "$binary" => {
            let fields = value.as_object().filter(|fields| fields.len() == 2)?;
            let is_uuid = matches!(fields.get("subType")?.as_str()?, "04" | "4");
            let bytes = STANDARD.decode(fields.get("base64")?.as_str()?).ok()?;
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            if is_uuid { uuid(&hex) } else { None }
        }
        _ => None,
    }
}

fn integer<T: std::str::FromStr + ToString>(value: &Value) -> Option<String> {
    Some(value.as_str()?.parse::<T>().ok()?.to_string())
}

fn uuid(hex: &str) -> Option<String> {
    let valid = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hex = hex.to_ascii_lowercase();
    valid.then(|| {
        format!(
            "{{\"$uuid\":\"{}-{}-{}-{}-{}\"}}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    })
}

/// The Realm of a classic path. Double quotes are dropped before anything else, as the original did.
pub fn path_name(text: &[u8]) -> Result<RealmName, NameError> {
    let text = std::str::from_utf8(text)
        .map_err(|_| NameError::NotAPath)?
        .replace('"', "");
    let path = text.strip_prefix('/').unwrap_or(&text);
    if path.split('/').all(is_segment) {
        Ok(RealmName::from_canonical(format!("/{path}")))
    } else {
        Err(NameError::NotAPath)
    }
}

fn is_segment(segment: &str) -> bool {
    const RESERVED: [&str; 3] = [".realm", ".realm.lock", ".realm.management"];
    !segment.is_empty()
        && !segment.starts_with('.')
        && !RESERVED.iter().any(|suffix| segment.ends_with(suffix))
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_partition() {
        for (texts, name) in [
            (
                &[
                    "42",
                    " 42 ",
                    r#"{"$numberLong":"42"}"#,
                    r#"{ "$numberInt" : "42" }"#,
                ][..],
                "app/42",
            ),
            (&["-1", r#"{"$numberLong":"-1"}"#], "app/-1"),
            (&[r#""42""#, r#""\u0034\u0032""#], r#"app/"42""#),
            (&["null"], "app/null"),
            (
                &[r#""q\"\\ /é""#, r#""q\"\\ \/\u00e9""#],
                r#"app/"q\"\\ /é""#,
            ),
            (
                &[
                    r#"{"$oid":"507f1f77bcf86cd799439011"}"#,
                    r#"{"$oid":"507F1F77BCF86CD799439011"}"#,
                ],
                r#"app/{"$oid":"507f1f77bcf86cd799439011"}"#,
            ),
            (
                &[
                    r#"{"$binary":{"base64":"mx3rTTt9S62b3SsNez3LbQ==","subType":"04"}}"#,
                    r#"{"$binary":{"subType":"04","base64":"mx3rTTt9S62b3SsNez3LbQ=="}}"#,
                    r#"{"$uuid":"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"}"#,
                ],
                r#"app/{"$uuid":"9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"}"#,
            ),
            (&[r#""/alice/notes""#], r#"app/"/alice/notes""#),
        ] {
            for text in texts {
                assert_eq!(
                    partition_name("app", text.as_bytes())
                        .as_ref()
                        .map(RealmName::as_str),
                    Ok(name),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_partition_is_refused() {
        for text in [
            "",
            "notes",
            "1.5",
            "true",
            "[]",
            "{}",
            r#"{"$oid":"5"}"#,
            r#"{"$numberLong":"x"}"#,
            r#"{"a":1,"b":2}"#,
            "\"a",
            "1e400",
            "\"\u{0}\"",
        ] {
            assert_eq!(
                partition_name("app", text.as_bytes()),
                Err(NameError::NotAPartition),
                "{text}"
            );
        }
        assert!(partition_name("app", &[b'"', 0xFF, b'"']).is_err());
    }

    #[test]
    fn classic_paths() {
        for (text, name) in [
            ("/a/b", "/a/b"),
            ("a", "/a"),
            ("\"foo\"", "/foo"),
            ("/~x", ""),
        ] {
            match path_name(text.as_bytes()) {
                Ok(path) => assert_eq!(path.as_str(), name),
                Err(error) => assert_eq!((error, name), (NameError::NotAPath, ""), "{text}"),
            }
        }
        for text in [
            "",
            "/",
            "/a/",
            "//a",
            "/.a",
            "/a/..",
            "/a.realm",
            "/a.realm.lock/b",
            "/a.realm.management",
            "/a b",
            "/é",
        ] {
            assert_eq!(
                path_name(text.as_bytes()),
                Err(NameError::NotAPath),
                "{text}"
            );
        }
    }
}
