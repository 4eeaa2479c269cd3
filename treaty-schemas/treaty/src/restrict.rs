//! `[[restrict]]` of overlays and national files: what a later layer takes away. It never gives.

mod check;

use std::{collections::BTreeMap, sync::Arc};

use model::{
    ArticleRef, Attribute, AuthorityKind, Classification, PartyId, RecordType, RequestType, Role, SelectorKind,
};

use crate::{
    Consult, Onward, Quota,
    catalog::covers,
    instrument::read_quota,
    provision::{Basis, Bound, Bounds, ConsentRule, DualCriminality, EmergencyRule, OffenceRule, Provision},
    rule::{Clause, Obstacle},
    source::{Count, Place, Read, Report, Section, Slug, Spot, Value, known_record, named, word},
};

#[derive(Debug)]
pub(crate) struct Restriction {
    scope: Scope,
    pub(crate) place: Place,
    /// The basis, as people are told it.
    because: String,
    forbid: bool,
    limits: Limits,
}

/// What is touched: all that each list names; an empty list names everything.
#[derive(Debug)]
struct Scope {
    instruments: Vec<Spot<Slug>>,
    articles: Vec<Spot<ArticleRef>>,
    requests: Vec<Spot<RequestType>>,
    /// Only requests that are addressed to this party.
    to: Option<Spot<PartyId>>,
    /// Whose file it is, for a national layer.
    own: Option<PartyId>,
    direction: Option<Direction>,
    /// Only with these parties; empty: with every one.
    with: Vec<PartyId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Incoming,
    Outgoing,
}

impl Read for Direction {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &[Self::Incoming, Self::Outgoing], |direction| match direction {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        })
    }
}

type List<T> = Option<Spot<Vec<Spot<T>>>>;

#[derive(Debug)]
struct Limits {
    max_subjects: Option<Spot<u32>>,
    max_window_days: Option<Spot<u32>>,
    max_bytes: Option<Spot<u64>>,
    records: List<RecordType>,
    selectors: List<SelectorKind>,
    purposes: List<Slug>,
    senders: List<AuthorityKind>,
    recipients: List<AuthorityKind>,
    readers: List<AuthorityKind>,
    attributes: List<Attribute>,
    validators: BTreeMap<RecordType, Spot<Vec<Role>>>,
    min_max_penalty_months: Option<Spot<u32>>,
    dual_criminality: bool,
    classification_max: Option<Spot<Classification>>,
    retention_days: Option<Spot<Count>>,
    onward: Option<Spot<Onward>>,
    consult: Option<Spot<Consult>>,
    callback: Option<Spot<bool>>,
    consent_max_age_seconds: Option<Spot<u32>>,
    human_answers: Option<Spot<bool>>,
    /// And whether one counter counts all that is touched.
    quota: Option<(bool, Quota)>,
}

/// The keys of [`Limits`], and `forbid`.
const LIMITS: [&str; 22] = [
    "forbid",
    "max_subjects",
    "max_window_days",
    "max_bytes",
    "records",
    "selectors",
    "purposes",
    "senders",
    "recipients",
    "readers",
    "attributes",
    "validators",
    "min_max_penalty_months",
    "dual_criminality",
    "classification_max",
    "retention_days",
    "onward",
    "consult",
    "callback",
    "consent_max_age_seconds",
    "human_answers",
    "quota",
];

/// The [[restrict]]s of a file: a national one of `own`, or an overlay.
pub(crate) fn read<'s>(
    report: &mut Report<'s>,
    root: &mut Section<'_, 's>,
    own: Option<PartyId>,
) -> Option<Vec<Restriction>> {
    let sections = root.tables(report, "restrict");
    let read: Vec<_> = sections.into_iter().map(|section| restriction(report, section, own)).collect();
    read.into_iter().collect()
}

fn restriction<'s>(report: &mut Report<'s>, mut section: Section<'_, 's>, own: Option<PartyId>) -> Option<Restriction> {
    let place = report.place(section.span.clone());
    let scope = scope(report, &mut section, own);
    let forbid = flag(report, &mut section, "forbid");
    let limits = limits(report, &mut section);
    let because = section.must(report, "because");
    if LIMITS.iter().all(|key| !section.has(key)) {
        let help = "write `forbid = true`, or a limit such as `max_subjects = 5`";
        report.wrong_with_help(section.span.clone(), "[[restrict]] restricts nothing", help);
    }
    if forbid && LIMITS.iter().skip(1).any(|key| section.has(key)) {
        let message = "what is forbidden needs no other limit";
        report.wrong_with_help(section.span_of("forbid"), message, "write a [[restrict]] for each");
    }
    section.end(report);
    Some(Restriction { scope, place, because: because?, forbid, limits })
}

fn scope<'s>(report: &mut Report<'s>, section: &mut Section<'_, 's>, own: Option<PartyId>) -> Scope {
    let keys = ["instruments", "articles", "requests"];
    let all = section.flag(report, "all");
    let (mut to, mut direction, mut with) = (None, None, Vec::new());
    match own {
        None => to = section.may(report, "to"),
        Some(own) => {
            direction = section.may(report, "direction");
            let parties = section.list::<Spot<PartyId>>(report, "with");
            for party in parties.iter().filter(|party| party.value == own) {
                let help = "name the other party, or leave `with` out";
                report.found(party.place.says(format!("{own} has no treaty with itself")).with_help(help));
            }
            with = parties.into_iter().map(|party| party.value).collect();
        }
    }
    let elsewhere: &[_] = match own {
        None => &[
            ("direction", "write `to = \"<party>\"`, the party that is asked"),
            ("with", "an overlay has two parties already"),
        ],
        Some(_) => &[("to", "write `direction = \"outgoing\"` and `with = [\"<party>\"]`")],
    };
    for (key, help) in elsewhere {
        if section.value(key).is_some() {
            let layer = if own.is_some() { "a national file" } else { "an overlay" };
            report.wrong_with_help(section.span_of(key), format!("{layer} has no `{key}`"), *help);
        }
    }
    let said = keys.iter().any(|key| section.has(key));
    if said == all {
        let help = "write one of `instruments`, `articles`, `requests` at least, or `all = true`";
        let message = if all { "`all = true` beside a list says two things" } else { "[[restrict]] touches nothing" };
        report.wrong_with_help(section.span.clone(), message, help);
    }
    for key in keys.iter().filter(|key| section.has(key)) {
        if section.is_empty_list(key) {
            report.wrong_with_help(
                section.span_of(key),
                format!("`{key}` is empty"),
                "leave it out to touch every one",
            );
        }
    }
    Scope {
        instruments: section.list(report, "instruments"),
        articles: section.list(report, "articles"),
        requests: section.list(report, "requests"),
        to,
        own,
        direction,
        with,
    }
}

fn limits<'s>(report: &mut Report<'s>, section: &mut Section<'_, 's>) -> Limits {
    let validators = section.table(report, "validators");
    let validators = named(report, validators, |report, record: &RecordType, span, value| {
        known_record(report, span, record.clone())?;
        Spot::<Vec<Role>>::read(report, value)
    });
    Limits {
        max_subjects: section.may(report, "max_subjects"),
        max_window_days: section.may(report, "max_window_days"),
        max_bytes: section.may(report, "max_bytes"),
        records: list(report, section, "records"),
        selectors: list(report, section, "selectors"),
        purposes: list(report, section, "purposes"),
        senders: list(report, section, "senders"),
        recipients: list(report, section, "recipients"),
        readers: list(report, section, "readers"),
        attributes: list(report, section, "attributes"),
        validators,
        min_max_penalty_months: section.may(report, "min_max_penalty_months"),
        dual_criminality: flag(report, section, "dual_criminality"),
        classification_max: section.may(report, "classification_max"),
        retention_days: section.may(report, "retention_days"),
        onward: section.may(report, "onward"),
        consult: section.may(report, "consult"),
        callback: placed(report, section, "callback"),
        consent_max_age_seconds: section.may(report, "consent_max_age_seconds"),
        human_answers: placed(report, section, "human_answers"),
        quota: section.table(report, "quota").and_then(|mut section| {
            let together = section.flag(report, "together");
            Some((together, read_quota(report, section)?))
        }),
    }
}

/// A flag that restricts when it is true, and says nothing otherwise.
fn flag<'s>(report: &mut Report<'s>, section: &mut Section<'_, 's>, key: &'static str) -> bool {
    let flag = section.may::<bool>(report, key);
    if flag == Some(false) {
        let message =
            format!("`{key} = false` restricts nothing, and a layer cannot allow what an earlier one forbids");
        report.wrong_with_help(section.span_of(key), message, "leave it out");
    }
    flag == Some(true)
}

/// The same with its place, where it is true.
fn placed<'s>(report: &mut Report<'s>, section: &mut Section<'_, 's>, key: &'static str) -> Option<Spot<bool>> {
    flag(report, section, key).then(|| Spot { value: true, place: report.place(section.span_of(key)) })
}

/// A list that leaves something.
fn list<'s, T: Read + PartialEq>(report: &mut Report<'s>, section: &mut Section<'_, 's>, key: &'static str) -> List<T> {
    let list = section.may::<Spot<Vec<Spot<T>>>>(report, key);
    if list.as_ref().is_some_and(|list| list.value.is_empty()) {
        let message = format!("`{key}` is empty, so that nothing is left");
        report.wrong_with_help(section.span_of(key), message, "write `forbid = true` where that is meant");
    }
    list
}

impl Restriction {
    /// Reports a `to` that is none of the two.
    pub(crate) fn expect_party_of(&self, report: &mut Report<'_>, pair: &[PartyId; 2]) {
        if let Some(to) = self.scope.to.as_ref().filter(|to| !pair.contains(&to.value)) {
            let [a, b] = pair;
            report.found(to.place.says(format!("{} is neither {a} nor {b}", to.value)));
        }
    }

    /// Whether it concerns requests of this kind under this article.
    fn touches(&self, article: &ArticleRef, kind: &RequestType) -> bool {
        let Scope { instruments, articles, requests, .. } = &self.scope;
        let instrument = instruments.is_empty() || instruments.iter().any(|id| id.value.0 == article.instrument());
        let clause = articles.is_empty() || articles.iter().any(|one| covers(&one.value, article));
        instrument && clause && (requests.is_empty() || requests.iter().any(|one| one.value == *kind))
    }

    /// Whether it concerns requests that are addressed to `requested`, between it and `requesting`.
    fn directed(&self, requesting: PartyId, requested: PartyId) -> bool {
        let Scope { to, own, direction, with, .. } = &self.scope;
        let towards = to.as_ref().is_none_or(|to| to.value == requested);
        let incoming = own.is_none_or(|own| own == requested);
        let other = if incoming { requesting } else { requested };
        let national = match direction {
            None => true,
            Some(Direction::Incoming) => incoming,
            Some(Direction::Outgoing) => !incoming,
        };
        towards && national && (with.is_empty() || with.contains(&other))
    }

    /// Its quota as the rule of a pair has it, of whose table these are the clauses: what one counter counts is all that it touches.
    pub(crate) fn quota(&self, clauses: &BTreeMap<ArticleRef, Clause>) -> Option<Quota> {
        let (together, quota) = self.limits.quota.as_ref()?;
        let all =
            clauses.iter().flat_map(|(article, clause)| clause.provisions.keys().map(move |kind| (article, kind)));
        let touched = all.filter(|(article, kind)| *together && self.touches(article, kind));
        Some(quota.counting(touched.map(|(_, kind)| kind.clone())))
    }

    /// Tightens what may be asked of `requested` by `requesting` under an article, if it concerns it. Answers whether it
    /// does. `file` is where it stands, `quota` what [`quota`](Self::quota) says.
    pub(crate) fn apply(
        &self,
        kind: &RequestType,
        provision: &mut Provision,
        (requesting, requested): (PartyId, PartyId),
        file: &Arc<str>,
        quota: Option<&Quota>,
    ) -> bool {
        let by = Basis { file: file.clone(), article: provision.by.article.clone(), owner: self.scope.own };
        let concerns = self.touches(&by.article, kind) && self.directed(requesting, requested);
        if concerns && self.forbid {
            let whose = match self.scope.own {
                Some(own) => format!("{own} forbids"),
                None => format!("{requesting} and {requested} have excluded"),
            };
            let reason = format!("{whose} {kind} under {}: {}", by.article, self.because);
            provision.closed.push(self.obstacle(&by, reason));
        } else if concerns {
            self.tighten(provision, &by);
            provision.quotas.extend(quota.map(|quota| by.sets(quota.clone())));
        }
        concerns
    }

    fn obstacle(&self, by: &Basis, reason: String) -> Obstacle {
        let who = by.owner.map_or_else(|| "both parties".to_owned(), |own| own.to_string());
        let remedy = format!("ask under another article; only {who} can change {}", by.file);
        Obstacle { file: by.file.clone(), owner: by.owner, reason, remedy }
    }

    fn tighten(&self, provision: &mut Provision, by: &Basis) {
        let p: &mut Bounds = provision;
        let limits = &self.limits;
        cap(&mut p.max_subjects, limits.max_subjects.as_ref(), by);
        // A request type without a window does not get one: there is nothing to cap.
        if let Some(days) = &mut p.max_window_days {
            cap(days, limits.max_window_days.as_ref(), by);
        }
        cap_or_set(&mut p.max_bytes, limits.max_bytes.as_ref(), by);
        cap_or_set(&mut p.classification_max, limits.classification_max.as_ref(), by);
        let retention =
            limits.retention_days.as_ref().map(|days| Spot { value: days.value.0, place: days.place.clone() });
        cap_or_set(&mut p.usage.retention_days, retention.as_ref(), by);
        raise(&mut p.usage.onward, limits.onward.as_ref(), by);
        p.consult = p.consult.max(limits.consult.as_ref().map_or(Consult::No, |consult| consult.value));
        if let Some(months) = limits.min_max_penalty_months.as_ref().map(|months| months.value)
            && months > p.offence.value.min_max_penalty_months
        {
            p.offence = by.sets(OffenceRule { declared: true, min_max_penalty_months: months });
        }
        if limits.dual_criminality
            && p.dual_criminality.as_ref().is_none_or(|dual| dual.value.except_listed_months.is_some())
        {
            p.dual_criminality = Some(by.sets(DualCriminality { except_listed_months: None }));
        }
        if let Some(emergency) = p.emergency.as_mut().filter(|emergency| !emergency.value.callback)
            && limits.callback.is_some()
        {
            *emergency = by.sets(EmergencyRule { callback: true, ..emergency.value });
        }
        if let (Some(consent), Some(age)) = (&mut p.consent, &limits.consent_max_age_seconds)
            && age.value < consent.value.max_age_s
        {
            *consent = by.sets(ConsentRule { max_age_s: age.value });
        }
        // What somebody must validate, or weigh against two laws, a human answers.
        let weighed = limits.dual_criminality || !limits.validators.is_empty();
        if p.automatic.value && (limits.human_answers.is_some() || weighed) {
            p.automatic = by.sets(false);
        }
        for what in self.narrow(p, by) {
            let reason = format!("what the layers leave to {} has no {what} in common: {}", by.article, self.because);
            provision.closed.push(self.obstacle(by, reason));
        }
    }

    /// The limits that are lists. Answers those of which nothing is left: then the provision is closed.
    fn narrow(&self, p: &mut Bounds, by: &Basis) -> Vec<&'static str> {
        let limits = &self.limits;
        let mut emptied = Vec::new();
        if let Some(records) = &limits.records {
            let before = p.records.len();
            p.records.retain(|record, _| records.value.iter().any(|kept| kept.value == *record));
            if p.records.is_empty() && before > 0 {
                emptied.push("record type");
            }
        }
        for (record, roles) in &limits.validators {
            if let Some(bound) = p.records.get_mut(record) {
                let nobody_needed = bound.value.is_empty();
                let kept = |role: &&Role| nobody_needed || bound.value.contains(role);
                let mut kept: Vec<_> = roles.value.iter().filter(kept).copied().collect();
                kept.sort();
                if kept.is_empty() {
                    emptied.push("validator");
                } else if kept != bound.value {
                    *bound = by.sets(kept);
                }
            }
        }
        let mut intersected = |left: bool, what| {
            if !left {
                emptied.push(what);
            }
        };
        intersected(intersect(&mut p.selectors, limits.selectors.as_ref(), |a, b| a == b, by), "selector");
        intersected(intersect(&mut p.purposes, limits.purposes.as_ref(), |a, b| *a == b.0, by), "purpose");
        intersected(intersect(&mut p.senders, limits.senders.as_ref(), |a, b| a == b, by), "sending authority");
        // Where no authority is addressed at all, there is none to exclude.
        let addressed = !p.recipients.value.is_empty();
        let left = intersect(&mut p.recipients, limits.recipients.as_ref(), |a, b| a == b, by);
        intersected(left || !addressed, "receiving authority");
        intersected(intersect(&mut p.usage.readers, limits.readers.as_ref(), |a, b| a == b, by), "reader");
        if let Some(attributes) = &mut p.attributes {
            intersected(intersect(attributes, limits.attributes.as_ref(), |a, b| a == b, by), "attribute");
        }
        emptied
    }
}

fn cap<T: Copy + Ord>(bound: &mut Bound<T>, limit: Option<&Spot<T>>, by: &Basis) {
    if let Some(limit) = limit.filter(|limit| limit.value < bound.value) {
        *bound = by.sets(limit.value);
    }
}

fn cap_or_set<T: Copy + Ord>(bound: &mut Option<Bound<T>>, limit: Option<&Spot<T>>, by: &Basis) {
    match bound {
        Some(bound) => cap(bound, limit, by),
        None => *bound = limit.map(|limit| by.sets(limit.value)),
    }
}

fn raise<T: Copy + Ord>(bound: &mut Bound<T>, limit: Option<&Spot<T>>, by: &Basis) {
    if let Some(limit) = limit.filter(|limit| limit.value > bound.value) {
        *bound = by.sets(limit.value);
    }
}

/// Keeps what `limit` names. Answers whether something is left.
fn intersect<T: Clone, U>(
    bound: &mut Bound<Vec<T>>,
    limit: Option<&Spot<Vec<Spot<U>>>>,
    same: impl Fn(&T, &U) -> bool,
    by: &Basis,
) -> bool {
    let Some(limit) = limit else { return true };
    let kept = |item: &&T| limit.value.iter().any(|other| same(item, &other.value));
    let kept: Vec<_> = bound.value.iter().filter(kept).cloned().collect();
    let left = !kept.is_empty();
    if kept.len() < bound.value.len() {
        *bound = by.sets(kept);
    }
    left
}
