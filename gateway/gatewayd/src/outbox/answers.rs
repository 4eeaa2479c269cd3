//! What comes back: verdicts that count only under a cosigned head, and only where they fit what was sent.

use casefile::Evidence;
use model::{Denial, EntryId, ReceiptKind, SignedReceipt, limits::CLOCK_APART_MS_MAX};
use proto::{
    peer::{RelayResponse, RelayVerdict, relay_verdict},
    types as wire,
};

use super::{Call, FIRST_REST_MS, Sender, Sent, leaves::Head, peer_error};
use crate::{
    clock,
    committer::{Answered, Outcome, origin},
    misconduct,
    trust::in_a_line,
};

/// What was found in an answer.
#[derive(Default)]
pub(super) struct Found {
    pub(super) answers: Vec<Answered>,
    /// What the other gateway contradicted.
    pub(super) evidence: Vec<Evidence>,
    /// Rows to be sent again, and why.
    again: Vec<(i64, String)>,
    /// Why our log is not cosigned.
    trouble: Option<Denial>,
}

/// Why a verdict is not taken.
enum Wrong {
    Denied(Denial),
    /// It is signed, and not what can be true of the entry.
    Contradicts(Box<SignedReceipt>),
}

impl From<Denial> for Wrong {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl Sender {
    /// Takes the answer to `call`, with which `head` went along. Says whether there may be more to send at once.
    pub(super) async fn take(
        &mut self,
        call: &Call,
        head: Option<&str>,
        response: RelayResponse,
    ) -> Result<bool, Denial> {
        let mut found = Found::default();
        let mut grew = self.shown.claim(response.leaves_held);
        let cosigned = match self.read_head(head, &response)? {
            Head::Cosigned(head) => Some(head),
            Head::Unasked => None,
            Head::Withheld(why) => {
                found.trouble = Some(peer_error(why));
                None
            }
            Head::Retreat(retreat) => {
                found.evidence.push(Evidence::Retreat(origin(self.gateway.own(), self.peer)?, retreat));
                None
            }
        };
        let covered = cosigned.as_ref().map_or(0, |head| head.size).max(self.shown.covered());
        for verdict in response.verdicts {
            self.take_verdict(call, verdict, covered, &mut found).await?;
        }
        let answered: Vec<_> = found.answers.iter().map(|one| one.entry).collect();
        let later = |entry: &EntryId| response.receipts_later.iter().any(|id| **id == entry.as_bytes()[..]);
        let (waiting, done): (Vec<_>, Vec<_>) = call.receipts.iter().partition(|(_, entry)| later(entry));
        let mut again = std::mem::take(&mut found.again);
        again.extend(waiting.iter().map(|(row, _)| (*row, format!("{} has not stated the delivery yet", self.peer))));
        let trouble = found.trouble.take();
        let contradicted = found.evidence.first().map(|evidence| peer_error(evidence.told()));
        self.conclude(found, done.iter().map(|(row, _)| *row).collect(), cosigned.clone()).await?;
        self.heard.settle(&answered);
        self.gateway.fresh.told(self.peer, done.iter().map(|(_, entry)| *entry));
        grew |= cosigned.is_some_and(|head| self.shown.keep(head));
        self.gateway.metrics.relayed(self.peer, answered.len() as u64);
        self.rest(call, &again).await?;
        if let Some(trouble) = contradicted.or(trouble.clone()) {
            self.gateway.trust.note_trouble(self.peer, Some(trouble.to_string()));
        }
        // Whoever answers nothing and takes nothing is waited for, not asked again at once.
        if !answered.is_empty() || grew || !done.is_empty() {
            return Ok(true);
        }
        match (again.is_empty(), trouble) {
            (false, _) => Ok(false),
            (true, Some(trouble)) => Err(trouble),
            (true, None) if head.is_some() => Ok(false),
            (true, None) => Err(peer_error("it answers without an answer")),
        }
    }

    async fn take_verdict(
        &mut self,
        call: &Call,
        verdict: RelayVerdict,
        covered: u64,
        found: &mut Found,
    ) -> Result<(), Denial> {
        let entry = EntryId::try_from(&*verdict.entry_id).map_err(|error| peer_error(error.to_string()))?;
        let Some(sent) = call.entries.get(&entry) else {
            let contradicts = match &verdict.outcome {
                Some(relay_verdict::Outcome::Receipt(signed)) => self.unasked(&proto::decode_receipt(signed)?).await?,
                _ => None,
            };
            let unasked = || peer_error("the peer answers for an entry that was not sent");
            found.evidence.push(contradicts.ok_or_else(unasked)?);
            return Ok(());
        };
        let outcome = match verdict.outcome {
            Some(relay_verdict::Outcome::Receipt(signed)) => {
                self.verify_verdict(&signed, verdict.delivery.as_ref(), entry, sent)
            }
            Some(relay_verdict::Outcome::TryAgain(said)) => {
                let why = format!("{} asks to try again: {} {}", self.peer, said.reason, said.detail);
                found.again.push((sent.outbox, why));
                return Ok(());
            }
            None => {
                found.again.push((sent.outbox, format!("{} answers without an answer", self.peer)));
                return Ok(());
            }
        };
        if let Ok(Outcome::Answer { verdict, .. }) = &outcome
            && let Some(evidence) = self.heard.take(verdict)
        {
            telemetry::say!(Error, "the peer contradicts its own verdict", party = self.peer, entry = entry);
            found.again.push((sent.outbox, format!("{} gives two verdicts that contradict each other", self.peer)));
            found.evidence.push(evidence);
            return Ok(());
        }
        match outcome {
            // Without its signature over the head the other side could deny that it ever saw the entry's leaf.
            Ok(_) if sent.leaf.is_some_and(|leaf| leaf >= covered) => {
                let why = format!("{} answers, and has not cosigned the entry's leaf in our log", self.peer);
                found.again.push((sent.outbox, why));
            }
            Ok(outcome) => {
                let (outbox, case, trace) = (sent.outbox, sent.case, sent.trace.clone());
                found.answers.push(Answered { outbox, entry, case, outcome, trace });
            }
            Err(Wrong::Denied(denial)) => {
                telemetry::say!(Error, "a verdict of the peer does not verify", party = self.peer, entry = entry);
                found.again.push((sent.outbox, format!("its verdict does not verify: {denial}")));
            }
            Err(Wrong::Contradicts(signed)) => {
                telemetry::say!(Error, "a verdict contradicts its entry", party = self.peer, entry = entry);
                let why = format!("the {} of {} does not fit what was sent", signed.receipt.kind.as_str(), self.peer);
                found.again.push((sent.outbox, why));
                found.evidence.extend(misconduct::contradicted(&self.gateway, *signed).await?);
            }
        }
        Ok(())
    }

    /// Lets entries rest that the other gateway cannot decide on now, each for itself, so that the others go on. Why stays with the
    /// entry until it moves: the next good call for another one does not wipe it.
    async fn rest(&self, call: &Call, again: &[(i64, String)]) -> Result<(), Denial> {
        let now = clock::now();
        for (outbox, why) in again {
            let attempts = call.attempts.get(outbox).copied().unwrap_or_default();
            let rest = FIRST_REST_MS.saturating_mul(1 << attempts.clamp(0, 11));
            self.gateway.store.retry_later(&[*outbox], now.plus_ms(rest).0, &in_a_line(why)).await?;
        }
        Ok(())
    }

    /// A final verdict: by the peer, on this very entry; with an acceptance also what became of it there.
    fn verify_verdict(
        &self,
        verdict: &wire::SignedReceipt,
        delivery: Option<&wire::SignedReceipt>,
        entry: EntryId,
        sent: &Sent,
    ) -> Result<Outcome, Wrong> {
        use ReceiptKind::{Delivery, NonDelivery, RelayAcceptance, RelayRejection};
        let verdict = self.verify_receipt(verdict, &[RelayAcceptance, RelayRejection], entry, sent)?;
        let verify = |one| self.verify_receipt(one, &[Delivery, NonDelivery], entry, sent).map(Box::new);
        let delivery = delivery.map(verify).transpose()?;
        if (verdict.receipt.kind == RelayAcceptance) != delivery.is_some() {
            return Err(peer_error("a Delivery or NonDelivery goes with an acceptance, and with nothing else").into());
        }
        let stray = (verdict.receipt.kind != RelayAcceptance && verdict.receipt.epoch.is_some())
            || delivery.as_ref().is_some_and(|delivery| delivery.receipt.epoch.is_some());
        if stray {
            return Err(peer_error("it certifies an epoch in a receipt that is no acceptance").into());
        }
        // A home takes an entry by its leaf, which its own signature names; who is not the home writes no log.
        let (is_home, taken) = (sent.leaf.is_none(), verdict.receipt.kind == RelayAcceptance);
        if verdict.receipt.leaf.is_some() != (is_home && taken) {
            return Err(peer_error("a home that takes an entry names its leaf, and nobody else names any").into());
        }
        if delivery.as_ref().is_some_and(|delivery| delivery.receipt.at < verdict.receipt.at) {
            return Err(peer_error("it laid the entry ready before it took it").into());
        }
        Ok(Outcome::Answer { verdict: Box::new(verdict), delivery })
    }

    /// A receipt of the peer on this entry, as far as it can be true: what is kept once stays, and is shown to courts.
    fn verify_receipt(
        &self,
        signed: &wire::SignedReceipt,
        kinds: &[ReceiptKind],
        entry: EntryId,
        sent: &Sent,
    ) -> Result<SignedReceipt, Wrong> {
        let signed = proto::decode_receipt(signed)?;
        self.gateway.trust.snapshot().store.verify_receipt_among(&signed, &mut self.gateway.proven.lock())?;
        let receipt = &signed.receipt;
        let on_it = receipt.entry == entry && receipt.envelope == sent.envelope;
        if receipt.by != self.peer || !kinds.contains(&receipt.kind) || !on_it {
            let detail = "the peer's receipt is not on the entry that was sent, or of another kind than it should be";
            return Err(peer_error(detail).into());
        }
        let same = (receipt.case, receipt.header) == (sent.case, sent.header);
        let early = receipt.at.plus_ms(CLOCK_APART_MS_MAX) < sent.taken;
        let late = receipt.at > clock::now().plus_ms(CLOCK_APART_MS_MAX);
        if same && !early && !late { Ok(signed) } else { Err(Wrong::Contradicts(Box::new(signed))) }
    }
}
