//! What is copied and never translated: addresses, account and telephone numbers, codes.

use super::{
    Kind,
    scan::Found,
    text::{Text, is_latin},
};

/// The longest letters behind figures that are a unit and no part of a code, as in 10km.
const UNIT_CHARS_MAX: usize = 3;
/// The most figures in a row that are a number.
const FIGURES_MAX: usize = 18;

/// The identifier at `at`, which is not within a word.
pub(super) fn identifier(text: &Text<'_>, at: usize) -> Option<Found> {
    mail(text, at)
        .or_else(|| iban(text, at))
        .or_else(|| address(text, at))
        .or_else(|| telephone(text, at))
        .or_else(|| groups(text, at))
        .or_else(|| code(text, at))
}

fn taken(text: &Text<'_>, at: usize, fits: impl Fn(char) -> bool) -> (String, usize) {
    let word: String = (at..).map(|i| text.at(i)).take_while(|c| fits(*c)).take(320).collect();
    let end = at + word.chars().count();
    (word, end)
}

/// `local@domain`.
fn mail(text: &Text<'_>, at: usize) -> Option<Found> {
    let (local, mark) = taken(text, at, |c| c.is_ascii_alphanumeric() || "._%+-".contains(c));
    if local.is_empty() || text.at(mark) != '@' {
        return None;
    }
    let (domain, _) = taken(text, mark + 1, |c| c.is_ascii_alphanumeric() || ".-".contains(c));
    let domain = domain.trim_end_matches(['.', '-']);
    let end = mark + 1 + domain.len();
    let value = format!("{local}@{}", domain.to_ascii_lowercase());
    (!domain.is_empty()).then(|| Found::new(Kind::Identifier, value, at, end))
}

/// Two letters, two figures, and up to thirty of both, in groups of four or none [ISO 13616].
fn iban(text: &Text<'_>, at: usize) -> Option<Found> {
    let head: Vec<char> = (at..at + 4).map(|i| text.at(i)).collect();
    let begins = head[..2].iter().all(char::is_ascii_uppercase) && head[2..].iter().all(char::is_ascii_digit);
    if !begins {
        return None;
    }
    let (mut value, mut end) = taken(text, at, |c| c.is_ascii_uppercase() || c.is_ascii_digit());
    while value.len() % 4 == 0 && text.at(end) == ' ' {
        let (group, next) = taken(text, end + 1, |c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let goes_on = is_latin(text.at(next));
        if group.is_empty() || group.len() > 4 || goes_on || !group.bytes().any(|b| b.is_ascii_digit()) {
            break;
        }
        value.push_str(&group);
        end = next;
    }
    (15..=34).contains(&value.len()).then(|| Found::new(Kind::Identifier, value, at, end))
}

/// An IP address.
fn address(text: &Text<'_>, at: usize) -> Option<Found> {
    let (word, _) = taken(text, at, |c| c.is_ascii_hexdigit() || c == '.' || c == ':');
    let word = word.trim_end_matches(['.', ':']);
    let address: std::net::IpAddr = word.parse().ok()?;
    Some(Found::new(Kind::Identifier, address.to_string(), at, at + word.len()))
}

/// `+33 1 00 00 00 00`, normalised to its figures.
fn telephone(text: &Text<'_>, at: usize) -> Option<Found> {
    if text.at(at) != '+' || !text.at(at + 1).is_ascii_digit() {
        return None;
    }
    let (mut value, mut end, mut next) = ("+".to_owned(), at + 1, at + 1);
    loop {
        let c = text.at(next);
        if c.is_ascii_digit() {
            value.push(c);
            end = next + 1;
        } else if !matches!(c, ' ' | '\u{a0}' | '-' | '.' | '(' | ')') || next > end + 1 {
            break;
        }
        next += 1;
    }
    (8..=16).contains(&value.len()).then(|| Found::new(Kind::Identifier, value, at, end))
}

/// Three groups of figures or more between hyphens, as in 03-0000-0000.
fn groups(text: &Text<'_>, at: usize) -> Option<Found> {
    let (word, _) = taken(text, at, |c| c.is_ascii_digit() || c == '-');
    let word = word.trim_end_matches('-');
    let parts: Vec<_> = word.split('-').collect();
    let whole = parts.len() >= 3 && parts.iter().all(|part| !part.is_empty());
    whole.then(|| Found::new(Kind::Identifier, word.to_owned(), at, at + word.len()))
}

/// Letters and figures in one word.
fn code(text: &Text<'_>, at: usize) -> Option<Found> {
    let (word, end) = taken(text, at, |c| c.is_ascii_alphanumeric() || c == '_');
    let figures = word.bytes().filter(u8::is_ascii_digit).count();
    if figures == word.len() {
        // Nobody reckons with 0071 nor with twenty figures in a row.
        let copied = figures > FIGURES_MAX || (figures > 3 && word.starts_with('0'));
        return copied.then(|| Found::new(Kind::Identifier, word, at, end));
    }
    if figures == 0 {
        return None;
    }
    let leading = word.bytes().take_while(u8::is_ascii_digit).count();
    let unit = leading == figures && word.len() - leading <= UNIT_CHARS_MAX;
    (!unit).then(|| Found::new(Kind::Identifier, word, at, end))
}
