//! What rests on a time that is over: questions, a consultation, a refusal that nobody answers, and what was put off until a day.

use model::{MeasureId, PostponementCode, RefusalCode, Role, Step};
use treaty::{Timer, TimerKind, Unit};

use super::{
    NOW, Order, case_in, take,
    terms::{free, review},
};
use crate::{Case, Measure, State, Terms, apply};

const DAY_MS: i64 = 24 * 3600 * 1000;
const M1: MeasureId = MeasureId(1);

fn of(case: &Case) -> &Measure {
    &case.measures[&M1]
}

fn days(kind: TimerKind, length: u32) -> Timer {
    Timer { kind, record: None, emergency: false, length, unit: Unit::Days, clause: None }
}

#[test]
fn who_refused_leaves_the_other_side_thirty_days_for_a_remedy() {
    let refused = take(Some(review(free())), Step::Refuse, &[1]);
    let since = refused.measures[&M1].since;
    let after = |sender: &str, days: i64| {
        let close = Order::proper(Step::Close, &[1]).by(sender);
        close.decide_at(Some(&refused), since.plus_ms(days * DAY_MS))
    };
    assert!(after("FR:central", 29).unwrap_err().reason.contains("for a remedy"));
    assert!(after("FR:central", 30).is_ok() && after("JP:central", 0).is_ok());
}

#[test]
fn questions_that_nobody_answers_let_the_request_be_returned_after_thirty_days() {
    let asked = take(Some(review(free())), Step::AskInfo, &[1]);
    let once = take(Some(asked.clone()), Step::AskInfo, &[1]);
    let twice = take(Some(once.clone()), Step::AskInfo, &[1]);
    let since = asked.measures[&M1].since;
    let mut back = Order::proper(Step::ReturnRequest, &[1]);
    back.ground = Some(RefusalCode::R01);
    let after = |case: &Case, days: i64| back.decide_at(Some(case), since.plus_ms(days * DAY_MS));
    assert!(after(&twice, 29).unwrap_err().reason.contains("have not been open"));
    for (case, told) in [(&asked, "reminded 0 times"), (&once, "reminded 1 times")] {
        let refusal = after(case, 40).unwrap_err();
        assert!(refusal.reason.contains(told) && refusal.code == RefusalCode::R94, "{refusal}");
    }
    assert_eq!(apply(Some(twice.clone()), &after(&twice, 30).unwrap()).state(), State::Returned);
    // An answer ends it: new questions are reminded of anew.
    let answered = take(Some(twice), Step::GiveInfo, &[1]);
    assert_eq!(of(&take(Some(answered), Step::AskInfo, &[1])).reminded, 0);
}

#[test]
fn the_day_of_a_review_is_within_ninety_days_or_what_the_treaty_leaves_r94() {
    let terms = |timers| Terms { postponements: vec![PostponementCode::P01], timers, ..free() };
    let after = |case: &Case, days: i64| {
        let mut order = Order::proper(Step::Postpone, &[1]);
        order.declared.until = Some(NOW.plus_ms(days * DAY_MS));
        order.decide(Some(case)).map(|_| ()).map_err(|refusal| refusal.field.unwrap())
    };
    let until = Err("declared.until".to_owned());
    let case = review(terms(vec![]));
    assert_eq!((after(&case, 0), after(&case, 92), after(&case, 93)), (until.clone(), Ok(()), until.clone()));
    let case = review(terms(vec![days(TimerKind::Review, 30)]));
    assert_eq!((after(&case, 32), after(&case, 33)), (Ok(()), until));
}

#[test]
fn a_reminder_moves_nothing_and_leaves_no_more_time_for_the_answer() {
    let asked = take(Some(review(free())), Step::AskInfo, &[1]);
    let since = asked.measures[&M1].since;
    let after = |days: i64| since.plus_ms(days * DAY_MS);
    let remind = Order::proper(Step::AskInfo, &[1]);
    let reminded = apply(Some(asked.clone()), &remind.decide_at(Some(&asked), after(10)).unwrap());
    let reminded = apply(Some(reminded.clone()), &remind.decide_at(Some(&reminded), after(20)).unwrap());
    let measure = &reminded.measures[&M1];
    assert_eq!((measure.state, measure.since, measure.asked_in), (State::InfoWait, since, Some(State::Review)));
    let mut back = Order::proper(Step::ReturnRequest, &[1]);
    back.ground = Some(RefusalCode::R01);
    let early = back.decide_at(Some(&reminded), after(30).plus_ms(-1)).unwrap_err();
    assert!(early.remedy.contains("remind it (ask_info)"), "{early}");
    assert!(back.decide_at(Some(&reminded), after(30)).is_ok());
    let give = Order::proper(Step::GiveInfo, &[1]);
    let answered = apply(Some(reminded.clone()), &give.decide_at(Some(&reminded), after(21)).unwrap());
    assert_eq!(answered.state(), State::Review);
}

#[test]
fn a_treaty_that_leaves_more_time_for_a_silence_is_waited_for() {
    let timers = vec![days(TimerKind::Consultation, 20), days(TimerKind::Remedy, 60)];
    let case = take(Some(review(Terms { timers: timers.clone(), ..free() })), Step::Consult, &[1]);
    let held = Order::proper(Step::ConsultDone, &[1]).by("FR:central").signed(&[(4, Role::Decider)]);
    let since = case.measures[&M1].since;
    assert!(held.decide_at(Some(&case), since.plus_ms(21 * DAY_MS - 1)).is_err());
    assert!(held.decide_at(Some(&case), since.plus_ms(21 * DAY_MS)).is_ok());
    let refused = take(Some(review(Terms { timers, ..free() })), Step::Refuse, &[1]);
    let close = Order::proper(Step::Close, &[1]).by("FR:central");
    let since = refused.measures[&M1].since;
    assert!(close.decide_at(Some(&refused), since.plus_ms(61 * DAY_MS - 1)).is_err());
    assert!(close.decide_at(Some(&refused), since.plus_ms(61 * DAY_MS)).is_ok());
}

#[test]
fn what_is_postponed_until_a_day_is_taken_up_by_the_desk_alone_after_it_and_by_an_officer_at_any_time() {
    let case = case_in(State::Review, &[1]);
    let mut postpone = Order::proper(Step::Postpone, &[1]);
    postpone.declared.until = Some(NOW.plus_ms(5 * DAY_MS));
    let postponed = apply(Some(case.clone()), &postpone.decide(Some(&case)).unwrap());
    let alone = Order::proper(Step::Resume, &[1]).signed(&[]);
    let early = alone.decide_at(Some(&postponed), NOW.plus_ms(5 * DAY_MS - 1)).unwrap_err();
    assert!(early.reason.contains("its day of review is not over"), "{early}");
    let review = apply(Some(postponed.clone()), &alone.decide_at(Some(&postponed), NOW.plus_ms(5 * DAY_MS)).unwrap());
    assert_eq!((review.state(), of(&review).review_at), (State::Review, None));
    assert!(Order::proper(Step::Resume, &[1]).decide(Some(&postponed)).is_ok());
    // Where no day was named the desk alone takes nothing up.
    let open = take(Some(case), Step::Postpone, &[1]);
    assert!(alone.decide_at(Some(&open), NOW.plus_ms(400 * DAY_MS)).is_err());
    // Nor an offer that nobody answered: there an officer decides.
    let offered = take(Some(case_in(State::Review, &[1])), Step::OfferConditions, &[1]);
    assert!(alone.decide_at(Some(&offered), NOW.plus_ms(400 * DAY_MS)).is_err());
}
