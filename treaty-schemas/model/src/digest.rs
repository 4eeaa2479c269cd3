use std::{fmt, str::FromStr};

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use crate::Malformed;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes the concatenation of `parts`. Where a part has no fixed length, the caller frames it.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }

    /// From 32 bytes that are a SHA-256 already.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = Malformed;

    fn try_from(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| Malformed::new("a SHA-256 (32 bytes)", &format!("{} bytes", bytes.len())))
    }
}

impl FromStr for Digest {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a SHA-256 (64 hexadecimal digits)", text);
        if text.len() != 64 || !text.is_ascii() {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| malformed())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! digest_role {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Digest);

        impl $name {
            /// The 32 bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                self.0.as_bytes()
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = Malformed;

            fn try_from(bytes: &[u8]) -> Result<Self, Malformed> {
                Digest::try_from(bytes).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

digest_role! {
    /// The effective rule between two parties on a date, by the SHA-256 of its canonical form.
    Pin
}

digest_role! {
    /// SHA-256 of `rogatory header v1` ‖ the header's bytes as received. It is the MLS authenticated data of the body, what
    /// officers sign, and what the next entry of the case names as its predecessor.
    HeaderDigest
}

digest_role! {
    /// SHA-256 over the header digest and the payload's digest: what a desk signs.
    EnvelopeDigest
}

digest_role! {
    /// SHA-256 of `rogatory body v1` ‖ salt ‖ body. It stands in the header in clear and tells nothing; opened once, to a court,
    /// it proves the body.
    BodyCommitment
}

impl Pin {
    /// Eight hexadecimal digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..8].to_owned()
    }
}

impl HeaderDigest {
    /// Digests a header as it was received.
    pub fn of(header_bytes: &[u8]) -> Self {
        Self(Digest::of(&[b"rogatory header v1\0", header_bytes]))
    }

    /// What the first entry of a case names as its predecessor.
    pub const GENESIS: Self = Self(Digest::new([0; 32]));
}

/// The salt of a body commitment. It travels inside the sealed body.
#[derive(Clone, PartialEq, Eq)]
pub struct BodySalt(pub [u8; 32]);

impl fmt::Debug for BodySalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodySalt(…)")
    }
}

impl BodyCommitment {
    /// Commits to `body`.
    pub fn of(salt: &BodySalt, body: &[u8]) -> Self {
        Self(Digest::of(&[b"rogatory body v1\0", &salt.0, body]))
    }
}
