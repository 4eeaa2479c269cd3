//! What every text under a treaty key has in common: its first words, its last line, and how its lines are read.

use jiff::civil::Date;
use model::Malformed;

/// Before all that a treaty key signs, so that its signature is never one for something else.
const PREFIX: &str = "rogatory treaty ";
/// In the last line, before the day.
const SIGNED: &str = "signed";

/// Reads the day in the last line of a text, `signed 2026-11-22`. A text that does not begin with `rogatory treaty ` is none for
/// a treaty key.
pub(super) fn signing_day(text: &str) -> Result<Date, Malformed> {
    let malformed = |found: &str| {
        Malformed::new("a text for a treaty key (from `rogatory treaty …` to `signed 2026-11-22` and a newline)", found)
    };
    let first = text.lines().next().unwrap_or_default();
    let lines = text.strip_suffix('\n').filter(|_| text.starts_with(PREFIX)).ok_or_else(|| malformed(first))?;
    let (_, last) = lines.rsplit_once('\n').ok_or_else(|| malformed(first))?;
    field(last, SIGNED).and_then(day).ok_or_else(|| malformed(last))
}

/// The last line of a text, with its newline.
pub(super) fn signed_line(signed: Date) -> String {
    format!("{SIGNED} {signed}\n")
}

/// What stands behind `key` and one space.
pub(super) fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.strip_prefix(' ')
}

/// A day in exactly the form `2026-11-22`.
pub(super) fn day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    (text.len() == 10 && day.to_string() == text).then_some(day)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_signing_day_is_read_from_the_last_line_only() {
        let text = "rogatory treaty file v1\nsigned 2020-01-01\nsigned 2026-11-22\n";
        assert_eq!(signing_day(text).unwrap().to_string(), "2026-11-22");
        for text in [
            "",
            "\n",
            "rogatory treaty file v1",
            "rogatory treaty file v1\n",
            "rogatory treaty file v1\nsigned 2026-11-22",
            "rogatory treaty file v1\nsigned 2026-11-22\n\n",
            "rogatory treaty file v1\nsigned  2026-11-22\n",
            "rogatory treaty file v1\nsigned 2026-11-22 \n",
            "rogatory treaty file v1\nsigned 2026-11-31\n",
            "rogatory treaty file v1\nsigned 20261122\n",
            "rogatory treaty file v1\nsigned 2026-11-22T00:00\n",
            "rogatory treaty file v1\nsigned 2026-11-22\r\n",
            "rogatory receipt v1\nsigned 2026-11-22\n",
            " rogatory treaty file v1\nsigned 2026-11-22\n",
        ] {
            assert!(signing_day(text).is_err(), "{text:?}");
        }
    }
}
