//! What values look like, and what is said of one that does not.

use std::net::IpAddr;

use serde_yaml::Value;

use super::near;
use super::network::Network;
use super::record::Record;
use super::tree::{Node, Place, What};

/// What the value of a key looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A port number, 1 to 65535.
    Port,
    /// An IP address.
    Address,
    /// A text that is not empty.
    Text,
    /// This many hex digits.
    Hex(usize),
    /// The path of a file.
    File,
    /// The path of a folder.
    Folder,
    /// A time in seconds, 1 to a hundred years: no sum of times overflows.
    Seconds,
    /// A whole number, from 1.
    Count,
    /// A number of bytes, from 1.
    Bytes,
    /// Scheme and host.
    Url,
    /// The address of another service: `https`, or `http` on this machine.
    Endpoint,
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of two words: the first is `false`.
    Switch(&'static str, &'static str),
    /// A list of paths of files.
    Files,
    /// A list of `host:port`.
    Hosts,
    /// A list of addresses, or of networks like `10.0.0.0/8`.
    Networks,
    /// A list of `{ id, address, port }`.
    Servers,
    /// A list of names of Realms.
    Realms,
    /// A list of `{ partition, read, write, manage }`.
    Rules,
    /// A list of texts.
    Texts,
    /// A list of `{ claim, name, required }`.
    Claims,
    /// Anything.
    Any,
}

/// A value that is not what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where.
    pub at: Place,
    /// What is wrong.
    pub what: String,
    /// What to write.
    pub hint: Option<String>,
}

impl Kind {
    /// Seconds of a hundred years.
    pub(super) const LONGEST: u64 = 100 * 365 * 86_400;
    /// Bytes of a bound that is none.
    pub(super) const LARGEST: u64 = 1 << 40;

    /// The value, as the settings take it.
    pub fn value(self, node: &Node) -> Result<Value, Wrong> {
        if let Some(wrong) = typographic(self, node) {
            return Err(wrong);
        }
        self.checked(node).ok_or_else(|| {
            self.strange_item(node).unwrap_or_else(|| Wrong {
                at: node.at,
                what: self.complaint(node),
                hint: self.hint(node),
            })
        })
    }

    /// Whether a value is written without a list or a section.
    pub(super) fn is_scalar(self) -> bool {
        !matches!(
            self,
            Kind::Files
                | Kind::Hosts
                | Kind::Networks
                | Kind::Servers
                | Kind::Realms
                | Kind::Rules
                | Kind::Texts
                | Kind::Claims
                | Kind::Any
        )
    }

    /// Whether a value is a text, also where it could be read as something else.
    pub(super) fn is_text(self) -> bool {
        matches!(
            self,
            Kind::Text | Kind::Hex(_) | Kind::File | Kind::Folder | Kind::Url | Kind::Endpoint
        )
    }

    pub(super) fn checked(self, node: &Node) -> Option<Value> {
        match self {
            Kind::Any => return Some(node.value()),
            _ if !self.is_scalar() => {
                return items(node)?.iter().map(|item| self.item(item)).collect();
            }
            _ => {}
        }
        let (text, plain) = node.scalar()?;
        // A number, or `true`, is no text; that it was meant as one is not sure.
        let is_text = !text.is_empty() && matches!(node.value(), Value::String(_));
        match self {
            Kind::Flag => match node.value() {
                Value::Bool(flag) => Some(flag.into()),
                _ => None,
            },
            Kind::Port => number(text, plain, 1, u16::MAX.into()),
            Kind::Seconds => number(text, plain, 1, Kind::LONGEST),
            Kind::Count => number(text, plain, 1, u32::MAX.into()),
            Kind::Bytes => number(text, plain, 1, Kind::LARGEST),
            Kind::Address => text
                .parse::<IpAddr>()
                .ok()
                .map(|address| address.to_string().into()),
            Kind::Text | Kind::File | Kind::Folder => is_text.then(|| text.into()),
            Kind::Hex(length) => (text.len() == length
                && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then(|| text.into()),
            Kind::Url => super::PublicUrl::try_from(text.to_owned())
                .ok()
                .map(|_| text.into()),
            Kind::Endpoint => super::Endpoint::try_from(text.to_owned())
                .ok()
                .map(|_| text.into()),
            Kind::Words(words) => words.contains(&text).then(|| text.into()),
            Kind::Switch(off, on) => (text == off || text == on).then(|| (text == on).into()),
            Kind::Any
            | Kind::Files
            | Kind::Hosts
            | Kind::Networks
            | Kind::Servers
            | Kind::Realms
            | Kind::Rules
            | Kind::Texts
            | Kind::Claims => None,
        }
    }

    /// An item of a list.
    fn item(self, node: &Node) -> Option<Value> {
        if let Some(record) = Record::of(self) {
            return record.value(node);
        }
        let (text, _) = node.scalar()?;
        let fits = match self {
            Kind::Networks => text.parse::<Network>().is_ok(),
            Kind::Files | Kind::Texts => !text.is_empty(),
            // A path, or a partition with its app before it.
            Kind::Realms => text.len() > 1 && text.contains('/'),
            _ => is_authority(text),
        };
        fits.then(|| text.into())
    }

    /// What is wrong with the first item of a list that does not belong there.
    fn strange_item(self, node: &Node) -> Option<Wrong> {
        if self.is_scalar() {
            return None;
        }
        let strange = items(node)?.iter().find(|item| self.item(item).is_none())?;
        let in_record = Record::of(self).and_then(|record| record.strange_member(strange));
        Some(in_record.unwrap_or_else(|| {
            let what = match strange.scalar() {
                Some((text, _)) if text.chars().count() <= 60 => {
                    format!("`{}`", text.escape_debug())
                }
                _ => "this".to_owned(),
            };
            Wrong {
                at: strange.at,
                what: format!("{what} does not belong into {}", self.expected()),
                hint: None,
            }
        }))
    }

    /// What is expected, after "expected:" or "must be".
    pub fn expected(self) -> String {
        match self {
            Kind::Flag => "`true` or `false`".to_owned(),
            Kind::Port => "a port number from 1 to 65535".to_owned(),
            Kind::Address => "an IP address, like 127.0.0.1 or '::'".to_owned(),
            Kind::Text => "a text".to_owned(),
            Kind::Hex(length) => format!("{length} hex digits"),
            Kind::File => "the path of a file".to_owned(),
            Kind::Folder => "the path of a folder".to_owned(),
            Kind::Seconds => format!("a number of seconds, from 1 to {}", Kind::LONGEST),
            Kind::Count => "a whole number, from 1".to_owned(),
            Kind::Bytes => "a number of bytes, from 1".to_owned(),
            Kind::Url => "a URL of scheme and host, like https://sync.example.com".to_owned(),
            Kind::Endpoint => super::Endpoint::EXPECTED.to_owned(),
            Kind::Words(words) => format!("one of {}", words.join(", ")),
            Kind::Switch(one, other) => format!("`{one}` or `{other}`"),
            Kind::Files => "a list of paths, like [ /etc/realm/old.pub ]".to_owned(),
            Kind::Hosts => "a list of host:port, like [ 'sync.example.com:9080' ]".to_owned(),
            Kind::Networks => {
                "a list of addresses or networks, like [ 127.0.0.1, 10.0.0.0/8 ]".to_owned()
            }
            Kind::Servers => {
                "a list like [ { id: '0', address: 0.0.0.0, port: 27800 } ]".to_owned()
            }
            Kind::Realms => {
                "a list of paths and partitions, like [ /shared/wall, my-app/notes ]".to_owned()
            }
            Kind::Rules => {
                "a list like [ { partition: 'user=%%user.id', read: true, write: true } ]"
                    .to_owned()
            }
            Kind::Texts => "a list of texts, like [ my-app ]".to_owned(),
            Kind::Claims => {
                "a list like [ { claim: email, name: email, required: true } ]".to_owned()
            }
            Kind::Any => "anything".to_owned(),
        }
    }

    fn complaint(self, node: &Node) -> String {
        let expected = self.expected();
        match node.scalar() {
            Some((text, _)) if text.chars().count() <= 60 => {
                format!("{expected} is expected, not `{}`", text.escape_debug())
            }
            Some(_) => format!("{expected} is expected"),
            None => match node.what {
                What::List(_) => format!("{expected} is expected, not a list"),
                _ => format!("{expected} is expected, not a section of keys"),
            },
        }
    }

    /// What was probably meant.
    fn hint(self, node: &Node) -> Option<String> {
        let (text, plain) = node.scalar()?;
        let lower = text.to_lowercase();
        match self {
            Kind::Flag => match lower.as_str() {
                "yes" | "on" | "1" => Some("write true".to_owned()),
                "no" | "off" | "0" => Some("write false".to_owned()),
                "true" | "false" if !plain => Some(format!("write {lower}, without quotes")),
                _ => None,
            },
            Kind::Port | Kind::Seconds | Kind::Count | Kind::Bytes
                if !plain && text.parse::<u64>().is_ok() =>
            {
                Some(format!("write {text}, without quotes"))
            }
            Kind::Words(words) if words.contains(&"info") && text.parse::<u64>().is_ok() => Some(
                "numbers were levels in beta versions; write one of the names, like info"
                    .to_owned(),
            ),
            Kind::Words(words) => near::nearest(text, words.iter().copied())
                .map(|word| format!("did you mean {word}?")),
            Kind::Switch(one, other) => {
                near::nearest(text, [one, other]).map(|word| format!("did you mean {word}?"))
            }
            Kind::Address => match lower.as_str() {
                "localhost" => Some("write 127.0.0.1, or '::1'".to_owned()),
                "*" | "any" | "all" | "" => Some("write '::' for all addresses".to_owned()),
                _ if is_bracketed(text) => {
                    Some(format!("write '{}'", text.trim_matches(['[', ']'])))
                }
                _ if text.contains(':') || text.contains('.') => match text.rsplit_once(':') {
                    Some((address, port)) if address.parse::<std::net::Ipv4Addr>().is_ok() => {
                        Some(format!(
                            "the port is a key of its own: write {address} here, and {port} as the port"
                        ))
                    }
                    _ => None,
                },
                _ => None,
            },
            Kind::Files | Kind::Hosts | Kind::Networks | Kind::Texts => {
                Some(format!("write [ '{text}' ]"))
            }
            Kind::Text | Kind::File | Kind::Folder if !text.is_empty() => {
                Some(format!("write '{text}'"))
            }
            _ => None,
        }
    }
}

/// A text with the quotes of a word processor, where they are surely meant as YAML's.
fn typographic(kind: Kind, node: &Node) -> Option<Wrong> {
    let (text, _) = node.scalar()?;
    let (offset, character, meant) = near::typographic(text)?;
    if !near::is_quoted_typographically(text) && (kind == Kind::Any || kind.checked(node).is_some())
    {
        return None;
    }
    let at = match text.contains('\n') {
        true => node.at,
        false => Place {
            column: node.at.column + offset,
            width: 1,
            ..node.at
        },
    };
    let inner = meant
        .trim_matches(|c| c == '\'' || c == '"')
        .replace('\'', "''");
    Some(Wrong {
        at,
        what: format!(
            "`{}` (U+{:04X}) is a typographic character, no quote of YAML",
            character.escape_debug(),
            u32::from(character)
        ),
        hint: Some(format!("write '{inner}'")),
    })
}

fn items(node: &Node) -> Option<&[Node]> {
    match &node.what {
        What::List(items) => Some(items),
        What::Scalar { .. } | What::Map(_) => None,
    }
}

/// Whether a text is an IPv6 address as it stands in URLs.
fn is_bracketed(text: &str) -> bool {
    text.strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .is_some_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
}

fn number(text: &str, plain: bool, least: u64, most: u64) -> Option<Value> {
    let number: u64 = plain.then(|| text.parse().ok())??;
    (least..=most).contains(&number).then(|| number.into())
}

/// Whether a text is `host:port`.
fn is_authority(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let narrow = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_v6 = is_bracketed(host);
    let is_name = !host.is_empty() && host.bytes().all(narrow);
    (is_v6 || is_name || host.parse::<IpAddr>().is_ok())
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}
