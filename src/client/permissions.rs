//! Permissions as a user changes and sees them: by rows in Realms that the server answers and fills.
//!
//! Requests are rows of the user's Management Realm, `/~/__management`, or of its twin in an app, the partition `"__management/<user>"`, where keys are called
//! `_id`. The server sets `statusCode`: 0 is done, all else a problem's number.

use std::sync::Arc;
use std::time::Duration;

use super::{
    ClientError, Options, Place, Realm, RealmAddress, Transaction, User, WriteError, field,
};
use crate::api::permissions::{Why, WhyBody};
use crate::changeset::{
    CollectionKind, Column, ColumnKind, Key, KeyKind, PrimaryKeyColumn, TableKind, Value,
};
use crate::ident::AppId;
use crate::secret::Secret;
use crate::state::{CellError, Content, Field, Reader};

/// Where a user's permissions are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespace {
    /// Virtual paths.
    Classic,
    /// Partitions of an app, of which the user has this id.
    App(AppId, String),
}

impl Namespace {
    /// The Realm in which the user asks for changes.
    pub fn management(&self) -> RealmAddress {
        self.realm("/~/__management", "__management")
    }

    /// The Realm that shows what was granted to the user, and on its Realms.
    pub fn permissions(&self) -> RealmAddress {
        self.realm("/~/__permission", "__permission")
    }

    /// The Realm that shows what was granted to everybody.
    pub fn defaults(&self) -> RealmAddress {
        match self {
            Namespace::Classic => RealmAddress::Path("/__wildcardpermissions".into()),
            Namespace::App(app, _) => RealmAddress::Partition {
                app: app.clone(),
                value: "__wildcardpermissions".into(),
            },
        }
    }

    fn realm(&self, path: &str, twin: &str) -> RealmAddress {
        match self {
            Namespace::Classic => RealmAddress::Path(path.into()),
            Namespace::App(app, user) => RealmAddress::Partition {
                app: app.clone(),
                value: format!("{twin}/{user}").into(),
            },
        }
    }

    fn key_field(&self) -> &'static str {
        match self {
            Namespace::Classic => "id",
            Namespace::App(..) => "_id",
        }
    }
}

/// Who is given something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// The user of this id; `*` is everybody.
    User(String),
    /// All users with this key and value in their metadata; `email` finds whoever signs in by that name.
    Metadata(String, String),
}

/// What is given; `None` leaves a flag as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// `mayRead`
    pub read: Option<bool>,
    /// `mayWrite`
    pub write: Option<bool>,
    /// `mayManage`
    pub manage: Option<bool>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// That permissions be changed.
    Change {
        /// Whose.
        grantee: Grantee,
        /// On which Realm: a path, a URL, the value of a partition, or `*` for all that the user owns.
        realm: String,
        /// To what.
        flags: Flags,
    },
    /// That something may be handed on.
    Offer {
        /// Which Realm.
        realm: String,
        /// What: a flag that is not set is not offered.
        flags: Flags,
        /// Until when, in seconds since 1970.
        expires: Option<i64>,
    },
    /// That an offer be taken up.
    Accept {
        /// Its token.
        token: String,
    },
}

impl Ask {
    /// The class of its row.
    pub fn class(&self) -> &'static str {
        match self {
            Ask::Change { .. } => "PermissionChange",
            Ask::Offer { .. } => "PermissionOffer",
            Ask::Accept { .. } => "PermissionOfferResponse",
        }
    }
}

/// What the server has said to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// 0 is done, all else a problem's number.
    pub code: i64,
    /// What was done, or what is wrong.
    pub message: Option<String>,
    /// The token of an offer.
    pub token: Option<String>,
    /// The Realm of an offer, as it is to be opened.
    pub realm: Option<String>,
}

/// A user's Management Realm, open.
pub struct Management {
    realm: Realm,
    namespace: Namespace,
}

impl Management {
    /// Opens it.
    pub async fn open(
        user: &User,
        namespace: Namespace,
        options: Options,
    ) -> Result<Management, ClientError> {
        let address = namespace.management();
        let realm = user.open(&address, Place::Memory, options).await?;
        Ok(Management { realm, namespace })
    }

    /// The Realm itself.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Writes requests in one transaction; the keys of their rows.
    pub fn write(&self, asks: &[Ask]) -> Result<Vec<Key>, ClientError> {
        let refused = |error: WriteError| ClientError::Refused(error.to_string());
        let write = |edit: &mut Transaction<'_, '_>| {
            asks.iter()
                .map(|ask| self.row(edit, ask))
                .collect::<Result<Vec<_>, WriteError>>()
        };
        self.realm.write(write).map_err(refused)
    }

    /// Waits until the server has answered; the answers in the order of the keys.
    pub async fn told(&self, asks: &[Ask], keys: &[Key]) -> Result<Vec<Told>, ClientError> {
        let mut changes = self.realm.changes();
        loop {
            let told: Option<Vec<Told>> = asks
                .iter()
                .zip(keys)
                .map(|(ask, key)| self.answer(ask.class(), key))
                .collect::<Result<_, _>>()?;
            if let Some(told) = told {
                return Ok(told);
            }
            let failed = self.realm.wait_for_upload();
            failed.await?;
            // What the server answers is a change; one that came before this call was seen above.
            let next = tokio::time::timeout(Duration::from_secs(1), changes.next());
            drop(next.await);
        }
    }

    /// Writes requests and waits for the answers.
    pub async fn ask(&self, asks: &[Ask]) -> Result<Vec<Told>, ClientError> {
        let keys = self.write(asks)?;
        self.told(asks, &keys).await
    }

    /// The offers in the Realm: their rows, answered or not.
    pub fn offers(&self) -> Result<Vec<Row>, ClientError> {
        rows(&self.realm, "PermissionOffer")
    }

    fn answer(&self, class: &str, key: &Key) -> Result<Option<Told>, ClientError> {
        let row = self.realm.look(|schema, cells| {
            let Some(class) = schema.class(&class.into()).cloned() else {
                return Ok(None);
            };
            Reader::new(cells, schema).object(&class, key)
        })?;
        let row = Row {
            key: key.clone(),
            fields: row.unwrap_or_default(),
        };
        Ok(row.int("statusCode").map(|code| Told {
            code,
            message: row.text("statusMessage"),
            token: row.text("token"),
            realm: row.text("realmUrl"),
        }))
    }

    fn row(&self, edit: &mut Transaction<'_, '_>, ask: &Ask) -> Result<Key, WriteError> {
        let class = ask.class();
        self.schema(edit, ask)?;
        let key = Key::String(id().as_str().into());
        edit.create(class, key.clone())?;
        let now = Value::Timestamp {
            seconds: i64::try_from(super::realm::now().0 / 1000 + EPOCH).unwrap_or_default(),
            nanoseconds: 0,
        };
        let mut set = |name: &str, value: Value| edit.set(field(class, &key, name), value);
        set("createdAt", now.clone())?;
        set("updatedAt", now)?;
        let text = |text: &str| Value::String(text.into());
        let flag = |flag: Option<bool>| flag.map_or(Value::Null, Value::Bool);
        match ask {
            Ask::Change {
                grantee,
                realm,
                flags,
            } => {
                let (user, metadata) = match grantee {
                    Grantee::User(user) => (user.as_str(), None),
                    Grantee::Metadata(key, value) => ("", Some((key, value))),
                };
                set("userId", text(user))?;
                if let Some((key, value)) = metadata {
                    set("metadataKey", text(key))?;
                    set("metadataValue", text(value))?;
                }
                set("realmUrl", text(realm))?;
                set("mayRead", flag(flags.read))?;
                set("mayWrite", flag(flags.write))?;
                set("mayManage", flag(flags.manage))?;
            }
            Ask::Offer {
                realm,
                flags,
                expires,
            } => {
                let flag = |flag: Option<bool>| Value::Bool(flag.unwrap_or_default());
                set("realmUrl", text(realm))?;
                set("mayRead", flag(flags.read))?;
                set("mayWrite", flag(flags.write))?;
                set("mayManage", flag(flags.manage))?;
                if let Some(seconds) = *expires {
                    let nanoseconds = 0;
                    let end = Value::Timestamp {
                        seconds,
                        nanoseconds,
                    };
                    set("expiresAt", end)?;
                }
            }
            Ask::Accept { token } => set("token", text(token))?,
        }
        Ok(key)
    }

    /// The class as SDKs declare it.
    fn schema(&self, edit: &mut Transaction<'_, '_>, ask: &Ask) -> Result<(), WriteError> {
        use ColumnKind::{Bool, Int, String, Timestamp};
        let key = PrimaryKeyColumn {
            field: self.namespace.key_field().into(),
            kind: KeyKind::String,
            nullable: false,
        };
        edit.add_class(ask.class(), TableKind::TopLevel(key))?;
        let common = [
            ("createdAt", Timestamp, false),
            ("updatedAt", Timestamp, false),
            ("statusCode", Int, true),
            ("statusMessage", String, true),
        ];
        let own: &[(&str, ColumnKind, bool)] = match ask {
            Ask::Change { .. } => &[
                ("userId", String, false),
                ("metadataKey", String, true),
                ("metadataValue", String, true),
                ("realmUrl", String, false),
                ("mayRead", Bool, true),
                ("mayWrite", Bool, true),
                ("mayManage", Bool, true),
            ],
            Ask::Offer { .. } => &[
                ("token", String, true),
                ("realmUrl", String, false),
                ("mayRead", Bool, false),
                ("mayWrite", Bool, false),
                ("mayManage", Bool, false),
                ("expiresAt", Timestamp, true),
            ],
            Ask::Accept { .. } => &[("token", String, false), ("realmUrl", String, true)],
        };
        for (name, kind, nullable) in common.iter().chain(own) {
            let column = Column {
                kind: kind.clone(),
                nullable: *nullable,
                collection: CollectionKind::Single,
                dictionary_key: 0,
            };
            edit.add_column(ask.class(), name, column)?;
        }
        Ok(())
    }
}

/// 2015-01-01T00:00:00Z, in seconds since 1970.
const EPOCH: u64 = 1_420_070_400;

/// A random UUID, as SDKs make keys.
fn id() -> String {
    let mut bytes: [u8; 16] = rand::random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, b, c, d, e) = (
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    );
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// An object as it is read: its key and fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its key.
    pub key: Key,
    fields: Vec<Field>,
}

impl Row {
    fn value(&self, name: &str) -> Option<&Value> {
        let found = self
            .fields
            .iter()
            .find(|field| field.name.as_bytes() == name.as_bytes())?;
        match &found.content {
            Content::Value(value) => Some(value),
            Content::Object(..) | Content::List(_) | Content::Dictionary(_) | Content::Set(_) => {
                None
            }
        }
    }

    /// A text, if the field holds one.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text.to_lossy()),
            _ => None,
        }
    }

    /// A number, if the field holds one.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether the field holds `true`.
    pub fn flag(&self, name: &str) -> bool {
        self.value(name) == Some(&Value::Bool(true))
    }

    /// Seconds since 1970, if the field holds a moment.
    pub fn date(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Timestamp { seconds, .. } => Some(*seconds),
            _ => None,
        }
    }
}

/// All objects of a class; none if there is no such class.
pub fn rows(realm: &Realm, class: &str) -> Result<Vec<Row>, ClientError> {
    realm.look(|schema, cells| {
        let Some(class) = schema.class(&class.into()).cloned() else {
            return Ok(Vec::new());
        };
        let class: Arc<_> = class;
        let mut reader = Reader::new(cells, schema);
        let keys = reader.keys(&class, None, usize::MAX)?;
        let rows = keys.into_iter().map(|(key, _)| {
            let fields = reader.object(&class, &key)?.unwrap_or_default();
            Ok::<_, CellError>(Row { key, fields })
        });
        rows.collect()
    })
}

impl super::Server {
    /// What a user may do in a Realm, and why; for administrators.
    pub async fn why(&self, token: &Secret, ask: &WhyBody) -> Result<Why, ClientError> {
        let body = serde_json::json!(ask);
        self.post(token, "/api/ros/v1/permissions/why", &body).await
    }
}
