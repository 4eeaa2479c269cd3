//! Reading one TOML file: every mistake is reported with its place, not only the first.

mod scan;
mod spelling;
mod value;

use std::{collections::BTreeMap, fmt, ops::Range, str::FromStr, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub use self::spelling::suggestion;
pub(crate) use self::{
    spelling::{is_invisible, look_alikes},
    value::{Count, Read, Slug, Spot, known_record, word},
};
use crate::{Diagnostic, Severity};

/// The largest file that is read.
const FILE_BYTES_MAX: usize = 256 * 1024;

/// So many mistakes of a file are told. Who has mended them sees the next ones.
const DIAGNOSTICS_MAX: usize = 100;

pub(crate) type Value<'s> = Spanned<DeValue<'s>>;

/// A file as it was given.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: Arc<str>,
    pub(crate) text: String,
}

impl Source {
    /// The place of the whole file.
    pub(crate) fn whole(self: &Arc<Self>) -> Place {
        Place { source: self.clone(), span: 0..0 }
    }
}

/// Where a statement stands, for what can only be checked against other files.
#[derive(Clone)]
pub(crate) struct Place {
    source: Arc<Source>,
    span: Range<usize>,
}

impl Place {
    /// That something is wrong here.
    pub(crate) fn says(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(&self.source.path, &self.source.text, self.span.clone(), message)
    }

    /// That readers should know something of what stands here.
    pub(crate) fn notes(&self, message: impl Into<String>) -> Diagnostic {
        self.says(message).graded(Severity::Note)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source.path, self.span.start)
    }
}

/// One file while it is read.
pub(crate) struct Report<'s> {
    source: &'s Arc<Source>,
    found: Vec<Diagnostic>,
}

impl<'s> Report<'s> {
    /// Parses `source` as TOML and hands its root to `read`. The answer is whole or the list of what is wrong.
    pub(crate) fn read<T>(
        source: &'s Arc<Source>,
        read: impl FnOnce(&mut Report<'s>, &mut Section<'_, 's>) -> Option<T>,
    ) -> Result<T, Vec<Diagnostic>> {
        let bytes = source.text.len();
        if bytes > FILE_BYTES_MAX {
            let help = "split it: one file for each instrument, each party, each arrangement";
            let message = format!("the file has {bytes} bytes, at most {FILE_BYTES_MAX} are read");
            return Err(vec![Diagnostic::at(&source.path, "", 0..0, message).with_help(help)]);
        }
        let mut report = Self { source, found: Vec::new() };
        for (span, message, help) in scan::scan(&source.text) {
            report.wrong_with_help(span, message, help);
        }
        if !report.found.is_empty() {
            return Err(report.found);
        }
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            let message = format!("this is not TOML: {}", error.message());
            match meant(&source.text, span.start) {
                Some(help) => report.wrong_with_help(span, message, help),
                None => report.wrong(span, message),
            }
        }
        if !report.found.is_empty() {
            return Err(report.found);
        }
        let mut section = Section::new("the file", 0..0, root.get_ref());
        let read = read(&mut report, &mut section);
        section.end(&mut report);
        report.found.sort_by_key(|d| (d.line, d.column));
        match read {
            Some(read) if report.found.is_empty() => Ok(read),
            // What is read whole or not at all has told why; this is for what a reader might have forgotten to tell.
            None if report.found.is_empty() => Err(vec![source.whole().says("the file is not whole")]),
            _ => Err(report.found),
        }
    }

    pub(crate) fn source(&self) -> &'s Arc<Source> {
        self.source
    }

    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        Place { source: self.source.clone(), span }
    }

    /// Takes what was found at a place that was noted before.
    pub(crate) fn found(&mut self, diagnostic: Diagnostic) {
        if self.found.len() < DIAGNOSTICS_MAX {
            self.found.push(diagnostic);
        }
    }

    pub(crate) fn wrong(&mut self, span: Range<usize>, message: impl Into<String>) {
        if self.found.len() < DIAGNOSTICS_MAX {
            self.found.push(Diagnostic::at(&self.source.path, &self.source.text, span, message));
        }
    }

    pub(crate) fn wrong_with_help(&mut self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        if self.found.len() < DIAGNOSTICS_MAX {
            self.found.push(Diagnostic::at(&self.source.path, &self.source.text, span, message).with_help(help));
        }
    }
}

/// A table of the file. It remembers which keys it was asked for, so that [`Section::end`] can report all others.
pub(crate) struct Section<'t, 's> {
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
    table: &'t DeTable<'s>,
    asked: Vec<&'static str>,
}

impl<'t, 's> Section<'t, 's> {
    fn new(name: impl Into<String>, span: Range<usize>, table: &'t DeTable<'s>) -> Self {
        Self { name: name.into(), span, table, asked: Vec::new() }
    }

    /// `value` as a table called `name`.
    pub(crate) fn of(report: &mut Report<'s>, name: impl Into<String>, value: &'t Value<'s>) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(name, value.span(), table)),
            other => {
                report.wrong(value.span(), format!("expected a table, found {}", value::describe(other)));
                None
            }
        }
    }

    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'t Value<'s>> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// Where the value of `key` stands; the table itself when it is absent.
    pub(crate) fn span_of(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or_else(|| self.span.clone(), Spanned::span)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether `key` is there as a list with nothing in it.
    pub(crate) fn is_empty_list(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| matches!(value.get_ref(), DeValue::Array(items) if items.is_empty()))
    }

    /// The value of `key`, or `None` when it is absent or wrong.
    pub(crate) fn may<T: Read>(&mut self, report: &mut Report<'s>, key: &'static str) -> Option<T> {
        self.value(key).and_then(|value| T::read(report, value))
    }

    /// The value of `key`, which must be there.
    pub(crate) fn must<T: Read>(&mut self, report: &mut Report<'s>, key: &'static str) -> Option<T> {
        let value = self.value(key);
        if value.is_none() {
            report.wrong_with_help(self.span.clone(), format!("{} has no `{key}`", self.name), lacking(key));
        }
        value.and_then(|value| T::read(report, value))
    }

    /// A flag that is false where nothing is said.
    pub(crate) fn flag(&mut self, report: &mut Report<'s>, key: &'static str) -> bool {
        self.may(report, key).unwrap_or(false)
    }

    /// A list, which is empty where nothing is said.
    pub(crate) fn list<T: Read + PartialEq>(&mut self, report: &mut Report<'s>, key: &'static str) -> Vec<T> {
        self.may(report, key).unwrap_or_default()
    }

    /// A list that must say something.
    pub(crate) fn filled<T: Read + PartialEq>(&mut self, report: &mut Report<'s>, key: &'static str) -> Option<Vec<T>> {
        let list = self.must::<Vec<T>>(report, key)?;
        if list.is_empty() {
            report.wrong_with_help(self.span_of(key), format!("`{key}` is empty"), "name at least one");
            return None;
        }
        Some(list)
    }

    /// The table under `key`, or `None` when it is absent or wrong.
    pub(crate) fn table(&mut self, report: &mut Report<'s>, key: &'static str) -> Option<Section<'t, 's>> {
        self.value(key).and_then(|value| Section::of(report, format!("[{key}]"), value))
    }

    /// The tables of the array under `key`; none when it is absent.
    pub(crate) fn tables(&mut self, report: &mut Report<'s>, key: &'static str) -> Vec<Section<'t, 's>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            let found = value::describe(value.get_ref());
            report.wrong(value.span(), format!("expected [[{key}]], found {found}"));
            return Vec::new();
        };
        items.iter().filter_map(|item| Section::of(report, format!("[[{key}]]"), item)).collect()
    }

    /// All keys with their values, for a table whose keys are names that the file chooses.
    pub(crate) fn entries<K: FromStr<Err = model::Malformed>>(
        self,
        report: &mut Report<'s>,
    ) -> Vec<(K, Range<usize>, &'t Value<'s>)> {
        let mut entries = Vec::new();
        for (key, value) in self.table {
            if let Some(parsed) = value::parsed(report, key.span(), key.get_ref()) {
                entries.push((parsed, key.span(), value));
            }
        }
        entries
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn end(&self, report: &mut Report<'s>) {
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if !self.asked.contains(&name) {
                let message = format!("unknown key `{}` in {}", clipped(name), self.name);
                let help = match look_alikes(name) {
                    Some((wrong, right, meant)) => value::told(wrong, right, &meant),
                    None => suggestion(name, &self.asked),
                };
                report.wrong_with_help(key.span(), message, help);
            }
        }
    }
}

/// What to write in the place of a value that is none, where it can be told: a bare word, or a day by the habit of another country.
fn meant(text: &str, at: usize) -> Option<&'static str> {
    let before = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let (_, value) = text.get(before..)?.lines().next()?.split_once('=')?;
    let word = value.split('#').next().unwrap_or(value).trim();
    let parts: Vec<_> = word.split(['.', '/', '-']).collect();
    let numbers = parts.iter().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    match word {
        "yes" | "Yes" | "True" | "TRUE" | "on" => Some("write true"),
        "no" | "No" | "False" | "FALSE" | "off" => Some("write false"),
        _ if parts.len() == 3 && numbers => Some("write a date with its year first, as in 2026-01-31, without quotes"),
        _ if word.starts_with(|c: char| c.is_ascii_alphabetic()) => Some("write a text between quotes, as in \"…\""),
        _ => None,
    }
}

/// What to write where `key` is missing.
fn lacking(key: &str) -> String {
    match key {
        "verified" => "write `verified = true` where the text was read, else `verified = false`".to_owned(),
        "because" => {
            "write `because = \"…\"`: the law or agreement on which it rests, as people are told it".to_owned()
        }
        "max_subjects" => "write `max_subjects = …`: nobody asks about everybody".to_owned(),
        _ => format!("add `{key} = …`"),
    }
}

/// A text as it may be shown in a message: 80 characters, escaped.
pub(crate) fn clipped(text: &str) -> String {
    let clipped: String = text.chars().take(80).collect();
    clipped.escape_debug().collect()
}

/// The values of a table whose keys the file chooses.
pub(crate) fn named<'t, 's, K: FromStr<Err = model::Malformed> + Ord, V>(
    report: &mut Report<'s>,
    section: Option<Section<'t, 's>>,
    mut read: impl FnMut(&mut Report<'s>, &K, Range<usize>, &'t Value<'s>) -> Option<V>,
) -> BTreeMap<K, V> {
    let entries = section.map(|section| section.entries::<K>(report)).unwrap_or_default();
    let read = entries.into_iter().filter_map(|(key, span, value)| Some((read(report, &key, span, value)?, key)));
    read.map(|(v, k)| (k, v)).collect()
}
