//! Random lives of a case over steps and matters, folded on both sides.

use std::collections::{BTreeMap, BTreeSet};

use model::{Flaw, MatterId, MeasureId, RefusalCode, Role, Step};
use proptest::prelude::*;

use super::{NOW, Order, key};
use crate::{
    Actor, Case, Change, Event, MATTERS, Side, State, TRANSITIONS, Terms, Trigger, apply, matter_rows, opens_matter,
};

/// One choice of the life: which of the possible steps, on which measures, and what is wrong with it, if anything.
#[derive(Debug, Clone)]
struct Choice {
    which: usize,
    measures: u8,
    flaw: Flaw,
    spoilt: u8,
}

fn choices() -> impl Strategy<Value = Choice> {
    let flaw = proptest::sample::select(Flaw::ALL.to_vec());
    (any::<usize>(), any::<u8>(), flaw, 0_u8..12).prop_map(|(which, measures, flaw, spoilt)| Choice {
        which,
        measures,
        flaw,
        spoilt,
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    let grounds: Vec<RefusalCode> = RefusalCode::ALL.iter().copied().filter(|code| code.is_human()).collect();
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(move |(consult, keeps, gives, automatic)| {
        Terms {
            consult,
            grounds: grounds.clone(),
            postponements: vec![model::PostponementCode::P01],
            retention_days: keeps.then_some(30),
            expost_hours: keeps.then_some(96),
            gives,
            automatic: automatic && !gives,
            ..Terms::default()
        }
    })
}

fn sender(side: Side) -> &'static str {
    if side == Side::Home { "JP:central" } else { "FR:central" }
}

fn signed(order: Order, actor: Actor) -> Order {
    // Who decided does not decide on the remedy.
    let first = if matches!(order.step, Step::AnnulDecision | Step::UpholdDecision) { 40 } else { 30 };
    let signers = match actor {
        Actor::Officers(count, roles) => (0..count).map(|officer| (key(first + officer), roles[0])).collect(),
        _ => vec![],
    };
    Order { signers, ..order }
}

/// Every step that the tables offer now, by who may take it.
fn possible(case: &Case, terms: &Terms, choice: &Choice) -> Vec<Order> {
    let mut orders = Vec::new();
    let ids: Vec<u32> = case.measures.keys().map(|id| id.0).collect();
    for side in [Side::Home, Side::Peer] {
        for one in case.possible(side) {
            let Trigger::Step(step) = one.row.trigger else { continue };
            let some = |(place, _): &(usize, &MeasureId)| choice.measures & (1 << (place % 8)) != 0 || *place == 0;
            let concerns: Vec<u32> = one.measures.iter().enumerate().filter(some).map(|(_, id)| id.0).collect();
            let concerns = if step == Step::SealSend { vec![1, 2] } else { concerns };
            let mut order = Order::proper(step, &concerns).by(sender(side));
            if step == Step::SealSend {
                order.terms = concerns.iter().map(|id| (MeasureId(*id), terms.clone())).collect();
                order.records = if terms.gives { order.measures[0].records.clone() } else { vec![] };
            }
            orders.push(signed(order, one.row.actor));
        }
        for row in MATTERS.iter().filter(|row| opens_matter(row.step) && row.from.is_empty()) {
            let mut order = Order::proper(row.step, &ids).by(sender(side));
            order.declared.matter = u32::try_from(case.matters.len() + 1).ok().map(MatterId);
            orders.push(signed(order, row.actor));
        }
        for (id, matter) in &case.matters {
            for row in matter_rows(matter.kind).filter(|row| row.from.contains(&matter.state)) {
                let concerns: Vec<u32> = matter.concerns.iter().map(|id| id.0).collect();
                let mut order = Order::proper(row.step, &concerns).by(sender(side));
                order.declared.matter = Some(*id);
                order.declared.flaw = (row.step == Step::Triage).then_some(choice.flaw);
                orders.push(signed(order, row.actor));
            }
        }
    }
    orders
}

/// What is wrong with every fourth order.
fn spoilt(mut order: Order, choice: &Choice) -> Order {
    match choice.spoilt {
        0 => order.signers.truncate(1),
        1 => order.signers = vec![(key(5), Role::Judge), (key(6), Role::Judge)],
        2 => {
            order.sender =
                if order.sender.party() == super::party("home") { "FR:central" } else { "JP:central" }.parse().unwrap()
        }
        _ => {}
    }
    order
}

/// What two gateways hold of one case, each folded from the entries that it saw, as they were written down.
#[derive(Default)]
struct Sides {
    cases: [Option<Case>; 2],
    events: Vec<Event>,
}

impl Sides {
    /// Both decide by themselves. They agree, or the test fails.
    fn decide(&mut self, order: &Order, at: model::Timestamp) -> Result<Option<Event>, TestCaseError> {
        let [home, peer] = [0, 1].map(|side| order.decide_at(self.cases[side].as_ref(), at));
        prop_assert_eq!(&home, &peer);
        Ok(home.ok())
    }

    fn take(&mut self, event: Event) {
        let stored: Event = serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
        self.cases = [Some(apply(self.cases[0].take(), &event)), Some(apply(self.cases[1].take(), &stored))];
        self.events.push(event);
    }
}

/// Which measures something other than a human's release stands for.
fn accepted(events: &[Event]) -> BTreeMap<MeasureId, BTreeSet<State>> {
    let mut been: BTreeMap<MeasureId, BTreeSet<State>> = BTreeMap::new();
    for event in events {
        if let Change::Moved { moves, .. } = &event.change {
            moves.iter().for_each(|one| been.entry(one.measure).or_default().extend([one.to]));
        }
    }
    been
}

fn holds(sides: &Sides) -> Result<(), TestCaseError> {
    let [home, peer] = &sides.cases;
    prop_assert_eq!(home, peer, "both sides hold the same");
    let Some(case) = home else { return Ok(()) };
    let been = accepted(&sides.events);
    let answered = |id: MeasureId| {
        sides.events.iter().any(|event| {
            matches!(&event.change, Change::Moved { step: Step::Answer, moves, .. } if moves.iter().any(|one| one.measure == id))
        })
    };
    for (id, measure) in case.measures.iter().filter(|(_, measure)| !measure.released.is_empty()) {
        let human = been.get(id).is_some_and(|states| states.contains(&State::Accepted));
        let automatic = measure.terms.as_ref().is_some_and(|terms| terms.automatic) && answered(*id);
        prop_assert!(human || automatic || measure.gives(), "{id} was released and never accepted");
        prop_assert!(measure.released.iter().all(|record| measure.scope.records.contains(record)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Whatever is tried, in whatever order: both sides decide and hold the same, a replay gives the same, storage changes nothing, each
    /// move is along a row, and nothing is released that was neither accepted, nor declared automatic, nor given.
    #[test]
    fn random_lives_over_steps_and_matters_are_one_case_on_both_sides(
        terms in terms(),
        choices in proptest::collection::vec(choices(), 20..90),
    ) {
        let mut sides = Sides::default();
        let opened = Order::proper(Step::OpenGroup, &[]);
        let event = sides.decide(&opened, NOW)?;
        sides.take(event.unwrap());
        for (index, choice) in choices.iter().enumerate() {
            let at = NOW.plus_ms(i64::try_from(index).unwrap() * 3_600_000);
            let case = sides.cases[0].clone().unwrap();
            let orders = possible(&case, &terms, choice);
            let Some(order) = orders.get(choice.which % orders.len().max(1)) else { break };
            let Some(event) = sides.decide(&spoilt(order.clone(), choice), at)? else { continue };
            if let Change::Moved { step, moves, .. } = &event.change {
                for one in moves {
                    let along = TRANSITIONS.iter().any(|row| row.trigger == Trigger::Step(*step)
                        && row.from.contains(&one.from) && row.to.unwrap_or(one.from) == one.to);
                    prop_assert!(along, "{} from {} to {}", step, one.from, one.to);
                }
            }
            let sent = matches!(event.change, Change::Sent { .. });
            sides.take(event);
            if sent {
                let delivered = Event::delivered(sides.cases[0].as_ref().unwrap(), at);
                sides.take(delivered);
            }
            holds(&sides)?;
        }
        let replayed = sides.events.iter().fold(None, |case, event| Some(apply(case, event)));
        prop_assert_eq!(&replayed, &sides.cases[0]);
        let stored = serde_json::to_string(&replayed).unwrap();
        prop_assert_eq!(serde_json::from_str::<Option<Case>>(&stored).unwrap(), replayed);
    }
}
