//! Discrete events, in the order of time.

mod send;
mod tally;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use jiff::civil::Date;
use model::{Step, Timestamp};
use serde::Serialize;
use treaty::TimerKind;
use workflow::{Calendar, Calendars, Side, State, TRANSITIONS, Trigger, apply, moments_of};

use self::tally::Tally;
use crate::{
    Outcome,
    chance::Lot,
    course::{self, Next, Planned},
    law::{Counters, Laws},
    live::{Cast, Live, Pending, place},
    network::Network,
    office::{Hours, Pool, Shortage},
    scenario::{FaultKind, OWN, Party, Scenario, Staff, Task},
};

pub(crate) const DAY_MS: i64 = 24 * 3_600_000;
const HOUR_MS: f64 = 3_600_000.0;
/// Queues are looked at so often.
const SAMPLE_MS: i64 = 7 * DAY_MS;
/// Of the time after which a state must be told, a desk lets so much pass in thousandths.
const STATUS_PERMILLE: i64 = 900;

/// An entry as a history has it.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// When the other gateway had it.
    pub at: String,
    /// The case.
    pub case: String,
    /// What was done.
    pub step: &'static str,
    /// By whom.
    pub by: &'static str,
    /// Where the measure stands after it.
    pub state: &'static str,
    /// How long it was on its way, in seconds.
    pub way_s: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A pair's next request begins.
    Arrive(u32),
    /// Somebody's work on a case is done.
    Done { slot: u32, serial: u32, token: u32, task: Task },
    /// An entry is with the other gateway.
    Deliver { slot: u32, serial: u32 },
    /// The requested desk tells how the case stands.
    Status { slot: u32, serial: u32 },
    /// The requesting authority loses patience.
    Withdraw { slot: u32, serial: u32 },
    /// Queues are looked at.
    Sample,
}

/// What one pair asks by one stream.
#[derive(Debug)]
struct Source {
    stream: usize,
    home: usize,
    peer: usize,
    lot: Lot,
    count: u32,
    gap_ms: f64,
}

/// Who is told of entries.
struct Listener<'s>(Box<dyn FnMut(&Line) + 's>);

/// One seed, as far as it was played.
pub struct Run<'s> {
    scenario: &'s Scenario,
    seed: u64,
    now: i64,
    end: i64,
    events: BinaryHeap<Reverse<(i64, u64, What)>>,
    number: u64,
    sources: Vec<Source>,
    cases: Vec<Option<Box<Live>>>,
    free: Vec<u32>,
    serial: u32,
    pools: Vec<Vec<Pool>>,
    calendars: Vec<Calendar>,
    cast: Cast,
    laws: Laws<'s>,
    counters: [Counters; 2],
    network: Network<'s>,
    tally: Tally<'s>,
    listener: Option<Listener<'s>>,
}

impl<'s> Run<'s> {
    /// A seed of which nothing is played yet.
    pub fn new(scenario: &'s Scenario, seed: u64) -> Self {
        let (from, end) = (scenario.from.0, scenario.to().0);
        let known = Calendars::builtin().unwrap_or_default();
        let calendars: Vec<_> = scenario.parties.iter().map(|party| known.of(party.id)).collect();
        let people = |(place, party): (usize, &Party)| people(scenario, place, party, &calendars[place]);
        let mut run = Self {
            scenario,
            seed,
            now: from,
            end,
            events: BinaryHeap::new(),
            number: 0,
            sources: Vec::new(),
            cases: Vec::new(),
            free: Vec::new(),
            serial: 0,
            pools: scenario.parties.iter().enumerate().map(people).collect(),
            calendars: Vec::new(),
            cast: Cast::of(scenario),
            laws: Laws::new(scenario),
            counters: [Counters::default(), Counters::default()],
            network: Network::new(scenario),
            tally: Tally::new(scenario, seed),
            listener: None,
        };
        run.calendars = calendars;
        run.sow();
        run.push(from + SAMPLE_MS, What::Sample);
        run
    }

    /// Tells `listener` of every entry.
    pub fn listen(&mut self, listener: impl FnMut(&Line) + 's) {
        self.listener = Some(Listener(Box::new(listener)));
    }

    /// Plays all that happens before `at`. Answers whether anything is left to play.
    pub fn until(&mut self, at: Timestamp) -> bool {
        let to = at.0.min(self.end);
        while let Some(Reverse((when, ..))) = self.events.peek() {
            if *when >= to {
                break;
            }
            let Some(Reverse((when, _, what))) = self.events.pop() else { break };
            self.now = when;
            self.happen(what);
        }
        self.now = to;
        to < self.end
    }

    /// Requests that are open now.
    pub fn open(&self) -> u64 {
        self.tally.open()
    }

    /// What it came to, as far as it was played.
    pub fn finish(mut self) -> Outcome {
        for live in std::mem::take(&mut self.cases).into_iter().flatten() {
            self.tally.left(&live, self.now);
            self.tally.clocks(&live, self.now, &self.calendars[live.peer]);
        }
        self.tally.finish(self.pools, (self.now, self.end))
    }

    fn push(&mut self, at: i64, what: What) {
        if at < self.end {
            self.number += 1;
            self.events.push(Reverse((at, self.number, what)));
        }
    }

    /// Each pair with what it asks, from its first request on.
    fn sow(&mut self) {
        let scenario = self.scenario;
        for (place, stream) in scenario.streams.iter().enumerate() {
            let pairs = || {
                stream
                    .from
                    .iter()
                    .flat_map(|home| stream.to.iter().map(move |peer| (*home, *peer)))
                    .filter(|(home, peer)| home != peer)
            };
            let weight = |(home, peer): (usize, usize)| scenario.parties[home].weight * scenario.parties[peer].weight;
            let total: f64 = pairs().map(weight).sum();
            for (home, peer) in pairs() {
                let per_ms = stream.per_year * weight((home, peer)) / total / (365.0 * DAY_MS as f64);
                if per_ms.is_nan() || per_ms <= 0.0 {
                    continue;
                }
                let [a, b] = [home, peer].map(|place| scenario.parties[place].id);
                let lot = Lot::of(self.seed, &format!("pair/{}/{a}/{b}", stream.id));
                let source = Source { stream: place, home, peer, lot, count: 0, gap_ms: 1.0 / per_ms };
                let first = self.now + gap(&source);
                if first < self.end {
                    self.sources.push(source);
                    self.push(first, What::Arrive(self.sources.len() as u32 - 1));
                }
            }
        }
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Arrive(source) => self.arrive(source),
            What::Done { slot, serial, token, task } => {
                let Some(live) = self.live(slot, serial).filter(|live| live.token == token) else { return };
                match &live.pending {
                    // The desk has just told something of the case: the officer's step comes behind it.
                    Some(pending) => {
                        let after = pending.due + 1;
                        self.push(after, what);
                    }
                    None => self.done(slot, task),
                }
            }
            What::Deliver { slot, serial } => {
                if self.live(slot, serial).is_some() {
                    self.deliver(slot);
                }
            }
            What::Status { slot, serial } => self.status(slot, serial),
            What::Withdraw { slot, serial } => self.withdraw(slot, serial),
            What::Sample => {
                let now = self.now;
                for pool in self.pools.iter_mut().flatten() {
                    let waiting = u32::try_from(pool.waiting(now)).unwrap_or(u32::MAX);
                    pool.seen.samples.push(waiting);
                }
                self.push(now + SAMPLE_MS, What::Sample);
            }
        }
    }

    fn live(&self, slot: u32, serial: u32) -> Option<&Live> {
        self.cases.get(slot as usize)?.as_deref().filter(|live| live.serial == serial)
    }

    fn arrive(&mut self, index: u32) {
        let now = self.now;
        let Some(source) = self.sources.get_mut(index as usize) else { return };
        let number = source.count;
        source.count += 1;
        let next = now + gap(source);
        let (stream, pair) = (source.stream, (source.home, source.peer));
        self.push(next, What::Arrive(index));
        let Some(today) = Timestamp(now).date() else { return };
        let Some(ask) = self.laws.ask(stream, pair, today) else { return };
        let [a, b] = [pair.0, pair.1].map(|place| self.scenario.parties[place].id);
        let lot = Lot::of(self.seed, &format!("case/{}/{a}/{b}/{number}", self.scenario.streams[stream].id));
        self.serial = self.serial.wrapping_add(1);
        let mut live = Live::new((self.serial, lot), stream, pair, number, now, ask);
        self.tally.begin(&mut live);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.cases.push(None);
            self.cases.len() as u32 - 1
        });
        self.cases[slot as usize] = Some(Box::new(live));
        self.work(slot, Task::Draft);
    }

    /// Gives a task to who does it.
    fn work(&mut self, slot: u32, task: Task) {
        let Some(live) = self.cases[slot as usize].as_deref() else { return };
        let (side, staff) = course::who(task, live);
        let place = live.party(side);
        let party = &self.scenario.parties[place];
        let hours =
            self.scenario.efforts.get(&task).map_or(0.0, |effort| effort.draw(&mut live.draws(place::EFFORT, task)));
        let own = self.scenario.execute_days.get(&live.ask.request_type).filter(|_| task == Task::Execute);
        let wait = own.or(self.scenario.waits.get(&task));
        let days = wait.map_or(0.0, |wait| wait.draw(&mut live.draws(place::WAIT, task)) * party.slowness);
        let (serial, token) = (live.serial, live.token);
        let served = self.pools[place][staff as usize].serve(self.now, (hours * HOUR_MS) as i64);
        let at = served.to.saturating_add((days * DAY_MS as f64) as i64);
        self.push(at, What::Done { slot, serial, token, task });
    }

    fn done(&mut self, slot: u32, task: Task) {
        let Some(live) = self.cases[slot as usize].as_deref_mut() else { return };
        let [home, peer] = [live.home, live.peer].map(|place| &self.scenario.parties[place].language);
        let translated = home != peer || home == OWN;
        match task {
            Task::Draft if live.ask.validator.is_some() => self.work(slot, Task::Validate),
            Task::Draft | Task::Validate if translated => self.work(slot, Task::Translate),
            Task::Draft | Task::Validate | Task::Translate => self.work(slot, Task::Send),
            Task::Send => self.send(slot),
            _ => {
                let (side, _) = course::who(task, live);
                if let Some(planned) = course::planned(task, live, &self.scenario.conduct) {
                    match planned.step {
                        Step::AskInfo => live.asked = true,
                        Step::Postpone => live.postponed = true,
                        _ => {}
                    }
                    live.looks += u64::from(task == Task::Decide);
                    self.post(slot, planned, side);
                }
            }
        }
    }

    /// Hands a step to the own gateway, and on its way.
    fn post(&mut self, slot: u32, planned: Planned, side: Side) {
        let now = self.now;
        let Some(live) = self.cases[slot as usize].as_deref_mut() else { return };
        let mut chance = live.chance(place::ENTRY + u64::from(live.entries));
        let scenario = self.scenario;
        let mut kb = scenario.entry_kb.draw(&mut chance);
        if planned.step.carries_records() {
            kb += scenario.answer_kb.draw(&mut live.chance(place::ANSWER));
        }
        let mut pending = Pending {
            step: planned.step,
            side,
            stated: now,
            due: now,
            ground: planned.ground,
            postponement: planned.postponement,
            bytes: (kb * 1000.0) as u64,
            lapses: false,
        };
        if live.decide(&self.cast, scenario, &pending, None).is_none() {
            return self.misstep(slot);
        }
        let (from, to) = (live.party(side), live.party(other(side)));
        let passage = self.network.passage((from, to), now, &mut chance);
        pending.due = passage.at;
        let serial = live.serial;
        live.pending = Some(pending);
        self.tally.hold(passage, now);
        self.push(passage.at, What::Deliver { slot, serial });
    }

    /// Somebody did what the procedure does not know: the model of people is wrong there. The case is left.
    fn misstep(&mut self, slot: u32) {
        self.tally.misstep();
        self.end(slot);
    }

    fn deliver(&mut self, slot: u32) {
        let Some(live) = self.cases[slot as usize].as_deref_mut() else { return };
        let Some(pending) = live.pending.take() else { return };
        if pending.step == Step::SealSend {
            return self.arrived(slot, &pending);
        }
        let Some(event) = live.decide(&self.cast, self.scenario, &pending, Some(self.now)) else {
            return self.misstep(slot);
        };
        live.moments.extend(moments_of(live.case.as_ref(), &event));
        live.case = Some(apply(live.case.take(), &event));
        live.entries += 1;
        self.entered(slot, &pending);
        if pending.step == Step::TellStatus {
            return;
        }
        self.onward(slot);
    }

    /// An entry is part of its case: it is counted and told.
    fn entered(&mut self, slot: u32, pending: &Pending) {
        let Some(live) = self.cases[slot as usize].as_deref_mut() else { return };
        self.tally.entry(live, pending, self.now);
        if let Some(listener) = &mut self.listener {
            let state = live.case.as_ref().map_or(State::Draft, workflow::Case::state);
            (listener.0)(&Line {
                at: Timestamp(self.now).to_string(),
                case: live.name(self.scenario),
                step: pending.step.as_str(),
                by: pending.side.as_str(),
                state: state.as_str(),
                way_s: (self.now - pending.stated) / 1000,
            });
        }
    }

    /// What comes next in a case.
    fn onward(&mut self, slot: u32) {
        let Some(live) = self.cases[slot as usize].as_deref() else { return };
        match course::next(live) {
            Next::Work(task) => self.work(slot, task),
            Next::Machine(step, side) => self.post(slot, Planned { step, ground: None, postponement: None }, side),
            Next::Over => self.end(slot),
        }
    }

    fn end(&mut self, slot: u32) {
        if let Some(live) = self.cases[slot as usize].take() {
            self.tally.end(&live);
            self.tally.clocks(&live, self.now, &self.calendars[live.peer]);
            self.free.push(slot);
        }
    }

    fn status(&mut self, slot: u32, serial: u32) {
        let Some(live) = self.live(slot, serial) else { return };
        let Some(state) = live.measure().map(|measure| measure.state) else { return };
        let tells = |row: &&workflow::Row| row.trigger == Trigger::Step(Step::TellStatus) && row.from.contains(&state);
        let (idle, told) = (live.pending.is_none(), TRANSITIONS.iter().any(|row| tells(&row)));
        if live.answered.is_some() {
            return;
        }
        if idle && told {
            self.post(slot, Planned { step: Step::TellStatus, ground: None, postponement: None }, Side::Peer);
        }
        self.status_later(slot);
    }

    /// The next time that the requested desk tells how the case stands, where the treaty wants it told.
    fn status_later(&mut self, slot: u32) {
        let Some(live) = self.cases[slot as usize].as_deref() else { return };
        let Some(terms) = live.answer_terms() else { return };
        let timer = terms.timers.iter().find(|timer| timer.kind == TimerKind::Status);
        if let Some(timer) = timer.filter(|timer| timer.unit != treaty::Unit::Hours) {
            let serial = live.serial;
            let later = i64::from(timer.length) * DAY_MS / 1000 * STATUS_PERMILLE;
            self.push(self.now + later, What::Status { slot, serial });
        }
    }

    fn withdraw(&mut self, slot: u32, serial: u32) {
        let Some(live) = self.live(slot, serial) else { return };
        let Some(state) = live.measure().map(|measure| measure.state) else { return };
        let may = workflow::rows_from(state).any(|row| row.trigger == Trigger::Step(Step::Withdraw));
        if live.answered.is_some() || !may {
            return;
        }
        if live.pending.is_some() {
            return self.push(self.now + DAY_MS, What::Withdraw { slot, serial });
        }
        if let Some(live) = self.cases[slot as usize].as_deref_mut() {
            // What somebody works at is not asked any more.
            live.token += 1;
        }
        self.post(slot, Planned { step: Step::Withdraw, ground: None, postponement: None }, Side::Home);
    }
}

pub(crate) fn other(side: Side) -> Side {
    match side {
        Side::Home => Side::Peer,
        Side::Peer => Side::Home,
    }
}

/// Until the next request of a pair, in ms: at least one.
fn gap(source: &Source) -> i64 {
    let gap = source.gap_ms * source.lot.at(u64::from(source.count)).exponential();
    // Beyond the year 9999 nothing is played.
    if gap < 2.5e14 { (gap as i64).max(1) } else { 250_000_000_000_000 }
}

fn people(scenario: &Scenario, place: usize, party: &Party, calendar: &Calendar) -> Vec<Pool> {
    let days: (Date, Date) = {
        let last = scenario.first.checked_add(jiff::Span::new().days(i64::from(scenario.days) + 2));
        (scenario.first.yesterday().unwrap_or(scenario.first), last.unwrap_or(scenario.first))
    };
    let mut known: BTreeMap<Vec<(i64, i64, i64)>, Hours> = BTreeMap::new();
    let pool = |staff: &Staff| {
        let shortages: Vec<Shortage> = scenario
            .faults
            .iter()
            .filter_map(|fault| match fault.kind {
                FaultKind::Shortage { staff: short, left } if short == *staff && fault.parties.contains(&place) => {
                    Some(Shortage { from: fault.from, to: fault.to, left })
                }
                _ => None,
            })
            .collect();
        let key = shortages.iter().map(|one| (one.from, one.to, one.left)).collect();
        let hours = if *staff == Staff::Duty {
            Hours::always(scenario.from.0, scenario.to().0)
        } else {
            known.entry(key).or_insert_with(|| Hours::office(calendar, days, party.hours, &shortages)).clone()
        };
        Pool::new(party.staff.get(staff).copied().unwrap_or(1) as usize, hours)
    };
    Staff::ALL.iter().map(pool).collect()
}
