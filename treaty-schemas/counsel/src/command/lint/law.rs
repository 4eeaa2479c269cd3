//! What a careful reader would ask about a file, beside what the library calls a mistake: what is still to be filled in, what nobody
//! needs to validate, and days that are too far ahead to be meant. It looks at the text only, so that it also works on a file that has errors.

use std::ops::Range;

use jiff::civil::Date;
use toml::de::{DeTable, DeValue};

use crate::finding::{Finding, Gravity};

/// What the skeletons of `treaty new` leave to be filled in: in a text, in an article, as a state, and as the year of a date.
const PLACEHOLDERS: [&str; 2] = ["FILL IN", "FILL-IN"];
const PLACEHOLDER_STATE: &str = "ZZ";
const PLACEHOLDER_YEAR: u16 = 9999;
const TO_DO: &str = "this is still to be filled in";
/// How deep tables may nest; the format needs four.
const DEPTH_MAX: usize = 16;

/// Days that are known, or near, when they are written down.
const NEAR: [&str; 7] = ["recorded", "valid_from", "signed", "ratified", "accepted", "in_force", "denounced"];
/// So many years ahead a day is more often a slip than meant.
const YEARS_AHEAD: i16 = 5;

/// Everything to say of one file: its path and its text.
pub(crate) fn findings(file: (&str, &str), today: Date) -> Vec<Finding> {
    let (root, _) = DeTable::parse_recoverable(file.1);
    let mut reader = Reader { file, today, found: Vec::new() };
    reader.table("", root.get_ref(), 0);
    reader.found
}

struct Reader<'a> {
    file: (&'a str, &'a str),
    today: Date,
    found: Vec<Finding>,
}

impl Reader<'_> {
    fn say(&mut self, gravity: Gravity, span: &Range<usize>, message: impl Into<String>) {
        self.found.push(Finding::at(gravity, self.file, span, message, None));
    }

    /// `place` is how the table is called in the file, as in `request.stored_data`.
    fn table(&mut self, place: &str, table: &DeTable<'_>, depth: usize) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if place == "validators" || (name == "validators" && place.starts_with("request.")) {
                self.validators(place, name, value.get_ref(), &(key.span().start..value.span().end));
            }
            let inner = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
            self.value(&inner, value.get_ref(), &value.span(), depth);
        }
    }

    fn value(&mut self, place: &str, value: &DeValue<'_>, span: &Range<usize>, depth: usize) {
        match value {
            DeValue::String(text) if is_placeholder(text) => self.say(Gravity::Error, span, TO_DO),
            DeValue::Datetime(moment) if moment.date.is_some_and(|date| date.year == PLACEHOLDER_YEAR) => {
                self.say(Gravity::Error, span, TO_DO);
            }
            DeValue::Datetime(moment) => self.day(place, moment.date.map(|date| date.year), span),
            DeValue::Table(table) if depth < DEPTH_MAX => self.table(place, table, depth + 1),
            DeValue::Array(items) if depth < DEPTH_MAX => {
                items.iter().for_each(|item| self.value(place, item.get_ref(), &item.span(), depth + 1));
            }
            _ => {}
        }
    }

    fn day(&mut self, place: &str, year: Option<u16>, span: &Range<usize>) {
        let name = place.rsplit('.').next().unwrap_or(place);
        let latest = self.today.year().saturating_add(YEARS_AHEAD);
        let far = year.and_then(|year| i16::try_from(year).ok()).is_some_and(|year| year > latest);
        if far && NEAR.contains(&name) {
            let message = format!("`{name}` is more than {YEARS_AHEAD} years ahead: is this year meant?");
            self.say(Gravity::Warning, span, message);
        }
    }

    /// An empty list is a decision: nobody needs to validate.
    fn validators(&mut self, place: &str, name: &str, value: &DeValue<'_>, span: &Range<usize>) {
        if value.as_array().is_some_and(|roles| roles.is_empty()) {
            let what = place.strip_prefix("request.").unwrap_or(name);
            self.say(Gravity::Note, span, format!("`{what}` may be asked without any judge or prosecutor"));
        }
    }
}

fn is_placeholder(text: &str) -> bool {
    text == PLACEHOLDER_STATE || PLACEHOLDERS.iter().any(|placeholder| text.contains(placeholder))
}
