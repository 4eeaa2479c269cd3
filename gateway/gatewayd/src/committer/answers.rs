//! What the other gateway said of our entries, and what our desks said of theirs.

use model::{AuthorityId, Denial, EntryId, Fault, PartyId, Receipt, ReceiptKind, SignedReceipt, Verdict};
use relay::{Answer, Conclusion};
use store::gateway::{Acknowledgement, CheckpointRow, EntryVerdict, NewOutbox};

use super::{
    Acknowledge, Answered, Committer, Conclude, Opened, Outcome, Reply,
    admission::{ARRIVAL, OUTCOME, RECEIPT},
    growth,
    stated::Stated,
    turn::{Turn, number},
};
use crate::{hot::Hot, receipts};

/// A receipt of retrieval waits at most 30 days for the other gateway.
const RECEIPT_LIFETIME_MS: i64 = 30 * 24 * 3600 * 1000;

impl Committer {
    pub(super) fn conclude(&self, turn: &mut Turn, work: Conclude) -> Reply {
        let mut outcome = Ok(());
        for answered in work.answers {
            if let Err(denial) = self.conclude_one(turn, answered) {
                telemetry::say!(Error, "an answer of the peer contradicts the case", party = work.channel);
                outcome = Err(denial);
            }
        }
        turn.batch.concluded.extend(work.done);
        if let Some((size, note, cosigned)) = work.cosigned {
            let row = growth::origin(self.gateway.own(), work.channel).and_then(|origin| {
                Ok(CheckpointRow {
                    channel: origin.to_string(),
                    size: number(size)?,
                    note: note.into(),
                    cosigned: Some(cosigned.into()),
                })
            });
            match row {
                Ok(row) => turn.batch.checkpoints.push(row),
                Err(denial) => outcome = Err(denial),
            }
        }
        let answer = work.answer;
        Box::new(move |durable| drop(answer.send(durable.map_err(Clone::clone).and(outcome))))
    }

    fn conclude_one(&self, turn: &mut Turn, answered: Answered) -> Result<(), Denial> {
        self.cases.require_sound(answered.case)?;
        let Some(hot) = self.case(turn, answered.case).cloned() else {
            return Err(Denial::failed(Fault::Internal, "an answer for a case that is not here"));
        };
        let answer = match &answered.outcome {
            Outcome::Receipt(signed) if signed.receipt.kind == ReceiptKind::RelayAcceptance => {
                self.compare_epochs(turn, signed)?;
                Answer::Accepted
            }
            Outcome::Receipt(signed) => Answer::Rejected(receipts::denial_of(signed.receipt.refusal.as_ref())),
            Outcome::Lapsed => Answer::Lapsed,
        };
        match relay::conclude(&hot.file, answered.entry, &answer, turn.now)? {
            Some(conclusion) => self.write_conclusion(turn, &answered, hot, conclusion),
            None => {
                if !matches!(answered.outcome, Outcome::Lapsed) {
                    turn.batch.concluded.push(answered.outbox);
                }
                Ok(())
            }
        }
    }

    fn write_conclusion(
        &self,
        turn: &mut Turn,
        answered: &Answered,
        hot: Hot,
        conclusion: Conclusion,
    ) -> Result<(), Denial> {
        let peer = conclusion.file.counterpart();
        let stated = match &answered.outcome {
            Outcome::Receipt(signed) => Stated::from((**signed).clone()),
            Outcome::Lapsed => self.lapse(turn, peer, answered)?,
        };
        turn.sheaf.keep(&stated);
        if conclusion.leaf {
            self.leaf(turn, peer, &stated.statement(), answered.entry)?;
        }
        turn.batch.verdicts.push(EntryVerdict {
            id: answered.entry,
            verdict: conclusion.verdict,
            seq: conclusion.seq.map(number).transpose()?,
            receipt: None,
        });
        if conclusion.verdict == Verdict::Rejected {
            turn.batch.unasked.push(answered.entry);
        }
        turn.batch.unasked.extend(&conclusion.fallen);
        for fallen in &conclusion.fallen {
            turn.batch.verdicts.push(EntryVerdict {
                id: *fallen,
                verdict: Verdict::Rejected,
                seq: None,
                receipt: None,
            });
            self.tell_sender(turn, *fallen, &stated, &answered.trace);
        }
        for desk in &conclusion.deliver_to {
            turn.lay_ready(desk, ARRIVAL, answered.entry, &stated, &answered.trace);
        }
        self.tell_sender(turn, answered.entry, &stated, &answered.trace);
        if !conclusion.keep_asking {
            turn.batch.concluded.push(answered.outbox);
        }
        let mut next = Hot { file: conclusion.file, ..hot };
        if let Some((entry, follower)) = next.next.take() {
            match (entry == answered.entry, conclusion.verdict) {
                (true, Verdict::Admitted) => next.follower = Some(follower),
                // Refused, or over: the group stays as it was, and another change may come.
                (true, _) if !conclusion.keep_asking => {}
                _ if conclusion.fallen.contains(&entry) => {}
                _ => next.next = Some((entry, follower)),
            }
        }
        turn.put_case(next)
    }

    /// A receipt of the other gateway for an entry of ours that it answered before: retrieval by its desk.
    pub(super) fn take_receipt(&self, turn: &mut Turn, signed: &SignedReceipt) {
        let retrieval = matches!(signed.receipt.kind, ReceiptKind::Retrieval | ReceiptKind::NonRetrieval);
        let ours = turn.seen.get(&signed.receipt.entry).is_some_and(|seen| seen.envelope == signed.receipt.envelope);
        if retrieval && ours && turn.retrieved.insert((signed.receipt.entry, signed.receipt.kind)) {
            let stated = Stated::from(signed.clone());
            turn.sheaf.keep(&stated);
            self.tell_sender(turn, signed.receipt.entry, &stated, "");
        }
    }

    /// Both gateways follow the group from outside: where they do not come to the same epoch, somebody lies.
    fn compare_epochs(&self, turn: &Turn, signed: &SignedReceipt) -> Result<(), Denial> {
        let ours = turn.seen.get(&signed.receipt.entry).and_then(|seen| seen.answer.receipt().epoch.as_ref());
        if ours == signed.receipt.epoch.as_ref() {
            return Ok(());
        }
        Err(Denial::failed(Fault::PeerUnreachable, "the other gateway certifies another epoch of the group"))
    }

    /// Lays a receipt ready for the desk that sent the entry.
    fn tell_sender(&self, turn: &mut Turn, entry: EntryId, stated: &Stated, trace: &str) {
        let Some(sender) = turn.seen.get(&entry).map(|seen| seen.sender.clone()) else { return };
        if sender.party() == self.gateway.own() {
            turn.lay_ready(&sender, OUTCOME, entry, stated, trace);
        }
    }

    fn lapse(&self, turn: &mut Turn, peer: PartyId, answered: &Answered) -> Result<Stated, Denial> {
        let seen = turn
            .seen
            .get(&answered.entry)
            .ok_or_else(|| Denial::failed(Fault::Internal, "an entry lapsed that was never stored"))?;
        let receipt =
            Receipt { kind: ReceiptKind::RelayFailure, at: turn.now, epoch: None, ..seen.answer.receipt().clone() };
        Ok(turn.sheaf.state(peer, receipt))
    }

    pub(super) fn acknowledge(&self, turn: &mut Turn, work: Acknowledge) -> Reply {
        let outcome = i64::try_from(work.cursor)
            .map_err(|_| Denial::failed(Fault::Malformed, "the cursor is beyond 2^63"))
            .map(|cursor| {
                turn.batch.acknowledgements.push(Acknowledgement {
                    desk: work.desk.clone(),
                    cursor,
                    ack: work.bytes.into(),
                    at: turn.now.0,
                });
                work.reports.iter().for_each(|report| self.certify_retrieval(turn, &work.desk, report));
            });
        let answer = work.answer;
        Box::new(move |durable| drop(answer.send(durable.map_err(Clone::clone).and(outcome))))
    }

    /// States that the desk to which an entry of the other side is addressed opened it, and lets the other gateway know. The word of
    /// another desk of the party that has a seat in the case stays with its own delivery.
    fn certify_retrieval(&self, turn: &mut Turn, desk: &AuthorityId, report: &Opened) {
        let Some(seen) = turn.seen.get(&report.entry).cloned() else { return };
        let channel = seen.sender.party();
        if channel == self.gateway.own() || seen.recipient != *desk {
            return;
        }
        // A desk speaks for what was laid ready for it, once.
        if !turn.delivered.contains(&(desk.clone(), report.entry)) {
            return;
        }
        let kind = if report.opened { ReceiptKind::Retrieval } else { ReceiptKind::NonRetrieval };
        if !turn.retrieved.insert((report.entry, kind)) {
            return;
        }
        let receipt = Receipt {
            kind,
            by: self.gateway.own(),
            at: turn.now,
            leaf: None,
            epoch: None,
            authenticator: report.authenticator,
            ..seen.answer.receipt().clone()
        };
        let stated = turn.sheaf.state(channel, receipt);
        turn.sheaf.keep(&stated);
        turn.batch.outbox.push(NewOutbox {
            channel: channel.into(),
            kind: RECEIPT,
            entry_id: report.entry.into(),
            expires: turn.now.plus_ms(RECEIPT_LIFETIME_MS).0,
            attempts: 0,
            next_attempt: 0,
            trace: String::new(),
        });
        turn.ring.insert(channel);
    }
}
