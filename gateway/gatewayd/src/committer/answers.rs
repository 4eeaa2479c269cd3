//! What the other gateway said of our entries.

use model::{
    Denial, EntryId, Fault, PartyId, Receipt, ReceiptKind, Refusal, Refuser, SignedReceipt, Verdict,
    limits::CLOCK_APART_MS_MAX,
};
use relay::{Answer, Conclusion};
use store::gateway::{CheckpointRow, EntryVerdict};

use super::{
    Answered, Committer, Conclude, Outcome, Reply,
    admission::{ARRIVAL, OUTCOME},
    growth,
    retrieval::is_retrieved,
    stated::Stated,
    turn::{DELIVERIES, RETRIEVALS, Seen, Turn, number},
};
use crate::{hot::Hot, receipts};

impl Committer {
    pub(super) fn conclude(&self, turn: &mut Turn, work: Conclude) -> Reply {
        let mut outcome = Ok(());
        work.evidence.iter().for_each(|evidence| self.accuse(turn, evidence));
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
            Outcome::Answer { verdict, .. } if verdict.receipt.kind == ReceiptKind::RelayAcceptance => {
                self.compare_epochs(turn, verdict)?;
                Answer::Accepted(verdict.receipt.at)
            }
            Outcome::Answer { verdict, .. } => Answer::Rejected(receipts::denial_of(verdict.receipt.refusal.as_ref())),
            Outcome::Lapsed => Answer::Lapsed,
        };
        let refused = match &answer {
            Answer::Rejected(denial) => Some(denial.reason().to_owned()),
            _ => None,
        };
        match relay::conclude(&hot.file, answered.entry, &answer, turn.now)? {
            Some(conclusion) => {
                if let Some(code) = refused {
                    self.note_told(turn, hot.file.counterpart(), answered.entry, &code, Refuser::PeerGateway);
                }
                self.write_conclusion(turn, &answered, hot, conclusion)
            }
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
        let (home, peer) = (conclusion.file.home, conclusion.file.counterpart());
        let mut stated = match &answered.outcome {
            Outcome::Answer { verdict, .. } => vec![Stated::from((**verdict).clone())],
            Outcome::Lapsed => vec![self.state_failure(turn, peer, answered.entry, None)?],
        };
        if let Outcome::Answer { delivery: Some(delivery), .. } = &answered.outcome {
            stated.push(Stated::from((**delivery).clone()));
        }
        for one in &stated {
            self.keep_receipt(turn, home, peer, one)?;
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
        if conclusion.verdict != Verdict::Admitted && !conclusion.keep_asking {
            turn.batch.detached.push(answered.entry);
        }
        let step = hot.file.pending.iter().find(|one| one.entry == answered.entry).map(|one| one.step);
        if let Some(step) = step.filter(|_| conclusion.verdict == Verdict::Admitted) {
            turn.look_at_files(step, hot.file.id);
        }
        self.write_fallen(turn, home, peer, &conclusion.fallen, &answered.trace)?;
        if let Some(verdict) = stated.first() {
            for desk in &conclusion.deliver_to {
                turn.lay_ready(desk, ARRIVAL, answered.entry, verdict, &answered.trace);
            }
        }
        for one in &stated {
            self.tell_sender(turn, answered.entry, one, &answered.trace);
        }
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

    /// Writes down that entries are out because one before them was refused. The other gateway never answers on them, so we say it.
    fn write_fallen(
        &self,
        turn: &mut Turn,
        home: PartyId,
        peer: PartyId,
        fallen: &[EntryId],
        trace: &str,
    ) -> Result<(), Denial> {
        turn.batch.unasked.extend(fallen);
        turn.batch.detached.extend(fallen);
        for entry in fallen {
            let why =
                Denial::failed(Fault::StaleCase, "an entry before it in the case was refused by the other gateway");
            let stated = self.state_failure(turn, peer, *entry, Some(receipts::refusal_of(&why)))?;
            self.keep_receipt(turn, home, peer, &stated)?;
            let verdict = EntryVerdict { id: *entry, verdict: Verdict::Rejected, seq: None, receipt: None };
            turn.batch.verdicts.push(verdict);
            self.tell_sender(turn, *entry, &stated, trace);
        }
        Ok(())
    }

    /// A receipt of the other gateway: retrieval of an entry of ours by its desk, or that it refused a desk of its own. Says whether it is done with: what comes before the
    /// delivery that it follows on is to be sent again.
    pub(super) fn take_receipt(&self, turn: &mut Turn, from: PartyId, signed: &SignedReceipt) -> Result<bool, Denial> {
        let receipt = &signed.receipt;
        if receipt.kind == ReceiptKind::SubmissionRejection {
            return self.take_rejection(turn, from, signed);
        }
        let same = |seen: &&Seen| {
            let ours = seen.answer.receipt();
            seen.sender.party() == self.gateway.own()
                && (ours.envelope, ours.header, ours.case) == (receipt.envelope, receipt.header, receipt.case)
        };
        let ours = turn.seen.get(&receipt.entry).filter(same).filter(|_| RETRIEVALS.contains(&receipt.kind));
        let Some((home, expires)) = ours.map(|seen| (seen.home, seen.expires)) else {
            telemetry::say!(Warn, "a receipt of the peer is on no entry of ours", party = from, entry = receipt.entry);
            if turn.seen.contains_key(&receipt.entry) {
                turn.doubted.push(signed.clone());
            }
            return Ok(true);
        };
        if receipt.epoch.is_some() {
            telemetry::say!(Warn, "a retrieval certifies an epoch", party = from, entry = receipt.entry);
            turn.doubted.push(signed.clone());
            return Ok(true);
        }
        if receipt.went_unopened() && receipt.at <= expires {
            telemetry::say!(Warn, "an entry is given up before its time", party = from, entry = receipt.entry);
            turn.doubted.push(signed.clone());
            return Ok(true);
        }
        if receipt.at > turn.now.plus_ms(CLOCK_APART_MS_MAX) {
            return Ok(false);
        }
        if !DELIVERIES.iter().any(|kind| turn.kept.contains(&(receipt.entry, *kind))) {
            return Ok(false);
        }
        if turn.kept.contains(&(receipt.entry, receipt.kind)) {
            return Ok(true);
        }
        if is_retrieved(turn, receipt.entry) {
            telemetry::say!(Warn, "two words on one retrieval", party = from, entry = receipt.entry);
            turn.doubted.push(signed.clone());
            return Ok(true);
        }
        if turn.delivered_at.get(&receipt.entry).is_some_and(|delivered| receipt.at < *delivered) {
            telemetry::say!(Warn, "an entry was opened before it was laid ready", party = from, entry = receipt.entry);
            turn.doubted.push(signed.clone());
            return Ok(true);
        }
        let stated = Stated::from(signed.clone());
        self.keep_receipt(turn, home, from, &stated)?;
        self.tell_sender(turn, receipt.entry, &stated, "");
        Ok(true)
    }

    /// Both gateways follow the group from outside: where they do not come to the same epoch, somebody lies. Its word is kept as evidence,
    /// and nowhere else.
    fn compare_epochs(&self, turn: &mut Turn, signed: &SignedReceipt) -> Result<(), Denial> {
        let ours = turn.seen.get(&signed.receipt.entry).and_then(|seen| seen.answer.receipt().epoch.as_ref());
        if ours == signed.receipt.epoch.as_ref() {
            return Ok(());
        }
        turn.doubted.push(signed.clone());
        Err(Denial::failed(Fault::PeerUnreachable, "the other gateway certifies another epoch of the group"))
    }

    /// Lays a receipt ready for the desk that sent the entry.
    fn tell_sender(&self, turn: &mut Turn, entry: EntryId, stated: &Stated, trace: &str) {
        let Some(sender) = turn.seen.get(&entry).map(|seen| seen.sender.clone()) else { return };
        if sender.party() == self.gateway.own() {
            turn.lay_ready(&sender, OUTCOME, entry, stated, trace);
        }
    }

    /// States that an entry of ours did not get through: for good where `refusal` says why, else as far as we know.
    fn state_failure(
        &self,
        turn: &mut Turn,
        peer: PartyId,
        entry: EntryId,
        refusal: Option<Refusal>,
    ) -> Result<Stated, Denial> {
        let never = || Denial::failed(Fault::Internal, "an entry lapsed that was never stored");
        let answer = turn.seen.get(&entry).ok_or_else(never)?.answer.receipt().clone();
        let kind = ReceiptKind::RelayFailure;
        Ok(turn.sheaf.state(peer, Receipt { kind, at: turn.now, leaf: None, refusal, epoch: None, ..answer }))
    }
}
