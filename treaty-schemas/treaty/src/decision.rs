use std::sync::Arc;

use model::{
    ArticleRef, AuthorityKind, MeasureId, MeasureScope, Offence, PartyId, RecordType, Refusal, RefusalCode,
    RequestType, Role,
};

/// What is asked of a rule: header facts only, so that gateways and desks ask the same question.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Who asks.
    pub requesting: PartyId,
    /// Who is asked.
    pub requested: PartyId,
    /// What kind of authority sends.
    pub sender: AuthorityKind,
    /// What kind of authority is addressed.
    pub recipient: AuthorityKind,
    /// The measures, each with its scope.
    pub measures: &'a [MeasureScope],
    /// The purpose, by its name in the treaty file.
    pub purpose: Option<&'a str>,
    /// The offence, as declared.
    pub offence: Option<Offence>,
    /// In which role somebody validated the request.
    pub validator: Option<Role>,
}

/// The answer of a rule. A measure that fails no check has a permit; each failed check is a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Why not: every check that failed, in the order of the measures, the most specific first.
    pub refusals: Vec<Refusal>,
    /// What is allowed, and within which bounds.
    pub permits: Vec<Permit>,
    /// Every check that was made, in order.
    pub trace: Vec<TraceStep>,
    pub(crate) asked: usize,
}

impl Decision {
    /// Whether the request may pass as a whole: at least one measure, a permit for every measure, and no refusal.
    pub fn allowed(&self) -> bool {
        self.asked > 0 && self.permits.len() == self.asked && self.refusals.is_empty()
    }
}

/// What a rule allows for one measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// The measure.
    pub measure: MeasureId,
    /// The clause it rests on.
    pub article: ArticleRef,
    /// What is asked.
    pub request_type: RequestType,
    /// What may be answered: the record types that were asked for.
    pub records: Vec<RecordType>,
    /// Who may validate, for all of these record types at once. Empty when nobody needs to.
    pub validators: Vec<Role>,
    /// At most so many subjects.
    pub max_subjects: u32,
    /// At most so many days, both ends included. `None` when the request type has no window.
    pub max_window_days: Option<u32>,
    /// The clocks that run for this measure.
    pub timers: Vec<Timer>,
    /// Grounds on which a human of the requested party may refuse.
    pub grounds: Vec<RefusalCode>,
    /// Whether the requested party must consult before it refuses or postpones.
    pub consult_before_refusal: bool,
    /// Whether the records may be used for the named proceedings only.
    pub specialty: bool,
    /// Whether the requesting party had to declare dual criminality.
    pub dual_criminality: bool,
    /// The languages that the addressed authority accepts (ISO 639). Empty when its party declared none.
    pub languages: Vec<String>,
    /// Whether everything that this permit rests on was read in the text of the treaty.
    pub verified: bool,
    /// The file of the rule, as in `instruments/budapest/instrument.toml`.
    pub file: Arc<str>,
}

/// Which clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerKind {
    /// Arrival to acknowledgement.
    Ack,
    /// Acknowledgement to decision.
    Decision,
    /// The longest silence before the state must be told.
    Status,
    /// Receipt to service on the provider.
    Serve,
    /// Service to return of the records.
    Return,
    /// Receipt to the provider's answer.
    Provider,
    /// The shortest time for which data is kept.
    Preservation,
}

impl TimerKind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Ack, Self::Decision, Self::Status, Self::Serve, Self::Return, Self::Provider, Self::Preservation];

    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Decision => "decision",
            Self::Status => "status",
            Self::Serve => "serve",
            Self::Return => "return",
            Self::Provider => "provider",
            Self::Preservation => "preservation",
        }
    }
}

/// A clock of a measure: legal when a clause says it, else policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// Which clock.
    pub kind: TimerKind,
    /// For which record type, where they differ.
    pub record: Option<RecordType>,
    /// Calendar days.
    pub days: u32,
    /// The clause that sets it; `None` for a policy of the treaty file.
    pub clause: Option<ArticleRef>,
}

impl Timer {
    /// Whether a clause of the treaty sets it.
    pub fn is_legal(&self) -> bool {
        self.clause.is_some()
    }
}

/// One check of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceStep {
    /// Which check, as in `in_force`.
    pub check: &'static str,
    /// For which measure; `None` for what concerns the whole request.
    pub measure: Option<MeasureId>,
    /// The clause it rests on, where a treaty says it.
    pub article: Option<ArticleRef>,
    /// The file of the rule.
    pub file: Arc<str>,
    /// What was looked at: header facts only.
    pub input: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Nothing against it.
    Pass,
    /// Refused.
    Fail,
}

impl Outcome {
    /// The word on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
        }
    }
}
