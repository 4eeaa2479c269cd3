use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Digest, Malformed, PostponementCode, Timestamp};

/// What a header declares beside scope, purpose and offence. Everything is absent unless the rule or the step asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// How the contents are marked. On [`Step::SealSend`](crate::Step::SealSend) and [`Step::Release`](crate::Step::Release).
    pub classification: Option<Classification>,
    /// Whether the request says that a life or somebody's safety is in imminent danger [CETS 224 art. 3(2)(c)].
    pub emergency: bool,
    /// When the requested authority called the requesting one back over another channel. On
    /// [`Step::Recognise`](crate::Step::Recognise) and [`Step::OfferConditions`](crate::Step::OfferConditions) in an emergency; the record of the call is in the sealed body.
    pub callback: Option<Timestamp>,
    /// The holder's consent, where the rule wants one.
    pub consent: Option<Consent>,
    /// Which key made the tags of the measures, by its digest. The key itself is in the sealed body.
    pub tag_key: Option<Digest>,
    /// Why it is postponed, on [`Step::Postpone`](crate::Step::Postpone).
    #[serde(default)]
    pub postponement: Option<PostponementCode>,
}

/// That a holder agreed to this disclosure, without saying who.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// When.
    pub given: Timestamp,
    /// The SHA-256 of the consent receipt, which is in the sealed body.
    pub receipt: Digest,
}

/// How a request or record is marked. Ordered: a mark admits everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// For everyday official use.
    Official,
    /// Disclosure would be disadvantageous.
    Restricted,
    /// Disclosure would harm.
    Confidential,
    /// Disclosure would harm seriously.
    Secret,
}

impl Classification {
    /// All marks, the lowest first.
    pub const ALL: [Self; 4] = [Self::Official, Self::Restricted, Self::Confidential, Self::Secret];

    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Restricted => "restricted",
            Self::Confidential => "confidential",
            Self::Secret => "secret",
        }
    }
}

impl FromStr for Classification {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|mark| mark.as_str() == text)
            .ok_or_else(|| Malformed::new("a classification (official, restricted, confidential, secret)", text))
    }
}

/// A keyed pseudonym of one subject: the same for the same subject under the same key, and nothing to who has not the key. Gateways
/// count distinct subjects by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubjectTag([u8; 16]);

impl SubjectTag {
    /// From 16 bytes that are a tag already: the first half of an HMAC-SHA-256.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl TryFrom<&[u8]> for SubjectTag {
    type Error = Malformed;

    fn try_from(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| Malformed::new("a subject tag (16 bytes)", &format!("{} bytes", bytes.len())))
    }
}

impl FromStr for SubjectTag {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a subject tag (32 hexadecimal digits)", text);
        if text.len() != 32 || !text.is_ascii() {
            return Err(malformed());
        }
        let mut bytes = [0; 16];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| malformed())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for SubjectTag {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<SubjectTag> for String {
    fn from(tag: SubjectTag) -> Self {
        tag.to_string()
    }
}

impl fmt::Display for SubjectTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SubjectTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
