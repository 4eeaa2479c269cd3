//! Reading one TOML file: every mistake is reported with its place, not only the first.

use std::{collections::BTreeMap, ops::Range, str::FromStr};

use jiff::civil::Date;
use model::{ArticleRef, AuthorityKind, PartyId, RecordType, RefusalCode, RequestType, Role, SelectorKind};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{Consult, Diagnostic, TimerKind};

/// The largest file that is read.
const FILE_BYTES_MAX: usize = 256 * 1024;

pub(crate) type Value<'s> = Spanned<DeValue<'s>>;

/// One file while it is read.
pub(crate) struct Report<'s> {
    pub(crate) file: &'s str,
    source: &'s str,
    found: Vec<Diagnostic>,
}

impl<'s> Report<'s> {
    /// Parses `source` as TOML and hands its root to `read`. The answer is whole or the list of what is wrong.
    pub(crate) fn read<T>(
        file: &'s str,
        source: &'s str,
        read: impl FnOnce(&mut Report<'s>, &mut Section<'_, 's>) -> Option<T>,
    ) -> Result<T, Vec<Diagnostic>> {
        if source.len() > FILE_BYTES_MAX {
            let message = format!("the file has {} bytes, at most {FILE_BYTES_MAX} are read", source.len());
            return Err(vec![Diagnostic::at(file, "", 0..0, message)]);
        }
        let mut report = Self { file, source, found: Vec::new() };
        let (root, errors) = DeTable::parse_recoverable(source);
        for error in &errors {
            report.wrong(error.span().unwrap_or(0..0), format!("this is not TOML: {}", error.message()));
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
            _ => Err(report.found),
        }
    }

    pub(crate) fn wrong(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.found.push(self.diagnostic(span, message));
    }

    pub(crate) fn wrong_with_help(&mut self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(self.diagnostic(span, message).with_help(help));
    }

    pub(crate) fn diagnostic(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(self.file, self.source, span, message)
    }
}

/// A table of the file. It remembers which keys it was asked for, so that [`Section::end`] can report all others.
pub(crate) struct Section<'t, 's> {
    name: String,
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
                report.wrong(value.span(), format!("expected a table, found {}", describe(other)));
                None
            }
        }
    }

    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'t Value<'s>> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// The value of `key`, or `None` when it is absent or wrong.
    pub(crate) fn may<T: Read>(&mut self, report: &mut Report<'s>, key: &'static str) -> Option<T> {
        self.value(key).and_then(|value| T::read(report, value))
    }

    /// The value of `key`, which must be there.
    pub(crate) fn must<T: Read>(&mut self, report: &mut Report<'s>, key: &'static str) -> Option<T> {
        let value = self.value(key);
        if value.is_none() {
            report.wrong(self.span.clone(), format!("{} has no `{key}`", self.name));
        }
        value.and_then(|value| T::read(report, value))
    }

    /// The table under `key`, or `None` when it is absent or wrong.
    pub(crate) fn table(&mut self, report: &mut Report<'s>, key: &'static str) -> Option<Section<'t, 's>> {
        self.value(key).and_then(|value| Section::of(report, format!("[{key}]"), value))
    }

    /// The tables of the array under `key`; none when it is absent.
    pub(crate) fn tables(&mut self, report: &mut Report<'s>, key: &'static str) -> Vec<Section<'t, 's>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            report.wrong(value.span(), format!("expected [[{key}]], found {}", describe(value.get_ref())));
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
            match key.get_ref().parse() {
                Ok(parsed) => entries.push((parsed, key.span(), value)),
                Err(error) => report.wrong(key.span(), format!("{error}")),
            }
        }
        entries
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn end(&self, report: &mut Report<'s>) {
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if !self.asked.contains(&name) {
                let message = format!("unknown key `{name}` in {}", self.name);
                report.wrong_with_help(key.span(), message, suggestion(name, &self.asked));
            }
        }
    }
}

/// A value that a treaty file may hold.
pub(crate) trait Read: Sized {
    /// Reads `value`, or reports why it cannot be read.
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self>;
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {:?}", text.chars().take(80).collect::<String>()),
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(flag) => format!("{flag}"),
        DeValue::Datetime(_) => "a date".to_owned(),
        other => format!("a value of type {}", other.type_str()),
    }
}

fn expected<T>(report: &mut Report<'_>, value: &Value<'_>, what: &str) -> Option<T> {
    report.wrong(value.span(), format!("expected {what}, found {}", describe(value.get_ref())));
    None
}

impl Read for String {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        match value.get_ref().as_str().filter(|text| !text.trim().is_empty()) {
            Some(text) => Some(text.to_owned()),
            None => expected(report, value, "a text"),
        }
    }
}

impl Read for bool {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        value.get_ref().as_bool().or_else(|| expected(report, value, "true or false"))
    }
}

impl Read for u32 {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        let number = value.get_ref().as_integer().and_then(|i| Self::from_str_radix(i.as_str(), i.radix()).ok());
        number.filter(|n| *n > 0).or_else(|| expected(report, value, "a whole number above 0"))
    }
}

impl Read for Date {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        let date = value.get_ref().as_datetime().filter(|d| d.time.is_none()).and_then(|d| d.date);
        date.and_then(|d| {
            Self::new(i16::try_from(d.year).ok()?, i8::try_from(d.month).ok()?, i8::try_from(d.day).ok()?).ok()
        })
        .or_else(|| expected(report, value, "a date (as in 2004-07-01)"))
    }
}

impl<T: Read + PartialEq> Read for Vec<T> {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        let DeValue::Array(items) = value.get_ref() else { return expected(report, value, "a list") };
        let mut read = Self::new();
        let mut whole = true;
        for item in items.iter() {
            match T::read(report, item) {
                Some(new) if read.contains(&new) => {
                    report.wrong(item.span(), "this is in the list already");
                    whole = false;
                }
                Some(new) => read.push(new),
                None => whole = false,
            }
        }
        whole.then_some(read)
    }
}

/// A word as the vocabulary parses it.
macro_rules! parsed {
    ($($name:ty),+) => {$(
        impl Read for $name {
            fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
                let text = String::read(report, value)?;
                text.parse().map_err(|error| report.wrong(value.span(), format!("{error}"))).ok()
            }
        }
    )+};
}
parsed!(ArticleRef, PartyId, RecordType, RefusalCode, RequestType);

/// A word out of a closed list.
pub(crate) fn word<T: Copy>(
    report: &mut Report<'_>,
    value: &Value<'_>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Option<T> {
    let text = String::read(report, value)?;
    let found = all.iter().copied().find(|item| name(*item) == text);
    if found.is_none() {
        let names: Vec<_> = all.iter().map(|item| name(*item)).collect();
        let message = format!("`{}` is not one of the words that may stand here", text.escape_debug());
        report.wrong_with_help(value.span(), message, suggestion(&text, &names));
    }
    found
}

macro_rules! words {
    ($($name:ty: $all:expr),+ $(,)?) => {$(
        impl Read for $name {
            fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
                word(report, value, &$all, <$name>::as_str)
            }
        }
    )+};
}
words! {
    AuthorityKind:
        [AuthorityKind::Central, AuthorityKind::Judicial, AuthorityKind::Executing, AuthorityKind::DutyPoint],
    Role: [Role::Judge, Role::Prosecutor],
    SelectorKind: SelectorKind::ALL,
    TimerKind: TimerKind::ALL,
    Consult: Consult::ALL,
}

/// A lower-case word without blanks, so that the canonical form of a rule needs no quoting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slug(pub(crate) String);

impl FromStr for Slug {
    type Err = model::Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ok = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(model::Malformed::new("a name (a–z, 0–9, - and _, as in criminal_investigation)", text))
        }
    }
}
parsed!(Slug);

/// The tables of a table whose keys the file chooses.
pub(crate) fn named<'t, 's, K: FromStr<Err = model::Malformed> + Ord, V>(
    report: &mut Report<'s>,
    section: Option<Section<'t, 's>>,
    mut read: impl FnMut(&mut Report<'s>, &K, Range<usize>, &'t Value<'s>) -> Option<V>,
) -> BTreeMap<K, V> {
    let entries = section.map(|section| section.entries::<K>(report)).unwrap_or_default();
    entries
        .into_iter()
        .filter_map(|(key, span, value)| Some((read(report, &key, span, value)?, key)))
        .map(|(v, k)| (k, v))
        .collect()
}

/// `did you mean …?`, or the whole choice.
pub(crate) fn suggestion(wrong: &str, known: &[&str]) -> String {
    let near = known.iter().map(|word| (distance(wrong, word), word)).min();
    match near {
        Some((far, word)) if far <= 1 + word.len() / 4 => format!("did you mean `{word}`?"),
        _ => {
            let mut known = known.to_vec();
            known.sort_unstable();
            known.dedup();
            format!("known here: {}", known.join(", "))
        }
    }
}

/// How many letters must be added, removed, replaced to come from `a` to `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(b.chars()) {
            let replaced = diagonal + usize::from(from != to);
            diagonal = *cell;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
