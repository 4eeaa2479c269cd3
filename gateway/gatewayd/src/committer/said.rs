//! What the other gateway stated of an entry that it brings, held against the entry, its ledger and what we see ourselves: before anything
//! is decided, and long before it is kept.

use casefile::{Contradicted, Evidence};
use identity::Verified;
use model::{Denial, Entry, EpochCertificate, Fault, PartyId, ReceiptKind, SignedReceipt, Timestamp, limits};
use roster::Approved;

use super::{
    Committer,
    stated::Stated,
    turn::{Leafed, Turn},
};

impl Committer {
    /// What the other gateway stated of an entry before fits the entry's own time, and our clock. Else it is kept as evidence, and nothing
    /// is decided.
    pub(super) fn require_moments(&self, turn: &mut Turn, entry: &Entry, said: &[SignedReceipt]) -> Result<(), Denial> {
        let header = &entry.header;
        let late = turn.now.plus_ms(limits::CLOCK_APART_MS_MAX);
        let fits = |at: Timestamp| at.plus_ms(limits::CLOCK_APART_MS_MAX) >= header.created && at <= late;
        let Some(signed) = said.iter().find(|one| !fits(one.receipt.at)) else { return Ok(()) };
        self.doubt(turn, entry, signed.clone());
        Err(Denial::failed(Fault::PeerUnreachable, "a receipt that came with the entry is of a moment that cannot be"))
    }

    /// The other gateway certified the epoch to which the entry leads, or none where it leads to none. Else what it signed is kept as
    /// evidence and nowhere else, so that no case file has to tell two epochs apart.
    pub(super) fn require_epoch(
        &self,
        turn: &mut Turn,
        entry: &Entry,
        approved: Option<&Approved>,
    ) -> Result<(), Denial> {
        let leads_to: Option<&EpochCertificate> = approved.map(|approved| &approved.epoch);
        let said = turn.said.get(&entry.header.entry).into_iter().flatten();
        let mut taken = said.filter(|one| one.receipt().kind == ReceiptKind::SubmissionAcceptance);
        let Some(stated) = taken.find(|one| one.receipt().epoch.as_ref() != leads_to) else { return Ok(()) };
        let signed = Stated::signed(stated)?;
        self.doubt(turn, entry, signed);
        let detail = "the receipt that came with the entry certifies another epoch than the one to which it leads";
        Err(Denial::failed(Fault::PeerUnreachable, detail))
    }

    fn doubt(&self, turn: &mut Turn, entry: &Entry, signed: SignedReceipt) {
        let (header, payload) = (entry.header_bytes.to_vec(), entry.payload.digest());
        self.accuse(turn, &Evidence::Receipt(Box::new(Contradicted { signed, header, payload })));
    }
}

/// A home's entry is in its signed log before we look at it: what is not there could be denied later.
pub(super) fn require_leaf(
    turn: &Turn,
    entry: &Verified<Entry>,
    from: PartyId,
    said: &[SignedReceipt],
) -> Result<(), Denial> {
    let header = &entry.header;
    if header.home != from {
        return Ok(());
    }
    let wrong = |detail: &str| Err(Denial::failed(Fault::PeerUnreachable, detail));
    let Some(Leafed { index, statement }) = turn.leafed.get(&(from, header.entry)) else {
        return wrong("the entry's leaf is not in the ledger that came with it");
    };
    if (statement.envelope, statement.header) != (entry.envelope_digest(), entry.header_digest()) {
        return wrong("the entry's leaf is not in the ledger that came with it");
    }
    let taken = said.iter().map(|one| &one.receipt).find(|one| one.kind == ReceiptKind::SubmissionAcceptance);
    if taken.is_some_and(|taken| (taken.leaf, taken.at) == (Some(*index), statement.at)) {
        return Ok(());
    }
    wrong("the receipt of the entry names another leaf, or another moment, than the ledger")
}
