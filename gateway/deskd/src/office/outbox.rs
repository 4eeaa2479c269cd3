//! Sends what waits in the outbox, in its order, until the own gateway has answered. What is sent again is the same bytes.

use std::{
    ops::RangeInclusive,
    sync::{Arc, PoisonError},
    time::Duration,
};

use link::Backoff;
use model::{Denial, Fault, Header, ReceiptKind, SignedReceipt, Step, Verdict};
use prost::Message;
use proto::types as wire;
use store::desk::{DeskBatch, DeskEntryRow, DeskOutboxRow};
use telemetry::say;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use workflow::State;

use super::{
    Office, Told,
    binding::OurEntry,
    dispatch::{ACKNOWLEDGE, BY_THE_OUTBOX, epoch_of},
    event,
    prepare::RESEAL,
    restore::SEALED_COUNT,
    view::{CaseView, Pending, ReceiptNote, Refused},
};
use crate::{clock, random, safe::Place, uplink::is_away};

pub(super) const ROWS_MAX: u64 = 64;
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(200);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// An entry that came (theirs) or went (ours), in the database.
pub(super) const OURS: i16 = 0;
pub(super) const THEIRS: i16 = 1;

pub(super) enum Sent {
    /// Answered, and the answer is durable.
    Done,
    /// The gateway answered that it does not take it now: to be tried again.
    Declined,
    /// Nobody knows whether the gateway has it: to be tried again; with `true` everything else too, for the gateway is away.
    Later(bool),
}

impl Office {
    /// Sends until `stop`.
    pub(crate) async fn run_outbox(self: Arc<Self>, stop: CancellationToken) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, random::seed());
        loop {
            let pause = self.send_due(&mut backoff).await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.outbox_bell.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Sends what is due; says how long to rest.
    async fn send_due(&self, backoff: &mut Backoff) -> Duration {
        let now = clock::now();
        let Ok(rows) = self.store.due(BY_THE_OUTBOX, now.0, ROWS_MAX).await else {
            say!(Error, "the outbox cannot be read");
            return backoff.pause();
        };
        let (mut unnoted, mut acknowledged) = (Duration::ZERO, false);
        for row in &rows {
            let mut together = vec![row.id];
            let sent = if row.kind != ACKNOWLEDGE {
                self.send(row).await
            } else if std::mem::replace(&mut acknowledged, true) {
                continue;
            } else {
                self.acknowledge_all(&mut together).await
            };
            let away = match sent {
                Ok(Sent::Done) => {
                    backoff.reset();
                    continue;
                }
                Ok(Sent::Declined) => false,
                Ok(Sent::Later(away)) => away,
                Err(denial) => {
                    say!(Error, "what the gateway answered cannot be kept", reason = fault_of(&denial));
                    false
                }
            };
            let pause = backoff.pause();
            let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
            if self.store.retry_later(&together, clock::now().plus_ms(millis).0).await.is_err() {
                unnoted = pause;
            }
            self.changed.send_modify(|count| *count = count.wrapping_add(1));
            if away {
                return pause;
            }
        }
        self.rest(BY_THE_OUTBOX).await.max(unnoted)
    }

    /// Until the next of these kinds is due.
    pub(super) async fn rest(&self, kinds: RangeInclusive<i16>) -> Duration {
        match self.store.next_due(kinds).await {
            Ok(Some(due)) => {
                Duration::from_millis(u64::try_from(due - clock::now().0).unwrap_or(0)).max(FIRST_PAUSE / 4)
            }
            _ => LONGEST_PAUSE,
        }
    }

    pub(super) async fn send(&self, row: &DeskOutboxRow) -> Result<Sent, Denial> {
        let entry = proto::convert::entry_from_bytes(row.envelope.0.clone())?;
        let sealed = self.store.cursor(SEALED_COUNT).await?;
        match self.uplink.submit(entry.clone(), u64::try_from(sealed).unwrap_or(0)).await {
            Ok(receipt) => return self.submitted(row, entry, receipt).await,
            // A gateway that was not reached may have it: it alone says whether its time was over.
            Err(status) if is_away(&status) => return Ok(Sent::Later(true)),
            Err(status) if is_transient(&status) && !self.is_over(&entry)? => {
                self.rests(row.entry_id.0, &proto::status::to_denial(&status));
                return Ok(Sent::Declined);
            }
            Err(status) if is_transient(&status) => {
                let late = Denial::failed(Fault::Expired, proto::status::to_denial(&status).to_string());
                self.refused(row, entry, &late, None).await?;
            }
            Err(status) => {
                let rejection = self.rejection_on(&status).await;
                self.refused(row, entry, &proto::status::to_denial(&status), rejection).await?;
            }
        }
        Ok(Sent::Done)
    }

    /// Acknowledges all that wait for it now, and tells which: a word that rests goes along with one that is due.
    async fn acknowledge_all(&self, together: &mut Vec<i64>) -> Result<Sent, Denial> {
        let rows = self.unacknowledged().await?;
        *together = rows.iter().map(|row| row.id).collect();
        self.acknowledge(&rows).await
    }

    pub(super) async fn conclude(&self, rows: &[DeskOutboxRow]) -> Result<Sent, Denial> {
        let concluded = rows.iter().map(|row| row.id).collect();
        let batch = DeskBatch { concluded, ..DeskBatch::default() };
        self.commit(&batch).await?;
        Ok(Sent::Done)
    }

    pub(super) fn is_over(&self, entry: &wire::Entry) -> Result<bool, Denial> {
        Ok(proto::decode_header(&entry.header)?.expires < clock::now())
    }

    /// The own gateway says it has it.
    async fn submitted(
        &self,
        row: &DeskOutboxRow,
        entry: wire::Entry,
        receipt: wire::SignedReceipt,
    ) -> Result<Sent, Denial> {
        let header = proto::decode_header(&entry.header)?;
        let proven = self.proven_now(&receipt).await;
        let _members = self.members.lock().await;
        let mut batch = DeskBatch { concluded: vec![row.id], ..DeskBatch::default() };
        let Some((mut view, version)) = self.view(header.case).await? else {
            return self.conclude(std::slice::from_ref(row)).await;
        };
        let (own, other) = (view.own.party(), view.other.party());
        let Some(ours) = self.our_entry(&view, header.entry).await? else {
            return self.conclude(std::slice::from_ref(row)).await;
        };
        let holds = |signed: &SignedReceipt| {
            signed.receipt.kind == ReceiptKind::SubmissionAcceptance && ours.bears(&signed.receipt, own, other)
        };
        let Some(signed) = proven.ok().filter(holds) else {
            say!(Warn, "the gateway's receipt does not hold", entry = header.entry);
            return Ok(Sent::Later(false));
        };
        view.note(header.entry, ReceiptNote::of(&signed.receipt));
        // What is not pending any more was concluded by the stream already.
        if let Some(pending) = view.pending.as_mut().filter(|pending| pending.entry == header.entry) {
            pending.submitted = true;
        }
        let envelope = ours.envelope;
        if self.store.entry(header.entry).await?.is_none() {
            let row = self.own_entry(&mut batch, &header, entry.header.to_vec(), envelope, Verdict::Pending).await?;
            batch.entries.push(row);
        }
        self.put_case(&mut batch, &view, Some(version), clock::now()).await?;
        self.commit(&batch).await?;
        Ok(Sent::Done)
    }

    /// The own gateway refused it, for good.
    async fn refused(
        &self,
        row: &DeskOutboxRow,
        entry: wire::Entry,
        denial: &Denial,
        rejection: Option<SignedReceipt>,
    ) -> Result<(), Denial> {
        let header = proto::decode_header(&entry.header)?;
        let mut members = self.members.lock().await;
        if matches!(denial, Denial::Failed { fault: Fault::StaleEpoch, .. })
            && let Some(mut proposal) = self.store.proposal(header.entry).await?
        {
            proposal.state = RESEAL;
            let attempts = self.unsent_again(&header).await?.into_iter().collect();
            let batch =
                DeskBatch { concluded: vec![row.id], proposals: vec![proposal], attempts, ..DeskBatch::default() };
            self.commit(&batch).await?;
            return self.reseal(&mut members, header.case, epoch_of(entry.payload)).await;
        }
        let mut batch = DeskBatch { concluded: vec![row.id], ..DeskBatch::default() };
        if let Some((mut view, version)) = self.view(header.case).await? {
            if let Some(signed) = rejection {
                self.keep_rejection(&mut batch, &mut view, &header, &entry, &signed).await?;
            }
            self.give_up(&mut batch, &mut view, &header, denial).await?;
            self.put_case(&mut batch, &view, Some(version), clock::now()).await?;
        }
        self.answered(header.entry, denial.clone());
        self.commit(&batch).await
    }

    /// The own gateway's signed word that it refused an entry, where its status carries one that holds.
    async fn rejection_on(&self, status: &Status) -> Option<SignedReceipt> {
        self.proven_now(&proto::status::receipt_of(status)?).await.ok()
    }

    /// Keeps the SubmissionRejection of an entry of ours that is on its way.
    async fn keep_rejection(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        header: &Header,
        entry: &wire::Entry,
        signed: &SignedReceipt,
    ) -> Result<(), Denial> {
        let (case, own, other) = (view.id, view.own.party(), view.other.party());
        let bears = |pending: &Pending| {
            signed.receipt.kind == ReceiptKind::SubmissionRejection
                && OurEntry::of(pending, case).bears(&signed.receipt, own, other)
        };
        if !view.pending.as_ref().is_some_and(|pending| pending.entry == header.entry && bears(pending)) {
            say!(Warn, "the gateway's receipt does not hold", entry = header.entry);
            return Ok(());
        }
        view.note(header.entry, ReceiptNote::of(&signed.receipt));
        if self.store.entry(header.entry).await?.is_none() {
            let bytes = entry.header.to_vec();
            let mut row = self.own_entry(batch, header, bytes, signed.receipt.envelope, Verdict::Rejected).await?;
            row.receipt = Some(wire::SignedReceipt::from(signed).encode_to_vec().into());
            batch.entries.push(row);
        }
        Ok(())
    }

    /// Takes an entry of ours out of the case: a gateway refused it, or it came too late.
    pub(super) async fn give_up(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        header: &Header,
        denial: &Denial,
    ) -> Result<(), Denial> {
        let now = clock::now();
        let verdict = verdict_of(denial);
        let Some(pending) = view.pending.take_if(|pending| pending.entry == header.entry) else { return Ok(()) };
        let ground = match denial {
            Denial::Refused(refusal) => Some(refusal.code),
            Denial::Failed { .. } => None,
        };
        view.refused.push(Refused {
            entry: header.entry,
            step: header.step,
            at: now,
            verdict,
            ground,
            reason: format!("{denial} — {}", denial.remedy()),
            event: pending.event,
        });
        let there = self.store.entry(header.entry).await?.is_some();
        if !there && !header.step.is_handshake() && !batch.entries.iter().any(|row| row.id.0 == header.entry) {
            // The same step can be taken anew from it.
            let row = self.own_entry(batch, header, pending.header, pending.envelope, verdict).await?;
            batch.entries.push(row);
        }
        batch.proposals_done.push(header.entry);
        if header.step.is_handshake() {
            self.errand_refused(batch, header.case, pending.seating.as_ref(), denial).await?;
        }
        if header.step == Step::SealSend {
            self.unfollowed(batch, view, "the request did not arrive: there is nothing to withdraw").await?;
        }
        let told = if verdict == Verdict::Lapsed { Told::Lapsed } else { Told::Rejected };
        batch.events.push(event(header.case, told, Some(header.entry), now));
        if header.step == Step::SealSend
            && let Some((mut draft, row)) = self.draft(header.case).await?
        {
            // Only a refusal says that the request may not go like this; anything else it may try again.
            (draft.state, draft.blocked) = match denial {
                Denial::Refused(refusal) => (State::Blocked, Some((**refusal).clone())),
                Denial::Failed { .. } => (State::Validated, None),
            };
            draft.lapsed = verdict == Verdict::Lapsed;
            self.put_draft(batch, header.case, &draft, Some(&row), now)?;
        }
        Ok(())
    }

    /// The row of an entry of ours. Its body is that of its proposal, encrypted for its new place.
    pub(super) async fn own_entry(
        &self,
        batch: &mut DeskBatch,
        header: &Header,
        header_bytes: Vec<u8>,
        envelope: model::EnvelopeDigest,
        verdict: Verdict,
    ) -> Result<DeskEntryRow, Denial> {
        let body = match self.store.proposal(header.entry).await? {
            // What a transfer carries on has to be destroyed with what it carries, so that it has a key of its own as well.
            Some(row) if header.step == Step::Forward => {
                Some(self.keep_body(batch, header, &self.proposed_body(&row)?)?)
            }
            Some(row) => Some(self.safe.seal(Place::Entry, header.entry.as_bytes(), &self.proposed_body(&row)?)?),
            None => None,
        };
        Ok(DeskEntryRow {
            id: header.entry.into(),
            case_id: header.case.into(),
            seq: None,
            direction: OURS,
            step: header.step.into(),
            header: header_bytes.into(),
            body,
            envelope: envelope.into(),
            verdict: verdict.into(),
            receipt: None,
            at: header.created.0,
        })
    }

    /// A receipt whose proof holds.
    pub(super) fn proven(&self, receipt: &wire::SignedReceipt) -> Result<SignedReceipt, Denial> {
        let signed = proto::decode_receipt(receipt)?;
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        self.trust.store()?.verify_receipt_among(&signed, &mut proven)?;
        Ok(signed)
    }
}

/// How an entry ended that a gateway did not take.
pub(super) fn verdict_of(denial: &Denial) -> Verdict {
    match fault_of(denial) {
        Some(Fault::Expired) => Verdict::Lapsed,
        _ => Verdict::Rejected,
    }
}

/// Whether the same call may succeed later.
pub(super) fn is_transient(status: &Status) -> bool {
    let fault = fault_of(&proto::status::to_denial(status));
    is_away(status)
        || matches!(fault, Some(Fault::PeerUnreachable | Fault::ChannelNotOpen | Fault::Storage | Fault::Internal))
}

fn fault_of(denial: &Denial) -> Option<Fault> {
    match denial {
        Denial::Failed { fault, .. } => Some(*fault),
        Denial::Refused(_) => None,
    }
}
