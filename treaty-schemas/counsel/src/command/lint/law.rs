//! What a careful reader would ask about a file that the library can read: what it leaves open, what is too old, what nobody can
//! answer. It looks at the text only, so that it also works on a file that has errors.

use std::ops::Range;

use jiff::civil::Date;
use records::RecordTypes;
use toml::de::{DeTable, DeValue};

use crate::finding::{Finding, Gravity};

/// What the skeletons of `treaty new` leave to be filled in: in a text, in an article, and as the year of a date.
const PLACEHOLDERS: [&str; 2] = ["FILL IN", "FILL-IN"];
const PLACEHOLDER_YEAR: u16 = 9999;
const TO_DO: &str = "this is still to be filled in";
/// How deep tables may nest; the format needs four.
const DEPTH_MAX: usize = 16;

/// Everything to say of one file. `today` tells which review dates have passed.
pub(crate) fn findings(file: (&str, &str), today: Date) -> Vec<Finding> {
    let (root, _) = DeTable::parse_recoverable(file.1);
    let mut reader = Reader { file, today, found: Vec::new(), records: RecordTypes::builtin().ok() };
    reader.table("", root.get_ref(), 0);
    reader.found
}

struct Reader<'a> {
    file: (&'a str, &'a str),
    today: Date,
    found: Vec<Finding>,
    records: Option<RecordTypes>,
}

impl Reader<'_> {
    fn say(&mut self, gravity: Gravity, span: &Range<usize>, message: impl Into<String>, help: Option<&str>) {
        self.found.push(Finding::at(gravity, self.file, span, message, help));
    }

    /// `place` is how the table is called in the file, as in `request.stored_data`.
    fn table(&mut self, place: &str, table: &DeTable<'_>, depth: usize) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let span = key.span().start..value.span().end;
            match (name, value.get_ref()) {
                ("verified", DeValue::Boolean(false)) => {
                    let what =
                        format!("{} is not verified: nobody has read it in the text of the treaty", named(place));
                    self.say(
                        Gravity::Note,
                        &span,
                        what,
                        Some("read the text, cite the source in README.md, write verified = true"),
                    );
                }
                ("review", DeValue::Datetime(moment)) => self.review(&span, moment.date),
                ("records", DeValue::Array(items)) => items.iter().for_each(|item| self.record(place, item)),
                _ => {}
            }
            if place == "validators" || name == "validators" && place.starts_with("request.") {
                self.validators(place, name, value.get_ref(), &span);
            }
            let inner = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
            self.value(&inner, value.get_ref(), &value.span(), depth);
        }
    }

    fn value(&mut self, place: &str, value: &DeValue<'_>, span: &Range<usize>, depth: usize) {
        match value {
            DeValue::String(text) if PLACEHOLDERS.iter().any(|placeholder| text.contains(placeholder)) => {
                self.say(Gravity::Error, span, TO_DO, None);
            }
            DeValue::Datetime(moment) if moment.date.is_some_and(|date| date.year == PLACEHOLDER_YEAR) => {
                self.say(Gravity::Error, span, TO_DO, None);
            }
            DeValue::Table(table) if depth < DEPTH_MAX => self.table(place, table, depth + 1),
            DeValue::Array(items) if depth < DEPTH_MAX => {
                items.iter().for_each(|item| self.value(place, item.get_ref(), &item.span(), depth + 1));
            }
            _ => {}
        }
    }

    fn review(&mut self, span: &Range<usize>, date: Option<toml::value::Date>) {
        let day = date.and_then(|date| {
            Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
        });
        if let Some(day) = day.filter(|day| *day < self.today) {
            let what = format!("this file was to be looked at again by {day}");
            self.say(
                Gravity::Warning,
                span,
                what,
                Some("check it against the depositary's list, then write the next date"),
            );
        }
    }

    fn record(&mut self, place: &str, item: &toml::Spanned<DeValue<'_>>) {
        let Some(name) = item.get_ref().as_str() else { return };
        let known = match &self.records {
            Some(records) => records.names().any(|record| record.as_str() == name),
            None => true,
        };
        if !known && place.starts_with("request.") {
            let what = format!("no record type `{name}` has a schema: whatever is sent as `{name}` would be refused");
            self.say(
                Gravity::Warning,
                &item.span(),
                what,
                Some("a record type is a JSON Schema in records/<name>/1.schema.json"),
            );
        }
    }

    /// An empty list is a decision: nobody needs to validate.
    fn validators(&mut self, place: &str, name: &str, value: &DeValue<'_>, span: &Range<usize>) {
        if value.as_array().is_some_and(|roles| roles.is_empty()) {
            let what = match place.strip_prefix("request.") {
                Some(request) => format!("`{request}` may be asked without any judge or prosecutor"),
                None => format!("`{name}` may be asked without any judge or prosecutor"),
            };
            self.say(Gravity::Note, span, what, None);
        }
    }
}

fn named(place: &str) -> String {
    if place.is_empty() { "this file".to_owned() } else { format!("[{place}]") }
}
