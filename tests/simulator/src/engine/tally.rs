//! What is counted of a run while it is played.

use std::collections::BTreeMap;

use model::{Refusal, Step};
use workflow::{Calendar, ClockState, Nature, Reckoning, Side, clocks};

use crate::{
    Cell, Clocks, Held, Outcome, Queue, Refused, Traffic,
    live::{Live, MEASURE, Pending},
    network::Passage,
    office::Pool,
    scenario::{Scenario, Staff},
};

use super::{DAY_MS, other};

const HOUR_MS: i64 = 3_600_000;

#[derive(Debug)]
pub(super) struct Tally<'s> {
    scenario: &'s Scenario,
    outcome: Outcome,
    refused: BTreeMap<Refused, u64>,
    open: u64,
    /// Of each party: open cases, and the hour that runs with its entries.
    parties: Vec<Busy>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Busy {
    open: u32,
    hour: i64,
    in_hour: u32,
    seen: Traffic,
}

impl<'s> Tally<'s> {
    pub(super) fn new(scenario: &'s Scenario, seed: u64) -> Self {
        let day = |at: i64| u32::try_from((at - scenario.from.0) / DAY_MS).unwrap_or_default();
        let held = scenario.faults.iter().map(|fault| Held {
            title: fault.title.clone(),
            from_day: day(fault.from),
            to_day: day(fault.to),
            ..Held::default()
        });
        Self {
            scenario,
            outcome: Outcome { seed, held: held.collect(), ..Outcome::default() },
            refused: BTreeMap::new(),
            open: 0,
            parties: vec![Busy::default(); scenario.parties.len()],
        }
    }

    pub(super) fn open(&self) -> u64 {
        self.open
    }

    fn counts_from(&self) -> i64 {
        self.scenario.from.0 + i64::from(self.scenario.warmup_days) * DAY_MS
    }

    /// Edits every cell that a case is counted in.
    fn cells(&mut self, live: &Live, edit: impl Fn(&mut Cell)) {
        if !live.counted {
            return;
        }
        let outcome = &mut self.outcome;
        let ask = &live.ask;
        let treaty = if ask.offered { ask.article.instrument() } else { "no treaty" };
        let [home, peer] = [live.home, live.peer].map(|place| self.scenario.parties[place].id);
        edit(&mut outcome.all);
        edit(outcome.treaties.entry(format!("{treaty} {}", ask.request_type)).or_default());
        edit(outcome.streams.entry(self.scenario.streams[live.stream].id.clone()).or_default());
        edit(outcome.pairs.entry(format!("{home} → {peer}")).or_default());
    }

    pub(super) fn begin(&mut self, live: &mut Live) {
        live.counted = live.begun >= self.counts_from();
        self.outcome.begun += 1;
        self.open += 1;
        self.outcome.open_most = self.outcome.open_most.max(self.open);
        for place in [live.home, live.peer] {
            let busy = &mut self.parties[place];
            busy.open += 1;
            busy.seen.open_most = busy.seen.open_most.max(busy.open);
            busy.seen.known += u64::from(live.counted);
        }
    }

    pub(super) fn sent(&mut self, live: Option<&Live>) {
        if let Some(live) = live {
            self.cells(live, |cell| {
                cell.begun += 1;
                cell.sent += 1;
            });
        }
    }

    pub(super) fn hold(&mut self, passage: Passage, now: i64) {
        if let Some(held) = passage.held_by.and_then(|fault| self.outcome.held.get_mut(fault)) {
            held.entries += 1;
            held.delays.end(passage.at - now);
        }
    }

    pub(super) fn lapsed(&mut self, live: Option<&Live>, now: i64) {
        let Some(live) = live else { return };
        self.cells(live, |cell| cell.lapsed += 1);
        let within = |fault: &&mut Held| {
            let day = u32::try_from((now - self.scenario.from.0) / DAY_MS).unwrap_or_default();
            fault.from_day <= day && day <= fault.to_day + 31 && fault.entries > 0
        };
        if let Some(held) = self.outcome.held.iter_mut().find(within) {
            held.lapsed += 1;
        }
    }

    pub(super) fn blocked(&mut self, live: Option<&Live>, refusal: &Refusal, by: &str, now: i64) {
        let Some(live) = live else { return };
        let sent = live.sent.is_some();
        self.cells(live, |cell| {
            cell.begun += u64::from(!sent);
            cell.blocked += 1;
            if let Some(sent) = live.sent {
                cell.answer.end(now - sent);
            }
        });
        self.refusal(live, refusal.code.as_str(), (&refusal.rule, refusal.field.as_deref()), by);
    }

    fn refusal(&mut self, live: &Live, code: &str, (rule, field): (&str, Option<&str>), by: &str) {
        if live.counted {
            let why = Refused {
                code: code.to_owned(),
                article: live.ask.article.to_string(),
                rule: rule.to_owned(),
                field: field.unwrap_or_default().to_owned(),
                by: by.to_owned(),
                count: 0,
            };
            *self.refused.entry(why).or_default() += 1;
        }
    }

    /// An entry is part of its case.
    pub(super) fn entry(&mut self, live: &mut Live, pending: &Pending, now: i64) {
        self.outcome.entries += 1;
        let (from, to) = (live.party(pending.side), live.party(other(pending.side)));
        let bytes = pending.bytes;
        let counted = now >= self.counts_from();
        for (place, sends) in [(from, true), (to, false)] {
            self.parties[place].carry(now, counted, sends, bytes);
        }
        let gives = live.measure().is_some_and(workflow::Measure::gives);
        let answers = match pending.step {
            Step::Release | Step::Answer | Step::Refuse | Step::Withdraw => true,
            Step::Acknowledge => gives,
            _ => false,
        };
        if !answers || live.answered.is_some() {
            return;
        }
        live.answered = Some(now);
        let step = pending.step;
        self.cells(live, |cell| {
            match step {
                Step::Refuse => cell.refused += 1,
                Step::Withdraw => cell.withdrawn += 1,
                _ => cell.granted += 1,
            }
            if step == Step::Withdraw {
                leave(cell, live, now);
            } else {
                finish(cell, live, now);
            }
        });
        if let Some(ground) = pending.ground.filter(|_| step == Step::Refuse) {
            self.refusal(live, ground.as_str(), ("people", None), "people");
        }
    }

    pub(super) fn misstep(&mut self) {
        self.outcome.missteps += 1;
    }

    /// A case is over.
    pub(super) fn end(&mut self, live: &Live) {
        self.open -= 1;
        self.outcome.ended += 1;
        for place in [live.home, live.peer] {
            self.parties[place].open -= 1;
        }
    }

    /// A case is under way when the run ends.
    pub(super) fn left(&mut self, live: &Live, now: i64) {
        self.outcome.open += 1;
        let sent = live.sent.is_some();
        if live.answered.is_none() {
            self.cells(live, |cell| {
                cell.begun += u64::from(!sent);
                leave(cell, live, now);
            });
        }
    }

    /// How the clocks of a case stand.
    pub(super) fn clocks(&mut self, live: &Live, now: i64, calendar: &Calendar) {
        let Some(terms) = live.answer_terms().filter(|_| live.counted && live.delivered.is_some()) else { return };
        let timers = BTreeMap::from([(MEASURE, terms.timers.clone())]);
        for clock in clocks(&live.moments, &timers, &Reckoning::by(calendar)) {
            let state = clock.course.state(model::Timestamp(now));
            let nature = if matches!(clock.nature, Nature::Policy) { "policy" } else { "law" };
            let key = format!("{} {} ({nature})", live.ask.article.instrument(), clock.id.kind.as_str());
            let side = clock.sides.first().copied().unwrap_or(Side::Peer);
            let party = self.scenario.parties[live.party(side)].id.to_string();
            let lapses = clock.course.lapses;
            for count in [self.outcome.clocks.entry(key).or_default(), self.outcome.clocks_of.entry(party).or_default()]
            {
                count.note(state, lapses);
            }
        }
    }

    pub(super) fn finish(mut self, pools: Vec<Vec<Pool>>, (now, end): (i64, i64)) -> Outcome {
        let from = self.counts_from();
        let mut outcome = self.outcome;
        outcome.days = u32::try_from((now - from).max(0) / DAY_MS).unwrap_or_default();
        outcome.complete = now >= end;
        outcome.refused = self.refused.iter().map(|(why, count)| Refused { count: *count, ..why.clone() }).collect();
        for (party, busy) in self.scenario.parties.iter().zip(&mut self.parties) {
            busy.seen.busiest_hour = busy.seen.busiest_hour.max(busy.in_hour);
            outcome.traffic.insert(party.id.to_string(), busy.seen);
        }
        for (party, pools) in self.scenario.parties.iter().zip(pools) {
            for (staff, pool) in Staff::ALL.iter().zip(pools) {
                let queue = queue(party.id.as_str(), *staff, pool, (self.scenario.from.0, now));
                outcome.queues.extend(queue.filter(|queue| queue.came > 0));
            }
        }
        outcome
    }
}

impl Busy {
    fn carry(&mut self, now: i64, counted: bool, sends: bool, bytes: u64) {
        if !counted {
            return;
        }
        let hour = now / HOUR_MS;
        if hour != self.hour {
            self.seen.busiest_hour = self.seen.busiest_hour.max(self.in_hour);
            (self.hour, self.in_hour) = (hour, 0);
        }
        self.in_hour += 1;
        if sends {
            self.seen.sent += 1;
            self.seen.bytes_sent += bytes;
        } else {
            self.seen.received += 1;
            self.seen.bytes_received += bytes;
        }
    }
}

impl Clocks {
    fn note(&mut self, state: ClockState, lapses: bool) {
        match state {
            ClockState::Stopped { in_time: true, .. } => self.met += 1,
            // A right that ends is nobody's delay.
            ClockState::Expired if lapses => self.dropped += 1,
            ClockState::Stopped { in_time: false, .. } | ClockState::Expired => self.missed += 1,
            ClockState::Running | ClockState::Paused { .. } => self.running += 1,
            ClockState::Dropped { .. } => self.dropped += 1,
        }
    }
}

/// The answer has come.
fn finish(cell: &mut Cell, live: &Live, now: i64) {
    cell.whole.end(now - live.begun);
    if let Some(sent) = live.sent {
        cell.answer.end(now - sent);
    }
    if let Some(delivered) = live.delivered {
        cell.handling.end(now - delivered);
    }
}

/// It has not come yet, or nobody waits for it any more.
fn leave(cell: &mut Cell, live: &Live, now: i64) {
    cell.whole.leave(now - live.begun);
    if let Some(sent) = live.sent {
        cell.answer.leave(now - sent);
    }
    if let Some(delivered) = live.delivered {
        cell.handling.leave(now - delivered);
    }
}

fn queue(party: &str, staff: Staff, pool: Pool, (from, now): (i64, i64)) -> Option<Queue> {
    let hours = pool.hours();
    let able = (hours.work_at(now) - hours.work_at(from)).checked_mul(i64::try_from(pool.servers()).ok()?)?;
    let busy = i128::from(pool.seen.work) * 1000 / i128::from(able.max(1));
    Some(Queue {
        party: party.to_owned(),
        staff: staff.as_str().to_owned(),
        people: u32::try_from(pool.servers()).ok()?,
        came: pool.seen.came,
        longest: pool.seen.longest as u64,
        // More was asked than could be done: the rest waits.
        busy_permille: u32::try_from(busy.min(1000)).unwrap_or(1000),
        waits: pool.seen.waits,
        weekly: pool.seen.samples,
    })
}
