use std::collections::{BTreeMap, BTreeSet};

use model::{
    AuthorityId, ConditionCode, EntryId, KeyId, LeftOut, MatterId, MeasureId, MeasureScope, PartyId, Pin,
    PostponementCode, RecordType, RefusalCode, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{CallBack, Matter, Row, Side, State, Terms, Trigger, answer, rows_from};

/// The records that a hearing makes, by their names in treaties.
pub(crate) const HEARD: [&str; 2] = ["hearing_record", "testimony_record"];

/// A case as its events made it. A time is the one from which on an entry counts ([`Event::moment`](crate::Event::moment)), so that both
/// sides hold the same and neither chooses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The requesting party.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// The rule under which the case runs.
    pub pin: Pin,
    /// When its group was opened.
    pub opened: Timestamp,
    /// When it last moved.
    pub moved: Timestamp,
    /// The latest moment that one of its entries states.
    #[serde(default = "long_ago")]
    pub stated: Timestamp,
    /// The entry that sent the request.
    #[serde(default)]
    pub request: Option<EntryId>,
    /// What is asked; empty until the request is sent.
    pub measures: BTreeMap<MeasureId, Measure>,
    /// What the case has beside the request, in the order in which it was opened.
    #[serde(default)]
    pub matters: BTreeMap<MatterId, Matter>,
    /// Closed before any request was sent.
    pub abandoned: bool,
}

/// One thing asked, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// What is asked, as the header of the request declared it.
    pub scope: MeasureScope,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Which records were released, in all parts.
    pub released: Vec<RecordType>,
    /// The entries that brought records for it, whether they were taken or not: who rejects a release has seen it.
    #[serde(default)]
    pub entries: BTreeSet<EntryId>,
    /// The newest of them.
    #[serde(default)]
    pub newest: Option<EntryId>,
    /// Those of them whose records were recalled and destroyed, as two custodians certified.
    #[serde(default)]
    pub shredded: BTreeSet<EntryId>,
    /// Under which conditions, from recognition and release together.
    pub conditions: Vec<ConditionCode>,
    /// Under which conditions it is granted now: what is released may come under these.
    #[serde(default)]
    pub granted: Vec<ConditionCode>,
    /// Why it was refused or blocked.
    pub ground: Option<RefusalCode>,
    /// What the treaty says of the answer; `None` where whoever folded the case does not hold its rule.
    #[serde(default)]
    pub terms: Option<Terms>,
    /// When the request arrived.
    #[serde(default = "never")]
    pub arrived: Timestamp,
    /// Whether a consultation was held.
    #[serde(default)]
    pub consulted: bool,
    /// When the requested authority called back.
    #[serde(default)]
    pub callback: Option<Timestamp>,
    /// The call-back of an emergency, as both sides tell it.
    #[serde(default)]
    pub call: Option<CallBack>,
    /// The bytes of the sealed bodies that answer it.
    #[serde(default)]
    pub bytes: u64,
    /// When its records were released.
    #[serde(default)]
    pub produced: Option<Timestamp>,
    /// Where it stood when questions were asked; it goes back there.
    #[serde(default)]
    pub asked_in: Option<State>,
    /// How often the requesting party was reminded of them; it is not counted further than is wanted.
    #[serde(default)]
    pub reminded: u32,
    /// Which conditions the requesting party has to take or decline.
    #[serde(default)]
    pub offered: Vec<ConditionCode>,
    /// Why it is postponed.
    #[serde(default)]
    pub postponed: Option<PostponementCode>,
    /// The first moment after the day on which what is postponed is looked at again, where its header said so.
    #[serde(default)]
    pub review_at: Option<Timestamp>,
    /// Whether something is outstanding behind the part that was collected.
    #[serde(default)]
    pub outstanding: bool,
    /// Whether the requested party reported what came of it.
    #[serde(default)]
    pub reported: bool,
    /// What that report left out, and why.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// What arrived whole of its parts.
    #[serde(default)]
    pub taken: Taken,
    /// Where it stood when a remedy was lodged; it goes back there if the decision is upheld.
    #[serde(default)]
    pub lodged_in: Option<State>,
    /// When an emergency was validated after the fact.
    #[serde(default)]
    pub regularised: Option<Timestamp>,
    /// Until when its records may be kept, where their giver said so.
    #[serde(default)]
    pub kept_until: Option<Timestamp>,
    /// Until when preserved data is kept, where that was prolonged.
    #[serde(default)]
    pub preserved_until: Option<Timestamp>,
    /// Whether what was preserved is needed no more.
    #[serde(default)]
    pub given_up: bool,
    /// Who stood for the newest decision on it: an acceptance, an offer, a refusal.
    #[serde(default)]
    pub decided_by: BTreeSet<KeyId>,
}

/// The parts of an answer that the requesting party has confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Which records.
    pub records: Vec<RecordType>,
    /// The bytes of their sealed bodies.
    pub bytes: u64,
    /// When the newest of them was released.
    pub produced: Option<Timestamp>,
}

impl Measure {
    /// Whether it gives instead of asks.
    pub fn gives(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.gives)
    }

    /// Whether it asks for a record that a hearing makes: only of such a measure are there hearings.
    pub fn asks_to_hear(&self) -> bool {
        !self.gives() && self.scope.records.iter().any(|record| HEARD.contains(&record.as_str()))
    }

    /// Whether a hearing of it may be proposed, and held.
    pub fn may_be_heard(&self) -> bool {
        self.asks_to_hear() && self.state.is_under_way()
    }

    /// Whether its article is one for emergencies: granted after a call-back, or validated after the fact.
    pub fn is_emergency(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.callback || terms.expost_hours.is_some())
    }

    /// Who keeps what was released for it: the requesting party, or the requested one where the request gave it.
    pub fn keeper(&self) -> Side {
        if self.gives() { Side::Peer } else { Side::Home }
    }

    /// The records that were asked for and not released.
    pub fn missing(&self) -> impl Iterator<Item = &RecordType> {
        self.scope.records.iter().filter(|record| !self.released.contains(record))
    }

    /// Whether something was released that must be destroyed or returned one day. The confirmation of a preservation is no such thing. What was
    /// given in an emergency must, unless a court validates it [CETS 224 art. 9(5), Reg. 2023/1543 art. 4(5)].
    pub fn keeps(&self) -> bool {
        use ConditionCode::{C05, C06};
        let kept = |terms: &Terms| terms.retention_days.is_some() && terms.preservation.is_none();
        let bound = self.conditions.iter().any(|code| matches!(code, C05 | C06));
        !self.released.is_empty()
            && !self.is_shredded()
            && (bound
                || self.is_taken_back()
                || self.regularise_by().is_some()
                || self.terms.as_ref().is_some_and(kept))
    }

    /// Whether records that were given for it may still be with who keeps them: none were destroyed, returned, or never taken.
    pub fn has_records(&self) -> bool {
        !self.entries.is_empty() && !self.is_shredded() && !matches!(self.state, State::Disposed | State::Closed)
    }

    /// Whether all records that were ever brought for it were recalled and destroyed: nothing is left to certify.
    pub fn is_shredded(&self) -> bool {
        !self.entries.is_empty() && self.entries.is_subset(&self.shredded)
    }

    /// Whether its giver withdrew what it had given: whoever has it may not use it, and destroys it.
    pub fn is_taken_back(&self) -> bool {
        self.gives() && self.state == State::Withdrawn
    }

    /// The last moment at which an emergency may be validated after the fact; `None` where nothing has to be, or it was.
    pub fn regularise_by(&self) -> Option<Timestamp> {
        let hours = self.terms.as_ref()?.expost_hours?;
        self.regularised.is_none().then(|| self.arrived.plus_ms(i64::from(hours) * 3600 * 1000))
    }
}

fn long_ago() -> Timestamp {
    Timestamp(i64::MIN)
}

pub(crate) fn never() -> Timestamp {
    Timestamp(i64::MAX)
}

/// Something that a side may do now.
#[derive(Debug, Clone)]
pub struct Possibility {
    /// The row of the procedure.
    pub row: &'static Row,
    /// The measures it may concern; empty where the case has none yet.
    pub measures: Vec<MeasureId>,
}

impl Possibility {
    /// Whether it is possible at `now` for one of its measures: what rests on a long silence of the other side is not, before that is over.
    pub fn is_due(&self, case: &Case, now: Timestamp) -> bool {
        let mut standing = self.measures.iter().filter_map(|id| case.measures.get(id)).peekable();
        let over = |measure: &Measure| answer::silent_until(measure) <= now && answer::is_reminded(measure);
        let due = |measure: &Measure| !self.row.guard.rests_on_time(measure) || over(measure);
        standing.peek().is_none() || standing.any(due)
    }
}

impl Case {
    /// Where the case stands: its least advanced live measure; if none is live, the first that is not closed; else closed.
    /// Before the request is sent: validated.
    pub fn state(&self) -> State {
        if self.measures.is_empty() {
            return if self.abandoned { State::Closed } else { State::Validated };
        }
        // Live states are less than the ended ones, and these less than CLOSED.
        self.measures.values().map(|measure| measure.state).min().unwrap_or(State::Closed)
    }

    /// Who has to act for the case to advance where it stands. `None` when it is over or waits for a gateway.
    pub fn whose_move(&self) -> Option<Side> {
        let state = self.state();
        self.movers(state, self.measures.values().filter(|measure| measure.state == state))
    }

    /// Whether something in the case waits for a side. Both may be awaited: records of one measure have arrived and are not confirmed
    /// yet, while another measure is still under review. A measure that ended early awaits nobody while others go on. What was given in an
    /// emergency awaits its validation from the moment it is there.
    pub fn awaits(&self, side: Side) -> bool {
        let over = self.measures.values().all(|measure| measure.state.ended_early());
        let standing = self.measures.values().filter(|measure| over || !measure.state.ended_early());
        let before = |measure: &Measure| matches!(measure.state, State::Acked | State::Review);
        let called = || self.measures.values().any(|one| before(one) && one.awaits_challenge());
        let unvalidated = || {
            let kept =
                |one: &Measure| matches!(one.state, State::Produced | State::Received | State::Executed | State::InUse);
            self.measures.values().any(|one| one.regularise_by().is_some() && kept(one))
        };
        (side == Side::Home && (called() || unvalidated()))
            || self.whose_move() == Some(side)
            || standing.into_iter().any(|measure| self.movers(measure.state, [measure].into_iter()) == Some(side))
    }

    /// Who moves measures on that all stand in `state`.
    fn movers<'a>(&self, state: State, here: impl Iterator<Item = &'a Measure>) -> Option<Side> {
        let onward = |row: &&Row| {
            use model::Step::{DisposalDue, Extend, LodgeRemedy, OpenGroup, Violation, Withdraw};
            // What is kept of a request that was withdrawn is due at once; else it is due by its clock. Who gave it may let it be kept
            // for longer, and need not.
            let aside = |step| match step {
                OpenGroup | Violation | Withdraw | LodgeRemedy | Extend => true,
                DisposalDue => state != State::Withdrawn,
                _ => false,
            };
            row.to.is_some() && matches!(row.trigger, Trigger::Step(step) if !aside(step))
        };
        let here: Vec<_> = here.collect();
        let whose = |row: &Row| {
            let fits = |side: &&Side| here.is_empty() || here.iter().any(|measure| row.applies(measure, **side));
            row.sides.iter().find(fits).copied()
        };
        rows_from(state).filter(onward).find_map(whose)
    }

    /// The place of an authority in the case. `None` for a third party.
    pub fn side_of(&self, authority: &AuthorityId) -> Option<Side> {
        side_of(self.home, self.peer, authority.party())
    }

    /// The party on a side.
    pub fn party(&self, side: Side) -> PartyId {
        match side {
            Side::Home => self.home,
            Side::Peer => self.peer,
        }
    }

    /// Every step that a side may take now, in the order of the table, with the measures it may concern.
    pub fn possible(&self, side: Side) -> Vec<Possibility> {
        let case_state = self.state();
        let rows = crate::TRANSITIONS.iter().filter(|row| row.sides.contains(&side));
        let rows = rows.filter(|row| matches!(row.trigger, Trigger::Step(step) if !matches!(step, model::Step::OpenGroup | model::Step::AskRejoin)));
        rows.filter_map(|row| {
            if self.measures.is_empty() || row.is_of_the_case() {
                return row.from.contains(&case_state).then(|| Possibility { row, measures: Vec::new() });
            }
            let fits = |measure: &Measure| row.from.contains(&measure.state) && row.applies(measure, side);
            let standing = self.measures.iter().filter(|(_, measure)| fits(measure));
            let measures: Vec<_> = standing.map(|(id, _)| *id).collect();
            (!measures.is_empty()).then_some(Possibility { row, measures })
        })
        .collect()
    }
}

pub(crate) fn side_of(home: PartyId, peer: PartyId, party: PartyId) -> Option<Side> {
    if party == home {
        Some(Side::Home)
    } else if party == peer {
        Some(Side::Peer)
    } else {
        None
    }
}
