use jiff::{Span, civil::Date, tz::TimeZone};
use model::Timestamp;
use treaty::{Timer, TimerKind, Unit};

use crate::clock::calendar::{Calendar, Caveat};

/// So many days are counted at most: a century. No treaty knows a longer time.
const DAYS_MAX: u32 = 36_525;

/// By whose days one counts.
#[derive(Debug, Clone, Copy)]
pub struct Reckoning<'a> {
    /// The calendar of the requested party.
    pub calendar: &'a Calendar,
    /// The zone of the requested authority.
    pub zone: &'a TimeZone,
}

impl<'a> Reckoning<'a> {
    /// By the days of a party's central authority.
    pub fn by(calendar: &'a Calendar) -> Self {
        Self { calendar, zone: calendar.zone() }
    }
}

/// When a time ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The first moment that is too late.
    pub at: Timestamp,
    /// What must be said of the count; sorted, each once.
    pub caveats: Vec<Caveat>,
}

/// When the time of `timer` ends that began at `start`.
///
/// - Hours are counted exactly, from the moment on. [Reg. 1182/71 art. 3(1)] would leave out the hour of the event: this is stricter.
/// - Of days, that of the event does not count [Reg. 1182/71 art. 3(1)], and the last one counts to its end [art. 3(2)(b)], where the
///   requested authority lies. `due` is the beginning of the next day.
/// - Working days leave out weekends and holidays of the requested party.
/// - Where the treaty file says so, calendar days end with a working day [art. 3(4)].
/// - Preservation is the exception: data is kept for so many days from the day of the confirmation, which counts [Budapest 29(7): not
///   less than 60 days], and its end never moves to a working day. Who must act before it ends is warned too early by that, not too late.
///
/// The two working days that every period of two days or more has at least [art. 3(5)] are not counted for. An end beyond
/// the calendar is the end of time.
pub fn due(start: Timestamp, timer: &Timer, reckoning: &Reckoning<'_>) -> Due {
    let Reckoning { calendar, zone } = *reckoning;
    let mut caveats = Vec::new();
    let end = match timer.unit {
        Unit::Hours => return Due { at: start.plus_ms(i64::from(timer.length) * 3_600_000), caveats },
        Unit::Days => day_of(start, zone).and_then(|day| {
            caveats.extend(calendar.caveat(day.year()).filter(|caveat| matches!(caveat, Caveat::NoCalendar(_))));
            match timer.kind {
                TimerKind::Preservation | TimerKind::Prolongation => days_after(day, timer.length),
                _ => days_after(day, timer.length)?.tomorrow().ok(),
            }
        }),
        Unit::DaysToWorkingDay => day_of(start, zone).and_then(|day| {
            let last = days_after(day, timer.length)?;
            working(last.yesterday().ok()?, 1, calendar, &mut caveats)?.tomorrow().ok()
        }),
        Unit::WorkingDays => day_of(start, zone)
            .and_then(|day| working(day, timer.length, calendar, &mut caveats))
            .and_then(|day| day.tomorrow().ok()),
    };
    // Where midnight does not exist, a day begins later; where it comes twice, with the first.
    let at = end.and_then(|day| day.to_zoned(zone.clone()).ok()).map(|zoned| zoned.timestamp().as_millisecond());
    if at.is_none() {
        caveats.push(Caveat::Beyond);
    }
    caveats.sort();
    caveats.dedup();
    Due { at: Timestamp(at.unwrap_or(i64::MAX)), caveats }
}

/// The `count`-th working day after `day`; `day` itself for none. Says which years it does not know.
fn working(day: Date, count: u32, calendar: &Calendar, caveats: &mut Vec<Caveat>) -> Option<Date> {
    let mut left = count;
    let mut last = day;
    let mut year = None;
    for _ in 0..DAYS_MAX {
        if left == 0 {
            return Some(last);
        }
        last = last.tomorrow().ok()?;
        if year.replace(last.year()) != Some(last.year()) {
            caveats.extend(calendar.caveat(last.year()));
        }
        left -= u32::from(calendar.is_working(last));
    }
    None
}

fn days_after(day: Date, days: u32) -> Option<Date> {
    let days = Some(days).filter(|days| *days <= DAYS_MAX)?;
    day.checked_add(Span::new().try_days(i64::from(days)).ok()?).ok()
}

fn day_of(at: Timestamp, zone: &TimeZone) -> Option<Date> {
    Some(jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone.clone()).date())
}
