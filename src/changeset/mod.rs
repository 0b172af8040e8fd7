//! What a changeset says: instructions, the values and keys in them, and their binary form ([`codec`]).
//!
//! Decoding copies short strings only: every longer [`Text`] and every binary value is a slice of the received buffer. A changeset is
//! hostile until it is decoded; afterwards holding one means that its syntax was checked. What it *means* (versions, merging, whether
//! its classes exist) is known elsewhere.

pub mod codec;
mod decimal;
mod instruction;
mod path;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use codec::{DecodeError, decode, decode_within, encode};
pub use decimal::Decimal128;
pub use instruction::{
    CollectionKind, Column, ColumnKind, Instruction, KeyKind, PrimaryKeyColumn, Slot, TableKind,
};
pub use path::{Path, Step};
pub use text::Text;
pub use value::{Key, Link, Value};

/// The instructions of one changeset, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changeset {
    /// The instructions.
    pub instructions: Vec<Instruction>,
}

impl Changeset {
    /// Leaves out each Clear of a collection that the instruction before it has just put into a list: it changes nothing, and nobody else can have been there yet. realm-core sends
    /// one after the other, but its merge does not let the Clear follow its element: a device that has erased an element before it meanwhile could not take the changeset, and
    /// would stay behind.
    pub fn leave_out_idle_clears(&mut self) {
        self.instructions
            .dedup_by(|after, before| match (before, after) {
                (
                    Instruction::ArrayInsert { path, value, .. },
                    Instruction::Clear {
                        path: cleared,
                        kind,
                    },
                ) => {
                    let inserted = match value {
                        Value::List => CollectionKind::List,
                        Value::Dictionary => CollectionKind::Dictionary,
                        _ => return false,
                    };
                    inserted == *kind && path == cleared
                }
                _ => false,
            });
    }
}
