//! The matters of a case as officers see them: which wait, which call, and what may be done on each.

use model::{MatterId, Timestamp};
use proto::desk as wire;
use workflow::{Matter, MatterState, Side};

use super::view::CaseView;

/// The matters that wait for this desk.
pub(super) fn waiting(view: &CaseView) -> Vec<u32> {
    let case = view.admitted.as_ref().filter(|_| view.trouble.is_none());
    case.map(|case| case.matters_waiting(view.side())).unwrap_or_default().iter().map(|id| id.0).collect()
}

/// The steps by which this desk may open a matter now.
pub(super) fn openings(view: &CaseView) -> Vec<String> {
    let case = view.admitted.as_ref().filter(|_| view.pending.is_none() && view.trouble.is_none());
    let rows = case.map(|case| case.matter_openings(view.side())).unwrap_or_default();
    rows.iter().map(|row| row.step.as_str().to_owned()).collect()
}

/// The matters that call the people of this desk: those that wait for them, and errors in records that lie here.
pub(super) fn calling(view: &CaseView, now: Timestamp) -> Vec<wire::MatterView> {
    let doubted = in_doubt(view);
    let mut all = shown(view, now);
    all.retain(|one| one.waits || doubted.contains(&MatterId(one.id)));
    all
}

/// The matters that say of records here that they are wrong.
pub(super) fn in_doubt(view: &CaseView) -> Vec<MatterId> {
    view.admitted.as_ref().map(|case| case.matters_in_doubt(view.side())).unwrap_or_default()
}

/// A consent whose time is over still stands granted in the procedure, and grants nothing any more.
const EXPIRED: &str = "EXPIRED";

/// Where a matter stands, as officers read it.
fn standing(matter: &Matter, now: Timestamp) -> String {
    let over = matter.state == MatterState::Granted && !matter.grants(now);
    if over { EXPIRED.to_owned() } else { matter.state.to_string() }
}

/// The matters for officers.
pub(super) fn shown(view: &CaseView, now: Timestamp) -> Vec<wire::MatterView> {
    let Some(case) = view.shown() else { return Vec::new() };
    let other = if view.side() == Side::Home { Side::Peer } else { Side::Home };
    let still = view.pending.is_some() || view.trouble.is_some();
    let waiting = waiting(view);
    let possible = |side: Side, id: MatterId| -> Vec<String> {
        let steps = case.matter_steps(side, now).into_iter().filter(|(one, _)| *one == id && !still);
        steps.map(|(_, row)| row.step.as_str().to_owned()).collect()
    };
    let one = |(id, matter): (&MatterId, &Matter)| wire::MatterView {
        id: id.0,
        kind: matter.kind.to_string(),
        state: standing(matter, now),
        opener: case.party(matter.opener).to_string(),
        opened_ms: matter.opened.0,
        since_ms: matter.since.0,
        concerns: matter.concerns.iter().map(|id| id.0).collect(),
        about_entry_id: matter.about.map(|entry| entry.as_bytes().to_vec().into()).unwrap_or_default(),
        purpose: matter.purpose.clone().unwrap_or_default(),
        flaw: matter.flaw.map(|flaw| flaw.as_str().to_owned()).unwrap_or_default(),
        until_ms: matter.until.map(|until| until.0).unwrap_or_default(),
        conditions: matter.conditions.iter().map(ToString::to_string).collect(),
        recalled: matter.recalled,
        grants: matter.grants(now),
        possible_steps: possible(view.side(), *id),
        possible_elsewhere: possible(other, *id),
        waits: waiting.contains(&id.0),
        signed: matter.signed.iter().map(|side| case.party(*side).to_string()).collect(),
        opened_by_entry_id: matter.by.map(|entry| entry.as_bytes().to_vec().into()).unwrap_or_default(),
    };
    case.matters.iter().map(one).collect()
}
