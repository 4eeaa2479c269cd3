//! Figures, dates and names of a text beside those of its translation. A number that a translator mangles is not seen by who reads
//! only one of the two: a press text printed "2 services" where the original had 2,700.
//!
//! Both texts are read for values ([`scan`]), which are normalised and compared as multisets. Nothing else is compared: that two
//! texts agree here says nothing of their words, and two texts without values are never said to agree. Begin with [`compare`].

mod date;
mod identifier;
mod lexicon;
mod name;
mod number;
mod scan;
mod text;

use std::{collections::BTreeMap, fmt};

use model::Language;

use scan::Found;
use text::Text;

/// A text that is compared, in bytes; what is longer is cut there, and [`Comparison::cut`] says so.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An e-mail or IP address, an IBAN, a telephone number, a code of letters and digits.
    Identifier,
    /// A day, or a month of a year.
    Date,
    /// A month without year and day.
    Month,
    /// A time of day.
    Time,
    /// A percentage.
    Percentage,
    /// An amount in a currency.
    Amount,
    /// A number.
    Number,
    /// A name that the request lists, or words in capitals.
    Name,
}

impl Kind {
    /// The name on screens and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Date => "date",
            Self::Month => "month",
            Self::Time => "time",
            Self::Percentage => "percentage",
            Self::Amount => "amount",
            Self::Number => "number",
            Self::Name => "name",
        }
    }
}

/// In which of the two texts something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stands {
    /// In the original, and not in the translation.
    InOriginal,
    /// In the translation, and not in the original.
    InTranslation,
}

impl Stands {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InOriginal => "original",
            Self::InTranslation => "translation",
        }
    }
}

/// A value that stands in one text and not in the other. Its `Debug` tells neither value nor context: they are case data.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it stands.
    pub stands: Stands,
    /// What it is.
    pub kind: Kind,
    /// The value in its normal form, as in `2026-03-03` or `JPY 2700`.
    pub value: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What stands around it.
    pub context: String,
    /// Whether it may be right all the same, as with words in capitals that are no name. A doubtful one makes no
    /// [`Outcome::Differ`].
    pub doubtful: bool,
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stands, kind) = (self.stands.as_str(), self.kind.as_str());
        write!(f, "Difference({kind} of the {stands} at {}:{})", self.line, self.column)
    }
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Neither text holds a value: nothing was compared, and nothing is said.
    NothingFound,
    /// Every value of one stands in the other.
    Agree,
    /// Something stands in one only.
    Differ,
}

impl Outcome {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingFound => "nothing_found",
            Self::Agree => "agree",
            Self::Differ => "differ",
        }
    }
}

/// Two texts beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Values of the original.
    pub original: usize,
    /// Values of the translation.
    pub translation: usize,
    /// Values that stand in both.
    pub agreed: usize,
    /// What stands in one only, in the order of the texts, the original first.
    pub differences: Vec<Difference>,
    /// The places, in the list of names, of those that stand in neither text.
    pub unseen: Vec<usize>,
    /// Whether a text was longer than [`TEXT_BYTES_MAX`] and its end not read.
    pub cut: bool,
}

impl Comparison {
    /// What it comes to.
    pub fn outcome(&self) -> Outcome {
        if self.differences.iter().any(|one| !one.doubtful) {
            Outcome::Differ
        } else if self.agreed == 0 {
            Outcome::NothingFound
        } else {
            Outcome::Agree
        }
    }
}

/// The language of a BCP 47 tag, where its figures and dates can be read; `fr-CA` is French, `zh-Hant` none.
pub fn language_of(tag: &str) -> Option<Language> {
    let tag = tag.to_ascii_lowercase();
    let mut parts = tag.split('-');
    match (parts.next()?, parts.next()) {
        ("en", _) => Some(Language::English),
        ("fr", _) => Some(Language::French),
        ("it", _) => Some(Language::Italian),
        ("ja", _) => Some(Language::Japanese),
        ("zh", Some("hant" | "tw" | "hk" | "mo")) => None,
        ("zh", _) => Some(Language::SimplifiedChinese),
        _ => None,
    }
}

/// Compares `original` with `translation`. `names` lists what each person or body is called, in each script; where one is named in
/// one text, it has to be in the other.
pub fn compare(original: (&str, Language), translation: (&str, Language), names: &[Vec<String>]) -> Comparison {
    let (first, first_cut) = Text::new(original.0, original.1);
    let (second, second_cut) = Text::new(translation.0, translation.1);
    let (ours, theirs) = (scan::values(&first), scan::values(&second));
    let matched = Matched::of(&ours, &theirs);
    let mut differences = matched.alone(&first, &ours, Stands::InOriginal);
    differences.extend(matched.alone(&second, &theirs, Stands::InTranslation));
    let listed = name::listed(&first, &second, names);
    differences.extend(listed.differences);
    differences.extend(name::capitals(&first, &second, names));
    differences.sort_by_key(|one| (one.stands, one.line, one.column));
    Comparison {
        original: hard(&ours) + listed.original,
        translation: hard(&theirs) + listed.translation,
        agreed: matched.agreed + listed.agreed,
        differences,
        unseen: listed.unseen,
        cut: first_cut || second_cut,
    }
}

fn hard(found: &[Found]) -> usize {
    found.iter().filter(|one| !one.weak).count()
}

/// Which values have found their like.
struct Matched {
    ours: Vec<bool>,
    theirs: Vec<bool>,
    agreed: usize,
}

type Waiting<'a> = BTreeMap<(Kind, &'a str), Vec<usize>>;

impl Matched {
    /// Figures with figures first, then those that can be read in two ways, then figures with words that may be figures: what is
    /// certain is not used up by what is not.
    fn of(ours: &[Found], theirs: &[Found]) -> Self {
        let mut matched = Self { ours: vec![false; ours.len()], theirs: vec![false; theirs.len()], agreed: 0 };
        matched.pair(ours, theirs, |one| !one.weak, |one| !one.weak, false);
        matched.pair(ours, theirs, |one| !one.weak, |one| !one.weak, true);
        matched.pair(ours, theirs, |one| !one.weak, |one| one.weak, false);
        matched.pair(ours, theirs, |one| one.weak, |one| !one.weak, false);
        matched
    }

    fn pair(
        &mut self,
        ours: &[Found],
        theirs: &[Found],
        left: impl Fn(&Found) -> bool,
        right: impl Fn(&Found) -> bool,
        other_reading: bool,
    ) {
        let mut waiting = Waiting::new();
        for (at, one) in theirs.iter().enumerate().rev().filter(|(at, one)| !self.theirs[*at] && right(one)) {
            waiting.entry((one.kind, &one.value)).or_default().push(at);
            if let Some(other) = one.other.as_deref().filter(|_| other_reading) {
                waiting.entry((one.kind, other)).or_default().push(at);
            }
        }
        for (at, one) in ours.iter().enumerate().filter(|(_, one)| left(one)) {
            let readings = std::iter::once(one.value.as_str()).chain(one.other.as_deref().filter(|_| other_reading));
            for reading in readings {
                if self.ours[at] {
                    break;
                }
                let Some(found) = waiting.get_mut(&(one.kind, reading)) else { continue };
                while let Some(like) = found.pop() {
                    if !self.theirs[like] {
                        (self.ours[at], self.theirs[like]) = (true, true);
                        self.agreed += 1;
                        break;
                    }
                }
            }
        }
    }

    fn alone(&self, text: &Text<'_>, found: &[Found], stands: Stands) -> Vec<Difference> {
        let matched = if stands == Stands::InOriginal { &self.ours } else { &self.theirs };
        let alone = found.iter().zip(matched).filter(|(one, matched)| !**matched && !one.weak);
        alone.map(|(one, _)| text.difference(stands, one.kind, one.value.clone(), one.at, one.end)).collect()
    }
}

#[cfg(test)]
mod tests;
