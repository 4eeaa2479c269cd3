//! `[request.…]`: what one request type allows. The same for each of its articles.

use std::collections::BTreeMap;

use model::{
    ArticleRef, Attribute, AuthorityKind, Classification, ConditionCode, PostponementCode, RecordType, RefusalCode,
    Role, SelectorKind,
};

use super::{
    automatic,
    common::{Common, grounds},
    spontaneous,
};
use crate::{
    Consult, Ground, Judgement, Onward, Period, Quota, Timer, TimerKind, Unit,
    provision::{ConsentRule, EmergencyRule, OffenceRule},
    source::{Count, Place, Read, Report, Section, Slug, Spot, Value, word},
};

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) articles: Vec<Spot<ArticleRef>>,
    /// What may be answered, and who may validate it, sorted; an empty list where nobody needs to.
    pub(crate) records: BTreeMap<RecordType, Vec<Role>>,
    pub(crate) compulsory: bool,
    /// Whether what is asked must be answered at all; for readers of the file only.
    pub(crate) binding: bool,
    pub(crate) senders: Vec<AuthorityKind>,
    pub(crate) recipients: Vec<AuthorityKind>,
    pub(crate) selectors: Vec<SelectorKind>,
    pub(crate) max_subjects: u32,
    pub(crate) max_window_days: Option<u32>,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) quota: Option<Quota>,
    pub(crate) purposes: Vec<Slug>,
    pub(crate) offence: OffenceRule,
    pub(crate) dual_criminality: DualCriminality,
    pub(crate) classification_max: Option<Classification>,
    pub(crate) attributes: Option<Vec<Attribute>>,
    pub(crate) never: Vec<Attribute>,
    pub(crate) consent: Option<ConsentRule>,
    pub(crate) emergency: Option<EmergencyRule>,
    pub(crate) requires_arrangement: bool,
    pub(crate) both_must_declare: bool,
    /// Whether an authority may answer it without a human, where both parties accept that.
    pub(crate) automatic: bool,
    /// Whether it gives instead of asks: the records go with it.
    pub(crate) spontaneous: bool,
    pub(crate) timers: Vec<Timer>,
    pub(crate) grounds: Vec<Ground>,
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) postponements: Vec<PostponementCode>,
    pub(crate) conditions: Vec<ConditionCode>,
    pub(crate) consult: Consult,
    pub(crate) onward: Onward,
    pub(crate) readers: Vec<AuthorityKind>,
    pub(crate) retention_days: Option<u32>,
    pub(crate) verified: bool,
    pub(crate) place: Place,
    /// The clauses that are named above, for the check that they are of this file.
    pub(super) clauses: Vec<Spot<ArticleRef>>,
}

/// Whether dual criminality must be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DualCriminality {
    Always,
    IfRequiredByRequested,
    Never,
}

impl Read for DualCriminality {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &[Self::Always, Self::IfRequiredByRequested, Self::Never], |word| match word {
            Self::Always => "always",
            Self::IfRequiredByRequested => "if_required_by_requested",
            Self::Never => "never",
        })
    }
}

pub(super) fn read<'s>(
    report: &mut Report<'s>,
    mut section: Section<'_, 's>,
    common: &Common,
    memorandum: bool,
) -> Option<Request> {
    let automatic_place = report.place(section.span_of("automatic"));
    let spontaneous_place = report.place(section.span_of("spontaneous"));
    let request = whole(report, &mut section, common, memorandum)?;
    if request.automatic {
        automatic::check(report, &automatic_place, &request);
    }
    if request.spontaneous {
        spontaneous::check(report, &spontaneous_place, &request);
    }
    Some(request)
}

fn whole<'s>(
    report: &mut Report<'s>,
    section: &mut Section<'_, 's>,
    common: &Common,
    memorandum: bool,
) -> Option<Request> {
    let place = report.place(section.span.clone());
    let mut clauses = Vec::new();
    let articles = section.filled(report, "articles");
    let records = records(report, section, &common.validators);
    let via = section.may::<Vec<AuthorityKind>>(report, "via").unwrap_or_else(|| vec![AuthorityKind::Central]);
    let to = section.may(report, "to").unwrap_or_else(|| via.clone());
    let selectors = section.filled(report, "selectors");
    let max_subjects = section.must(report, "max_subjects");
    let verified = section.must(report, "verified");
    let attributes = section.may::<Vec<Spot<Attribute>>>(report, "attributes");
    let offence = section.table(report, "offence").map(|section| read_offence(report, section));
    let timers = read_timers(report, section, &mut clauses);
    let judgements = read_judgements(report, section, "judgements", &mut clauses);
    let request = Request {
        articles: Vec::new(),
        records: BTreeMap::new(),
        compulsory: compulsory(report, section, memorandum),
        binding: section.may(report, "binding").unwrap_or(true),
        senders: sorted(via),
        recipients: sorted(to),
        selectors: Vec::new(),
        max_subjects: 0,
        max_window_days: section.may(report, "max_window_days"),
        max_bytes: section.may(report, "max_bytes").or(common.safeguards.max_bytes),
        quota: section.table(report, "quota").and_then(|section| read_quota(report, section)),
        purposes: sorted(section.may(report, "purposes").unwrap_or_else(|| common.purposes.clone())),
        offence: common.offence,
        dual_criminality: section.may(report, "dual_criminality").unwrap_or(common.dual_criminality),
        classification_max: section.may(report, "classification_max").or(common.safeguards.classification_max),
        attributes: None,
        never: never(report, section, common, attributes.as_deref().unwrap_or_default()),
        consent: section.table(report, "consent").and_then(|section| consent(report, section)),
        emergency: section.table(report, "emergency").and_then(|section| emergency(report, section)),
        requires_arrangement: section.flag(report, "requires_arrangement"),
        both_must_declare: section.flag(report, "both_must_declare"),
        automatic: section.flag(report, "automatic"),
        spontaneous: section.flag(report, "spontaneous"),
        timers: Vec::new(),
        grounds: own_grounds(report, section, common),
        judgements: Vec::new(),
        postponements: sorted(section.may(report, "postponements").unwrap_or_else(|| common.postponements.clone())),
        conditions: sorted(section.may(report, "conditions").unwrap_or_else(|| common.conditions.clone())),
        consult: section.may(report, "consult_before").unwrap_or(common.consult),
        onward: section.may(report, "onward").unwrap_or(common.safeguards.onward),
        readers: sorted(section.may(report, "readers").unwrap_or_else(|| common.safeguards.readers.clone())),
        retention_days: retention_days(report, section, common),
        verified: false,
        place,
        clauses,
    };
    section.end(report);
    Some(Request {
        articles: articles?,
        records: records?,
        selectors: sorted(selectors?),
        max_subjects: max_subjects?,
        verified: verified?,
        attributes: attributes.map(|list| sorted(list.into_iter().map(|attribute| attribute.value).collect())),
        offence: offence.unwrap_or(Some(common.offence))?,
        timers: merged(&common.timers, common.last_day.of(timers?)),
        judgements: sorted(judgements?.into_iter().chain(common.judgements.iter().cloned()).collect()),
        ..request
    })
}

fn retention_days<'s>(report: &mut Report<'s>, section: &mut Section<'_, 's>, common: &Common) -> Option<u32> {
    let own = section.may(report, "retention_days").map(|Count(days)| days);
    own.or(common.safeguards.retention_days)
}

pub(crate) fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list.dedup();
    list
}

fn compulsory(report: &mut Report<'_>, section: &mut Section<'_, '_>, memorandum: bool) -> bool {
    let compulsory = section.value("compulsory").and_then(|value| bool::read(report, value)).unwrap_or(true);
    if memorandum && compulsory {
        let message = format!("a memorandum compels nobody, and {} does not say so", section.name);
        report.wrong_with_help(section.span_of("compulsory"), message, "write `compulsory = false`");
    }
    compulsory
}

/// What may never be disclosed, whether the request or the file says so.
fn never(
    report: &mut Report<'_>,
    section: &mut Section<'_, '_>,
    common: &Common,
    allowed: &[Spot<Attribute>],
) -> Vec<Attribute> {
    let own = section.value("never").and_then(|value| Vec::<Attribute>::read(report, value)).unwrap_or_default();
    let never = sorted(own.into_iter().chain(common.never.iter().cloned()).collect());
    for attribute in allowed.iter().filter(|attribute| never.contains(&attribute.value)) {
        let message = format!("`{}` may never be disclosed, says `never`", attribute.value);
        report.found(attribute.place.says(message).with_help("delete it here"));
    }
    never
}

fn own_grounds<'s>(report: &mut Report<'s>, section: &mut Section<'_, 's>, common: &Common) -> Vec<Ground> {
    let optional = section.may::<Vec<RefusalCode>>(report, "grounds");
    let mandatory = section.may::<Vec<Spot<RefusalCode>>>(report, "mandatory");
    let of_file = |mandatory: bool| common.grounds.iter().copied().filter(move |ground| ground.mandatory == mandatory);
    let optional_codes: Vec<_> = match &optional {
        Some(optional) => optional.clone(),
        // What the request makes mandatory is no longer optional.
        None => {
            let codes = of_file(false).map(|ground| ground.code);
            let own = mandatory.as_deref().unwrap_or_default();
            codes.filter(|code| own.iter().all(|own| own.value != *code)).collect()
        }
    };
    let mut all = grounds(report, &optional_codes, mandatory.as_deref().unwrap_or_default());
    if mandatory.is_none() {
        all.retain(|ground| of_file(true).all(|of_file| of_file.code != ground.code));
        all.extend(of_file(true));
    }
    sorted(all)
}

pub(super) fn read_offence<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<OffenceRule> {
    let declared = section.must(report, "declared");
    let months = section.may::<u32>(report, "min_max_penalty_months");
    if declared == Some(false) && months.is_some() {
        report.wrong(section.span.clone(), "a threshold of penalty needs that the offence is declared");
    }
    section.end(report);
    Some(OffenceRule { declared: declared?, min_max_penalty_months: months.unwrap_or(0) })
}

fn consent<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<ConsentRule> {
    let max_age_s = section.must(report, "max_age_seconds");
    section.end(report);
    Some(ConsentRule { max_age_s: max_age_s? })
}

fn emergency<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<EmergencyRule> {
    let callback = section.must(report, "callback");
    let expost_hours = section.may(report, "expost_hours");
    section.end(report);
    Some(EmergencyRule { callback: callback?, expost_hours })
}

/// `{ per = "day", max_requests = …, max_subjects = … }`.
pub(crate) fn read_quota<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>) -> Option<Quota> {
    let per = section.must::<Period>(report, "per");
    let requests = section.may(report, "max_requests");
    let subjects = section.may(report, "max_subjects");
    if !section.has("max_requests") && !section.has("max_subjects") {
        let help = "write `max_requests = …`, `max_subjects = …`, or both";
        report.wrong_with_help(section.span.clone(), "this quota has no number", help);
    }
    section.end(report);
    Some(Quota { per: per?, requests, subjects, together: Vec::new() })
}

/// `[[timers]]`.
pub(super) fn read_timers<'s>(
    report: &mut Report<'s>,
    section: &mut Section<'_, 's>,
    clauses: &mut Vec<Spot<ArticleRef>>,
) -> Option<Vec<Timer>> {
    let mut timers: Vec<Timer> = Vec::new();
    let mut whole = true;
    for section in section.tables(report, "timers") {
        let span = section.span.clone();
        match timer(report, section, clauses) {
            Some(timer) if timers.iter().any(|other| same(other, &timer) && other.record == timer.record) => {
                let message = format!("the timer {} is set already", timer.kind.as_str());
                report.wrong_with_help(span, message, "delete one of the two, or say for which `record` each is");
            }
            Some(timer) => timers.push(timer),
            None => whole = false,
        }
    }
    whole.then_some(timers)
}

fn timer<'s>(
    report: &mut Report<'s>,
    mut section: Section<'_, 's>,
    clauses: &mut Vec<Spot<ArticleRef>>,
) -> Option<Timer> {
    let kind = section.must::<TimerKind>(report, "timer");
    let record = section.may(report, "record");
    let emergency = section.flag(report, "emergency");
    let lengths: [(&str, Unit, Option<u32>); 3] = [
        ("hours", Unit::Hours, section.may(report, "hours")),
        ("days", Unit::Days, section.may(report, "days")),
        ("working_days", Unit::WorkingDays, section.may(report, "working_days")),
    ];
    let said: Vec<_> = lengths.iter().filter(|(key, ..)| section.has(key)).collect();
    let clause: Option<Spot<ArticleRef>> = section.may(report, "clause");
    section.end(report);
    clauses.extend(clause.clone());
    match said[..] {
        [&(_, unit, length)] => {
            Some(Timer { kind: kind?, record, emergency, length: length?, unit, clause: clause.map(|c| c.value) })
        }
        _ => {
            let help = "write exactly one of `hours = …`, `days = …`, `working_days = …`";
            let message = if said.is_empty() { "this timer has no length" } else { "this timer counts in two units" };
            report.wrong_with_help(section.span.clone(), message, help);
            None
        }
    }
}

fn same(a: &Timer, b: &Timer) -> bool {
    a.kind == b.kind && a.emergency == b.emergency
}

/// The request's own timers, and those of the file for what it does not set itself.
fn merged(common: &[Timer], own: Vec<Timer>) -> Vec<Timer> {
    let kept = common.iter().filter(|timer| !own.iter().any(|own| same(own, timer))).cloned();
    sorted(kept.chain(own.iter().cloned()).collect())
}

/// `[[judgement]]` of a file, `judgements` of a request.
pub(super) fn read_judgements<'s>(
    report: &mut Report<'s>,
    section: &mut Section<'_, 's>,
    key: &'static str,
    clauses: &mut Vec<Spot<ArticleRef>>,
) -> Option<Vec<Judgement>> {
    let read = section.tables(report, key).into_iter().map(|mut section| {
        let name = section.must::<Slug>(report, "name");
        let clause: Option<Spot<ArticleRef>> = section.may(report, "clause");
        section.end(report);
        clauses.extend(clause.clone());
        Some(Judgement { name: name?.0, clause: clause.map(|clause| clause.value) })
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

/// Finds who validates each record type. Silence does not mean nobody.
fn records<'s>(
    report: &mut Report<'s>,
    section: &mut Section<'_, 's>,
    common: &BTreeMap<RecordType, Vec<Role>>,
) -> Option<BTreeMap<RecordType, Vec<Role>>> {
    let records = section.filled::<Spot<RecordType>>(report, "records");
    let own = section.may::<Vec<Role>>(report, "validators");
    let mut whole = Some(BTreeMap::new());
    for Spot { value: record, place } in records? {
        match (own.as_ref().or_else(|| common.get(&record)), &mut whole) {
            (Some(roles), Some(map)) => _ = map.insert(record, sorted(roles.clone())),
            (Some(_), None) => {}
            (None, _) => {
                let message = format!("[validators] does not say who validates `{record}`");
                let help = format!("write `{record} = [\"judge\"]`, or `{record} = []` where nobody needs to");
                report.found(place.says(message).with_help(help));
                whole = None;
            }
        }
    }
    whole
}
