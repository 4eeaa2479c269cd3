//! Lists of cases and drafts for officers' programs, page by page. Whose move it is, and from when on a case calls people, is kept in its
//! row, in the transaction that changes it: a page costs the same however many cases there are.

mod search;

use std::{cmp::Reverse, collections::BTreeMap, str::FromStr};

use model::{CaseId, Denial, Malformed, Step, Timestamp};
use proto::desk as wire;
use store::desk::{Around, DeskBatch, DeskCaseRow, LinkRow, Listed, Place as Stand};
use workflow::{Case, Clock, Preservation, Side, State, alarms};

use super::{
    Office,
    agenda::{ToldClocks, calls, told_by},
    matters_shown,
    prepare::WAITING,
    shown::{of_case, of_draft},
    terms::alarms as alarming,
    view::{CaseView, DraftView, state_number},
};
use crate::{clock, failure::Failure};
use search::Search;

/// Cases on a page where nobody says how many.
const PAGE: usize = 200;
/// At most so many.
pub(super) const PAGE_MAX: usize = 1000;
/// So often the database is asked for one page: what it finds may not belong to the list after all.
pub(super) const ROUNDS_MAX: usize = 20;
/// Cases that follow those on one page.
const FOLLOWING_MAX: u64 = 10_000;
/// Cases of an older program that are noted in one transaction.
const NOTED_AT_ONCE: u64 = 500;
/// How many days before a preservation ends somebody is told first.
const FIRST_WARNING_MS: i64 = 20 * 24 * 3_600_000;

/// Whose move it is. The numbers are the database's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub(super) enum Whose {
    Nobody = 1,
    Ours = 2,
    Theirs = 3,
}

impl Whose {
    /// By the case alone, without drafts and proposals beside it.
    pub(super) fn of(view: &CaseView, case: Option<&Case>) -> Self {
        // A draft waits for a word, although nobody has to say one.
        let asked = view.drafted == Some(Step::ShareDraft) && view.side() == Side::Peer;
        let ours = case.is_some_and(|case| case.awaits(view.side()));
        match case.and_then(Case::whose_move) {
            _ if view.trouble.is_some() => Self::Ours,
            _ if view.pending.is_some() => Self::Theirs,
            _ if asked || !matters_shown::waiting(view).is_empty() => Self::Ours,
            _ if ours => Self::Ours,
            Some(_) => Self::Theirs,
            None => Self::Nobody,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Ours => "ours",
            Self::Theirs => "theirs",
        }
    }
}

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    /// All cases and drafts.
    All,
    /// Ours to move, and what calls people.
    Inbox,
    /// Ours to move.
    Ours,
    /// Theirs to move.
    Theirs,
    /// What calls people: a clock of ours that warns, one that is over, what is preserved and ends soon.
    Due,
    /// What is being written.
    Drafts,
}

impl FromStr for Filter {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "all" | "" => Ok(Self::All),
            "inbox" => Ok(Self::Inbox),
            "ours" => Ok(Self::Ours),
            "theirs" | "outbox" => Ok(Self::Theirs),
            "due" => Ok(Self::Due),
            "drafts" => Ok(Self::Drafts),
            other => Err(Malformed::new("a list (all, inbox, ours, theirs, due, drafts)", other)),
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    filter: Filter,
    states: Vec<State>,
    search: Search,
    after: Option<Stand>,
    limit: usize,
}

impl Page {
    /// From a call.
    pub(crate) fn of(request: &wire::ListCasesRequest) -> Result<Self, Malformed> {
        let after = Some(request.after.as_str()).filter(|after| !after.is_empty());
        Ok(Self {
            filter: request.filter.parse()?,
            states: request.states.iter().map(|state| state_of(state)).collect::<Result<_, _>>()?,
            search: Search::of(request),
            after: after.map(stand).transpose()?,
            limit: limit(request.page_size, PAGE),
        })
    }

    fn which(&self, now: Timestamp) -> Listed {
        let states = self.states.iter().map(|state| state_number(*state)).collect();
        let (ours, calls_by) = (Some(Whose::Ours as i16), Some(now.0));
        let none = Listed { states, ..Listed::default() };
        let beside = Listed { proposed: Some(WAITING), drafts: true, ..none.clone() };
        match self.filter {
            Filter::All => Listed { all: true, drafts: true, ..none },
            Filter::Inbox => Listed { whose: ours, calls_by, ..beside },
            Filter::Ours => Listed { whose: ours, ..beside },
            Filter::Theirs => Listed { whose: Some(Whose::Theirs as i16), ..none },
            Filter::Due => Listed { calls_by, ..none },
            Filter::Drafts => Listed { drafts: true, ..none },
        }
    }

    fn wants(&self, case: &wire::CaseSummary) -> bool {
        let calling = || alarming(case.preservation.as_ref()) || calls(case.clock.as_ref());
        let listed = match self.filter {
            Filter::All | Filter::Drafts => true,
            Filter::Inbox => case.r#move == Whose::Ours.as_str() || !case.matters.is_empty() || calling(),
            Filter::Ours => case.r#move == Whose::Ours.as_str(),
            Filter::Theirs => case.r#move == Whose::Theirs.as_str(),
            Filter::Due => calling(),
        };
        listed
            && self.search.finds(case)
            && (self.states.is_empty() || self.states.iter().any(|state| state.to_string() == case.state))
    }
}

/// How many items a page has, of which its caller says how many it wants; 0 leaves it open.
pub(super) fn limit(wanted: u32, usual: usize) -> usize {
    match usize::try_from(wanted) {
        Ok(0) => usual,
        wanted => wanted.unwrap_or(PAGE_MAX).min(PAGE_MAX),
    }
}

fn state_of(name: &str) -> Result<State, Malformed> {
    let found = State::ALL.iter().copied().find(|state| state.to_string() == name);
    found.ok_or_else(|| Malformed::new("a state of a case (as in DISPOSAL_DUE)", name))
}

/// Where a page ended, as its cursor says it.
fn stand(cursor: &str) -> Result<Stand, Malformed> {
    let read = cursor
        .split_once('.')
        .and_then(|(created, id)| Some(Stand { created: created.parse().ok()?, id: id.parse().ok()? }));
    read.ok_or_else(|| Malformed::new("the cursor of a page", cursor))
}

impl Office {
    /// A page of a list. Pages go from the case or draft that began last to the first one, so that whatever moves meanwhile each is on one
    /// of them; on its page the one that changed last stands first.
    pub(crate) async fn list(&self, page: &Page) -> Result<wire::ListCasesResponse, Denial> {
        let now = clock::now();
        let which = page.which(now);
        let (mut cases, mut after, mut looked_at) = (Vec::new(), page.after, 0);
        for _ in 0..ROUNDS_MAX {
            // One more than a page has tells whether there is another page.
            let places = self.store.listed(&which, after, page.limit as u64 + 1).await?;
            let mut found = self.summaries(&places, now).await?;
            for (at, place) in places.iter().enumerate() {
                if cases.len() == page.limit {
                    return Ok(answer(cases, after, looked_at));
                }
                after = Some(*place);
                looked_at += 1;
                cases.extend(found.remove(&place.id).filter(|case| page.wants(case)));
                let last = at + 1 == places.len();
                if last && places.len() <= page.limit {
                    return Ok(answer(cases, None, looked_at));
                }
            }
            if places.is_empty() {
                return Ok(answer(cases, None, looked_at));
            }
        }
        Ok(answer(cases, after, looked_at))
    }

    async fn summaries(&self, places: &[Stand], now: Timestamp) -> Result<BTreeMap<CaseId, wire::CaseSummary>, Denial> {
        let ids: Vec<_> = places.iter().map(|place| place.id).collect();
        let Around { cases, drafts, proposals, clocks } = self.store.around(&ids).await?;
        let told = told_by(&clocks);
        let mut unsent: BTreeMap<CaseId, (DraftView, i64)> = BTreeMap::new();
        for row in &drafts {
            unsent.insert(row.id.0, (self.draft_of(row)?, row.updated));
        }
        let mut views = Vec::with_capacity(cases.len());
        for row in &cases {
            views.push((self.view_of(row)?, row.updated));
        }
        let kept: Vec<_> =
            views.iter().map(|(view, _)| view).filter(|view| preserves(view)).map(|view| view.id).collect();
        let following = self.views_of(&self.store.cases_following(&kept, FOLLOWING_MAX).await?)?;
        let mut found = BTreeMap::new();
        for (view, updated) in &views {
            let draft = unsent.remove(&view.id);
            let awaiting = self.awaiting(view, &proposals, now)?;
            let mut case = of_case(view, draft.as_ref().map(|(draft, _)| draft), *updated, awaiting);
            self.complete(&mut case, view, &following, &told, now)?;
            found.insert(view.id, case);
        }
        let training = self.trains();
        let shown = |id, draft, updated| wire::CaseSummary { training, ..of_draft(id, draft, updated) };
        found.extend(unsent.iter().map(|(id, (draft, updated))| (*id, shown(*id, draft, *updated))));
        Ok(found)
    }

    /// Adds what follows from other cases, from clocks and from the directory.
    pub(super) fn complete(
        &self,
        case: &mut wire::CaseSummary,
        view: &CaseView,
        following: &[CaseView],
        told: &ToldClocks,
        now: Timestamp,
    ) -> Result<(), Denial> {
        case.training = self.is_exercise(view);
        if case.trouble.is_empty() {
            case.trouble = self.parked_in(view.id).unwrap_or_default();
        }
        case.preservation = self.first_to_end(view, following, now)?;
        case.clock = self.first_clock(view, told, now);
        Ok(())
    }

    /// The cases that follow this one, and those that it follows, as far as they are here.
    pub(super) async fn related(&self, view: &CaseView) -> Result<Vec<CaseView>, Denial> {
        let mut rows = self.store.cases_following(&[view.id], FOLLOWING_MAX).await?;
        let earlier: Vec<_> = earlier_of(view).collect();
        rows.extend(self.store.cases_among(&earlier).await?);
        self.views_of(&rows)
    }

    fn views_of(&self, rows: &[DeskCaseRow]) -> Result<Vec<CaseView>, Denial> {
        rows.iter().map(|row| self.view_of(row)).collect()
    }

    /// Notes in the rows of cases which an older program wrote what lists are made by. Nobody else writes meanwhile.
    pub(super) async fn note_listed(&self) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let rows = self.store.unlisted(after, NOTED_AT_ONCE).await.map_err(Denial::from)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.id.0);
            let mut batch = DeskBatch::default();
            for row in &rows {
                // What cannot be read is in no list, and says so where it is asked for.
                let Ok(view) = self.view_of(row) else { continue };
                self.put_case(&mut batch, &view, Some(row.version), Timestamp(row.updated)).await?;
            }
            self.store.commit(&batch).await.map_err(Denial::from)?;
        }
    }
}

fn answer(mut cases: Vec<wire::CaseSummary>, after: Option<Stand>, looked_at: u32) -> wire::ListCasesResponse {
    cases.sort_by_key(|case| Reverse(case.updated_ms));
    let next_after = after.map(|after| format!("{}.{}", after.created, after.id)).unwrap_or_default();
    wire::ListCasesResponse { cases, next_after, looked_at }
}

fn preserves(view: &CaseView) -> bool {
    view.shown().is_some_and(|case| Office::preserves(&case))
}

/// The cases that a case follows, each once or twice.
fn earlier_of(view: &CaseView) -> impl Iterator<Item = CaseId> + '_ {
    let declared = view.earlier.map(|follows| follows.case);
    view.follows.iter().copied().chain(declared).filter(|id| *id != view.id)
}

/// The rows that lead from earlier cases to this one.
pub(super) fn links(view: &CaseView) -> impl Iterator<Item = LinkRow> + '_ {
    earlier_of(view).map(|earlier| LinkRow { case_id: view.id.into(), earlier: earlier.into() })
}

/// When a case began, in milliseconds: with its draft, or with the entry that opened it. That does not change.
pub(super) fn began(view: &CaseView, case: Option<&Case>, now: Timestamp) -> i64 {
    view.began.or(case.map(|case| case.opened)).unwrap_or(now).0
}

/// From when on a case calls people: by a clock of theirs that warns them, by any that is over, because what it preserves ends
/// soon or is not kept secret, or because records that lie here are said to be wrong.
pub(super) fn calls_at(view: &CaseView, clocks: &[Clock]) -> Option<i64> {
    let open = clocks.iter().filter(|clock| clock.course.end.is_none());
    let by_clock = open.filter_map(|clock| {
        let ours = clock.sides.contains(&view.side());
        alarms(&clock.course).find(|alarm| ours || !alarm.kind.is_warning()).map(|alarm| alarm.at.0)
    });
    let case = view.shown();
    let measures = case.iter().flat_map(|case| case.measures.values());
    let kept = measures.filter_map(Preservation::of).filter_map(|kept| {
        let end = kept.until.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(end.timestamp().as_millisecond().saturating_sub(FIRST_WARNING_MS))
    });
    let warned = case.iter().flat_map(|case| case.measures.values()).filter(|measure| {
        view.warned.get(&measure.scope.id).is_some_and(|one| one.tip_off_risk) && Preservation::of(measure).is_some()
    });
    let warned = warned.filter_map(|measure| measure.produced).map(|at| at.0);
    let doubted =
        matters_shown::in_doubt(view).into_iter().filter_map(|id| Some(case.as_ref()?.matters.get(&id)?.opened.0));
    by_clock.chain(kept).chain(warned).chain(doubted).min()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_cursor_names_the_last_place_of_a_page_and_nothing_else_is_one() {
        let last = Stand { created: 1_790_000_000_000, id: CaseId::new([7; 16]) };
        let cursor = answer(Vec::new(), Some(last), 1).next_after;
        assert_eq!(stand(&cursor).unwrap(), last);
        for other in ["", "1", "1.", ".07070707-0707-0707-0707-070707070707", "1.x"] {
            assert!(stand(other).is_err(), "{other}");
        }
        assert_eq!(answer(Vec::new(), None, 0).next_after, "");
    }

    #[test]
    fn on_its_page_the_case_that_changed_last_stands_first() {
        let case = |updated_ms| wire::CaseSummary { updated_ms, ..wire::CaseSummary::default() };
        let page = answer(vec![case(1), case(3), case(2)], None, 3).cases;
        assert_eq!(page.iter().map(|case| case.updated_ms).collect::<Vec<_>>(), [3, 2, 1]);
    }

    #[test]
    fn a_page_is_no_longer_than_it_may_be() {
        assert_eq!([limit(0, PAGE), limit(7, PAGE), limit(u32::MAX, PAGE)], [PAGE, 7, PAGE_MAX]);
        let filters = ["all", "inbox", "ours", "theirs", "outbox", "due", "drafts", ""];
        assert!(filters.into_iter().all(|filter| filter.parse::<Filter>().is_ok()));
        assert!("mine".parse::<Filter>().is_err());
    }
}
