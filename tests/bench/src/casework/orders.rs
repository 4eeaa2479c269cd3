//! Every command that the two tables let somebody give, each with a case in which it may be given.

#![expect(clippy::result_large_err, reason = "a refusal is an answer, not an exception")]

use std::collections::BTreeSet;

use model::{
    AuthorityId, CaseId, Challenge, ConditionCode, Declared, Digest, EntryId, Flaw, KeyId, MatterId, MeasureId,
    MeasureScope, PartyId, Pin, PostponementCode, RecordType, RefusalCode, Role, SelectorKind, Step, Timestamp,
};
use workflow::{
    Actor, CONSULT_SILENCE_DAYS, Case, Command, Event, Keeping, MATTERS, State, TRANSITIONS, Terms, Trigger, apply,
    decide, moves_matter, opens_matter,
};

use crate::failure::Failure;

/// When everything happens.
const ENTRY: EntryId = EntryId::new([1; 16]);
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000);
const MOMENT: Timestamp = Timestamp(NOW.0 + CONSULT_SILENCE_DAYS * 24 * 3_600_000);

/// What is read out in a call-back.
const CHALLENGE: Challenge = Challenge::new([1; 10]);
const CASE: CaseId = CaseId::new([1; 16]);

/// A command that owns what it says.
#[derive(Clone)]
pub(crate) struct Order {
    step: Step,
    home: PartyId,
    peer: PartyId,
    sender: AuthorityId,
    signers: Vec<(KeyId, Role)>,
    concerns: Vec<MeasureId>,
    measures: Vec<MeasureScope>,
    records: Vec<RecordType>,
    ground: Option<RefusalCode>,
    conditions: Vec<ConditionCode>,
    declared: Declared,
    terms: Vec<(MeasureId, Terms)>,
    purpose: Option<String>,
}

impl Order {
    /// By whom the table lets it be done on this side, as far as the first role of each actor.
    fn of(step: Step, actor: Actor, sender: &AuthorityId, case: Option<&Case>, terms: &Terms) -> Result<Self, Failure> {
        let asks = matches!(step, Step::RequestUse | Step::RequestOnward | Step::NotifyExculpatory);
        let sends = step == Step::SealSend;
        let scope = scope()?;
        let record: Vec<RecordType> = scope.records.clone();
        let of_the_case = step.is_handshake() || sends || matches!(step, Step::ShareDraft | Step::CommentDraft);
        let concerns = case.filter(|_| !of_the_case).map(|case| case.measures.keys().copied().collect());
        let offered = case.and_then(|case| case.measures.values().next()).map(|one| one.offered.clone());
        Ok(Self {
            step,
            home: "JP".parse()?,
            peer: "FR".parse()?,
            sender: sender.clone(),
            signers: match actor {
                Actor::Officers(count, roles) => (0..count).map(|one| (KeyId::of(&[one]), roles[0])).collect(),
                Actor::DeskOr(roles) => vec![(KeyId::of(&[0]), roles[0])],
                _ => Vec::new(),
            },
            concerns: concerns.unwrap_or_default(),
            measures: if sends { vec![scope] } else { Vec::new() },
            records: if step.carries_records() || (sends && terms.gives) { record } else { Vec::new() },
            ground: match step {
                Step::Refuse => Some(RefusalCode::R07),
                Step::Violation => Some(RefusalCode::R90),
                Step::ReturnRequest => Some(RefusalCode::R93),
                _ => None,
            },
            conditions: match step {
                Step::OfferConditions => vec![ConditionCode::C01],
                Step::AcceptConditions => offered.unwrap_or_default(),
                _ => Vec::new(),
            },
            declared: Declared {
                postponement: (step == Step::Postpone).then_some(PostponementCode::P01),
                until: matches!(step, Step::Extend | Step::Prolong).then_some(NOW.plus_ms(1 << 40)),
                matter: moves_matter(step).then_some(MatterId(1)),
                about: (step == Step::ReportError).then_some(ENTRY),
                flaw: (step == Step::Reject).then_some(Flaw::WrongValue),
                callback: (terms.callback && matches!(step, Step::Recognise | Step::OfferConditions)).then_some(MOMENT),
                challenge: (step == Step::OpenCallback).then(|| CHALLENGE.commitment(CASE, ENTRY)),
                response: (step == Step::AnswerCallback).then_some(CHALLENGE),
                minutes: tells_minutes(step).then(|| Digest::of(&[b"minutes"])),
                ..Declared::default()
            },
            terms: if sends { vec![(MeasureId(1), terms.clone())] } else { Vec::new() },
            purpose: asks.then(|| "civil_damages".to_owned()),
        })
    }

    /// The decision.
    pub(crate) fn decide(&self, case: Option<&Case>) -> Result<Event, model::Refusal> {
        let command = Command {
            case: CASE,
            entry: ENTRY,
            step: self.step,
            home: self.home,
            peer: self.peer,
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
            bytes: 0,
            taken: None,
            purpose: self.purpose.as_deref(),
        };
        decide(case, &command, MOMENT)
    }
}

/// A command and the case in which it is given.
pub(crate) struct Given {
    pub(crate) case: Option<Case>,
    pub(crate) order: Order,
    /// Which row it goes along: step, side, where the measure and the matter stood.
    row: String,
}

/// One of each row and state of both tables, under treaties that together open all rows.
pub(crate) fn every() -> Result<Vec<Given>, Failure> {
    let (mut found, mut rows) = (Vec::new(), BTreeSet::new());
    for terms in treaties() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<Option<Case>> = vec![None];
        while let Some(case) = next.pop() {
            for order in possible(case.as_ref(), &terms)? {
                let Ok(event) = order.decide(case.as_ref()) else { continue };
                let row = format!("{} {} {}", order.step, order.sender, place(case.as_ref()));
                if rows.insert(row.clone()) {
                    found.push(Given { case: case.clone(), order, row });
                }
                let mut afters = vec![apply(case.clone(), &event)];
                if let Some(sent) = afters.first().filter(|after| after.state() == State::Sent).cloned() {
                    afters.push(apply(Some(sent.clone()), &Event::delivered(&sent, NOW)));
                    afters.push(apply(Some(sent.clone()), &Event::no_route(&sent, NOW)));
                }
                next.extend(afters.into_iter().filter(|after| seen.insert(shape(after))).map(Some));
            }
        }
    }
    found.sort_by(|a, b| a.row.cmp(&b.row));
    Ok(found)
}

/// How many rows of both tables a step of an entry goes along.
pub(crate) fn rows() -> usize {
    TRANSITIONS.iter().filter(|row| matches!(row.trigger, Trigger::Step(_))).count() + MATTERS.len()
}

/// A case of `entries` entries: questions and answers, and a last word.
pub(crate) fn long(entries: usize) -> Result<Vec<Event>, Failure> {
    let terms = treaties()[0].clone();
    let begin = [Step::OpenGroup, Step::SealSend, Step::Acknowledge, Step::OpenReview];
    let talk = [Step::AskInfo, Step::GiveInfo, Step::OfferConditions, Step::DeclineConditions];
    let (mut case, mut events) = (None, Vec::new());
    for step in begin.into_iter().chain(talk.into_iter().cycle()).take(entries) {
        let order = possible(case.as_ref(), &terms)?.into_iter().filter(|order| order.step == step);
        let event = order.map(|order| order.decide(case.as_ref())).find_map(Result::ok);
        let event = event.ok_or_else(|| Failure::new(format!("{step} is not possible in the long case")))?;
        let mut after = apply(case, &event);
        events.push(event);
        if after.state() == State::Sent {
            let delivered = Event::delivered(&after, NOW);
            after = apply(Some(after), &delivered);
            events.push(delivered);
        }
        case = Some(after);
    }
    Ok(events)
}

fn possible(case: Option<&Case>, terms: &Terms) -> Result<Vec<Order>, Failure> {
    let mut orders = Vec::new();
    let authorities: [AuthorityId; 2] = ["JP:central".parse()?, "FR:central".parse()?];
    for sender in &authorities {
        for row in TRANSITIONS {
            if let Trigger::Step(step) = row.trigger {
                orders.push(Order::of(step, row.actor, sender, case, terms)?);
            }
        }
        for row in MATTERS.iter().filter(|row| row.from.is_empty() == opens_matter(row.step)) {
            let order = Order::of(row.step, row.actor, sender, case, terms)?;
            if row.step != Step::Triage {
                orders.push(order);
                continue;
            }
            for flaw in Flaw::ALL {
                let declared = Declared { flaw: Some(flaw), ..order.declared.clone() };
                orders.push(Order { declared, ..order.clone() });
            }
        }
    }
    Ok(orders)
}

fn treaties() -> [Terms; 4] {
    let free = Terms {
        grounds: RefusalCode::ALL.iter().copied().filter(|code| code.is_human()).collect(),
        postponements: vec![PostponementCode::P01],
        ..Terms::default()
    };
    let keeping = Keeping { days: 90, clause: None, prolongation_days: Some(90) };
    [
        Terms { consult: true, expost_hours: Some(96), retention_days: Some(30), ..free.clone() },
        Terms { gives: true, preservation: Some(keeping), ..free.clone() },
        Terms { callback: true, ..free.clone() },
        Terms { automatic: true, ..free },
    ]
}

fn scope() -> Result<MeasureScope, Failure> {
    Ok(MeasureScope {
        id: MeasureId(1),
        article: "ets-185:31".parse()?,
        request_type: "stored_data".parse()?,
        records: vec!["hearing_record".parse()?],
        subjects: 1,
        selectors: vec![SelectorKind::Account],
        window: None,
        attributes: Vec::new(),
        tags: Vec::new(),
    })
}

fn place(case: Option<&Case>) -> String {
    let Some(case) = case else { return "nothing".to_owned() };
    let matter = case.matters.values().next().map(|matter| (matter.kind, matter.state));
    format!("{} {matter:?}", case.state())
}

/// What decides how a case goes on.
fn shape(case: &Case) -> String {
    let measure = case.measures.values().next().map(|one| {
        let history = (one.asked_in, one.lodged_in, one.outstanding, one.consulted, one.given_up);
        let called = one.call.map(|call| call.answered.is_some());
        (one.state, history, called, one.regularised.is_some(), one.released.len())
    });
    let matter = case.matters.values().next().map(|one| (one.kind, one.state, one.flaw, one.signed.len(), one.opener));
    format!("{measure:?} {matter:?} {}", case.abandoned)
}

fn tells_minutes(step: Step) -> bool {
    matches!(step, Step::DraftMinutes | Step::SignMinutes | Step::TransmitMinutes)
}
