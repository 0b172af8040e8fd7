//! Lists: a tree of chunks. Leaves hold slots, inner chunks hold their children with the number of elements below each, so that any position is found, and any
//! edit made, by touching one chunk on each level.

use super::cells::{CellError, Cells, Node, chunk_key};
use super::row::{CellReader, Slot, put_length, put_number, put_slot};
use bytes::Bytes;

/// Slots in a leaf, children in an inner chunk. A fuller one is split in halves.
const MOST: usize = 64;
/// A leaf with more bytes is split too.
const MOST_BYTES: usize = 4096;

/// The chunk with which every list begins.
const ROOT: u64 = 0;

enum Chunk {
    Leaf(Vec<Slot>),
    /// Children with the elements below them.
    Inner(Vec<(u64, u64)>),
}

/// What changing a chunk means for the one above.
enum Change {
    /// Nothing beyond the count.
    None,
    /// A part of it has become a chunk of its own, of so many elements.
    Split { chunk: u64, count: u64 },
    /// Nothing is left of it.
    Emptied,
}

/// The number of elements.
pub(super) fn len(cells: &mut impl Cells, list: Node) -> Result<u64, CellError> {
    Ok(load(cells, list, ROOT)?.count())
}

/// An element. The caller has compared `index` with the length.
pub(super) fn get(cells: &mut impl Cells, list: Node, mut index: u64) -> Result<Slot, CellError> {
    let mut chunk = load(cells, list, ROOT)?;
    for _ in 0..DEEPEST {
        match chunk {
            Chunk::Leaf(mut slots) => {
                let at = usize::try_from(index)
                    .ok()
                    .filter(|at| *at < slots.len())
                    .ok_or_else(missing)?;
                return Ok(slots.swap_remove(at));
            }
            Chunk::Inner(children) => {
                let (at, below) = child_of(&children, index, false)?;
                index = below;
                chunk = load(cells, list, children[at].0)?;
            }
        }
    }
    Err(CellError::damaged("a list that is too deep"))
}

/// Replaces an element. What was there.
pub(super) fn set(
    cells: &mut impl Cells,
    list: Node,
    index: u64,
    slot: Slot,
) -> Result<Slot, CellError> {
    let mut at = ROOT;
    let mut index = index;
    for _ in 0..DEEPEST {
        match load(cells, list, at)? {
            Chunk::Leaf(mut slots) => {
                let place = usize::try_from(index)
                    .ok()
                    .and_then(|index| slots.get_mut(index))
                    .ok_or_else(missing)?;
                let before = std::mem::replace(place, slot);
                save(cells, list, at, &Chunk::Leaf(slots));
                return Ok(before);
            }
            Chunk::Inner(children) => {
                let (child, below) = child_of(&children, index, false)?;
                (at, index) = (children[child].0, below);
            }
        }
    }
    Err(CellError::damaged("a list that is too deep"))
}

/// Inserts an element. `new_chunk` gives numbers that this list has not used.
pub(super) fn insert(
    cells: &mut impl Cells,
    list: Node,
    index: u64,
    slot: Slot,
    new_chunk: &mut impl FnMut() -> u64,
) -> Result<(), CellError> {
    let change = insert_below(cells, list, ROOT, index, slot, new_chunk, DEEPEST)?;
    let Change::Split { chunk, count } = change else {
        return Ok(());
    };
    // The root stays the root: what it held goes one level down.
    let root = load(cells, list, ROOT)?;
    let (first, first_count) = (new_chunk(), root.count());
    save(cells, list, first, &root);
    save(
        cells,
        list,
        ROOT,
        &Chunk::Inner(vec![(first, first_count), (chunk, count)]),
    );
    Ok(())
}

fn insert_below(
    cells: &mut impl Cells,
    list: Node,
    at: u64,
    index: u64,
    slot: Slot,
    new_chunk: &mut impl FnMut() -> u64,
    depth: usize,
) -> Result<Change, CellError> {
    let mut chunk = load(cells, list, at)?;
    match &mut chunk {
        Chunk::Leaf(slots) => {
            let place = usize::try_from(index)
                .ok()
                .filter(|place| *place <= slots.len())
                .ok_or_else(missing)?;
            slots.insert(place, slot);
        }
        Chunk::Inner(children) => {
            let depth = depth
                .checked_sub(1)
                .ok_or_else(|| CellError::damaged("a list that is too deep"))?;
            let (child, below) = child_of(children, index, true)?;
            children[child].1 += 1;
            if let Change::Split { chunk, count } = insert_below(
                cells,
                list,
                children[child].0,
                below,
                slot,
                new_chunk,
                depth,
            )? {
                children[child].1 -= count;
                children.insert(child + 1, (chunk, count));
            }
        }
    }
    let second = chunk.split();
    save(cells, list, at, &chunk);
    match second {
        None => Ok(Change::None),
        Some(second) => {
            let number = new_chunk();
            save(cells, list, number, &second);
            Ok(Change::Split {
                chunk: number,
                count: second.count(),
            })
        }
    }
}

/// Removes an element. What was there.
pub(super) fn erase(cells: &mut impl Cells, list: Node, index: u64) -> Result<Slot, CellError> {
    let (slot, _) = erase_below(cells, list, ROOT, index, DEEPEST)?;
    // A root with one child is a level too many.
    if let Chunk::Inner(children) = load(cells, list, ROOT)?
        && let [(only, _)] = children[..]
    {
        let child = load(cells, list, only)?;
        cells.delete(&chunk_key(list, only));
        save(cells, list, ROOT, &child);
    }
    Ok(slot)
}

fn erase_below(
    cells: &mut impl Cells,
    list: Node,
    at: u64,
    index: u64,
    depth: usize,
) -> Result<(Slot, Change), CellError> {
    let mut chunk = load(cells, list, at)?;
    let slot = match &mut chunk {
        Chunk::Leaf(slots) => {
            let place = usize::try_from(index)
                .ok()
                .filter(|place| *place < slots.len())
                .ok_or_else(missing)?;
            slots.remove(place)
        }
        Chunk::Inner(children) => {
            let depth = depth
                .checked_sub(1)
                .ok_or_else(|| CellError::damaged("a list that is too deep"))?;
            let (child, below) = child_of(children, index, false)?;
            let (slot, change) = erase_below(cells, list, children[child].0, below, depth)?;
            children[child].1 = children[child].1.saturating_sub(1);
            if matches!(change, Change::Emptied) {
                children.remove(child);
            } else {
                join(cells, list, children, child)?;
            }
            slot
        }
    };
    if chunk.is_empty() && at != ROOT {
        cells.delete(&chunk_key(list, at));
        return Ok((slot, Change::Emptied));
    }
    let chunk = if chunk.is_empty() {
        Chunk::Leaf(Vec::new())
    } else {
        chunk
    };
    save(cells, list, at, &chunk);
    Ok((slot, Change::None))
}

/// Joins a child that has become small with the one after or before it, so that erasing does not leave a trail of tiny chunks.
fn join(
    cells: &mut impl Cells,
    list: Node,
    children: &mut Vec<(u64, u64)>,
    child: usize,
) -> Result<(), CellError> {
    let first = child.min(children.len().saturating_sub(2));
    let Some([(left, left_count), (right, right_count)]) = children
        .get(first..first + 2)
        .and_then(|pair| <[_; 2]>::try_from(pair).ok())
    else {
        return Ok(());
    };
    if children[child].1 > MOST as u64 / 4 || left_count + right_count > MOST as u64 / 2 {
        return Ok(());
    }
    let joined = match (load(cells, list, left)?, load(cells, list, right)?) {
        (Chunk::Leaf(mut a), Chunk::Leaf(b)) => {
            a.extend(b);
            Chunk::Leaf(a)
        }
        (Chunk::Inner(mut a), Chunk::Inner(b)) => {
            a.extend(b);
            Chunk::Inner(a)
        }
        (Chunk::Leaf(_), Chunk::Inner(_)) | (Chunk::Inner(_), Chunk::Leaf(_)) => {
            return Err(CellError::damaged("a list of uneven depth"));
        }
    };
    save(cells, list, left, &joined);
    cells.delete(&chunk_key(list, right));
    children[first].1 = left_count + right_count;
    children.remove(first + 1);
    Ok(())
}

/// At most so many elements from a position on.
pub(super) fn range(
    cells: &mut impl Cells,
    list: Node,
    from: u64,
    limit: usize,
) -> Result<Vec<Slot>, CellError> {
    let mut out = Vec::new();
    collect(cells, list, ROOT, from, limit, &mut out, DEEPEST)?;
    Ok(out)
}

fn collect(
    cells: &mut impl Cells,
    list: Node,
    at: u64,
    from: u64,
    limit: usize,
    out: &mut Vec<Slot>,
    depth: usize,
) -> Result<(), CellError> {
    match load(cells, list, at)? {
        Chunk::Leaf(slots) => {
            let skip = usize::try_from(from).unwrap_or(usize::MAX);
            let room = limit.saturating_sub(out.len());
            out.extend(slots.into_iter().skip(skip).take(room));
        }
        Chunk::Inner(children) => {
            let depth = depth
                .checked_sub(1)
                .ok_or_else(|| CellError::damaged("a list that is too deep"))?;
            let mut before = 0;
            for (child, count) in children {
                if out.len() >= limit {
                    break;
                }
                if before + count > from {
                    collect(
                        cells,
                        list,
                        child,
                        from.saturating_sub(before),
                        limit,
                        out,
                        depth,
                    )?;
                }
                before += count;
            }
        }
    }
    Ok(())
}

/// A new list of a few elements: no more than a leaf takes.
pub(super) fn create(cells: &mut impl Cells, list: Node, slots: Vec<Slot>) {
    save(cells, list, ROOT, &Chunk::Leaf(slots));
}

/// Deletes all chunks. What was in the elements is the caller's to free.
pub(super) fn delete(cells: &mut impl Cells, list: Node) -> Result<(), CellError> {
    let mut prefix = chunk_key(list, 0);
    prefix.truncate(9);
    super::collection::delete_all(cells, &prefix)
}

/// Every level multiplies by at least two; deeper is damage.
const DEEPEST: usize = 40;

/// The child in which a position lies, and the position in it. An insertion may come after the last element.
fn child_of(
    children: &[(u64, u64)],
    mut index: u64,
    insertion: bool,
) -> Result<(usize, u64), CellError> {
    let last = children.len().saturating_sub(1);
    for (at, (_, count)) in children.iter().enumerate() {
        if index < *count || (insertion && index == *count && at == last) {
            return Ok((at, index));
        }
        index -= count;
    }
    Err(missing())
}

fn missing() -> CellError {
    CellError::damaged("a list shorter than its count")
}

impl Chunk {
    fn count(&self) -> u64 {
        match self {
            Chunk::Leaf(slots) => slots.len() as u64,
            Chunk::Inner(children) => children.iter().map(|(_, count)| count).sum(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Chunk::Leaf(slots) => slots.is_empty(),
            Chunk::Inner(children) => children.is_empty(),
        }
    }

    /// Splits off the second half if it is too full.
    fn split(&mut self) -> Option<Chunk> {
        match self {
            Chunk::Leaf(slots)
                if slots.len() > MOST || (slots.len() > 1 && weight(slots) > MOST_BYTES) =>
            {
                Some(Chunk::Leaf(slots.split_off(slots.len() / 2)))
            }
            Chunk::Inner(children) if children.len() > MOST => {
                Some(Chunk::Inner(children.split_off(children.len() / 2)))
            }
            Chunk::Leaf(_) | Chunk::Inner(_) => None,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Chunk::Leaf(slots) => {
                put_number(&mut out, 0);
                put_length(&mut out, slots.len());
                for slot in slots {
                    put_slot(&mut out, slot);
                }
            }
            Chunk::Inner(children) => {
                put_number(&mut out, 1);
                put_length(&mut out, children.len());
                for (chunk, count) in children {
                    put_number(&mut out, *chunk);
                    put_number(&mut out, *count);
                }
            }
        }
        out
    }

    fn decode(cell: Bytes) -> Result<Chunk, CellError> {
        let bytes = cell.len();
        let mut reader = CellReader::new(cell);
        let kind = reader.number()?;
        let count = usize::try_from(reader.number()?)
            .ok()
            .filter(|count| *count <= bytes)
            .ok_or_else(|| CellError::damaged("a chunk"))?;
        match kind {
            0 => Ok(Chunk::Leaf(
                (0..count)
                    .map(|_| reader.slot())
                    .collect::<Result<_, _>>()?,
            )),
            1 => Ok(Chunk::Inner(
                (0..count)
                    .map(|_| Ok((reader.number()?, reader.number()?)))
                    .collect::<Result<_, _>>()?,
            )),
            _ => Err(CellError::damaged("a chunk")),
        }
    }
}

/// About the bytes of slots.
fn weight(slots: &[Slot]) -> usize {
    let one = |slot: &Slot| match slot {
        Slot::Value(value) => super::row::weight(value),
        Slot::Short(values) => values.iter().map(super::row::weight).sum(),
        Slot::Long(_) | Slot::Object(_) | Slot::List(_) | Slot::Dictionary(_) | Slot::Set(_) => 16,
    };
    slots.iter().map(one).sum()
}

fn load(cells: &mut impl Cells, list: Node, chunk: u64) -> Result<Chunk, CellError> {
    let cell = cells
        .get(&chunk_key(list, chunk))?
        .ok_or_else(|| CellError::damaged("a missing chunk"))?;
    Chunk::decode(cell)
}

fn save(cells: &mut impl Cells, list: Node, chunk: u64, content: &Chunk) {
    cells.put(chunk_key(list, chunk), content.encode());
}
