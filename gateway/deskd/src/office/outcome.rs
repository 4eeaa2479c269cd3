//! What became of an entry of ours, or of one that came: receipts from the own gateway's stream.

use std::time::Duration;

use bytes::Bytes;
use model::{
    Denial, EntryId, Fault, Handshake, Header, Payload, Receipt, ReceiptKind, Refusal, RefusalCode, SignedReceipt,
    Step, Verdict,
};
use proto::types as wire;
use seal::Member;
use store::desk::{DeskBatch, DeskEntryVerdict};
use telemetry::say;
use workflow::Event;

use super::{
    Members, Office, Told,
    binding::OurEntry,
    event,
    history::turn_of,
    leaves::note_leaf,
    outbox::{OURS, verdict_of},
    prepare::digest_of,
    view::{CaseView, ReceiptNote},
    watching::{PROOF_WAIT, patience_for},
};
use crate::clock;

/// How long the stream waits for the answer to a submission that the gateway's receipts have overtaken. The outbox asks for it.
const SUBMISSION_WAIT: Duration = Duration::from_secs(60);
/// Before the name of a fault in the `rule` of a receipt's refusal.
const FAULT: &str = "protocol/";

impl Office {
    /// Takes a receipt from the stream. The same again changes nothing.
    pub(super) async fn take_outcome(&self, cursor: u64, receipt: &wire::SignedReceipt) -> Result<(), Denial> {
        let now = clock::now();
        let mut batch = DeskBatch::default();
        self.done_with(&mut batch, cursor);
        let proven = self.proven_now(receipt).await;
        if let Ok(signed) = &proven
            && let Err(denial) = self.regain(signed.receipt.case).await
            && (matches!(denial, Denial::Failed { fault: Fault::Storage, .. })
                || self.waits(cursor, patience_for(&denial)))
        {
            return Err(denial);
        }
        let mut members = self.members.lock().await;
        let signed = match proven {
            Ok(signed) => signed,
            Err(denial) if self.waits(cursor, PROOF_WAIT) => return Err(denial),
            // It proves nothing, so nothing follows from it; the stream goes on.
            Err(_) => {
                say!(Error, "a receipt of the gateway's stream did not hold for a day", party = self.own.party());
                return self.commit(&batch).await;
            }
        };
        let receipt = &signed.receipt;
        let Some((mut view, version)) = self.view(receipt.case).await? else {
            return self.commit(&batch).await;
        };
        let ours = self.our_entry(&view, receipt.entry).await?;
        if !ours.is_some_and(|ours| ours.bears(receipt, self.own.party(), view.other.party())) {
            say!(Warn, "a receipt of the gateway's stream is on no entry of this desk", entry = receipt.entry);
            return self.commit(&batch).await;
        }
        if view.is_unsubmitted(receipt.entry) && self.waits(cursor, SUBMISSION_WAIT) {
            let detail = "the answer to a submission is on its way, and comes before what follows on it";
            return Err(Denial::failed(Fault::StaleCase, detail));
        }
        view.note(receipt.entry, ReceiptNote::of(receipt));
        let mut changed = None;
        match receipt.kind {
            ReceiptKind::RelayAcceptance => {
                changed = self.accepted(&mut members, &mut batch, &mut view, &signed).await?;
            }
            ReceiptKind::RelayRejection | ReceiptKind::SubmissionRejection => {
                self.rejected(&mut batch, &mut view, receipt).await?;
            }
            // The entry before it was refused: the own gateway says that it is out with it.
            ReceiptKind::RelayFailure if receipt.refusal.is_some() => {
                self.rejected(&mut batch, &mut view, receipt).await?;
            }
            // Silence: the other gateway may have taken it, so the entry stays until that is known.
            ReceiptKind::RelayFailure => {
                batch.events.push(event(view.id, Told::Lapsed, Some(receipt.entry), receipt.at));
            }
            ReceiptKind::Retrieval => fork(&mut batch, &mut view, receipt),
            _ => {}
        }
        batch.events.push(event(view.id, Told::Receipt, Some(receipt.entry), receipt.at));
        self.put_case(&mut batch, &view, Some(version), now).await?;
        self.commit(&batch).await?;
        if let Some(member) = changed {
            members.keep(view.id, member);
        }
        Ok(())
    }

    /// A receipt whose signature holds, by newer directories if need be. Never with the lock held: it may ask the gateway.
    pub(super) async fn proven_now(&self, receipt: &wire::SignedReceipt) -> Result<SignedReceipt, Denial> {
        match self.proven(receipt) {
            Err(_) if self.refreshed().await => self.proven(receipt),
            other => other,
        }
    }

    /// The entry of this desk that receipts on `entry` must speak of.
    pub(super) async fn our_entry(&self, view: &CaseView, entry: EntryId) -> Result<Option<OurEntry>, Denial> {
        if let Some(pending) = view.pending.as_ref().filter(|one| one.entry == entry) {
            return Ok(Some(OurEntry::of(pending, view.id)));
        }
        let row = self.store.entry(entry).await?.filter(|row| row.direction == OURS);
        Ok(row.map(|row| OurEntry {
            entry,
            case: row.case_id.0,
            header: digest_of(&row.header.0),
            envelope: row.envelope.0,
        }))
    }

    /// The other gateway took it: it is part of the case.
    async fn accepted(
        &self,
        members: &mut Members,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        signed: &SignedReceipt,
    ) -> Result<Option<Member>, Denial> {
        let receipt = &signed.receipt;
        let pending = view.pending.as_ref().filter(|one| one.entry == receipt.entry);
        let Some(pending) = pending.cloned() else { return Ok(None) };
        let header = proto::decode_header(&Bytes::from(pending.header.clone()))?;
        let mut changed = None;
        if matches!(header.step, Step::OpenGroup | Step::ChangeGroup) {
            let mut member = members.take(self, view.id).await?;
            if let Err(denial) = self.merge(&mut member, view, batch, receipt) {
                // Another group than ours was certified: nothing further is sealed into it.
                view.trouble = Some(format!("the other gateway certified another group than this desk made: {denial}"));
                batch.events.push(event(view.id, Told::Fork, Some(receipt.entry), receipt.at));
            }
            changed = Some(member);
        }
        view.pending = None;
        if let Some(seating) = &pending.seating {
            let epoch = receipt.epoch.as_ref().map(|certificate| certificate.epoch).unwrap_or_default();
            view.seat(seating, turn_of(&header, epoch));
            // What was wanted while a renewal was on its way comes next.
            let waits = self.errand(view.id).await?.is_some_and(|errand| !errand.wish.is_made_by(seating));
            match self.next_readmission(view)?.filter(|_| !waits) {
                Some(next) => batch.errands.push(next),
                None if waits => {}
                None => batch.errands_done.push(view.id),
            }
        }
        view.asks(&header, &Payload::Handshake(Handshake::default()));
        let moved = Event { taken: Some(receipt.at), ..pending.event };
        let seq = view.settle(header.step, pending.digest, &moved);
        self.shred(batch, view, &header, receipt.at).await?;
        self.conclude_entry(batch, &header, pending.header, signed, Verdict::Admitted, Some(seq)).await?;
        batch.proposals_done.push(header.entry);
        if header.step == Step::SealSend {
            view.request = Some(header.entry);
            batch.drafts_done.push(view.id);
            changed = self.let_follow(members, batch, view).await?;
        }
        batch.events.push(event(view.id, Told::Admitted, Some(header.entry), receipt.at));
        Ok(changed)
    }

    fn merge(
        &self,
        member: &mut Member,
        view: &mut CaseView,
        batch: &mut DeskBatch,
        receipt: &Receipt,
    ) -> Result<(), Denial> {
        let none = || Denial::failed(Fault::Malformed, "the receipt of a handshake certifies no epoch");
        let certificate = receipt.epoch.as_ref().ok_or_else(none)?;
        member.merge(certificate)?;
        view.epochs.insert(receipt.entry, member.acknowledgement(certificate)?);
        view.readers = member.members()?;
        batch.mls = self.mls_changes(view.id, member)?;
        note_leaf(batch, view, member);
        Ok(())
    }

    /// A gateway refused it: the case goes back to what both have.
    async fn rejected(&self, batch: &mut DeskBatch, view: &mut CaseView, receipt: &Receipt) -> Result<(), Denial> {
        let Some(pending) = view.pending.as_ref().filter(|one| one.entry == receipt.entry).cloned() else {
            return Ok(());
        };
        let header = proto::decode_header(&Bytes::from(pending.header.clone()))?;
        let denial = denial_of(receipt.refusal.as_ref());
        let verdict = verdict_of(&denial);
        self.give_up(batch, view, &header, &denial).await?;
        self.answered(receipt.entry, denial);
        if self.store.entry(receipt.entry).await?.is_some() {
            batch.verdicts.push(DeskEntryVerdict { id: receipt.entry, verdict, seq: None, receipt: None });
        }
        Ok(())
    }

    async fn conclude_entry(
        &self,
        batch: &mut DeskBatch,
        header: &Header,
        header_bytes: Vec<u8>,
        signed: &SignedReceipt,
        verdict: Verdict,
        seq: Option<i64>,
    ) -> Result<(), Denial> {
        let receipt = prost::Message::encode_to_vec(&wire::SignedReceipt::from(signed));
        match self.store.entry(header.entry).await? {
            Some(row) if row.direction == OURS => {
                let receipt = Some(receipt.into());
                batch.verdicts.push(DeskEntryVerdict { id: header.entry, verdict, seq, receipt });
            }
            Some(_) => {}
            // The receipt overtook the answer to the submission.
            None => {
                let mut row = self.own_entry(batch, header, header_bytes, signed.receipt.envelope, verdict).await?;
                row.seq = seq;
                row.receipt = Some(receipt.into());
                batch.entries.push(row);
            }
        }
        Ok(())
    }
}

/// Holds the other desk's acknowledgement of an epoch against our own: only members of one group have equal ones.
fn fork(batch: &mut DeskBatch, view: &mut CaseView, receipt: &Receipt) {
    let (Some(theirs), Some(ours)) = (receipt.authenticator, view.epochs.get(&receipt.entry)) else { return };
    if theirs != *ours {
        view.trouble = Some("the desks of this case do not share its group: one of them was shown another".to_owned());
        batch.events.push(event(view.id, Told::Fork, Some(receipt.entry), receipt.at));
        say!(Error, "a case's group was forked", entry = receipt.entry);
    }
}

/// The denial that a receipt tells.
fn denial_of(refusal: Option<&Refusal>) -> Denial {
    let Some(refusal) = refusal else {
        let remedy = "Ask the operator of the gateway.";
        return Refusal::new(RefusalCode::R94, "relay", "a gateway refused without a reason", remedy).into();
    };
    let name = refusal.rule.strip_prefix(FAULT);
    let fault = name.and_then(|name| Fault::ALL.into_iter().find(|fault| fault.as_str() == name));
    match fault {
        Some(fault) => Denial::failed(fault, refusal.reason.clone()),
        None => refusal.clone().into(),
    }
}
