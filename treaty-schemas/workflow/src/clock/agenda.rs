use std::fmt;

use model::{CaseId, MatterId, Timestamp};

use crate::{
    MatterState, Side, Slot,
    clock::{
        alarm::{Alarm, DAY_MS, alarms},
        calendar::Caveat,
        kind::Nature,
        running::{Clock, ClockId, ClockState, Course},
    },
};

/// What lapsed stays on the agenda for so long.
const LAPSED_SHOWN_MS: i64 = 7 * DAY_MS;

/// The clocks of many cases that somebody still has to watch, the soonest first; at the same moment law before policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agenda {
    /// As of when.
    pub now: Timestamp,
    /// In their order.
    pub items: Vec<AgendaItem>,
    /// The hearings whose time is agreed, the soonest first.
    pub hearings: Vec<AgendaHearing>,
}

/// A hearing on an agenda: references only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgendaHearing {
    /// Of which case.
    pub case: CaseId,
    /// Which matter of it.
    pub matter: MatterId,
    /// When.
    pub slot: Slot,
    /// Where it stands.
    pub state: MatterState,
}

/// One clock on an agenda: references only, nothing of what the case is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaItem {
    /// When it ends: the first moment that is too late. Of one that is paused: if it ran on now.
    pub due: Timestamp,
    /// Law or policy.
    pub nature: Nature,
    /// Of which case.
    pub case: CaseId,
    /// Which clock.
    pub clock: ClockId,
    /// How it stands: running, paused or expired.
    pub state: ClockState,
    /// Who must act.
    pub sides: &'static [Side],
    /// When it began, ends, and stood still.
    pub course: Course,
    /// What must be said of the count of its end.
    pub caveats: Vec<Caveat>,
}

impl Agenda {
    /// Merges the clocks of many cases. What was done, dropped, or has lapsed for more than seven days is left out.
    pub fn of<'a>(clocks: impl IntoIterator<Item = (CaseId, &'a Clock)>, now: Timestamp) -> Self {
        let items = clocks.into_iter().filter_map(|(case, clock)| AgendaItem::of(case, clock, now));
        let mut items: Vec<_> = items.collect();
        items.sort_by(|a, b| a.order().cmp(&b.order()));
        Self { now, items, hearings: Vec::new() }
    }

    /// The same with these hearings.
    #[must_use]
    pub fn with_hearings(mut self, mut hearings: Vec<AgendaHearing>) -> Self {
        hearings.sort_by_key(|one| (one.slot.starts, one.case, one.matter));
        self.hearings = hearings;
        self
    }

    /// Those in which a side must act.
    pub fn acting(&self, side: Side) -> impl Iterator<Item = &AgendaItem> {
        self.items.iter().filter(move |item| item.sides.contains(&side))
    }
}

impl AgendaItem {
    fn of(case: CaseId, clock: &Clock, now: Timestamp) -> Option<Self> {
        let state = clock.course.state(now);
        let watched = match state {
            ClockState::Running | ClockState::Paused { .. } => true,
            ClockState::Expired => !clock.course.lapses || now < clock.course.due.plus_ms(LAPSED_SHOWN_MS),
            ClockState::Stopped { .. } | ClockState::Dropped { .. } => false,
        };
        watched.then(|| Self {
            due: clock.course.due_at(now),
            nature: clock.nature.clone(),
            case,
            clock: clock.id.clone(),
            state,
            sides: clock.sides,
            course: clock.course.clone(),
            caveats: clock.caveats.clone(),
        })
    }

    fn order(&self) -> (Timestamp, bool, CaseId, &ClockId) {
        (self.due, !self.nature.is_legal(), self.case, &self.clock)
    }

    /// The first eight digits of the case: enough to find it on a desk.
    pub fn case_short(&self) -> String {
        self.case.to_string().chars().take(8).collect()
    }

    /// What is still to be told before it ends.
    pub fn warnings(&self, now: Timestamp) -> impl Iterator<Item = Alarm> + '_ {
        alarms(&self.course).filter(move |alarm| alarm.kind.is_warning() && alarm.at > now)
    }
}

/// Which hearing of what, and how far it is: `hearing X1 of case 0190f3a2 (TECH_TESTED)`.
impl fmt::Display for AgendaHearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let case: String = self.case.to_string().chars().take(8).collect();
        write!(f, "hearing {} of case {case} ({})", self.matter, self.state)
    }
}

/// Which clock of what, and on what it rests: `decision of M1, case 0190f3a2 (law, eio:12(3))`.
impl fmt::Display for AgendaItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}, case {}", self.clock.kind.as_str(), self.clock.measure, self.case_short())?;
        if let Some(record) = &self.clock.record {
            write!(f, ", {record}")?;
        }
        write!(f, " ({})", self.nature)?;
        match self.state {
            ClockState::Paused { .. } => f.write_str(", paused"),
            ClockState::Expired if self.course.lapses => f.write_str(", lapsed"),
            ClockState::Expired => f.write_str(", expired"),
            _ => Ok(()),
        }
    }
}
