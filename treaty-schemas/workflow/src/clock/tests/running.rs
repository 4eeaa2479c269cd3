use model::{ArticleRef, Step, Timestamp};
use proptest::prelude::*;
use treaty::{Timer, TimerKind, Unit};

use super::{DAY, HOUR, M1, Story, act, at, case_id, did, fold, timer};
use crate::{
    Side, State, TRANSITIONS, Trigger,
    clock::{
        Act, CLOCKS, Clock, ClockState, Moment, Nature, Pause, Schedule, Signal, alarms, alarms_between, applicable,
        clock_table, moments, woven,
    },
};

/// The European Investigation Order's clocks, and that of preservation.
fn timers() -> Vec<Timer> {
    vec![
        timer(TimerKind::Ack, 7, Unit::Days, Some("eio:16(1)")),
        timer(TimerKind::Decision, 30, Unit::Days, Some("eio:12(3)")),
        timer(TimerKind::Execution, 90, Unit::Days, Some("eio:12(4)")),
        timer(TimerKind::Status, 30, Unit::Days, None),
        timer(TimerKind::Clarification, 5, Unit::Days, None),
        timer(TimerKind::Review, 90, Unit::Days, None),
        timer(TimerKind::Preservation, 60, Unit::Days, Some("ets-185:29(7)")),
        timer(TimerKind::Prolongation, 30, Unit::Days, None),
    ]
}

/// Noon in Paris on the day `number` days after 12 January 2026. No change of time before day 75.
pub(super) fn day(number: i64) -> Timestamp {
    at("2026-01-12T11:00:00Z").plus_ms(number * DAY)
}

/// The first moment after that day in Paris.
pub(super) fn end_of(number: i64) -> Timestamp {
    day(number).plus_ms(12 * HOUR)
}

pub(super) fn accepted() -> Story {
    Story::sent(day(0))
        .received(day(0))
        .step(day(2), Step::Acknowledge, State::Acked)
        .step(day(3), Step::OpenReview, State::Review)
        .step(day(20), Step::Recognise, State::Accepted)
}

fn released() -> Story {
    accepted().step(day(21), Step::Assign, State::Executing).step(day(40), Step::Collected, State::Ready).step(
        day(41),
        Step::Release,
        State::Produced,
    )
}

pub(super) fn of(clocks: &[Clock], kind: TimerKind, round: u32) -> &Clock {
    clocks.iter().find(|clock| clock.id.kind == kind && clock.id.round == round).unwrap()
}

#[test]
fn each_clock_starts_and_stops_where_its_row_says() {
    let clocks = released().clocks(&timers());
    let ack = of(&clocks, TimerKind::Ack, 0);
    assert_eq!((ack.course.started, ack.course.due), (day(0), end_of(7)));
    assert_eq!(ack.course.state(day(50)), ClockState::Stopped { at: day(2), in_time: true });
    assert_eq!(ack.nature, Nature::Legal("eio:16(1)".parse().unwrap()));
    let decision = of(&clocks, TimerKind::Decision, 0);
    assert_eq!((decision.course.started, decision.course.due), (day(2), end_of(32)));
    let execution = of(&clocks, TimerKind::Execution, 0);
    assert_eq!(execution.course.state(day(50)), ClockState::Stopped { at: day(41), in_time: true });
    assert_eq!(of(&clocks, TimerKind::Preservation, 0).course.started, day(41));
    // Status: anew with the acknowledgement, review, recognition, assignment and collection; done with the release.
    let status = clocks.iter().filter(|clock| clock.id.kind == TimerKind::Status);
    assert_eq!(status.map(|clock| clock.course.started).collect::<Vec<_>>(), [0, 2, 3, 20, 21, 40].map(day));
    assert!(clocks.iter().all(|clock| clock.id.kind == TimerKind::Preservation || clock.course.end.is_some()));
}

#[test]
fn what_is_done_at_the_last_moment_is_in_time_and_a_moment_later_is_late() {
    for (ms, in_time) in [(-1, true), (0, false)] {
        let stop = end_of(7).plus_ms(ms);
        let story = Story::sent(day(0)).received(day(0)).step(stop, Step::Acknowledge, State::Acked);
        let clocks = story.clocks(&timers());
        let ack = &of(&clocks, TimerKind::Ack, 0).course;
        assert_eq!(ack.state(stop), ClockState::Stopped { at: stop, in_time });
    }
    let story = Story::sent(day(0)).received(day(0));
    let clocks = story.clocks(&timers());
    let ack = &of(&clocks, TimerKind::Ack, 0).course;
    assert_eq!((ack.state(end_of(7).plus_ms(-1)), ack.state(end_of(7))), (ClockState::Running, ClockState::Expired));
}

#[test]
fn a_question_pauses_the_decision_and_its_answer_moves_the_end_exactly() {
    let asked = Timestamp(day(5).0 + 123);
    let answered = Timestamp(day(9).0 + 7_001);
    let acts = vec![did(asked, Step::AskInfo, State::Review), did(answered, Step::GiveInfo, State::Review)];
    let moments = woven(accepted().moments(), acts);
    let before = fold(&moments[..5], &timers(), "FR");
    let decision = &of(&before, TimerKind::Decision, 0).course;
    assert_eq!(decision.state(day(7)), ClockState::Paused { since: asked });
    assert_eq!(decision.due_at(day(7)).0 - end_of(32).0, day(7).0 - asked.0);
    let after = fold(&moments, &timers(), "FR");
    let decision = &of(&after, TimerKind::Decision, 0).course;
    assert_eq!(decision.paused, vec![Pause { from: asked, until: Some(answered) }]);
    assert_eq!(decision.due, end_of(32).plus_ms(4 * DAY + 6_878));
    assert_eq!(
        of(&after, TimerKind::Clarification, 0).course.state(day(99)),
        ClockState::Stopped { at: answered, in_time: true }
    );
}

#[test]
fn a_clock_stands_still_as_long_as_there_is_one_reason_to() {
    let acts = [(5, Step::AskInfo), (6, Step::Postpone), (8, Step::GiveInfo), (11, Step::Resume), (13, Step::Resume)];
    let acts = acts.into_iter().map(|(number, what)| did(day(number), what, State::Review)).collect();
    let clocks = fold(&woven(accepted().moments(), acts), &timers(), "FR");
    let decision = &of(&clocks, TimerKind::Decision, 0).course;
    assert_eq!((decision.paused.len(), decision.due), (1, end_of(38)));
    let review = &of(&clocks, TimerKind::Review, 0).course;
    assert_eq!(review.state(day(20)), ClockState::Stopped { at: day(11), in_time: true });
}

#[test]
fn a_remedy_starts_its_own_clock_and_what_is_carried_out_rests_until_it_is_decided() {
    let timers = || [timers(), vec![timer(TimerKind::Appeal, 45, Unit::Days, None)]].concat();
    let lodged =
        || accepted().step(day(21), Step::Assign, State::Executing).step(day(30), Step::LodgeRemedy, State::Appeal);
    let rests = lodged().clocks(&timers());
    assert_eq!(of(&rests, TimerKind::Appeal, 0).course.due, end_of(75));
    let due = of(&rests, TimerKind::Execution, 0).course.due;
    assert_eq!(of(&rests, TimerKind::Execution, 0).course.state(day(35)), ClockState::Paused { since: day(30) });

    let upheld = lodged().step(day(40), Step::UpholdDecision, State::Executing).clocks(&timers());
    assert_eq!(
        of(&upheld, TimerKind::Appeal, 0).course.state(day(50)),
        ClockState::Stopped { at: day(40), in_time: true }
    );
    assert_eq!(of(&upheld, TimerKind::Execution, 0).course.due, due.plus_ms(10 * DAY));

    let annulled = lodged().step(day(40), Step::AnnulDecision, State::Review);
    let anew = annulled.step(day(45), Step::Recognise, State::Accepted).clocks(&timers());
    assert_eq!(
        of(&anew, TimerKind::Decision, 1).course.state(day(50)),
        ClockState::Stopped { at: day(45), in_time: true }
    );
    assert_eq!(of(&anew, TimerKind::Execution, 0).course.due, due.plus_ms(15 * DAY));
}

#[test]
fn a_pause_after_the_end_moves_nothing() {
    let story = Story::sent(day(0)).received(day(0)).step(day(2), Step::Acknowledge, State::Acked);
    let acts = vec![did(day(40), Step::AskInfo, State::Review), did(day(50), Step::GiveInfo, State::Review)];
    let clocks = fold(&woven(story.moments(), acts), &timers(), "FR");
    let decision = &of(&clocks, TimerKind::Decision, 0).course;
    assert_eq!((decision.due, decision.state(day(45))), (end_of(32), ClockState::Expired));
}

#[test]
fn a_second_question_starts_a_second_clock() {
    let acts = [(5, Step::AskInfo), (6, Step::GiveInfo), (8, Step::AskInfo)];
    let acts = acts.into_iter().map(|(number, what)| did(day(number), what, State::Review)).collect();
    let clocks = fold(&woven(accepted().moments(), acts), &timers(), "FR");
    assert_eq!(of(&clocks, TimerKind::Clarification, 1).course.started, day(8));
}

#[test]
fn a_withdrawn_or_blocked_measure_is_owed_no_more() {
    let story = Story::sent(day(0)).received(day(0)).step(day(2), Step::Acknowledge, State::Acked);
    for (step, to) in [(Step::Withdraw, State::Withdrawn), (Step::Violation, State::Blocked)] {
        let story = Story(story.0.clone(), story.1).step(day(3), step, to);
        let clocks = story.clocks(&timers());
        let decision = &of(&clocks, TimerKind::Decision, 0).course;
        assert_eq!(decision.state(day(99)), ClockState::Dropped { at: day(3) });
        assert_eq!(alarms_between(decision, day(3), day(99)).count(), 0);
    }
}

#[test]
fn a_release_that_contradicted_its_header_stopped_and_started_nothing() {
    let story = released().step(day(42), Step::Violation, State::Ready);
    let clocks = story.clocks(&timers());
    assert_eq!(of(&clocks, TimerKind::Execution, 0).course.state(day(50)), ClockState::Running);
    assert_eq!(of(&clocks, TimerKind::Preservation, 0).course.state(day(50)), ClockState::Dropped { at: day(42) });
    let clocks = story.step(day(44), Step::Release, State::Produced).clocks(&timers());
    let execution = &of(&clocks, TimerKind::Execution, 0).course;
    assert_eq!(execution.state(day(50)), ClockState::Stopped { at: day(44), in_time: true });
    assert_eq!(of(&clocks, TimerKind::Preservation, 1).course.state(day(50)), ClockState::Running);
}

#[test]
fn an_event_that_changes_nothing_is_no_moment() {
    let mut story = accepted();
    let known = story.moments();
    story.1 = State::Executing;
    let story = story.step(day(22), Step::Collected, State::Ready);
    assert_eq!(story.moments(), known);
    assert_eq!(moments(&[]), vec![]);
}

#[test]
fn a_moment_is_kept_as_text_and_is_the_same_again() {
    let all = woven(released().moments(), vec![did(day(5), Step::AskInfo, State::Review)]);
    let text = serde_json::to_string(&all).unwrap();
    let expected = r#"[{"measure":1,"signal":{"step":"seal_send"},"state":"SENT","at":1768215600000},{"measure":1,"signal":{"gateway":"receipt"},"state":"DELIVERED","at":1768215600000},"#;
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(serde_json::from_str::<Vec<Moment>>(&text).unwrap(), all);
}

#[test]
fn acts_are_woven_in_by_time_without_reordering_the_case() {
    // The second entry states an earlier time than the first, and counts from the first on.
    let story = Story::sent(day(3)).received(day(1));
    let acts = vec![did(day(2), Step::TellStatus, State::Sent), did(day(4), Step::TellStatus, State::Delivered)];
    let order: Vec<_> = woven(story.moments(), acts).iter().map(|moment| moment.at).collect();
    assert_eq!(order, [2, 3, 3, 4].map(day));
}

#[test]
fn an_emergency_has_its_own_timers_and_a_record_type_its_own() {
    let records: [model::RecordType; 2] = ["subscriber_info", "traffic_data"].map(|name| name.parse().unwrap());
    let general = timer(TimerKind::Return, 60, Unit::Days, None);
    let own = |record: usize, length| Timer { record: Some(records[record].clone()), length, ..general.clone() };
    let fast =
        Timer { emergency: true, length: 8, unit: Unit::Hours, ..timer(TimerKind::Provider, 0, Unit::Days, None) };
    let slow = timer(TimerKind::Provider, 10, Unit::Days, None);
    let expost = Timer { emergency: true, ..timer(TimerKind::ExPost, 48, Unit::Hours, None) };
    let all = vec![general.clone(), own(0, 20), own(1, 45), fast.clone(), slow.clone(), expost.clone()];
    assert_eq!(applicable(&all, &records, false), vec![own(0, 20), own(1, 45), slow.clone()]);
    assert_eq!(applicable(&all, &records[1..], true), vec![own(1, 45), fast, expost]);
    assert_eq!(applicable(&[general.clone(), own(0, 20)], &records, false), vec![general.clone(), own(0, 20)]);
}

#[test]
fn preserved_data_lapses_on_day_60_unless_a_request_hangs_on_it() {
    let kept = |acts: Vec<(i64, Act)>| {
        let acts = acts.into_iter().map(|(number, what)| act(day(number), what, State::Closed)).collect();
        fold(&woven(released().moments(), acts), &timers(), "JP")
    };
    // Confirmed in Tokyo on day 41: 60 days with that one; no summer time there.
    let begins = |number: i64| at("2026-01-11T15:00:00Z").plus_ms(number * DAY);
    let clocks = kept(vec![]);
    let alone = &of(&clocks, TimerKind::Preservation, 0).course;
    assert_eq!(alone.due, begins(101));
    assert_eq!(
        (alone.state(begins(101).plus_ms(-1)), alone.state(begins(101))),
        (ClockState::Running, ClockState::Expired)
    );
    let clocks = kept(vec![(90, Act::Link)]);
    let linked = &of(&clocks, TimerKind::Preservation, 0).course;
    assert_eq!(linked.state(day(500)), ClockState::Paused { since: day(90) });
    // Decided after 100 days: what was left is left again.
    let clocks = kept(vec![(90, Act::Link), (190, Act::Unlink)]);
    assert_eq!(of(&clocks, TimerKind::Preservation, 0).course.due, begins(201));
    // A request that came too late keeps nothing.
    let clocks = kept(vec![(102, Act::Link)]);
    assert_eq!(of(&clocks, TimerKind::Preservation, 0).course.state(day(103)), ClockState::Expired);
}

#[test]
fn a_prolongation_is_a_new_clock_from_the_old_end_and_none_after_it() {
    let kept = |number| {
        let acts = vec![did(day(number), Step::Prolong, State::Received)];
        fold(&woven(released().moments(), acts), &timers(), "JP")
    };
    let clocks = kept(100);
    let (old, new) = (of(&clocks, TimerKind::Preservation, 0), of(&clocks, TimerKind::Preservation, 1));
    assert_eq!(old.course.state(day(200)), ClockState::Stopped { at: day(100), in_time: true });
    assert_eq!(new.course.due, old.course.due.plus_ms(30 * DAY));
    assert_eq!(new.nature, Nature::Legal("ets-185:29(7)".parse().unwrap()));
    assert!(kept(102).iter().all(|clock| clock.id.kind != TimerKind::Preservation || clock.id.round == 0));
}

#[test]
fn what_was_received_is_kept_from_its_last_release_until_it_is_due_and_anew_until_its_giver_says() {
    let timers = [timer(TimerKind::Retention, 20, Unit::Days, None)];
    let received = released().step(day(42), Step::Confirm, State::Received);
    let clocks = received.clocks(&timers);
    let kept = of(&clocks, TimerKind::Retention, 0);
    assert_eq!((kept.course.started, kept.course.due), (day(41), end_of(61)));
    assert_eq!((kept.sides, &kept.nature), (&[Side::Home][..], &Nature::Policy));
    // A second part begins it anew; one that is not taken did not happen.
    let more = || {
        let received = released().step(day(42), Step::Confirm, State::Received);
        received.step(day(43), Step::MoreToCome, State::Executing).step(day(50), Step::Release, State::Produced)
    };
    let clocks = more().step(day(51), Step::Confirm, State::Received).clocks(&timers);
    assert_eq!(of(&clocks, TimerKind::Retention, 1).course.due, end_of(70));
    let clocks = more().step(day(51), Step::Reject, State::Ready).clocks(&timers);
    assert_eq!(of(&clocks, TimerKind::Retention, 0).course.state(day(52)), ClockState::Running);
    assert!(matches!(of(&clocks, TimerKind::Retention, 1).course.state(day(52)), ClockState::Dropped { .. }));
    // Taking it into use begins nothing anew; that it is due ends it; an extension begins another.
    let mut moments = received.moments();
    moments.push(did(day(60), Step::TakeOver, State::InUse));
    assert_eq!(fold(&moments, &timers, "FR").len(), 1);
    moments.push(did(end_of(61), Step::DisposalDue, State::DisposalDue));
    let until = Some(day(300));
    moments.push(Moment { until, ..did(day(62), Step::Extend, State::InUse) });
    let clocks = fold(&moments, &timers, "FR");
    assert!(matches!(of(&clocks, TimerKind::Retention, 0).course.state(day(62)), ClockState::Stopped { .. }));
    let extended = of(&clocks, TimerKind::Retention, 1);
    assert_eq!((extended.course.started, extended.course.due), (day(62), day(300)));
    assert_eq!(extended.course.state(day(300)), ClockState::Expired);
}

#[test]
fn every_kind_of_clock_has_one_row_and_every_step_in_it_exists() {
    for kind in TimerKind::ALL.iter().filter(|kind| **kind != TimerKind::Prolongation) {
        assert_eq!(CLOCKS.iter().filter(|row| row.kind == *kind).count(), 1, "{kind:?}");
    }
    for row in CLOCKS {
        let pauses = row.pauses.iter().flat_map(|(from, to)| to.iter().chain([from]).copied());
        for signal in row.starts.iter().chain(row.stops).chain(row.restarts).copied().chain(pauses) {
            let known = |trigger| TRANSITIONS.iter().any(|line| line.trigger == trigger);
            match signal {
                Signal::Step(step) => assert!(known(Trigger::Step(step)) || crate::moves_matter(step), "{step}"),
                Signal::Gateway(event) => assert!(known(Trigger::Gateway(event)), "{event:?}"),
                Signal::Act(one) => {
                    assert!(Step::ALL.iter().all(|step| step.as_str() != one.as_str()), "{one:?} is a step")
                }
            }
        }
    }
}

#[test]
fn an_order_is_served_with_the_step_that_gives_it_to_who_carries_it_out_and_an_objection_is_put_to_the_other_side() {
    let timers = [
        timer(TimerKind::Serve, 45, Unit::Days, None),
        timer(TimerKind::Return, 20, Unit::Days, None),
        timer(TimerKind::Objection, 10, Unit::Days, None),
    ];
    let story = Story::sent(day(0)).received(day(0)).step(day(2), Step::Acknowledge, State::Acked);
    let story = story.step(day(3), Step::OpenReview, State::Review).step(day(4), Step::Consult, State::Consult);
    let story = story.step(day(5), Step::ConsultDone, State::Review).step(day(6), Step::Recognise, State::Accepted);
    let clocks = story.step(day(9), Step::Assign, State::Executing).clocks(&timers);
    let state = |kind, at| of(&clocks, kind, 0).course.state(at);
    assert_eq!(state(TimerKind::Objection, day(9)), ClockState::Stopped { at: day(4), in_time: true });
    assert_eq!(state(TimerKind::Serve, day(9)), ClockState::Stopped { at: day(9), in_time: true });
    assert_eq!(of(&clocks, TimerKind::Return, 0).course.started, day(9));
}

#[test]
fn a_safe_conduct_lasts_until_the_moment_that_its_record_names_whatever_becomes_of_the_case() {
    let timers = [timer(TimerKind::SafeConduct, 15, Unit::Days, None)];
    let case = released().step(day(42), Step::Confirm, State::Received).moments();
    assert_eq!(fold(&case, &timers, "FR"), [], "nothing was promised");
    let signal = Signal::Act(Act::PromiseSafeConduct);
    let from = Some(day(60));
    let promise = Moment { measure: M1, signal, state: State::Produced, at: day(41), until: Some(day(90)), from };
    let told = |promise: Moment, timer: Timer| {
        let mut all = woven(case.clone(), vec![promise]);
        all.push(did(day(60), Step::Close, State::Closed));
        fold(&all, &[timer], "FR")
    };
    // What the treaty wants is law, counted from when the person may leave; what the record gives beyond that is not.
    let clause: ArticleRef = "untoc:18(27)".parse().unwrap();
    let lawful = Timer { clause: Some(clause.clone()), ..timers[0].clone() };
    let clocks = told(promise, lawful.clone());
    let [law, rest] = [0, 1].map(|round| of(&clocks, TimerKind::SafeConduct, round));
    assert_eq!((law.course.started, law.course.due, law.sides), (day(41), day(75), &[Side::Home][..]));
    assert_eq!((rest.course.started, rest.course.due, rest.sides), (day(75), day(90), &[Side::Home][..]));
    assert_eq!((&law.nature, &rest.nature), (&Nature::Legal(clause), &Nature::Policy));
    assert_eq!(rest.course.state(day(89)), ClockState::Running);
    assert!(rest.course.lapses && rest.course.state(day(90)) == ClockState::Expired);
    // A record that names less than the treaty shortens nothing.
    for until in [day(74), day(75)] {
        let clocks = told(Moment { until: Some(until), ..promise }, lawful.clone());
        assert_eq!(clocks.iter().filter(|one| one.id.kind == TimerKind::SafeConduct).count(), 1);
        assert_eq!(of(&clocks, TimerKind::SafeConduct, 0).course.due, day(75));
    }
}

#[test]
fn the_table_prints_as_markdown() {
    let table = clock_table();
    assert_eq!(table.lines().count(), CLOCKS.len() + 2);
    assert!(table.lines().all(|line| line.matches('|').count() == 9));
    let line = "| ack | peer | receipt | acknowledge / answer |  |  | WITHDRAWN / BLOCKED / LAPSED / RETURNED / CLOSED | late |";
    assert!(table.lines().any(|one| one == line), "{table}");
}

fn any_signal() -> impl Strategy<Value = (Signal, State)> {
    let state = |signal| match signal {
        Signal::Step(Step::Release) => State::Produced,
        Signal::Step(Step::Refuse) => State::Refused,
        Signal::Step(Step::Withdraw) => State::Withdrawn,
        _ => State::Review,
    };
    let steps = Step::ALL.into_iter().map(Signal::Step);
    let acts = Act::ALL.iter().copied().map(Signal::Act);
    let gateway = [crate::GatewayEvent::Receipt].map(Signal::Gateway);
    // What takes something back is proved apart: it may tell in the past.
    let all = gateway
        .into_iter()
        .chain(steps)
        .chain(acts)
        .filter(|signal| !matches!(signal, Signal::Step(Step::Violation | Step::Reject)));
    prop::sample::select(all.collect::<Vec<_>>()).prop_map(move |signal| (signal, state(signal)))
}

proptest! {
    /// What was told stays told: later moments change no alarm before them.
    #[test]
    fn the_past_of_a_clock_never_changes(
        signals in prop::collection::vec((any_signal(), 1_i64..12 * DAY), 1..40),
        cut in 0_usize..40,
    ) {
        let mut now = day(0);
        let mut all = vec![Moment {
            measure: M1, signal: Signal::Gateway(crate::GatewayEvent::Receipt), state: State::Delivered, at: now, until: None, from: None,
        }];
        for ((signal, state), later) in signals {
            now = now.plus_ms(later);
            all.push(Moment { measure: M1, signal, state, at: now, until: None, from: None });
        }
        let cut = cut.min(all.len() - 1);
        let until = all[cut].at;
        let told = |clocks: &[Clock]| {
            let alarms = |clock: &Clock| {
                let told = alarms_between(&clock.course, Timestamp(0), until).collect::<Vec<_>>();
                told.into_iter().map(|alarm| (clock.id.clone(), alarm)).collect::<Vec<_>>()
            };
            clocks.iter().flat_map(alarms).collect::<Vec<_>>()
        };
        let (known, later) = (fold(&all[..cut], &timers(), "FR"), fold(&all, &timers(), "FR"));
        prop_assert_eq!(told(&known), told(&later));
    }

    /// Entries reach a scheduler later than they state, and it looks when it likes.
    #[test]
    fn whatever_becomes_of_its_clocks_a_scheduler_tells_each_alarm_once_and_leaves_none_out(
        signals in prop::collection::vec((any_signal(), 1_i64..12 * DAY, 0_i64..60 * DAY), 1..30),
    ) {
        let (case, mut now, mut told) = (case_id(1), day(0), Vec::new());
        let mut schedule = Schedule::default();
        let arrival = Signal::Gateway(crate::GatewayEvent::Receipt);
        let mut all = vec![Moment { measure: M1, signal: arrival, state: State::Delivered, at: now, until: None, from: None }];
        for ((signal, state), later, look) in signals {
            now = now.plus_ms(later);
            told.extend(schedule.poll(now.plus_ms(look)));
            all.push(Moment { measure: M1, signal, state, at: now, until: None, from: None });
            fold(&all, &timers(), "FR").iter().for_each(|clock| schedule.watch(case, clock, None));
        }
        told.extend(schedule.poll(Timestamp(i64::MAX)));
        let mut told: Vec<_> = told.into_iter().map(|alarm| (alarm.clock, alarm.kind)).collect();
        let count = told.len();
        told.sort();
        told.dedup();
        prop_assert_eq!(told.len(), count);
        for clock in fold(&all, &timers(), "FR") {
            for alarm in alarms(&clock.course) {
                prop_assert!(told.contains(&(clock.id.clone(), alarm.kind)), "{:?} {:?}", clock, alarm);
            }
        }
    }

    #[test]
    fn pauses_move_the_end_by_their_own_length_and_nothing_else(
        gaps in prop::collection::vec(1_i64..DAY, 2..24),
    ) {
        let mut now = day(2);
        let mut acts = Vec::new();
        let mut stood = 0;
        for (place, gap) in gaps.chunks_exact(2).enumerate() {
            let (from, until) = (now.plus_ms(gap[0]), now.plus_ms(gap[0] + gap[1]));
            let (begin, end) = if place % 2 == 0 { (Step::AskInfo, Step::GiveInfo) } else { (Step::Postpone, Step::Resume) };
            acts.extend([did(from, begin, State::Acked), did(until, end, State::Acked)]);
            (now, stood) = (until, stood + gap[1]);
        }
        let story = Story::sent(day(0)).received(day(0)).step(day(2), Step::Acknowledge, State::Acked);
        let clocks = fold(&woven(story.moments(), acts), &timers(), "FR");
        prop_assert_eq!(of(&clocks, TimerKind::Decision, 0).course.due, end_of(32).plus_ms(stood));
    }
}
