//! Numbers: grouped and decimal as each language writes them, in figures of any script, of Han, or mixed, as in 3.5万.

use model::Language;

use super::{
    lexicon::{self, han_digit, han_section, han_unit},
    text::{Text, is_blank, is_latin},
};

/// A number that is longer is no figure that is reckoned with; it stays as it is written.
const DIGITS_MAX: usize = 30;

/// A number that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) value: Decimal,
    /// Behind its last character.
    pub(super) end: usize,
    /// Whether it may be part of a word.
    pub(super) weak: bool,
}

/// A decimal number, exact: `digits` ÷ 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: u128,
    scale: u32,
}

impl Decimal {
    fn whole(digits: u128) -> Self {
        Self { digits, scale: 0 }
    }

    /// Times 10^`power`.
    pub(super) fn shifted(self, power: u32) -> Option<Self> {
        let taken = power.min(self.scale);
        let digits = self.digits.checked_mul(10_u128.checked_pow(power - taken)?)?;
        Some(Self { digits, scale: self.scale - taken })
    }

    fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let raised = |one: Self| one.digits.checked_mul(10_u128.checked_pow(scale - one.scale)?);
        Some(Self { digits: raised(self)?.checked_add(raised(other)?)?, scale })
    }

    /// The value where it is a whole number.
    pub(super) fn to_whole(self) -> Option<u32> {
        if self.scale == 0 { u32::try_from(self.digits).ok() } else { None }
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut digits, mut scale) = (self.digits, self.scale);
        while scale > 0 && digits.is_multiple_of(10) {
            digits /= 10;
            scale -= 1;
        }
        if scale == 0 {
            return write!(f, "{digits}");
        }
        let text = format!("{digits:0>width$}", width = scale as usize + 1);
        let (whole, part) = text.split_at(text.len() - scale as usize);
        write!(f, "{whole}.{part}")
    }
}

/// The number at `at`, with what multiplies it.
pub(super) fn number(text: &Text<'_>, at: usize) -> Option<Read> {
    if !text.at(at).is_ascii_digit() {
        return if text.is_han() { han(text, at) } else { None };
    }
    let plain = figures(text, at)?;
    if text.is_han() && (han_unit(text.at(plain.end)).is_some() || han_section(text.at(plain.end)).is_some()) {
        return han(text, at);
    }
    Some(scaled(text, plain))
}

/// A number with the word behind it that multiplies it, as in `2.7 million`.
fn scaled(text: &Text<'_>, plain: Read) -> Read {
    let word = text.past_blanks(plain.end);
    if word == plain.end {
        return plain;
    }
    let found = lexicon::scales(text.language).iter().find_map(|(name, power)| Some((text.says(word, name)?, *power)));
    match found.and_then(|(end, power)| Some((end, plain.value.shifted(power)?))) {
        Some((end, value)) => Read { value, end, weak: false },
        None => plain,
    }
}

/// Figures with the separators of the language.
pub(super) fn figures(text: &Text<'_>, at: usize) -> Option<Read> {
    let run = |from: usize| (from..).take_while(|i| text.at(*i).is_ascii_digit()).count();
    let mut digits: String = text.chars.get(at..at + run(at))?.iter().collect();
    let mut end = at + digits.len();
    if (1..=3).contains(&digits.len()) {
        let separator = text.at(end);
        while is_group(text, separator)
            && text.at(end) == separator
            && run(end + 1) == 3
            && digits.len() < DIGITS_MAX - 3
        {
            digits.extend(&text.chars[end + 1..end + 4]);
            end += 4;
        }
    }
    let mut scale = 0;
    let part = run(end + 1);
    // A dot or comma that groups nothing parts the decimals, where one number cannot be two.
    if part > 0 && is_point(text, text.at(end), part) {
        digits.extend(&text.chars[end + 1..=end + part]);
        scale = u32::try_from(part).ok()?;
        end += 1 + part;
    }
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    Some(Read { value: Decimal { digits: digits.parse().ok()?, scale }, end, weak: false })
}

fn is_group(text: &Text<'_>, c: char) -> bool {
    let mark = match text.language {
        Language::French | Language::Italian => c == '.',
        _ => c == ',',
    };
    mark || c == '\'' || is_blank(c)
}

fn is_point(text: &Text<'_>, c: char, part: usize) -> bool {
    match text.language {
        Language::French | Language::Italian => c == ',' || (c == '.' && part != 3),
        _ => c == '.',
    }
}

/// A number with figures of Han: 二千七百, 1億2,000万, 二〇二六.
fn han(text: &Text<'_>, at: usize) -> Option<Read> {
    let mut sum = Decimal::whole(0);
    let mut section = Decimal::whole(0);
    let mut current: Option<Decimal> = None;
    let (mut end, mut in_figures) = (at, false);
    loop {
        let c = text.at(end);
        if c.is_ascii_digit() && current.is_none() {
            let read = figures(text, end)?;
            (current, end, in_figures) = (Some(read.value), read.end, true);
        } else if let Some(digit) = han_digit(c).filter(|_| current.is_none() || !in_figures) {
            let before = current.unwrap_or(Decimal::whole(0)).shifted(1)?;
            (current, end, in_figures) = (Some(before.plus(Decimal::whole(digit.into()))?), end + 1, false);
        } else if let Some(power) = han_unit(c) {
            section = section.plus(current.take().unwrap_or(Decimal::whole(1)).shifted(power)?)?;
            (end, in_figures) = (end + 1, false);
        } else if let Some(power) = han_section(c).filter(|_| end > at) {
            let counted = section.plus(current.take().unwrap_or(Decimal::whole(0)))?;
            sum = sum.plus(counted.shifted(power)?)?;
            section = Decimal::whole(0);
            (end, in_figures) = (end + 1, false);
        } else {
            break;
        }
    }
    if end == at || lexicon::NO_COUNTS.iter().any(|word| text.says(at, word).is_some()) {
        return None;
    }
    let value = sum.plus(section)?.plus(current.unwrap_or(Decimal::whole(0)))?;
    Some(Read { value, end, weak: is_weak(text, at, end) })
}

/// A single figure of Han that counts nothing is a part of a word, and 一 nearly always is.
fn is_weak(text: &Text<'_>, at: usize, end: usize) -> bool {
    if end - at > 1 || text.at(at).is_ascii_digit() {
        return false;
    }
    text.at(at) == '一' || !lexicon::COUNTERS.iter().any(|counter| text.says(end, counter).is_some())
}

/// A word that may be a figure, as in `three accounts`.
pub(super) fn word(text: &Text<'_>, at: usize) -> Option<(&'static str, usize)> {
    if !is_latin(text.at(at)) {
        return None;
    }
    lexicon::number_words(text.language).iter().find_map(|(word, value)| Some((*value, text.says(at, word)?)))
}
