use std::collections::BTreeSet;

use model::{Flaw, MatterId, MeasureId, Step, Timestamp};

use super::{MATTERS, Matter, MatterGuard, MatterKind, MatterRow, MatterState, decide::counts, matter_rows};
use crate::{Case, Side};

impl Case {
    /// Who keeps the records that a matter is about: the keeper of the measures that it concerns.
    pub fn keeper_of(&self, matter: &Matter) -> Side {
        let first = matter.concerns.first().and_then(|id| self.measures.get(id));
        first.map_or(Side::Home, crate::Measure::keeper)
    }

    /// Every step that a side may take at `now` on a matter that there is, each once, by matter and in the order of the table.
    pub fn matter_steps(&self, side: Side, now: Timestamp) -> Vec<(MatterId, &'static MatterRow)> {
        let of = |(id, matter): (&MatterId, &Matter)| {
            let mut steps = BTreeSet::new();
            let due = |row: &&MatterRow| row.guard != MatterGuard::Silence || matter.is_silent(now);
            let rows = self.rows_on(matter, side).filter(due).filter(|row| steps.insert(row.step));
            rows.map(|row| (*id, row)).collect::<Vec<_>>()
        };
        self.matters.iter().flat_map(of).collect()
    }

    /// Every step by which a side may open a matter now, in the order of the table. Of what is gone nobody asks for another use: that it
    /// leaked, or was wrong, may still be found.
    pub fn matter_openings(&self, side: Side) -> Vec<&'static MatterRow> {
        let opens = |row: &&MatterRow| {
            row.from.is_empty()
                && self.measures.values().any(|measure| {
                    let fits = match row.guard {
                        MatterGuard::Accepted => measure.may_be_heard(),
                        _ if of_what_is_there(row.step) => measure.has_records(),
                        _ => !measure.entries.is_empty(),
                    };
                    fits && row.by.sides(measure.keeper(), side).contains(&side)
                })
        };
        MATTERS.iter().filter(opens).collect()
    }

    /// Whether a step asks for something that is done with records, and none of these measures has any more.
    pub fn asks_for_what_is_gone(&self, step: Step, concerns: &[MeasureId]) -> bool {
        let mut named = concerns.iter().filter_map(|id| self.measures.get(id)).peekable();
        of_what_is_there(step) && named.peek().is_some() && named.all(|measure| !measure.has_records())
    }

    /// The matters that wait for a side: those that only its step brings on. What it merely may do, as to take back what it asked for,
    /// does not wait.
    pub fn matters_waiting(&self, side: Side) -> Vec<MatterId> {
        let waits = |matter: &Matter| self.rows_on(matter, side).any(|row| presses(row, matter, side));
        self.matters.iter().filter(|(_, matter)| waits(matter)).map(|(id, _)| *id).collect()
    }

    /// By which matters a side has to hear that something is wrong with records, though it is not its move: corrections of those that it
    /// holds, as long as the error is neither recalled nor settled, and incidents that the other side told, as long as nothing was done.
    pub fn matters_in_doubt(&self, side: Side) -> Vec<MatterId> {
        let doubted = |matter: &Matter| {
            let open = matches!(matter.state, MatterState::PeerNotified | MatterState::Confirmed);
            if matter.kind == MatterKind::Breach {
                return open && matter.opener != side;
            }
            let unsettled = matches!(matter.state, MatterState::Reported | MatterState::Triaged);
            let there = matter.concerns.iter().filter_map(|id| self.measures.get(id)).any(crate::Measure::has_records);
            matter.kind == MatterKind::Correction && unsettled && there && self.keeper_of(matter) == side
        };
        self.matters.iter().filter(|(_, matter)| doubted(matter)).map(|(id, _)| *id).collect()
    }

    fn rows_on<'c>(&self, matter: &'c Matter, side: Side) -> impl Iterator<Item = &'static MatterRow> + use<'c> {
        let keeper = self.keeper_of(matter);
        let mut concerned = matter.concerns.iter().filter_map(|id| self.measures.get(id));
        let under_way = concerned.all(crate::Measure::may_be_heard);
        matter_rows(matter.kind).filter(move |row| {
            row.from.contains(&matter.state)
                && (under_way || row.guard != MatterGuard::Accepted)
                && row.by.sides(keeper, matter.opener).contains(&side)
                && counts(row.guard, matter, side)
                && fits(row.guard, matter)
        })
    }
}

/// Whether a step asks for something that is done with records.
fn of_what_is_there(step: Step) -> bool {
    matches!(step, Step::RequestUse | Step::RequestOnward)
}

/// Whether the row is the one for what is wrong with the records.
fn fits(guard: MatterGuard, matter: &Matter) -> bool {
    let elsewhere = matter.flaw == Some(Flaw::WrongSubject);
    match guard {
        MatterGuard::WrongSubject => elsewhere,
        MatterGuard::Replaced => !elsewhere || matter.state == MatterState::Shredded,
        _ => true,
    }
}

fn presses(row: &MatterRow, matter: &Matter, side: Side) -> bool {
    use MatterState::{Cancelled, Closed, Deferred, Denied, Live, Reissued, SubjectNotified, Transmitted};
    match row.step {
        _ if row.guard == MatterGuard::Silence => false,
        Step::CancelHearing | Step::ProposeSlots => false,
        Step::DraftMinutes => matter.state == Live,
        // What was denied or called off is put away by who asked for it.
        Step::CloseMatter if matches!(matter.state, Cancelled | Denied) => matter.opener == side,
        Step::CloseMatter => matches!(matter.state, Reissued | SubjectNotified | Transmitted),
        Step::Recall => matter.kind == MatterKind::Correction,
        Step::NotifySubject | Step::DeferSubject => matter.state != Deferred,
        _ => matter.state != Closed,
    }
}
