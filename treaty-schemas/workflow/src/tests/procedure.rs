//! What holds of the table as a whole.

use std::collections::BTreeSet;

use model::{MeasureId, RefusalCode, Role, Step};
use proptest::prelude::*;

use super::{NOW, Order, case_in, key, record, scope};
use crate::{
    Actor, Case, Change, DraftCommand, DraftStep, Guard, Row, Side, State, TRANSITIONS, Trigger, apply, decide_draft,
};

fn one_measure(state: State) -> Case {
    case_in(state, &[1])
}

/// Every state that a case with measures, or one before them, can be in.
fn standing() -> impl Iterator<Item = State> {
    State::ALL.into_iter().filter(|state| *state >= State::Validated)
}

#[test]
fn nothing_leaves_closed() {
    assert!(crate::rows_from(State::Closed).all(|row| row.to.is_none()));
}

#[test]
fn sending_refusing_releasing_destroying_and_letting_keep_have_two_signers_and_no_other_row_leads_there() {
    for row in TRANSITIONS {
        let four_eyes = matches!(row.to, Some(State::Sent | State::Refused | State::Produced | State::Disposed));
        // What the treaty declares automatic is released by the desk alone.
        let four_eyes = four_eyes && row.guard != Guard::Automatic;
        // What is not taken is destroyed with the step.
        let discards = row.trigger == Trigger::Step(Step::Reject) || row.guard == Guard::GivenBack;
        let kept = row.trigger == Trigger::Step(Step::Extend);
        let four_eyes = four_eyes || discards || kept;
        assert_eq!(four_eyes, matches!(row.actor, Actor::Officers(2, _)), "{row}");
    }
}

#[test]
fn every_step_has_a_row() {
    for step in Step::ALL {
        let rows = TRANSITIONS.iter().any(|row| row.trigger == Trigger::Step(step));
        assert!(rows != crate::moves_matter(step), "{step}");
    }
}

#[test]
fn at_most_one_row_fits_a_step_a_side_and_a_state() {
    for step in Step::ALL {
        for state in State::ALL {
            for side in [Side::Home, Side::Peer] {
                let fits = |row: &&Row| {
                    row.trigger == Trigger::Step(step) && row.from.contains(&state) && row.sides.contains(&side)
                };
                let rows: Vec<_> = TRANSITIONS.iter().filter(fits).collect();
                let origins = rows.iter().map(|row| match row.guard {
                    Guard::AskedIn(origin) | Guard::LodgedIn(origin) => Some((Some(origin), false)),
                    // A request asks, or it gives.
                    Guard::WrongAddressee | Guard::GivenBack => Some((None, row.guard == Guard::GivenBack)),
                    // All has arrived, or a part.
                    Guard::Complete | Guard::Unfollowed => Some((None, row.guard == Guard::Unfollowed)),
                    _ => None,
                });
                let origins: BTreeSet<_> = origins.collect();
                assert!(rows.len() <= 1 || (origins.len() == rows.len() && !origins.contains(&None)), "{step} {state}");
            }
        }
    }
}

/// After which the other side may go on alone.
const SILENCE_MS: i64 = {
    assert!(crate::CONSULT_SILENCE_DAYS <= crate::REMEDY_DAYS);
    crate::REMEDY_DAYS * 24 * 3600 * 1000
};

/// For every state, step, side and set of signers the code says what the table says.
#[test]
fn decide_agrees_with_the_table_everywhere() {
    let measured = |step: &Step| *step != Step::OpenGroup && !crate::moves_matter(*step);
    for state in standing() {
        let case = one_measure(state);
        for step in Step::ALL.into_iter().filter(measured) {
            for (side, sender) in [(Side::Home, "JP:central"), (Side::Peer, "FR:central")] {
                for role in Role::ALL {
                    for count in 0..=2_u8 {
                        let signers: Vec<_> = (0..count).map(|officer| (officer, role)).collect();
                        let mut order = Order::proper(step, &[1]).by(sender).signed(&signers);
                        if case.measures.is_empty() {
                            order.concerns.clear();
                        }
                        let fits = |row: &&Row| {
                            row.trigger == Trigger::Step(step) && row.from.contains(&state) && row.sides.contains(&side)
                        };
                        let applies = |row: &&Row| case.measures.values().all(|measure| row.applies(measure, side));
                        let admits = |row: &Row| match row.actor {
                            Actor::Officers(needed, roles) => count >= needed && roles.contains(&role),
                            // No day of review was named.
                            Actor::DeskOr(roles) if row.guard == Guard::TakenUp => count > 0 && roles.contains(&role),
                            Actor::DeskOr(roles) => count == 0 || roles.contains(&role),
                            Actor::Desk | Actor::Gateway => count == 0,
                        };
                        let expected = TRANSITIONS.iter().filter(applies).find(fits).is_some_and(admits);
                        let answer = order.decide_at(Some(&case), NOW.plus_ms(SILENCE_MS));
                        assert_eq!(
                            answer.is_ok(),
                            expected,
                            "{step} by {side:?} in {state}, {count} × {role:?}: {answer:?}"
                        );
                        if let Err(refusal) = answer {
                            assert!(matches!(refusal.code, RefusalCode::R93 | RefusalCode::R94));
                            assert_eq!(refusal.rule, "workflow");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_possible_is_what_decide_takes() {
    for state in standing() {
        let case = one_measure(state);
        for (side, sender) in [(Side::Home, "JP:central"), (Side::Peer, "FR:central")] {
            for possibility in case.possible(side) {
                let Trigger::Step(step) = possibility.row.trigger else { continue };
                let mut order = Order::proper(step, &[1]).by(sender);
                if !possibility.row.is_of_the_case() {
                    order.concerns = possibility.measures;
                }
                if let (Step::ConsultDone, Actor::Officers(_, &[role])) = (step, possibility.row.actor) {
                    order = order.signed(&[(4, role)]);
                }
                let answer = order.decide_at(Some(&case), NOW.plus_ms(SILENCE_MS));
                assert!(answer.is_ok(), "{step} in {state}: {answer:?}");
            }
        }
    }
}

#[test]
fn drafting_goes_from_draft_to_validated_by_officer_and_validator() {
    let go = |state, step, role| decide_draft(&DraftCommand { step, state, role });
    let state = go(State::Draft, DraftStep::Submit, Role::Officer);
    assert_eq!(state, Ok(State::Validating));
    assert_eq!(go(State::Validating, DraftStep::Validate, Role::Judge), Ok(State::Validated));
    assert_eq!(go(State::Validating, DraftStep::Rework, Role::Prosecutor), Ok(State::Draft));
    assert_eq!(go(State::Blocked, DraftStep::Rework, Role::Officer), Ok(State::Draft));
    let role = go(State::Validating, DraftStep::Validate, Role::Officer).unwrap_err();
    assert_eq!(
        (role.code, role.reason.as_str()),
        (RefusalCode::R93, "validate needs the role judge or prosecutor; officer acted")
    );
    let moment = go(State::Draft, DraftStep::Validate, Role::Judge).unwrap_err();
    assert_eq!(
        (moment.code, moment.reason.as_str()),
        (RefusalCode::R94, "validate is not possible in DRAFT; possible now: submit (officer)")
    );
}

#[test]
fn the_table_prints_one_line_per_row_stability() {
    let table = crate::table();
    assert_eq!(table.lines().count(), TRANSITIONS.len() + 2);
    assert!(table.contains("| VALIDATED | SENT | seal_send | home | 2 × central | measures listed, each once |"));
    assert!(table.contains("| REVIEW / EXECUTING | REFUSED | refuse | peer | 2 × decider | ground R01–R20 that the treaty knows; consulted where it wants that |"));
}

fn orders() -> impl Strategy<Value = Order> {
    let steps = proptest::sample::select(Step::ALL.to_vec());
    let concerns = proptest::sample::subsequence(vec![1_u32, 2, 3], 0..=3);
    let roles = proptest::collection::vec((1_u8..4, proptest::sample::select(Role::ALL.to_vec())), 0..3);
    (steps, concerns, any::<bool>(), proptest::option::weighted(0.15, roles), 0_u8..20).prop_map(
        |(step, concerns, home, roles, odd)| {
            let mut order = Order::proper(step, &concerns);
            if let Some(roles) = roles {
                order.signers = roles.into_iter().map(|(officer, role)| (key(officer), role)).collect();
            }
            match odd {
                0 => order.sender = if home { "JP:central" } else { "FR:central" }.parse().unwrap(),
                1 => order.sender = "IT:central".parse().unwrap(),
                2 => order.ground = Some(RefusalCode::R92),
                3 => order.records = vec![record("content")],
                4 => order.measures = vec![scope(1, &["content"]), scope(1, &["content"])],
                5 => order.concerns.push(MeasureId(7)),
                _ => {}
            }
            order
        },
    )
}

proptest! {
    /// Whatever is tried: an event moves along rows of the table only, folding is deterministic, and the case survives storage.
    #[test]
    fn random_commands_move_measures_along_rows_only(orders in proptest::collection::vec(orders(), 1..60)) {
        let mut case: Option<Case> = None;
        let mut events = Vec::new();
        for order in orders {
            let Ok(event) = order.decide(case.as_ref()) else { continue };
            if let Change::Moved { step, moves, .. } = &event.change {
                for one in moves {
                    let along = |row: &&Row| row.trigger == Trigger::Step(*step) && row.from.contains(&one.from) && row.to.unwrap_or(one.from) == one.to;
                    prop_assert!(TRANSITIONS.iter().any(|row| along(&row)));
                }
            }
            let sent = matches!(event.change, Change::Sent { .. });
            events.push(event.clone());
            let mut next = apply(case, &event);
            if sent {
                let delivered = crate::Event::delivered(&next, NOW);
                next = apply(Some(next), &delivered);
                events.push(delivered);
            }
            case = Some(next);
        }
        let folded = events.iter().fold(None, |case, event| Some(apply(case, event)));
        prop_assert_eq!(&folded, &case);
        let stored = serde_json::to_string(&case).unwrap();
        prop_assert_eq!(serde_json::from_str::<Option<Case>>(&stored).unwrap(), case);
    }
}
