//! Reads a text from left to right for values; at each place the most special reading wins.

use super::{
    Kind,
    date::{date, ordinal, time},
    identifier::identifier,
    lexicon,
    number::{Decimal, number, word},
    text::{Text, is_blank, is_latin},
};

/// A value that stands in a text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: Kind,
    /// In its normal form.
    pub(super) value: String,
    /// Another form that it may have, as 3/4/2026 in English.
    pub(super) other: Option<String>,
    /// Whether it may be no value at all: it can be the like of a sure one, and is never missed.
    pub(super) weak: bool,
    /// Its first character.
    pub(super) at: usize,
    /// Behind its last character.
    pub(super) end: usize,
}

impl Found {
    pub(super) fn new(kind: Kind, value: String, at: usize, end: usize) -> Self {
        Self { kind, value, other: None, weak: false, at, end }
    }
}

/// The values of a text, in its order.
pub(super) fn values(text: &Text<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.chars.len() {
        if let Some(one) = value(text, at) {
            at = one.end.max(at + 1);
            found.push(one);
        } else if is_latin(text.at(at)) || text.at(at) == '_' {
            while is_latin(text.at(at)) || text.at(at).is_ascii_digit() || text.at(at) == '_' {
                at += 1;
            }
        } else {
            at += 1;
        }
    }
    found
}

fn value(text: &Text<'_>, at: usize) -> Option<Found> {
    date(text, at)
        .or_else(|| time(text, at))
        .or_else(|| priced(text, at))
        .or_else(|| identifier(text, at))
        .or_else(|| percentage_before(text, at))
        .or_else(|| quantity(text, at))
        .or_else(|| word(text, at).map(|(value, end)| weak(value, at, end)))
}

fn weak(value: &str, at: usize, end: usize) -> Found {
    Found { weak: true, ..Found::new(Kind::Number, value.to_owned(), at, end) }
}

/// A currency before its amount: `€1,000`, `EUR 1.000`, `人民币100元`.
fn priced(text: &Text<'_>, at: usize) -> Option<Found> {
    let sign = text.says(at, lexicon::YEN_OR_YUAN).map(|end| (None, end));
    let named = || {
        // Signs and codes in capitals; `won 3` and `数百円3件` are no amounts.
        let mut signs = lexicon::CURRENCIES.iter().filter(|(name, _)| {
            let code = name.len() == 3 && name.bytes().all(|b| b.is_ascii_lowercase());
            name.ends_with(['$', '€', '£']) || *name == "人民币" || (code && text.at(at + 1).is_uppercase())
        });
        signs.find_map(|(name, code)| Some((Some(*code), says_unit(text, at, name)?)))
    };
    let (code, end) = sign.or_else(named)?;
    let read = number(text, text.past_blanks(end)).filter(|read| !read.weak)?;
    let after = currency_after(text, read.end);
    let end = after.filter(|(named, _)| code.is_none_or(|code| code == *named)).map_or(read.end, |(_, end)| end);
    Some(amount(text, code, read.value, at, end))
}

fn amount(text: &Text<'_>, code: Option<&str>, value: Decimal, at: usize, end: usize) -> Found {
    let Some(code) = code else {
        let chinese = text.language == model::Language::SimplifiedChinese;
        let (code, other) = if chinese { ("CNY", "JPY") } else { ("JPY", "CNY") };
        let found = Found::new(Kind::Amount, format!("{code} {value}"), at, end);
        return Found { other: Some(format!("{other} {value}")), ..found };
    };
    Found::new(Kind::Amount, format!("{code} {value}"), at, end)
}

/// The currency behind a number, and its end.
fn currency_after(text: &Text<'_>, at: usize) -> Option<(&'static str, usize)> {
    let mut next = text.past_blanks(at);
    if let Some(past) = ["of ", "de ", "d'", "di "].iter().find_map(|of| text.says(next, of)) {
        next = past;
    }
    lexicon::CURRENCIES.iter().find_map(|(name, code)| Some((*code, says_unit(text, next, name)?)))
}

/// A word of letters ends where letters and figures end; `EUR1` is none, but a code may be followed by its figures.
fn says_unit(text: &Text<'_>, at: usize, name: &str) -> Option<usize> {
    let end = text.says(at, name)?;
    let begins_within = is_latin(text.at(at)) && at > 0 && is_latin(text.at(at - 1));
    (!begins_within).then_some(end)
}

/// 百分之五十.
fn percentage_before(text: &Text<'_>, at: usize) -> Option<Found> {
    let number_at = text.says(at, "百分之").filter(|_| text.is_han())?;
    let read = number(text, number_at)?;
    Some(Found::new(Kind::Percentage, read.value.to_string(), at, read.end))
}

/// A number, with the unit behind it.
fn quantity(text: &Text<'_>, at: usize) -> Option<Found> {
    let read = number(text, at)?;
    let value = read.value;
    let word = text.past_blanks(read.end);
    let per_cent = lexicon::PER_CENT.iter().find_map(|name| text.says(word, name));
    if let Some(end) = per_cent {
        return Some(Found::new(Kind::Percentage, value.to_string(), at, end));
    }
    if let Some(end) = text.says(word, lexicon::YEN_OR_YUAN) {
        return Some(amount(text, None, value, at, end));
    }
    if let Some((code, end)) = currency_after(text, read.end).filter(|_| !read.weak) {
        return Some(amount(text, Some(code), value, at, end));
    }
    let end = ordinal(text, read.end);
    let end = if end == read.end { past_unit(text, end) } else { end };
    Some(Found { weak: read.weak, ..Found::new(Kind::Number, value.to_string(), at, end) })
}

/// Letters that stand at a number without a blank: a unit.
fn past_unit(text: &Text<'_>, mut at: usize) -> usize {
    let begins = at;
    while is_latin(text.at(at)) && !is_blank(text.at(at)) {
        at += 1;
    }
    if at - begins <= 3 { at } else { begins }
}
