//! What a changeset says: instructions, the values and keys in them, and their binary form ([`codec`]).
//!
//! Decoding copies short strings only: every longer [`Text`] and every binary value is a slice of the received buffer. A changeset is
//! hostile until it is decoded; afterwards holding one means that its syntax was checked. What it *means* (versions, merging, whether
//! its classes exist) is known elsewhere.

pub mod codec;
mod instruction;
mod path;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use codec::{DecodeError, decode, decode_within, encode};
pub use instruction::{
    CollectionKind, Column, ColumnKind, Instruction, KeyKind, PrimaryKeyColumn, Slot, TableKind,
};
pub use path::{Path, Step};
pub use text::Text;
pub use value::{Decimal128, Key, Link, Value};

/// The instructions of one changeset, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changeset {
    /// The instructions.
    pub instructions: Vec<Instruction>,
}
