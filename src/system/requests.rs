//! What users ask for in their Management Realms, read from history and state.
//!
//! Three classes wait for the server: `PermissionOffer`, `PermissionOfferResponse` and `PermissionChange`. A row is a request while its `statusCode` is null. Which rows
//! may be requests is told by the history since the last look, so that old rows cost nothing. The columns of a class differ by SDK: what is missing is null.

use std::collections::{BTreeMap, HashSet};

use crate::access::Rights;
use crate::changeset::{self, Instruction, Key, Text, Value};
use crate::ident::{DownloadCursor, FileIdent, ServerVersion, UnixTime};
use crate::realm::{Realm, RealmError, Schema};
use crate::state::{Content, Field, Reader};

use super::permissions::Flags;

#[cfg(test)]
mod tests;

/// Bytes of history that are read at a time.
const PAGE: usize = 1 << 20;

/// Rows that are looked at together; what is more waits for the next look.
const AT_ONCE: usize = 1000;

/// Bytes of keys, and of texts in requests, that are looked at together: what is more waits for the next look, but for one row.
const BYTES: usize = 256 << 10;

/// Bytes of a text in a request, at most: a longer one is no path, id, token or metadata.
const TEXT: usize = 4 << 10;

/// The classes, in the order in which their rows are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// `PermissionOffer`
    Offer,
    /// `PermissionOfferResponse`
    Response,
    /// `PermissionChange`
    Change,
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 3] = [Class::Offer, Class::Response, Class::Change];

    /// Its name in the Realm.
    pub fn name(self) -> &'static str {
        match self {
            Class::Offer => "PermissionOffer",
            Class::Response => "PermissionOfferResponse",
            Class::Change => "PermissionChange",
        }
    }

    fn named(name: &Text) -> Option<Class> {
        Class::ALL
            .into_iter()
            .find(|class| class.name().as_bytes() == name.as_bytes())
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The class of its row.
    pub class: Class,
    /// The key of its row.
    pub key: Key,
    /// What is asked for.
    pub ask: Ask,
    /// When its row was changed last, by whoever asks: seconds and nanoseconds.
    pub updated: Option<(i64, i32)>,
}

/// What a request asks for. Texts are as they were sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// That permissions be changed.
    Change {
        /// Whose: an id, `*`, or empty if `metadata` says it.
        user: String,
        /// Key and value by which users are found.
        metadata: Option<(String, String)>,
        /// On which Realm.
        url: String,
        /// To what.
        flags: Flags,
    },
    /// That something may be handed on.
    Offer {
        /// Which Realm.
        url: String,
        /// What on it.
        rights: Rights,
        /// Until when.
        expires: Option<UnixTime>,
    },
    /// That an offer be taken up.
    Response {
        /// Its token.
        token: String,
    },
    /// Something of this class with a text that is longer than any may be.
    TooLong(Class),
}

impl Ask {
    /// Bytes of its texts.
    fn size(&self) -> usize {
        match self {
            Ask::Change {
                user,
                metadata,
                url,
                ..
            } => {
                let metadata = metadata.as_ref();
                user.len() + url.len() + metadata.map_or(0, |(key, value)| key.len() + value.len())
            }
            Ask::Offer { url, .. } => url.len(),
            Ask::Response { token } => token.len(),
            Ask::TooLong(_) => 0,
        }
    }
}

/// How far the history of a Management Realm has been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// All of it up to this version,
    pub version: ServerVersion,
    /// and so many instructions of the version after it.
    pub instructions: u64,
}

/// An offer that was answered before and has been edited since.
#[derive(Debug, Clone, PartialEq)]
pub struct EditedOffer {
    /// The key of its row.
    pub key: Key,
    /// Until when it holds; the outer `None`: its row is gone.
    pub expires: Option<Option<UnixTime>>,
}

/// What a look at a Management Realm has found.
#[derive(Debug, Default)]
pub struct Found {
    /// Requests: offers, then responses, then changes, each in the order in which they came.
    pub requests: Vec<Request>,
    /// Offers that were answered before.
    pub offers: Vec<EditedOffer>,
    /// The history is known up to here.
    pub looked: Place,
    /// The version at which the rows were read: the base for answers.
    pub base: ServerVersion,
    /// Columns that an answer needs and a class does not have.
    pub lacking: BTreeMap<Class, Vec<&'static str>>,
    /// Whether there is more to look at.
    pub more: bool,
}

/// What an answer writes, by class.
pub(super) fn answer_columns(class: Class) -> &'static [&'static str] {
    match class {
        Class::Offer => &[
            "statusCode",
            "statusMessage",
            "updatedAt",
            "token",
            "realmUrl",
        ],
        Class::Response => &["statusCode", "statusMessage", "updatedAt", "realmUrl"],
        Class::Change => &["statusCode", "statusMessage", "updatedAt"],
    }
}

/// Looks at what has come into a Management Realm after a place in its history.
pub fn look(realm: &Realm, after: Place) -> Result<Found, RealmError> {
    let mut found = Found {
        looked: after.min(Place {
            version: realm.head().version,
            instructions: 0,
        }),
        ..Found::default()
    };
    let touched = touched(realm, &mut found)?;
    realm.look(|schema, cells| {
        found.base = realm.head().version;
        let mut bytes = 0;
        for Touched { class, key, after } in touched {
            let Some(known) = schema.class(&class.name().into()).cloned() else {
                continue;
            };
            let fields = Reader::new(cells, schema).object(&known, &key)?;
            match fields.map(Fields) {
                Some(fields) if fields.int("statusCode").is_none() => {
                    let ask = fields.ask(class);
                    bytes += ask.size();
                    found.requests.push(Request {
                        class,
                        key,
                        ask,
                        updated: fields.moment("updatedAt"),
                    });
                }
                Some(fields) if class == Class::Offer => found.offers.push(EditedOffer {
                    key,
                    expires: Some(fields.date("expiresAt")),
                }),
                None if class == Class::Offer => {
                    found.offers.push(EditedOffer { key, expires: None })
                }
                Some(_) | None => {}
            }
            if bytes >= BYTES {
                found.looked = after;
                found.more = true;
                break;
            }
        }
        found.lacking = lacking(schema);
        Ok(())
    })?;
    found.requests.sort_by_key(|request| request.class);
    Ok(found)
}

/// A row that the history touches.
struct Touched {
    class: Class,
    key: Key,
    /// The place behind the instruction that does.
    after: Place,
}

/// Rows that the history after a place touches, in order; moves what is known on.
fn touched(realm: &Realm, found: &mut Found) -> Result<Vec<Touched>, RealmError> {
    let mut seen = HashSet::new();
    let mut touched = Vec::new();
    let mut bytes = 0;
    loop {
        let from = DownloadCursor {
            server_version: found.looked.version,
            ..DownloadCursor::default()
        };
        let slice = realm.read(from, FileIdent::SERVER, PAGE)?;
        for item in &slice.entries {
            let changeset = changeset::decode(&item.entry.changeset)
                .map_err(|error| realm.damaged(item.entry.version, &error))?;
            let before = Place {
                version: ServerVersion(item.entry.version.0.saturating_sub(1)),
                instructions: 0,
            };
            for (place, instruction) in places(before).zip(&changeset.instructions) {
                // Those up to here are known, if an earlier look came no further.
                if place <= found.looked {
                    continue;
                }
                let Some((class, key)) = row(instruction) else {
                    continue;
                };
                let key = key.detached();
                if !seen.insert((class, key.clone())) {
                    continue;
                }
                bytes += size(&key);
                touched.push(Touched {
                    class,
                    key,
                    after: place,
                });
                if touched.len() >= AT_ONCE || bytes >= BYTES {
                    found.looked = place;
                    found.more = true;
                    return Ok(touched);
                }
            }
        }
        found.looked = Place {
            version: slice.cursor.server_version,
            instructions: 0,
        };
        if found.looked.version >= slice.head.version {
            return Ok(touched);
        }
    }
}

/// The places behind the instructions of a version.
fn places(before: Place) -> impl Iterator<Item = Place> {
    (1..).map(move |instructions| Place {
        instructions,
        ..before
    })
}

/// Bytes of a key.
fn size(key: &Key) -> usize {
    match key {
        Key::String(text) => text.as_bytes().len(),
        Key::Null | Key::Int(_) | Key::ObjectId(_) | Key::Uuid(_) | Key::Global { .. } => 0,
    }
}

/// The row that an instruction touches, if it is of one of the classes.
fn row(instruction: &Instruction) -> Option<(Class, &Key)> {
    let class = Class::named(instruction.class())?;
    let key = match instruction {
        Instruction::CreateObject { key, .. } | Instruction::EraseObject { key, .. } => key,
        other => &other.path()?.key,
    };
    Some((class, key))
}

fn lacking(schema: &Schema) -> BTreeMap<Class, Vec<&'static str>> {
    let classes = Class::ALL.into_iter().filter_map(|class| {
        let known = schema.class(&class.name().into())?;
        let missing = |name: &&&str| known.column(&(**name).into()).is_none();
        let missing: Vec<_> = answer_columns(class)
            .iter()
            .filter(missing)
            .copied()
            .collect();
        (!missing.is_empty()).then_some((class, missing))
    });
    classes.collect()
}

/// The fields of a row; one that is missing or of another type is null.
struct Fields(Vec<Field>);

impl Fields {
    fn value(&self, name: &str) -> Option<&Value> {
        let field = self
            .0
            .iter()
            .find(|field| field.name.as_bytes() == name.as_bytes())?;
        match &field.content {
            Content::Value(value) => Some(value),
            Content::Object(..) | Content::List(_) | Content::Dictionary(_) | Content::Set(_) => {
                None
            }
        }
    }

    fn int(&self, name: &str) -> Option<i64> {
        match self.value(name) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name) {
            Some(Value::Bool(flag)) => Some(*flag),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.value(name) {
            Some(Value::String(text)) => Some(text.to_lossy()),
            _ => None,
        }
    }

    /// A moment, to the second before it; what lies before 1970 is 0.
    fn date(&self, name: &str) -> Option<UnixTime> {
        let (seconds, _) = self.moment(name)?;
        Some(UnixTime(u64::try_from(seconds).unwrap_or_default()))
    }

    fn moment(&self, name: &str) -> Option<(i64, i32)> {
        match self.value(name) {
            Some(Value::Timestamp {
                seconds,
                nanoseconds,
            }) => Some((*seconds, *nanoseconds)),
            _ => None,
        }
    }

    /// Whether a text among these is longer than any may be.
    fn is_too_long(&self, names: &[&str]) -> bool {
        names.iter().any(|name| {
            matches!(self.value(name), Some(Value::String(text)) if text.as_bytes().len() > TEXT)
        })
    }

    fn ask(&self, class: Class) -> Ask {
        let texts: &[&str] = match class {
            Class::Change => &["userId", "metadataKey", "metadataValue", "realmUrl"],
            Class::Offer => &["realmUrl"],
            Class::Response => &["token"],
        };
        if self.is_too_long(texts) {
            return Ask::TooLong(class);
        }
        let text = |name| self.text(name).unwrap_or_default();
        let flag = |name| self.flag(name).unwrap_or_default();
        match class {
            Class::Change => Ask::Change {
                user: text("userId"),
                metadata: self
                    .text("metadataKey")
                    .filter(|key| !key.is_empty())
                    .map(|key| (key, text("metadataValue"))),
                url: text("realmUrl"),
                flags: Flags {
                    read: self.flag("mayRead"),
                    write: self.flag("mayWrite"),
                    manage: self.flag("mayManage"),
                },
            },
            Class::Offer => Ask::Offer {
                url: text("realmUrl"),
                rights: Rights {
                    read: flag("mayRead"),
                    write: flag("mayWrite"),
                    manage: flag("mayManage"),
                },
                expires: self.date("expiresAt"),
            },
            Class::Response => Ask::Response {
                token: text("token"),
            },
        }
    }
}
