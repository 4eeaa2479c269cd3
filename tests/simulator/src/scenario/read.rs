//! From a file to a scenario, or to every mistake in it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time, time};
use model::{Digest, PartyId, RequestType, Timestamp};
use toml::{Spanned, value::Datetime};
use treaty::{Catalog, Diagnostic, suggestion};

use super::{
    Conduct, Fault, Party, Scenario, Staff, Statement, Stream, Task,
    check::Page,
    file::{ConductEntry, File, InForce, PartyEntry, StreamEntry},
    law::{self, Files},
};
use crate::distribution::Distribution;

/// The largest file that is read.
const BYTES_MAX: usize = 256 * 1024;
/// A scenario has at most so many states: those of the world, and room.
const PARTIES_MAX: usize = 256;
/// Ten years.
const DAYS_MAX: u32 = 3660;

impl Scenario {
    /// Reads a scenario. `name` is what diagnostics call the file; `files` are the treaty files of its catalogue, by their paths in it, as
    /// [`Catalog::builtin_files`] gives them.
    ///
    /// # Errors
    /// Every mistake that was found: an unknown key, an impossible number, a treaty, state or clause that there is not.
    pub fn read(
        name: &str,
        text: &str,
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Diagnostic>> {
        if text.len() > BYTES_MAX {
            let message = format!("the file has more than {BYTES_MAX} bytes");
            return Err(vec![Diagnostic::at(name, "", 0..0, message)]);
        }
        let file: File = toml::from_str(text).map_err(|error| vec![malformed(name, text, &error)])?;
        let mut page = Page::new(name, text);
        let scenario = Reader { page: &mut page }.scenario(&file, files.into_iter().collect());
        let mut wrong = page.wrong;
        match scenario {
            Ok(scenario) if wrong.is_empty() => Ok(scenario),
            Ok(_) => Err(wrong),
            Err(more) => {
                wrong.extend(more);
                Err(wrong)
            }
        }
    }
}

/// What serde and the parser say, as a diagnostic: an unknown key with the nearest known one.
fn malformed(name: &str, text: &str, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let message = error.message().trim();
    let Some(rest) = message.strip_prefix("unknown field `").or_else(|| message.strip_prefix("unknown variant `"))
    else {
        return Diagnostic::at(name, text, span, message)
            .with_help("`federation schema` prints what a scenario may hold, for editors that complete it");
    };
    let mut words = rest.split('`').step_by(2);
    let unknown = words.next().unwrap_or_default();
    let known: Vec<&str> = rest.split('`').skip(2).step_by(2).collect();
    Diagnostic::at(name, text, span, format!("`{unknown}` is not known here")).with_help(suggestion(unknown, &known))
}

struct Reader<'p, 't> {
    page: &'p mut Page<'t>,
}

impl Reader<'_, '_> {
    fn scenario(mut self, file: &File, mut files: Files) -> Result<Scenario, Vec<Diagnostic>> {
        self.frame(file);
        let first = self.day(&file.from);
        let ids = self.parties(file);
        for entry in &file.party {
            let entry = entry.get_ref();
            let own = entry.ids.iter().filter_map(|id| id.parse::<PartyId>().ok());
            own.for_each(|id| law::invent(&mut files, id, &entry.treaties, &entry.language));
        }
        for entry in &file.in_force {
            self.in_force(entry, &ids, &mut files);
        }
        let digests = files.iter().map(|(path, text)| (path.clone(), Digest::of(&[text.as_bytes()]))).collect();
        let catalog = Catalog::load(files)?;
        let names: BTreeMap<PartyId, String> = catalog.parties().map(|(id, name)| (id, name.to_owned())).collect();
        let mut parties: Vec<Party> = Vec::new();
        for entry in &file.party {
            parties.extend(self.party(entry, &names));
        }
        parties.sort_by_key(|party| party.id);
        let places: Vec<PartyId> = parties.iter().map(|party| party.id).collect();
        let streams: Vec<Stream> = file.stream.iter().map(|entry| self.stream(entry, &places, &catalog)).collect();
        let start = midnight(first);
        let span = (start.0, start.plus_ms(i64::from(*file.days.get_ref()) * super::check::DAY_MS).0);
        let faults: Vec<Fault> =
            file.fault.iter().map(|entry| self.page.fault(entry, &places, span)).collect::<Vec<_>>();
        let efforts = self.shapes("effort_hours", &file.effort_hours);
        let waits = self.shapes("wait_days", &file.wait_days);
        let execute_days = self.execute_days(file);
        self.tasks(file);
        let conduct = self.conduct(&file.conduct);
        let entry_kb = self.page.shape("size_kb.entry", "kB", &file.size_kb.entry);
        let answer_kb = self.page.shape("size_kb.answer", "kB", &file.size_kb.answer);
        Ok(Scenario {
            id: file.id.get_ref().clone(),
            title: file.title.clone(),
            about: file.about.clone(),
            digest: Digest::of(&[self.page.text.as_bytes()]),
            first,
            from: start,
            days: *file.days.get_ref(),
            warmup_days: file.warmup_days.as_ref().map_or(0, |days| *days.get_ref()),
            seed: file.seed,
            catalog,
            files: digests,
            parties,
            streams,
            efforts,
            waits,
            execute_days,
            conduct,
            entry_kb,
            answer_kb,
            faults,
            assumptions: std::mem::take(&mut self.page.assumptions),
            sources: std::mem::take(&mut self.page.sources),
        })
    }

    fn frame(&mut self, file: &File) {
        let format = file.format.get_ref();
        if format != "scenario/1" {
            let message = format!("the format is `{format}`; this program reads `scenario/1`");
            self.page.wrong(file.format.span(), message, "write `format = \"scenario/1\"`");
        }
        let id = file.id.get_ref();
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            self.page.wrong(
                file.id.span(),
                "an id is of small letters, digits and `-`",
                "write it as in `three-states`",
            );
        }
        let days = *file.days.get_ref();
        if !(1..=DAYS_MAX).contains(&days) {
            let help = format!("write a number from 1 to {DAYS_MAX}");
            self.page.wrong(file.days.span(), format!("{days} days cannot be played"), &help);
        }
        if let Some(warmup) = file.warmup_days.as_ref().filter(|warmup| *warmup.get_ref() >= days) {
            let message = "nothing is left to count after the warm-up";
            self.page.wrong(warmup.span(), message, "make `warmup_days` less than `days`");
        }
    }

    fn day(&mut self, written: &Spanned<Datetime>) -> Date {
        let day = calendar_day(written.get_ref());
        if day.is_none() {
            self.page.wrong(written.span(), "this is no day", "write a date without a time, as in `2025-01-01`");
        }
        day.unwrap_or(Date::constant(2025, 1, 1))
    }

    /// All parties that are named, sorted; each is named once.
    fn parties(&mut self, file: &File) -> BTreeSet<PartyId> {
        let mut ids = BTreeSet::new();
        for entry in &file.party {
            for id in &entry.get_ref().ids {
                match id.parse::<PartyId>() {
                    Ok(id) if !ids.insert(id) => {
                        self.page.wrong(
                            self.page.find(entry.span(), &id.to_string()),
                            format!("{id} is named twice"),
                            "leave one of both out",
                        );
                    }
                    Ok(_) => {}
                    Err(error) => {
                        self.page.wrong(self.page.find(entry.span(), id), error.to_string(), "write it as in `JP`")
                    }
                }
            }
        }
        if ids.len() < 2 || ids.len() > PARTIES_MAX {
            let span = file.party.first().map_or(0..0, Spanned::span);
            let message = format!("{} states are named", ids.len());
            self.page.wrong(span, message, &format!("name 2 to {PARTIES_MAX}"));
        }
        ids
    }

    fn in_force(&mut self, entry: &Spanned<InForce>, ids: &BTreeSet<PartyId>, files: &mut Files) {
        let span = entry.span();
        let written = entry.get_ref();
        let Some(on) = calendar_day(&written.on) else {
            return self.page.wrong(
                self.page.find(span, "on"),
                "this is no day",
                "write a date without a time, as in `2026-07-01`",
            );
        };
        let line = format!("id = \"{}\"", written.instrument);
        let known = files
            .iter()
            .any(|(path, text)| path.starts_with("instruments/") && text.lines().any(|one| one.trim() == line));
        if !known {
            let message = format!("the catalogue has no instrument `{}`", written.instrument);
            return self.page.wrong(
                self.page.find(span, &written.instrument),
                message,
                "`treaty effective` shows those that there are",
            );
        }
        let places: Vec<PartyId> = ids.iter().copied().collect();
        let chosen = self.page.chosen(span, &written.parties, &places);
        let chosen = chosen.into_iter().filter_map(|place| places.get(place).copied()).collect();
        law::enter_into_force(files, &written.instrument, on, &chosen);
        let what = format!("in_force.{}", written.instrument);
        self.page.originated(&what, &format!("in force on {on} for {} states", chosen.len()), entry);
    }

    fn party(&mut self, entry: &Spanned<PartyEntry>, names: &BTreeMap<PartyId, String>) -> Vec<Party> {
        let span = entry.span();
        let written = entry.get_ref();
        let hours = written.hours.as_ref().map(|[from, to]| (from.parse::<Time>().ok(), to.parse::<Time>().ok()));
        let hours = match hours {
            None => (time(9, 0, 0, 0), time(17, 0, 0, 0)),
            Some((Some(from), Some(to))) if from < to => (from, to),
            Some(_) => {
                let help = "write them as in `[\"09:00\", \"17:00\"]`, the end behind the beginning";
                self.page.wrong(self.page.find(span.clone(), "hours"), "these are no office hours", help);
                (time(9, 0, 0, 0), time(17, 0, 0, 0))
            }
        };
        for staff in Staff::ALL {
            let count = written.staff.get(staff).copied().unwrap_or(1);
            if !(1..=100_000).contains(&count) {
                let message = format!("{count} people cannot do the work of `{}`", staff.as_str());
                self.page.wrong(
                    self.page.find(span.clone(), staff.as_str()),
                    message,
                    "write at least 1: who has nobody answers nothing",
                );
            }
        }
        let weight = self.page.number(span.clone(), "weight", written.weight.unwrap_or(1.0), 0.0..1e9);
        let slowness = self.page.number(span.clone(), "slowness", written.slowness.unwrap_or(1.0), 0.001..1000.0);
        let shown: Vec<_> = written.staff.iter().map(|(staff, count)| format!("{count} {}", staff.as_str())).collect();
        let value = format!("staff {}; weight {weight}; slowness {slowness}", shown.join(", "));
        self.page.originated(&format!("party {}", abridged(&written.ids)), &value, entry);
        let ids = written.ids.iter().filter_map(|id| id.parse::<PartyId>().ok());
        let party = |id: PartyId| Party {
            id,
            name: names.get(&id).cloned().unwrap_or_else(|| id.to_string()),
            language: written.language.clone(),
            staff: Staff::ALL.iter().map(|staff| (*staff, written.staff.get(staff).copied().unwrap_or(1))).collect(),
            hours,
            weight,
            slowness,
        };
        ids.map(party).collect()
    }

    fn stream(&mut self, entry: &Spanned<StreamEntry>, places: &[PartyId], catalog: &Catalog) -> Stream {
        let span = entry.span();
        let written = entry.get_ref();
        let ask = self.page.asked(span.clone(), &written.ask, catalog);
        let per_year = self.page.number(span.clone(), "per_year", written.per_year, 0.0..10_000_000.0);
        self.page.originated(&format!("stream {}", written.id), &format!("{per_year} requests a year"), entry);
        Stream {
            id: written.id.clone(),
            ask,
            from: self.page.chosen(span.clone(), &written.from, places),
            to: self.page.chosen(span.clone(), &written.to, places),
            per_year,
            records: self.page.words(span, &written.records),
            subjects: written.subjects.unwrap_or(1).max(1),
            window_days: written.window_days.unwrap_or(180).max(1),
            penalty_months: written.penalty_months.unwrap_or(60),
        }
    }

    fn shapes(
        &mut self,
        table: &str,
        written: &BTreeMap<Task, Spanned<super::file::Shape>>,
    ) -> BTreeMap<Task, Distribution> {
        let unit = if table == "effort_hours" { "hours" } else { "days" };
        let shapes = written
            .iter()
            .map(|(task, shape)| (*task, self.page.shape(&format!("{table}.{}", task.as_str()), unit, shape)));
        shapes.collect()
    }

    fn execute_days(&mut self, file: &File) -> BTreeMap<RequestType, Distribution> {
        let mut found = BTreeMap::new();
        for (name, shape) in &file.execute_days {
            let shaped = self.page.shape(&format!("execute_days.{name}"), "days", shape);
            match name.parse::<RequestType>() {
                Ok(kind) => drop(found.insert(kind, shaped)),
                Err(error) => self.page.wrong(shape.span(), error.to_string(), "name a request type of a treaty file"),
            }
        }
        found
    }

    /// Each task has an effort, and so has nothing that people do for nothing.
    fn tasks(&mut self, file: &File) {
        let missing = Task::ALL.iter().filter(|task| !file.effort_hours.contains_key(task) && **task != Task::Resume);
        let missing: Vec<_> = missing.map(|task| task.as_str()).collect();
        if !missing.is_empty() {
            let message = format!("[effort_hours] does not say how long these take: {}", missing.join(", "));
            self.page.wrong(
                self.page.find(0..self.page.text.len(), "effort_hours"),
                message,
                "write a distribution for each",
            );
        }
    }

    fn conduct(&mut self, entry: &Spanned<ConductEntry>) -> Conduct {
        let span = entry.span();
        let written = entry.get_ref();
        let mut share = |name: &str, value: f64| self.page.number(span.clone(), name, value, 0.0..1.0);
        let conduct = Conduct {
            questions: share("questions", written.questions),
            refused: share("refused", written.refused),
            postponed: share("postponed", written.postponed),
            withdrawn: share("withdrawn", written.withdrawn),
            careless: share("careless", written.careless),
            patience_days: self.page.number(span.clone(), "patience_days", written.patience_days, 0.1..10_000.0),
        };
        if conduct.questions + conduct.refused + conduct.postponed > 1.0 {
            let message = "questions, refused and postponed are together more than all";
            self.page.wrong(span, message, "write shares that sum up to 1 at most");
        }
        let Conduct { questions, refused, postponed, withdrawn, careless, patience_days } = conduct;
        let value = format!(
            "questions {questions}, refused {refused}, postponed {postponed}, withdrawn {withdrawn} \
             (after {patience_days} days in the mean), careless {careless}"
        );
        self.page.originated("conduct", &value, entry);
        conduct
    }
}

fn abridged(ids: &[String]) -> String {
    match ids {
        [first, .., last] if ids.len() > 8 => format!("{first} … {last} ({} states)", ids.len()),
        _ => ids.join(" "),
    }
}

pub(super) fn calendar_day(written: &Datetime) -> Option<Date> {
    let (date, None, None) = (written.date?, written.time, written.offset) else { return None };
    let (year, month, day) =
        (i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    Date::new(year, month, day).ok()
}

fn midnight(day: Date) -> Timestamp {
    let zoned = day.to_zoned(jiff::tz::TimeZone::UTC);
    Timestamp(zoned.map_or(0, |zoned| zoned.timestamp().as_millisecond()))
}

impl Statement {
    pub(super) fn new(what: &str, value: &str, origin: &str) -> Self {
        Self { what: what.to_owned(), value: value.to_owned(), origin: origin.to_owned() }
    }
}
