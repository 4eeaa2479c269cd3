use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    CaseId, Challenge, Digest, EntryId, Malformed, MatterId, MeasureId, PostponementCode, RecordType, Timestamp,
};

macro_rules! words {
    ($(#[$outer:meta])* $enum:ident, $expected:literal { $($(#[$doc:meta])* $name:ident => $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $enum { $($(#[$doc])* $name,)+ }

        impl $enum {
            /// All of them.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// The name in files and on screens.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }

        impl FromStr for $enum {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or_else(|| Malformed::new($expected, text))
            }
        }
    };
}

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
    /// Until when: for how long a consent holds ([`Step::GrantConsent`](crate::Step::GrantConsent)), records may be kept
    /// ([`Step::Extend`](crate::Step::Extend)) or data stays preserved ([`Step::Prolong`](crate::Step::Prolong)).
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// The earlier case that a request follows. On [`Step::SealSend`](crate::Step::SealSend).
    #[serde(default)]
    pub follows: Option<Follows>,
    /// The matter of the case that the step opens or moves.
    #[serde(default)]
    pub matter: Option<MatterId>,
    /// The entry whose records a matter is about. On the step that opens it.
    #[serde(default)]
    pub about: Option<EntryId>,
    /// What is wrong with records. On [`Step::Triage`](crate::Step::Triage) and [`Step::Reject`](crate::Step::Reject).
    #[serde(default)]
    pub flaw: Option<Flaw>,
    /// Whether the case is an exercise between states for training. On [`Step::SealSend`](crate::Step::SealSend).
    #[serde(default)]
    pub training: bool,
    /// The minutes of a hearing, by their digest, so that both sides sign the same. On [`Step::DraftMinutes`](crate::Step::DraftMinutes),
    /// [`Step::SignMinutes`](crate::Step::SignMinutes) and [`Step::TransmitMinutes`](crate::Step::TransmitMinutes).
    #[serde(default)]
    pub minutes: Option<Digest>,
    /// Under which version of the procedure the case runs; `None` for the first. On [`Step::OpenGroup`](crate::Step::OpenGroup).
    #[serde(default)]
    pub procedure: Option<u32>,
    /// What was asked for and is not handed over, each once. On [`Step::FinalReport`](crate::Step::FinalReport).
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// The day of the order of a court, or of the notice to a ministry, on which the step rests; its authority and number are in the sealed body. On
    /// [`Step::OpenReview`](crate::Step::OpenReview), [`Step::Recognise`](crate::Step::Recognise) and [`Step::OfferConditions`](crate::Step::OfferConditions).
    #[serde(default)]
    pub order: Option<Date>,
    /// Whether the answer to questions asks for more than was validated. On [`Step::GiveInfo`](crate::Step::GiveInfo).
    #[serde(default)]
    pub widens: bool,
    /// The commitment of the challenge that is read out when the requested authority calls back. On
    /// [`Step::OpenCallback`](crate::Step::OpenCallback).
    #[serde(default)]
    pub challenge: Option<Digest>,
    /// That challenge, as the requesting authority heard it. On [`Step::AnswerCallback`](crate::Step::AnswerCallback).
    #[serde(default)]
    pub response: Option<Challenge>,
    /// The sealed files that go with the records inside, each once. On steps that carry records, and on a request that gives.
    #[serde(default)]
    pub attached: Vec<Attached>,
}

impl Declared {
    /// What the sealed files weigh together.
    pub fn attached_bytes(&self) -> u64 {
        self.attached.iter().fold(0, |sum, one| sum.saturating_add(one.bytes))
    }
}

/// A sealed file as a gateway knows it: enough to hold every byte of it against what officers signed, and nothing to open it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Attached {
    /// The digest over its sealed pieces and their number of bytes: see `blobs`.
    pub digest: Digest,
    /// How many bytes it has, sealed.
    pub bytes: u64,
}

/// A record type of a measure that was asked for and not released, where what came of it is reported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeftOut {
    /// Of which measure.
    pub measure: MeasureId,
    /// Which.
    pub record: RecordType,
    /// Why.
    pub why: Absence,
}

words! {
    /// Why there is nothing to hand over. What is there and is not given is refused, by who may refuse.
    Absence, "an absence (not_existing, not_obtained)" {
        /// Nothing of it exists.
        NotExisting => "not_existing",
        /// It could not be obtained.
        NotObtained => "not_obtained",
    }
}

/// The earlier case of the same two parties that a request follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    /// Which case.
    pub case: CaseId,
    /// How.
    pub as_what: FollowUp,
}

words! {
    /// How a request follows an earlier one.
    FollowUp, "a follow-up (supplement, production, regularisation, resubmission)" {
        /// It asks for more in the same matter, under the same rule; facts by reference.
        Supplement => "supplement",
        /// It asks for what the earlier one had preserved, which is kept until this one is decided.
        Production => "production",
        /// It is the formal request behind one that was made in an emergency [CETS 224 art. 9(5)].
        Regularisation => "regularisation",
        /// It is made anew after the earlier one was returned, blocked, refused or lapsed.
        Resubmission => "resubmission",
    }
}

words! {
    /// What is wrong with records that were given.
    Flaw, "a flaw (wrong_subject, wrong_value, stale)" {
        /// They are about somebody else.
        WrongSubject => "wrong_subject",
        /// A value in them is wrong.
        WrongValue => "wrong_value",
        /// They were right once.
        Stale => "stale",
    }
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
