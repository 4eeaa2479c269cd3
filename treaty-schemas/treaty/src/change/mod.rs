//! What a new rule changes, in the words of the law: bound by bound, and whether it widens or narrows.

mod compare;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt};

use model::{ArticleRef, AuthorityKind, PartyId, RecordType, RequestType};
use serde::Serialize;

pub(crate) use compare::{Difference, attributes, compare, exceeded, exempt_from, languages, quota, teamed};

use crate::{Rule, provision::Provision, rule::Table};

/// Which bound changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Whether it may be asked at all.
    Availability,
    /// Whether this record type may be asked for.
    Record(RecordType),
    /// Who validates this record type.
    Validators(RecordType),
    /// Whether it compels somebody.
    Compulsory,
    /// How subjects may be named.
    Selectors,
    /// How many subjects.
    Subjects,
    /// How many days.
    Window,
    /// How many bytes in answer.
    Bytes,
    /// How many requests a day.
    RequestsPerDay,
    /// How many requests a month.
    RequestsPerMonth,
    /// How many requests a year.
    RequestsPerYear,
    /// How many distinct subjects a day.
    SubjectsPerDay,
    /// How many distinct subjects a month.
    SubjectsPerMonth,
    /// How many distinct subjects a year.
    SubjectsPerYear,
    /// For which purposes.
    Purposes,
    /// Whether the offence must be declared.
    Offence,
    /// The least maximum penalty.
    Threshold,
    /// Whether dual criminality must be declared.
    DualCriminality,
    /// Who may send.
    Senders,
    /// Who may be addressed.
    Recipients,
    /// Between the members of which joint team.
    Team,
    /// The highest mark.
    Classification,
    /// Which attributes may be disclosed.
    Attributes,
    /// Which attributes may never be named.
    Never,
    /// How old a consent may be.
    Consent,
    /// Whether it is for emergencies.
    Emergency,
    /// Whether an emergency is confirmed by a call.
    Callback,
    /// By when the ordinary request must follow an emergency.
    ExPost,
    /// Whether it may be answered without a human.
    Automatic,
    /// Whether it gives instead of asks.
    Spontaneous,
    /// Clocks.
    Timers,
    /// Grounds of refusal.
    Grounds,
    /// What humans judge.
    Judgements,
    /// Reasons to postpone.
    Postponements,
    /// Conditions.
    Conditions,
    /// Whether to consult before a refusal.
    Consult,
    /// Whether a court orders it before it is granted.
    CourtOrder,
    /// Whether a ministry is told before it is reviewed.
    MinistryNotice,
    /// Whether use is bound to the named proceeding.
    Specialty,
    /// Whether it may go on to others.
    Onward,
    /// Who may read.
    Readers,
    /// How long it may be kept.
    Retention,
    /// What an authority of this kind reads.
    Languages(AuthorityKind),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Availability => "may be asked",
            Self::Record(record) => return write!(f, "record type {record}"),
            Self::Validators(record) => return write!(f, "validation of {record}"),
            Self::Compulsory => "compulsion",
            Self::Selectors => "selectors",
            Self::Subjects => "subjects",
            Self::Window => "days",
            Self::Bytes => "size of the answer",
            Self::RequestsPerDay => "requests in a day",
            Self::RequestsPerMonth => "requests in a month",
            Self::RequestsPerYear => "requests in a year",
            Self::SubjectsPerDay => "distinct subjects in a day",
            Self::SubjectsPerMonth => "distinct subjects in a month",
            Self::SubjectsPerYear => "distinct subjects in a year",
            Self::Purposes => "purposes",
            Self::Offence => "declaration of the offence",
            Self::Threshold => "maximum penalty in months",
            Self::DualCriminality => "declaration of dual criminality",
            Self::Senders => "who may send",
            Self::Recipients => "who may be addressed",
            Self::Team => "members of the joint team",
            Self::Classification => "mark",
            Self::Attributes => "attributes",
            Self::Never => "attributes never disclosed",
            Self::Consent => "age of the holder's consent in seconds",
            Self::Emergency => "for emergencies",
            Self::Callback => "call back in an emergency",
            Self::ExPost => "hours until the ordinary request",
            Self::Automatic => "answered automatically",
            Self::Spontaneous => "given without a request",
            Self::Timers => "clocks",
            Self::Grounds => "grounds of refusal",
            Self::Judgements => "human judgements",
            Self::Postponements => "grounds of postponement",
            Self::Conditions => "conditions",
            Self::Consult => "consultation before a refusal",
            Self::CourtOrder => "order of a court before a grant",
            Self::MinistryNotice => "notice to the ministry before the review",
            Self::Specialty => "use for the named proceeding only",
            Self::Onward => "onward transfer",
            Self::Readers => "who may read",
            Self::Retention => "days of retention",
            Self::Languages(kind) => return write!(f, "languages of {}", kind.as_str()),
        };
        f.write_str(name)
    }
}

/// What a change does to what may be asked and done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// More is allowed.
    Widens,
    /// Less is allowed.
    Narrows,
    /// Something else is allowed: more here and less there.
    Shifts,
    /// Neither: a clock, a duty to consult.
    Neutral,
}

impl Effect {
    /// The word on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Widens => "widens",
            Self::Narrows => "narrows",
            Self::Shifts => "shifts",
            Self::Neutral => "neutral",
        }
    }

    /// Whether something becomes possible that was not.
    pub fn gives_more(self) -> bool {
        matches!(self, Self::Widens | Self::Shifts)
    }
}

/// One bound that differs between two rules. Its `Display` is one sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// The clause; `None` for what a party's authorities read.
    pub article: Option<ArticleRef>,
    /// The request type.
    pub request_type: Option<RequestType>,
    /// Who asks.
    pub requesting: PartyId,
    /// Who is asked.
    pub requested: PartyId,
    /// Which bound.
    pub field: Field,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
    /// Whether it widens or narrows.
    pub effect: Effect,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(article), Some(kind)) = (&self.article, &self.request_type) {
            write!(f, "{article} {kind}, ")?;
        }
        write!(f, "requests to {}: ", self.requested)?;
        match (&self.field, self.effect) {
            (Field::Availability, Effect::Widens) => write!(f, "now possible; before: {}", self.before),
            (Field::Availability, _) => write!(f, "now refused: {}", self.after),
            _ => write!(f, "{}: {}, before: {}", self.field, self.after, self.before),
        }
    }
}

/// What `new` changes against `old`, sorted by article, request type, direction and bound. Two rules with the same canonical text
/// have no change.
pub fn diff(old: &Rule, new: &Rule) -> Vec<Change> {
    let mut changes = Vec::new();
    for [requesting, requested] in directions(old, new) {
        let change = |place: Option<(&ArticleRef, &RequestType)>, found: Difference| Change {
            article: place.map(|(article, _)| article.clone()),
            request_type: place.map(|(_, kind)| kind.clone()),
            requesting,
            requested,
            field: found.field,
            before: found.before,
            after: found.after,
            effect: found.effect,
        };
        changes.extend(languages(&old.table, &new.table, requested).into_iter().map(|found| change(None, found)));
        for (article, kind) in places(old, new) {
            let both = [&old.table, &new.table].map(|table| open(table, article, kind, [requesting, requested]));
            let found = match both {
                [Ok(before), Ok(after)] => compare(before, after),
                [Err(why), Ok(_)] => vec![available(why, "possible".to_owned(), Effect::Widens)],
                [Ok(_), Err(why)] => vec![available("possible".to_owned(), why, Effect::Narrows)],
                [Err(_), Err(_)] => Vec::new(),
            };
            changes.extend(found.into_iter().map(|found| change(Some((article, kind)), found)));
        }
    }
    changes.sort();
    changes
}

fn available(before: String, after: String, effect: Effect) -> Difference {
    Difference { field: Field::Availability, before, after, effect }
}

/// Who asks whom, in either rule.
pub(crate) fn directions(old: &Rule, new: &Rule) -> BTreeSet<[PartyId; 2]> {
    let both = |[a, b]: [PartyId; 2]| [[a, b], [b, a]];
    both(old.parties()).into_iter().chain(both(new.parties())).collect()
}

/// Each article and request type that either table speaks of.
pub(crate) fn places<'a>(old: &'a Rule, new: &'a Rule) -> BTreeSet<(&'a ArticleRef, &'a RequestType)> {
    let of = |rule: &'a Rule| {
        rule.table
            .clauses
            .iter()
            .flat_map(|(article, clause)| clause.provisions.keys().map(move |kind| (article, kind)))
    };
    of(old).chain(of(new)).collect()
}

/// What may be asked in this direction, or every reason why not.
pub(crate) fn open<'a>(
    table: &'a Table,
    article: &ArticleRef,
    kind: &RequestType,
    [requesting, requested]: [PartyId; 2],
) -> Result<&'a Provision, String> {
    let nothing = || format!("no treaty file gives {kind} under {article}");
    let third = || format!("no rule between {requesting} and {requested}");
    table.place(requesting).ok_or_else(third)?;
    let direction = table.place(requested).ok_or_else(third)?;
    let clause = table.clauses.get(article).ok_or_else(nothing)?;
    let standing = table.instruments.get(article.instrument()).ok_or_else(nothing)?;
    let provision = clause.provisions.get(kind).and_then(|towards| towards.get(direction)).ok_or_else(nothing)?;
    let all = clause.reservations.iter().chain(&standing.obstacles).chain(&provision.closed);
    let reasons: Vec<_> = all.map(|obstacle| obstacle.reason.as_str()).collect();
    if reasons.is_empty() { Ok(provision) } else { Err(reasons.join("; ")) }
}
