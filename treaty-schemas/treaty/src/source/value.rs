//! What may stand behind a key.

use std::{ops::Range, str::FromStr};

use jiff::civil::Date;
use model::{
    ArticleRef, Attribute, AuthorityId, AuthorityKind, Classification, ConditionCode, Malformed, PartyId,
    PostponementCode, RecordType, RefusalCode, RequestType, Role, SelectorKind,
};
use toml::de::DeValue;

use super::{Place, Report, Value, clipped, look_alikes, suggestion};
use crate::{Consult, LastDay, Onward, Period, TimerKind, catalog::RECORD_TYPES};

/// A value that a treaty file may hold.
pub(crate) trait Read: Sized {
    /// Reads `value`, or reports why it cannot be read.
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self>;
}

/// A value with its place, for what can only be checked against other files.
#[derive(Debug, Clone)]
pub(crate) struct Spot<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

impl<T: Read> Read for Spot<T> {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        T::read(report, value).map(|read| Self { value: read, place: report.place(value.span()) })
    }
}

impl<T: PartialEq> PartialEq for Spot<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// A whole number, 0 included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u32);

/// A lower-case word without blanks, so that the canonical form of a rule needs no quoting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slug(pub(crate) String);

impl FromStr for Slug {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ok = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed::new("a name (a–z, 0–9, - and _, as in criminal_investigation)", text))
        }
    }
}

pub(super) fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {:?}", text.chars().take(80).collect::<String>()),
        DeValue::Integer(number) => format!("the number {}", clipped(number.as_str())),
        DeValue::Boolean(flag) => format!("{flag}"),
        DeValue::Datetime(date) if date.time.is_some() => "a moment (a day with a time)".to_owned(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
        DeValue::Float(number) => format!("the number {}", clipped(number.as_str())),
    }
}

/// That a letter is not what it looks like, and what was meant.
pub(super) fn told(wrong: char, right: char, meant: &str) -> String {
    let code = u32::from(wrong);
    format!("U+{code:04X} looks like `{right}` and is another character; did you mean `{}`?", clipped(meant))
}

/// `text` as a word of the vocabulary.
pub(super) fn parsed<T: FromStr<Err = Malformed>>(
    report: &mut Report<'_>,
    span: Range<usize>,
    text: &str,
) -> Option<T> {
    match text.parse() {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            match look_alikes(text) {
                Some((wrong, right, meant)) => {
                    report.wrong_with_help(span, format!("{error}"), told(wrong, right, &meant));
                }
                None => report.wrong(span, format!("{error}")),
            }
            None
        }
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

fn number(value: &Value<'_>) -> Option<u64> {
    value.get_ref().as_integer().and_then(|i| u64::from_str_radix(i.as_str(), i.radix()).ok())
}

impl Read for u64 {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        number(value).filter(|n| *n > 0).or_else(|| expected(report, value, "a whole number above 0"))
    }
}

impl Read for u32 {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        let number = number(value).and_then(|n| Self::try_from(n).ok());
        number.filter(|n| *n > 0).or_else(|| expected(report, value, "a whole number above 0 and below 2³²"))
    }
}

impl Read for Count {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        let number = number(value).and_then(|n| u32::try_from(n).ok());
        number.map(Self).or_else(|| expected(report, value, "a whole number (0 is one) below 2³²"))
    }
}

impl Read for Date {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        let date = value.get_ref().as_datetime().filter(|d| d.time.is_none()).and_then(|d| d.date);
        let date = date.and_then(|d| {
            Self::new(i16::try_from(d.year).ok()?, i8::try_from(d.month).ok()?, i8::try_from(d.day).ok()?).ok()
        });
        date.or_else(|| match value.get_ref().as_str().and_then(|text| text.parse::<Self>().ok()) {
            Some(date) => {
                let message = format!("expected a date, found the text \"{date}\"");
                report.wrong_with_help(value.span(), message, format!("write {date} without quotes"));
                None
            }
            None => expected(report, value, "a date (as in 2004-07-01)"),
        })
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
                    report.wrong_with_help(item.span(), "this is in the list already", "delete it");
                    whole = false;
                }
                Some(new) if read.len() < LIST_MAX => read.push(new),
                Some(_) => {
                    report.wrong(item.span(), format!("a list has at most {LIST_MAX} items"));
                    return None;
                }
                None => whole = false,
            }
        }
        whole.then_some(read)
    }
}

/// As many as there are states, and some.
const LIST_MAX: usize = 256;

/// A word as the vocabulary parses it.
macro_rules! parsed {
    ($($name:ty),+) => {$(
        impl Read for $name {
            fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
                let text = String::read(report, value)?;
                parsed(report, value.span(), &text)
            }
        }
    )+};
}
parsed!(PartyId, AuthorityId, RequestType, Attribute, Slug);

impl Read for ArticleRef {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        let text = String::read(report, value)?;
        match text.parse::<Self>() {
            Err(error) if text.contains(char::is_whitespace) => {
                let help = "write the text and the number alone, without blanks, as in ets-185:31 or cets-224:8(11)";
                report.wrong_with_help(value.span(), format!("{error}"), help);
                None
            }
            _ => parsed(report, value.span(), &text),
        }
    }
}

impl Read for RecordType {
    /// A record type that has no schema is a slip of the pen: nobody could answer it.
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        let text = String::read(report, value)?;
        let record = parsed(report, value.span(), &text)?;
        known_record(report, value.span(), record)
    }
}

/// Whether the catalogue has a schema for `record`.
pub(crate) fn known_record(report: &mut Report<'_>, span: Range<usize>, record: RecordType) -> Option<RecordType> {
    if RECORD_TYPES.contains(&record.as_str()) {
        return Some(record);
    }
    report.wrong_with_help(
        span,
        format!("there is no record type `{record}`"),
        suggestion(record.as_str(), RECORD_TYPES),
    );
    None
}

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
        let message = format!("`{}` is not one of the words that may stand here", clipped(&text));
        let help = match look_alikes(&text) {
            Some((wrong, right, meant)) => told(wrong, right, &meant),
            None => suggestion(&text, &names),
        };
        report.wrong_with_help(value.span(), message, help);
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
    LastDay: LastDay::ALL,
    Consult: Consult::ALL,
    Onward: Onward::ALL,
    Period: Period::ALL,
    Classification: Classification::ALL,
    PostponementCode: PostponementCode::ALL,
    ConditionCode: ConditionCode::ALL,
}

impl Read for RefusalCode {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        let text = String::read(report, value)?;
        let code: Self = parsed(report, value.span(), &text)?;
        if !code.is_human() {
            let message = format!("{code} is a code of the gateways, not a ground of a treaty");
            report.wrong_with_help(value.span(), message, "name the grounds that the text gives, R01 to R20");
            return None;
        }
        Some(code)
    }
}
