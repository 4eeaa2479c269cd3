//! Stated times against the times at which the other side's gateway took an entry: nobody gains time by stating another one, and what was
//! long on its way is taken all the same.

use model::{MeasureId, RefusalCode, Role, Step, Timestamp, limits};

use super::{NOW, Order, case_in, take};
use crate::{Case, Event, State, Terms, apply, moments_of};

const DAY_MS: i64 = 24 * 3600 * 1000;

fn day(number: i64) -> Timestamp {
    NOW.plus_ms(number * DAY_MS)
}

/// The step as it should be, stated on one day and taken on another, folded.
fn stated_and_taken(case: &Case, order: &Order, stated: Timestamp, taken: Timestamp) -> Case {
    apply(Some(case.clone()), &order.decide_taken(Some(case), stated, Some(taken)).unwrap())
}

#[test]
fn a_consultation_is_silent_from_when_the_other_side_had_it_and_not_from_when_it_says_it_was_opened() {
    let review = case_in(State::Review, &[1]);
    let consulting = stated_and_taken(&review, &Order::proper(Step::Consult, &[1]), NOW, day(29));
    let alone = Order::proper(Step::ConsultDone, &[1]).by("FR:central").signed(&[(4, Role::Decider)]);
    for (stated, taken) in [(day(30), day(30)), (day(38), day(38)), (day(29), day(30))] {
        let refusal = alone.decide_taken(Some(&consulting), stated, Some(taken)).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some("concerns")));
    }
    assert_eq!(stated_and_taken(&consulting, &alone, day(39), day(39)).state(), State::Review);
}

#[test]
fn a_matter_that_says_it_was_opened_long_ago_is_silent_from_when_the_other_side_had_it() {
    let notified =
        stated_and_taken(&case_in(State::InUse, &[1]), &Order::proper(Step::NotifyBreach, &[1]), NOW, day(29));
    let close = Order::proper(Step::CloseMatter, &[1]).by("FR:central").signed(&[(3, Role::Central)]);
    assert_eq!(close.decide_at(Some(&notified), day(58)).unwrap_err().code, RefusalCode::R94);
    assert!(close.decide_at(Some(&notified), day(59)).is_ok());
}

#[test]
fn nobody_ends_a_silence_sooner_by_dating_the_receipt_of_another_entry_ahead() {
    let hours = |hours: i64| day(10).plus_ms(hours * 3600 * 1000);
    let consulting = stated_and_taken(&case_in(State::Review, &[1]), &Order::proper(Step::Consult, &[1]), NOW, NOW);
    // FR's gateway says that it took JP's entry six hours later than it did.
    let renewed = stated_and_taken(&consulting, &Order::proper(Step::ChangeGroup, &[]), hours(-6), hours(0));
    assert_eq!(renewed.moved, hours(0));
    let alone = Order::proper(Step::ConsultDone, &[1]).by("FR:central").signed(&[(4, Role::Decider)]);
    let sooner = alone.decide_taken(Some(&renewed), hours(-6), Some(hours(-6))).unwrap_err();
    assert_eq!((sooner.code, sooner.field.as_deref()), (RefusalCode::R94, Some("concerns")));
    assert_eq!(stated_and_taken(&renewed, &alone, hours(-6), hours(0)).state(), State::Review);
}

/// A case of one measure whose emergency must be validated within two days, released.
fn released_in_an_emergency() -> Case {
    let open = case_in(State::Validated, &[]);
    let mut send = Order::proper(Step::SealSend, &[1]);
    let terms = Terms { expost_hours: Some(48), ..Terms::default() };
    send.terms = vec![(MeasureId(1), terms)];
    let sent = stated_and_taken(&open, &send, NOW, day(1));
    let delivered = Event::delivered(&sent, NOW);
    let steps = [Step::Acknowledge, Step::OpenReview, Step::Recognise, Step::Assign, Step::Collected, Step::Release];
    steps.iter().fold(apply(Some(sent), &delivered), |case, step| take(Some(case), *step, &[1]))
}

#[test]
fn an_emergency_is_validated_in_time_only_where_the_giver_is_told_in_time() {
    let case = released_in_an_emergency();
    assert_eq!(case.measures[&MeasureId(1)].regularise_by(), Some(day(3)), "from when the request arrived");
    let regularise = Order::proper(Step::Regularise, &[1]);
    let told_late = regularise.decide_taken(Some(&case), day(2), Some(day(3).plus_ms(1))).unwrap_err();
    assert!(told_late.reason.contains("is over"), "{told_late}");
    let told = stated_and_taken(&case, &regularise, day(2), day(3));
    assert_eq!(told.measures[&MeasureId(1)].regularised, Some(day(3)));
}

#[test]
fn what_no_court_validated_after_an_emergency_is_destroyed_before_anybody_closes_the_case() {
    let steps = [Step::Confirm, Step::FinalReport];
    let case = steps.iter().fold(released_in_an_emergency(), |case, step| take(Some(case), *step, &[1]));
    let close = Order::proper(Step::Close, &[1]);
    let refusal = close.decide_taken(Some(&case), day(2), None).unwrap_err();
    assert!(refusal.reason.contains("has to be destroyed or returned"), "{refusal}");
    let due = Order::proper(Step::DisposalDue, &[1]).signed(&[]);
    assert!(due.decide_taken(Some(&case), day(4), None).is_ok(), "no treaty says for how long it is kept");
    let validated = stated_and_taken(&case, &Order::proper(Step::Regularise, &[1]), day(2), day(2));
    assert!(close.decide_taken(Some(&validated), day(2), None).is_ok());
    assert!(due.decide_taken(Some(&validated), day(4), None).is_err());
}

#[test]
fn an_entry_that_says_it_was_made_more_than_a_day_before_its_predecessor_is_refused() {
    let case =
        stated_and_taken(&case_in(State::Delivered, &[1]), &Order::proper(Step::Acknowledge, &[1]), day(5), day(5));
    let review = Order::proper(Step::OpenReview, &[1]);
    let earliest = day(5).plus_ms(-limits::CLOCK_BEHIND_MS_MAX);
    let refusal = review.decide_at(Some(&case), earliest.plus_ms(-1)).unwrap_err();
    assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some("created")));
    let after = stated_and_taken(&case, &review, earliest, day(5));
    let moved = after.measures[&MeasureId(1)].since;
    assert_eq!((moved, after.moved, after.stated), (day(5), day(5), day(5)), "no time of the case goes back");
}

#[test]
fn an_entry_that_was_on_its_way_for_29_days_is_taken_and_counts_from_its_arrival() {
    let case = case_in(State::Delivered, &[1]);
    let acknowledge = Order::proper(Step::Acknowledge, &[1]);
    let event = acknowledge.decide_taken(Some(&case), NOW, Some(day(29))).unwrap();
    assert_eq!(moments_of(Some(&case), &event)[0].at, day(29));
    let acked = apply(Some(case), &event);
    assert_eq!((acked.state(), acked.measures[&MeasureId(1)].since, acked.stated), (State::Acked, day(29), NOW));
    // What the other side states next, by a clock that never stood still, is no contradiction.
    assert!(Order::proper(Step::Withdraw, &[1]).decide_taken(Some(&acked), day(29), None).is_ok());
    assert!(Order::proper(Step::OpenReview, &[1]).decide_taken(Some(&acked), day(1), None).is_ok());
}

#[test]
fn an_event_that_was_decided_before_it_was_taken_folds_as_the_one_that_was_decided_when_it_was() {
    let case = case_in(State::InUse, &[1]);
    let ask = Order::proper(Step::RequestUse, &[1]);
    let [before, then] = [None, Some(day(3))].map(|taken| ask.decide_taken(Some(&case), day(1), taken).unwrap());
    let concluded = Event { taken: then.taken, ..before };
    assert_eq!(apply(Some(case.clone()), &concluded), apply(Some(case), &then));
}
