//! Hearings: who agrees to which times, which minutes are signed; and how many matters a case has room for.

use model::{Digest, MatterId, MeasureId, RefusalCode, Role, Step, limits};

use super::{NOW, Order, case_in, hearable, record, take};
use crate::{Case, MatterState, PROCEDURE, Side, State, apply};

const MATTER: MatterId = MatterId(1);

fn by(step: Step, side: Side) -> Order {
    let (sender, officer) = if side == Side::Home { ("JP:central", 1) } else { ("FR:central", 3) };
    let two = matches!(step, Step::DraftMinutes | Step::TransmitMinutes);
    let signers = [(officer, Role::Central), (officer + 1, Role::Central)];
    Order::proper(step, &[1]).by(sender).signed(&signers[..if two { 2 } else { 1 }])
}

fn done(case: &Case, order: &Order) -> Case {
    apply(Some(case.clone()), &order.decide(Some(case)).unwrap())
}

fn field(case: &Case, order: &Order) -> String {
    let refusal = order.decide(Some(case)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::R94, "{refusal}");
    refusal.field.unwrap()
}

/// A hearing that home proposed, as far as these steps.
fn after(steps: &[(Step, Side)]) -> Case {
    let proposed = done(&hearable(case_in(State::Executing, &[1])), &by(Step::ProposeHearing, Side::Home));
    steps.iter().fold(proposed, |case, (step, side)| done(&case, &by(*step, *side)))
}

const AGREED: [(Step, Side); 3] =
    [(Step::AgreeSlot, Side::Peer), (Step::RecordConsent, Side::Peer), (Step::TestLink, Side::Home)];

#[test]
fn a_hearing_is_for_what_asks_for_the_record_of_one_and_for_nothing_else_r94() {
    for state in [State::Accepted, State::Executing, State::Produced] {
        let case = case_in(state, &[1]);
        for side in [Side::Home, Side::Peer] {
            assert!(case.matter_openings(side).iter().all(|row| row.step != Step::ProposeHearing), "{state}");
            let refusal = by(Step::ProposeHearing, side).decide(Some(&case)).unwrap_err();
            assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some("concerns")), "{refusal}");
            assert!(refusal.reason.contains("M1 asks under ets-185:31 for stored_data"), "{refusal}");
            assert_eq!(refusal.article.map(|one| one.to_string()).as_deref(), Some("ets-185:31"));
            assert!(refusal.remedy.contains("a request of its own") && refusal.remedy.contains("video_hearing"));
        }
    }
    let mut case = case_in(State::Executing, &[1]);
    case.measures.get_mut(&MeasureId(1)).unwrap().scope.records = vec![record("testimony_record")];
    assert!(by(Step::ProposeHearing, Side::Home).decide(Some(&case)).is_ok(), "a testimony is heard, too");
}

#[test]
fn a_hearing_of_two_measures_is_for_what_each_of_them_asks() {
    let both = hearable(case_in(State::Executing, &[1, 2]));
    let propose = Order::proper(Step::ProposeHearing, &[1, 2]);
    assert!(propose.decide(Some(&both)).is_ok());
    let mut one = both;
    one.measures.get_mut(&MeasureId(2)).unwrap().scope.records.pop();
    assert!(propose.decide(Some(&one)).unwrap_err().reason.starts_with("M2 asks under"));
}

#[test]
fn a_hearing_that_was_opened_where_none_is_held_does_not_begin() {
    let mut case = after(&AGREED);
    case.measures.get_mut(&MeasureId(1)).unwrap().scope.records.pop();
    assert_eq!(field(&case, &by(Step::OpenHearing, Side::Peer)), "concerns");
    assert!(case.matter_steps(Side::Peer, NOW).iter().all(|(_, row)| row.step != Step::OpenHearing));
}

#[test]
fn times_are_agreed_by_who_did_not_propose_them_last() {
    let proposed = after(&[]);
    assert_eq!(field(&proposed, &by(Step::AgreeSlot, Side::Home)), "declared.matter");
    assert_eq!(proposed.matters_waiting(Side::Peer), [MATTER]);
    let countered = done(&proposed, &by(Step::ProposeSlots, Side::Peer));
    assert_eq!(field(&countered, &by(Step::AgreeSlot, Side::Peer)), "declared.matter");
    assert_eq!((countered.matters_waiting(Side::Home), countered.matters_waiting(Side::Peer)), (vec![MATTER], vec![]));
    let agreed = done(&countered, &by(Step::AgreeSlot, Side::Home));
    assert_eq!(agreed.matters[&MATTER].state, MatterState::SlotAgreed);
}

#[test]
fn a_time_that_was_agreed_is_moved_by_either_side_and_consent_and_test_are_for_the_new_one() {
    for side in [Side::Home, Side::Peer] {
        for count in 1..=AGREED.len() {
            let moved = done(&after(&AGREED[..count]), &by(Step::ProposeSlots, side));
            assert_eq!(moved.matters[&MATTER].state, MatterState::Proposed);
            assert_eq!(field(&moved, &by(Step::OpenHearing, Side::Peer)), "declared.matter");
        }
    }
    let live = done(&after(&AGREED), &by(Step::OpenHearing, Side::Peer));
    assert_eq!(field(&live, &by(Step::ProposeSlots, Side::Peer)), "declared.matter");
}

#[test]
fn both_sides_sign_the_same_minutes_or_none() {
    let live = done(&after(&AGREED), &by(Step::OpenHearing, Side::Peer));
    let with = |step: Step, side: Side, text: &str| {
        let mut order = by(step, side);
        order.declared.minutes = Some(Digest::of(&[text.as_bytes()]));
        order
    };
    let mut unnamed = by(Step::DraftMinutes, Side::Peer);
    unnamed.declared.minutes = None;
    assert_eq!(field(&live, &unnamed), "declared.minutes");
    let first = done(&live, &with(Step::DraftMinutes, Side::Peer, "first"));
    assert_eq!(field(&first, &with(Step::SignMinutes, Side::Home, "others")), "declared.minutes");
    let signed = done(&first, &with(Step::SignMinutes, Side::Home, "first"));
    assert_eq!(field(&signed, &with(Step::SignMinutes, Side::Peer, "others")), "declared.minutes");
    let second = done(&signed, &with(Step::DraftMinutes, Side::Peer, "second"));
    assert!(second.matters[&MATTER].signed.is_empty(), "who signed, signed other minutes");
    assert_eq!(field(&second, &with(Step::SignMinutes, Side::Home, "first")), "declared.minutes");
    let both = [Side::Home, Side::Peer];
    let both = both.iter().fold(second, |case, side| done(&case, &with(Step::SignMinutes, *side, "second")));
    assert_eq!(both.matters[&MATTER].state, MatterState::Signed);
    assert_eq!(field(&both, &with(Step::TransmitMinutes, Side::Peer, "first")), "declared.minutes");
    let over = done(&both, &with(Step::TransmitMinutes, Side::Peer, "second"));
    assert!(over.matters[&MATTER].is_over());
}

#[test]
fn a_matter_that_is_over_takes_nobodys_place() {
    let ask = |number: usize| {
        let mut order = Order::proper(Step::RequestUse, &[1]);
        order.declared.matter = Some(MatterId(u32::try_from(number).unwrap()));
        order
    };
    let full =
        (1..=limits::MATTERS_OF_SIDE_MAX).fold(case_in(State::InUse, &[1]), |case, number| done(&case, &ask(number)));
    let next = limits::MATTERS_OF_SIDE_MAX + 1;
    let refusal = ask(next).decide(Some(&full)).unwrap_err();
    assert!(refusal.reason.contains("open at once"), "{refusal}");
    let closed = take(Some(full), Step::CloseMatter, &[1]);
    assert!(ask(next).decide(Some(&closed)).is_ok());
}

#[test]
fn a_side_does_not_open_matters_without_end() {
    let mut case = done(&case_in(State::InUse, &[1]), &Order::proper(Step::RequestUse, &[1]));
    let mut closed = case.matters[&MATTER].clone();
    closed.state = MatterState::Closed;
    let ever = u32::try_from(limits::MATTERS_OF_SIDE_EVER_MAX).unwrap();
    case.matters = (1..=ever).map(|number| (MatterId(number), closed.clone())).collect();
    let mut ask = Order::proper(Step::RequestUse, &[1]);
    ask.declared.matter = Some(MatterId(ever + 1));
    assert_eq!(field(&case, &ask), "declared.matter");
}

#[test]
fn a_case_under_a_procedure_that_nobody_knows_is_not_opened() {
    let opened = |procedure| {
        let mut open = Order::proper(Step::OpenGroup, &[]);
        open.declared.procedure = procedure;
        open.decide(None)
    };
    assert!(opened(None).is_ok() && opened(Some(PROCEDURE)).is_ok());
    let refusal = opened(Some(PROCEDURE + 1)).unwrap_err();
    assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some("declared.procedure")));
    assert!(refusal.reason.contains(&format!("this program knows version {PROCEDURE}")), "{refusal}");
    let mut send = Order::proper(Step::SealSend, &[1]);
    send.declared.procedure = Some(PROCEDURE);
    assert_eq!(field(&case_in(State::Validated, &[]), &send), "declared.procedure");
}
