use std::collections::{BTreeMap, BTreeSet};

use model::{Attribute, AuthorityId, PartyId, RecordType, RequestType, Role};

use super::{Effect, Field};
use crate::{
    Bytes, Ground, Judgement, Period, Quota, Timer,
    phrase::{AnyOf, List},
    provision::{Bound, Bounds, DualCriminality, EmergencyRule, OffenceRule, Provision, UsageRule},
    rule::Table,
};

/// A bound that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) field: Field,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) effect: Effect,
}

/// Bound by bound. Both are taken apart by name, so that a bound that is added cannot be forgotten here.
pub(crate) fn compare(old: &Provision, new: &Provision) -> Vec<Difference> {
    let Bounds {
        by: _,
        records,
        compulsory,
        selectors,
        max_subjects,
        max_window_days,
        max_bytes,
        quotas: _,
        purposes,
        offence: _,
        dual_criminality: _,
        senders,
        recipients,
        teams: _,
        classification_max,
        attributes: _,
        never: _,
        consent,
        emergency: _,
        automatic,
        spontaneous,
        timers: _,
        grounds: _,
        judgements: _,
        postponements: _,
        conditions: _,
        consult: _,
        court_order: _,
        ministry_notice: _,
        usage: _,
    } = &**new;
    let mut found = Found(Vec::new());
    found.records(&old.records, records);
    found.flag(Field::Compulsory, old.compulsory, *compulsory, Effect::Widens);
    found.set(Field::Selectors, &old.selectors.value, &selectors.value, |kind| kind.as_str().to_owned());
    found.cap(Field::Subjects, Some(old.max_subjects.value), Some(max_subjects.value));
    found.window(value(&old.max_window_days), value(max_window_days));
    found.at_most(Field::Bytes, value(&old.max_bytes), value(max_bytes), |bytes| Bytes(bytes).to_string());
    found.quotas(old, new);
    found.set(Field::Purposes, &old.purposes.value, &purposes.value, Clone::clone);
    found.offence(old, new);
    found.set(Field::Senders, &old.senders.value, &senders.value, |kind| kind.as_str().to_owned());
    found.set(Field::Recipients, &old.recipients.value, &recipients.value, |kind| kind.as_str().to_owned());
    found.teams(old, new);
    found.at_most(Field::Classification, value(&old.classification_max), value(classification_max), |m| {
        m.as_str().to_owned()
    });
    found.attributes(old, new);
    let age = |rule: &Option<Bound<crate::provision::ConsentRule>>| value(rule).map(|rule| rule.max_age_s);
    found.cap(Field::Consent, age(&old.consent), age(consent));
    found.emergency(value(&old.emergency), value(&new.emergency));
    found.flag(Field::Automatic, old.automatic.value, automatic.value, Effect::Widens);
    found.spontaneous(old.spontaneous, *spontaneous);
    found.humans(old, new);
    found.usage(&old.usage, &new.usage);
    found.0
}

/// What the authorities of `requested` read, by kind.
pub(crate) fn languages(old: &Table, new: &Table, requested: PartyId) -> Vec<Difference> {
    let of = |table: &Table| {
        table.place(requested).and_then(|place| table.languages.get(place)).cloned().unwrap_or_default()
    };
    let (old, new) = (of(old), of(new));
    let mut found = Found(Vec::new());
    for kind in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let read = |map: &BTreeMap<_, Vec<String>>| map.get(kind).cloned().unwrap_or_default();
        found.free_when_empty(Field::Languages(*kind), &read(&old), &read(&new), Clone::clone);
    }
    found.0
}

/// The strictest cap of each counter, by the request types that it counts together; none where it counts one by itself.
pub(crate) type Caps<'a> = BTreeMap<&'a [RequestType], u32>;

/// The caps on requests and subjects in a period.
pub(crate) fn quota(provision: &Provision, per: Period) -> [Caps<'_>; 2] {
    let strictest = |cap: fn(&Quota) -> Option<u32>| {
        let mut caps = Caps::new();
        for quota in provision.quotas.iter().map(|quota| &quota.value).filter(|quota| quota.per == per) {
            if let Some(cap) = cap(quota) {
                caps.entry(&quota.together[..]).and_modify(|least| *least = cap.min(*least)).or_insert(cap);
            }
        }
        caps
    };
    [strictest(|quota| quota.requests), strictest(|quota| quota.subjects)]
}

/// The first of `caps` that `by` does not keep: a counter of the same request types or more must have the same cap or less.
pub(crate) fn exceeded<'a>(caps: &Caps<'a>, by: &Caps<'_>) -> Option<(&'a [RequestType], u32)> {
    let kept = |types: &[RequestType], most: u32| {
        by.iter().any(|(counted, cap)| *cap <= most && types.iter().all(|kind| counted.contains(kind)))
    };
    caps.iter().map(|(types, most)| (*types, *most)).find(|(types, most)| !kept(types, *most))
}

/// What may be disclosed after all: never what is never disclosed.
pub(crate) fn attributes(provision: &Provision) -> Option<Vec<Attribute>> {
    let listed = provision.attributes.as_ref()?;
    Some(listed.value.iter().filter(|attribute| !provision.never.contains(attribute)).cloned().collect())
}

/// Who may ask whom as members of one joint team, each two in the order of their names. Empty where it is open to all.
pub(crate) fn teamed(provision: &Provision) -> BTreeSet<[&AuthorityId; 2]> {
    let two = |team: &'_ Bound<Vec<AuthorityId>>| -> Vec<[usize; 2]> {
        let of = |i: usize| team.value.get(i).map(AuthorityId::party);
        let all = 0..team.value.len();
        all.clone().flat_map(|a| all.clone().map(move |b| [a, b])).filter(|[a, b]| of(*a) < of(*b)).collect()
    };
    provision
        .teams
        .iter()
        .flat_map(|team| two(team).into_iter().filter_map(|[a, b]| Some([team.value.get(a)?, team.value.get(b)?])))
        .collect()
}

/// Whether a request that declares no offence is refused, whatever of dual criminality.
pub(crate) fn offence_needed(offence: &OffenceRule) -> bool {
    offence.declared || offence.min_max_penalty_months > 0
}

/// The least maximum penalty from which dual criminality need not be declared: 0 for any, `None` for no penalty.
pub(crate) fn exempt_from(provision: &Provision) -> Option<u32> {
    match value(&provision.dual_criminality) {
        None => Some(0),
        Some(DualCriminality { except_listed_months }) => except_listed_months,
    }
}

fn value<T: Copy>(bound: &Option<Bound<T>>) -> Option<T> {
    bound.as_ref().map(|bound| bound.value)
}

struct Found(Vec<Difference>);

impl Found {
    fn push(&mut self, field: Field, before: String, after: String, effect: Effect) {
        if before != after {
            self.0.push(Difference { field, before, after, effect });
        }
    }

    /// `on_true` is what it does when it becomes true.
    /// What asked gives now, or the other way round: neither is less than the other.
    fn spontaneous(&mut self, old: bool, new: bool) {
        let word = |on: bool| if on { "yes" } else { "no" }.to_owned();
        self.push(Field::Spontaneous, word(old), word(new), Effect::Shifts);
    }

    fn flag(&mut self, field: Field, old: bool, new: bool, on_true: Effect) {
        let word = |on: bool| if on { "yes" } else { "no" }.to_owned();
        let on_false = if on_true == Effect::Widens { Effect::Narrows } else { Effect::Widens };
        self.push(field, word(old), word(new), if new { on_true } else { on_false });
    }

    /// No cap is more than any.
    fn cap<T: Ord + Copy + ToString>(&mut self, field: Field, old: Option<T>, new: Option<T>) {
        self.at_most(field, old, new, |cap| cap.to_string());
    }

    fn at_most<T: Ord + Copy>(&mut self, field: Field, old: Option<T>, new: Option<T>, word: impl Fn(T) -> String) {
        let more = match (old, new) {
            (Some(old), Some(new)) => new > old,
            (old, new) => old.is_some() && new.is_none(),
        };
        let words = |cap: Option<T>| cap.map_or_else(|| "no limit".to_owned(), |cap| format!("at most {}", word(cap)));
        self.push(field, words(old), words(new), if more { Effect::Widens } else { Effect::Narrows });
    }

    fn set<T: Ord>(&mut self, field: Field, old: &[T], new: &[T], word: impl Fn(&T) -> String) {
        let [before, after]: [BTreeSet<_>; 2] = [old.iter().collect(), new.iter().collect()];
        let effect = match (after.is_subset(&before), before.is_subset(&after)) {
            (true, _) => Effect::Narrows,
            (_, true) => Effect::Widens,
            _ => Effect::Shifts,
        };
        self.push(field, listed(before, &word), listed(after, &word), effect);
    }

    /// An empty list stands for everybody.
    fn free_when_empty<T: Ord>(&mut self, field: Field, old: &[T], new: &[T], word: impl Fn(&T) -> String) {
        match (old, new) {
            ([], [_, ..]) | ([_, ..], []) => {
                let words = |items: &[T]| if items.is_empty() { "any".to_owned() } else { listed(items, &word) };
                let effect = if new.is_empty() { Effect::Widens } else { Effect::Narrows };
                self.push(field, words(old), words(new), effect);
            }
            _ => self.set(field, old, new, word),
        }
    }

    fn teams(&mut self, old: &Provision, new: &Provision) {
        let words = |p: &Provision| {
            let teams: BTreeSet<_> = p.teams.iter().map(|team| List(&team.value).to_string()).collect();
            if teams.is_empty() { "anybody".to_owned() } else { AnyOf(teams).to_string() }
        };
        let (before, after) = (teamed(old), teamed(new));
        let effect = match (old.teams.is_empty(), new.teams.is_empty()) {
            (true, _) => Effect::Narrows,
            (_, true) => Effect::Widens,
            _ if after.is_subset(&before) => Effect::Narrows,
            _ if before.is_subset(&after) => Effect::Widens,
            _ => Effect::Shifts,
        };
        self.push(Field::Team, words(old), words(new), effect);
    }

    fn records(&mut self, old: &BTreeMap<RecordType, Bound<Vec<Role>>>, new: &BTreeMap<RecordType, Bound<Vec<Role>>>) {
        let roles = |roles: &Bound<Vec<Role>>| match &roles.value[..] {
            [] => "may be asked".to_owned(),
            roles => format!("may be asked, validated by a {}", AnyOf(roles.iter().map(|role| role.as_str()))),
        };
        let not = || "may not be asked".to_owned();
        for record in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            match (old.get(record), new.get(record)) {
                (Some(before), Some(after)) => {
                    let field = Field::Validators(record.clone());
                    self.free_when_empty(field, &before.value, &after.value, |role| role.as_str().to_owned());
                }
                (None, Some(after)) => self.push(Field::Record(record.clone()), not(), roles(after), Effect::Widens),
                (Some(before), None) => self.push(Field::Record(record.clone()), roles(before), not(), Effect::Narrows),
                (None, None) => {}
            }
        }
    }

    /// A request with a window is refused where there is none, and the other way round.
    fn window(&mut self, old: Option<u32>, new: Option<u32>) {
        match (old, new) {
            (Some(_), Some(_)) => self.cap(Field::Window, old, new),
            _ => {
                let words =
                    |cap: Option<u32>| cap.map_or_else(|| "no window".to_owned(), |cap| format!("at most {cap}"));
                self.push(Field::Window, words(old), words(new), Effect::Shifts);
            }
        }
    }

    fn quotas(&mut self, old: &Provision, new: &Provision) {
        use Field::{
            RequestsPerDay, RequestsPerMonth, RequestsPerYear, SubjectsPerDay, SubjectsPerMonth, SubjectsPerYear,
        };
        for (per, [of_requests, of_subjects]) in [
            (Period::Day, [RequestsPerDay, SubjectsPerDay]),
            (Period::Month, [RequestsPerMonth, SubjectsPerMonth]),
            (Period::Year, [RequestsPerYear, SubjectsPerYear]),
        ] {
            let ([old_requests, old_subjects], [new_requests, new_subjects]) = (quota(old, per), quota(new, per));
            self.caps(of_requests, &old_requests, &new_requests);
            self.caps(of_subjects, &old_subjects, &new_subjects);
        }
    }

    fn caps(&mut self, field: Field, old: &Caps<'_>, new: &Caps<'_>) {
        let word = |(types, most): (&&[RequestType], &u32)| match types {
            [] => format!("at most {most}"),
            types => format!("at most {most} of {} together", List(*types)),
        };
        let words = |caps: &Caps<'_>| match caps.is_empty() {
            true => "no limit".to_owned(),
            false => List(caps.iter().map(word)).to_string(),
        };
        let effect = match (exceeded(old, new), exceeded(new, old)) {
            (None, None) => Effect::Neutral,
            (None, Some(_)) => Effect::Narrows,
            (Some(_), None) => Effect::Widens,
            (Some(_), Some(_)) => Effect::Shifts,
        };
        self.push(field, words(old), words(new), effect);
    }

    fn offence(&mut self, old: &Provision, new: &Provision) {
        let needed = |p: &Provision| offence_needed(&p.offence.value);
        self.flag(Field::Offence, needed(old), needed(new), Effect::Narrows);
        // Who must declare dual criminality must declare the offence all the same.
        if let Some(last) =
            self.0.last_mut().filter(|last| last.field == Field::Offence && new.dual_criminality.is_some())
        {
            last.effect = Effect::Neutral;
        }
        let months = |p: &Provision| p.offence.value.min_max_penalty_months;
        let least = |months: u32| format!("at least {months}");
        let effect = if months(new) < months(old) { Effect::Widens } else { Effect::Narrows };
        self.push(Field::Threshold, least(months(old)), least(months(new)), effect);
        let words = |p: &Provision| match (&p.dual_criminality, exempt_from(p)) {
            (None, _) => "not needed".to_owned(),
            (Some(_), None) => "needed".to_owned(),
            (Some(_), Some(months)) => format!("needed, but for listed offences of at least {months} months"),
        };
        // Offences below the threshold cannot be asked for, so that an exemption of them gives nothing.
        let from = |p: &Provision| {
            exempt_from(p).map(|from| if p.dual_criminality.is_some() { from.max(months(new)) } else { 0 })
        };
        let strict = |p: &Provision| match (&p.dual_criminality, from(p)) {
            (None, _) => 0,
            (Some(_), Some(months)) => 1 + u64::from(months),
            (Some(_), None) => u64::MAX,
        };
        let effect = match strict(new).cmp(&strict(old)) {
            std::cmp::Ordering::Less => Effect::Widens,
            std::cmp::Ordering::Equal => Effect::Neutral,
            std::cmp::Ordering::Greater => Effect::Narrows,
        };
        self.push(Field::DualCriminality, words(old), words(new), effect);
    }

    fn attributes(&mut self, old: &Provision, new: &Provision) {
        let word = |attribute: &Attribute| attribute.to_string();
        match (attributes(old), attributes(new)) {
            (Some(before), Some(after)) => self.set(Field::Attributes, &before, &after, word),
            (before, after) => {
                let words = |list: Option<Vec<Attribute>>| {
                    list.map_or_else(|| "not by single attributes".to_owned(), |list| listed(&list, word))
                };
                self.push(Field::Attributes, words(before), words(after), Effect::Shifts);
            }
        }
        self.set(Field::Never, &old.never, &new.never, word);
        // What counts is what is left of the attributes, told above.
        if let Some(last) = self.0.last_mut().filter(|last| last.field == Field::Never) {
            last.effect = Effect::Neutral;
        }
    }

    fn emergency(&mut self, old: Option<EmergencyRule>, new: Option<EmergencyRule>) {
        match (old, new) {
            (Some(old), Some(new)) => {
                self.flag(Field::Callback, old.callback, new.callback, Effect::Narrows);
                self.cap(Field::ExPost, old.expost_hours, new.expost_hours);
            }
            (old, new) => {
                let word = |rule: Option<EmergencyRule>| if rule.is_some() { "only" } else { "no" }.to_owned();
                self.push(Field::Emergency, word(old), word(new), Effect::Shifts);
            }
        }
    }

    fn humans(&mut self, old: &Provision, new: &Provision) {
        let timers = |timers: &[Timer]| {
            let text = |timer: &Timer| if timer.is_legal() { timer.to_string() } else { format!("{timer} (policy)") };
            listed(timers.iter().collect::<BTreeSet<_>>(), text)
        };
        self.push(Field::Timers, timers(&old.timers), timers(&new.timers), Effect::Neutral);
        self.grounds(&old.grounds, &new.grounds);
        self.fewer_is_more(Field::Judgements, &old.judgements, &new.judgements, Judgement::to_string);
        let codes =
            |codes: &[model::PostponementCode]| listed(codes.iter().collect::<BTreeSet<_>>(), ToString::to_string);
        self.push(Field::Postponements, codes(&old.postponements), codes(&new.postponements), Effect::Neutral);
        self.fewer_is_more(Field::Conditions, &old.conditions, &new.conditions, ToString::to_string);
        let consult = |p: &Provision| p.consult.as_str().replace('_', " ");
        self.push(Field::Consult, consult(old), consult(new), Effect::Neutral);
        self.flag(Field::CourtOrder, old.court_order, new.court_order, Effect::Narrows);
        self.flag(Field::MinistryNotice, old.ministry_notice, new.ministry_notice, Effect::Narrows);
    }

    /// What is taken away here leaves more to be given.
    fn fewer_is_more<T: Ord>(&mut self, field: Field, old: &[T], new: &[T], word: impl Fn(&T) -> String) {
        let count = self.0.len();
        self.set(field, old, new, word);
        for found in &mut self.0[count..] {
            found.effect = opposite(found.effect);
        }
    }

    fn grounds(&mut self, old: &[Ground], new: &[Ground]) {
        let weight = |grounds: &[Ground]| {
            let mut weights = BTreeMap::new();
            for ground in grounds {
                let weight = weights.entry(ground.code).or_insert(0);
                *weight = (1 + u8::from(ground.mandatory)).max(*weight);
            }
            weights
        };
        let words = |grounds: &BTreeMap<model::RefusalCode, u8>| {
            listed(grounds, |(code, weight)| format!("{code} {}", if *weight > 1 { "must" } else { "may" }))
        };
        let (before, after) = (weight(old), weight(new));
        let less = |a: &BTreeMap<_, u8>, b: &BTreeMap<_, u8>| a.iter().any(|(code, weight)| b.get(code) < Some(weight));
        let effect = match (less(&before, &after), less(&after, &before)) {
            (true, true) => Effect::Shifts,
            (true, false) => Effect::Widens,
            _ => Effect::Narrows,
        };
        self.push(Field::Grounds, words(&before), words(&after), effect);
    }

    fn usage(&mut self, old: &UsageRule, new: &UsageRule) {
        let UsageRule { specialty, onward, readers, retention_days } = new;
        self.flag(Field::Specialty, old.specialty, *specialty, Effect::Narrows);
        let effect = if onward.value < old.onward.value { Effect::Widens } else { Effect::Narrows };
        let words = |onward: &Bound<crate::Onward>| onward.value.as_str().replace('_', " ");
        self.push(Field::Onward, words(&old.onward), words(onward), effect);
        self.set(Field::Readers, &old.readers.value, &readers.value, |kind| kind.as_str().to_owned());
        self.cap(Field::Retention, value(&old.retention_days), value(retention_days));
    }
}

fn opposite(effect: Effect) -> Effect {
    match effect {
        Effect::Widens => Effect::Narrows,
        Effect::Narrows => Effect::Widens,
        same => same,
    }
}

fn listed<T>(items: impl IntoIterator<Item = T>, word: impl Fn(T) -> String) -> String {
    let words: Vec<_> = items.into_iter().map(word).collect();
    if words.is_empty() { "none".to_owned() } else { List(words).to_string() }
}
