use std::collections::{BTreeMap, BTreeSet};

use model::{
    ConditionCode, Digest, EntryId, KeyId, LeftOut, MatterId, MeasureId, MeasureScope, PartyId, Pin, PostponementCode,
    RecordType, RefusalCode, Step, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    Case, GatewayEvent, INFO_REMINDERS, Matter, Measure, State, Taken, Terms, Trigger, callback as call, rows_from,
};

/// Which fold this is: it grows with each change of what [`apply`] makes of the same events. What was folded by another one is folded anew
/// from its entries.
pub const FOLD: u16 = 8;

/// Something that happened to a case. It names the case's frame, so that a case can be folded from its events alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The requesting party.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// The rule of the case.
    pub pin: Pin,
    /// When, as the entry states.
    pub at: Timestamp,
    /// When the gateway of the party that did not send the entry took it, as its RelayAcceptance says; `None` for a gateway's own act, and
    /// as long as the entry is on its way.
    #[serde(default)]
    pub taken: Option<Timestamp>,
    /// By which entry; `None` where a gateway's own act moved the case.
    #[serde(default)]
    pub entry: Option<EntryId>,
    /// What.
    pub change: Change,
}

/// What an event changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The case's group was opened.
    Opened,
    /// Who can read has changed, or a leaf was renewed.
    GroupChanged,
    /// A draft was shown or commented on: no legal effect.
    Drafted,
    /// The request was sent.
    Sent {
        /// All that is asked.
        measures: Vec<MeasureScope>,
        /// What the treaty says of the answer to each.
        #[serde(default)]
        terms: Vec<(MeasureId, Terms)>,
        /// Under which conditions, where it gives.
        #[serde(default)]
        conditions: Vec<ConditionCode>,
        /// The bytes of its sealed body, where it gives.
        #[serde(default)]
        bytes: u64,
    },
    /// Measures moved.
    Moved {
        /// By which step.
        step: Step,
        /// Which, from where to where, with what was released for each.
        moves: Vec<Move>,
        /// Why, where it was refused or blocked.
        ground: Option<RefusalCode>,
        /// Conditions offered or added.
        conditions: Vec<ConditionCode>,
        /// When the requested authority called back.
        #[serde(default)]
        callback: Option<Timestamp>,
        /// The commitment of the challenge of its call.
        #[serde(default)]
        challenge: Option<Digest>,
        /// How many sealed bytes answer the measures.
        #[serde(default)]
        bytes: u64,
        /// Why it is postponed.
        #[serde(default)]
        postponement: Option<PostponementCode>,
        /// Until when records may be kept, or data stays preserved.
        #[serde(default)]
        until: Option<Timestamp>,
        /// Who stood for it, where it decides on the measures.
        #[serde(default)]
        decided_by: Vec<KeyId>,
        /// The correction that it opens, where records are not taken.
        #[serde(default)]
        opens: Option<(MatterId, Box<Matter>)>,
        /// What a report leaves out.
        #[serde(default)]
        left_out: Vec<LeftOut>,
    },
    /// A matter was opened or moved.
    Matter {
        /// Which.
        id: MatterId,
        /// What it is now.
        matter: Matter,
        /// By which step.
        step: Step,
        /// How many sealed bytes records in it have.
        bytes: u64,
    },
    /// The case was closed before a request was part of it.
    Abandoned,
    /// A gateway's own event, for each measure that awaits it.
    Gateway {
        /// Which.
        event: GatewayEvent,
        /// Why, where a gateway refused.
        ground: Option<RefusalCode>,
    },
}

/// One measure's move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Which measure.
    pub measure: MeasureId,
    /// Where it stood.
    pub from: State,
    /// Where it goes.
    pub to: State,
    /// What is released for it.
    pub records: Vec<RecordType>,
}

impl Event {
    /// The other gateway took the request.
    pub fn delivered(case: &Case, at: Timestamp) -> Self {
        Self::by_gateway(case, GatewayEvent::Receipt, None, at)
    }

    /// A gateway refused the request.
    pub fn denied(case: &Case, ground: Option<RefusalCode>, at: Timestamp) -> Self {
        Self::by_gateway(case, GatewayEvent::Deny, ground, at)
    }

    /// The request expired on its way.
    pub fn no_route(case: &Case, at: Timestamp) -> Self {
        Self::by_gateway(case, GatewayEvent::NoRoute, None, at)
    }

    fn by_gateway(case: &Case, event: GatewayEvent, ground: Option<RefusalCode>, at: Timestamp) -> Self {
        let change = Change::Gateway { event, ground };
        Self { home: case.home, peer: case.peer, pin: case.pin, at, taken: None, entry: None, change }
    }

    /// From when on the event counts: see [`counted`].
    pub fn moment(&self, case: Option<&Case>) -> Timestamp {
        counted(case, self.at, self.taken)
    }
}

/// From when on an entry counts: the latest of what it states, of when the other party's gateway took it, and of the case's last move. So
/// nobody gains time by stating another one: what runs against a party runs from when its own gateway had it, and the times of a case
/// never go back. All of it is in the entries and their receipts, so that every fold comes to the same.
pub(crate) fn counted(case: Option<&Case>, stated: Timestamp, taken: Option<Timestamp>) -> Timestamp {
    let moved = case.map_or(stated, |case| case.moved);
    stated.max(taken.unwrap_or(stated)).max(moved)
}

/// Until when somebody has waited who says that the other side was silent: what the entry states, or, where it is later, when the other
/// party's gateway took it. The case's last move does not count here: who waits may have dated it ahead, by the receipt of an entry of the
/// other side, and a silence must not end sooner for that.
pub(crate) fn waited(stated: Timestamp, taken: Option<Timestamp>) -> Timestamp {
    stated.max(taken.unwrap_or(stated))
}

/// Folds an event into the case; `None` is a case of which nothing happened yet. A move whose measure does not stand where the
/// event says changes nothing, so that no fold can skip a state.
pub fn apply(case: Option<Case>, event: &Event) -> Case {
    let at = event.moment(case.as_ref());
    let mut case = case.unwrap_or_else(|| begun(event));
    case.moved = at;
    case.stated = case.stated.max(event.at);
    match &event.change {
        Change::Opened | Change::GroupChanged | Change::Drafted => {}
        Change::Sent { measures, terms, conditions, bytes } if case.measures.is_empty() && !case.abandoned => {
            case.request = event.entry;
            send(&mut case, measures, terms, event.entry);
            for measure in case.measures.values_mut().filter(|measure| measure.gives()) {
                measure.bytes = *bytes;
                bind(measure, Step::SealSend, conditions);
            }
        }
        // It was sent, or given up, before.
        Change::Sent { .. } => {}
        Change::Moved { .. } => moved(&mut case, event, at),
        Change::Matter { id, matter, step, bytes } => {
            if *step == Step::Reissue {
                let concerned = case.measures.iter_mut().filter(|(id, _)| matter.concerns.contains(id));
                concerned.for_each(|(_, measure)| {
                    measure.bytes = measure.bytes.saturating_add(*bytes);
                    measure.entries.extend(event.entry);
                    measure.newest = event.entry.or(measure.newest);
                });
            }
            if *step == Step::CertifyShredding {
                for (id, measure) in &mut case.measures {
                    let gone = measure.entries.iter().filter(|entry| matter.is_about(**entry, *id));
                    measure.shredded.extend(gone);
                }
            }
            let matter = dated(matter.clone(), case.matters.get(id), *step, at);
            case.matters.insert(*id, matter);
        }
        Change::Abandoned => case.abandoned = case.measures.is_empty(),
        Change::Gateway { event: gateway, ground } => {
            for measure in case.measures.values_mut() {
                let row = rows_from(measure.state).find(|row| row.trigger == Trigger::Gateway(*gateway));
                if let Some(to) = row.and_then(|row| row.to) {
                    measure.state = to;
                    measure.since = at;
                    measure.ground = ground.or(measure.ground);
                }
            }
        }
    }
    case
}

/// Measures that moved, with what the step says of them.
fn moved(case: &mut Case, event: &Event, at: Timestamp) {
    let Change::Moved {
        step,
        moves,
        ground,
        conditions,
        callback,
        challenge,
        bytes,
        postponement,
        until,
        decided_by,
        opens,
        left_out,
    } = &event.change
    else {
        return;
    };
    if let Some((id, matter)) = opens {
        case.matters.insert(*id, dated((**matter).clone(), None, *step, at));
    }
    for one in moves {
        if let Some(measure) = case.measures.get_mut(&one.measure)
            && measure.state == one.from
        {
            shift(measure, *step, one, at);
            if step.carries_records() {
                measure.entries.extend(event.entry);
                measure.newest = event.entry.or(measure.newest);
            }
            measure.callback = callback.or(measure.callback);
            call::fold(measure, *step, *challenge, event.at, at);
            measure.bytes = measure.bytes.saturating_add(*bytes);
            measure.ground = ground.or(measure.ground);
            if one.from != one.to {
                measure.postponed = *postponement;
            }
            lasts(measure, *step, *until, at);
            if !decided_by.is_empty() {
                measure.decided_by = decided_by.iter().copied().collect();
            }
            bind(measure, *step, conditions);
            measure.left_out.extend(left_out.iter().filter(|out| out.measure == one.measure).cloned());
        }
    }
}

/// A case of which nothing happened yet.
fn begun(event: &Event) -> Case {
    let at = event.moment(None);
    Case {
        home: event.home,
        peer: event.peer,
        pin: event.pin,
        opened: at,
        moved: at,
        stated: event.at,
        request: None,
        measures: BTreeMap::new(),
        matters: BTreeMap::new(),
        abandoned: false,
    }
}

fn send(case: &mut Case, measures: &[MeasureScope], terms: &[(MeasureId, Terms)], entry: Option<EntryId>) {
    let at = case.moved;
    let fresh = |scope: &MeasureScope| Measure {
        scope: scope.clone(),
        state: State::Sent,
        since: at,
        released: Vec::new(),
        entries: BTreeSet::new(),
        newest: None,
        shredded: BTreeSet::new(),
        conditions: Vec::new(),
        granted: Vec::new(),
        ground: None,
        terms: terms.iter().find(|(id, _)| *id == scope.id).map(|(_, terms)| terms.clone()),
        arrived: at,
        consulted: false,
        callback: None,
        call: None,
        bytes: 0,
        produced: None,
        asked_in: None,
        reminded: 0,
        offered: Vec::new(),
        postponed: None,
        review_at: None,
        outstanding: false,
        reported: false,
        left_out: Vec::new(),
        taken: Taken::default(),
        lodged_in: None,
        regularised: None,
        kept_until: None,
        preserved_until: None,
        given_up: false,
        decided_by: BTreeSet::new(),
    };
    let fresh = |scope: &MeasureScope| {
        let measure = fresh(scope);
        // What is given with the request is released by it.
        if !measure.gives() {
            return measure;
        }
        let entries = entry.into_iter().collect();
        Measure { released: scope.records.clone(), entries, newest: entry, produced: Some(at), ..measure }
    };
    case.measures = measures.iter().map(|scope| (scope.id, fresh(scope))).collect();
}

/// A matter with the moments from which on its standing counts.
fn dated(mut matter: Matter, before: Option<&Matter>, step: Step, at: Timestamp) -> Matter {
    matter.opened = before.map_or(at, |before| before.opened);
    matter.since = before.filter(|before| before.state == matter.state).map_or(at, |before| before.since);
    if step == Step::GrantConsent {
        matter.granted = Some(at);
    }
    matter
}

fn shift(measure: &mut Measure, step: Step, one: &Move, at: Timestamp) {
    measure.reported |= step == Step::FinalReport;
    if one.from != one.to {
        measure.state = one.to;
        measure.since = at;
    }
    match step {
        Step::Release | Step::Answer => {
            let earlier = measure.taken.records.iter().filter(|record| !one.records.contains(record));
            measure.released = earlier.chain(&one.records).cloned().collect();
            measure.ground = None;
            measure.produced = Some(at);
        }
        Step::ConsultDone => measure.consulted = true,
        Step::AskInfo if one.from != State::InfoWait => (measure.asked_in, measure.reminded) = (Some(one.from), 0),
        Step::AskInfo => measure.reminded = INFO_REMINDERS.min(measure.reminded + 1),
        Step::GiveInfo => measure.asked_in = None,
        Step::LodgeRemedy => measure.lodged_in = Some(one.from),
        Step::UpholdDecision => measure.lodged_in = None,
        Step::AnnulDecision => {
            (measure.lodged_in, measure.ground, measure.consulted) = (None, None, false);
            // An annulled decision binds nobody; under what was given before, that was given.
            measure.granted.clear();
            if measure.released.is_empty() {
                measure.conditions.clear();
            }
        }
        // A consultation is one on what was decided after it, and on nothing that is decided later.
        Step::Recognise | Step::AcceptConditions | Step::Resume => measure.consulted = false,
        Step::PartCollected => measure.outstanding = true,
        Step::Collected => measure.outstanding = false,
        // Who is silent for long has what it was given.
        Step::Confirm | Step::FinalReport | Step::MoreToCome if one.from == State::Produced => {
            let (records, bytes, produced) = (measure.released.clone(), measure.bytes, measure.produced);
            measure.taken = Taken { records, bytes, produced };
        }
        // What was given and is not taken was not given.
        Step::ReturnRequest | Step::Violation if measure.gives() => {
            measure.released.clear();
            measure.bytes = 0;
            measure.produced = None;
        }
        // A release that contradicted its header, or was not taken, did not happen; the parts before it did.
        Step::Violation | Step::Reject if one.from == State::Produced => {
            measure.released.clone_from(&measure.taken.records);
            measure.bytes = measure.taken.bytes;
            measure.produced = measure.taken.produced;
        }
        _ => {}
    }
}

/// What a step says of how long something lasts.
fn lasts(measure: &mut Measure, step: Step, until: Option<Timestamp>, at: Timestamp) {
    match step {
        Step::Postpone => measure.review_at = until,
        Step::Resume => measure.review_at = None,
        Step::Extend => measure.kept_until = until,
        Step::Prolong => measure.preserved_until = until,
        Step::GiveUp => measure.given_up = true,
        Step::Regularise => measure.regularised = Some(at),
        _ => {}
    }
}

/// Conditions bind once they are imposed or taken; what is offered binds nobody.
fn bind(measure: &mut Measure, step: Step, conditions: &[ConditionCode]) {
    match step {
        Step::OfferConditions => {
            measure.offered = sorted(conditions.to_vec());
            return;
        }
        Step::AcceptConditions | Step::DeclineConditions | Step::Resume => measure.offered.clear(),
        _ => {}
    }
    match step {
        // A new acceptance is a grant of its own; what is offered later and taken is added to it.
        Step::Recognise => measure.granted = sorted(conditions.to_vec()),
        // Nobody granted what was given by itself, or answered by the treaty's own conditions, before it was given.
        Step::AcceptConditions | Step::Answer | Step::SealSend => {
            measure.granted = sorted([&measure.granted, conditions].concat());
        }
        _ => {}
    }
    measure.conditions = sorted([&measure.conditions, conditions].concat());
}

fn sorted(mut conditions: Vec<ConditionCode>) -> Vec<ConditionCode> {
    conditions.sort_unstable();
    conditions.dedup();
    conditions
}
