use std::{fmt, sync::Arc};

use jiff::civil::Date;
use model::{
    ArticleRef, Attribute, AuthorityKind, Classification, MeasureId, PartyId, RecordType, RefusalCode, RequestType,
    Role, SelectorKind,
};
use serde::{Serialize, Serializer};

use crate::{
    Period,
    phrase::{List, Plural},
};

/// One check of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceStep {
    /// Which check, as in `in_force`.
    pub check: &'static str,
    /// For which measure; `None` for what concerns the whole request.
    pub measure: Option<MeasureId>,
    /// The clause it rests on, where a treaty says it.
    pub article: Option<ArticleRef>,
    /// The file of the rule.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// What was looked at: header facts only.
    pub input: Input,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a check looked at. It is written only when somebody reads the trace, in serde too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Who asks whom.
    Direction(PartyId, PartyId),
    /// The two parties of a rule.
    Pair(PartyId, PartyId),
    /// A clause.
    Article(ArticleRef),
    /// A request type.
    RequestType(RequestType),
    /// The last day of something.
    Until(Date),
    /// Record types.
    Records(Vec<RecordType>),
    /// Kinds of selectors.
    Selectors(Vec<SelectorKind>),
    /// Attributes.
    Attributes(Vec<Attribute>),
    /// How many of what, by its English singular.
    Count(u32, &'static str),
    /// Who validated.
    Validator(Role),
    /// What kind of authority.
    Authority(AuthorityKind),
    /// A purpose, language, judgement or authority, by its name.
    Name(String),
    /// A word of the check itself.
    Word(&'static str),
    /// How it is marked.
    Mark(Classification),
    /// Milliseconds since something was given; below 0 when that is still to come.
    Age(i64),
    /// What a period has seen.
    Used {
        /// The period.
        per: Period,
        /// Requests.
        requests: u32,
        /// Distinct subjects.
        subjects: u32,
    },
    /// A ground of refusal.
    Ground(RefusalCode),
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direction(from, to) => write!(f, "{from} asks {to}"),
            Self::Pair(a, b) => write!(f, "{a}–{b}"),
            Self::Article(article) => article.fmt(f),
            Self::RequestType(kind) => kind.fmt(f),
            Self::Until(day) => write!(f, "until {day}"),
            Self::Records(records) => List(records).fmt(f),
            Self::Selectors(kinds) => List(kinds.iter().map(|kind| kind.as_str())).fmt(f),
            Self::Attributes(attributes) => List(attributes).fmt(f),
            Self::Count(count, noun) => Plural(*count, noun).fmt(f),
            Self::Validator(role) => f.write_str(role.as_str()),
            Self::Authority(kind) => f.write_str(kind.as_str()),
            Self::Name(name) => f.write_str(name),
            Self::Word(word) => f.write_str(word),
            Self::Mark(mark) => f.write_str(mark.as_str()),
            Self::Age(ms) => write!(f, "{}.{:03} s old", ms / 1000, ms.unsigned_abs() % 1000),
            Self::Used { per, requests, subjects } => {
                write!(
                    f,
                    "{} and {} in the {}",
                    Plural(*requests, "request"),
                    Plural(*subjects, "subject"),
                    per.as_str()
                )
            }
            Self::Ground(code) => code.fmt(f),
        }
    }
}

impl Serialize for Input {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing against it.
    Pass,
    /// Refused.
    Fail,
    /// Left to a human; no machine ever decides it.
    Human,
}

impl Outcome {
    /// The word on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Human => "human",
        }
    }
}

pub(crate) fn as_text<S: Serializer>(file: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(file)
}
