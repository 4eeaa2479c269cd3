use std::fmt;

use model::{Denial, Digest};

use crate::malformed;

/// What a program may call itself, in bytes.
pub const SOFTWARE_BYTES_MAX: usize = 64;
const TITLE: &str = "rogatory release v1";

/// The program that a gateway is: what it calls itself, and the SHA-256 of its file. A log of heads commits to it with each tick, so that
/// nobody can say later that another one ran.
///
/// As text three lines, each with its newline: `rogatory release v1`, what it calls itself, the hash in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    software: String,
    sha256: Digest,
}

impl Release {
    /// `Malformed` where `software` is not 1 to 64 visible ASCII characters.
    pub fn new(software: &str, sha256: Digest) -> Result<Self, Denial> {
        let fits = (1..=SOFTWARE_BYTES_MAX).contains(&software.len()) && software.bytes().all(|b| b.is_ascii_graphic());
        if !fits {
            return Err(malformed("a release is called by 1 to 64 visible ASCII characters"));
        }
        Ok(Self { software: software.to_owned(), sha256 })
    }

    /// What it calls itself, as in `rogatory/0.1.0`.
    pub fn software(&self) -> &str {
        &self.software
    }

    /// The hash of its file.
    pub fn sha256(&self) -> Digest {
        self.sha256
    }

    /// The text.
    pub fn text(&self) -> String {
        format!("{TITLE}\n{}\n{}\n", self.software, self.sha256)
    }

    /// Reads a text, and nothing that [`Release::text`] would not write.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        let bad = || malformed("not a release: title, name, SHA-256");
        let lines: Vec<&str> = text.split('\n').collect();
        let [TITLE, software, sha256, ""] = lines[..] else { return Err(bad()) };
        let release = Self::new(software, sha256.parse().map_err(|_| bad())?)?;
        if release.text() == text { Ok(release) } else { Err(bad()) }
    }

    /// Whether a text begins as one.
    pub(crate) fn is(text: &str) -> bool {
        text.starts_with(TITLE)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, SHA-256 {}", self.software, self.sha256)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_release_is_read_back_and_nothing_else_is_one() {
        let release = Release::new("rogatory/0.1.0", Digest::new([0xab; 32])).unwrap();
        let text = release.text();
        assert_eq!(Release::parse(&text), Ok(release));
        let others = [
            text.to_uppercase(),
            format!("{text}\n"),
            text.replace('/', " "),
            text.replace("v1", "v2"),
            text[..40].into(),
        ];
        assert!(others.iter().all(|other| Release::parse(other).is_err()), "{others:?}");
        assert!(
            Release::new("", Digest::new([0; 32])).is_err()
                && Release::new(&"x".repeat(65), Digest::new([0; 32])).is_err()
        );
    }
}
