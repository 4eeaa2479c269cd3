use std::str::FromStr;

use jiff::civil::Date;
use model::{Digest, Malformed};

use super::file::{FileStatement, read, written};

const HEADING: &str = "rogatory treaty removal v1";

/// A party takes a treaty file out of the catalogue: these bytes, of this version, are no longer what it answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovalStatement {
    /// Where the file stood, as in [`FileStatement::path`].
    pub path: String,
    /// 1, 2, 3 …
    pub version: u32,
    /// SHA-256 of the file that goes.
    pub sha256: Digest,
    /// The day on which its removal is signed, UTC.
    pub signed: Date,
}

impl RemovalStatement {
    /// The text that is signed: five lines, as of a [`FileStatement`] under another heading. The inverse of
    /// [`RemovalStatement::from_str`], with the same refusals.
    pub fn to_text(&self) -> Result<String, Malformed> {
        let Self { path, version, sha256, signed } = self.clone();
        written(HEADING, &FileStatement { path, version, sha256, signed })
    }
}

impl FromStr for RemovalStatement {
    type Err = Malformed;

    /// Takes exactly what [`RemovalStatement::to_text`] writes.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a statement on a removed treaty file (rogatory treaty removal v1)", text);
        let FileStatement { path, version, sha256, signed } = read(HEADING, text).ok_or_else(malformed)?;
        Ok(Self { path, version, sha256, signed })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const TEXT: &str = "rogatory treaty removal v1\npath national/JP.toml\nversion 1\n\
        sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nsigned 2026-11-22\n";

    #[test]
    fn a_removal_is_five_lines_and_is_never_taken_for_a_statement_on_a_file() {
        let statement = RemovalStatement {
            path: "national/JP.toml".to_owned(),
            version: 1,
            sha256: Digest::of(&[b""]),
            signed: "2026-11-22".parse().unwrap(),
        };
        assert_eq!(statement.to_text().unwrap(), TEXT);
        assert_eq!(TEXT.parse::<RemovalStatement>().unwrap(), statement);
        assert!(TEXT.parse::<FileStatement>().is_err());
        assert!(TEXT.replace("removal", "file").parse::<RemovalStatement>().is_err());
    }

    #[test]
    fn a_removal_has_one_spelling_only() {
        for (ours, theirs) in [
            ("v1", "v2"),
            ("version 1", "version 01"),
            ("version 1", "version 0"),
            ("version 1\n", ""),
            ("version 1\n", "version 1\nnote x\n"),
            ("e3b0", "E3B0"),
            ("signed 2026-11-22\n", "signed 2026-11-22"),
            ("signed 2026-11-22", "signed 2026-02-29"),
            ("national/JP.toml", "../JP.toml"),
            ("\n", "\r\n"),
        ] {
            let text = TEXT.replace(ours, theirs);
            assert_ne!(text, TEXT, "{ours}");
            assert!(text.parse::<RemovalStatement>().is_err(), "{text:?}");
        }
        for at in 0..TEXT.len() {
            assert!(TEXT[..at].parse::<RemovalStatement>().is_err(), "cut at {at}");
        }
    }
}
