//! What a turn states: receipts that are written down as they are decided and signed together at its end, one signature for each
//! channel, so that evidence costs a turn and not an entry.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use identity::{SigningKey, sign_receipts};
use model::{Denial, Fault, PartyId, Receipt, ReceiptKind, SignedReceipt};
use store::gateway::{Batch, CheckpointRow, EntryRow, GivenAgain, NewDelivery, NewReceipt};

use super::{
    Claimed, Committer,
    admission::RECEIPT,
    growth,
    turn::{Turn, number},
};
use crate::{fresh::leaf_to_wire, receipts};

/// A receipt: one that was signed before, or one of this turn, which is signed at its end. Clones are the same receipt.
#[derive(Debug, Clone)]
pub(crate) struct Stated(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    receipt: Receipt,
    bytes: Vec<u8>,
    proof: OnceLock<Vec<u8>>,
    /// As the database holds it.
    kept: OnceLock<Vec<u8>>,
}

impl Stated {
    fn new(receipt: Receipt) -> Self {
        let bytes = proto::encode_receipt(&receipt);
        Self(Arc::new(Inner { receipt, bytes, proof: OnceLock::new(), kept: OnceLock::new() }))
    }

    pub(crate) fn receipt(&self) -> &Receipt {
        &self.0.receipt
    }

    /// What a ledger's leaf commits to.
    pub(crate) fn statement(&self) -> ledger::Statement {
        ledger::Statement::of_receipt(&self.0.receipt, &self.0.bytes)
    }

    /// With its proof. An internal fault before the end of its turn.
    pub(crate) fn signed(&self) -> Result<SignedReceipt, Denial> {
        let unsigned = || Denial::failed(Fault::Internal, "a receipt is told before its turn has signed it");
        let proof = self.0.proof.get().ok_or_else(unsigned)?.clone();
        Ok(SignedReceipt { receipt: self.0.receipt.clone(), bytes: self.0.bytes.clone(), proof })
    }

    /// As the database holds it; with its proof.
    fn to_kept(&self) -> Result<Vec<u8>, Denial> {
        if let Some(kept) = self.0.kept.get() {
            return Ok(kept.clone());
        }
        let kept = receipts::to_bytes(&self.signed()?);
        Ok(self.0.kept.get_or_init(|| kept).clone())
    }
}

impl From<SignedReceipt> for Stated {
    fn from(signed: SignedReceipt) -> Self {
        let SignedReceipt { receipt, bytes, proof } = signed;
        Self(Arc::new(Inner { receipt, bytes, proof: OnceLock::from(proof), kept: OnceLock::new() }))
    }
}

/// The receipts of a turn and the rows that carry them, until they are signed.
#[derive(Debug, Default)]
pub(crate) struct Sheaf {
    /// What is to be signed, by the other party of the channel.
    unsigned: BTreeMap<PartyId, Vec<Stated>>,
    /// Each with its leaf in a log of ours, or that of the entry which it took.
    kept: Vec<(Stated, Option<u64>)>,
    entries: Vec<(EntryRow, Stated)>,
    deliveries: Vec<(NewDelivery, Stated)>,
}

impl Sheaf {
    /// States `receipt` on an entry of the channel with `other`.
    pub(crate) fn state(&mut self, other: PartyId, receipt: Receipt) -> Stated {
        let stated = Stated::new(receipt);
        self.unsigned.entry(other).or_default().push(stated.clone());
        stated
    }

    /// Keeps a receipt of ours or of another gateway.
    pub(crate) fn keep(&mut self, stated: &Stated, leaf: Option<u64>) {
        self.kept.push((stated.clone(), leaf));
    }

    /// Keeps an entry with what we answered.
    pub(crate) fn keep_entry(&mut self, row: EntryRow, answer: &Stated) {
        self.entries.push((row, answer.clone()));
    }

    /// Lays something ready for a desk, with the receipt that goes with it.
    pub(crate) fn deliver(&mut self, delivery: NewDelivery, with: &Stated) {
        self.deliveries.push((delivery, with.clone()));
    }

    /// Signs everything, and writes the rows into `batch`.
    pub(crate) fn sign(&mut self, key: &SigningKey, own: PartyId, at: i64, batch: &mut Batch) -> Result<(), Denial> {
        for (other, stated) in std::mem::take(&mut self.unsigned) {
            let unsigned = stated.iter().map(|one| (one.0.receipt.clone(), one.0.bytes.clone())).collect();
            for (one, signed) in stated.iter().zip(sign_receipts(key, own, other, unsigned)?) {
                one.0.proof.get_or_init(|| signed.proof);
            }
        }
        for (stated, leaf) in self.kept.drain(..) {
            let (entry, kind) = (stated.receipt().entry, stated.receipt().kind);
            let (bytes, leaf) = (stated.to_kept()?.into(), leaf.map(number).transpose()?);
            batch.receipts.push(NewReceipt { entry, kind, bytes, at, leaf });
        }
        for (row, answer) in self.entries.drain(..) {
            let receipt = answer.to_kept()?.into();
            batch.entries.push(EntryRow { receipt, ..row });
        }
        for (delivery, with) in self.deliveries.drain(..) {
            let receipt = Some(with.to_kept()?.into());
            batch.deliveries.push(NewDelivery { receipt, ..delivery });
        }
        Ok(())
    }
}

impl Committer {
    /// What this gateway states now of an entry, with nothing in it that only some kinds have.
    pub(super) fn receipt(&self, turn: &Turn, kind: ReceiptKind, claimed: &Claimed) -> Receipt {
        let Claimed { entry, case, header, envelope, .. } = *claimed;
        let (by, at) = (self.gateway.own(), turn.now);
        Receipt {
            kind,
            by,
            entry,
            case,
            header,
            envelope,
            at,
            leaf: None,
            refusal: None,
            epoch: None,
            authenticator: None,
        }
    }

    /// Hands what is durable to those who take it across: the leaves and heads of our logs, and what desks said of retrievals.
    pub(super) fn tell_senders(&self, turn: &Turn) {
        let batch = &turn.batch;
        for row in batch.outbox.iter().filter(|row| row.kind == RECEIPT) {
            self.gateway.fresh.told(*row.channel, std::iter::once(*row.entry_id));
        }
        for (peer, stated) in &turn.retrieved {
            let entry = stated.receipt().entry;
            // A refusal under the same id goes to the same gateway with it: the database has both.
            if !turn.kept.contains(&(entry, ReceiptKind::SubmissionRejection))
                && let Ok(signed) = stated.signed()
            {
                self.gateway.fresh.retrieved(*peer, entry, (&signed).into());
            }
        }
        for (peer, log) in &turn.logs {
            let Ok(origin) = growth::origin(self.gateway.own(), *peer) else { continue };
            let name = origin.to_string();
            let leaves = batch.leaves.iter().filter(|leaf| leaf.channel == name).cloned().map(leaf_to_wire);
            let leaves: Vec<_> = leaves.collect();
            let is_newest = |head: &&CheckpointRow| head.channel == name && u64::try_from(head.size) == Ok(log.size());
            if let Some(head) = batch.checkpoints.iter().find(is_newest) {
                self.gateway.fresh.grew(*peer, log.size() - leaves.len() as u64, leaves, head.clone());
            }
        }
    }

    /// Keeps a receipt, and stands for it in the log of the channel where we are the home of its case.
    pub(super) fn keep_receipt(
        &self,
        turn: &mut Turn,
        home: PartyId,
        peer: PartyId,
        stated: &Stated,
    ) -> Result<(), Denial> {
        let receipt = stated.receipt();
        turn.kept.insert((receipt.entry, receipt.kind));
        if matches!(receipt.kind, ReceiptKind::Delivery | ReceiptKind::NonDelivery) {
            turn.delivered_at.insert(receipt.entry, receipt.at);
        }
        if home == self.gateway.own() {
            let leaf = self.leaf(turn, peer, &stated.statement())?;
            turn.sheaf.keep(stated, Some(leaf));
        } else {
            turn.sheaf.keep(stated, None);
            self.await_leaf(turn, home, stated)?;
        }
        Ok(())
    }

    /// Notes that the home of a case is to take a receipt of ours into its log.
    pub(super) fn await_leaf(&self, turn: &mut Turn, home: PartyId, stated: &Stated) -> Result<(), Denial> {
        let row = self.awaited_row(home, stated, turn.now.0)?;
        turn.awaits.given.extend(row.map(|row| (home, row)));
        Ok(())
    }

    /// The home asks for what it was told before: it may not have heard it. That counts a few times, and only when half of the time in which
    /// the leaf has to come is over: a home whose answers get lost is heard, and none puts a leaf off by asking.
    pub(super) fn tell_again(&self, turn: &mut Turn, home: PartyId, stated: &Stated) -> Result<(), Denial> {
        if let Some(row) = self.awaited_row(home, stated, turn.now.0)? {
            let given_until = turn.now.plus_ms(-self.gateway.receipt_leaf_ms / 2).0;
            turn.awaits.given_again.push((home, GivenAgain { digest: row.digest.0, at: row.at, given_until }));
        }
        Ok(())
    }

    /// Keeps what the other gateway stated of an entry before it came here.
    pub(super) fn keep_said(&self, turn: &mut Turn, claimed: &Claimed, peer: PartyId) -> Result<(), Denial> {
        for stated in turn.said.remove(&claimed.entry).unwrap_or_default() {
            self.keep_receipt(turn, claimed.home, peer, &stated)?;
        }
        Ok(())
    }
}
