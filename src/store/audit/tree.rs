//! The hashes of the Merkle tree as SQLite keeps them, for the algorithms of `tlog_tiles`.

use std::cell::RefCell;

use tlog_tiles::tlog::{self, Hash, HashReader};

use crate::domain::digest::Digest;
use crate::store::columns::sql_id;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// Reads stored hashes. The trait's error cannot carry ours, so the cause is kept aside.
struct StoredHashes<'r, 'c> {
    reader: &'r Reader<'c>,
    cause: RefCell<Option<StoreError>>,
}

impl StoredHashes<'_, '_> {
    fn one(&self, index: u64) -> Result<Hash, StoreError> {
        let found = self.reader.row(
            "audit_hash",
            "SELECT hash FROM audit_hash WHERE idx = ?1",
            [sql_id(index)],
            |columns| columns.raw("hash"),
        )?;
        found.map(Hash).ok_or(StoreError::HashMissing(index))
    }
}

impl HashReader for StoredHashes<'_, '_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
        indexes
            .iter()
            .map(|index| {
                self.one(*index).map_err(|cause| {
                    self.cause.replace(Some(cause));
                    tlog::Error::IndexesNotInTree
                })
            })
            .collect()
    }
}

fn with<T>(
    reader: &Reader<'_>,
    work: impl FnOnce(&StoredHashes<'_, '_>) -> Result<T, tlog::Error>,
) -> Result<T, StoreError> {
    let hashes = StoredHashes { reader, cause: RefCell::new(None) };
    work(&hashes).map_err(|_| hashes.cause.take().unwrap_or(StoreError::HashMissing(0)))
}

/// The right edge of a tree: the roots of its complete subtrees, the largest first. All that is needed to go on.
pub(super) struct Edge(Vec<Hash>);

impl Edge {
    /// That of the tree over the first `size` entries.
    pub(super) fn of(reader: &Reader<'_>, size: u64) -> Result<Edge, StoreError> {
        let hashes = StoredHashes { reader, cause: RefCell::new(None) };
        let complete = (0..64u8).rev().filter(|level| size >> level & 1 == 1);
        let root = |level: u8| hashes.one(tlog::stored_hash_index(level, (size >> level) - 1));
        Ok(Edge(complete.map(root).collect::<Result<_, _>>()?))
    }

    /// Adds the leaf with this number: tells its hash and those of the subtrees it completes, in the order in which
    /// they are stored.
    pub(super) fn append(
        &mut self,
        leaf: u64,
        entry: &str,
        mut each: impl FnMut(u64, &Hash) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut hash = tlog::record_hash(entry.as_bytes());
        each(0, &hash)?;
        for level in 0..u64::from(leaf.trailing_ones()) {
            let left = self.0.pop().ok_or(StoreError::HashMissing(leaf))?;
            hash = tlog::node_hash(left, hash);
            each(level + 1, &hash)?;
        }
        self.0.push(hash);
        Ok(())
    }
}

/// The root of the tree over the first `size` entries; `size` is at most that of the log.
pub(super) fn root(reader: &Reader<'_>, size: u64) -> Result<Digest, StoreError> {
    with(reader, |hashes| tlog::tree_hash(size, hashes)).map(|hash| Digest::from_bytes(hash.0))
}

/// The RFC 6962 audit path of a leaf in the tree over the first `size` entries; `leaf < size`.
pub(super) fn path(reader: &Reader<'_>, leaf: u64, size: u64) -> Result<Vec<Digest>, StoreError> {
    let path = with(reader, |hashes| tlog::prove_record(size, leaf, hashes))?;
    Ok(path.into_iter().map(|hash| Digest::from_bytes(hash.0)).collect())
}

/// One stored hash of the tree: the `n`th at this level, where level 0 are the leaves.
pub(super) fn node(reader: &Reader<'_>, level: u8, n: u64) -> Result<Digest, StoreError> {
    let hashes = StoredHashes { reader, cause: RefCell::new(None) };
    hashes.one(tlog::stored_hash_index(level, n)).map(|hash| Digest::from_bytes(hash.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::audit::log::Appender;
    use crate::store::schema;
    use proptest::prelude::*;
    use rusqlite::Connection;
    use sha2::{Digest as _, Sha256};

    /// RFC 6962 §2.1 as it is written, without any storage.
    fn naive(leaves: &[Vec<u8>]) -> [u8; 32] {
        match leaves {
            [] => Sha256::digest(b"").into(),
            [leaf] => Sha256::new().chain_update([0]).chain_update(leaf).finalize().into(),
            _ => {
                let mut split = 1;
                while split * 2 < leaves.len() {
                    split *= 2;
                }
                let (left, right) = leaves.split_at(split);
                let pair = Sha256::new().chain_update([1]).chain_update(naive(left));
                pair.chain_update(naive(right)).finalize().into()
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_root_from_stored_hashes_is_that_of_rfc_6962(size in 0u32..200, salt in "[a-z\"\\\\é]{0,6}") {
            let mut connection = Connection::open_in_memory().unwrap();
            schema::migrate(&mut connection, 0).unwrap();
            let reader = Reader::new(&connection);
            let mut appender = Appender::new(&reader).unwrap();
            let mut leaves = Vec::new();
            for n in 0..size {
                let text = format!("{{\"n\":\"{n}{salt}\"}}");
                appender.append_text(&text).unwrap();
                leaves.push(text.into_bytes());
            }
            for part in [size / 3, size / 2, size] {
                let part_length = usize::try_from(part).unwrap();
                let expected = Digest::from_bytes(naive(&leaves[..part_length]));
                prop_assert_eq!(root(&reader, u64::from(part)).unwrap(), expected);
            }
            prop_assert!(Appender::new(&reader).is_ok());
        }
    }

    #[test]
    fn a_missing_hash_is_named() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, 0).unwrap();
        let reader = Reader::new(&connection);
        assert!(matches!(root(&reader, 3), Err(StoreError::HashMissing(2))));
    }
}
