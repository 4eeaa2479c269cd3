use std::cell::RefCell;

use model::{Denial, Digest, Fault};
use tlog_tiles::{
    EMPTY_HASH, Hash, HashReader, check_record, check_tree, node_hash, prove_record, prove_tree, sub_tree_index,
    tree_hash,
};

use crate::{LeafHash, StoredHashes, digest_of, hash_of, log::check_size, malformed, not_verified};

/// Hashes in a proof [C2SP tlog-witness].
pub const PROOF_HASHES_MAX: usize = 63;

/// That the tree of `size` leaves holds a leaf at `index` [RFC 6962 §2.1.1].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Leaves of the tree.
    pub size: u64,
    /// Position of the leaf, from 0.
    pub index: u64,
    /// The audit path, lowest first.
    pub path: Vec<Digest>,
}

/// That the tree of `new_size` leaves begins with the tree of `old_size` leaves [RFC 6962 §2.1.2].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// Leaves of the older tree.
    pub old_size: u64,
    /// Leaves of the newer tree.
    pub new_size: u64,
    /// The path; empty when the sizes are equal or the older tree is empty.
    pub path: Vec<Digest>,
}

impl InclusionProof {
    /// Which rows [`InclusionProof::prove`] needs. `Malformed` when there is no such leaf.
    pub fn indexes_needed(size: u64, index: u64) -> Result<Vec<u64>, Denial> {
        check_inclusion(size, index)?;
        indexes_read(|reader| prove_record(size, index, reader))
    }

    /// Proves the leaf at `index` in the tree of `size` leaves. A missing row is a `Storage` fault.
    pub fn prove(size: u64, index: u64, rows: &StoredHashes) -> Result<Self, Denial> {
        check_inclusion(size, index)?;
        let path = prove_record(size, index, rows).map_err(rows_missing)?;
        Ok(Self { size, index, path: path.into_iter().map(digest_of).collect() })
    }

    /// The root that the proof leads to from `leaf` [RFC 9162 §2.1.3.2]. `Malformed` for a path that fits no tree of this size.
    pub fn root(&self, leaf: LeafHash) -> Result<Digest, Denial> {
        check_inclusion(self.size, self.index)?;
        let unfit = || malformed("an inclusion path that does not fit the size of its tree");
        let (mut index, mut last) = (self.index, self.size - 1);
        let mut hash = hash_of(leaf.0);
        for sibling in hashes(&self.path)? {
            if last == 0 {
                return Err(unfit());
            }
            if index & 1 == 1 || index == last {
                hash = node_hash(sibling, hash);
                // A node without a sibling on its level stands for itself on the next.
                let alone = if index & 1 == 1 { 0 } else { index.trailing_zeros() };
                (index, last) = (index >> alone, last >> alone);
            } else {
                hash = node_hash(hash, sibling);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        if last == 0 { Ok(digest_of(hash)) } else { Err(unfit()) }
    }

    /// Holds the proof of `leaf` against the `root` of the tree. R95 when it does not lead there.
    pub fn verify(&self, leaf: LeafHash, root: Digest) -> Result<(), Denial> {
        check_inclusion(self.size, self.index)?;
        let path = hashes(&self.path)?;
        check_record(&path, self.size, hash_of(root), self.index, hash_of(leaf.0))
            .map_err(|_| not_verified("an inclusion proof does not lead from the leaf to the root"))
    }
}

impl ConsistencyProof {
    /// Which rows [`ConsistencyProof::prove`] needs. `Malformed` when the older tree is the larger one.
    pub fn indexes_needed(old_size: u64, new_size: u64) -> Result<Vec<u64>, Denial> {
        check_consistency(old_size, new_size)?;
        if is_trivial(old_size, new_size) {
            return Ok(Vec::new());
        }
        indexes_read(|reader| prove_tree(new_size, old_size, reader))
    }

    /// Proves that the newer tree begins with the older. A missing row is a `Storage` fault.
    pub fn prove(old_size: u64, new_size: u64, rows: &StoredHashes) -> Result<Self, Denial> {
        check_consistency(old_size, new_size)?;
        let path = match is_trivial(old_size, new_size) {
            true => Vec::new(),
            false => prove_tree(new_size, old_size, rows).map_err(rows_missing)?,
        };
        Ok(Self { old_size, new_size, path: path.into_iter().map(digest_of).collect() })
    }

    /// The root of the older tree from which the path leads to `new_root` [RFC 9162 §2.1.4.2]: what whoever made the proof says the older tree
    /// was. `None` where it does not lead there, and where the path leaves that root out because it is a node of the newer tree.
    pub fn old_root(&self, new_root: Digest) -> Option<Digest> {
        check_consistency(self.old_size, self.new_size).ok()?;
        if is_trivial(self.old_size, self.new_size) || self.old_size.is_power_of_two() {
            return None;
        }
        let mut path = hashes(&self.path).ok()?.into_iter();
        let mut before = path.next()?;
        let common = (self.old_size - 1).trailing_ones();
        let (mut index, mut last) = ((self.old_size - 1) >> common, (self.new_size - 1) >> common);
        for sibling in path {
            if last == 0 {
                return None;
            }
            if index & 1 == 1 || index == last {
                before = node_hash(sibling, before);
                let alone = if index & 1 == 1 { 0 } else { index.trailing_zeros() };
                (index, last) = (index >> alone, last >> alone);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        Some(digest_of(before)).filter(|root| self.verify(*root, new_root).is_ok())
    }

    /// Holds the proof against both roots. R95 when it does not lead from one to the other.
    pub fn verify(&self, old_root: Digest, new_root: Digest) -> Result<(), Denial> {
        check_consistency(self.old_size, self.new_size)?;
        let path = hashes(&self.path)?;
        // Here `check_tree` errs where RFC 6962 has a plain answer: compare without it.
        let holds = if self.old_size == self.new_size {
            path.is_empty() && old_root == new_root
        } else if self.old_size == 0 {
            path.is_empty() && old_root == digest_of(EMPTY_HASH)
        } else {
            check_tree(&path, self.new_size, hash_of(new_root), self.old_size, hash_of(old_root)).is_ok()
        };
        if holds {
            Ok(())
        } else {
            Err(not_verified("a consistency proof does not lead from the older root to the newer"))
        }
    }
}

/// The root that the log had at an earlier `size`, from the rows of [`crate::Log::indexes_needed`].
pub(crate) fn root_at(size: u64, rows: &StoredHashes) -> Result<Digest, Denial> {
    check_size(size)?;
    tree_hash(size, rows).map(digest_of).map_err(rows_missing)
}

/// The rows for both [`root_at`] an earlier size and the proof that the present tree begins with it.
pub(crate) fn prefix_indexes(old_size: u64, new_size: u64) -> Result<Vec<u64>, Denial> {
    let mut indexes = ConsistencyProof::indexes_needed(old_size, new_size)?;
    indexes.extend(sub_tree_index(0, old_size, Vec::new()));
    indexes.sort_unstable();
    indexes.dedup();
    Ok(indexes)
}

fn check_inclusion(size: u64, index: u64) -> Result<(), Denial> {
    check_size(size)?;
    if index < size { Ok(()) } else { Err(malformed(format!("no leaf {index} in a log of {size}"))) }
}

fn check_consistency(old_size: u64, new_size: u64) -> Result<(), Denial> {
    check_size(new_size)?;
    if old_size <= new_size { Ok(()) } else { Err(malformed("the older log is the larger one")) }
}

fn is_trivial(old_size: u64, new_size: u64) -> bool {
    old_size == 0 || old_size == new_size
}

fn hashes(path: &[Digest]) -> Result<Vec<Hash>, Denial> {
    if path.len() > PROOF_HASHES_MAX {
        return Err(Denial::failed(Fault::TooLarge, "a proof of more than 63 hashes"));
    }
    Ok(path.iter().copied().map(hash_of).collect())
}

fn rows_missing(error: tlog_tiles::Error) -> Denial {
    Denial::failed(Fault::Storage, format!("the ledger lacks a stored hash of a proof: {error}"))
}

/// Runs a prover dry to learn what it reads: it asks once, for all, before it looks at any hash.
fn indexes_read<T>(prove: impl FnOnce(&Recorder) -> Result<T, tlog_tiles::Error>) -> Result<Vec<u64>, Denial> {
    let recorder = Recorder::default();
    prove(&recorder).map_err(|error| malformed(error.to_string()))?;
    Ok(recorder.0.into_inner())
}

#[derive(Default)]
struct Recorder(RefCell<Vec<u64>>);

impl HashReader for Recorder {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        self.0.borrow_mut().extend_from_slice(indexes);
        Ok(vec![EMPTY_HASH; indexes.len()])
    }
}
