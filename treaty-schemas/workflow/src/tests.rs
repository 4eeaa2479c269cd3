#![expect(clippy::unwrap_used, reason = "tests")]

mod alone;
mod emergency;
mod ends;
mod hearing;
mod late;
mod law;
mod matters;
mod onward;
mod picture;
mod procedure;
mod silence;
mod statistics;
mod steps;
mod terms;
mod wide;

use model::{
    Absence, AuthorityId, CaseId, Challenge, ConditionCode, Declared, Digest, EntryId, Flaw, KeyId, LeftOut, MatterId,
    MeasureId, MeasureScope, PartyId, Pin, PostponementCode, RecordType, Refusal, RefusalCode, Role, SelectorKind,
    Step, Timestamp,
};

use crate::{
    Actor, Case, Command, Event, MATTERS, Side, State, TRANSITIONS, Terms, Trigger, apply, decide, moves_matter,
};

pub(super) const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// The entry that every order states.
pub(super) const ENTRY: EntryId = EntryId::new([1; 16]);

pub(super) fn party(side: &str) -> PartyId {
    match side {
        "home" => "JP".parse().unwrap(),
        "peer" => "FR".parse().unwrap(),
        other => other.parse().unwrap(),
    }
}

pub(super) fn key(officer: u8) -> KeyId {
    KeyId::of(&[officer])
}

pub(super) fn record(name: &str) -> RecordType {
    name.parse().unwrap()
}

/// The same case, of which each measure asks for the record of a hearing as well.
pub(super) fn hearable(mut case: Case) -> Case {
    for measure in case.measures.values_mut() {
        measure.scope.records.push(record("hearing_record"));
    }
    case
}

pub(super) fn scope(id: u32, records: &[&str]) -> MeasureScope {
    MeasureScope {
        id: MeasureId(id),
        article: "ets-185:31".parse().unwrap(),
        request_type: "stored_data".parse().unwrap(),
        records: records.iter().map(|name| record(name)).collect(),
        subjects: 1,
        selectors: vec![SelectorKind::Account],
        window: None,
        attributes: vec![],
        tags: vec![],
    }
}

/// Subscriber information of a measure, which does not exist.
pub(super) fn absent(measure: u32) -> LeftOut {
    LeftOut { measure: MeasureId(measure), record: record("subscriber_info"), why: Absence::NotExisting }
}

/// Who should do a step, by its first row.
fn by_the_table(step: Step) -> (AuthorityId, Vec<(KeyId, Role)>) {
    let row = TRANSITIONS.iter().find(|row| row.trigger == Trigger::Step(step)).map(|row| (row.actor, row.sides));
    let matter =
        || MATTERS.iter().find(|row| row.step == step).map(|row| (row.actor, row.by.sides(Side::Home, Side::Home)));
    let (actor, sides) = row.or_else(matter).unwrap();
    let sender = if sides[0] == Side::Home { "JP:central" } else { "FR:central" };
    let signers = match actor {
        Actor::Officers(count, roles) => (0..count).map(|officer| (key(20 + officer), roles[0])).collect(),
        _ => vec![],
    };
    (sender.parse().unwrap(), signers)
}

/// What is read out on the telephone.
pub(super) const CHALLENGE: Challenge = Challenge::new([7; 10]);

pub(super) const CASE: CaseId = CaseId::new([5; 16]);

/// A command that owns what it says.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) step: Step,
    pub(super) sender: AuthorityId,
    pub(super) signers: Vec<(KeyId, Role)>,
    pub(super) concerns: Vec<MeasureId>,
    pub(super) measures: Vec<MeasureScope>,
    pub(super) records: Vec<RecordType>,
    pub(super) ground: Option<RefusalCode>,
    pub(super) conditions: Vec<ConditionCode>,
    pub(super) declared: Declared,
    pub(super) terms: Vec<(MeasureId, Terms)>,
    pub(super) bytes: u64,
    pub(super) purpose: Option<String>,
}

impl Order {
    /// The step as it should be, by who should do it, on these measures.
    pub(super) fn proper(step: Step, concerns: &[u32]) -> Self {
        let home = "JP:central".parse().unwrap();
        let peer = "FR:central".parse().unwrap();
        let (sender, signers): (AuthorityId, Vec<_>) = match step {
            Step::OpenGroup | Step::ChangeGroup => (home, vec![]),
            Step::SealSend => (home, vec![(key(1), Role::Central), (key(2), Role::Central)]),
            Step::Acknowledge | Step::Assign | Step::ReturnRequest => (peer, vec![(key(3), Role::Central)]),
            Step::OpenReview
            | Step::Recognise
            | Step::Consult
            | Step::OfferConditions
            | Step::Postpone
            | Step::Resume => (peer, vec![(key(4), Role::Decider)]),
            Step::Refuse => (peer, vec![(key(4), Role::Decider), (key(5), Role::Decider)]),
            Step::Collected | Step::PartCollected | Step::MoreToCome | Step::AskInfo => {
                (peer, vec![(key(6), Role::Executing)])
            }
            Step::Release => (peer, vec![(key(3), Role::Central), (key(7), Role::Central)]),
            Step::Confirm => (home, vec![(key(8), Role::Custodian)]),
            Step::Reject => (home, vec![(key(8), Role::Custodian), (key(9), Role::Custodian)]),
            Step::GiveInfo
            | Step::AcceptConditions
            | Step::DeclineConditions
            | Step::ConsultDone
            | Step::Close
            | Step::Withdraw => (home, vec![(key(1), Role::Central)]),
            Step::AnnulDecision => (peer, vec![(key(10), Role::Judge)]),
            Step::UpholdDecision => (peer, vec![(key(10), Role::Judge), (key(11), Role::Judge)]),
            Step::Violation => (peer, vec![]),
            step => by_the_table(step),
        };
        let moves = !(step.is_handshake() || matches!(step, Step::SealSend | Step::ShareDraft | Step::CommentDraft));
        Self {
            step,
            sender,
            signers,
            concerns: if moves { concerns.iter().copied().map(MeasureId).collect() } else { vec![] },
            measures: if step == Step::SealSend {
                concerns.iter().map(|id| scope(*id, &["subscriber_info", "traffic_data"])).collect()
            } else {
                vec![]
            },
            records: if step.carries_records() { vec![record("traffic_data")] } else { vec![] },
            ground: match step {
                Step::Refuse => Some(RefusalCode::R07),
                Step::Violation => Some(RefusalCode::R90),
                Step::ReturnRequest => Some(RefusalCode::R93),
                _ => None,
            },
            conditions: match step {
                Step::OfferConditions | Step::AcceptConditions => vec![ConditionCode::C01],
                _ => vec![],
            },
            declared: Declared {
                postponement: (step == Step::Postpone).then_some(PostponementCode::P01),
                until: matches!(step, Step::Extend | Step::Prolong).then_some(NOW.plus_ms(1 << 50)),
                matter: moves_matter(step).then_some(MatterId(1)),
                about: (step == Step::ReportError).then_some(ENTRY),
                minutes: crate::matter::tells_minutes(step).then(|| Digest::of(&[b"minutes"])),
                flaw: matches!(step, Step::Triage | Step::Reject).then_some(Flaw::WrongSubject),
                challenge: (step == Step::OpenCallback).then(|| CHALLENGE.commitment(CASE, ENTRY)),
                response: (step == Step::AnswerCallback).then_some(CHALLENGE),
                // Two record types are asked for, and one of them is released.
                left_out: concerns.iter().filter(|_| step == Step::FinalReport).map(|id| absent(*id)).collect(),
                ..Declared::default()
            },
            terms: vec![],
            bytes: if step.carries_records() { 1000 } else { 0 },
            purpose: matches!(step, Step::RequestUse | Step::RequestOnward | Step::NotifyExculpatory)
                .then(|| "civil_damages".to_owned()),
        }
    }

    pub(super) fn by(mut self, sender: &str) -> Self {
        self.sender = sender.parse().unwrap();
        self
    }

    pub(super) fn signed(mut self, signers: &[(u8, Role)]) -> Self {
        self.signers = signers.iter().map(|(officer, role)| (key(*officer), *role)).collect();
        self
    }

    pub(super) fn decide(&self, case: Option<&Case>) -> Result<Event, Refusal> {
        self.decide_at(case, case.map_or(NOW, |case| case.stated.max(NOW)))
    }

    pub(super) fn decide_at(&self, case: Option<&Case>, at: Timestamp) -> Result<Event, Refusal> {
        self.decide_taken(case, at, None)
    }

    /// The same, where the other party's gateway took it at another moment than the one that it states.
    pub(super) fn decide_taken(
        &self,
        case: Option<&Case>,
        at: Timestamp,
        taken: Option<Timestamp>,
    ) -> Result<Event, Refusal> {
        let command = Command {
            case: CASE,
            entry: ENTRY,
            step: self.step,
            home: party("home"),
            peer: party("peer"),
            pin: Pin(Digest::of(&[b"rule"])),
            sender: &self.sender,
            signers: &self.signers,
            concerns: &self.concerns,
            measures: &self.measures,
            records: &self.records,
            ground: self.ground,
            conditions: &self.conditions,
            declared: &self.declared,
            terms: &self.terms,
            bytes: self.bytes,
            taken,
            purpose: self.purpose.as_deref(),
        };
        decide(case, &command, at)
    }
}

/// Takes the step as it should be.
pub(super) fn take(case: Option<Case>, step: Step, concerns: &[u32]) -> Case {
    let event = Order::proper(step, concerns).decide(case.as_ref()).unwrap();
    apply(case, &event)
}

/// A case whose measures all stand in `state`, by the shortest way there.
pub(super) fn case_in(state: State, measures: &[u32]) -> Case {
    let mut case = take(None, Step::OpenGroup, measures);
    if state == State::Validated {
        return case;
    }
    case = take(Some(case), Step::SealSend, measures);
    match state {
        State::Sent => return case,
        State::Lapsed => {
            let event = Event::no_route(&case, NOW);
            return apply(Some(case), &event);
        }
        _ => {
            let event = Event::delivered(&case, NOW);
            case = apply(Some(case), &event);
        }
    }
    let way: &[Step] = match state {
        State::Acked => &[Step::Acknowledge],
        State::Review => &[Step::Acknowledge, Step::OpenReview],
        State::Consult => &[Step::Acknowledge, Step::OpenReview, Step::Consult],
        State::InfoWait => &[Step::Acknowledge, Step::OpenReview, Step::AskInfo],
        State::CondOffer => &[Step::Acknowledge, Step::OpenReview, Step::OfferConditions],
        State::Postponed => &[Step::Acknowledge, Step::OpenReview, Step::Postpone],
        State::Partial => &[Step::Acknowledge, Step::OpenReview, Step::Recognise, Step::Assign, Step::PartCollected],
        State::Returned => &[Step::ReturnRequest],
        State::Transferred => &[Step::Forward],
        State::Appeal => &[Step::Acknowledge, Step::OpenReview, Step::Recognise, Step::Assign, Step::LodgeRemedy],
        State::Refused => &[Step::Acknowledge, Step::OpenReview, Step::Refuse],
        State::Blocked => &[Step::Violation],
        State::Withdrawn => &[Step::Withdraw],
        State::Closed => &[Step::Withdraw, Step::Close],
        State::Delivered => &[],
        onward => {
            let all = [
                (State::Review, Step::Acknowledge),
                (State::Review, Step::OpenReview),
                (State::Accepted, Step::Recognise),
                (State::Executing, Step::Assign),
                (State::Ready, Step::Collected),
                (State::Produced, Step::Release),
                (State::Received, Step::Confirm),
                (State::Executed, Step::FinalReport),
                (State::InUse, Step::TakeOver),
                (State::DisposalDue, Step::DisposalDue),
                (State::Disposed, Step::CertifyDisposal),
            ];
            return all
                .iter()
                .filter(|(to, _)| *to <= onward)
                .fold(case, |case, (_, s)| take(Some(case), *s, measures));
        }
    };
    way.iter().fold(case, |case, step| take(Some(case), *step, measures))
}
