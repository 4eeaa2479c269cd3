//! What the desk says by itself when a time is over, or a request was withdrawn of which it keeps something: that what was received has to
//! be destroyed, that what was postponed is taken up again, and how a request stands.

use std::collections::BTreeMap;

use desk::{Body, Document};
use model::{BodyCommitment, CaseId, Denial, MeasureId, Step, Timestamp};
use store::desk::DeskBatch;
use telemetry::say;
use treaty::{Timer, TimerKind, Unit};
use workflow::{Case, ClockState, Measure, State};

use super::{Office, dispatch::Outgoing, documents::Said, prepare::SEALED, view::CaseView};
use crate::random;

/// So many cases are looked at in one round.
const CASES_MAX: u64 = 10_000;

impl Office {
    /// Says what is due in the cases whose clocks are over. What cannot be said now, because an entry is on its way or the gateway is away,
    /// is said in a later round: the clock stays open.
    pub(super) async fn say_what_is_due(&self, now: Timestamp) -> Result<(), Denial> {
        let mut kinds = vec![TimerKind::Retention.as_str(), TimerKind::ExPost.as_str(), TimerKind::Review.as_str()];
        if self.tells_status {
            kinds.push(TimerKind::Status.as_str());
        }
        let mut rows = self.store.cases_over(&kinds, now.0, CASES_MAX).await?;
        rows.extend(self.store.cases_owing(CASES_MAX).await?);
        for row in rows {
            let mut members = self.members.lock().await;
            // What is wrong with one case keeps no other from being told.
            let Ok(Some((view, _))) = self.view(row.id.0).await else {
                say!(Warn, "a case in which something is due cannot be read");
                continue;
            };
            if view.pending.is_some() || view.sound().is_err() {
                continue;
            }
            let Some((step, concerns)) = self.due_in(&view, now) else { continue };
            if let Err(denial) = self.say_by_itself(&mut members, view.id, step, &concerns, now).await {
                match &denial {
                    Denial::Refused(refusal) => {
                        say!(Warn, "what is due could not be said", step = step, code = refusal.code);
                    }
                    Denial::Failed { fault, .. } => {
                        say!(Warn, "what is due could not be said", step = step, fault = *fault);
                    }
                }
            }
        }
        Ok(())
    }

    /// What is due in a case, by this desk.
    fn due_in(&self, view: &CaseView, now: Timestamp) -> Option<(Step, Vec<MeasureId>)> {
        let case = view.admitted.as_ref()?;
        let over = |kind: TimerKind, measure: &MeasureId| {
            self.clocks(view).iter().any(|clock| {
                clock.id.kind == kind && clock.id.measure == *measure && clock.course.state(now) == ClockState::Expired
            })
        };
        let ours = |step: Step| possible(case, view, step);
        let disposal: Vec<_> = ours(Step::DisposalDue)
            .into_iter()
            .filter(|id| withdrawn(case, id) || over(TimerKind::Retention, id) || over(TimerKind::ExPost, id))
            .collect();
        if !disposal.is_empty() {
            return Some((Step::DisposalDue, disposal));
        }
        let reviewed = |id: &MeasureId| {
            let standing = case.measures.get(id).filter(|measure| measure.state == State::Postponed);
            standing.and_then(|measure| measure.review_at).is_some_and(|review| review <= now)
        };
        let resumed: Vec<_> = ours(Step::Resume).into_iter().filter(reviewed).collect();
        if !resumed.is_empty() {
            return Some((Step::Resume, resumed));
        }
        let status: Vec<_> =
            ours(Step::TellStatus).into_iter().filter(|id| self.tells_status && over(TimerKind::Status, id)).collect();
        (!status.is_empty()).then_some((Step::TellStatus, status))
    }

    /// Seals a step that needs no officer, and puts it on its way. The one lock is held.
    async fn say_by_itself(
        &self,
        members: &mut super::Members,
        case: CaseId,
        step: Step,
        concerns: &[MeasureId],
        now: Timestamp,
    ) -> Result<(), Denial> {
        let Some((mut view, version)) = self.view(case).await? else { return Ok(()) };
        let mut header = self.next_header(&view, step, now)?;
        header.concerns = concerns.to_vec();
        let said = Said {
            step,
            concerns,
            ground: None,
            conditions: &[],
            text: "",
            role: None,
            callback: None,
            answers: None,
            reminder: 0,
            affair: None,
            now,
        };
        let documents: Vec<Document> = self.step_documents(&view, &said, &[], &[])?;
        self.compare_form(&header, &documents)?;
        let bytes = Body { step, documents }.encode()?;
        let body = self.stand_for(random::salt()?, bytes);
        header.body = Some(BodyCommitment::of(&body.salt, &body.bytes));
        let mut member = members.take(self, case).await?;
        let (header_bytes, payload) = self.seal_own(&mut member, &header, &body)?;
        let mut batch = DeskBatch { mls: self.mls_changes(case, &mut member)?, ..DeskBatch::default() };
        // A proposal of an officer was made for the case as it stood.
        for row in self.store.proposals_of(case).await?.into_iter().filter(|row| row.state == super::prepare::WAITING) {
            batch.proposals_done.push(row.id.0);
        }
        batch.proposals.push(self.proposal(&header, &header_bytes, &body, SEALED, now)?);
        let outgoing = Outgoing { header: &header, header_bytes, payload, officers: Vec::new() };
        self.dispatch(&mut batch, &mut view, outgoing, now)?;
        self.put_case(&mut batch, &view, Some(version), now).await?;
        self.commit(&batch).await?;
        members.keep(case, member);
        Ok(())
    }
}

/// Whether this desk has to say now that something is to be destroyed, although no clock tells it: it keeps what came of a request that was
/// withdrawn.
pub(super) fn owes(view: &CaseView) -> bool {
    let Some(case) = view.admitted.as_ref().filter(|_| view.away.is_none()) else { return false };
    possible(case, view, Step::DisposalDue).iter().any(|id| withdrawn(case, id))
}

fn withdrawn(case: &Case, id: &MeasureId) -> bool {
    case.measures.get(id).is_some_and(|measure| measure.state == State::Withdrawn)
}

/// The measures for which this desk's side may take the step now.
fn possible(case: &Case, view: &CaseView, step: Step) -> Vec<MeasureId> {
    let possible = case.possible(view.side()).into_iter();
    let possible = possible.filter(|one| one.row.trigger == workflow::Trigger::Step(step));
    possible.flat_map(|one| one.measures).collect()
}

/// A request that has not arrived after so many hours calls who sent it, where the treaty sets no time for it: policy.
const ARRIVAL_HOURS: u32 = 24;

/// The timers of a measure, with those that follow from how long its records may be kept and when an emergency must be validated, and with the one
/// within which it should arrive. Where a treaty names a clause for them, its own timers are there already.
pub(super) fn timers(case: &Case) -> BTreeMap<MeasureId, Vec<Timer>> {
    let of = |measure: &Measure| {
        let mut timers = measure.terms.as_ref().map(|terms| terms.timers.clone()).unwrap_or_default();
        let mut add = |kind, length, unit| {
            if timers.iter().all(|timer| timer.kind != kind) {
                timers.push(Timer { kind, record: None, emergency: false, length, unit, clause: None });
            }
        };
        add(TimerKind::Delivery, ARRIVAL_HOURS, Unit::Hours);
        if let Some(terms) = &measure.terms {
            let kept = terms.retention_days.filter(|_| terms.preservation.is_none());
            kept.into_iter().for_each(|days| add(TimerKind::Retention, days, Unit::Days));
            terms.expost_hours.into_iter().for_each(|hours| add(TimerKind::ExPost, hours, Unit::Hours));
        }
        timers
    };
    case.measures.iter().map(|(id, measure)| (*id, of(measure))).collect()
}
