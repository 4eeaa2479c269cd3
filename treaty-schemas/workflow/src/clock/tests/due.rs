use jiff::{Span, civil::Date};
use model::Timestamp;
use proptest::prelude::*;
use treaty::{TimerKind, Unit};

use super::{DAY, HOUR, at, calendar, party, timer};
use crate::{
    Keeping, Preservation,
    clock::{Calendar, Caveat, Due, Reckoning, due},
};

fn counted(start: &str, length: u32, unit: Unit, code: &str) -> Due {
    due(at(start), &timer(TimerKind::Decision, length, unit, None), &Reckoning::by(&calendar(code)))
}

fn days(start: &str, length: u32, code: &str) -> Timestamp {
    counted(start, length, Unit::Days, code).at
}

#[test]
fn hours_are_counted_exactly_over_a_change_of_time() {
    let due = counted("2026-03-28T23:30:00Z", 8, Unit::Hours, "FR");
    assert_eq!((due.at, due.caveats), (at("2026-03-29T07:30:00Z"), vec![]));
}

#[test]
fn the_day_of_the_event_does_not_count_and_the_last_one_counts_to_its_end() {
    assert_eq!(days("2026-11-02T00:30:00Z", 1, "JP"), at("2026-11-03T15:00:00Z"));
    assert_eq!(days("2026-11-02T14:59:59Z", 1, "JP"), at("2026-11-03T15:00:00Z"));
    assert_eq!(days("2026-11-02T15:00:00Z", 1, "JP"), at("2026-11-04T15:00:00Z"));
    assert_eq!(days("2026-11-02T15:00:00Z", 0, "JP"), at("2026-11-03T15:00:00Z"));
}

#[test]
fn days_end_at_midnight_there_in_summer_and_in_winter() {
    // Europe/Paris: one hour more from 29 March, one less from 25 October.
    assert_eq!(days("2026-03-20T10:00:00Z", 10, "FR"), at("2026-03-30T22:00:00Z"));
    assert_eq!(days("2026-10-20T10:00:00Z", 10, "FR"), at("2026-10-30T23:00:00Z"));
    // Asia/Tokyo has no summer time.
    assert_eq!(days("2026-03-20T10:00:00Z", 10, "JP"), at("2026-03-30T15:00:00Z"));
    assert_eq!(days("2026-10-20T10:00:00Z", 10, "JP"), at("2026-10-30T15:00:00Z"));
}

#[test]
fn where_midnight_does_not_exist_the_day_begins_later() {
    // On 4 November 2018 clocks in São Paulo went from 00:00 to 01:00, for the last time.
    assert_eq!(days("2018-11-02T12:00:00Z", 1, "BR"), at("2018-11-04T03:00:00Z"));
    // On 18 February 2018 they had gone from 00:00 back to 23:00.
    assert_eq!(days("2018-02-16T12:00:00Z", 1, "BR"), at("2018-02-18T03:00:00Z"));
    assert_eq!(days("2019-11-01T12:00:00Z", 1, "BR"), at("2019-11-03T03:00:00Z"));
    assert_eq!(days("2026-11-01T12:00:00Z", 1, "BR"), at("2026-11-03T03:00:00Z"));
}

#[test]
fn leap_days_and_the_end_of_the_year_are_days_like_others() {
    assert_eq!(days("2028-02-28T10:00:00Z", 1, "FR"), at("2028-02-29T23:00:00Z"));
    assert_eq!(days("2027-02-28T10:00:00Z", 1, "FR"), at("2027-03-01T23:00:00Z"));
    assert_eq!(days("2026-12-31T10:00:00Z", 1, "FR"), at("2027-01-01T23:00:00Z"));
}

#[test]
fn the_requested_authoritys_day_counts_not_the_requesting_ones() {
    // Tuesday morning in Tokyo, Monday noon in New York.
    let start = "2026-06-01T16:00:00Z";
    assert_eq!(days(start, 1, "JP"), at("2026-06-03T15:00:00Z"));
    assert_eq!(days(start, 1, "US"), at("2026-06-03T04:00:00Z"));
}

#[test]
fn working_days_leave_out_weekends_and_holidays_and_name_years_that_nobody_verified() {
    let due = counted("2026-12-28T03:00:00Z", 1, Unit::WorkingDays, "JP");
    assert_eq!((due.at, due.caveats), (at("2027-01-04T15:00:00Z"), vec![Caveat::Unverified(party("JP"), 2027)]));
    // Christmas and the weekend.
    let due = counted("2026-12-24T09:00:00Z", 2, Unit::WorkingDays, "FR");
    assert_eq!((due.at, due.caveats), (at("2026-12-29T23:00:00Z"), vec![]));
    // Ten working days within two weeks that have a worked Sunday and six days off.
    let due = counted("2026-09-30T02:00:00Z", 3, Unit::WorkingDays, "CN");
    assert_eq!(due.at, at("2026-10-10T16:00:00Z"));
    let due = counted("2026-12-24T09:00:00Z", 2, Unit::WorkingDays, "XX");
    assert_eq!((due.at, due.caveats), (at("2026-12-29T00:00:00Z"), vec![Caveat::NoCalendar(party("XX"))]));
}

#[test]
fn a_last_day_that_is_not_worked_moves_only_where_the_treaty_says_so() {
    let end = |start: &str, length, unit| counted(start, length, unit, "FR").at;
    // Friday to Tuesday: 14 July.
    let friday = "2026-07-10T08:00:00Z";
    assert_eq!(end(friday, 4, Unit::Days), at("2026-07-14T22:00:00Z"));
    assert_eq!(end(friday, 4, Unit::DaysToWorkingDay), at("2026-07-15T22:00:00Z"));
    // Friday to Sunday, and a last day that is worked.
    assert_eq!(end(friday, 2, Unit::DaysToWorkingDay), at("2026-07-13T22:00:00Z"));
    assert_eq!(end(friday, 3, Unit::DaysToWorkingDay), end(friday, 3, Unit::Days));
    let unknown = counted(friday, 2, Unit::DaysToWorkingDay, "XX");
    assert_eq!((unknown.at, unknown.caveats), (at("2026-07-14T00:00:00Z"), vec![Caveat::NoCalendar(party("XX"))]));
}

#[test]
fn what_ends_beyond_the_calendar_never_ends_and_says_so() {
    let never = Due { at: Timestamp(i64::MAX), caveats: vec![Caveat::Beyond] };
    assert_eq!(counted("2026-07-10T08:00:00Z", u32::MAX, Unit::Days, "FR"), never);
    let due = counted("2026-07-10T08:00:00Z", u32::MAX, Unit::WorkingDays, "FR");
    assert_eq!((due.at, due.caveats.last()), (never.at, Some(&Caveat::Beyond)));
    assert_eq!(days("9999-12-30T08:00:00Z", 5, "FR"), never.at);
}

/// The same by counting: stupid and right.
fn by_counting(start: Date, count: u32, calendar: &Calendar) -> Date {
    let all = std::iter::successors(start.tomorrow().ok(), |day| day.tomorrow().ok());
    let working = all.filter(|day| calendar.is_working(*day));
    working.take(count as usize).last().unwrap_or(start)
}

fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["JP", "FR", "IT", "SG", "DE", "CN", "US", "GB", "KE", "BR", "NO", "XX"])
}

proptest! {
    #[test]
    fn a_time_ends_at_the_end_of_a_day_there_after_it_began_and_no_shorter_time_ends_later(
        code in zones(),
        start in 1_735_000_000_000_i64..1_861_000_000_000,
        length in 0_u32..200,
        working in any::<bool>(),
    ) {
        let calendar = calendar(code);
        let unit = if working { Unit::WorkingDays } else { Unit::Days };
        let end = |start: i64, length| {
            due(Timestamp(start), &timer(TimerKind::Decision, length, unit, None), &Reckoning::by(&calendar)).at
        };
        let this = end(start, length);
        let there = |at: i64| jiff::Timestamp::from_millisecond(at).unwrap().to_zoned(calendar.zone().clone());
        prop_assert!(this.0 > start);
        prop_assert_eq!(there(this.0), there(this.0).start_of_day().unwrap());
        prop_assert!(end(start, length + 1) > this);
        prop_assert!(end(start + HOUR, length) >= this);
        let expected = if working {
            by_counting(there(start).date(), length, &calendar)
        } else {
            there(start).date().checked_add(Span::new().days(i64::from(length))).unwrap()
        };
        prop_assert_eq!(there(this.0 - 1).date(), expected);
    }

    #[test]
    fn preservation_ends_when_the_day_of_its_confirmation_and_its_length_say(
        code in zones(),
        start in 1_735_000_000_000_i64..1_861_000_000_000,
        days in 1_u32..400,
        longer in 1_u32..100,
    ) {
        let calendar = calendar(code);
        let by = Reckoning::by(&calendar);
        let day = |at: Timestamp| {
            jiff::Timestamp::from_millisecond(at.0).unwrap().to_zoned(calendar.zone().clone()).date()
        };
        let keeping = Keeping { days, clause: None, prolongation_days: Some(longer) };
        let kept = Preservation::begun(day(Timestamp(start)), &keeping).unwrap();
        let end = due(Timestamp(start), &timer(TimerKind::Preservation, days, Unit::Days, None), &by).at;
        prop_assert_eq!(day(end), kept.until);
        let end = due(end, &timer(TimerKind::Prolongation, longer, Unit::Days, None), &by).at;
        prop_assert_eq!(day(end), kept.prolonged(longer).unwrap().until);
        prop_assert!(end.0 - start <= i64::from(days + longer) * DAY + HOUR);
    }
}
