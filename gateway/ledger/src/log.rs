use std::collections::BTreeMap;

use model::{Denial, Digest, Fault};
use tlog_tiles::{EMPTY_HASH, Hash, HashReader, node_hash, stored_hash_index, sub_tree_index};

use crate::{Checkpoint, LeafHash, Origin, digest_of, hash_of, malformed};

/// Leaves that a log may ever hold: 2⁴⁸. A larger size in a foreign checkpoint or proof is refused unread.
pub const SIZE_MAX: u64 = 1 << 48;
/// Leaves in one append or one call between gateways.
pub const LEAVES_PER_BATCH_MAX: usize = 4096;

/// A log's hot state: its size and the roots of its complete subtrees, largest first. At most 49 hashes, cheap to clone.
///
/// Appending yields a new state, so that the caller keeps the old one until the rows are durable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    size: u64,
    frontier: Vec<Digest>,
}

/// A hash of the tree to persist under its stored-hash index (Crosby–Wallach order, as in Go's `sumdb/tlog`). A row never
/// changes once it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The stored-hash index: dense, from 0, in the order of appending.
    pub index: u64,
    /// The node's hash.
    pub hash: Digest,
}

/// The rows that a function asked for, loaded by the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredHashes(BTreeMap<u64, Digest>);

impl Log {
    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle tree hash [RFC 6962 §2.1], from memory: O(log n).
    pub fn root(&self) -> Digest {
        let joined = self.frontier.iter().rev().copied().map(hash_of).reduce(|right, left| node_hash(left, right));
        digest_of(joined.unwrap_or(EMPTY_HASH))
    }

    /// The head to sign.
    pub fn head(&self, origin: Origin) -> Checkpoint {
        Checkpoint { origin, size: self.size, root: self.root() }
    }

    /// The state after `leaves`, in this order, and the rows to persist with it. At most [`LEAVES_PER_BATCH_MAX`] leaves.
    pub fn append(&self, leaves: &[LeafHash]) -> Result<(Self, Vec<Row>), Denial> {
        if leaves.len() > LEAVES_PER_BATCH_MAX {
            return Err(Denial::failed(Fault::TooLarge, format!("{} leaves at once", leaves.len())));
        }
        if self.size + leaves.len() as u64 > SIZE_MAX {
            return Err(Denial::failed(Fault::TooLarge, "the log is full"));
        }
        let mut next = self.clone();
        let mut rows = Vec::with_capacity(2 * leaves.len());
        for leaf in leaves {
            next.push(*leaf, &mut rows);
        }
        Ok((next, rows))
    }

    /// Which rows [`Log::restore`] needs for a log of `size` leaves, in order. `Malformed` over [`SIZE_MAX`].
    pub fn indexes_needed(size: u64) -> Result<Vec<u64>, Denial> {
        check_size(size)?;
        Ok(sub_tree_index(0, size, Vec::new()))
    }

    /// The state of a log of `size` leaves, from the rows of [`Log::indexes_needed`]. A missing row is a `Storage` fault.
    pub fn restore(size: u64, rows: &StoredHashes) -> Result<Self, Denial> {
        let frontier =
            Self::indexes_needed(size)?.into_iter().map(|index| rows.require(index)).collect::<Result<_, _>>()?;
        Ok(Self { size, frontier })
    }

    /// Adds one leaf, and joins every subtree that it completes: one for each trailing 1 of the old size.
    fn push(&mut self, leaf: LeafHash, rows: &mut Vec<Row>) {
        let mut hash = leaf.0;
        rows.push(Row { index: stored_hash_index(0, self.size), hash });
        for level in 0..self.size.trailing_ones() as u8 {
            let Some(left) = self.frontier.pop() else { break };
            hash = digest_of(node_hash(hash_of(left), hash_of(hash)));
            rows.push(Row { index: stored_hash_index(level + 1, self.size >> (level + 1)), hash });
        }
        self.frontier.push(hash);
        self.size += 1;
    }
}

impl StoredHashes {
    /// The row at `index`, if it was loaded.
    pub fn at(&self, index: u64) -> Option<Digest> {
        self.0.get(&index).copied()
    }

    pub(crate) fn require(&self, index: u64) -> Result<Digest, Denial> {
        self.at(index)
            .ok_or_else(|| Denial::failed(Fault::Storage, format!("the ledger lacks its stored hash {index}")))
    }
}

impl Extend<Row> for StoredHashes {
    fn extend<T: IntoIterator<Item = Row>>(&mut self, rows: T) {
        self.0.extend(rows.into_iter().map(|row| (row.index, row.hash)));
    }
}

impl FromIterator<Row> for StoredHashes {
    fn from_iter<T: IntoIterator<Item = Row>>(rows: T) -> Self {
        let mut stored = Self::default();
        stored.extend(rows);
        stored
    }
}

impl HashReader for StoredHashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let read = |index: &u64| self.at(*index).map(hash_of).ok_or(tlog_tiles::Error::IndexesNotInTree);
        indexes.iter().map(read).collect()
    }
}

pub(crate) fn check_size(size: u64) -> Result<(), Denial> {
    if size > SIZE_MAX { Err(malformed("a tree size that no log can have")) } else { Ok(()) }
}
