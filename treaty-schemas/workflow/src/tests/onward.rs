//! Questions, conditions, postponement, parts, rejection and return, row by row.

use model::{ConditionCode, MeasureId, PostponementCode, RefusalCode, Role, Step};

use super::{NOW, Order, case_in, key, record, take};
use crate::{Case, Measure, Side, State, apply};

fn of(case: &Case) -> &Measure {
    &case.measures[&MeasureId(1)]
}

fn go(case: Case, steps: &[Step]) -> Case {
    steps.iter().fold(case, |case, step| take(Some(case), *step, &[1]))
}

fn refused(case: &Case, order: &Order) -> (RefusalCode, String) {
    let refusal = order.decide(Some(case)).unwrap_err();
    (refusal.code, refusal.field.unwrap())
}

#[test]
fn an_answer_leads_back_to_where_the_questions_were_asked() {
    for state in [State::Review, State::Executing] {
        let asked = go(case_in(state, &[1]), &[Step::AskInfo]);
        assert_eq!(
            (asked.state(), asked.whose_move(), of(&asked).asked_in),
            (State::InfoWait, Some(Side::Home), Some(state))
        );
        let given = go(asked, &[Step::GiveInfo]);
        assert_eq!((given.state(), given.whose_move(), of(&given).asked_in), (state, Some(Side::Peer), None));
    }
}

#[test]
fn two_measures_that_were_asked_about_in_different_states_go_back_each_to_its_own() {
    let case = take(Some(case_in(State::Review, &[1, 2])), Step::Recognise, &[1]);
    let case = take(Some(case), Step::Assign, &[1]);
    let case = take(Some(case), Step::AskInfo, &[1, 2]);
    let possible: Vec<_> =
        case.possible(Side::Home).into_iter().filter(|one| one.row.to != Some(State::Withdrawn)).collect();
    assert_eq!(possible.len(), 3, "an answer to each, and a change of the group: {possible:?}");
    let case = take(Some(case), Step::GiveInfo, &[1, 2]);
    let states: Vec<_> = case.measures.values().map(|measure| measure.state).collect();
    assert_eq!(states, [State::Executing, State::Review]);
}

#[test]
fn questions_are_the_requested_partys_and_answers_the_requesting_ones_r93() {
    let review = case_in(State::Review, &[1]);
    let ask = Order::proper(Step::AskInfo, &[1]);
    assert_eq!(ask.clone().by("JP:central").decide(Some(&review)).unwrap_err().code, RefusalCode::R93);
    assert_eq!(ask.signed(&[(4, Role::Decider)]).decide(Some(&review)).unwrap_err().code, RefusalCode::R93);
    let asked = go(review, &[Step::AskInfo]);
    let refusal = Order::proper(Step::Recognise, &[1]).decide(Some(&asked)).unwrap_err();
    assert_eq!(
        refusal.reason,
        "recognise by FR is not possible while M1 is in INFO_WAIT; possible now: ask_info (central or executing of FR), \
         give_info (central of JP), return_request (central of FR), tell_status (desk or central or executing of FR), \
         withdraw (central of JP)"
    );
}

#[test]
fn conditions_bind_once_they_are_taken_as_they_were_offered() {
    let mut offer = Order::proper(Step::OfferConditions, &[1]);
    offer.conditions = vec![ConditionCode::C04, ConditionCode::C01];
    let review = case_in(State::Review, &[1]);
    let offered = apply(Some(review.clone()), &offer.decide(Some(&review)).unwrap());
    assert_eq!((offered.state(), offered.whose_move()), (State::CondOffer, Some(Side::Home)));
    assert!(of(&offered).conditions.is_empty());
    let mut accept = Order::proper(Step::AcceptConditions, &[1]);
    let r94 = (RefusalCode::R94, "conditions".to_owned());
    assert_eq!(refused(&offered, &accept), r94, "one of two");
    accept.conditions = vec![ConditionCode::C01, ConditionCode::C04];
    let accepted = apply(Some(offered.clone()), &accept.decide(Some(&offered)).unwrap());
    assert_eq!((accepted.state(), accepted.whose_move()), (State::Accepted, Some(Side::Peer)));
    assert_eq!(of(&accepted).conditions, vec![ConditionCode::C01, ConditionCode::C04]);
    let declined = go(offered, &[Step::DeclineConditions]);
    assert_eq!((declined.state(), declined.whose_move()), (State::Review, Some(Side::Peer)));
    assert!(of(&declined).conditions.is_empty() && of(&declined).offered.is_empty());
    offer.conditions.clear();
    assert_eq!(refused(&review, &offer), r94, "an offer of nothing");
}

#[test]
fn what_is_postponed_says_why_until_it_is_resumed() {
    for state in [State::Review, State::Executing] {
        let case = case_in(state, &[1]);
        let mut order = Order::proper(Step::Postpone, &[1]);
        let postponed = apply(Some(case.clone()), &order.decide(Some(&case)).unwrap());
        assert_eq!((postponed.state(), of(&postponed).postponed), (State::Postponed, Some(PostponementCode::P01)));
        let resumed = go(postponed.clone(), &[Step::Resume]);
        assert_eq!((resumed.state(), of(&resumed).postponed), (State::Review, None));
        order.declared.postponement = None;
        assert_eq!(refused(&case, &order), (RefusalCode::R94, "declared.postponement".to_owned()));
    }
    let mut acknowledge = Order::proper(Step::Acknowledge, &[1]);
    acknowledge.declared.postponement = Some(PostponementCode::P01);
    let refusal = refused(&case_in(State::Delivered, &[1]), &acknowledge);
    assert_eq!(refusal, (RefusalCode::R94, "declared.postponement".to_owned()));
}

fn release(name: &str, bytes: u64) -> Order {
    Order { records: vec![record(name)], bytes, ..Order::proper(Step::Release, &[1]) }
}

fn given(case: &Case, order: &Order) -> Case {
    apply(Some(case.clone()), &order.decide(Some(case)).unwrap())
}

#[test]
fn a_measure_is_answered_in_parts_and_all_of_them_count() {
    let partial = go(case_in(State::Executing, &[1]), &[Step::PartCollected]);
    assert_eq!((partial.state(), partial.whose_move()), (State::Partial, Some(Side::Peer)));
    let first = go(given(&partial, &release("subscriber_info", 300)), &[Step::Confirm]);
    assert_eq!((first.state(), first.whose_move()), (State::Received, Some(Side::Peer)), "it owes the rest");
    let ready = go(first, &[Step::MoreToCome, Step::Collected]);
    let second = given(&ready, &release("traffic_data", 500));
    assert_eq!(of(&second).released, vec![record("subscriber_info"), record("traffic_data")]);
    assert_eq!(of(&second).bytes, 800);
    let end = go(second, &[Step::Confirm]);
    assert_eq!((end.state(), end.whose_move()), (State::Received, Some(Side::Peer)), "it reports");
    let refusal = Order::proper(Step::MoreToCome, &[1]).decide(Some(&end)).unwrap_err();
    assert_eq!(refusal.reason, "FR said that all of M1 was collected; nothing is outstanding");
    assert!(end.possible(Side::Peer).iter().all(|one| one.row.to != Some(State::Executing)));
}

#[test]
fn both_sides_are_awaited_where_one_measure_arrived_and_another_is_under_review() {
    let mut case = case_in(State::Review, &[1, 2]);
    case.measures.get_mut(&MeasureId(1)).unwrap().state = State::Produced;
    assert_eq!((case.state(), case.whose_move()), (State::Review, Some(Side::Peer)));
    assert!(case.awaits(Side::Home), "it confirms M1");
    assert!(case.awaits(Side::Peer), "it decides on M2");
    case.measures.get_mut(&MeasureId(1)).unwrap().state = State::Refused;
    assert!(!case.awaits(Side::Home), "what was refused waits only to be closed, and M2 goes on");
    case.measures.get_mut(&MeasureId(2)).unwrap().state = State::Refused;
    assert!(case.awaits(Side::Home), "it closes both");
}

#[test]
fn all_can_be_collected_after_a_part_was() {
    let ready = go(case_in(State::Partial, &[1]), &[Step::Collected]);
    assert_eq!((ready.state(), of(&ready).outstanding), (State::Ready, false));
}

#[test]
fn what_is_not_taken_was_not_released_and_earlier_parts_remain() {
    let partial = case_in(State::Partial, &[1]);
    let first =
        go(given(&partial, &release("subscriber_info", 300)), &[Step::Confirm, Step::MoreToCome, Step::Collected]);
    let second = given(&first, &release("traffic_data", 500));
    for step in [Step::Reject, Step::Violation] {
        let order = Order::proper(step, &[1]).by("JP:central");
        let rejected = given(&second, &order);
        assert_eq!((rejected.state(), rejected.whose_move()), (State::Ready, Some(Side::Peer)));
        assert_eq!((of(&rejected).released.clone(), of(&rejected).bytes), (vec![record("subscriber_info")], 300));
        assert_eq!(of(&rejected).produced, of(&first).produced);
        assert_eq!(of(&given(&rejected, &release("traffic_data", 200))).bytes, 500);
    }
    let order = Order::proper(Step::Reject, &[1]);
    assert_eq!(order.clone().by("FR:central").decide(Some(&second)).unwrap_err().code, RefusalCode::R93);
    assert_eq!(order.signed(&[(1, Role::Central)]).decide(Some(&second)).unwrap_err().code, RefusalCode::R93);
}

#[test]
fn a_request_for_another_authority_is_returned_with_r93_and_closed() {
    for state in [State::Delivered, State::InfoWait] {
        let case = case_in(state, &[1]);
        let mut order = Order::proper(Step::ReturnRequest, &[1]);
        let returned = given(&case, &order);
        assert_eq!((returned.state(), of(&returned).ground), (State::Returned, Some(RefusalCode::R93)));
        assert_eq!(go(returned, &[Step::Close]).state(), State::Closed);
        for ground in [None, Some(RefusalCode::R07)] {
            order.ground = ground;
            assert_eq!(refused(&case, &order), (RefusalCode::R94, "ground".to_owned()));
        }
    }
}

/// One officer of the requested party with every role that it has, who tries every way of at most nine steps from REVIEW.
#[test]
fn no_sequence_of_steps_by_one_officer_refuses_or_releases() {
    let steps = [
        (Step::AskInfo, Role::Central),
        (Step::Consult, Role::Decider),
        (Step::ConsultDone, Role::Decider),
        (Step::OfferConditions, Role::Decider),
        (Step::Postpone, Role::Decider),
        (Step::Resume, Role::Decider),
        (Step::Recognise, Role::Decider),
        (Step::Assign, Role::Central),
        (Step::PartCollected, Role::Central),
        (Step::Collected, Role::Central),
        (Step::MoreToCome, Role::Central),
        (Step::Refuse, Role::Decider),
        (Step::Release, Role::Central),
    ];
    let (mut seen, mut next) = (vec![], vec![case_in(State::Review, &[1])]);
    while let Some(case) = next.pop() {
        for (step, role) in steps {
            let alone = Order { signers: vec![(key(9), role), (key(9), role)], ..Order::proper(step, &[1]) };
            let Ok(event) = alone.decide(Some(&case)) else { continue };
            let after = apply(Some(case.clone()), &event);
            assert!(!matches!(after.state(), State::Refused | State::Produced), "{step} from {}", case.state());
            if !seen.contains(&after) {
                seen.push(after.clone());
                next.push(after);
            }
        }
    }
    for state in [State::Partial, State::Ready, State::Postponed, State::InfoWait, State::CondOffer, State::Consult] {
        assert!(seen.iter().any(|case| case.state() == state), "{state} of {}", seen.len());
    }
    assert!(seen.iter().all(|case| case.moved == NOW));
}
