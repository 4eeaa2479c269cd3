use model::{ArticleRef, AuthorityId, Classification, ConditionCode, MeasureId, PostponementCode, RefusalCode, Role};
use serde::{Deserialize, Serialize};
use treaty::{Consult, Permit, Query, Rule, Timer, TimerKind, Unit};

use crate::{REVIEW_DAYS, answer::SILENCES, applicable};

/// What the treaty says of the answer to one measure. It is taken from the rule that both parties share when the request is sent,
/// and stays with the case: a rule that changes later changes nothing in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Whether the requested party must consult before it refuses [UNTOC 18(26)].
    pub consult: bool,
    /// Whether the requested party must call back over another channel before it grants anything [CETS 224 art. 9 and 10].
    pub callback: bool,
    /// Whether the requested party reviews it only after its ministry was told.
    #[serde(default)]
    pub ministry_notice: bool,
    /// Whether the requested party grants it only by the order of a court of its own.
    #[serde(default)]
    pub court_order: bool,
    /// Who may validate it; empty where nobody needs to.
    #[serde(default)]
    pub validators: Vec<Role>,
    /// On which grounds a human may refuse.
    pub grounds: Vec<RefusalCode>,
    /// For which reasons it may be postponed.
    pub postponements: Vec<PostponementCode>,
    /// Under which conditions it may be given; empty where the treaty leaves them to the requested party.
    pub conditions: Vec<ConditionCode>,
    /// All sealed bodies that answer it have together at most so many bytes.
    pub max_bytes: Option<u64>,
    /// The highest mark of what answers it.
    pub classification_max: Option<Classification>,
    /// For how long data is kept at least, where the measure asks for that.
    pub preservation: Option<Keeping>,
    /// The times that run for it, as [`applicable`] chose them.
    #[serde(default)]
    pub timers: Vec<Timer>,
    /// Whether it may be answered without a human.
    #[serde(default)]
    pub automatic: bool,
    /// Whether the request gives instead of asks [UNTOC 18(4)]: then the requested party keeps what is inside.
    #[serde(default)]
    pub gives: bool,
    /// Within how many hours an emergency must be validated after the fact.
    #[serde(default)]
    pub expost_hours: Option<u32>,
    /// The members of the joint team that opens it: nobody else is let into the case. Empty where it is open to all.
    #[serde(default)]
    pub team: Vec<AuthorityId>,
    /// For how many days what was released may be kept; `None` where the treaty leaves it to conditions and national law.
    #[serde(default)]
    pub retention_days: Option<u32>,
}

/// The time after which a side goes on without what it waits for, or takes up what it postponed, where the treaty sets none for it.
fn by_policy((kind, days): (TimerKind, i64)) -> Timer {
    let length = u32::try_from(days).unwrap_or(u32::MAX);
    Timer { kind, record: None, emergency: false, length, unit: Unit::Days, clause: None }
}

/// For how long data is preserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeping {
    /// Calendar days, the first included.
    pub days: u32,
    /// The clause that says so; `None` for a policy of the treaty file.
    pub clause: Option<ArticleRef>,
    /// By how many days it may be prolonged, each time.
    pub prolongation_days: Option<u32>,
}

impl Terms {
    /// The terms of each measure of a request, in its order, by what both parties share of the rule: no national layer is in them.
    /// Measures that the shared rule does not permit have none.
    pub fn of(rule: &Rule, query: &Query<'_>) -> Vec<(MeasureId, Self)> {
        let decision = rule.shared().decide(&Query { used: None, ..*query });
        let asked = |id: MeasureId| query.measures.iter().find(|scope| scope.id == id);
        let terms = decision.permits.iter().map(|permit| {
            let records = asked(permit.measure).map(|scope| scope.records.as_slice()).unwrap_or_default();
            (permit.measure, Self::granted(permit, applicable(&permit.timers, records, query.emergency)))
        });
        terms.collect()
    }

    fn granted(permit: &Permit, mut timers: Vec<Timer>) -> Self {
        if permit.spontaneous {
            // Nobody decides on it and nobody carries it out: it is acknowledged, kept and destroyed.
            timers.retain(|timer| {
                use TimerKind::{Ack, Delivery, Incident, Retention};
                matches!(timer.kind, Delivery | Ack | Retention | Incident)
            });
        } else {
            let silent = SILENCES.into_iter().chain([(TimerKind::Review, REVIEW_DAYS)]);
            let silent: Vec<_> = silent.filter(|(kind, _)| timers.iter().all(|timer| timer.kind != *kind)).collect();
            timers.extend(silent.into_iter().map(by_policy));
        }
        let days = |kind| permit.timers.iter().find(|timer| timer.kind == kind && timer.unit == Unit::Days);
        Self {
            consult: permit.consult == Consult::Required,
            callback: permit.callback,
            ministry_notice: permit.ministry_notice,
            court_order: permit.court_order,
            validators: permit.validators.clone(),
            grounds: permit.grounds.iter().map(|ground| ground.code).collect(),
            postponements: permit.postponements.clone(),
            conditions: permit.conditions.clone(),
            max_bytes: permit.max_bytes,
            classification_max: permit.classification_max,
            preservation: days(TimerKind::Preservation).map(|timer| Keeping {
                days: timer.length,
                clause: timer.clause.clone(),
                prolongation_days: days(TimerKind::Prolongation).map(|timer| timer.length),
            }),
            timers,
            automatic: permit.automatic,
            gives: permit.spontaneous,
            expost_hours: permit.expost_hours,
            team: permit.team.clone(),
            retention_days: permit.retention_days,
        }
    }
}
