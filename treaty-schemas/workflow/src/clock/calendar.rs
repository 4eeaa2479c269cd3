use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use jiff::{
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use model::{AuthorityId, PartyId, Timestamp};

use crate::clock::file::BadCalendar;

/// The calendars that the program was built with: `treaty-schemas/catalog/calendars`.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("BR.toml", include_str!("../../../catalog/calendars/BR.toml")),
    ("CN.toml", include_str!("../../../catalog/calendars/CN.toml")),
    ("DE.toml", include_str!("../../../catalog/calendars/DE.toml")),
    ("FR.toml", include_str!("../../../catalog/calendars/FR.toml")),
    ("GB.toml", include_str!("../../../catalog/calendars/GB.toml")),
    ("IT.toml", include_str!("../../../catalog/calendars/IT.toml")),
    ("JP.toml", include_str!("../../../catalog/calendars/JP.toml")),
    ("KE.toml", include_str!("../../../catalog/calendars/KE.toml")),
    ("NO.toml", include_str!("../../../catalog/calendars/NO.toml")),
    ("SG.toml", include_str!("../../../catalog/calendars/SG.toml")),
    ("US.toml", include_str!("../../../catalog/calendars/US.toml")),
];

/// On which days the authorities of a party work, and where their days begin. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Calendar(pub(crate) Arc<Table>);

/// What a calendar says.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) party: PartyId,
    /// Whether there is a file at all.
    pub(crate) known: bool,
    pub(crate) zone: TimeZone,
    /// By the authority's name, where it lies in another zone.
    pub(crate) zones: BTreeMap<String, TimeZone>,
    pub(crate) weekend: Vec<Weekday>,
    pub(crate) hours: Option<OfficeHours>,
    pub(crate) years: BTreeMap<i16, Year>,
}

/// What is known of a year.
#[derive(Debug, Default)]
pub(crate) struct Year {
    pub(crate) verified: bool,
    pub(crate) holidays: BTreeMap<Date, String>,
    /// Days of a weekend that are worked all the same.
    pub(crate) working: BTreeSet<Date>,
}

/// When an office is open on a working day; the end is not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficeHours {
    /// From.
    pub from: Time,
    /// To.
    pub to: Time,
}

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'a> {
    /// The authorities work.
    Working,
    /// They do not, as in every week.
    Weekend,
    /// They do not, by this holiday.
    Holiday(&'a str),
}

/// What somebody who trusts a moment must know of how it was counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caveat {
    /// The party has no calendar: only Saturdays and Sundays were left out, and days are those of UTC.
    NoCalendar(PartyId),
    /// The calendar does not know this year: only weekends were left out in it.
    NoYear(PartyId, i16),
    /// Nobody verified the holidays of this year.
    Unverified(PartyId, i16),
    /// The end lies beyond every calendar.
    Beyond,
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCalendar(party) => write!(f, "no calendar for {party}: weekends only, days of UTC"),
            Self::NoYear(party, year) => write!(f, "the calendar of {party} does not know {year}: weekends only"),
            Self::Unverified(party, year) => write!(f, "the holidays of {party} in {year} are not verified"),
            Self::Beyond => f.write_str("the end lies beyond every calendar"),
        }
    }
}

impl Calendar {
    /// The calendar of a party of which nothing is known: Saturday and Sunday, days of UTC.
    pub fn weekends_only(party: PartyId) -> Self {
        Self(Arc::new(Table {
            party,
            known: false,
            zone: TimeZone::UTC,
            zones: BTreeMap::new(),
            weekend: vec![Weekday::Saturday, Weekday::Sunday],
            hours: None,
            years: BTreeMap::new(),
        }))
    }

    /// Whose it is.
    pub fn party(&self) -> PartyId {
        self.0.party
    }

    /// Where its central authority lies.
    pub fn zone(&self) -> &TimeZone {
        &self.0.zone
    }

    /// Where an authority lies: in the zone of its party, where the calendar does not name another.
    pub fn zone_of(&self, authority: &AuthorityId) -> &TimeZone {
        self.0.zones.get(authority.name()).filter(|_| authority.party() == self.0.party).unwrap_or(&self.0.zone)
    }

    /// What a day is.
    pub fn day(&self, date: Date) -> Day<'_> {
        let year = self.0.years.get(&date.year());
        if let Some(name) = year.and_then(|year| year.holidays.get(&date)) {
            return Day::Holiday(name);
        }
        let worked = year.is_some_and(|year| year.working.contains(&date));
        if self.0.weekend.contains(&date.weekday()) && !worked { Day::Weekend } else { Day::Working }
    }

    /// Whether its authorities work on a day.
    pub fn is_working(&self, date: Date) -> bool {
        self.day(date) == Day::Working
    }

    /// What must be said of a count of working days in a year.
    pub fn caveat(&self, year: i16) -> Option<Caveat> {
        let party = self.0.party;
        match self.0.years.get(&year) {
            _ if !self.0.known => Some(Caveat::NoCalendar(party)),
            None => Some(Caveat::NoYear(party, year)),
            Some(known) => (!known.verified).then_some(Caveat::Unverified(party, year)),
        }
    }

    /// Whether an office in `zone` is open; `None` where the calendar does not know its hours.
    pub fn is_open(&self, at: Timestamp, zone: &TimeZone) -> Option<bool> {
        let hours = self.0.hours?;
        let there = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone.clone());
        Some(self.is_working(there.date()) && hours.from <= there.time() && there.time() < hours.to)
    }
}

/// The calendars of all parties.
#[derive(Debug, Clone, Default)]
pub struct Calendars(BTreeMap<PartyId, Calendar>);

impl Calendars {
    /// Those that the program was built with.
    pub fn builtin() -> Result<Self, BadCalendar> {
        Self::load(FILES.iter().copied())
    }

    /// Reads files, each with its name (`JP.toml`) and text. A later file of a party replaces an earlier one.
    pub fn load<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, BadCalendar> {
        let read = files.into_iter().map(|(name, text)| Calendar::read(name, text));
        read.map(|calendar| calendar.map(|calendar| (calendar.party(), calendar))).collect::<Result<_, _>>().map(Self)
    }

    /// These with those of files laid over them, each with its name and text.
    pub fn over<'a>(mut self, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, BadCalendar> {
        self.0.extend(Self::load(files)?.0);
        Ok(self)
    }

    /// That of a party; one of weekends only where there is none.
    pub fn of(&self, party: PartyId) -> Calendar {
        self.0.get(&party).cloned().unwrap_or_else(|| Calendar::weekends_only(party))
    }

    /// The parties that have one, sorted.
    pub fn parties(&self) -> impl Iterator<Item = PartyId> {
        self.0.keys().copied()
    }
}
