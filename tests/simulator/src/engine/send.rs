//! A request is sent, and arrives: what both gateways ask of it.

use model::{MeasureId, Refusal, Step, Timestamp, limits};
use treaty::{Decision, Rule};
use workflow::{Event, Side, Terms, apply, moments_of};

use super::{DAY_MS, Run, What};
use crate::{
    law::Question,
    live::{Pending, place},
};

impl Run<'_> {
    /// The request is asked under the rule of the day, and the own gateway decides.
    pub(super) fn send(&mut self, slot: u32) {
        let now = self.now;
        let Some(live) = self.cases[slot as usize].as_deref_mut() else { return };
        let (pair, stream) = ((live.home, live.peer), live.stream);
        let scenario = self.scenario;
        let today = Timestamp(now).date().unwrap_or(scenario.first);
        let Some(ask) = self.laws.ask(stream, pair, today) else { return };
        let rule = self.laws.rule(pair.0, pair.1, today);
        let careless = live.chance(place::CARELESS).happens(scenario.conduct.careless);
        let question =
            Question::of(&ask, &scenario.streams[stream], today, careless, &mut live.chance(place::QUESTION));
        live.ask = ask;
        live.pin = rule.pin();
        let decision = self.admit(Side::Home, pair, &rule, &question);
        if let Some(refusal) = decision.refusals.first() {
            return self.blocked(slot, refusal, "own gateway");
        }
        let parties = [pair.0, pair.1].map(|place| scenario.parties[place].id);
        let terms = Terms::of(&rule, &question.query((parties[0], parties[1]), Timestamp(now), &[]));
        self.dispatch(slot, question, terms);
    }

    /// Opens the group, and sends the request behind it.
    fn dispatch(&mut self, slot: u32, question: Question, terms: Vec<(MeasureId, Terms)>) {
        let now = self.now;
        let Some(live) = self.cases[slot as usize].as_deref_mut() else { return };
        live.terms = terms;
        live.question = Some(question);
        let scenario = self.scenario;
        let mut chance = live.chance(place::ENTRY + u64::from(live.entries));
        let bytes = (scenario.entry_kb.draw(&mut chance) * 1000.0) as u64;
        let blank = Pending {
            step: Step::OpenGroup,
            side: Side::Home,
            stated: now,
            due: now,
            ground: None,
            postponement: None,
            bytes,
            lapses: false,
        };
        let Some(opened) = live.decide(&self.cast, scenario, &blank, Some(now)) else { return self.misstep(slot) };
        live.case = Some(apply(None, &opened));
        live.entries += 1;
        let mut request = Pending { step: Step::SealSend, ..blank.clone() };
        if live.decide(&self.cast, scenario, &request, None).is_none() {
            return self.misstep(slot);
        }
        live.sent = Some(now);
        let passage = self.network.passage((live.home, live.peer), now, &mut chance);
        request.lapses = passage.at > now + limits::ENTRY_LIFETIME_MS_MAX;
        request.due = passage.at.min(now + limits::ENTRY_LIFETIME_MS_MAX + 1);
        let (due, serial) = (request.due, live.serial);
        live.pending = Some(request);
        let withdraws = live.chance(place::WITHDRAWS);
        self.tally.sent(slot_live(&self.cases, slot));
        self.tally.hold(passage, now);
        self.entered(slot, &blank);
        self.push(due, What::Deliver { slot, serial });
        let mut withdraws = withdraws;
        if withdraws.happens(scenario.conduct.withdrawn) {
            let patience = scenario.conduct.patience_days * withdraws.exponential();
            self.push(now + (patience * DAY_MS as f64) as i64, What::Withdraw { slot, serial });
        }
    }

    /// One gateway decides by its own copy of the rule and its own counters, and counts what it admits.
    fn admit(&mut self, side: Side, pair: (usize, usize), rule: &Rule, question: &Question) -> Decision {
        let at = Timestamp(self.now);
        let parties = (self.scenario.parties[pair.0].id, self.scenario.parties[pair.1].id);
        let counters = &mut self.counters[side as usize];
        let needed = rule.quotas(parties.1, std::slice::from_ref(&question.scope));
        let used = counters.with(pair, &needed, &question.scope, at);
        let decision = rule.decide(&question.query(parties, at, &used));
        if decision.allowed() {
            counters.note(pair, &needed, &question.scope, at);
        }
        decision
    }

    /// The request is with the other gateway, or its time is over.
    pub(super) fn arrived(&mut self, slot: u32, pending: &Pending) {
        let now = self.now;
        let Some(live) = self.cases[slot as usize].as_deref_mut() else { return };
        let taken = (!pending.lapses).then_some(now);
        let Some(sent) = live.decide(&self.cast, self.scenario, pending, taken) else { return self.misstep(slot) };
        live.moments.extend(moments_of(live.case.as_ref(), &sent));
        let case = apply(live.case.take(), &sent);
        let (pair, pin) = ((live.home, live.peer), live.pin);
        let Some(question) = live.question.take() else { return };
        if pending.lapses {
            let lapsed = Event::no_route(&case, Timestamp(now));
            live.moments.extend(moments_of(Some(&case), &lapsed));
            live.case = Some(apply(Some(case), &lapsed));
            self.tally.lapsed(slot_live(&self.cases, slot), now);
            return self.onward(slot);
        }
        let today = Timestamp(now).date().unwrap_or(self.scenario.first);
        let rule = self.laws.rule(pair.0, pair.1, today);
        let refusal = match rule.pin() == pin {
            true => self.admit(Side::Peer, pair, &rule, &question).refusals.into_iter().next(),
            false => Some(other_rule()),
        };
        let Some(live) = self.cases[slot as usize].as_deref_mut() else { return };
        if let Some(refusal) = refusal {
            let denied = Event::denied(&case, Some(refusal.code), Timestamp(now));
            live.case = Some(apply(Some(case), &denied));
            return self.blocked(slot, &refusal, "other gateway");
        }
        let delivered = Event::delivered(&case, Timestamp(pending.stated));
        live.moments.extend(moments_of(Some(&case), &delivered));
        live.case = Some(apply(Some(case), &delivered));
        live.delivered = Some(now);
        live.entries += 1;
        self.entered(slot, pending);
        self.status_later(slot);
        self.onward(slot);
    }

    /// A machine refused the request. Nothing of it is part of a case.
    fn blocked(&mut self, slot: u32, refusal: &Refusal, by: &str) {
        self.tally.blocked(slot_live(&self.cases, slot), refusal, by, self.now);
        self.end(slot);
    }
}

fn slot_live(cases: &[Option<Box<crate::live::Live>>], slot: u32) -> Option<&crate::live::Live> {
    cases.get(slot as usize)?.as_deref()
}

/// The rule changed while the request was on its way.
fn other_rule() -> Refusal {
    let remedy = "Where the rule has changed since the request was written, write a new request under it.";
    Refusal::new(model::RefusalCode::R92, "relay", "unknown treaty pin: the rule changed on the way", remedy).at("pin")
}
