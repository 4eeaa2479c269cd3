//! One officer alone, over every case that the procedure can come to with one measure and one matter.
//!
//! Whatever sequence of commands somebody gives alone, each of them is given in a case that the procedure can come to. So it is
//! enough to come to all of them, with everybody's help, and to hold in each that no single command of one officer, or of a desk,
//! does what two have to stand for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use model::{ConditionCode, Flaw, KeyId, MatterId, MeasureId, Role, Step};

use super::{NOW, Order, key, record, scope};
use crate::{
    Actor, Case, Change, Event, Keeping, MATTERS, MatterKind, MatterRow, MatterState, Side, State, TRANSITIONS, Terms,
    Trigger, apply, rows_from,
};

/// After which a side may go on alone, in a consultation as in a matter.
pub(super) const SILENCE_MS: i64 = {
    assert!(crate::CONSULT_SILENCE_DAYS <= crate::MATTER_SILENCE_DAYS);
    crate::MATTER_SILENCE_DAYS * 24 * 3600 * 1000
};
pub(super) const SIDES: [(Side, &str); 2] = [(Side::Home, "JP:central"), (Side::Peer, "FR:central")];

/// What two have to stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    Send,
    Refuse,
    Release,
    Destroy,
    /// Records that were given are given up: their keeper destroys them with the step.
    Discard,
    Grant,
    Recall,
    Replace,
    Shred,
    /// What was said in a hearing goes to the other side.
    Minutes,
    /// What was given may be kept for longer.
    Keep,
}

impl Deed {
    const ALL: [Self; 11] = [
        Self::Send,
        Self::Refuse,
        Self::Release,
        Self::Destroy,
        Self::Discard,
        Self::Grant,
        Self::Recall,
        Self::Replace,
        Self::Shred,
        Self::Minutes,
        Self::Keep,
    ];

    /// What became of a case between two looks, by what it holds: not by which step did it.
    pub(super) fn between(before: &Case, after: &Case) -> Vec<Self> {
        let mut deeds = Vec::new();
        if before.measures.is_empty() && !after.measures.is_empty() {
            deeds.push(Self::Send);
        }
        for (id, now) in &after.measures {
            let was = before.measures.get(id);
            let comes = |state: State| now.state == state && was.is_some_and(|was| was.state != state);
            deeds.extend(comes(State::Refused).then_some(Self::Refuse));
            let more = was.is_some_and(|was| now.released.iter().any(|record| !was.released.contains(record)));
            deeds.extend((comes(State::Produced) || more).then_some(Self::Release));
            deeds.extend(comes(State::Disposed).then_some(Self::Destroy));
            deeds.extend(was.is_some_and(|was| now.kept_until > was.kept_until).then_some(Self::Keep));
            let less = was.is_some_and(|was| was.released.iter().any(|record| !now.released.contains(record)));
            let rejected = was.is_some_and(|was| was.state == State::Produced && now.state == State::Ready);
            deeds.extend((less || rejected).then_some(Self::Discard));
        }
        for (id, now) in &after.matters {
            let comes =
                |state: MatterState| now.state == state && before.matters.get(id).is_none_or(|was| was.state != state);
            deeds.extend(comes(MatterState::Granted).then_some(Self::Grant));
            let recalled = now.recalled && before.matters.get(id).is_none_or(|was| !was.recalled);
            deeds.extend(recalled.then_some(Self::Recall));
            deeds.extend(comes(MatterState::Reissued).then_some(Self::Replace));
            deeds.extend(comes(MatterState::Shredded).then_some(Self::Shred));
            let drawn = now.minutes.is_some() && before.matters.get(id).is_none_or(|was| was.minutes != now.minutes);
            deeds.extend((drawn || comes(MatterState::Transmitted)).then_some(Self::Minutes));
        }
        deeds
    }
}

/// Requests of different treaties: the plain one, one that keeps and must be asked about, one that gives, one that is automatic, one under which
/// what is given may have to be destroyed, one that preserves. No treaty of the first and of the last two says how long what was given is kept.
pub(super) fn treaties() -> [Terms; 6] {
    let free = Terms {
        grounds: model::RefusalCode::ALL.iter().copied().filter(|code| code.is_human()).collect(),
        postponements: vec![model::PostponementCode::P01],
        ..Terms::default()
    };
    let keeping = Keeping { days: 90, clause: None, prolongation_days: Some(90) };
    [
        free.clone(),
        Terms { consult: true, expost_hours: Some(96), retention_days: Some(30), ..free.clone() },
        Terms { gives: true, preservation: Some(keeping.clone()), ..free.clone() },
        Terms { automatic: true, retention_days: Some(30), ..free.clone() },
        Terms { conditions: vec![ConditionCode::C06], ..free.clone() },
        Terms { preservation: Some(keeping), ..free },
    ]
}

/// The step on the only measure, and on the only matter, by a side; who signs is to be added.
pub(super) fn order(step: Step, sender: &str, case: Option<&Case>, terms: &Terms) -> Order {
    let mut order = Order::proper(step, &[1]).by(sender).signed(&[]);
    order.bytes = 0;
    // All that is asked for is released.
    order.declared.left_out.clear();
    if matches!(step, Step::OfferConditions | Step::AcceptConditions) && !terms.conditions.is_empty() {
        order.conditions.clone_from(&terms.conditions);
    }
    if step.carries_records() {
        let asked = case.and_then(|case| case.measures.values().next());
        order.records = asked.map_or_else(|| vec![record("hearing_record")], |one| one.scope.records.clone());
    }
    if step == Step::SealSend {
        // Which a hearing makes, and which is released as any other.
        order.measures = vec![scope(1, &["hearing_record"])];
        order.records = if terms.gives { order.measures[0].records.clone() } else { vec![] };
        order.terms = vec![(MeasureId(1), terms.clone())];
    }
    if case.is_none_or(|case| case.measures.is_empty()) {
        order.concerns.clear();
    }
    order
}

/// All that the step can say of itself.
pub(super) fn said(order: &Order) -> Vec<Order> {
    if order.step != Step::Triage {
        return vec![order.clone()];
    }
    let with = |flaw| {
        let mut order = order.clone();
        order.declared.flaw = Some(flaw);
        order
    };
    Flaw::ALL.into_iter().map(with).collect()
}

/// Who may stand for a step by any row of both tables.
fn actors(step: Step) -> Vec<Actor> {
    let rows = TRANSITIONS.iter().filter(|row| row.trigger == Trigger::Step(step)).map(|row| row.actor);
    rows.chain(MATTERS.iter().filter(|row| row.step == step).map(|row| row.actor)).collect()
}

/// Whether a table knows the step where the case and its matter stand. What no row knows is refused whoever signs: see
/// `decide_agrees_with_the_table_everywhere`.
fn is_known(step: Step, side: Side, case: &Case) -> bool {
    let matter = case.matters.get(&MatterId(1));
    let fits = |row: &MatterRow| match matter {
        None => row.from.is_empty(),
        Some(matter) => row.kinds.contains(&matter.kind) && row.from.contains(&matter.state),
    };
    TRANSITIONS
        .iter()
        .any(|row| row.trigger == Trigger::Step(step) && row.from.contains(&case.state()) && row.sides.contains(&side))
        || MATTERS.iter().any(|row| row.step == step && fits(row))
}

/// Whether it is up to the signers: what is refused before anybody looks at them is refused whoever signs.
fn is_up_to_signers(order: &Order, case: &Case) -> bool {
    let nobody = Order { signers: vec![], ..order.clone() }.decide_at(Some(case), NOW.plus_ms(SILENCE_MS));
    nobody.is_ok() || nobody.is_err_and(|refusal| refusal.field.as_deref() == Some("officers"))
}

/// Everybody that the step needs, once by each actor.
pub(super) fn together(step: Step) -> Vec<Vec<(KeyId, Role)>> {
    // Who decided does not decide on the remedy.
    let first = if matches!(step, Step::AnnulDecision | Step::UpholdDecision) { 3 } else { 0 };
    let signers = |actor: &Actor| match actor {
        Actor::Officers(count, roles) => (0..*count).map(|officer| (key(first + officer), roles[0])).collect(),
        _ => vec![],
    };
    actors(step).iter().map(signers).collect()
}

/// One officer who holds every role: no signature, one in each role, two in any of the step's.
fn alone(step: Step) -> Vec<Vec<(KeyId, Role)>> {
    let me = key(9);
    let mut ways = vec![vec![]];
    ways.extend(Role::ALL.into_iter().map(|role| vec![(me, role)]));
    let roles: BTreeSet<Role> = actors(step)
        .iter()
        .flat_map(|actor| match actor {
            Actor::Officers(_, roles) | Actor::DeskOr(roles) => roles.to_vec(),
            _ => vec![],
        })
        .collect();
    for a in &roles {
        ways.extend(roles.iter().map(|b| vec![(me, *a), (me, *b)]));
    }
    ways
}

/// What decides how a case can go on, without its moments and sums. A matter moves no measure and asks of one only whether something was
/// released for it and whether it awaits what is collected, so beside a matter no more of a measure is told apart.
pub(super) fn shape(case: &Case) -> String {
    let measure = case.measures.get(&MeasureId(1));
    if let Some(one) = case.matters.get(&MatterId(1)) {
        let matter = (one.kind, one.state, one.opener, one.flaw, one.recalled, one.signed.len());
        let asked =
            measure.map(|one| (one.entries.is_empty(), matches!(one.state, State::Accepted | State::Executing)));
        return format!("{matter:?} {asked:?}");
    }
    let measure = measure.map(|one| {
        let history = (one.asked_in, one.lodged_in, one.outstanding, one.consulted, one.given_up, one.reported);
        (
            one.state,
            history,
            (one.keeps(), one.conditions.len()),
            one.regularised.is_some(),
            one.offered.len(),
            one.released.len(),
            one.taken.records.len(),
            one.entries.len(),
        )
    });
    format!("{measure:?} {}", case.abandoned)
}

/// The same case at the same moment, however it came there, so that there are finitely many.
pub(super) fn settled(mut case: Case) -> Case {
    case.moved = NOW;
    for measure in case.measures.values_mut() {
        measure.since = NOW;
    }
    for matter in case.matters.values_mut() {
        matter.since = NOW;
    }
    case
}

/// Every case that somebody, or everybody together, can bring about under these terms, each once.
fn explored(terms: &Terms) -> Vec<Case> {
    let opened = order(Step::OpenGroup, "JP:central", None, terms).decide(None).unwrap();
    let mut next = vec![settled(apply(None, &opened))];
    let mut seen: BTreeMap<String, ()> = BTreeMap::from([(shape(&next[0]), ())]);
    let mut found = Vec::new();
    while let Some(case) = next.pop() {
        let mut events = of_gateways(&case);
        for step in Step::ALL {
            for (_, sender) in SIDES.into_iter().filter(|(side, _)| is_known(step, *side, &case)) {
                let plain = order(step, sender, Some(&case), terms);
                if !is_up_to_signers(&plain, &case) {
                    continue;
                }
                for order in said(&plain) {
                    let signed = together(step).into_iter().map(|signers| Order { signers, ..order.clone() });
                    let moment = NOW.plus_ms(SILENCE_MS);
                    events.extend(signed.filter_map(|order| order.decide_at(Some(&case), moment).ok()));
                }
            }
        }
        for event in events {
            let after = settled(apply(Some(case.clone()), &event));
            if seen.insert(shape(&after), ()).is_none() {
                next.push(after);
            }
        }
        found.push(case);
    }
    found
}

/// Under each of the treaties.
static EXPLORED: LazyLock<Vec<(Terms, Vec<Case>)>> =
    LazyLock::new(|| treaties().into_iter().map(|terms| (terms.clone(), explored(&terms))).collect());

fn of_gateways(case: &Case) -> Vec<Event> {
    let waits = rows_from(case.state()).any(|row| matches!(row.trigger, Trigger::Gateway(_)));
    if !waits {
        return Vec::new();
    }
    vec![Event::delivered(case, NOW), Event::denied(case, None, NOW), Event::no_route(case, NOW)]
}

#[test]
fn no_sequence_of_commands_by_one_officer_alone_sends_refuses_releases_grants_recalls_destroys_or_hands_minutes_over() {
    let (mut states, mut standings, mut decided) = (BTreeSet::new(), BTreeSet::new(), 0_u32);
    for (terms, cases) in EXPLORED.iter() {
        for case in cases {
            states.insert(case.state());
            standings.extend(case.matters.values().map(|matter| (matter.kind, matter.state)));
            for step in Step::ALL {
                for (_, sender) in SIDES.into_iter().filter(|(side, _)| is_known(step, *side, case)) {
                    let plain = order(step, sender, Some(case), terms);
                    if !is_up_to_signers(&plain, case) {
                        continue;
                    }
                    for signers in alone(step) {
                        let order = Order { signers, ..plain.clone() };
                        let Ok(event) = order.decide_at(Some(case), NOW.plus_ms(SILENCE_MS)) else { continue };
                        decided += 1;
                        let deeds = Deed::between(case, &apply(Some(case.clone()), &event));
                        // What a treaty lets be answered without a human is the desk's own act, and nobody signs it.
                        let automatic = step == Step::Answer && terms.automatic && order.signers.is_empty();
                        // A body that contradicts its header is the desk's own finding, and no officer's command.
                        let found = step == Step::Violation && order.signers.is_empty();
                        let allowed: &[Deed] = match (automatic, found) {
                            (true, _) => &[Deed::Release],
                            (_, true) if deeds.contains(&Deed::Discard) => &[Deed::Discard],
                            _ => &[],
                        };
                        assert_eq!(deeds, allowed, "{step} by {:?} in {}", order.signers, case.state());
                    }
                }
            }
        }
    }
    let crossing: BTreeSet<_> = State::ALL.into_iter().filter(|state| *state >= State::Validated).collect();
    assert_eq!(states, crossing, "every state was looked at");
    let kinds: BTreeSet<_> = standings.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, MatterKind::ALL.into_iter().collect(), "every kind of matter was looked at");
    assert!(decided > 1000, "the officer can do what needs one signature: {decided}");
}

#[test]
fn an_officer_who_begins_alone_opens_and_closes_an_empty_case_and_nothing_else() {
    let terms = &treaties()[0];
    let mut next = vec![apply(None, &order(Step::OpenGroup, "JP:central", None, terms).decide(None).unwrap())];
    let mut ends = BTreeSet::new();
    while let Some(case) = next.pop() {
        for step in Step::ALL {
            for (_, sender) in SIDES {
                for signers in alone(step) {
                    let order = Order { signers, ..order(step, sender, Some(&case), terms) };
                    let Ok(event) = order.decide(Some(&case)) else { continue };
                    let after = apply(Some(case.clone()), &event);
                    if ends.insert((after.state(), after.measures.len(), after.matters.len())) {
                        next.push(after);
                    }
                }
            }
        }
    }
    assert_eq!(ends, BTreeSet::from([(State::Validated, 0, 0), (State::Closed, 0, 0)]));
}

/// Every step of both tables that two stand for, in every case in which two may take it.
#[test]
fn the_second_signer_is_not_the_first_in_whatever_role_for_each_step_of_both_tables_r94() {
    let mut done: BTreeMap<Deed, BTreeSet<Step>> = BTreeMap::new();
    for (terms, cases) in EXPLORED.iter() {
        for case in cases {
            for step in Step::ALL {
                for actor in actors(step).into_iter().filter(|actor| matches!(actor, Actor::Officers(2, _))) {
                    let Actor::Officers(_, roles) = actor else { continue };
                    for (_, sender) in SIDES.into_iter().filter(|(side, _)| is_known(step, *side, case)) {
                        let plain = order(step, sender, Some(case), terms);
                        if !is_up_to_signers(&plain, case) {
                            continue;
                        }
                        let mut two = said(&plain).into_iter().flat_map(|plain| {
                            roles.iter().map(move |role| Order {
                                signers: vec![(key(5), roles[0]), (key(6), *role)],
                                ..plain.clone()
                            })
                        });
                        let moment = NOW.plus_ms(SILENCE_MS);
                        let Some((order, event)) =
                            two.find_map(|order| Some(swap((order.decide_at(Some(case), moment).ok()?, order))))
                        else {
                            continue;
                        };
                        let deeds = Deed::between(case, &apply(Some(case.clone()), &event));
                        // A decision that was upheld is one officer's word, unless it was a refusal.
                        if deeds.is_empty() {
                            continue;
                        }
                        for deed in deeds {
                            done.entry(deed).or_default().insert(step);
                        }
                        for second in roles {
                            let order = Order { signers: vec![(key(5), roles[0]), (key(5), *second)], ..order.clone() };
                            let refusal = order.decide_at(Some(case), moment).unwrap_err();
                            assert_eq!(refusal.code.as_str(), "R94");
                            assert_eq!(refusal.field.as_deref(), Some("officers"));
                            assert!(refusal.reason.contains("needs two different officers"), "{}", refusal.reason);
                            assert!(refusal.remedy.contains("another officer"), "{}", refusal.remedy);
                        }
                        for other in Role::ALL.into_iter().filter(|role| !roles.contains(role)) {
                            let order = Order { signers: vec![(key(5), roles[0]), (key(5), other)], ..order.clone() };
                            let refusal = order.decide_at(Some(case), moment).unwrap_err();
                            assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("R93", Some("officers")));
                        }
                    }
                }
            }
        }
    }
    let deeds: BTreeSet<_> = done.keys().copied().collect();
    assert_eq!(deeds, Deed::ALL.into_iter().collect(), "each of them was done by two: {done:?}");
    let steps: BTreeSet<Step> = done.values().flatten().copied().collect();
    let two = |step: &Step| actors(*step).iter().any(|actor| matches!(actor, Actor::Officers(2, _)));
    assert_eq!(steps, Step::ALL.into_iter().filter(two).collect(), "and by each step that two stand for");
}

fn swap<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

#[test]
fn two_measures_of_one_case_are_not_moved_by_one_officer_as_two() {
    // One signature for each of two measures is one officer still.
    let case = super::case_in(State::Review, &[1, 2]);
    let mut refuse = Order::proper(Step::Refuse, &[1, 2]).signed(&[(4, Role::Decider)]);
    assert_eq!(refuse.decide(Some(&case)).unwrap_err().code.as_str(), "R94");
    refuse = refuse.signed(&[(4, Role::Decider), (4, Role::Decider)]);
    assert_eq!(refuse.decide(Some(&case)).unwrap_err().code.as_str(), "R94");
    let refused = Order::proper(Step::Refuse, &[1, 2]).decide(Some(&case)).unwrap().change;
    let Change::Moved { moves, .. } = refused else { unreachable!("two officers move them") };
    assert_eq!(moves.len(), 2);
    assert!(moves.iter().all(|one| one.to == State::Refused));
}
