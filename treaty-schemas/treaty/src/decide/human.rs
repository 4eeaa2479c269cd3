use model::{MeasureScope, RecordType, Role};

use super::{At, Bench};
use crate::{Input, Outcome, Permit, provision::Provision};

impl<'a> Bench<'a> {
    /// What no machine decides: it is told, and left.
    pub(super) fn human(&mut self, at: At<'a>, provision: &'a Provision) {
        for judgement in &provision.judgements {
            let at = At { article: judgement.clause.as_ref().or(at.article), ..at };
            self.note("judgement", at, Input::Name(judgement.name.clone()), Outcome::Human);
        }
        for ground in provision.grounds.iter().filter(|ground| ground.mandatory) {
            self.note("ground", at, Input::Ground(ground.code), Outcome::Human);
        }
    }

    pub(super) fn permit(&self, scope: &MeasureScope, provision: &Provision, direction: usize) -> Permit {
        let languages = self.table.languages.get(direction).and_then(|by_kind| by_kind.get(&self.query.recipient));
        Permit {
            measure: scope.id,
            article: scope.article.clone(),
            request_type: scope.request_type.clone(),
            records: scope.records.clone(),
            compulsory: provision.compulsory,
            validators: validators(&scope.records, provision),
            max_subjects: provision.max_subjects.value,
            max_window_days: provision.max_window_days.as_ref().map(|days| days.value),
            max_bytes: provision.max_bytes.as_ref().map(|bytes| bytes.value),
            quotas: provision.quotas.iter().map(|quota| quota.value.clone()).collect(),
            team: self.team_of(provision),
            classification_max: provision.classification_max.as_ref().map(|mark| mark.value),
            attributes: scope.attributes.clone(),
            automatic: provision.automatic.value,
            spontaneous: provision.spontaneous,
            timers: provision.timers.clone(),
            grounds: provision.grounds.clone(),
            judgements: provision.judgements.clone(),
            postponements: provision.postponements.clone(),
            conditions: provision.conditions.clone(),
            consult: provision.consult,
            court_order: provision.court_order,
            ministry_notice: provision.ministry_notice,
            callback: provision.emergency.as_ref().is_some_and(|rule| rule.value.callback),
            expost_hours: provision.emergency.as_ref().and_then(|rule| rule.value.expost_hours),
            purposes: provision.purposes.value.clone(),
            specialty: provision.usage.specialty,
            onward: provision.usage.onward.value,
            readers: provision.usage.readers.value.clone(),
            retention_days: provision.usage.retention_days.as_ref().map(|days| days.value),
            dual_criminality: provision.dual_criminality.is_some(),
            languages: languages.cloned().unwrap_or_default(),
            verified: provision.verified,
            file: provision.by.file.clone(),
        }
    }
}

/// The roles that may validate all of `records` at once.
fn validators(records: &[RecordType], provision: &Provision) -> Vec<Role> {
    let mut needed = records
        .iter()
        .filter_map(|record| provision.records.get(record))
        .map(|roles| &roles.value)
        .filter(|roles| !roles.is_empty());
    let mut common = needed.next().cloned().unwrap_or_default();
    for roles in needed {
        common.retain(|role| roles.contains(role));
    }
    common
}
