//! Leaves, heads and receipts, made and checked again. The keys are drawn anew: gateways do not lend theirs.

use std::collections::BTreeMap;

use aws_lc_rs::rand;
use identity::{ProvenBatches, SigningKey, TrustStore, sign_receipts};
use ledger::{
    Batch, Cosignature, LeafSalt, LedgerKey, Replica, SignedCheckpoint, Statement, StoredHashes, WitnessName,
};
use model::{Fault, ReceiptKind};
use tonic_prost::prost::Message;

use super::held::{Held, Stretch, decoded};
use crate::{cpu::thread_ns, desks::Desk, exchange::now, failure::Failure};

/// The home's log and the other gateway's copy of it, once more from where the stretch begins; in microseconds.
pub(super) fn ledger(home: &Stretch, peer: &Stretch) -> Result<f64, Failure> {
    let (origin, first) = (home.origin, home.before.size());
    let (own, other) = (SigningKey::generate()?, SigningKey::generate()?);
    let (own_key, other_key) = (LedgerKey::new(own.public_key()), LedgerKey::new(other.public_key()));
    let (witness, at) = (WitnessName(origin.peer()), now());
    let held = if first == 0 { None } else { Some(home.before.head(origin).sign(&own)?) };
    let mut replica = Replica::restore(origin, home.before.clone(), held)?;
    let before = thread_ns();
    let (mut log, mut grown, mut heads) = (home.before.clone(), Vec::new(), BTreeMap::new());
    for step in home.steps()? {
        for (_, statement) in step.leaves {
            let mut salt = LeafSalt([0; 32]);
            rand::fill(&mut salt.0).map_err(|_| Failure::new("the system gives no randomness"))?;
            let hash = statement.leaf(&salt);
            // Once for the database and once for the wire.
            std::hint::black_box((hash.0.as_bytes().to_vec(), salt.0.to_vec(), statement.encode().to_vec()));
            grown.push((hash, salt, statement.encode()));
            log = log.append(&[hash])?.0;
        }
        heads.insert(log.size(), log.head(origin).sign(&own)?);
    }
    for step in peer.steps()? {
        // What the home signed after the peer's newest is not asked for.
        let Some(head) = heads.get(&u64::try_from(step.head.size)?) else { continue };
        let head = SignedCheckpoint::verify(head.note(), origin, &own_key)?;
        let (from, to) = (replica.size() - first, head.checkpoint().size - first);
        let mut hashes = Vec::new();
        for (hash, salt, statement) in &grown[usize::try_from(from)?..usize::try_from(to)?] {
            if Statement::decode(statement)?.leaf(salt) != *hash {
                return Err(model::Denial::failed(Fault::Malformed, "a leaf of something else").into());
            }
            hashes.push(*hash);
        }
        let batch = Batch { first: replica.size(), leaves: &hashes };
        replica = replica.replicate(batch, &head, &StoredHashes::default())?.0;
        let cosignature = head.cosign(witness, &other, at)?;
        std::hint::black_box(head.with(&cosignature));
        let kept = SignedCheckpoint::kept(head.note(), origin)?;
        let cosignature = Cosignature::verify(cosignature.line(), kept.checkpoint(), witness, &other_key)?;
        std::hint::black_box(kept.with(&cosignature));
    }
    Ok(micros(before))
}

/// What a gateway stated, stated again turn by turn; each receipt, its own and the other's, encoded once for the database and copied into
/// every other row that holds it (`gatewayd`'s `stated.rs`), and what a desk reported made ready for the other gateway; in microseconds.
pub(super) fn stated(held: &Held) -> Result<f64, Failure> {
    let key = SigningKey::generate()?;
    let mut turns = BTreeMap::<_, Vec<_>>::new();
    for kept in held.receipts.iter().filter(|kept| kept.signed.receipt.by == held.own) {
        turns.entry(kept.at).or_default().push(kept.signed.receipt.clone());
    }
    // Each is a row of its own, one more is the entry's, and those for desks lie beside what they are on.
    let copies = held.entries.len() + held.deliveries.len();
    let before = thread_ns();
    for receipts in turns.into_values() {
        let unsigned = receipts.into_iter().map(|receipt| {
            let bytes = proto::encode_receipt(&receipt);
            (receipt, bytes)
        });
        std::hint::black_box(sign_receipts(&key, held.own, held.other, unsigned.collect())?);
    }
    for kept in &held.receipts {
        std::hint::black_box(Statement::of_receipt(&kept.signed.receipt, &kept.signed.bytes));
        std::hint::black_box(proto::types::SignedReceipt::from(&kept.signed).encode_to_vec());
        if kept.signed.receipt.kind.stage() == 3 && kept.signed.receipt.by == held.own {
            std::hint::black_box(proto::types::SignedReceipt::from(&kept.signed).clone());
        }
    }
    for kept in held.receipts.iter().cycle().take(copies) {
        std::hint::black_box(kept.bytes.clone());
    }
    Ok(micros(before))
}

/// What the other gateway stated, as `gatewayd` verifies it: the SubmissionAcceptance that comes with an entry and the Retrieval
/// (`service/peer.rs`), the RelayAcceptance and the Delivery that answer one (`outbox/answers.rs`). Microseconds.
pub(super) fn verified(held: &Held, trust: &TrustStore) -> Result<f64, Failure> {
    let mut proven = ProvenBatches::default();
    let before = thread_ns();
    for kept in held.receipts.iter().filter(|kept| kept.signed.receipt.by == held.other) {
        trust.verify_receipt_among(&decoded(&kept.bytes)?, &mut proven)?;
    }
    Ok(micros(before))
}

/// The receipts that a desk verifies, as `deskd` does (`office/outbox.rs`, `office/arrival.rs`) and the desks of this program: of its own
/// entries the four of all stages, of the other side's the one with which they arrive; each batch once. In microseconds, and how many.
pub(super) fn verified_by_desk(held: &Held, desk: &Desk) -> Result<(f64, usize), Failure> {
    let (mut receipts, mut proven) = (0, ProvenBatches::default());
    let before = thread_ns();
    for kept in &held.receipts {
        let receipt = &kept.signed.receipt;
        let sent = held.entries.get(&receipt.entry).is_some_and(|row| row.sender.0 == desk.id);
        let came = receipt.by == held.own && receipt.kind == ReceiptKind::RelayAcceptance;
        if sent || came {
            desk.trust.verify_receipt_among(&decoded(&kept.bytes)?, &mut proven)?;
            receipts += 1;
        }
    }
    Ok((micros(before), receipts))
}

fn micros(before: u64) -> f64 {
    (thread_ns() - before) as f64 / 1e3
}
