//! The clocks for the eyes of officers: what ends when, by which clause, and who must act. References only, no names.

use std::{collections::BTreeMap, str::FromStr};

use model::{CaseId, Denial, Malformed, Timestamp};
use proto::desk as wire;
use store::desk::{ClockEnd, ClockPage, ClockRow};
use workflow::{Agenda, AgendaItem, AlarmKind, CLOCKS, Clock, ClockId, ClockState, Nature, Side};

use super::{
    Office,
    clocks::{fired_of, id_of, level},
    listing::{ROUNDS_MAX, limit},
    view::CaseView,
};

/// Clocks on a page where nobody says how many.
const PAGE: usize = 500;
/// What stands between the parts of a cursor; none of them has it.
const PART: char = '/';
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

/// A page of an agenda.
#[derive(Debug, Clone)]
pub(crate) struct AgendaPage {
    days: u32,
    from: Timestamp,
    acting: Acting,
    kinds: Vec<String>,
    after: Option<ClockEnd>,
    limit: usize,
}

impl AgendaPage {
    /// From a call.
    pub(crate) fn of(request: wire::GetAgendaRequest) -> Result<Self, Malformed> {
        let after = Some(request.after.as_str()).filter(|after| !after.is_empty());
        Ok(Self {
            days: request.days,
            from: Timestamp(if request.from_ms == 0 { i64::MIN } else { request.from_ms }),
            acting: request.acting.parse()?,
            after: after.map(end_of).transpose()?,
            limit: limit(request.page_size, PAGE),
            kinds: request.kinds,
        })
    }
}

/// Who must act, as a row of a clock has it.
pub(super) fn acting(sides: &[Side], own: Side) -> i16 {
    match (sides.contains(&own), sides.iter().any(|side| *side != own)) {
        (true, false) => 1,
        (false, _) => 2,
        (true, true) => 3,
    }
}

fn cursor(end: &ClockEnd) -> String {
    let ClockEnd { due, case, measure, kind, record, round } = end;
    format!("{due}{PART}{case}{PART}{measure}{PART}{kind}{PART}{record}{PART}{round}")
}

fn end_of(cursor: &str) -> Result<ClockEnd, Malformed> {
    let parts: Vec<_> = cursor.split(PART).collect();
    let read = || {
        let [due, case, measure, kind, record, round] = parts[..] else { return None };
        Some(ClockEnd {
            due: due.parse().ok()?,
            case: case.parse().ok()?,
            measure: measure.parse().ok()?,
            kind: kind.to_owned(),
            record: record.to_owned(),
            round: round.parse().ok()?,
        })
    };
    read().ok_or_else(|| Malformed::new("the cursor of a page", cursor))
}

impl Acting {
    /// The rows in which such clocks are.
    fn numbers(self) -> &'static [i16] {
        match self {
            Self::Own => &[0, 1, 3],
            Self::Other => &[0, 2, 3],
            Self::All => &[0, 1, 2, 3],
        }
    }

    fn wants(self, sides: &[Side], own: Side) -> bool {
        match self {
            Self::Own => sides.contains(&own),
            Self::Other => sides.iter().any(|side| *side != own),
            Self::All => true,
        }
    }
}

impl Office {
    /// A page of what ends, and of what is over and not done, the soonest first.
    pub(crate) async fn agenda(&self, page: &AgendaPage, now: Timestamp) -> Result<wire::GetAgendaResponse, Denial> {
        let until = now.plus_ms(i64::from(page.days).saturating_mul(DAY_MS));
        let which = ClockPage { from: page.from.0, until: until.0, kinds: &page.kinds, acting: page.acting.numbers() };
        let (mut shown, mut agenda, mut after) = (Vec::new(), Agenda::of([], now), page.after.clone());
        let mut next = None;
        'rounds: for round in 1..=ROUNDS_MAX {
            // One more than a page has tells whether there is another page.
            let rows = self.store.clocks_page(&which, after.as_ref(), page.limit as u64 + 1).await?;
            let cases = self.cases_of(&rows).await?;
            for (at, row) in rows.iter().enumerate() {
                if shown.len() == page.limit {
                    next = after;
                    break 'rounds;
                }
                after = Some(ClockEnd::from(row));
                if let Some((item, clock)) = self.item(&cases, row, page, until, now) {
                    shown.push(clock);
                    agenda.items.push(item);
                }
                if at + 1 == rows.len() && (rows.len() <= page.limit || round == ROUNDS_MAX) {
                    next = after.filter(|_| rows.len() > page.limit);
                    break 'rounds;
                }
            }
            if rows.is_empty() {
                break;
            }
        }
        // Hearings are few: they stand before the clocks of the first page.
        let hearings =
            if page.after.is_none() && page.kinds.is_empty() { self.hearings(until, now).await? } else { Vec::new() };
        let agenda = agenda.with_hearings(hearings);
        Ok(wire::GetAgendaResponse {
            clocks: shown,
            hearings: agenda.hearings.iter().map(|one| self.shown_hearing(one)).collect(),
            icalendar: agenda.to_icalendar(now),
            now_ms: now.0,
            next_after: next.map(|end| cursor(&end)).unwrap_or_default(),
        })
    }

    /// The cases of clocks, with what runs in each.
    async fn cases_of(&self, rows: &[ClockRow]) -> Result<BTreeMap<CaseId, (CaseView, Vec<Clock>)>, Denial> {
        let mut ids: Vec<_> = rows.iter().map(|row| row.case_id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut cases = BTreeMap::new();
        for row in self.store.cases_among(&ids).await? {
            let view = self.view_of(&row)?;
            cases.insert(view.id, (self.clocks(&view), view));
        }
        Ok(cases.into_iter().map(|(id, (clocks, view))| (id, (view, clocks))).collect())
    }

    /// A clock as its case has it, where it belongs on the page.
    fn item(
        &self,
        cases: &BTreeMap<CaseId, (CaseView, Vec<Clock>)>,
        row: &ClockRow,
        page: &AgendaPage,
        until: Timestamp,
        now: Timestamp,
    ) -> Option<(AgendaItem, wire::ClockView)> {
        let (view, clocks) = cases.get(&row.case_id.0)?;
        let id = id_of(row)?;
        let clock = clocks.iter().find(|clock| clock.id == id)?;
        let item = Agenda::of([(view.id, clock)], now).items.pop()?;
        let wanted = item.due <= until && page.acting.wants(item.sides, view.side());
        let told = told_by(std::slice::from_ref(row));
        wanted.then(|| (item, self.shown_clock(view, clock, &told, now)))
    }

    /// What the clocks of one case told last.
    pub(super) async fn told_clocks_of(&self, case: CaseId) -> Result<ToldClocks, Denial> {
        Ok(told_by(&self.store.clocks_of(case).await?))
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
            left_ms: left(clock, now),
        }
    }

    /// A moment where this desk lies.
    pub(super) fn local(&self, at: Timestamp) -> String {
        let calendar = self.calendars.of(self.own.party());
        let there = |at: jiff::Timestamp| at.to_zoned(calendar.zone_of(&self.own).clone());
        let at = jiff::Timestamp::from_millisecond(at.0).map(there);
        at.map(|at| at.strftime("%Y-%m-%d %H:%M %Q").to_string()).unwrap_or_default()
    }
}

/// How much is left of a clock that is paused.
fn left(clock: &Clock, now: Timestamp) -> i64 {
    match clock.course.state(now) {
        ClockState::Paused { .. } => clock.course.due_at(now).0.saturating_sub(now.0).max(0),
        _ => 0,
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

/// What clocks told last, as their rows have it.
pub(super) fn told_by(rows: &[ClockRow]) -> ToldClocks {
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
    fn a_row_is_found_by_whoever_must_act() {
        for (sides, number) in [(&[Side::Home][..], 1), (&[Side::Peer], 2), (&[Side::Home, Side::Peer], 3)] {
            assert_eq!(acting(sides, Side::Home), number);
            for who in [Acting::Own, Acting::Other, Acting::All] {
                assert_eq!(who.numbers().contains(&number), who.wants(sides, Side::Home), "{who:?} {sides:?}");
            }
        }
    }

    #[test]
    fn a_cursor_names_the_last_clock_of_a_page() {
        let (kind, record) = ("decision".to_owned(), "traffic_data".to_owned());
        let end = ClockEnd { due: -5, case: CaseId::new([7; 16]), measure: 1, kind, record, round: 2 };
        assert_eq!(end_of(&cursor(&end)).unwrap(), end);
        assert!(end_of("5").is_err() && end_of("a/b/c/d/e/f").is_err());
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
