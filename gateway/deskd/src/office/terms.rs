//! What the treaty says of the answers to a request, as this desk's own catalogue has it, and the clocks that run by it.

use model::{CaseId, Denial, Header, MeasureId, Refusal, RefusalCode, Step};
use proto::desk as wire;
use treaty::Query;
use workflow::{Case, Preservation, Standing, Terms};

use super::{Office, view::CaseView};
use crate::clock;

mod preserved;
mod promised;

pub(crate) use preserved::Warned;
pub(super) use preserved::warned_in;
pub(super) use promised::{hold_promises, promised_in};

impl Office {
    /// The terms of a request's measures. None where the catalogue here is not the one that the case runs under: the gateways
    /// decide, and hold every answer against theirs.
    pub(super) fn terms(&self, header: &Header) -> Result<Vec<(MeasureId, Terms)>, Denial> {
        if header.step != Step::SealSend {
            return Ok(Vec::new());
        }
        let day = clock::day(header.created)?;
        let Some(rule) = self.rules.pinned(header.home, header.peer, day, header.pin) else { return Ok(Vec::new()) };
        let terms = Terms::of(&rule, &Query::of(header, self.kind_of(&header.sender), self.kind_of(&header.recipient)));
        let whole = terms.iter().map(|(id, _)| *id).eq(header.measures.iter().map(|one| one.id));
        Ok(if whole { terms } else { Vec::new() })
    }

    /// The days of requests that follow on a preservation of `case`, made between the same parties and not decided yet.
    pub(super) fn links(&self, case: &CaseView, others: &[CaseView]) -> Vec<jiff::civil::Date> {
        let follows = |other: &&CaseView| {
            other.follows.contains(&case.id)
                && (other.home, other.peer) == (case.home, case.peer)
                && other.id != case.id
        };
        let asked = |other: &CaseView| {
            let shown = other.shown().filter(|shown| !shown.measures.is_empty() && shown.state().is_live())?;
            shown.measures.values().next().and_then(|measure| measure.arrived.date())
        };
        others.iter().filter(follows).filter_map(asked).collect()
    }

    /// Whether a case has a clock of preserved data at all.
    pub(super) fn preserves(case: &Case) -> bool {
        case.measures.values().any(|measure| Preservation::of(measure).is_some())
    }
}

/// The clock of a measure on `today`, with what hangs on it.
pub(super) fn preservation(
    measure: &workflow::Measure,
    warned: Option<&Warned>,
    links: &[jiff::civil::Date],
    today: jiff::civil::Date,
) -> Option<wire::Preservation> {
    let clock = links.iter().fold(Preservation::of(measure)?, |clock, day| clock.linked_on(*day));
    let (standing, days_left) = match clock.on(today) {
        Standing::InForce(left) => ("in_force", left),
        Standing::Warning(left) => ("warning", left),
        Standing::Lapsed => ("lapsed", 0),
        Standing::Linked => ("linked", 0),
    };
    Some(wire::Preservation {
        since: clock.since.to_string(),
        until: clock.until.to_string(),
        clause: clock.clause.map(|clause| clause.to_string()).unwrap_or_default(),
        standing: standing.to_owned(),
        days_left,
        tip_off_risk: warned.is_some_and(|one| one.tip_off_risk),
        partial_traffic: warned.is_some_and(|one| one.partial_traffic),
        held_until: warned.and_then(|one| one.held_until).map(|day| day.to_string()).unwrap_or_default(),
    })
}

/// Whether people have to look at it: it ends, or its custodian may not keep it secret, and nobody has gone on with it or given it up.
pub(super) fn alarms(preservation: Option<&wire::Preservation>) -> bool {
    preservation.is_some_and(|one| match one.standing.as_str() {
        "warning" | "lapsed" => true,
        "in_force" => one.tip_off_risk,
        _ => false,
    })
}

/// The cases that a request follows as those whose data was preserved.
pub(super) fn follows(request: &desk::RequestBody) -> Vec<CaseId> {
    let earlier = request.earlier_requests.iter().filter(|one| one.relation == "follows_preservation");
    earlier.filter_map(|one| one.case).collect()
}

/// Refuses to ask for another use of what is gone. The procedure itself would let it pass, and the other side could only deny it.
pub(super) fn has_records(case: &Case, step: Step, concerns: &[MeasureId]) -> Result<(), Denial> {
    if !case.asks_for_what_is_gone(step, concerns) {
        return Ok(());
    }
    let reason = format!("{step} asks for another use of records that were destroyed or returned");
    let remedy = "Ask for them anew, in a case that follows this one.";
    Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("concerns").into())
}
