use std::collections::BTreeMap;

use model::{CaseId, Timestamp};
use proptest::prelude::*;
use treaty::TimerKind;

use super::{DAY, HOUR, M1, case_id, clock};
use crate::clock::{
    Alarm, AlarmKind, Clock, ClockId, Course, Ending, NextAlarm, Pause, Schedule, alarms, alarms_between,
};

fn told(course: &Course) -> Vec<(i64, AlarmKind)> {
    alarms(course).map(|alarm| (alarm.at.0, alarm.kind)).collect()
}

fn course(start: i64, length: i64, lapses: bool) -> Course {
    Course::begun(Timestamp(start), Timestamp(start + length), lapses)
}

#[test]
fn people_are_told_20_7_and_1_days_before_and_1_3_and_7_days_after_the_end() {
    use AlarmKind::{
        Expired, Lapsed, OneDayLate, OneDayLeft, SevenDaysLate, SevenDaysLeft, ThreeDaysLate, TwentyDaysLeft,
    };
    let expected = [
        (10, TwentyDaysLeft),
        (23, SevenDaysLeft),
        (29, OneDayLeft),
        (30, Expired),
        (31, OneDayLate),
        (33, ThreeDaysLate),
        (37, SevenDaysLate),
    ];
    assert_eq!(told(&course(0, 30 * DAY, false)), expected.map(|(day, kind)| (day * DAY, kind)));
    let expected = [(40, TwentyDaysLeft), (53, SevenDaysLeft), (59, OneDayLeft), (60, Lapsed)];
    assert_eq!(told(&course(0, 60 * DAY, true)), expected.map(|(day, kind)| (day * DAY, kind)));
    // What would be told with the beginning is not.
    assert_eq!(told(&course(0, 7 * DAY, true)), [(6 * DAY, OneDayLeft), (7 * DAY, Lapsed)]);
}

#[test]
fn a_short_time_is_warned_of_when_half_and_when_a_tenth_of_it_is_left() {
    let expected = [(4 * HOUR, AlarmKind::HalfLeft), (8 * HOUR - HOUR * 8 / 10, AlarmKind::TenthLeft)];
    assert_eq!(told(&course(0, 8 * HOUR, false))[..2], expected);
    assert_eq!(told(&course(0, 3 * DAY, false))[0], (2 * DAY, AlarmKind::OneDayLeft));
}

#[test]
fn a_clock_that_stands_still_or_is_done_tells_nothing() {
    let mut paused = course(0, 30 * DAY, false);
    paused.paused = vec![Pause { from: Timestamp(10 * DAY), until: None }];
    assert_eq!(told(&paused), []);
    paused.paused[0].from = Timestamp(10 * DAY + 1);
    assert_eq!(told(&paused), [(10 * DAY, AlarmKind::TwentyDaysLeft)]);
    let mut done = course(0, 30 * DAY, false);
    done.end = Some(Ending::Met { at: Timestamp(23 * DAY) });
    assert_eq!(told(&done), [(10 * DAY, AlarmKind::TwentyDaysLeft)]);
}

#[test]
fn an_alarm_that_fell_into_a_pause_comes_as_much_later_as_the_end() {
    let mut course = course(0, 30 * DAY, false);
    course.paused = vec![Pause { from: Timestamp(20 * DAY), until: Some(Timestamp(45 * DAY)) }];
    course.due = Timestamp(55 * DAY);
    let expected = [
        (10 * DAY, AlarmKind::TwentyDaysLeft),
        (48 * DAY, AlarmKind::SevenDaysLeft),
        (54 * DAY, AlarmKind::OneDayLeft),
        (55 * DAY, AlarmKind::Expired),
    ];
    assert_eq!(told(&course)[..4], expected);
}

#[test]
fn an_entry_that_arrives_late_is_told_late_and_not_left_out() {
    let mut schedule = Schedule::default();
    assert_eq!(schedule.poll(Timestamp(100 * DAY)), vec![]);
    let late = clock(TimerKind::Ack, course(60 * DAY, 30 * DAY, false));
    schedule.watch(case_id(1), &late, None);
    let kinds: Vec<_> = schedule.poll(Timestamp(100 * DAY)).into_iter().map(|alarm| alarm.kind).collect();
    assert_eq!(
        kinds,
        AlarmKind::ALL.into_iter().filter(|kind| told(&late.course).iter().any(|(_, k)| k == kind)).collect::<Vec<_>>()
    );
    assert_eq!((schedule.wake(), schedule.fired(case_id(1), &late.id)), (None, Some(AlarmKind::SevenDaysLate)));
}

#[test]
fn a_clock_that_is_done_before_it_is_told_tells_no_more() {
    let mut schedule = Schedule::default();
    let mut one = clock(TimerKind::Ack, course(0, 30 * DAY, false));
    schedule.watch(case_id(1), &one, None);
    assert_eq!(schedule.poll(Timestamp(15 * DAY)).len(), 1);
    one.course.end = Some(Ending::Met { at: Timestamp(22 * DAY) });
    schedule.watch(case_id(1), &one, None);
    assert_eq!((schedule.poll(Timestamp(99 * DAY)), schedule.len()), (vec![], 1));
    schedule.forget(case_id(1));
    assert!(schedule.is_empty());
}

#[test]
fn a_quarter_of_a_million_clocks_are_scheduled_told_and_taken_up_again() {
    let clocks: Vec<_> = (0..250_000_u64)
        .map(|number| {
            let start = i64::try_from(number % 9973).unwrap() * HOUR;
            (case_id(number), clock(TimerKind::Execution, course(start, 90 * DAY, false)))
        })
        .collect();
    let mut schedule = Schedule::default();
    clocks.iter().for_each(|(case, clock)| schedule.watch(*case, clock, None));
    assert_eq!((schedule.poll(Timestamp(70 * DAY - 1)), schedule.wake()), (vec![], Some(Timestamp(70 * DAY))));
    let now = Timestamp(100 * DAY);
    let past = |course: &Course| alarms_between(course, Timestamp(0), now.plus_ms(1)).count();
    assert_eq!(schedule.poll(now).len(), clocks.iter().map(|(_, clock)| past(&clock.course)).sum::<usize>());
    let mut again = Schedule::default();
    clocks.iter().for_each(|(case, clock)| again.watch(*case, clock, schedule.fired(*case, &clock.id)));
    assert_eq!((again.wake(), again.len(), again.poll(now)), (schedule.wake(), 250_000, vec![]));
}

/// A clock that pauses, and may end, as time goes by.
fn any_course() -> impl Strategy<Value = Course> {
    let pauses = prop::collection::vec((1_i64..20 * DAY, 1_i64..20 * DAY), 0..4);
    let end = prop::option::of((0_i64..150 * DAY, any::<bool>()));
    (0..50 * DAY, 1..100 * DAY, any::<bool>(), pauses, any::<bool>(), end).prop_map(
        |(start, length, lapses, pauses, open, end)| {
            let mut course = course(start, length, lapses);
            let mut at = start;
            for (run, stand) in pauses {
                at += run;
                if at >= course.due.0 {
                    break;
                }
                course.paused.push(Pause { from: Timestamp(at), until: Some(Timestamp(at + stand)) });
                course.due = course.due.plus_ms(stand);
                at += stand;
            }
            match end {
                Some((later, met)) => {
                    let at = Timestamp(at + later);
                    course.end = Some(if met { Ending::Met { at } } else { Ending::Dropped { at } });
                }
                None if open && at + 1 < course.due.0 => {
                    course.paused.push(Pause { from: Timestamp(at + 1), until: None });
                }
                None => {}
            }
            course
        },
    )
}

fn named(courses: &[Course]) -> Vec<(CaseId, Clock)> {
    let one = |(number, course): (usize, &Course)| (case_id(number as u64), clock(TimerKind::Decision, course.clone()));
    courses.iter().enumerate().map(one).collect()
}

/// Everything that is ever to be told, by clock.
fn by_clock(told: impl IntoIterator<Item = NextAlarm>) -> BTreeMap<CaseId, Vec<Alarm>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for NextAlarm { at, case, clock, kind } in told {
        assert_eq!(clock, ClockId { measure: M1, kind: TimerKind::Decision, record: None, round: 0 });
        all.entry(case).or_default().push(Alarm { at, kind });
    }
    all
}

fn expected(clocks: &[(CaseId, Clock)]) -> BTreeMap<CaseId, Vec<Alarm>> {
    let all = clocks.iter().map(|(case, clock)| (*case, alarms(&clock.course).collect::<Vec<_>>()));
    all.filter(|(_, alarms)| !alarms.is_empty()).collect()
}

proptest! {
    #[test]
    fn intervals_that_touch_tell_each_alarm_once(course in any_course(), mut cuts in prop::collection::vec(0_i64..200 * DAY, 0..12)) {
        cuts.extend([i64::MIN, i64::MAX]);
        cuts.sort_unstable();
        let parts = cuts.windows(2).flat_map(|pair| alarms_between(&course, Timestamp(pair[0]), Timestamp(pair[1])));
        prop_assert_eq!(parts.collect::<Vec<_>>(), alarms(&course).collect::<Vec<_>>());
    }

    #[test]
    fn alarms_come_in_their_order_and_never_while_a_clock_stands_still(course in any_course()) {
        let all: Vec<_> = alarms(&course).collect();
        prop_assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at && pair[0].kind < pair[1].kind));
        for (alarm, pause) in all.iter().flat_map(|alarm| course.paused.iter().map(move |pause| (alarm, pause))) {
            let inside = pause.from <= alarm.at && pause.until.is_none_or(|until| alarm.at < until);
            prop_assert!(!inside, "{alarm:?} in {pause:?}");
        }
    }

    #[test]
    fn a_wall_clock_that_sleeps_or_steps_back_and_forth_tells_nothing_twice_and_leaves_nothing_out(
        courses in prop::collection::vec(any_course(), 1..8),
        polls in prop::collection::vec(-50 * DAY..400 * DAY, 0..40),
    ) {
        let clocks = named(&courses);
        let mut schedule = Schedule::default();
        clocks.iter().for_each(|(case, clock)| schedule.watch(*case, clock, None));
        let mut told = Vec::new();
        for now in polls {
            let fresh = schedule.poll(Timestamp(now));
            prop_assert!(fresh.iter().all(|alarm| alarm.at.0 <= now));
            told.extend(fresh);
        }
        told.extend(schedule.poll(Timestamp(i64::MAX)));
        prop_assert_eq!(by_clock(told), expected(&clocks));
    }

    #[test]
    fn after_a_restart_the_same_is_told_as_without(
        courses in prop::collection::vec(any_course(), 1..8),
        polls in prop::collection::vec((-50 * DAY..400 * DAY, any::<bool>()), 0..40),
    ) {
        let clocks = named(&courses);
        let mut steady = Schedule::default();
        clocks.iter().for_each(|(case, clock)| steady.watch(*case, clock, None));
        let mut restarted = steady.clone();
        let mut stored: BTreeMap<CaseId, AlarmKind> = BTreeMap::new();
        for (now, restart) in polls {
            if restart {
                restarted = Schedule::default();
                for (case, clock) in &clocks {
                    // The store keeps the course as text and one word.
                    let text = serde_json::to_string(&clock.course).unwrap();
                    let course = serde_json::from_str(&text).unwrap();
                    restarted.watch_course(*case, &clock.id, &course, stored.get(case).copied());
                }
            }
            let told = restarted.poll(Timestamp(now));
            stored.extend(told.iter().map(|alarm| (alarm.case, alarm.kind)));
            prop_assert_eq!(told, steady.poll(Timestamp(now)));
            prop_assert_eq!(restarted.wake(), steady.wake());
        }
        for (case, clock) in &clocks {
            let next = clock.next_alarm(*case, stored.get(case).copied());
            prop_assert_eq!(next.map(|next| (next.at, next.kind)), clock.course.next(steady.fired(*case, &clock.id)).map(|next| (next.at, next.kind)));
        }
    }
}
