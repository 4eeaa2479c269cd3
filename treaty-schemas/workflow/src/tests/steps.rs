//! What holds of single steps.

use model::{ConditionCode, MeasureId, RefusalCode, Role, Step};

use super::{NOW, Order, case_in, record, take};
use crate::{Event, Side, State, apply};

fn state_of(case: &crate::Case, id: u32) -> State {
    case.measures[&MeasureId(id)].state
}

#[test]
fn a_case_goes_from_open_group_to_closed() {
    let case = case_in(State::Disposed, &[1, 2]);
    assert_eq!(case.measures[&MeasureId(1)].released, vec![record("traffic_data")]);
    let case = take(Some(case), Step::Close, &[1, 2]);
    assert_eq!((case.state(), case.whose_move()), (State::Closed, None));
}

#[test]
fn sending_needs_two_different_officers_r94() {
    let case = case_in(State::Validated, &[]);
    let send = Order::proper(Step::SealSend, &[1]);
    let once = send.clone().signed(&[(1, Role::Central)]).decide(Some(&case)).unwrap_err();
    assert_eq!(
        (once.code, once.reason.as_str()),
        (RefusalCode::R94, "seal_send needs two different officers with role central; one signed")
    );
    let twice = send.clone().signed(&[(1, Role::Central), (1, Role::Central)]).decide(Some(&case)).unwrap_err();
    assert_eq!(twice, once);
    assert_eq!(send.clone().signed(&[]).decide(Some(&case)).unwrap_err().code, RefusalCode::R94);
    assert!(send.decide(Some(&case)).is_ok());
}

#[test]
fn a_signature_in_a_foreign_role_is_refused_r93_even_beside_enough_others() {
    let case = case_in(State::Validated, &[]);
    let signers = [(1, Role::Central), (2, Role::Central), (3, Role::Officer)];
    let refusal = Order::proper(Step::SealSend, &[1]).signed(&signers).decide(Some(&case)).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (RefusalCode::R93, "seal_send needs 2 × central; officer signed")
    );
}

#[test]
fn a_violation_is_the_desks_own_act_and_an_officer_may_not_sign_it_r93() {
    let case = case_in(State::Delivered, &[1]);
    let refusal = Order::proper(Step::Violation, &[1]).signed(&[(3, Role::Central)]).decide(Some(&case)).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (RefusalCode::R93, "violation is the desk's own act; central signed")
    );
}

#[test]
fn the_requested_party_cannot_send_r93() {
    let case = case_in(State::Validated, &[]);
    let refusal = Order::proper(Step::SealSend, &[1]).by("FR:central").decide(Some(&case)).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (RefusalCode::R93, "seal_send is not for FR, the requested party; it is for JP")
    );
}

#[test]
fn a_third_party_is_refused_r93() {
    let case = case_in(State::Review, &[1]);
    let refusal = Order::proper(Step::Recognise, &[1]).by("IT:central").decide(Some(&case)).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (RefusalCode::R93, "IT:central is no authority of JP or FR, whose case this is")
    );
}

#[test]
fn a_step_out_of_turn_is_refused_r94_and_told_what_is_possible() {
    let case = case_in(State::Acked, &[1]);
    let refusal = Order::proper(Step::Release, &[1]).decide(Some(&case)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::R94);
    assert_eq!(
        refusal.reason,
        "release by FR is not possible while M1 is in ACKED; possible now: forward (central of FR), \
         open_review (decider of FR), tell_status (desk or central or executing of FR), violation (desk of FR), withdraw (central of JP)"
    );
}

#[test]
fn nothing_happens_before_the_group_is_open_r94() {
    for step in Step::ALL.into_iter().filter(|step| *step != Step::OpenGroup) {
        assert_eq!(Order::proper(step, &[1]).decide(None).unwrap_err().code, RefusalCode::R94, "{step}");
    }
    let case = case_in(State::Validated, &[]);
    assert_eq!(Order::proper(Step::OpenGroup, &[]).decide(Some(&case)).unwrap_err().code, RefusalCode::R94);
}

#[test]
fn a_request_is_sent_once_r94() {
    let case = case_in(State::Delivered, &[1]);
    let refusal = Order::proper(Step::SealSend, &[2]).decide(Some(&case)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::R94);
}

#[test]
fn a_measure_is_listed_and_named_once_and_must_exist_r94() {
    let case = case_in(State::Validated, &[]);
    assert_eq!(
        Order::proper(Step::SealSend, &[1, 1]).decide(Some(&case)).unwrap_err().field.as_deref(),
        Some("measures")
    );
    assert_eq!(Order::proper(Step::SealSend, &[]).decide(Some(&case)).unwrap_err().field.as_deref(), Some("measures"));
    let case = case_in(State::Review, &[1, 2]);
    for concerns in [&[1, 1][..], &[3], &[]] {
        let refusal = Order::proper(Step::Recognise, concerns).decide(Some(&case)).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some("concerns")));
    }
}

#[test]
fn a_party_may_grant_one_measure_and_refuse_another() {
    let case = case_in(State::Review, &[1, 2]);
    let case = take(Some(case), Step::Recognise, &[1]);
    assert_eq!((case.state(), case.whose_move()), (State::Review, Some(Side::Peer)));
    let case = take(Some(case), Step::Refuse, &[2]);
    assert_eq!((case.state(), state_of(&case, 2)), (State::Accepted, State::Refused));
    assert_eq!(case.measures[&MeasureId(2)].ground, Some(RefusalCode::R07));
    let case =
        [Step::Assign, Step::Collected, Step::Release, Step::Confirm].iter().fold(case, |c, s| take(Some(c), *s, &[1]));
    assert_eq!((case.state(), case.whose_move()), (State::Received, Some(Side::Peer)));
    let case = take(Some(case), Step::FinalReport, &[1]);
    let case = take(Some(case), Step::Close, &[1]);
    assert_eq!(case.state(), State::Refused);
    assert_eq!(take(Some(case), Step::Close, &[2]).state(), State::Closed);
}

#[test]
fn a_human_cannot_refuse_with_a_gateways_ground_nor_without_any_r94() {
    let case = case_in(State::Review, &[1]);
    for ground in [Some(RefusalCode::R92), None] {
        let mut order = Order::proper(Step::Refuse, &[1]);
        order.ground = ground;
        let refusal = order.decide(Some(&case)).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some("ground")));
    }
}

#[test]
fn a_violation_names_what_the_body_showed() {
    let case = case_in(State::Delivered, &[1]);
    for (ground, ok) in [
        (Some(RefusalCode::R94), true),
        (Some(RefusalCode::R07), false),
        (Some(RefusalCode::R92), false),
        (None, false),
    ] {
        let mut order = Order::proper(Step::Violation, &[1]);
        order.ground = ground;
        assert_eq!(order.decide(Some(&case)).is_ok(), ok, "{ground:?}");
    }
    let case = take(Some(case), Step::Violation, &[1]);
    assert_eq!((case.state(), case.measures[&MeasureId(1)].ground), (State::Blocked, Some(RefusalCode::R90)));
}

#[test]
fn a_release_that_contradicts_its_header_has_to_be_made_again() {
    let case = case_in(State::Produced, &[1]);
    let event = Order::proper(Step::Violation, &[1]).by("JP:central").decide(Some(&case)).unwrap();
    let case = apply(Some(case), &event);
    assert_eq!(case.state(), State::Ready);
    assert!(case.measures[&MeasureId(1)].released.is_empty());
    assert_eq!(take(Some(case), Step::Release, &[1]).state(), State::Produced);
}

#[test]
fn only_records_that_were_asked_are_released_r94() {
    let case = case_in(State::Ready, &[1]);
    let mut order = Order::proper(Step::Release, &[1]);
    order.records = vec![record("traffic_data"), record("content")];
    let refusal = order.decide(Some(&case)).unwrap_err();
    assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some("records[1]")));
    order.records = vec![];
    assert_eq!(order.decide(Some(&case)).unwrap_err().code, RefusalCode::R94);
}

#[test]
fn a_field_that_the_step_does_not_know_must_be_empty_r94() {
    let case = case_in(State::Delivered, &[1]);
    let clean = Order::proper(Step::Acknowledge, &[1]);
    assert!(clean.decide(Some(&case)).is_ok());
    let spoiled = [
        Order { ground: Some(RefusalCode::R01), ..clean.clone() },
        Order { records: vec![record("content")], ..clean.clone() },
        Order { conditions: vec![ConditionCode::C01], ..clean.clone() },
        Order { measures: vec![super::scope(1, &["content"])], ..clean.clone() },
    ];
    for (order, field) in spoiled.iter().zip(["ground", "records", "conditions", "measures"]) {
        let refusal = order.decide(Some(&case)).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some(field)));
    }
}

#[test]
fn conditions_of_recognition_and_release_add_up() {
    let case = case_in(State::Review, &[1]);
    let mut order = Order::proper(Step::Recognise, &[1]);
    order.conditions = vec![ConditionCode::C04, ConditionCode::C01];
    let case = apply(Some(case.clone()), &order.decide(Some(&case)).unwrap());
    assert_eq!(case.measures[&MeasureId(1)].conditions, vec![ConditionCode::C01, ConditionCode::C04]);
}

#[test]
fn a_denied_request_is_blocked_and_an_unanswered_one_lapses_and_both_can_be_closed() {
    for (event, state) in [
        (Event::denied(&case_in(State::Sent, &[1]), Some(RefusalCode::R92), NOW), State::Blocked),
        (Event::no_route(&case_in(State::Sent, &[1]), NOW), State::Lapsed),
    ] {
        let case = apply(Some(case_in(State::Sent, &[1])), &event);
        assert_eq!(case.state(), state);
        assert_eq!(take(Some(case), Step::Close, &[1]).state(), State::Closed);
    }
}

#[test]
fn a_case_without_a_request_can_be_closed_by_its_home_only() {
    let case = case_in(State::Validated, &[]);
    assert_eq!(
        Order::proper(Step::Close, &[]).by("FR:central").decide(Some(&case)).unwrap_err().code,
        RefusalCode::R94
    );
    let case = take(Some(case), Step::Close, &[]);
    assert_eq!((case.state(), case.whose_move()), (State::Closed, None));
    assert_eq!(Order::proper(Step::SealSend, &[1]).decide(Some(&case)).unwrap_err().code, RefusalCode::R94);
}

#[test]
fn a_gateways_event_moves_only_what_awaits_it() {
    let case = case_in(State::Review, &[1]);
    let after = apply(Some(case.clone()), &Event::delivered(&case, NOW));
    assert_eq!(after.state(), State::Review);
}

#[test]
fn a_move_whose_measure_stands_elsewhere_changes_nothing() {
    let review = case_in(State::Review, &[1]);
    let recognise = Order::proper(Step::Recognise, &[1]).decide(Some(&review)).unwrap();
    let withdrawn = case_in(State::Withdrawn, &[1]);
    assert_eq!(apply(Some(withdrawn), &recognise).state(), State::Withdrawn);
}

#[test]
fn what_was_given_and_withdrawn_is_the_keepers_to_destroy_and_nobody_closes_the_case_before() {
    let mut order = Order::proper(Step::SealSend, &[1]);
    order.measures[0].records = vec![record("traffic_data")];
    order.records = order.measures[0].records.clone();
    order.terms = vec![(MeasureId(1), crate::Terms { gives: true, ..crate::Terms::default() })];
    let opened = take(None, Step::OpenGroup, &[]);
    let sent = apply(Some(opened.clone()), &order.decide(Some(&opened)).unwrap());
    let delivered = apply(Some(sent.clone()), &Event::delivered(&sent, NOW));
    assert!(!delivered.measures[&MeasureId(1)].keeps(), "the treaty names no end for it");
    let withdrawn = take(Some(delivered), Step::Withdraw, &[1]);
    assert_eq!((withdrawn.state(), withdrawn.whose_move()), (State::Withdrawn, Some(Side::Peer)));
    let close = Order::proper(Step::Close, &[1]).by("FR:central").signed(&[(3, Role::Central)]);
    assert_eq!(close.decide(Some(&withdrawn)).unwrap_err().code, RefusalCode::R94);
    let due = Order::proper(Step::DisposalDue, &[1]).by("FR:central").signed(&[]);
    let due = apply(Some(withdrawn.clone()), &due.decide(Some(&withdrawn)).unwrap());
    assert_eq!((due.state(), due.whose_move()), (State::DisposalDue, Some(Side::Peer)));
}
