//! The terms of a treaty that rules and permits share.

use std::collections::BTreeSet;

use model::{ArticleRef, RecordType, RefusalCode, RequestType};
use serde::{Deserialize, Serialize};

/// A closed list of words, each with its name in files.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in files and on screens.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// Which clock [domain: legal timers].
    TimerKind {
        /// Arrival to acknowledgement.
        Ack => "ack",
        /// Acknowledgement to decision.
        Decision => "decision",
        /// Decision to execution.
        Execution => "execution",
        /// Receipt to the decision on a provisional measure.
        Provisional => "provisional",
        /// A question to its answer.
        Clarification => "clarification",
        /// The longest silence before the state must be told.
        Status => "status",
        /// Receipt to service on the provider.
        Serve => "serve",
        /// Service to return of the records.
        Return => "return",
        /// Receipt to the provider's answer.
        Provider => "provider",
        /// Receipt to the recognition for enforcement.
        Enforcement => "enforcement",
        /// Receipt to a reasoned objection.
        Objection => "objection",
        /// The shortest time for which data is kept.
        Preservation => "preservation",
        /// By how much the preservation may be prolonged.
        Prolongation => "prolongation",
        /// An emergency's issue to its validation after the fact.
        ExPost => "ex_post",
        /// How long what was received may be kept, from its last release.
        Retention => "retention",
        /// How long a postponement may last before it is looked at again.
        Review => "review",
        /// A remedy against a decision to what is decided on it.
        Appeal => "appeal",
        /// How long a person who came is safe from prosecution after being free to leave.
        SafeConduct => "safe_conduct",
        /// An incident to its notice to the other party.
        Incident => "incident",
        /// An offer of conditions to its answer.
        Offer => "offer",
        /// Records that arrived to their confirmation.
        Receipt => "receipt",
        /// A consultation to the word that it was held.
        Consultation => "consultation",
        /// A refusal to a remedy against it.
        Remedy => "remedy",
        /// A part that was confirmed to what is outstanding behind it.
        Remainder => "remainder",
        /// A request on its way to its arrival at the other party's gateway.
        Delivery => "delivery",
    }
}

words! {
    /// In what a timer counts.
    Unit {
        /// Hours.
        Hours => "hours",
        /// Calendar days.
        Days => "days",
        /// Days on which the requested authority works.
        WorkingDays => "working_days",
        /// Calendar days; where nobody works on the last one, it is the next day on which somebody does [Reg. 1182/71 art. 3(4)].
        DaysToWorkingDay => "days_to_working_day",
    }
}

words! {
    /// What happens when nobody works on the last of some calendar days.
    LastDay {
        /// The time ends on it all the same: the law of treaties knows no rule, and an end that is told too early does no harm.
        AsItFalls => "as_it_falls",
        /// It ends with the next working day.
        NextWorkingDay => "next_working_day",
    }
}

impl LastDay {
    /// The timers of a file that says this of its times. How long data is kept is no time in which somebody acts: it never moves.
    pub(crate) fn of(self, mut timers: Vec<Timer>) -> Vec<Timer> {
        let moves = |timer: &&mut Timer| {
            timer.unit == Unit::Days && !matches!(timer.kind, TimerKind::Preservation | TimerKind::Prolongation)
        };
        if self == Self::NextWorkingDay {
            timers.iter_mut().filter(moves).for_each(|timer| timer.unit = Unit::DaysToWorkingDay);
        }
        timers
    }
}

words! {
    /// The period of a quota. Periods are those of the calendar, in UTC.
    Period {
        /// A day.
        Day => "day",
        /// A month.
        Month => "month",
        /// A year.
        Year => "year",
    }
}

words! {
    /// Whether the requested party must consult before it refuses or postpones.
    Consult {
        /// The text does not say.
        No => "no",
        /// Where it is appropriate, as humans judge.
        WhereAppropriate => "where_appropriate",
        /// Always: a refusal without it is none [UNTOC 18(26)].
        Required => "required",
    }
}

words! {
    /// Whether what was received may go on to a third state or body.
    Onward {
        /// Without asking.
        Free => "free",
        /// With the consent of who gave it.
        PriorAuthorisation => "prior_authorisation",
        /// Never.
        Never => "never",
    }
}

/// A clock of a measure: legal when a clause says it, else policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timer {
    /// Which clock.
    pub kind: TimerKind,
    /// For which record type, where they differ.
    pub record: Option<RecordType>,
    /// Whether it holds for emergencies, in place of the ordinary one.
    pub emergency: bool,
    /// How many.
    pub length: u32,
    /// Of what.
    pub unit: Unit,
    /// The clause that sets it; `None` for a policy of the treaty file.
    pub clause: Option<ArticleRef>,
}

impl Timer {
    /// Whether a clause of the treaty sets it.
    pub fn is_legal(&self) -> bool {
        self.clause.is_some()
    }
}

/// How much may be asked in a period, by one party of the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Quota {
    /// In which period.
    pub per: Period,
    /// At most so many requests.
    pub requests: Option<u32>,
    /// At most so many distinct subjects, counted by pseudonyms.
    pub subjects: Option<u32>,
    /// The request types that one counter counts, sorted, each once; empty where the request type is counted by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<RequestType>,
}

impl Quota {
    /// What the counter counts that binds a request of the type `own`.
    pub fn counted<'a>(&'a self, own: &'a RequestType) -> &'a [RequestType] {
        if self.together.is_empty() { std::slice::from_ref(own) } else { &self.together }
    }

    /// The same with one counter for all of `types`. One alone is counted by itself in any case.
    pub(crate) fn counting(&self, types: impl IntoIterator<Item = RequestType>) -> Self {
        let types: BTreeSet<_> = types.into_iter().collect();
        let together = if types.len() > 1 { types.into_iter().collect() } else { Vec::new() };
        Self { together, ..self.clone() }
    }
}

/// A ground of refusal that the treaty knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Ground {
    /// Which.
    pub code: RefusalCode,
    /// Whether the requested party must refuse when it finds it; else it may.
    pub mandatory: bool,
}

/// A judgement that no machine makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Judgement {
    /// What is judged, by its name in the treaty file, as in `ordre_public`.
    pub name: String,
    /// The clause that asks for it.
    pub clause: Option<ArticleRef>,
}
