//! One open case, and the commands it makes of what people do.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    AuthorityId, CaseId, Challenge, Classification, Declared, Digest, EntryId, KeyId, MeasureId, Pin, PostponementCode,
    RefusalCode, Role, Step, Timestamp,
};
use workflow::{Actor, Case, Command, Event, Measure, Moment, Side, TRANSITIONS, Terms, Trigger, decide};

use crate::{
    chance::{Chance, Lot},
    law::{Ask, Question},
    scenario::{Scenario, Task},
};

/// The one measure of a simulated request.
pub(crate) const MEASURE: MeasureId = MeasureId(1);
/// What is read out in every call-back: nobody lies here.
const CHALLENGE: Challenge = Challenge::new([1; 10]);

/// Who acts and who signs: the same in all cases.
#[derive(Debug)]
pub(crate) struct Cast {
    authorities: Vec<AuthorityId>,
    signers: BTreeMap<(Step, Side), Vec<(KeyId, Role)>>,
}

impl Cast {
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let central = |party: &crate::scenario::Party| AuthorityId::new(party.id, "central").ok();
        let authorities = scenario.parties.iter().filter_map(central).collect();
        let mut signers = BTreeMap::new();
        for row in TRANSITIONS {
            let Trigger::Step(step) = row.trigger else { continue };
            for side in row.sides {
                let (count, roles) = match row.actor {
                    Actor::Officers(count, roles) => (count, roles),
                    // Here a person takes up what was postponed; a desk alone waits for the day of its review.
                    Actor::DeskOr(roles) if step == Step::Resume => (1, roles),
                    _ => (0, [].as_slice()),
                };
                let role = roles.first().copied().unwrap_or(Role::Central);
                let who = (0..count).map(|officer| (KeyId::of(&[officer, role as u8]), role)).collect();
                signers.entry((step, *side)).or_insert(who);
            }
        }
        Self { authorities, signers }
    }
}

/// An open case.
#[derive(Debug)]
pub(crate) struct Live {
    /// Tells it from others that had its place before.
    pub(crate) serial: u32,
    pub(crate) stream: usize,
    pub(crate) home: usize,
    pub(crate) peer: usize,
    pub(crate) number: u32,
    lot: Lot,
    /// Whether the reports count it.
    pub(crate) counted: bool,
    pub(crate) begun: i64,
    pub(crate) sent: Option<i64>,
    pub(crate) delivered: Option<i64>,
    pub(crate) answered: Option<i64>,
    pub(crate) ask: Arc<Ask>,
    pub(crate) question: Option<Question>,
    pub(crate) case: Option<Case>,
    pub(crate) moments: Vec<Moment>,
    pub(crate) terms: Vec<(MeasureId, Terms)>,
    /// An entry on its way. There is one at most.
    pub(crate) pending: Option<Pending>,
    pub(crate) entries: u32,
    /// How often it was decided on: draws of a second look are others.
    pub(crate) looks: u64,
    pub(crate) postponed: bool,
    pub(crate) asked: bool,
    /// The rule under which it was asked.
    pub(crate) pin: Pin,
    /// Work that was begun under another one is not wanted any more.
    pub(crate) token: u32,
}

/// An entry on its way.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) step: Step,
    pub(crate) side: Side,
    pub(crate) stated: i64,
    pub(crate) due: i64,
    pub(crate) ground: Option<RefusalCode>,
    pub(crate) postponement: Option<PostponementCode>,
    pub(crate) bytes: u64,
    /// Whether its time is over before it arrives.
    pub(crate) lapses: bool,
}

/// Where in a case's life chance is drawn.
pub(crate) mod place {
    pub(crate) const CARELESS: u64 = 1;
    pub(crate) const QUESTION: u64 = 2;
    pub(crate) const ASKS: u64 = 3;
    pub(crate) const VERDICT: u64 = 4;
    pub(crate) const WITHDRAWS: u64 = 5;
    pub(crate) const ANSWER: u64 = 6;
    pub(crate) const EFFORT: u64 = 1 << 8;
    pub(crate) const WAIT: u64 = 2 << 8;
    pub(crate) const ENTRY: u64 = 3 << 8;
}

impl Live {
    pub(crate) fn new(
        (serial, lot): (u32, Lot),
        stream: usize,
        (home, peer): (usize, usize),
        number: u32,
        begun: i64,
        ask: Arc<Ask>,
    ) -> Self {
        Self {
            serial,
            stream,
            home,
            peer,
            number,
            lot,
            counted: true,
            begun,
            sent: None,
            delivered: None,
            answered: None,
            ask,
            question: None,
            case: None,
            moments: Vec::new(),
            terms: Vec::new(),
            pending: None,
            entries: 0,
            looks: 0,
            postponed: false,
            asked: false,
            pin: Pin(Digest::of(&[b"nothing was asked yet"])),
            token: 0,
        }
    }

    /// Draws at a place of this case's life.
    pub(crate) fn chance(&self, place: u64) -> Chance {
        self.lot.at(place)
    }

    /// Draws of a task; those of a second look at the case are others.
    pub(crate) fn draws(&self, of: u64, task: Task) -> Chance {
        self.lot.at(of + task as u64 + (self.looks << 16))
    }

    /// Its measure, once the request was sent.
    pub(crate) fn measure(&self) -> Option<&Measure> {
        self.case.as_ref()?.measures.get(&MEASURE)
    }

    /// What the treaty says of the answer.
    pub(crate) fn answer_terms(&self) -> Option<&Terms> {
        self.measure()?.terms.as_ref()
    }

    /// The party on a side.
    pub(crate) fn party(&self, side: Side) -> usize {
        match side {
            Side::Home => self.home,
            Side::Peer => self.peer,
        }
    }

    /// Holds a step against the procedure, as a gateway does: `taken` is when the other one has it. `None` where it refuses.
    pub(crate) fn decide(
        &self,
        cast: &Cast,
        scenario: &Scenario,
        pending: &Pending,
        taken: Option<i64>,
    ) -> Option<Event> {
        let stated = Timestamp(pending.stated);
        let Pending { step, side, .. } = *pending;
        let (home, peer) = (scenario.parties[self.home].id, scenario.parties[self.peer].id);
        let scope =
            self.question.as_ref().map(|question| &question.scope).or(self.measure().map(|measure| &measure.scope));
        let records = scope.map(|scope| scope.records.as_slice()).unwrap_or_default();
        let terms = self.answer_terms();
        let granting = step == Step::Recognise && terms.is_some_and(|terms| terms.callback);
        let marked = step.carries_records() && terms.is_some_and(|terms| terms.classification_max.is_some());
        // The law of the state that is asked may want a notice to its ministry, or the order of a court.
        let rests = terms.is_some_and(|terms| match step {
            Step::OpenReview => terms.ministry_notice,
            Step::Recognise | Step::OfferConditions => terms.court_order,
            _ => false,
        });
        let given = step == Step::SealSend && self.terms.iter().any(|(_, terms)| terms.gives);
        let request = self.case.as_ref().and_then(|case| case.request);
        let declared = Declared {
            callback: self.measure().filter(|_| granting).map(|measure| called_at(measure).min(stated)),
            challenge: request
                .filter(|_| step == Step::OpenCallback)
                .map(|request| CHALLENGE.commitment(self.case_id(), request)),
            response: (step == Step::AnswerCallback).then_some(CHALLENGE),
            postponement: pending.postponement,
            emergency: step == Step::SealSend && self.ask.emergency,
            order: if rests { stated.date() } else { None },
            classification: (marked || given).then_some(Classification::Official),
            ..Declared::default()
        };
        let concerns = [MEASURE];
        let sends = step == Step::SealSend;
        let of_case = sends || step.is_handshake();
        let command = Command {
            case: self.case_id(),
            entry: self.entry_id(),
            step,
            home,
            peer,
            pin: self.case.as_ref().map_or(self.pin, |case| case.pin),
            sender: &cast.authorities[self.party(side)],
            signers: cast.signers.get(&(step, side)).map(Vec::as_slice).unwrap_or_default(),
            concerns: if of_case { &[] } else { &concerns },
            measures: scope.filter(|_| sends).map(std::slice::from_ref).unwrap_or_default(),
            records: if step.carries_records() || given { records } else { &[] },
            purpose: sends.then_some("criminal_investigation"),
            ground: pending.ground,
            conditions: &[],
            declared: &declared,
            terms: if sends { &self.terms } else { &[] },
            bytes: pending.bytes,
            taken: taken.map(Timestamp),
        };
        decide(self.case.as_ref(), &command, stated).ok()
    }

    fn case_id(&self) -> CaseId {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.serial.to_be_bytes());
        CaseId::new(bytes)
    }

    fn entry_id(&self) -> EntryId {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.serial.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.entries.to_be_bytes());
        EntryId::new(bytes)
    }

    /// Its name in a history.
    pub(crate) fn name(&self, scenario: &Scenario) -> String {
        let [home, peer] = [self.home, self.peer].map(|place| scenario.parties[place].id);
        format!("{home}-{peer}/{}/{}", scenario.streams[self.stream].id, self.number)
    }
}

/// When somebody called back: at once when the challenge was drawn.
fn called_at(measure: &Measure) -> Timestamp {
    let drawn = measure.call.map_or(measure.arrived, |call| call.opened);
    drawn.max(measure.arrived.plus_ms(1))
}
