//! The ledger against two other implementations of RFC 6962, and against a home that lies.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod library;
mod naive;
mod notes;
mod receipts;
mod replicas;
mod retreats;
mod seconds;
mod tiles;
mod trees;
mod witnesses;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use ledger::{
    Batch, LeafHash, LedgerKey, Log, Objection, Origin, Replica, Row, SignBytes, SignedCheckpoint, StoredHashes,
};

struct Signer(Ed25519KeyPair);

impl Signer {
    fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }
}

impl SignBytes for Signer {
    fn public_key(&self) -> LedgerKey {
        LedgerKey::try_from(self.0.public_key().as_ref()).unwrap()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

fn origin() -> Origin {
    "rogatory.internal/jp/fr".parse().unwrap()
}

fn leaves(range: std::ops::Range<u64>) -> Vec<LeafHash> {
    range.map(|i| LeafHash(naive::leaf(&naive::data(i)))).collect()
}

/// A home with all its rows.
#[derive(Clone, Default)]
struct Home {
    log: Log,
    rows: StoredHashes,
    leaves: Vec<LeafHash>,
}

impl Home {
    fn of(leaves: Vec<LeafHash>) -> Self {
        let mut home = Self::default();
        home.append(&leaves);
        home
    }

    fn append(&mut self, leaves: &[LeafHash]) -> Vec<Row> {
        let (log, rows) = self.log.append(leaves).unwrap();
        self.rows.extend(rows.iter().copied());
        self.leaves.extend_from_slice(leaves);
        self.log = log;
        rows
    }

    fn head(&self) -> SignedCheckpoint {
        self.log.head(origin()).sign(&Signer::new(1)).unwrap()
    }

    fn batch(&self, first: u64) -> Batch<'_> {
        Batch { first, leaves: &self.leaves[first as usize..] }
    }
}

/// A peer with all its rows.
#[derive(Clone)]
struct Peer {
    replica: Replica,
    rows: StoredHashes,
}

impl Peer {
    fn new() -> Self {
        Self { replica: Replica::new(origin()), rows: StoredHashes::default() }
    }

    fn follow(&mut self, batch: Batch<'_>, head: &SignedCheckpoint) -> Result<usize, Objection> {
        let needed = self.replica.indexes_needed(head)?;
        let loaded = pick(&self.rows, &needed);
        let (replica, rows) = self.replica.replicate(batch, head, &loaded)?;
        self.replica = replica;
        self.rows.extend(rows.iter().copied());
        Ok(rows.len())
    }
}

/// What a store would load: the named rows and no others.
fn pick(rows: &StoredHashes, indexes: &[u64]) -> StoredHashes {
    indexes.iter().map(|&index| Row { index, hash: rows.at(index).unwrap() }).collect()
}
