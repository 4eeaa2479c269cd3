//! The Merkle log of one directed channel (home → peer): what was exchanged, in which order, so that neither state can later
//! say otherwise.
//!
//! The home gateway appends a leaf for each entry and each receipt ([`Log`]) and signs the head ([`Checkpoint`]). The peer
//! replicates the leaves ([`Replica`]), holds them against the signed head and cosigns ([`Cosignature`]). A home that tells
//! two stories leaves two of its own signatures behind ([`Fork`]), and so does a peer that goes back ([`Retreat`]). The formats are those of C2SP (signed-note,
//! tlog-checkpoint, tlog-cosignature) over an RFC 6962 tree, so that foreign tools verify our logs.
//!
//! Beside the log it writes statements down as COSE receipts ([`CoseReceipt`], RFC 9942): one signature for a small tree of them,
//! each of which proves itself alone.
//!
//! This crate must never know what a leaf means, keep a private key, read a clock or touch a storage: state goes in, new
//! state and rows to keep come out. The store keeps the rows ([`Row`]) and loads those that a function asks for by index.
//!
//! Begin with [`Log`], then [`Replica::replicate`].

mod cbor;
mod checkpoint;
mod cose;
mod cosignature;
mod derived;
mod key;
mod log;
mod muster;
mod opening;
mod origin;
mod proof;
mod release;
mod replica;
mod retreat;
mod second;
mod statement;
mod tile;
mod timed;
mod witness;

pub use checkpoint::{Checkpoint, NOTE_BYTES_MAX, SignedCheckpoint};
pub use cose::{BATCH_LEAVES_MAX, COSE_BYTES_MAX, Claims, CoseReceipt};
pub use cosignature::Cosignature;
pub use derived::{leaves_under, subtree};
pub use key::{LedgerKey, SignBytes};
pub use log::{LEAVES_PER_BATCH_MAX, Log, Row, SIZE_MAX, StoredHashes};
pub use muster::{Held, Muster, Place, TICK_BYTES, Tick};
pub use opening::Opening;
pub use origin::{Origin, WitnessName};
pub use proof::{ConsistencyProof, InclusionProof, PROOF_HASHES_MAX};
pub use release::{Release, SOFTWARE_BYTES_MAX};
pub use replica::{Batch, Fork, Heads, Objection, Prefix, Replica};
pub use retreat::{Cosigned, Retreat};
pub use second::{SECOND_KEY_BYTES, SECOND_SIGNATURE_BYTES, SecondKey};
pub use statement::{LeafHash, LeafSalt, STATEMENT_BYTES, Statement, StatementKind, commitment};
pub use tile::{Resource, TILE_WIDTH, Tile};
pub use timed::{TIMED_HEAD_BYTES_MAX, TimedHead};
pub use witness::{Rebuff, WITNESS_REQUEST_BYTES_MAX, WitnessRequest};

use model::{Denial, Digest, Fault, Refusal, RefusalCode};

/// The name of this crate's rules in a refusal.
const RULE: &str = "ledger";

fn malformed(detail: impl Into<String>) -> Denial {
    Denial::failed(Fault::Malformed, detail)
}

fn not_verified(reason: impl Into<String>) -> Denial {
    Refusal::new(
        RefusalCode::R95,
        RULE,
        reason,
        "The operators of both gateways compare the ledger keys and heads out of band.",
    )
    .into()
}

fn hash_of(digest: Digest) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*digest.as_bytes())
}

fn digest_of(hash: tlog_tiles::Hash) -> Digest {
    Digest::new(hash.0)
}
