use model::Language;

use super::{Difference, Kind, Stands, TEXT_BYTES_MAX};

/// Characters before and after a value that are shown with it.
const CONTEXT_CHARS: usize = 24;

/// The first digit of each script whose ten digits stand in a row [Unicode, category Nd].
const ZEROS: &[u32] = &[
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10,
];

/// A text as it is scanned: each character in one form, so that a place in it is a place in the original.
pub(super) struct Text<'a> {
    pub(super) raw: &'a str,
    pub(super) chars: Vec<char>,
    pub(super) language: Language,
}

impl<'a> Text<'a> {
    /// The text, and whether it had to be cut.
    pub(super) fn new(raw: &'a str, language: Language) -> (Self, bool) {
        let end = if raw.len() > TEXT_BYTES_MAX {
            (0..=TEXT_BYTES_MAX).rev().find(|at| raw.is_char_boundary(*at)).unwrap_or(0)
        } else {
            raw.len()
        };
        let cut = end < raw.len();
        let raw = raw.get(..end).unwrap_or(raw);
        (Self { raw, chars: raw.chars().map(plain).collect(), language }, cut)
    }

    pub(super) fn at(&self, at: usize) -> char {
        self.chars.get(at).copied().unwrap_or('\0')
    }

    pub(super) fn is_han(&self) -> bool {
        matches!(self.language, Language::Japanese | Language::SimplifiedChinese)
    }

    /// Whether `word` stands at `at`, in any case; a Latin word as a whole word.
    pub(super) fn says(&self, at: usize, word: &str) -> Option<usize> {
        let mut next = at;
        for letter in word.chars() {
            let here = self.at(next);
            if !(here == letter || here.to_lowercase().eq(letter.to_lowercase())) {
                return None;
            }
            next += 1;
        }
        let last = word.chars().next_back()?;
        let goes_on = is_latin(last) && is_latin(self.at(next));
        (!goes_on).then_some(next)
    }

    /// After blanks.
    pub(super) fn past_blanks(&self, mut at: usize) -> usize {
        while is_blank(self.at(at)) {
            at += 1;
        }
        at
    }

    pub(super) fn difference(&self, stands: Stands, kind: Kind, value: String, at: usize, end: usize) -> Difference {
        let before = &self.chars[..at.min(self.chars.len())];
        let line_start = before.iter().rposition(|c| *c == '\n').map_or(0, |found| found + 1);
        let from = at.saturating_sub(CONTEXT_CHARS);
        let shown = self.raw.chars().skip(from).take(end.saturating_sub(from) + CONTEXT_CHARS);
        let context: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
        Difference {
            stands,
            kind,
            value,
            line: before.iter().filter(|c| **c == '\n').count() + 1,
            column: at - line_start + 1,
            context: context.trim().to_owned(),
            doubtful: false,
        }
    }
}

pub(super) fn is_latin(c: char) -> bool {
    c.is_alphabetic() && (c as u32) < 0x0250
}

/// A blank within a line.
pub(super) fn is_blank(c: char) -> bool {
    c != '\n' && c.is_whitespace()
}

/// The digit of any script as an ASCII one; full-width forms and look-alikes as their ordinary ones.
fn plain(c: char) -> char {
    let code = c as u32;
    if c.is_ascii() {
        return c;
    }
    if (0x1D7CE..=0x1D7FF).contains(&code) {
        return char::from_digit((code - 0x1D7CE) % 10, 10).unwrap_or(c);
    }
    if let Some(zero) = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)) {
        return char::from_digit(code - zero, 10).unwrap_or(c);
    }
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(code - 0xFEE0).unwrap_or(c),
        '￥' => '¥',
        '’' | 'ʼ' => '\'',
        '‐' | '‑' | '−' => '-',
        '∶' => ':',
        '٪' => '%',
        '٫' => '.',
        '٬' => ',',
        _ => c,
    }
}
