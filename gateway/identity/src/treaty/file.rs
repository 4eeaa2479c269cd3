use std::str::FromStr;

use jiff::civil::Date;
use model::{Digest, Malformed};

use super::{
    limits::{PATH_CHARACTERS_MAX, STATEMENT_BYTES_MAX},
    text::{day, field, signed_line},
};

const HEADING: &str = "rogatory treaty file v1";

/// A party answers for a treaty file: for these bytes, as this version, at this place in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatement {
    /// The place in the catalogue, as in `parties/JP.toml`: names of letters, digits, `.`, `_` and `-`, none of which begins
    /// with a dot, joined by `/`; at most 200 characters.
    pub path: String,
    /// 1, 2, 3 …
    pub version: u32,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The day on which it is signed, UTC.
    pub signed: Date,
}

impl FileStatement {
    /// The text that is signed: five lines. The inverse of [`FileStatement::from_str`]. A path that is none, version 0 and a day
    /// outside the years 0 to 9999 are refused.
    pub fn to_text(&self) -> Result<String, Malformed> {
        written(HEADING, self)
    }
}

impl FromStr for FileStatement {
    type Err = Malformed;

    /// Takes exactly what [`FileStatement::to_text`] writes.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a statement on a treaty file (rogatory treaty file v1)", text);
        read(HEADING, text).ok_or_else(malformed)
    }
}

/// Five lines on a file, under a heading.
pub(super) fn written(heading: &str, of: &FileStatement) -> Result<String, Malformed> {
    let FileStatement { path, version, sha256, signed } = of;
    if !is_path(path) {
        return Err(Malformed::new("a path in a catalogue (as in parties/JP.toml)", path));
    }
    if *version == 0 {
        return Err(Malformed::new("a version (1, 2, 3 …)", "0"));
    }
    if day(&signed.to_string()).is_none() {
        return Err(Malformed::new("a day (as in 2026-11-22)", &signed.to_string()));
    }
    Ok(format!("{heading}\npath {path}\nversion {version}\nsha256 {sha256}\n{}", signed_line(*signed)))
}

/// The inverse of [`written`]: exactly what it writes, and nothing else.
pub(super) fn read(heading: &str, text: &str) -> Option<FileStatement> {
    if text.len() > STATEMENT_BYTES_MAX {
        return None;
    }
    let mut lines = text.lines();
    lines.next().filter(|line| *line == heading)?;
    let statement = FileStatement {
        path: field(lines.next()?, "path")?.to_owned(),
        version: field(lines.next()?, "version")?.parse().ok()?,
        sha256: field(lines.next()?, "sha256")?.parse().ok()?,
        signed: day(field(lines.next()?, "signed")?)?,
    };
    // Numbers and digests have other spellings too; only what we would write is one.
    (written(heading, &statement).ok()? == text).then_some(statement)
}

fn is_path(path: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    path.len() <= PATH_CHARACTERS_MAX && path.split('/').all(is_name)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const TEXT: &str = "rogatory treaty file v1\npath parties/JP.toml\nversion 3\n\
        sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nsigned 2026-11-22\n";

    #[test]
    fn a_file_statement_is_five_lines_and_is_read_back() {
        let statement = FileStatement {
            path: "parties/JP.toml".to_owned(),
            version: 3,
            sha256: Digest::of(&[b""]),
            signed: "2026-11-22".parse().unwrap(),
        };
        assert_eq!(statement.to_text().unwrap(), TEXT);
        assert_eq!(TEXT.parse::<FileStatement>().unwrap(), statement);
    }

    #[test]
    fn a_file_statement_has_one_spelling_only() {
        for (ours, theirs) in [
            ("v1", "v2"),
            ("version 3", "version +3"),
            ("version 3", "version 03"),
            ("version 3", "version 0"),
            ("version 3", "version 4294967296"),
            ("version 3", "version  3"),
            ("version 3", "Version 3"),
            ("version 3\n", ""),
            ("version 3\n", "version 3\nversion 3\n"),
            ("version 3\n", "version 3\nnote x\n"),
            ("e3b0", "E3B0"),
            ("e3b0", "+3b0"),
            ("e3b0", "e3b"),
            ("signed 2026-11-22\n", "signed 2026-11-22"),
            ("signed 2026-11-22\n", "signed 2026-11-22\n\n"),
            ("signed 2026-11-22\n", "signed 2026-11-22\nsigned 2026-11-23\n"),
            ("signed 2026-11-22", "signed 2026-02-29"),
            ("\n", "\r\n"),
            ("path parties/JP.toml", "path "),
        ] {
            let text = TEXT.replace(ours, theirs);
            assert_ne!(text, TEXT, "{ours}");
            assert!(text.parse::<FileStatement>().is_err(), "{text:?}");
        }
        assert!("".parse::<FileStatement>().is_err());
        for at in 0..TEXT.len() {
            assert!(TEXT[..at].parse::<FileStatement>().is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_path_leads_nowhere_outside_the_catalogue() {
        for path in ["instruments/eu-jp-mla/instrument.toml", "overlays/FR_JP.toml", "a"] {
            assert!(is_path(path), "{path}");
        }
        let long = "a".repeat(PATH_CHARACTERS_MAX + 1);
        for path in [
            "",
            "/etc/passwd",
            "../JP.toml",
            "parties/../JP.toml",
            "parties//JP.toml",
            "parties/",
            ".git/x",
            "a\\b",
            "a b",
            "é",
            &long,
        ] {
            assert!(!is_path(path), "{path}");
            assert!(TEXT.replace("parties/JP.toml", path).parse::<FileStatement>().is_err(), "{path}");
        }
    }
}
