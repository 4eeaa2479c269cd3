//! English that nobody takes for a finished text.

use std::borrow::Cow;

/// The text with accents, a third longer. Variables are not passed here, so that they stay readable.
pub(super) fn accented(text: &str) -> Cow<'_, str> {
    let mut longer = String::with_capacity(text.len() * 2);
    for (at, letter) in text.chars().enumerate() {
        let other = match letter {
            'a' => 'ȧ',
            'e' => 'ḗ',
            'i' => 'ī',
            'o' => 'ǿ',
            'u' => 'ŭ',
            'c' => 'ƈ',
            'n' => 'ƞ',
            's' => 'ş',
            't' => 'ŧ',
            'A' => 'Ȧ',
            'E' => 'Ḗ',
            'I' => 'Ī',
            'O' => 'Ǿ',
            'S' => 'Ş',
            'T' => 'Ŧ',
            other => other,
        };
        longer.push(other);
        if at % 3 == 2 && letter.is_ascii_lowercase() {
            longer.push(other);
        }
    }
    Cow::Owned(longer)
}
