//! Versions of a file, in two times: since when the law is so, and since when the catalogue knows.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use jiff::civil::Date;
use model::{Digest, PartyId};

use crate::{
    Diagnostic,
    source::{Place, Report, Section, Slug, Source},
};

/// Which of the four layers a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The common text: `instruments/<id>/instrument.toml`.
    Instrument,
    /// What one state ratified, reserved, declared: `parties/XX.toml`.
    Party,
    /// What two states arranged between them: `overlays/FR-JP/<id>.toml`.
    Overlay,
    /// What a state asks of itself; nobody else sees it: `national/XX.toml`.
    National,
}

impl Layer {
    /// The word on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instrument => "instrument",
            Self::Party => "party",
            Self::Overlay => "overlay",
            Self::National => "national",
        }
    }
}

/// What the path of a file says about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    Instrument(Slug),
    Party(PartyId),
    Overlay([PartyId; 2], Slug),
    National(PartyId),
}

impl Address {
    /// `parties/JP.2.toml`: the file and its version. `None` where no file of the catalogue can stand.
    pub(crate) fn parse(path: &str) -> Option<(Self, u32)> {
        let stem = path.strip_suffix(".toml")?;
        let (stem, version) = match stem.rsplit_once('.') {
            Some((stem, number)) => (stem, number.parse().ok().filter(|n: &u32| *n > 1 && n.to_string() == number)?),
            None => (stem, 1),
        };
        let parts: Vec<_> = stem.split('/').collect();
        let address = match parts[..] {
            ["instruments", id, "instrument"] => Self::Instrument(id.parse().ok()?),
            ["parties", id] => Self::Party(id.parse().ok()?),
            ["national", id] => Self::National(id.parse().ok()?),
            ["overlays", pair, id] => {
                let (a, b) = pair.split_once('-')?;
                Self::Overlay([a.parse().ok()?, b.parse().ok()?], id.parse().ok()?)
            }
            _ => return None,
        };
        Some((address, version))
    }

    /// Where version `version` of it stands.
    pub(crate) fn path(&self, version: u32) -> String {
        let number = if version == 1 { String::new() } else { format!(".{version}") };
        match self {
            Self::Instrument(id) => format!("instruments/{}/instrument{number}.toml", id.0),
            Self::Party(id) => format!("parties/{id}{number}.toml"),
            Self::National(id) => format!("national/{id}{number}.toml"),
            Self::Overlay([a, b], id) => format!("overlays/{a}-{b}/{}{number}.toml", id.0),
        }
    }
}

/// What every file says of itself.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) source: Arc<Source>,
    pub(crate) path: Arc<str>,
    pub(crate) digest: Digest,
    pub(crate) version: u32,
    /// The day on which it was taken into the catalogue; `None`: always known.
    pub(crate) recorded: Option<Date>,
    /// `None`: always.
    pub(crate) valid_from: Option<Date>,
    /// The last day. `None`: without end.
    pub(crate) valid_to: Option<Date>,
    /// Whether it puts right what an older version said of the same days.
    pub(crate) corrects: bool,
    place: Place,
    valid_from_place: Place,
    pub(crate) valid_to_place: Place,
    pub(crate) recorded_place: Place,
}

impl Head {
    /// Reads `format`, `version`, `recorded`, and for a file that is `dated` its validity.
    pub(crate) fn read<'s>(
        report: &mut Report<'s>,
        root: &mut Section<'_, 's>,
        format: &str,
        dated: bool,
    ) -> Option<Self> {
        expect_format(report, root, format);
        let version = root.may(report, "version").unwrap_or(1);
        let recorded: Option<Date> = root.may(report, "recorded");
        let corrects = root.flag(report, "corrects");
        let (mut valid_from, mut valid_to) = (None, None);
        if dated {
            valid_from = root.may::<Date>(report, "valid_from");
            valid_to = root.may::<Date>(report, "valid_to");
        }
        if valid_from.zip(valid_to).is_some_and(|(from, to)| to < from) {
            let message = "`valid_to` is earlier than `valid_from`";
            report.wrong_with_help(root.span_of("valid_to"), message, "write its last day, or leave it out");
        }
        let source = report.source().clone();
        for (key, missing) in [("recorded", recorded.is_none()), ("valid_from", dated && valid_from.is_none())] {
            if version > 1 && missing && !root.has(key) {
                let help = match key {
                    "recorded" => "write `recorded = <date>`, the day on which it was taken into the catalogue",
                    _ => "write `valid_from = <date>`, the first day on which it is the law",
                };
                report.wrong_with_help(root.span_of("version"), format!("version {version} has no `{key}`"), help);
            }
        }
        if corrects && version == 1 {
            let message = "the first version has nothing before it to correct";
            report.wrong_with_help(root.span_of("corrects"), message, "leave it out");
        }
        Some(Self {
            path: source.path.clone(),
            digest: Digest::of(&[source.text.as_bytes()]),
            version,
            recorded,
            valid_from,
            valid_to,
            corrects,
            place: report.place(root.span_of("version")),
            valid_from_place: report.place(root.span_of("valid_from")),
            valid_to_place: report.place(root.span_of("valid_to")),
            recorded_place: report.place(root.span_of("recorded")),
            source,
        })
    }

    /// Reports when a file does not stand where one of its name and version must.
    pub(crate) fn expect_path(&self, report: &mut Report<'_>, span: Range<usize>, address: &Address) {
        let right = address.path(self.version);
        if *self.path != *right {
            let help = "rename the file, or correct what it says of itself and its version";
            report.wrong_with_help(span, format!("what this file says of itself belongs into {right}"), help);
        }
    }
}

/// Reports a `format` that this code does not read.
fn expect_format<'s>(report: &mut Report<'s>, root: &mut Section<'_, 's>, expected: &str) {
    let found = root.must::<String>(report, "format");
    if let Some(found) = found.filter(|found| found != expected) {
        let message = format!("this file has the format {:?}", found.chars().take(80).collect::<String>());
        report.wrong_with_help(root.span_of("format"), message, format!("write format = \"{expected}\""));
    }
}

/// A file with a head.
pub(crate) trait Versioned {
    fn head(&self) -> &Head;
}

/// All versions of a file, the first one first.
#[derive(Debug)]
pub(crate) struct Series<T>(Vec<T>);

impl<T> Default for Series<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// What a file says on a day.
pub(crate) enum Selected<'a, T> {
    /// It is in force.
    Valid(&'a T),
    /// It was, and its last day is over.
    Ended(&'a T),
    /// It will be.
    NotYet(&'a T),
}

impl<'a, T> Selected<'a, T> {
    pub(crate) fn valid(self) -> Option<&'a T> {
        match self {
            Self::Valid(file) => Some(file),
            Self::Ended(_) | Self::NotYet(_) => None,
        }
    }

    /// The file, in force or not.
    pub(crate) fn file(&self) -> &'a T {
        match self {
            Self::Valid(file) | Self::Ended(file) | Self::NotYet(file) => file,
        }
    }
}

impl<T: Versioned> Series<T> {
    pub(crate) fn add(&mut self, file: T) {
        self.0.push(file);
        self.0.sort_by_key(|file| file.head().version);
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter()
    }

    /// What was recorded last.
    pub(crate) fn newest(&self) -> Option<&T> {
        self.0.last()
    }

    /// What was recorded last as known on the day `known`; `None` asks for all that is known.
    pub(crate) fn newest_known(&self, known: Option<Date>) -> Option<&T> {
        self.known(known).last()
    }

    fn known(&self, known: Option<Date>) -> impl DoubleEndedIterator<Item = &T> {
        let in_time = move |file: &&T| known.is_none_or(|known| file.head().recorded.is_none_or(|day| day <= known));
        self.0.iter().filter(in_time)
    }

    /// The version for the day `on`, as known on the day `known`: the highest one that has begun and that `binds`. When its
    /// last day is over, none: never an older one again.
    pub(crate) fn select(&self, on: Date, known: Option<Date>, binds: impl Fn(&T) -> bool) -> Option<Selected<'_, T>> {
        let begun = |file: &&T| file.head().valid_from.is_none_or(|from| from <= on) && binds(file);
        match self.known(known).rev().find(begun) {
            Some(file) if file.head().valid_to.is_some_and(|to| to < on) => Some(Selected::Ended(file)),
            Some(file) => Some(Selected::Valid(file)),
            None => self.known(known).next().map(Selected::NotYet),
        }
    }

    /// What is wrong between the versions: gaps, days that two of them claim, records out of order.
    pub(crate) fn contradictions(&self) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        for (index, file) in self.0.iter().enumerate() {
            let head = file.head();
            let before = index.checked_sub(1).and_then(|before| self.0.get(before)).map(Versioned::head);
            let expected = before.map_or(1, |before| before.version.saturating_add(1));
            if head.version != expected {
                let message = format!("version {} is here, and version {expected} is not", head.version);
                wrong.push(
                    head.place.says(message).with_help("keep every version: an old decision rests on an old one"),
                );
            }
            if let Some(before) = before {
                wrong.extend(succession(before, head));
            }
        }
        wrong
    }
}

/// What is wrong between two versions that follow each other.
fn succession(before: &Head, head: &Head) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    if head.recorded < before.recorded {
        let message = format!("`recorded` is earlier than that of {}, which came before", before.path);
        wrong.push(head.recorded_place.says(message));
    }
    let Some(from) = head.valid_from.filter(|_| !head.corrects) else { return wrong };
    let help = "choose a later day, or write `corrects = true` where the older version was wrong about these days";
    if before.valid_from.is_some_and(|earlier| from <= earlier) {
        let message = format!("two versions claim the days from {from} on: this one and {}", before.path);
        wrong.push(head.valid_from_place.says(message).with_help(help));
    } else if let Some(to) = before.valid_to.filter(|to| *to >= from) {
        let message = format!("two versions claim the days from {from} to {to}: this one and {}", before.path);
        wrong.push(head.valid_from_place.says(message).with_help(help));
    }
    wrong
}

/// The versions of all files of a layer.
pub(crate) type Shelf<K, T> = BTreeMap<K, Series<T>>;
