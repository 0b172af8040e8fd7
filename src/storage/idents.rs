//! Client file idents: given in blocks, so that giving one costs no commit, each with a salt that follows from its block's seed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::realm_file::{nonzero, number, signed, unsigned};
use crate::ident::{FileIdent, RealmName, Salt};

/// Idents in one block.
const BLOCK: u64 = 64;
/// Idents beyond this cannot be part of the keys of objects.
const MAX_IDENT: u64 = 0x3FFF_FFFF;

/// Idents that can be given without a commit.
pub struct IdentBlock {
    next: u64,
    last: u64,
    seed: Vec<u8>,
}

impl IdentBlock {
    /// The next ident of the block, with its salt.
    pub fn give(&mut self) -> Option<(FileIdent, Salt)> {
        if self.next > self.last {
            return None;
        }
        let ident = FileIdent(self.next);
        self.next += 1;
        Some((ident, salt_of(&self.seed, ident)))
    }
}

/// Notes the block of idents that follows the last one; none if there are no more. They can be given when this is durable.
pub fn reserve(
    connection: &Connection,
    random: fn() -> u64,
) -> rusqlite::Result<Option<IdentBlock>> {
    let seed: Vec<u8> = (0..4).flat_map(|_| random().to_le_bytes()).collect();
    let last: Option<i64> =
        connection.query_row("SELECT max(last) FROM ident_blocks", [], |row| row.get(0))?;
    let next = last.map_or(2, |last| unsigned(last) + 1);
    let last = next + BLOCK - 1;
    if last > MAX_IDENT {
        return Ok(None);
    }
    connection.execute(
        "INSERT INTO ident_blocks (first, last, seed) VALUES (?1, ?2, ?3)",
        params![signed(next), signed(last), seed],
    )?;
    Ok(Some(IdentBlock { next, last, seed }))
}

/// The salt of an ident, if it is one of a block.
pub fn salt(connection: &Connection, ident: FileIdent) -> rusqlite::Result<Option<Salt>> {
    let mut blocks = connection.prepare_cached(
        "SELECT last, seed FROM ident_blocks WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
    )?;
    let block = blocks.query_row([signed(ident.0)], |row| {
        Ok((number(row, 0)?, row.get::<_, Vec<u8>>(1)?))
    });
    let block = block.optional()?.filter(|(last, _)| ident.0 <= *last);
    Ok(block.map(|(_, seed)| salt_of(&seed, ident)))
}

fn salt_of(seed: &[u8], ident: FileIdent) -> Salt {
    let digest = Sha256::new()
        .chain_update(seed)
        .chain_update(ident.0.to_le_bytes())
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    Salt(nonzero(u64::from_le_bytes(first)))
}

/// Idents that can still be given in Realms that are closed, for when they are opened again. Not kept beyond the process: in a data folder that was brought back meanwhile they would
/// be given once more, with the same salts.
#[derive(Default)]
pub struct LeftIdents(Mutex<HashMap<RealmName, IdentBlock>>);

/// The most Realms for which some are kept; one more, and all are forgotten.
const MOST: usize = 8192;

impl LeftIdents {
    /// Keeps those of a Realm.
    pub fn put(&self, realm: &RealmName, idents: IdentBlock) {
        let mut left = self.lock();
        if left.len() >= MOST {
            left.clear();
        }
        left.insert(realm.clone(), idents);
    }

    /// Those of a Realm, which are not kept any more then.
    pub fn take(&self, realm: &RealmName) -> Option<IdentBlock> {
        self.lock().remove(realm)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RealmName, IdentBlock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
