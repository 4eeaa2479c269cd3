#![expect(clippy::unwrap_used, reason = "tests")]

mod agenda;
mod calendar;
mod due;
mod running;
mod schedule;
mod silence;

use std::{collections::BTreeMap, sync::LazyLock};

use model::{CaseId, Digest, MeasureId, PartyId, Pin, Step, Timestamp};
use treaty::{Timer, TimerKind, Unit};

use crate::{
    Change, Event, GatewayEvent, Move, State,
    clock::{Act, Calendar, Calendars, Clock, ClockId, Course, Moment, Nature, Reckoning, Signal, clocks, moments},
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const M1: MeasureId = MeasureId(1);

fn party(code: &str) -> PartyId {
    code.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn calendar(code: &str) -> Calendar {
    static BUILTIN: LazyLock<Calendars> = LazyLock::new(|| Calendars::builtin().unwrap());
    BUILTIN.of(party(code))
}

fn timer(kind: TimerKind, length: u32, unit: Unit, clause: Option<&str>) -> Timer {
    let clause = clause.map(|clause| clause.parse().unwrap());
    Timer { kind, record: None, emergency: false, length, unit, clause }
}

fn case_id(number: u64) -> CaseId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    CaseId::new(bytes)
}

/// A clock of its own, outside any fold.
fn clock(kind: TimerKind, course: Course) -> Clock {
    let id = ClockId { measure: M1, kind, record: None, round: 0 };
    Clock { id, nature: Nature::Policy, sides: &[], course, caveats: vec![] }
}

/// A case of one measure that is being written: each line is an entry at its time.
struct Story(Vec<Event>, State);

impl Story {
    fn sent(at: Timestamp) -> Self {
        let mut story = Self(Vec::new(), State::Sent);
        let scope = crate::tests::scope(1, &["subscriber_info", "traffic_data"]);
        story.tell(at, Change::Sent { measures: vec![scope], terms: vec![], conditions: vec![], bytes: 0 });
        story
    }

    fn tell(&mut self, at: Timestamp, change: Change) {
        let pin = Pin(Digest::of(&[b"rule"]));
        self.0.push(Event { home: party("JP"), peer: party("FR"), pin, at, taken: None, entry: None, change });
    }

    fn received(mut self, at: Timestamp) -> Self {
        self.tell(at, Change::Gateway { event: GatewayEvent::Receipt, ground: None });
        self.1 = State::Delivered;
        self
    }

    fn step(mut self, at: Timestamp, step: Step, to: State) -> Self {
        let moves = vec![Move { measure: M1, from: self.1, to, records: vec![] }];
        let (conditions, callback, challenge) = (vec![], None, None);
        let (ground, postponement, until) = (None, None, None);
        self.tell(
            at,
            Change::Moved {
                step,
                moves,
                ground,
                conditions,
                callback,
                challenge,
                bytes: 0,
                postponement,
                until,
                decided_by: vec![],
                opens: None,
                left_out: vec![],
            },
        );
        self.1 = to;
        self
    }

    fn moments(&self) -> Vec<Moment> {
        moments(&self.0)
    }

    fn clocks(&self, timers: &[Timer]) -> Vec<Clock> {
        fold(&self.moments(), timers, "FR")
    }
}

fn act(at: Timestamp, act: Act, state: State) -> Moment {
    Moment { measure: M1, signal: Signal::Act(act), state, at, until: None, from: None }
}

fn did(at: Timestamp, step: Step, state: State) -> Moment {
    Moment { measure: M1, signal: Signal::Step(step), state, at, until: None, from: None }
}

fn fold(moments: &[Moment], timers: &[Timer], peer: &str) -> Vec<Clock> {
    let timers = BTreeMap::from([(M1, timers.to_vec())]);
    clocks(moments, &timers, &Reckoning::by(&calendar(peer)))
}
