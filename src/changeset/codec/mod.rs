//! The binary form of a changeset.
//!
//! A changeset is a sequence of records: strings that later records refer to by number, and instructions. Every integer has one encoding:
//! seven bits a byte, low first; the last byte has bit 7 clear and the sign in bit 6. Whatever a peer sends decodes to instructions or to
//! a [`DecodeError`]; memory is given only for bytes that are there.

mod read;
mod write;

use bytes::Bytes;

use super::Changeset;
use super::instruction::Instruction;
use super::value::{Key, Link, Value};
use read::Reader;
use write::{Writer, put_int, put_plain_key, put_plain_value, put_unsigned};

/// Longest string value: what fits into one node of the reference store.
const MAX_STRING: usize = 0xFF_FFF8 - 8 - 1;
/// Longest blob, for the same reason.
const MAX_BINARY: usize = 0xFF_FFF8 - 8;
/// Steps in one path. Applications nest a handful; the limit keeps recursion and comparison cheap.
const MAX_STEPS: u32 = 100;

/// Longest string that is said once and then referred to by a number: names, primary keys, keys of dictionaries. The reference takes 16 MiB, as for any string; but each
/// instruction of a few bytes would compare, read or store it whole. What MongoDB took in an index, and so as a key of synced objects, was 1,024.
pub const MAX_NAME: usize = 4096;

const INTERN: i64 = 63;

/// Why bytes are no changeset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input ended within a record.
    #[error("the changeset ends within {0}")]
    Truncated(&'static str),
    /// An integer has too many bytes or does not fit the field.
    #[error("bad integer for {0}")]
    BadInteger(&'static str),
    /// A code that the format does not define at this place.
    #[error("unknown {what} {code}")]
    Unknown {
        /// What the code should have named.
        what: &'static str,
        /// The code.
        code: i64,
    },
    /// A string record out of order, or a string defined twice.
    #[error("unexpected intern string {0}")]
    Intern(u32),
    /// A reference to a string that was not defined before.
    #[error("bad intern index {0}")]
    BadIndex(u32),
    /// An array instruction whose path does not end in an index.
    #[error("array instruction without an index")]
    NoIndex,
    /// Something longer than the format or this server allows.
    #[error("{0} too long")]
    TooLong(&'static str),
    /// The instructions would take more memory than they may.
    #[error("the changeset has too many instructions: in memory they take more than {0} bytes")]
    TooLarge(usize),
}

/// Decodes a changeset that was accepted once. Strings and blobs of the result share the memory of `input`.
pub fn decode(input: &Bytes) -> Result<Changeset, DecodeError> {
    decode_within(input, usize::MAX)
}

/// Decodes a changeset of a stranger. An instruction takes two bytes or a few in the input and some hundred in memory; `limit` bounds the latter, in bytes.
pub fn decode_within(input: &Bytes, limit: usize) -> Result<Changeset, DecodeError> {
    let mut reader = Reader::new(input);
    reader.limit = limit;
    let mut instructions = Vec::new();
    while reader.position < input.len() {
        let code = reader.unsigned(10, "instruction code")?;
        let code = i64::try_from(code).map_err(|_| DecodeError::BadInteger("instruction code"))?;
        if code == INTERN {
            reader.define()?;
            continue;
        }
        reader.count(size_of::<Instruction>())?;
        instructions.push(reader.instruction(code)?);
    }
    Ok(Changeset { instructions })
}

/// Encodes a changeset: the strings first, in order of use, then the instructions. Without instructions the result is empty.
pub fn encode(changeset: &Changeset) -> Vec<u8> {
    let mut writer = Writer::new();
    for instruction in &changeset.instructions {
        writer.instruction(instruction);
    }
    let mut out = writer.strings;
    out.extend_from_slice(&writer.body);
    out
}

/// A primary key in a form that stands alone: like in a changeset, but with a string inline. Keys encode to equal bytes exactly when they are equal.
pub fn encode_key(key: &Key, out: &mut Vec<u8>) {
    match key {
        Key::String(text) => {
            put_int(out, 3);
            put_unsigned(out, text.as_bytes().len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        other => put_plain_key(out, other),
    }
}

/// Reads what [`encode_key`] wrote, from the start of `input`; the second part of the result is how many bytes it took.
pub fn decode_key(input: &Bytes) -> Result<(Key, usize), DecodeError> {
    let mut reader = Reader::new(input);
    let key = match reader.int("key type")? {
        3 => Key::String(reader.text(MAX_NAME, "string key")?),
        code => reader.plain_key(code)?,
    };
    Ok((key, reader.position))
}

/// A value in a form that stands alone: like in a changeset, but with names inline. Equal values have equal bytes.
pub fn encode_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Link(link) => {
            put_int(out, 9);
            put_unsigned(out, link.class.as_bytes().len() as u64);
            out.extend_from_slice(link.class.as_bytes());
            encode_key(&link.key, out);
        }
        other => put_plain_value(out, other),
    }
}

/// Reads what [`encode_value`] wrote, from the start of `input`; the second part of the result is how many bytes it took.
pub fn decode_value(input: &Bytes) -> Result<(Value, usize), DecodeError> {
    let mut reader = Reader::new(input);
    let value = match reader.int("value type")? {
        9 => {
            let class = reader.text(MAX_NAME, "class name")?;
            let rest = input.slice(reader.position..);
            let (key, used) = decode_key(&rest)?;
            reader.position += used;
            Value::Link(Link { class, key })
        }
        code => reader.plain_value(code)?,
    };
    Ok((value, reader.position))
}
