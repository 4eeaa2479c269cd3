//! The last look before an answer leaves that no human gave. It may wait for hours, for a gateway that is away; meanwhile a person
//! withdraws a consent, an officer stops the responder, a treaty ends. So at every attempt the gateway must be there before anything is
//! looked at, the register is asked again where a consent carries the answer, and only then the answer is marked as sent and goes.
//!
//! What the gateway answered that it does not take is marked as unsent again. Where nobody knows whether the gateway has it, an answer that
//! may not go any more is neither sent again nor taken out of the case: what the gateway says of it settles it, or the end of its time,
//! after which no gateway takes it.

use std::sync::Arc;

use bytes::Bytes;
use desk::responder::{Answer, Asked, Leave, answer, question};
use link::Backoff;
use model::{Denial, Fault, Header};
use store::desk::{AttemptRow, DeskBatch, DeskOutboxRow};
use telemetry::say;
use tokio::time::{Duration, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Office,
    dispatch::BY_THE_RESPONDERS,
    outbox::{FIRST_PAUSE, LONGEST_PAUSE, ROWS_MAX, Sent},
    responding::{ANSWERED, SEALED_ONLY, Unanswered, stale},
    unknown,
};
use crate::{clock, random};

/// So long after the end of its time no gateway takes an answer, whatever its clock says.
const OVER_MARGIN_MS: i64 = 15 * 60 * 1000;
/// The outcome of an attempt whose responder stands no more.
const STOPPED: &str = "stopped";

/// What is done with an answer that waits.
#[derive(Debug, PartialEq, Eq)]
enum Cleared {
    Goes,
    /// Nothing is known yet: the gateway is away, or the register.
    Waits,
    /// It is taken out of the case, for this reason; officers answer.
    Held(String),
}

/// What is done with an answer after a look: `marked` says that it may be at the gateway, `over` that no gateway takes it any more.
fn after_a_look(look: Cleared, marked: bool, over: bool) -> Cleared {
    match look {
        // The gateway says that it has it, or that its time is over.
        _ if marked && over => Cleared::Goes,
        Cleared::Waits if over => Cleared::Held("expired".to_owned()),
        Cleared::Held(_) if marked => Cleared::Waits,
        look => look,
    }
}

impl Office {
    /// Sends answers of responders until `stop`.
    pub(crate) async fn run_answers(self: Arc<Self>, stop: CancellationToken) {
        let mut changes = self.changed.subscribe();
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, random::seed());
        loop {
            changes.mark_unchanged();
            let pause = self.send_answers(&mut backoff).await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
                _ = changes.changed() => {}
            }
        }
    }

    /// Sends what is due; says how long to rest.
    async fn send_answers(&self, backoff: &mut Backoff) -> Duration {
        let Ok(rows) = self.store.due(BY_THE_RESPONDERS, clock::now().0, ROWS_MAX).await else {
            say!(Error, "the outbox cannot be read");
            return backoff.pause();
        };
        for row in &rows {
            let sent = match self.send_answer(row).await {
                Ok(sent) => sent,
                Err(_) => {
                    say!(Error, "what became of an automatic answer cannot be kept", entry = row.entry_id.0);
                    Sent::Later(false)
                }
            };
            let away = match sent {
                Sent::Done => {
                    backoff.reset();
                    continue;
                }
                Sent::Declined => false,
                Sent::Later(away) => away,
            };
            let pause = backoff.pause();
            let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
            if self.store.retry_later(&[row.id], clock::now().plus_ms(millis).0).await.is_err() || away {
                return pause;
            }
        }
        self.rest(BY_THE_RESPONDERS).await
    }

    async fn send_answer(&self, row: &DeskOutboxRow) -> Result<Sent, Denial> {
        let entry = proto::convert::entry_from_bytes(row.envelope.0.clone())?;
        let header = proto::decode_header(&entry.header)?;
        let Some(attempt) = self.attempt_of(&header).await? else { return self.send(row).await };
        let pending = self.view(header.case).await?.and_then(|(view, _)| view.pending);
        if pending.is_none_or(|pending| pending.entry != header.entry || pending.submitted) {
            // The gateway has it, or its word on it: what remains is to hear its answer.
            return self.send(row).await;
        }
        let marked = attempt.outcome == ANSWERED;
        let margin_ms = if marked { OVER_MARGIN_MS } else { 0 };
        let over = header.expires.plus_ms(margin_ms) < clock::now();
        match after_a_look(self.cleared(&attempt, &header).await?, marked, over) {
            Cleared::Waits => Ok(Sent::Later(false)),
            Cleared::Goes => {
                let sent = self.send(row).await?;
                if matches!(sent, Sent::Declined) {
                    self.mark_unsent(&header).await?;
                }
                Ok(sent)
            }
            Cleared::Held(why) => {
                self.hold_back(row, &header, attempt, &why).await?;
                Ok(Sent::Done)
            }
        }
    }

    /// Marks an answer as unsent that the gateway did not take.
    async fn mark_unsent(&self, header: &Header) -> Result<(), Denial> {
        let _members = self.members.lock().await;
        let attempts: Vec<_> = self.unsent_again(header).await?.into_iter().collect();
        // Whoever waits for a change need not hear of it; else this task would wake itself at once.
        Ok(self.store.commit(&DeskBatch { attempts, ..DeskBatch::default() }).await.map(|_| ())?)
    }

    /// The attempt that an answer is of.
    async fn attempt_of(&self, header: &Header) -> Result<Option<AttemptRow>, Denial> {
        let Some(measure) = header.concerns.first() else { return Ok(None) };
        let attempt = self.store.attempt(header.case, measure.0.into()).await?;
        Ok(attempt.filter(|attempt| attempt.entry_id.0 == header.entry))
    }

    /// The attempt whose answer the gateway did not take, so that it is looked at again before it is sent again.
    pub(super) async fn unsent_again(&self, header: &Header) -> Result<Option<AttemptRow>, Denial> {
        let attempt = self.attempt_of(header).await?.filter(|attempt| attempt.outcome == ANSWERED);
        Ok(attempt.map(|attempt| AttemptRow { outcome: SEALED_ONLY.to_owned(), ..attempt }))
    }

    /// Whether the answer may go now. When it does, it is marked as sent.
    async fn cleared(&self, attempt: &AttemptRow, header: &Header) -> Result<Cleared, Denial> {
        // Who cannot send need not look.
        if self.uplink.standing().await.is_err() {
            return Ok(Cleared::Waits);
        }
        match self.still_holds(attempt, header).await {
            Ok(()) => {}
            Err(Unanswered::Left(leave)) => return Ok(Cleared::Held(leave.to_string())),
            Err(Unanswered::Trouble(_)) => return Ok(Cleared::Waits),
            Err(Unanswered::Denied(Denial::Failed { fault: Fault::Storage, .. })) => return Ok(Cleared::Waits),
            Err(Unanswered::Denied(denial)) => return Ok(Cleared::Held(format!("failed:{}", denial.reason()))),
        }
        let _members = self.members.lock().await;
        // An officer who stops it has the same lock: what is stopped before this does not go.
        if !self.answers_still(&attempt.responder).await? {
            return Ok(Cleared::Held(STOPPED.to_owned()));
        }
        if attempt.outcome == ANSWERED {
            return Ok(Cleared::Goes);
        }
        let sent = AttemptRow { outcome: ANSWERED.to_owned(), at: clock::now().0, ..attempt.clone() };
        self.commit(&DeskBatch { attempts: vec![sent], ..DeskBatch::default() }).await?;
        Ok(Cleared::Goes)
    }

    /// Whether two officers stand for the responder as its file is now.
    async fn answers_still(&self, name: &str) -> Result<bool, Denial> {
        let Ok(loaded) = self.responders.load(name) else { return Ok(false) };
        self.is_authorised(&loaded, &self.standing(name).await?)
    }

    /// Whether the request could still be answered at this moment, by the rule and, where a person's consent carries the answer, by the
    /// register, which knows of a withdrawal.
    async fn still_holds(&self, attempt: &AttemptRow, sealed: &Header) -> Result<(), Unanswered> {
        let (view, _) = self.view(sealed.case).await?.ok_or_else(stale)?;
        let request = self.request(&view).await?;
        let measure = request.measures.iter().find(|measure| sealed.concerns.contains(&measure.id));
        let measure = measure.ok_or(Leave::NotAllowedNow)?;
        let row = match view.request {
            Some(entry) => self.store.entry(entry).await.map_err(Denial::from)?,
            None => None,
        };
        let row = row.ok_or_else(|| unknown("the request of the case is not here"))?;
        let header = proto::decode_header(&Bytes::from(row.header.0))?;
        let loaded = self.responders.load(&attempt.responder).map_err(|_| stale())?;
        let policy = &loaded.policy;
        let decision = self.decision_now(&header)?;
        let asked =
            |decision| Asked { header: &header, body: &request, measure, decision, own: &self.own, now: clock::now() };
        let wanted = question(asked(&decision), policy)?;
        self.within_quota(&loaded, attempt).await?;
        if header.declared.consent.is_none() {
            return Ok(());
        }
        let found = loaded.adapter.ask(&wanted, policy).await.map_err(Unanswered::Trouble)?;
        let decision = self.decision_now(&header)?;
        match answer(asked(&decision), policy, &wanted, &found.rows, found.truncated) {
            Answer::Record { .. } => Ok(()),
            Answer::Human(leave) => Err(leave.into()),
        }
    }

    /// Takes a sealed answer out of the case, and leaves the request to officers.
    async fn hold_back(
        &self,
        row: &DeskOutboxRow,
        header: &Header,
        attempt: AttemptRow,
        why: &str,
    ) -> Result<(), Denial> {
        say!(Info, "an automatic answer was held back: left to officers", authority = self.own);
        let _members = self.members.lock().await;
        let now = clock::now();
        let attempt = AttemptRow { outcome: why.to_owned(), at: now.0, ..attempt };
        let mut batch = DeskBatch { concluded: vec![row.id], attempts: vec![attempt], ..DeskBatch::default() };
        if let Some((mut view, version)) = self.view(header.case).await? {
            let denial =
                Denial::failed(Fault::StaleCase, format!("the answer was held back before it was sent: {why}"));
            self.give_up(&mut batch, &mut view, header, &denial).await?;
            self.put_case(&mut batch, &view, Some(version), now).await?;
        }
        self.commit(&batch).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_at_the_gateway_is_neither_sent_again_without_a_look_nor_taken_out_of_the_case() {
        let held = || Cleared::Held("consent_withdrawn".to_owned());
        assert_eq!(after_a_look(Cleared::Goes, true, false), Cleared::Goes);
        assert_eq!(after_a_look(held(), true, false), Cleared::Waits, "the gateway may have it");
        assert_eq!(after_a_look(held(), false, false), held(), "the gateway has never had it");
        assert_eq!(after_a_look(Cleared::Waits, false, false), Cleared::Waits);
        assert_eq!(after_a_look(Cleared::Waits, false, true), Cleared::Held("expired".to_owned()));
        // No gateway takes what is over; it says whether it took it before.
        assert_eq!(after_a_look(held(), true, true), Cleared::Goes);
    }
}
