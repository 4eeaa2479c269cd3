//! What holds for every request of a file that does not say otherwise.

use std::collections::BTreeMap;

use model::{
    ArticleRef, Attribute, AuthorityKind, Classification, ConditionCode, PostponementCode, RecordType, RefusalCode,
    RequestType, Role,
};

use super::{
    InstrumentKind,
    request::{DualCriminality, read_judgements, read_offence, read_quota, read_timers},
};
use crate::{
    Consult, Ground, Judgement, LastDay, Onward, Quota, Timer, TimerKind, Unit,
    provision::OffenceRule,
    source::{Count, Read, Report, Section, Slug, Spot, Value, known_record, named, word},
};

/// The head of a treaty file.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) purposes: Vec<Slug>,
    pub(crate) offence: OffenceRule,
    pub(crate) dual_criminality: DualCriminality,
    /// The clause under which a party declares that it asks for dual criminality in general.
    pub(crate) dual_criminality_clause: Option<ArticleRef>,
    /// Not for listed offences with at least this maximum penalty.
    pub(crate) except_listed_months: Option<u32>,
    pub(crate) validators: BTreeMap<RecordType, Vec<Role>>,
    pub(crate) timers: Vec<Timer>,
    /// Where the last day of a clock falls.
    pub(crate) last_day: LastDay,
    /// Optional and mandatory ones.
    pub(crate) grounds: Vec<Ground>,
    pub(crate) forbidden_grounds: Vec<&'static str>,
    pub(crate) reasons: bool,
    pub(crate) consult: Consult,
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) postponements: Vec<PostponementCode>,
    pub(crate) conditions: Vec<ConditionCode>,
    /// Of these request types, or of all; and whether one counter counts them all.
    pub(crate) quotas: Vec<(Vec<Spot<RequestType>>, bool, Quota)>,
    pub(crate) never: Vec<Attribute>,
    pub(crate) safeguards: Safeguards,
    /// The clauses that are named above, for the check that they are of this file.
    pub(crate) clauses: Vec<Spot<ArticleRef>>,
}

/// `[safeguards]`.
#[derive(Debug, Clone)]
pub(crate) struct Safeguards {
    pub(crate) specialty: bool,
    pub(crate) onward: Onward,
    pub(crate) readers: Vec<AuthorityKind>,
    pub(crate) retention_days: Option<u32>,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) classification_max: Option<Classification>,
    pub(crate) confidentiality: Option<&'static str>,
    pub(crate) returns: Option<&'static str>,
    pub(crate) incident_notice_hours: Option<u32>,
    pub(crate) rectification: bool,
    pub(crate) death_penalty_assurance: bool,
}

impl Default for Safeguards {
    fn default() -> Self {
        Self {
            specialty: false,
            onward: Onward::PriorAuthorisation,
            readers: vec![AuthorityKind::Central, AuthorityKind::Judicial, AuthorityKind::Executing],
            retention_days: None,
            max_bytes: None,
            classification_max: None,
            confidentiality: None,
            returns: None,
            incident_notice_hours: None,
            rectification: false,
            death_penalty_assurance: false,
        }
    }
}

/// One of the words of a key that decides nothing and is only shown.
struct Word<const N: usize>(&'static str);

/// What must not be a ground of refusal, whatever it is called.
const FORBIDDEN: [&str; 2] = ["bank_secrecy", "fiscal_only"];

impl PartialEq for Word<0> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Read for Word<0> {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &FORBIDDEN, |word| word).map(Self)
    }
}

impl Read for Word<1> {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &["on_request", "always"], |word| word).map(Self)
    }
}

impl Read for Word<2> {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &["on_request", "no"], |word| word).map(Self)
    }
}

/// Reads the head. What cannot be read is reported and left out, so that the requests can be looked at all the same.
///
/// In a memorandum, which compels nobody, silence means that nothing is asked of the offence and that no
/// ground is needed; elsewhere silence is a mistake.
pub(super) fn read<'s>(report: &mut Report<'s>, root: &mut Section<'_, 's>, kind: Option<InstrumentKind>) -> Common {
    let mut clauses = Vec::new();
    let purposes = root.filled(report, "purposes");
    let offence = root.table(report, "offence").map(|section| read_offence(report, section));
    let dual = root.table(report, "dual_criminality").map(|section| dual_criminality(report, section, &mut clauses));
    let validators = root.table(report, "validators");
    let validators = named(report, validators, |report, record: &RecordType, span, value| {
        known_record(report, span, record.clone());
        Some(Vec::<Role>::read(report, value).unwrap_or_default())
    });
    let timers = read_timers(report, root, &mut clauses);
    let last_day = root.may(report, "last_day").unwrap_or(LastDay::AsItFalls);
    let refusal = root.table(report, "refusal").map(|section| refusal(report, section));
    let judgements = read_judgements(report, root, "judgement", &mut clauses);
    let (postponements, conditions) = root.table(report, "answer").map_or_else(Default::default, |mut section| {
        let answer = (section.list(report, "postponements"), section.list(report, "conditions"));
        section.end(report);
        answer
    });
    let quotas = root.tables(report, "quota").into_iter().filter_map(|mut section| {
        let requests = section.list(report, "requests");
        let together = section.flag(report, "together");
        Some((requests, together, read_quota(report, section)?))
    });
    let quotas = quotas.collect();
    let never = root.table(report, "attributes").map_or_else(Vec::new, |mut section| {
        let never = section.list(report, "never");
        section.end(report);
        never
    });
    let safeguards = root.table(report, "safeguards").map(|section| safeguards(report, section));
    for key in ["offence", "dual_criminality", "refusal", "safeguards"] {
        let said = root.has(key) || (kind == Some(InstrumentKind::Memorandum) && key != "safeguards");
        if !said {
            report.wrong(0..0, format!("the file has no [{key}]"));
        }
    }
    let silent = OffenceRule { declared: false, min_max_penalty_months: 0 };
    let (dual_criminality, clause, listed) = dual.flatten().unwrap_or((DualCriminality::Never, None, None));
    let refusal = refusal.flatten().unwrap_or_default();
    let safeguards = safeguards.flatten().unwrap_or_default();
    let mut timers = last_day.of(timers.unwrap_or_default());
    if let Some(hours) = safeguards.incident_notice_hours {
        let (kind, unit) = (TimerKind::Incident, Unit::Hours);
        timers.push(Timer { kind, record: None, emergency: false, length: hours, unit, clause: None });
    }
    Common {
        purposes: purposes.unwrap_or_default(),
        offence: offence.flatten().unwrap_or(silent),
        dual_criminality,
        dual_criminality_clause: clause,
        except_listed_months: listed,
        validators,
        timers,
        last_day,
        grounds: refusal.grounds,
        forbidden_grounds: refusal.forbidden,
        reasons: refusal.reasons,
        consult: refusal.consult,
        judgements: judgements.unwrap_or_default(),
        postponements,
        conditions,
        quotas,
        never,
        safeguards,
        clauses,
    }
}

type Dual = (DualCriminality, Option<ArticleRef>, Option<u32>);

fn dual_criminality<'s>(
    report: &mut Report<'s>,
    mut section: Section<'_, 's>,
    clauses: &mut Vec<Spot<ArticleRef>>,
) -> Option<Dual> {
    let default = section.must(report, "default");
    let clause: Option<Spot<ArticleRef>> = section.may(report, "clause");
    let listed = section.may(report, "except_listed_months");
    section.end(report);
    clauses.extend(clause.clone());
    Some((default?, clause.map(|clause| clause.value), listed))
}

/// `[refusal]`.
struct Refusals {
    grounds: Vec<Ground>,
    forbidden: Vec<&'static str>,
    reasons: bool,
    consult: Consult,
}

impl Default for Refusals {
    fn default() -> Self {
        Self { grounds: Vec::new(), forbidden: Vec::new(), reasons: false, consult: Consult::No }
    }
}

fn refusal<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Refusals> {
    let optional = section.must::<Vec<RefusalCode>>(report, "grounds");
    let mandatory = section.list::<Spot<RefusalCode>>(report, "mandatory");
    let consult = section.must(report, "consult_before");
    let reasons = section.flag(report, "reasons");
    let forbidden = section.list::<Word<0>>(report, "forbidden");
    section.end(report);
    let grounds = grounds(report, &optional?, &mandatory);
    let forbidden = forbidden.into_iter().map(|Word(word)| word).collect();
    Some(Refusals { grounds, forbidden, reasons, consult: consult? })
}

/// Both lists as one; a ground that must be used is not one that may be.
pub(super) fn grounds(
    report: &mut Report<'_>,
    optional: &[RefusalCode],
    mandatory: &[Spot<RefusalCode>],
) -> Vec<Ground> {
    for code in mandatory.iter().filter(|code| optional.contains(&code.value)) {
        let message = format!("{} is among the optional `grounds` as well", code.value);
        report.found(code.place.says(message).with_help("leave it in one of the two lists"));
    }
    let optional = optional.iter().map(|code| Ground { code: *code, mandatory: false });
    let mandatory = mandatory.iter().map(|code| Ground { code: code.value, mandatory: true });
    let mut grounds: Vec<_> = optional.chain(mandatory).collect();
    grounds.sort();
    grounds
}

fn safeguards<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Safeguards> {
    let silent = Safeguards::default();
    let specialty = section.must(report, "specialty");
    let read = Safeguards {
        specialty: false,
        onward: section.may(report, "onward").unwrap_or(silent.onward),
        readers: section.may(report, "readers").unwrap_or(silent.readers),
        retention_days: section.may(report, "retention_days").map(|Count(days)| days),
        max_bytes: section.may(report, "max_bytes"),
        classification_max: section.may(report, "classification_max"),
        confidentiality: section.may(report, "confidentiality").map(|Word::<1>(word)| word),
        returns: section.may(report, "return").map(|Word::<2>(word)| word),
        incident_notice_hours: section.may(report, "incident_notice_hours"),
        rectification: section.flag(report, "rectification"),
        death_penalty_assurance: section.flag(report, "death_penalty_assurance"),
    };
    section.end(report);
    Some(Safeguards { specialty: specialty?, ..read })
}
