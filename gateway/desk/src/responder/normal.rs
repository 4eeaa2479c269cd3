//! When two texts are the same: Unicode NFKC, which makes wide and narrow forms alike; every letter folded to one case; katakana as
//! hiragana; blanks as one blank. Nothing else is forgiven: a hyphen, an accent or a long vowel that differs is a difference, and a human
//! looks.

use unicode_normalization::UnicodeNormalization;

/// Longer texts are no name, no date and no address.
const CHARS_MAX: usize = 200;

/// The text to compare by. `None` where it has characters that nobody sees, or nothing that anybody sees: it is compared with nothing.
pub fn normal(text: &str) -> Option<String> {
    if text.chars().take(CHARS_MAX + 1).count() > CHARS_MAX || text.chars().any(is_hidden) {
        return None;
    }
    // Upper and then lower case, letter by letter, is full case folding for all but a few letters, and never makes two words one that
    // folding keeps apart [Unicode 5.18].
    let folded = text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let folded: String = folded.nfkc().map(hiragana).collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A day, written in full.
pub(super) fn day(text: &str) -> Option<String> {
    let text = normal(text)?;
    let day: jiff::civil::Date = text.parse().ok()?;
    (day.to_string() == text).then_some(text)
}

fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' | 'ヽ' | 'ヾ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        _ => c,
    }
}

/// Control characters, and those that change how others are shown without being seen.
fn is_hidden(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}');
    c.is_control() || invisible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_and_kana_do_not_part_two_names() {
        for (a, b) in [
            ("ﾀﾅｶ ﾊﾅｺ", "たなか　はなこ"),
            ("ガ", "ｶﾞ"),
            ("TANAKA  Hanako", "tanaka hanako"),
            ("Ｔａｎａｋａ", "Tanaka"),
            ("STRASSE", "straße"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("é", "e\u{301}"),
        ] {
            assert_eq!(normal(a), normal(b), "{a} {b}");
            assert!(normal(a).is_some());
        }
    }

    #[test]
    fn what_differs_differs() {
        for (a, b) in [
            ("Tanaka", "Tanaca"),
            ("Müller", "Mueller"),
            ("O'Neil", "ONeil"),
            ("Tanaka Hanako", "TanakaHanako"),
            ("たろう", "たろ"),
            ("おおの", "おの"),
            ("а", "a"),
        ] {
            assert_ne!(normal(a), normal(b), "{a} {b}");
        }
    }

    #[test]
    fn what_nobody_sees_is_compared_with_nothing() {
        for text in ["", "   ", "Tana\u{200b}ka", "Tanaka\u{202e}", "Tana\nka", "\u{3164}", &"x".repeat(201)] {
            assert_eq!(normal(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_day_is_whole() {
        assert_eq!(day("１９８４-05-17").as_deref(), Some("1984-05-17"));
        for text in ["1984", "1984-05", "1984-5-17", "1984-02-30", "17.05.1984"] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
