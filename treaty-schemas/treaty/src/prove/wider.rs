//! Whether a new rule ever allows what the old one refused: for each bound that is wider, the request that only the new one allows.

use std::collections::BTreeSet;

use model::{AuthorityKind, Classification, PartyId};

use super::{
    Counterexample, Place, Prover, Witness, beyond_reach, claim::days, counterexample, in_words, witness::directed,
};
use crate::{
    Change, Decision, Effect, Field, Period, Rule, Used,
    change::{Difference, attributes, compare, directions, exceeded, exempt_from, languages, open, quota, teamed},
    provision::Provision,
};

impl Prover<'_> {
    pub(super) fn never_wider(&mut self, old: &Rule, new: &Rule) {
        for direction in directions(new, new) {
            let [_, requested] = direction;
            let (Some(now), was) = (new.table.place(requested), old.table.place(requested)) else { continue };
            for (article, kind, provision) in new.table.open(now) {
                if !self.looks_at(provision) {
                    return;
                }
                let before = was.and_then(|was| old.table.open_at(article, kind, was));
                if self.known.insert(None, provision, before) {
                    let place = Place { rule: new, direction, article, kind, provision };
                    self.found = self.wider_at(place, old).err();
                }
            }
            if self.found.is_none() {
                self.found = self.wider_languages(old, new, direction).err();
            }
        }
    }

    fn wider_at(&mut self, place: Place<'_>, old: &Rule) -> Result<(), Box<Counterexample>> {
        let Some(base) = Witness::of(place) else { return wider_beyond_reach(place, old) };
        let before = match open(&old.table, place.article, place.kind, place.direction) {
            Ok(before) => before,
            Err(why) => {
                let found = (Field::Availability, why, "possible".to_owned(), Effect::Widens);
                let (field, before, after, effect) = found;
                return Err(self.confirm(place, old, &base, Difference { field, before, after, effect }));
            }
        };
        let wider = compare(before, place.provision).into_iter().find(|found| found.effect.gives_more());
        if let Some(found) = wider {
            let witness = only_new(&found.field, before, place.provision, &base, place.rule);
            return Err(self.confirm(place, old, &witness.unwrap_or_else(|| base.clone()), found));
        }
        // The bounds say that it is no wider: the decisions must say so too.
        if self.decide(&base, place.rule).allowed() && !self.decide(&base, old).allowed() {
            let (field, effect) = (Field::Availability, Effect::Widens);
            let found = Difference { field, before: "refused".to_owned(), after: "possible".to_owned(), effect };
            return Err(self.confirm(place, old, &base, found));
        }
        Ok(())
    }

    fn wider_languages(&mut self, old: &Rule, new: &Rule, direction: [PartyId; 2]) -> Result<(), Box<Counterexample>> {
        let [_, requested] = direction;
        if old.table.place(requested) == new.table.place(requested) && old.table.languages == new.table.languages {
            return Ok(());
        }
        for found in languages(&old.table, &new.table, requested).into_iter().filter(|found| found.effect.gives_more())
        {
            let Field::Languages(kind) = found.field else { continue };
            let read = |rule: &Rule| {
                let place = rule.table.place(requested).and_then(|place| rule.table.languages.get(place));
                place.and_then(|by_kind| by_kind.get(&kind)).cloned().unwrap_or_default()
            };
            let (before, after) = (read(old), read(new));
            // A tag that is no language of anybody stands for any other, where any is read.
            let only =
                after.into_iter().find(|language| !before.contains(language)).unwrap_or_else(|| "mis".to_owned());
            let Some((place, mut witness)) = addressed(new, direction, kind) else { continue };
            witness.languages = Some(vec![only]);
            return Err(self.confirm(place, old, &witness, found));
        }
        Ok(())
    }

    /// Asks both rules; what comes out is a counterexample in any case, confirmed when the new one gives more.
    fn confirm(&mut self, place: Place<'_>, old: &Rule, witness: &Witness, found: Difference) -> Box<Counterexample> {
        let (after, before) = (self.decide(witness, place.rule), self.decide(witness, old));
        let confirmed = after.allowed() && (!before.allowed() || milder(&found.field, &before, &after));
        let change = change_at(place, found);
        Box::new(
            Counterexample {
                before: Some(in_words(&before)),
                confirmed,
                ..*counterexample(place, witness, &after, change.to_string())
            }
            .with(change),
        )
    }
}

/// Bounds that no request can reach are held against each other as they stand.
fn wider_beyond_reach(place: Place<'_>, old: &Rule) -> Result<(), Box<Counterexample>> {
    let found = match open(&old.table, place.article, place.kind, place.direction) {
        Ok(before) => compare(before, place.provision).into_iter().find(|found| found.effect.gives_more()),
        Err(before) => {
            let (field, after, effect) = (Field::Availability, "possible".to_owned(), Effect::Widens);
            Some(Difference { field, before, after, effect })
        }
    };
    let Some(found) = found else { return Ok(()) };
    let change = change_at(place, found);
    Err(Box::new(beyond_reach(place, change.to_string()).with(change)))
}

fn change_at(place: Place<'_>, found: Difference) -> Change {
    let [requesting, requested] = place.direction;
    let Difference { field, before, after, effect } = found;
    let (article, request_type) = (Some(place.article.clone()), Some(place.kind.clone()));
    Change { article, request_type, requesting, requested, field, before, after, effect }
}

impl Counterexample {
    fn with(self, change: Change) -> Self {
        Self { change: Some(change), ..self }
    }
}

/// Some request to an authority of this kind.
fn addressed(rule: &Rule, direction: [PartyId; 2], kind: AuthorityKind) -> Option<(Place<'_>, Witness)> {
    let provisions = rule.table.open(rule.table.place(direction[1])?).filter_map(|(article, request, provision)| {
        let place = Place { rule, direction, article, kind: request, provision };
        let mut witness = provision.recipients.value.contains(&kind).then(|| Witness::of(place)).flatten()?;
        witness.recipient = kind;
        Some((place, witness))
    });
    { provisions }.next()
}

/// `base` keeps every bound of `new`; changed so that it breaks this one bound of `old` and still none of `new`. `None` where `base`
/// does so already, or where no request can tell the two apart and only their permits do.
fn only_new(field: &Field, old: &Provision, new: &Provision, base: &Witness, rule: &Rule) -> Option<Witness> {
    let mut w = base.clone();
    match field {
        Field::Record(record) | Field::Validators(record) => {
            let roles = &new.records.get(record)?.value;
            let before = old.records.get(record).map_or(&[][..], |roles| &roles.value);
            w.scope.records = vec![record.clone()];
            w.validator = match &roles[..] {
                [] => None,
                roles => other(roles, before).or(roles.first().copied()),
            };
        }
        Field::Selectors => w.scope.selectors = vec![other(&new.selectors.value, &old.selectors.value)?],
        Field::Subjects => w = w.about(old.max_subjects.value.checked_add(1)?),
        Field::Window => {
            let most = old.max_window_days.as_ref()?.value;
            if new.max_window_days.is_some() {
                w.scope.window = Some(days(rule.on(), most.checked_add(1)?)?);
            }
        }
        Field::RequestsPerDay => w = beyond([old, new], Period::Day, 0, w)?,
        Field::RequestsPerMonth => w = beyond([old, new], Period::Month, 0, w)?,
        Field::RequestsPerYear => w = beyond([old, new], Period::Year, 0, w)?,
        Field::SubjectsPerDay => w = beyond([old, new], Period::Day, 1, w)?,
        Field::SubjectsPerMonth => w = beyond([old, new], Period::Month, 1, w)?,
        Field::SubjectsPerYear => w = beyond([old, new], Period::Year, 1, w)?,
        Field::Purposes => w.purpose = other(&new.purposes.value, &old.purposes.value)?,
        Field::Offence | Field::Threshold | Field::DualCriminality => offence(field, old, new, &mut w)?,
        Field::Senders => w.sender = other(&new.senders.value, &old.senders.value)?,
        Field::Recipients => w.recipient = other(&new.recipients.value, &old.recipients.value)?,
        // Where no team is asked for any more, the base names nobody, and the old rule refuses that.
        Field::Team => {
            let more = teamed(new).difference(&teamed(old)).next().copied()?;
            w.between = Some(directed(more, w.requested));
        }
        Field::Classification => {
            let before = old.classification_max.as_ref()?.value;
            w.classification =
                new.classification_max.as_ref().and(Classification::ALL.into_iter().find(|mark| *mark > before));
        }
        Field::Attributes => {
            let (before, after) = (attributes(old).unwrap_or_default(), attributes(new).unwrap_or_default());
            w.scope.attributes = other(&after, &before).into_iter().collect();
        }
        Field::Consent => {
            let most = old.consent.as_ref()?.value.max_age_s;
            w.consent_age_s = new.consent.as_ref().map(|_| i64::from(most) + 1);
        }
        _ => return None,
    }
    Some(w)
}

fn offence(field: &Field, old: &Provision, new: &Provision, w: &mut Witness) -> Option<()> {
    match (field, w.offence.as_mut()?) {
        (Field::Offence, _) => w.offence = None,
        (Field::Threshold, offence) => {
            offence.max_penalty_months = old.offence.value.min_max_penalty_months.checked_sub(1)?;
        }
        (_, offence) => {
            offence.dual_criminality = false;
            if new.dual_criminality.is_some() {
                offence.listed = true;
                offence.max_penalty_months = exempt_from(new)?.max(new.offence.value.min_max_penalty_months);
            }
        }
    }
    Some(())
}

/// The first that the new list has and the old one has not.
fn other<T: PartialEq + Clone>(new: &[T], old: &[T]) -> Option<T> {
    new.iter().find(|one| !old.contains(one)).cloned()
}

/// After counters that show one more than an old cap on requests (0) or subjects (1) that the new rule does not keep. What counts at
/// least as much shows as many; what counts something else shows no other request.
fn beyond([old, new]: [&Provision; 2], per: Period, of: usize, w: Witness) -> Option<Witness> {
    let (was, is) = (quota(old, per), quota(new, per));
    let (types, most) = exceeded(was.get(of)?, is.get(of)?)?;
    let more = most.checked_add(1)?;
    let own = w.scope.request_type.clone();
    let types: BTreeSet<_> = if types.is_empty() { BTreeSet::from([&own]) } else { types.iter().collect() };
    let mut used = Vec::new();
    for quota in [old, new].iter().flat_map(|provision| &provision.quotas).map(|quota| &quota.value) {
        let counted = quota.counted(&own);
        let all = quota.per == per && types.iter().all(|kind| counted.contains(kind));
        let [requests, subjects] = [0, 1].map(|at| if all && at == of { more } else { 1 });
        used.push(Used { counted: counted.to_vec(), per: quota.per, requests, subjects });
    }
    Some(w.after(used))
}

/// Whether what both allow is allowed under other terms now.
fn milder(field: &Field, before: &Decision, after: &Decision) -> bool {
    let (Some(old), Some(new)) = (before.permits.first(), after.permits.first()) else { return false };
    match field {
        Field::Bytes => old.max_bytes != new.max_bytes,
        Field::Compulsory => old.compulsory != new.compulsory,
        Field::Callback => old.callback != new.callback,
        Field::ExPost => old.expost_hours != new.expost_hours,
        Field::Automatic => old.automatic != new.automatic,
        Field::Spontaneous => old.spontaneous != new.spontaneous,
        Field::CourtOrder => old.court_order != new.court_order,
        Field::MinistryNotice => old.ministry_notice != new.ministry_notice,
        Field::Grounds => old.grounds != new.grounds,
        Field::Judgements => old.judgements != new.judgements,
        Field::Conditions => old.conditions != new.conditions,
        Field::Specialty => old.specialty != new.specialty,
        Field::Onward => old.onward != new.onward,
        Field::Readers => old.readers != new.readers,
        Field::Retention => old.retention_days != new.retention_days,
        _ => false,
    }
}
