//! The clocks of what somebody waits for.

use model::{Step, Timestamp};
use treaty::{Timer, TimerKind, Unit};

use super::{
    Story, did, fold,
    running::{accepted, day, end_of, of},
    timer,
};
use crate::{
    Side, State,
    clock::{Clock, ClockState, Moment, woven},
};

/// Those of questions and of what is put off.
fn timers() -> Vec<Timer> {
    vec![timer(TimerKind::Clarification, 5, Unit::Days, None), timer(TimerKind::Review, 90, Unit::Days, None)]
}

#[test]
fn a_reminder_starts_no_second_clock_and_revives_none_that_is_over() {
    let asked = || Story::sent(day(0)).received(day(0)).step(day(5), Step::AskInfo, State::InfoWait);
    for reminded in [7, 15] {
        let again = asked().step(day(reminded), Step::AskInfo, State::InfoWait);
        let clocks = again.step(day(20), Step::GiveInfo, State::Review).clocks(&timers());
        let all: Vec<_> = clocks.iter().filter(|clock| clock.id.kind == TimerKind::Clarification).collect();
        assert_eq!(all.len(), 1, "reminded on day {reminded}");
        assert_eq!((all[0].course.started, all[0].course.due), (day(5), end_of(10)));
        assert_eq!(all[0].course.state(day(30)), ClockState::Stopped { at: day(20), in_time: false });
    }
}

#[test]
fn a_silence_that_decides_has_a_clock_from_its_beginning_to_the_word_that_ends_it() {
    let timers = [TimerKind::Consultation, TimerKind::Remedy, TimerKind::Remainder]
        .map(|kind| timer(kind, 30, Unit::Days, None));
    let review = || Story::sent(day(0)).received(day(0)).step(day(3), Step::OpenReview, State::Review);
    let consulted = review().step(day(4), Step::Consult, State::Consult).step(day(6), Step::ConsultDone, State::Review);
    let clocks = consulted.clocks(&timers);
    let consultation = of(&clocks, TimerKind::Consultation, 0);
    assert_eq!((consultation.course.due, consultation.sides), (end_of(34), &[Side::Home][..]));
    assert_eq!(consultation.course.state(day(9)), ClockState::Stopped { at: day(6), in_time: true });
    let refused = || review().step(day(4), Step::Refuse, State::Refused);
    let upheld =
        refused().step(day(5), Step::LodgeRemedy, State::Appeal).step(day(9), Step::UpholdDecision, State::Refused);
    let clocks = upheld.step(day(11), Step::Close, State::Closed).clocks(&timers);
    let states = [0, 1].map(|round| of(&clocks, TimerKind::Remedy, round).course.state(day(12)));
    let stopped = ClockState::Stopped { at: day(5), in_time: true };
    assert_eq!(states, [stopped, ClockState::Dropped { at: day(11) }]);
    // What is upheld of something else than a refusal leaves no time for a remedy.
    let going =
        review().step(day(4), Step::LodgeRemedy, State::Appeal).step(day(5), Step::UpholdDecision, State::Executing);
    assert!(going.clocks(&timers).iter().all(|clock| clock.id.kind != TimerKind::Remedy));
}

#[test]
fn the_rest_is_awaited_from_the_confirmation_of_a_part_and_not_from_that_of_all() {
    let timers = [timer(TimerKind::Remainder, 30, Unit::Days, None)];
    let confirmed = |collected: Step, to: State| {
        let story = accepted().step(day(21), Step::Assign, State::Executing).step(day(22), collected, to);
        story.step(day(23), Step::Release, State::Produced).step(day(24), Step::Confirm, State::Received)
    };
    assert!(confirmed(Step::Collected, State::Ready).clocks(&timers).is_empty());
    let part = || confirmed(Step::PartCollected, State::Partial);
    let clocks = part().clocks(&timers);
    let rest = of(&clocks, TimerKind::Remainder, 0);
    assert_eq!((rest.course.started, rest.sides, rest.course.end), (day(24), &[Side::Peer][..], None));
    let on = part().step(day(30), Step::MoreToCome, State::Executing).clocks(&timers);
    let state = |clocks: &[Clock]| of(clocks, TimerKind::Remainder, 0).course.state(day(99));
    assert_eq!(state(&on), ClockState::Stopped { at: day(30), in_time: true });
    let without = part().step(day(60), Step::TakeOver, State::InUse).clocks(&timers);
    assert_eq!(state(&without), ClockState::Dropped { at: day(60) });
}

#[test]
fn a_review_is_due_after_the_day_that_was_named_and_else_after_what_the_treaty_leaves() {
    let postponed = |until: Option<Timestamp>| {
        let at = Moment { until, ..did(day(25), Step::Postpone, State::Postponed) };
        let clocks = fold(&woven(accepted().moments(), vec![at]), &timers(), "FR");
        of(&clocks, TimerKind::Review, 0).course.due
    };
    assert_eq!((postponed(Some(day(40))), postponed(None)), (day(40), end_of(25 + 90).plus_ms(-super::HOUR)));
}
