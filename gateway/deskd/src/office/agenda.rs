//! The clocks for the eyes of officers: what ends when, by which clause, and who must act. References only, no names.

use std::{collections::BTreeMap, str::FromStr};

use model::{CaseId, Denial, Malformed, Timestamp};
use proto::desk as wire;
use store::desk::ClockRow;
use workflow::{Agenda, AgendaItem, AlarmKind, CLOCKS, Clock, ClockId, ClockState, Nature, Side};

use super::{
    Office,
    clocks::{fired_of, id_of, level},
    view::CaseView,
};

/// Cases in one agenda, those whose clocks end first.
const CASES_MAX: u64 = 10_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// What each clock told last.
pub(super) type ToldClocks = BTreeMap<(CaseId, ClockId), AlarmKind>;

/// Who must act before a clock ends, as seen from this desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acting {
    Own,
    Other,
    All,
}

impl FromStr for Acting {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "own" => Ok(Self::Own),
            "other" => Ok(Self::Other),
            "all" | "" => Ok(Self::All),
            other => Err(Malformed::new("whose clocks (own, other, all)", other)),
        }
    }
}

impl Acting {
    fn wants(self, sides: &[Side], own: Side) -> bool {
        match self {
            Self::Own => sides.contains(&own),
            Self::Other => sides.iter().any(|side| *side != own),
            Self::All => true,
        }
    }
}

impl Office {
    /// What ends within `days`, and what is over and not done, the soonest first.
    pub(crate) async fn agenda(
        &self,
        days: u32,
        acting: Acting,
        now: Timestamp,
    ) -> Result<wire::GetAgendaResponse, Denial> {
        let until = now.plus_ms(i64::from(days).saturating_mul(DAY_MS));
        let mut cases = BTreeMap::new();
        for row in self.store.cases_due(until.0, CASES_MAX).await? {
            let view = self.view_of(&row)?;
            cases.insert(view.id, (self.clocks(&view), view));
        }
        let all = cases.iter().flat_map(|(id, (clocks, _))| clocks.iter().map(|clock| (*id, clock)));
        let mut agenda = Agenda::of(all, now);
        let wanted = |item: &AgendaItem| {
            let side = cases.get(&item.case).map(|(_, view)| view.side());
            item.due <= until && side.is_some_and(|side| acting.wants(item.sides, side))
        };
        agenda.items.retain(wanted);
        let told = self.told_clocks().await?;
        let shown = |item: &AgendaItem| {
            let (clocks, view) = cases.get(&item.case)?;
            let clock = clocks.iter().find(|clock| clock.id == item.clock)?;
            Some(self.shown_clock(view, clock, &told, now))
        };
        Ok(wire::GetAgendaResponse {
            clocks: agenda.items.iter().filter_map(shown).collect(),
            icalendar: agenda.to_icalendar(now),
            now_ms: now.0,
        })
    }

    /// What the open clocks of all cases told last.
    pub(super) async fn told_clocks(&self) -> Result<ToldClocks, Denial> {
        Ok(read(&self.store.clocks_told().await?))
    }

    /// What the clocks of one case told last.
    pub(super) async fn told_clocks_of(&self, case: CaseId) -> Result<ToldClocks, Denial> {
        Ok(read(&self.store.clocks_of(case).await?))
    }

    /// All clocks of a case.
    pub(super) fn shown_clocks(&self, view: &CaseView, told: &ToldClocks, now: Timestamp) -> Vec<wire::ClockView> {
        self.clocks(view).iter().map(|clock| self.shown_clock(view, clock, told, now)).collect()
    }

    /// The clock of a case to look at first: one of ours that has told something, else the one that ends first.
    pub(super) fn first_clock(&self, view: &CaseView, told: &ToldClocks, now: Timestamp) -> Option<wire::ClockView> {
        let clocks = self.clocks(view);
        let agenda = Agenda::of(clocks.iter().map(|clock| (view.id, clock)), now);
        let calling =
            |item: &&AgendaItem| item.sides.contains(&view.side()) && told.contains_key(&(view.id, item.clock.clone()));
        let item = agenda.items.iter().find(calling).or(agenda.items.first())?;
        let clock = clocks.iter().find(|clock| clock.id == item.clock)?;
        Some(self.shown_clock(view, clock, told, now))
    }

    fn shown_clock(&self, view: &CaseView, clock: &Clock, told: &ToldClocks, now: Timestamp) -> wire::ClockView {
        let due = clock.course.due_at(now);
        let stops = CLOCKS.iter().find(|row| row.kind == clock.id.kind).map(|row| row.stops).unwrap_or_default();
        let told = told.get(&(view.id, clock.id.clone())).copied();
        wire::ClockView {
            case_id: view.id.to_string(),
            measure: clock.id.measure.0,
            kind: clock.id.kind.as_str().to_owned(),
            record: clock.id.record.as_ref().map(ToString::to_string).unwrap_or_default(),
            round: clock.id.round,
            clause: match &clock.nature {
                Nature::Legal(clause) => clause.to_string(),
                Nature::Policy => String::new(),
            },
            acting: match (clock.sides.contains(&view.side()), clock.sides.len()) {
                (true, 1) => "own",
                (true, _) => "both",
                (false, _) => "other",
            }
            .to_owned(),
            state: state_name(clock, now).to_owned(),
            started_ms: clock.course.started.0,
            due_ms: due.0,
            due_local: self.local(due),
            stopped_by: stops.iter().map(|signal| signal.as_str().to_owned()).collect(),
            caveats: clock.caveats.iter().map(ToString::to_string).collect(),
            told: told.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            level: told.map(|kind| level(kind).to_owned()).unwrap_or_default(),
        }
    }

    /// A moment where this desk lies.
    fn local(&self, at: Timestamp) -> String {
        let calendar = self.calendars.of(self.own.party());
        let there = |at: jiff::Timestamp| at.to_zoned(calendar.zone_of(&self.own).clone());
        let at = jiff::Timestamp::from_millisecond(at.0).map(there);
        at.map(|at| at.strftime("%Y-%m-%d %H:%M %Q").to_string()).unwrap_or_default()
    }
}

/// Whether people have to look at it: ours has told something, or theirs is over.
pub(super) fn calls(clock: Option<&wire::ClockView>) -> bool {
    clock.is_some_and(|clock| match clock.level.as_str() {
        "" => false,
        "warning" => clock.acting != "other",
        _ => true,
    })
}

fn read(rows: &[ClockRow]) -> ToldClocks {
    rows.iter().filter_map(|row| Some(((row.case_id.0, id_of(row)?), fired_of(row)?))).collect()
}

fn state_name(clock: &Clock, now: Timestamp) -> &'static str {
    match clock.course.state(now) {
        ClockState::Running => "running",
        ClockState::Paused { .. } => "paused",
        ClockState::Stopped { .. } => "stopped",
        ClockState::Dropped { .. } => "dropped",
        ClockState::Expired if clock.course.lapses => "lapsed",
        ClockState::Expired => "expired",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_warning_calls_who_must_act_and_an_end_calls_both() {
        let clock = |level: &str, acting: &str| wire::ClockView {
            level: level.to_owned(),
            acting: acting.to_owned(),
            ..wire::ClockView::default()
        };
        assert!(!calls(None) && !calls(Some(&clock("", "own"))));
        assert!(calls(Some(&clock("warning", "own"))) && calls(Some(&clock("warning", "both"))));
        assert!(!calls(Some(&clock("warning", "other"))));
        assert!(calls(Some(&clock("due", "other"))) && calls(Some(&clock("escalation", "other"))));
    }

    #[test]
    fn an_agenda_is_asked_for_by_who_must_act() {
        let wants = |acting: &str, sides: &[Side]| acting.parse::<Acting>().unwrap().wants(sides, Side::Home);
        assert!(wants("own", &[Side::Home]) && !wants("own", &[Side::Peer]));
        assert!(!wants("other", &[Side::Home]) && wants("other", &[Side::Peer]));
        assert!(wants("all", &[Side::Peer]) && wants("own", &[Side::Home, Side::Peer]));
        assert!("theirs".parse::<Acting>().is_err());
    }
}
