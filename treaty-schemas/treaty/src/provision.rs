//! What one article gives to one request type, towards one of the two parties: every bound with who set it.

use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    sync::{Arc, OnceLock},
};

use model::{
    ArticleRef, Attribute, AuthorityId, AuthorityKind, Classification, ConditionCode, PartyId, PostponementCode,
    RecordType, Role, SelectorKind,
};

use crate::{Consult, Ground, Judgement, Onward, Quota, Timer, canonical::terms, rule::Obstacle};

/// Where a bound comes from: the layer that set it last, since each layer may only restrict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) file: Arc<str>,
    pub(crate) article: ArticleRef,
    /// Whose rule it is, where one party's; else both parties'.
    pub(crate) owner: Option<PartyId>,
}

impl Basis {
    pub(crate) fn sets<T>(&self, value: T) -> Bound<T> {
        Bound { value, by: self.clone() }
    }
}

/// A bound and who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound<T> {
    pub(crate) value: T,
    pub(crate) by: Basis,
}

/// What may be asked of one party under one article by one request type: bounds that many pairs share, and what is this pair's own.
/// Cheap to clone; who changes a bound gets a copy of all of them.
#[derive(Debug, Clone)]
pub(crate) struct Provision {
    /// Whether everything that it rests on was read, the bonds of the pair included.
    pub(crate) verified: bool,
    /// Who forbids it altogether in this direction; empty where nobody does.
    pub(crate) closed: Vec<Obstacle>,
    /// Records that the article gives and of which a layer leaves nothing: they are not among its `records` any more.
    pub(crate) withheld: Vec<(RecordType, Obstacle)>,
    shared: Arc<Shared>,
}

/// Bounds, and their canonical text once somebody has asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    bounds: Bounds,
    text: OnceLock<Arc<str>>,
}

impl Provision {
    /// Open.
    pub(crate) fn new(bounds: Bounds, verified: bool) -> Self {
        Self {
            verified,
            closed: Vec::new(),
            withheld: Vec::new(),
            shared: Arc::new(Shared { bounds, text: OnceLock::new() }),
        }
    }

    /// The canonical lines of its bounds: equal for two provisions that decide alike.
    pub(crate) fn text(&self) -> &Arc<str> {
        self.shared.text.get_or_init(|| terms(&self.shared.bounds).into())
    }

    /// What it may have in common with others.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Deref for Provision {
    type Target = Bounds;

    fn deref(&self) -> &Bounds {
        &self.shared.bounds
    }
}

impl DerefMut for Provision {
    fn deref_mut(&mut self) -> &mut Bounds {
        let shared = Arc::make_mut(&mut self.shared);
        // The text was that of the bounds before.
        shared.text.take();
        &mut shared.bounds
    }
}

/// Every bound, with who set it.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// The instrument and article that give it.
    pub(crate) by: Basis,
    /// With the roles that may validate, sorted; empty where nobody needs to.
    pub(crate) records: BTreeMap<RecordType, Bound<Vec<Role>>>,
    /// Whether it compels somebody; a memorandum cannot.
    pub(crate) compulsory: bool,
    pub(crate) selectors: Bound<Vec<SelectorKind>>,
    pub(crate) max_subjects: Bound<u32>,
    pub(crate) max_window_days: Option<Bound<u32>>,
    /// Of all sealed bodies that answer one measure, together.
    pub(crate) max_bytes: Option<Bound<u64>>,
    pub(crate) quotas: Vec<Bound<Quota>>,
    pub(crate) purposes: Bound<Vec<String>>,
    pub(crate) offence: Bound<OffenceRule>,
    /// Present where dual criminality must be declared.
    pub(crate) dual_criminality: Option<Bound<DualCriminality>>,
    pub(crate) senders: Bound<Vec<AuthorityKind>>,
    pub(crate) recipients: Bound<Vec<AuthorityKind>>,
    /// The members of each joint investigation team that opens it, sorted: it goes between two of one team. Empty where it is open to all.
    pub(crate) teams: Vec<Bound<Vec<AuthorityId>>>,
    pub(crate) classification_max: Option<Bound<Classification>>,
    /// Present where the request type discloses selectively: what may be disclosed at most.
    pub(crate) attributes: Option<Bound<Vec<Attribute>>>,
    /// What no query may ever name, whatever else is allowed; sorted.
    pub(crate) never: Vec<Attribute>,
    pub(crate) consent: Option<Bound<ConsentRule>>,
    /// Present where the request type is an emergency's.
    pub(crate) emergency: Option<Bound<EmergencyRule>>,
    /// Whether the requested authority may answer without a human; where not, who says so.
    pub(crate) automatic: Bound<bool>,
    /// Only the instrument says so, and nobody after it: what asks in one state would give in the other.
    pub(crate) spontaneous: bool,
    pub(crate) timers: Vec<Timer>,
    pub(crate) grounds: Vec<Ground>,
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) postponements: Vec<PostponementCode>,
    pub(crate) conditions: Vec<ConditionCode>,
    pub(crate) consult: Consult,
    /// Whether the requested party grants only by the order of a court.
    pub(crate) court_order: bool,
    /// Whether the requested party reviews only after its ministry was told.
    pub(crate) ministry_notice: bool,
    pub(crate) usage: UsageRule,
}

/// What must be declared of the offence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OffenceRule {
    pub(crate) declared: bool,
    /// The least maximum penalty. 0 where there is no threshold.
    pub(crate) min_max_penalty_months: u32,
}

/// That dual criminality must be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DualCriminality {
    /// Not for offences of the treaty's list with at least this maximum penalty.
    pub(crate) except_listed_months: Option<u32>,
}

/// That a holder must have agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConsentRule {
    /// The consent may be so many seconds old.
    pub(crate) max_age_s: u32,
}

/// What an emergency asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EmergencyRule {
    /// Whether the requested authority must call back before it grants anything.
    pub(crate) callback: bool,
    /// Within so many hours after it was granted the ordinary request must follow.
    pub(crate) expost_hours: Option<u32>,
}

/// What may be done with what was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsageRule {
    /// For the named proceeding only.
    pub(crate) specialty: bool,
    pub(crate) onward: Bound<Onward>,
    /// Which authorities of the requesting party may read it.
    pub(crate) readers: Bound<Vec<AuthorityKind>>,
    /// Destroyed or returned after so many days.
    pub(crate) retention_days: Option<Bound<u32>>,
}
