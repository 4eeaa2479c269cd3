use std::{fmt, str::FromStr, sync::Arc};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Malformed, MeasureId, SubjectTag};

/// A clause of an instrument: `ets-185:31`, `cets-224:8(11)`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArticleRef {
    instrument: Arc<str>,
    clause: Arc<str>,
}

impl ArticleRef {
    /// The instrument's id, as in `ets-185`.
    pub fn instrument(&self) -> &str {
        &self.instrument
    }

    /// The clause within it, as in `31`.
    pub fn clause(&self) -> &str {
        &self.clause
    }
}

impl FromStr for ArticleRef {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("an article (instrument:clause, as in ets-185:31)", text);
        let (instrument, clause) = text.split_once(':').ok_or_else(malformed)?;
        let slug = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        let clause_char = |b: &u8| b.is_ascii_alphanumeric() || b"()-.".contains(b);
        let ok = !instrument.is_empty()
            && !clause.is_empty()
            && text.len() <= 64
            && instrument.as_bytes().iter().all(slug)
            && clause.as_bytes().iter().all(clause_char);
        if ok { Ok(Self { instrument: instrument.into(), clause: clause.into() }) } else { Err(malformed()) }
    }
}

impl TryFrom<String> for ArticleRef {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<ArticleRef> for String {
    fn from(article: ArticleRef) -> Self {
        article.to_string()
    }
}

impl fmt::Display for ArticleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.instrument, self.clause)
    }
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                let ok = (1..=48).contains(&text.len())
                    && text.as_bytes()[0].is_ascii_lowercase()
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                if ok { Ok(Self(text.into())) } else { Err(Malformed::new($expected, text)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

slug! {
    /// What is asked, as a treaty file names it: `stored_data`, `preservation`.
    RequestType, "a request type (as in stored_data)"
}

slug! {
    /// What is answered, as the catalogue names it: `subscriber_info`, `traffic_data`. It is also the data class that decides
    /// who must validate.
    RecordType, "a record type (as in traffic_data)"
}

slug! {
    /// What of a holder's credential is disclosed, as the treaty file names it: `over_18`, `birth_date`. The name of an attribute,
    /// never its value.
    Attribute, "an attribute (as in over_18)"
}

/// How a subject is named. Only kinds that name one thing exist: a wildcard or a range has no name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectorKind {
    /// One natural or legal person.
    Person,
    /// One account at one provider.
    Account,
    /// One device.
    Device,
    /// One IP address at one moment.
    IpAtTime,
    /// One domain name.
    Domain,
    /// One bank account.
    BankAccount,
    /// One holder of a credential, by the identifier that only this verifier knows.
    Holder,
}

impl SelectorKind {
    /// All kinds.
    pub const ALL: [Self; 7] =
        [Self::Person, Self::Account, Self::Device, Self::IpAtTime, Self::Domain, Self::BankAccount, Self::Holder];

    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Account => "account",
            Self::Device => "device",
            Self::IpAtTime => "ip_at_time",
            Self::Domain => "domain",
            Self::BankAccount => "bank_account",
            Self::Holder => "holder",
        }
    }
}

/// The days asked about, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl Window {
    /// How many days, both ends included; 0 when the window is upside down.
    pub fn days(&self) -> u32 {
        let span = self.to.duration_since(self.from).as_hours() / 24 + 1;
        u32::try_from(span).unwrap_or(0)
    }
}

/// What the header tells of a measure: enough for the rule, nothing about whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureScope {
    /// Which measure of the case.
    pub id: MeasureId,
    /// The clause it rests on.
    pub article: ArticleRef,
    /// What is asked.
    pub request_type: RequestType,
    /// Which record types may answer it.
    pub records: Vec<RecordType>,
    /// How many distinct subjects.
    pub subjects: u32,
    /// How they are named.
    pub selectors: Vec<SelectorKind>,
    /// The days asked about, where the request type has a window.
    pub window: Option<Window>,
    /// Which attributes are to be disclosed, where the request type discloses selectively.
    pub attributes: Vec<Attribute>,
    /// A pseudonym of each subject, where the treaty counts distinct subjects.
    pub tags: Vec<SubjectTag>,
}

/// What the header declares of the offence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offence {
    /// The maximum penalty, in months of imprisonment.
    pub max_penalty_months: u32,
    /// Whether the requesting party declares that the conduct is an offence in both states.
    pub dual_criminality: bool,
    /// Whether the requesting party declares an offence of the treaty's list, for which dual criminality is not verified
    /// [Dir. 2014/41 art. 11(1)(g)].
    pub listed: bool,
}
