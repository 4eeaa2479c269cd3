use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Malformed;

/// A state, by its ISO 3166-1 alpha-2 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartyId([u8; 2]);

impl PartyId {
    /// The two letters.
    pub fn as_str(&self) -> &str {
        // The constructor admits A–Z only; the fallback is never seen.
        std::str::from_utf8(&self.0).unwrap_or("??")
    }

    /// The letters as they stand in a DNS name.
    pub fn to_dns_label(self) -> String {
        self.as_str().to_ascii_lowercase()
    }
}

impl FromStr for PartyId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text.as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] => Ok(Self([*a, *b])),
            _ => Err(Malformed::new("a party (ISO 3166-1 alpha-2, as in JP)", text)),
        }
    }
}

impl TryFrom<String> for PartyId {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<PartyId> for String {
    fn from(party: PartyId) -> Self {
        party.as_str().to_owned()
    }
}

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
