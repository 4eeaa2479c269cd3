//! The entries of a case from before this desk had its seat, or from a stretch that it lost. They are verified as any arrival and
//! folded in their order, so that this desk holds the same case as every other; their bodies cannot be read here, and it says so.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use identity::TrustStore;
use model::{
    CaseId, Denial, Entry, EntryId, EnvelopeDigest, Fault, Handshake, Header, HeaderDigest, KeyId, MeasureId, Payload,
    Receipt, Role, Step, Timestamp, Verdict,
};
use proto::desk::Arrival;
use roster::{Accreditation, Approved, CaseBinding, Follower};
use store::desk::{DeskBatch, DeskEntryRow, DeskEntryVerdict};
use workflow::{Command, Terms, decide};

use super::{
    Office,
    binding::admits,
    outbox::{OURS, THEIRS},
    reading::contradiction,
    seats::{Seating, Turn},
    then::Then,
    view::{CaseView, ReceiptNote},
};
use crate::clock;

/// Entries of one case.
const ENTRIES_MAX: usize = 100_000;

/// An entry of the past: verified, and without the body that cannot be opened here.
pub(super) struct Past {
    pub(super) header: Header,
    header_bytes: Bytes,
    envelope: EnvelopeDigest,
    /// Of the payload, in bytes.
    size: usize,
    signers: Vec<(KeyId, Role)>,
    handshake: Option<Handshake>,
    receipt: Receipt,
    /// What it was verified by, where that was not what is believed today.
    by: Option<Arc<TrustStore>>,
}

/// A case as its past makes it.
pub(super) struct Folded {
    pub(super) view: CaseView,
    /// The group as it was after the last handshake; `None` where it could not be proved any more.
    pub(super) follower: Option<Follower>,
}

impl Past {
    pub(super) fn of(entry: Entry, receipt: Receipt) -> Self {
        Self {
            envelope: entry.envelope_digest(),
            size: entry.payload.size(),
            signers: entry.officers.iter().map(|one| (one.signature.key, one.role)).collect(),
            handshake: match entry.payload {
                Payload::Handshake(handshake) => Some(handshake),
                Payload::Sealed(_) => None,
            },
            header: entry.header,
            header_bytes: entry.header_bytes,
            receipt,
            by: None,
        }
    }
}

impl Office {
    /// All entries of a case, from the own gateway, up to but without `until`. Never with the lock held: it asks the gateway.
    pub(super) async fn fetch(&self, case: CaseId, until: Option<EntryId>) -> Result<Vec<Past>, Denial> {
        let status = |status: tonic::Status| proto::status::to_denial(&status);
        let mut stream = self.uplink.entries(case).await.map_err(status)?;
        let (mut past, mut then) = (Vec::new(), Then::default());
        while let Some(item) = stream.message().await.map_err(status)? {
            let malformed = || Denial::failed(Fault::Malformed, "the history of a case has a gap or no end");
            if item.seq != past.len() as u64 || past.len() >= ENTRIES_MAX {
                return Err(malformed());
            }
            let one = self.past(item.arrival.ok_or_else(malformed)?, &mut then).await?;
            if one.header.case != case {
                return Err(contradiction("case", "the history tells of another case").into());
            }
            if Some(one.header.entry) == until {
                return Ok(past);
            }
            past.push(one);
        }
        match until {
            None => Ok(past),
            Some(_) => Err(Denial::failed(Fault::StaleCase, "the gateway's history ends before the entry that came")),
        }
    }

    /// Verifies an entry of the past: by the directories of today, or where those have changed by those that were in force when both
    /// gateways had admitted it.
    async fn past(&self, arrival: Arrival, then: &mut Then) -> Result<Past, Denial> {
        let malformed = || Denial::failed(Fault::Malformed, "an entry of the past without itself or its receipt");
        let (Some(entry), Some(receipt)) = (arrival.entry, arrival.receipt) else { return Err(malformed()) };
        let claimed = proto::decode_receipt(&receipt)?;
        let at = claimed.receipt.at;
        let by = |trust: &TrustStore, now| {
            trust.verify_receipt_among(&claimed, &mut self.proven.lock().unwrap_or_else(PoisonError::into_inner))?;
            trust.verify_entry(proto::convert::receive_entry(entry.clone())?, now)
        };
        let today = self.trust.store()?;
        let (verified, by) = match by(&today, clock::now()).or_else(|_| by(&today, at)) {
            Ok(verified) => (verified, None),
            Err(denial) => {
                let header = proto::decode_header(&entry.header)?;
                let parties = [header.home, header.peer];
                let (verified, store) = then.find(self, at, parties, denial, |trust| by(trust, at)).await?;
                (verified, Some(Arc::new(store)))
            }
        };
        if !admits(&claimed.receipt, &verified) {
            return Err(contradiction("receipt", "the receipt is not on this entry").into());
        }
        Ok(Past { by, ..Past::of((*verified).clone(), claimed.receipt) })
    }

    /// Folds the past into the case, from its first entry on, and writes what is not here yet. What `before` knows beside the entries
    /// stays: drafts, receipts, who opened what.
    pub(super) async fn fold(
        &self,
        batch: &mut DeskBatch,
        before: Option<CaseView>,
        past: &[Past],
    ) -> Result<Folded, Denial> {
        let none = || Denial::failed(Fault::Malformed, "the history of a case does not begin with its opening");
        let first = past.first().filter(|one| one.header.step == Step::OpenGroup).ok_or_else(none)?;
        let mut view = CaseView::opening(&self.own, &first.header);
        if let Some(before) = &before {
            // What was destroyed stays so, and what contradicted its header: their bodies tell nothing of it any more.
            view.destroyed.clone_from(&before.destroyed);
            view.findings.clone_from(&before.findings);
        }
        let binding = CaseBinding::new(view.id, view.pin, view.home, view.peer);
        let mut follower = None;
        for (number, one) in past.iter().enumerate() {
            let seq = self.settle_past(&mut view, one)?;
            view.note(one.header.entry, ReceiptNote::of(&one.receipt));
            self.put_past(batch, &mut view, (&past[..number], one), seq).await?;
            if let Some(handshake) = one.handshake.as_ref().filter(|_| one.header.step != Step::AskRejoin) {
                let by = one.by.clone().or_else(|| self.trust.store().ok());
                let followed = by.and_then(|by| {
                    let judged = (by.as_ref() as &dyn Accreditation, one.receipt.at);
                    follow_past(follower.as_ref(), one.header.step, handshake, &binding, judged)
                });
                follower = match followed {
                    Some(approved) => Some(note(&mut view, one, approved)?),
                    None => None,
                };
            }
        }
        if let Some(before) = before {
            keep_beside(&mut view, before, past);
        }
        Ok(Folded { view, follower })
    }

    fn settle_past(&self, view: &mut CaseView, one: &Past) -> Result<i64, Denial> {
        let terms = self.terms(&one.header)?;
        settle_under(view, one, &terms)
    }

    /// Writes an entry of the past that came after those `before` it. What they say counts, also where the storage does not have them yet.
    async fn put_past(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        (before, one): (&[Past], &Past),
        seq: i64,
    ) -> Result<(), Denial> {
        let (id, verdict) = (one.header.entry, Verdict::Admitted);
        let receipt = Some(proto::encode_receipt(&one.receipt).into());
        self.shred_after(batch, view, Some(before), &one.header, clock::now()).await?;
        let kept = self.store.entry(id).await?;
        if kept.as_ref().is_none_or(|row| row.body.is_none()) && !one.header.step.is_handshake() {
            view.unreadable.insert(id);
        }
        if kept.is_some() {
            batch.verdicts.push(DeskEntryVerdict { id, verdict, seq: Some(seq), receipt: None });
            return Ok(());
        }
        batch.entries.push(DeskEntryRow {
            id: id.into(),
            case_id: one.header.case.into(),
            seq: Some(seq),
            direction: if one.header.sender == self.own { OURS } else { THEIRS },
            step: one.header.step.into(),
            header: one.header_bytes.to_vec().into(),
            body: None,
            envelope: one.envelope.into(),
            verdict: verdict.into(),
            receipt,
            at: clock::now().0,
        });
        Ok(())
    }

    /// Takes what came into a case in which this desk has no seat now: a part of the case, unread, and nothing is reported of it.
    pub(super) fn settle_unread(&self, view: &mut CaseView, one: &Past) -> Result<i64, Denial> {
        let seq = self.settle_past(view, one)?;
        if !one.header.step.is_handshake() {
            view.unreadable.insert(one.header.entry);
        }
        Ok(seq)
    }
}

/// Where a handshake of the past leads, as the gateways saw it when they admitted it, by whom they accredited then. `None` where leaves have
/// expired since, so that it cannot be proved any more; what follows on it cannot either.
pub(super) fn follow_past(
    follower: Option<&Follower>,
    step: Step,
    handshake: &Handshake,
    binding: &CaseBinding,
    (by, at): (&dyn Accreditation, Timestamp),
) -> Option<Approved> {
    match (follower, step) {
        (None, Step::OpenGroup) => Follower::open_with(handshake, binding, by, at).ok(),
        (Some(follower), Step::ChangeGroup) => follower.check(handshake, by, at).ok(),
        _ => None,
    }
}

/// Makes an entry of the past part of the case, where the rule says this of the answers to it.
pub(super) fn settle_under(view: &mut CaseView, one: &Past, terms: &[(MeasureId, Terms)]) -> Result<i64, Denial> {
    let header = &one.header;
    if (header.home, header.peer, header.pin) != (view.home, view.peer, view.pin) || header.previous != view.head {
        return Err(contradiction("previous", "the history of the case is not one chain").into());
    }
    let command = Command::of(header, &one.signers).under(terms).carrying(one.size).taken(one.receipt.at);
    let event = decide(view.admitted.as_ref(), &command, header.created)?;
    view.note_takers(header, &one.signers);
    if let Some(handshake) = &one.handshake {
        view.asks(header, &Payload::Handshake(handshake.clone()));
    }
    Ok(view.settle(header.step, HeaderDigest::of(&one.header_bytes), &event))
}

/// Notes who came and went, if the gateways certified the same epoch.
fn note(view: &mut CaseView, one: &Past, approved: Approved) -> Result<Follower, Denial> {
    if one.receipt.epoch.as_ref() != Some(&approved.epoch) {
        return Err(contradiction("receipt", "the gateways certified another epoch than the handshake leads to").into());
    }
    let opened = one.header.step == Step::OpenGroup;
    let added = if opened { approved.members.clone() } else { approved.added.clone() };
    view.seat(&Seating { added, removed: approved.removed.clone() }, turn(one, approved.epoch.epoch));
    Ok(approved.next)
}

fn turn(one: &Past, epoch: u64) -> Turn {
    Turn { entry: one.header.entry, at: one.header.created, epoch }
}

/// What is known of a case beside its entries.
fn keep_beside(view: &mut CaseView, before: CaseView, past: &[Past]) {
    let is_past = |entry: EntryId| past.iter().any(|one| one.header.entry == entry);
    view.pending = before.pending.filter(|pending| !is_past(pending.entry));
    view.withdrawing = before.withdrawing.filter(|_| view.pending.is_some());
    view.request = before.request.filter(|entry| !view.unreadable.contains(entry));
    view.reference = before.reference;
    view.refused = before.refused.into_iter().filter(|one| !is_past(one.entry)).collect();
    for (entry, notes) in before.receipts {
        notes.into_iter().for_each(|note| view.note(entry, note));
    }
    view.epochs = before.epochs;
    view.findings.extend(before.findings);
    view.follows = before.follows;
    (view.earlier, view.training) = (before.earlier, before.training);
    view.openings = before.openings;
    view.hanging = before.hanging;
    view.warned = before.warned;
    view.acts = before.acts;
    view.away = before.away;
    view.began = before.began;
    view.takers.extend(before.takers);
}

/// The moment of a handshake that came, for its seats.
pub(super) fn turn_of(header: &Header, epoch: u64) -> Turn {
    Turn { entry: header.entry, at: header.created, epoch }
}
