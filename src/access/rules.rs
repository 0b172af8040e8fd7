//! Rules of an app: which partitions its users may read and write, by the partition's name and by who they are.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::Rights;
use super::reserved::string_partition;
use crate::ident::{RealmName, UserId};

/// What a rule may look at in a user.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// Who it is.
    pub user: &'a UserId,
    /// Its custom data.
    pub custom: &'a BTreeMap<String, Value>,
}

/// Which of an app's settings gives a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// All partitions are open to all users.
    Open,
    /// A rule, by its number from 0.
    Rule(usize),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Open => f.write_str("the app opens its partitions to every user"),
            Source::Rule(number) => write!(f, "rule {} of the app", number + 1),
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which partitions.
    pub partition: Pattern,
    /// What may be done there.
    pub rights: Rights,
}

/// A name of partitions with places to be filled in: `user=%%user.id`, `team/%%user.custom_data.team`, `public/*`.
///
/// `*` stands for any text; `%%user.id` for the user's id; `%%user.custom_data.NAME` for that member of its custom data, or for any element of it if it is a list. What is
/// filled in stands for itself: a `*` in it is a star. A member that is missing, or neither text nor number nor truth value, fits nothing. A pattern is compared with
/// partitions that are strings; one that is extended JSON of another type (`42`, `null`, `{"$oid":"%%user.id"}`) with those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    is_string: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Any,
    UserId,
    Custom(String),
}

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`%%` is followed by `user.id` or `user.custom_data.NAME`, and there are two `*` at most")]
pub struct BadPattern;

/// Stars in a pattern: what a comparison costs grows with the length of the name to this power.
const STARS: usize = 2;

/// Alternatives that a list of custom data may give; the rest does not count.
const ALTERNATIVES: usize = 1000;

impl Pattern {
    /// A pattern from text.
    pub fn parse(text: &str) -> Result<Pattern, BadPattern> {
        let other = text.starts_with('{') || text == "null" || text.parse::<i64>().is_ok();
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['*', '%']) {
            let (before, found) = rest.split_at(at);
            parts.extend(text_part(before));
            if let Some(after) = found.strip_prefix('*') {
                parts.push(Part::Any);
                rest = after;
            } else if let Some(after) = found.strip_prefix("%%") {
                let (part, after) = placeholder(after)?;
                parts.push(part);
                rest = after;
            } else {
                parts.extend(text_part("%"));
                rest = &found[1..];
            }
        }
        parts.extend(text_part(rest));
        let stars = parts.iter().filter(|part| **part == Part::Any).count();
        if stars > STARS {
            return Err(BadPattern);
        }
        Ok(Pattern {
            parts,
            is_string: !other,
        })
    }

    /// Whether the Realm is a partition that the pattern means for this user.
    pub fn fits(&self, realm: &RealmName, person: Person<'_>) -> bool {
        let name = match (string_partition(realm), self.is_string) {
            (Some(text), true) => text,
            (None, false) => {
                let value = realm.as_str().split_once('/').map(|(_, value)| value);
                value.unwrap_or_default().to_owned()
            }
            (Some(_), false) | (None, true) => return false,
        };
        fits(&self.parts, &name, person)
    }
}

/// What an app gives a user in a partition, and the first of its settings that gives anything: what is open to all, and the rules.
pub fn given(
    open: Rights,
    rules: &[Rule],
    realm: &RealmName,
    person: Person<'_>,
) -> (Rights, Option<Source>) {
    let first = (!open.is_empty()).then_some(Source::Open);
    let fitting = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| !rule.rights.is_empty() && rule.partition.fits(realm, person));
    fitting.fold((open, first), |(rights, first), (at, rule)| {
        let first = first.or(Some(Source::Rule(at)));
        (rights.or(rule.rights), first)
    })
}

fn text_part(text: &str) -> Option<Part> {
    (!text.is_empty()).then(|| Part::Text(text.to_owned()))
}

/// The placeholder at the start of a text, and what follows it.
fn placeholder(text: &str) -> Result<(Part, &str), BadPattern> {
    if let Some(rest) = text.strip_prefix("user.id") {
        return Ok((Part::UserId, rest));
    }
    let rest = text.strip_prefix("user.custom_data.").ok_or(BadPattern)?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
    if name.is_empty() {
        return Err(BadPattern);
    }
    Ok((Part::Custom(name.to_owned()), rest))
}

fn fits(parts: &[Part], name: &str, person: Person<'_>) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return name.is_empty();
    };
    let after = |text: &str| {
        // Nothing in a place of its own would make `team=` out of `team=%%user.custom_data.team`.
        let left = (!text.is_empty())
            .then(|| name.strip_prefix(text))
            .flatten();
        left.is_some_and(|left| fits(rest, left, person))
    };
    match first {
        Part::Text(text) => after(text),
        Part::UserId => after(&person.user.0),
        Part::Custom(member) => texts(person.custom.get(member)).any(|text| after(&text)),
        Part::Any => ends(name).any(|at| fits(rest, &name[at..], person)),
    }
}

fn ends(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices()
        .map(|(at, _)| at)
        .chain(std::iter::once(text.len()))
}

/// A value as text, or each element of a list.
fn texts(value: Option<&Value>) -> impl Iterator<Item = String> {
    let values = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    values
        .iter()
        .take(ALTERNATIVES)
        .filter_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_by_text_user_and_custom_data() {
        let user = UserId("5d1c".into());
        let custom = serde_json::json!({"team": "blue", "teams": ["red", 7, null], "star": "*", "none": null, "empty": ""});
        let custom = serde_json::from_value(custom).unwrap();
        let person = Person {
            user: &user,
            custom: &custom,
        };
        let oid = r#"a/{"$oid":"507f1f77bcf86cd799439011"}"#;
        for (pattern, realm, fits) in [
            ("public", r#"a/"public""#, true),
            ("public", r#"a/"publi""#, false),
            ("public", r#"a/"public/x""#, false),
            ("public/*", r#"a/"public/x/y""#, true),
            ("*", r#"a/"anything""#, true),
            ("*", r#"a/"""#, true),
            ("*", "a/42", false),
            ("a*b*c", r#"a/"aXbXbc""#, true),
            ("a*b*c", r#"a/"aXbXb""#, false),
            ("user=%%user.id", r#"a/"user=5d1c""#, true),
            ("user=%%user.id", r#"a/"user=5d1cX""#, false),
            ("user=%%user.id", r#"a/"user=5D1C""#, false),
            ("user=%%user.id", r#"a/"user=%%user.id""#, false),
            ("%%user.custom_data.team", r#"a/"blue""#, true),
            ("t-%%user.custom_data.teams/x", r#"a/"t-red/x""#, true),
            ("t-%%user.custom_data.teams/x", r#"a/"t-7/x""#, true),
            ("t-%%user.custom_data.teams/x", r#"a/"t-null/x""#, false),
            ("%%user.custom_data.star", r#"a/"*""#, true),
            ("%%user.custom_data.star", r#"a/"x""#, false),
            ("t-%%user.custom_data.none", r#"a/"t-""#, false),
            ("t-%%user.custom_data.empty", r#"a/"t-""#, false),
            ("t-%%user.custom_data.missing", r#"a/"t-""#, false),
            ("100%", r#"a/"100%""#, true),
            ("42", "a/42", true),
            ("42", r#"a/"42""#, false),
            ("null", "a/null", true),
            (r#"{"$oid":"*"}"#, oid, true),
            (r#"{"$oid":"%%user.id"}"#, oid, false),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!(
                parsed.fits(&RealmName::from_canonical(realm), person),
                fits,
                "{pattern} {realm}"
            );
        }
        for bad in [
            "%%",
            "%%user",
            "x%%user.custom_data.",
            "%%partition",
            "a*b*c*",
        ] {
            assert_eq!(Pattern::parse(bad), Err(BadPattern), "{bad}");
        }
    }
}
