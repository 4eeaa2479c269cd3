use std::sync::Arc;

use jiff::civil::Date;
use model::{
    ArticleRef, Attribute, AuthorityId, AuthorityKind, Classification, ConditionCode, Consent, Digest, Header,
    MeasureId, MeasureScope, Offence, PartyId, Pin, PostponementCode, RecordType, Refusal, RequestType, Role,
    Timestamp,
};
use serde::Serialize;

use crate::{Consult, Ground, Judgement, Onward, Period, Quota, Timer, TraceStep, trace::as_text};

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
    /// Who sends and who is addressed, by name. `None` where only their kinds are known: what a joint team opens is refused then.
    pub between: Option<[&'a AuthorityId; 2]>,
    /// The measures, each with its scope.
    pub measures: &'a [MeasureScope],
    /// The purpose, by its name in the treaty file.
    pub purpose: Option<&'a str>,
    /// The offence, as declared.
    pub offence: Option<Offence>,
    /// In which role somebody validated the request.
    pub validator: Option<Role>,
    /// Which key made the tags of the measures, by its digest.
    pub tag_key: Option<Digest>,
    /// How the request is marked.
    pub classification: Option<Classification>,
    /// Whether it is declared an emergency.
    pub emergency: bool,
    /// The holder's consent.
    pub consent: Option<Consent>,
    /// When the header was made: what the age of a consent is counted to.
    pub at: Timestamp,
    /// The languages in which the request is written, original and translations (BCP 47). `None` where only the sealed body tells:
    /// then the check is left to the desks.
    pub languages: Option<&'a [&'a str]>,
    /// What was counted of each quota that [`Rule::quotas`](crate::Rule::quotas) names, this request included. `None` where nobody
    /// counts: at a desk.
    pub used: Option<&'a [Used]>,
}

impl<'a> Query<'a> {
    /// What a header asks, between authorities of these kinds. It knows neither languages nor counters.
    pub fn of(header: &'a Header, sender: AuthorityKind, recipient: AuthorityKind) -> Self {
        Self {
            requesting: header.home,
            requested: header.peer,
            sender,
            recipient,
            between: Some([&header.sender, &header.recipient]),
            measures: &header.measures,
            purpose: header.purpose.as_deref(),
            offence: header.offence,
            validator: header.validation.as_ref().map(|validation| validation.role),
            tag_key: header.declared.tag_key,
            classification: header.declared.classification,
            emergency: header.declared.emergency,
            consent: header.declared.consent,
            at: header.created,
            languages: None,
            used: None,
        }
    }
}

/// A counter of a quota, as a gateway keeps it for one direction of one pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// Of which request types, all in one counter; sorted, as [`QuotaNeeded`](crate::QuotaNeeded) has them.
    pub counted: Vec<RequestType>,
    /// In which period.
    pub per: Period,
    /// Requests in the running period, with this one.
    pub requests: u32,
    /// Distinct subjects in the running period, with those of this one.
    pub subjects: u32,
}

/// The answer of a rule. A measure that fails no check has a permit; each failed check is a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Who asks.
    pub requesting: PartyId,
    /// Who is asked.
    pub requested: PartyId,
    /// The rule that decided.
    pub pin: Pin,
    /// The day that it was compiled for.
    pub on: Date,
    /// Why not: every check that failed, in the order of the measures, the most specific first.
    pub refusals: Vec<Refusal>,
    /// What is allowed, and within which bounds.
    pub permits: Vec<Permit>,
    /// Every check that was made, in order, and every judgement that is left to a human.
    pub trace: Vec<TraceStep>,
    #[serde(skip)]
    pub(crate) asked: usize,
}

impl Decision {
    /// Whether the request may pass as a whole: at least one measure, a permit for every measure, and no refusal.
    pub fn allowed(&self) -> bool {
        self.asked > 0 && self.permits.len() == self.asked && self.refusals.is_empty()
    }
}

/// What a rule allows for one measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permit {
    /// The measure.
    pub measure: MeasureId,
    /// The clause it rests on.
    pub article: ArticleRef,
    /// What is asked.
    pub request_type: RequestType,
    /// What may be answered: the record types that were asked for.
    pub records: Vec<RecordType>,
    /// Whether it compels somebody; what rests on a memorandum is voluntary.
    pub compulsory: bool,
    /// Who may validate, for all of these record types at once. Empty when nobody needs to.
    pub validators: Vec<Role>,
    /// At most so many subjects.
    pub max_subjects: u32,
    /// At most so many days, both ends included. `None` when the request type has no window.
    pub max_window_days: Option<u32>,
    /// At most so many bytes of sealed bodies in answer, together. `None` when the treaty sets no cap.
    pub max_bytes: Option<u64>,
    /// The quotas that count it.
    pub quotas: Vec<Quota>,
    /// The members of the joint teams that open it and of which both are: nobody else is let into the case. Empty where it is open to all.
    pub team: Vec<AuthorityId>,
    /// The highest mark of what may be asked and answered.
    pub classification_max: Option<Classification>,
    /// Which attributes may be disclosed; empty where the request type does not disclose selectively.
    pub attributes: Vec<Attribute>,
    /// Whether the requested authority may answer it without a human: the treaty says so, both parties accept it, and no later layer
    /// takes it away.
    pub automatic: bool,
    /// Whether it gives instead of asks: the records go with it, and who receives them keeps them [ETS 185 art. 26, UNTOC 18(4)].
    pub spontaneous: bool,
    /// The clocks that run for this measure.
    pub timers: Vec<Timer>,
    /// Grounds on which a human of the requested party may, or must, refuse.
    pub grounds: Vec<Ground>,
    /// What only a human may judge.
    pub judgements: Vec<Judgement>,
    /// For which reasons a human of the requested party may postpone.
    pub postponements: Vec<PostponementCode>,
    /// Under which conditions it may be given.
    pub conditions: Vec<ConditionCode>,
    /// Whether the requested party must consult before it refuses or postpones.
    pub consult: Consult,
    /// Whether the requested party grants it only by the order of a court of its own.
    pub court_order: bool,
    /// Whether the requested party reviews it only after its ministry was told.
    pub ministry_notice: bool,
    /// Whether an emergency must be confirmed by a call over another channel before anything is granted.
    pub callback: bool,
    /// Within so many hours after an emergency was granted the ordinary request must follow.
    pub expost_hours: Option<u32>,
    /// For which purposes the records may be used.
    pub purposes: Vec<String>,
    /// Whether the records may be used for the named proceedings only.
    pub specialty: bool,
    /// Whether they may go on to a third state or body.
    pub onward: Onward,
    /// Which authorities of the requesting party may read them.
    pub readers: Vec<AuthorityKind>,
    /// Destroyed or returned so many days after they arrived.
    pub retention_days: Option<u32>,
    /// Whether the requesting party had to declare dual criminality.
    pub dual_criminality: bool,
    /// The languages that the addressed authority accepts (ISO 639). Empty when its party declared none.
    pub languages: Vec<String>,
    /// Whether everything that this permit rests on was read in the text of the treaty.
    pub verified: bool,
    /// The file of the rule, as in `instruments/budapest/instrument.toml`.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
}
