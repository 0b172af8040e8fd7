//! Dictionaries and sets: a cell for each entry.

use super::cells::{CellError, Cells, Node, entry_key, entry_prefix, member_key, member_prefix};
use super::row::{CellReader, Slot, put_length, put_slot};
use crate::changeset::{Text, Value, codec};

/// Cells that are read at once when many are gone through.
pub(super) const PAGE: usize = 256;

/// The value of a dictionary's key.
pub(super) fn entry(
    cells: &mut impl Cells,
    dictionary: Node,
    name: &Text,
) -> Result<Option<Slot>, CellError> {
    let Some(cell) = cells.get(&entry_key(dictionary, name.as_bytes()))? else {
        return Ok(None);
    };
    Ok(Some(decode_entry(cell)?.1))
}

/// Sets the value of a dictionary's key.
pub(super) fn put_entry(cells: &mut impl Cells, dictionary: Node, name: &Text, slot: &Slot) {
    let mut cell = Vec::new();
    put_length(&mut cell, name.as_bytes().len());
    cell.extend_from_slice(name.as_bytes());
    put_slot(&mut cell, slot);
    cells.put(entry_key(dictionary, name.as_bytes()), cell);
}

/// Removes a dictionary's key.
pub(super) fn erase_entry(cells: &mut impl Cells, dictionary: Node, name: &Text) {
    cells.delete(&entry_key(dictionary, name.as_bytes()));
}

/// All entries of a dictionary.
pub(super) fn entries(
    cells: &mut impl Cells,
    dictionary: Node,
) -> Result<Vec<(Text, Slot)>, CellError> {
    cells
        .scan(&entry_prefix(dictionary), None, usize::MAX)?
        .into_iter()
        .map(|(_, cell)| decode_entry(cell))
        .collect()
}

/// A page of the entries of a dictionary: the cell and the slot of each.
pub(super) fn page_of_entries(
    cells: &mut impl Cells,
    dictionary: Node,
    after: Option<&[u8]>,
) -> Result<Vec<(Vec<u8>, Slot)>, CellError> {
    cells
        .scan(&entry_prefix(dictionary), after, PAGE)?
        .into_iter()
        .map(|(key, cell)| Ok((key, decode_entry(cell)?.1)))
        .collect()
}

fn decode_entry(cell: bytes::Bytes) -> Result<(Text, Slot), CellError> {
    let mut reader = CellReader::new(cell);
    Ok((Text::new(reader.bytes()?), reader.slot()?))
}

/// Adds a value to a set, unless it is there: as it is, or as another form of the same number.
pub(super) fn add_member(
    cells: &mut impl Cells,
    set: Node,
    value: &Value,
) -> Result<(), CellError> {
    let encoded = encode(value);
    let (key, old) = member_keys(set, value, &encoded);
    for key in [Some(&key), old.as_ref()].into_iter().flatten() {
        if cells.get(key)?.is_some() {
            return Ok(());
        }
    }
    cells.put(key, encoded);
    Ok(())
}

/// Removes a value from a set.
pub(super) fn erase_member(cells: &mut impl Cells, set: Node, value: &Value) {
    let (key, old) = member_keys(set, value, &encode(value));
    cells.delete(&key);
    if let Some(old) = old {
        cells.delete(&old);
    }
}

/// Where a member of a set lies, and where it may lie since numbers were known by their type and digits.
fn member_keys(set: Node, value: &Value, encoded: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let key = member_key(set, &encode(&value.as_member()));
    let old = member_key(set, encoded);
    let is_another = old != key;
    (key, is_another.then_some(old))
}

/// All values of a set.
pub(super) fn members(cells: &mut impl Cells, set: Node) -> Result<Vec<Value>, CellError> {
    let cells = cells.scan(&member_prefix(set), None, usize::MAX)?;
    let decode = |cell: &bytes::Bytes| {
        codec::decode_value(cell).map_err(|error| CellError::damaged(&error.to_string()))
    };
    cells
        .iter()
        .map(|(_, cell)| decode(cell).map(|(value, _)| value))
        .collect()
}

fn encode(value: &Value) -> Vec<u8> {
    let mut encoded = Vec::new();
    codec::encode_value(value, &mut encoded);
    encoded
}

/// Deletes all cells with a prefix.
pub(super) fn delete_all(cells: &mut impl Cells, prefix: &[u8]) -> Result<(), CellError> {
    let mut after = None;
    loop {
        let page = cells.scan(prefix, after.as_deref(), PAGE)?;
        let is_last = page.len() < PAGE;
        for (key, _) in &page {
            cells.delete(key);
        }
        if is_last {
            return Ok(());
        }
        after = page.into_iter().last().map(|(key, _)| key);
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryCells;
    use super::*;

    #[test]
    fn numbers_that_lie_where_they_used_to_are_found() {
        let (mut cells, set, seven) = (MemoryCells::default(), 5, Value::Double(7.0));
        cells.put(member_key(set, &encode(&seven)), encode(&seven));
        add_member(&mut cells, set, &seven).unwrap();
        assert_eq!(members(&mut cells, set).unwrap().len(), 1);
        erase_member(&mut cells, set, &seven);
        assert_eq!(members(&mut cells, set).unwrap(), []);
    }
}
