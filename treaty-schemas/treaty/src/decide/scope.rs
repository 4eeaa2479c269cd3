use std::collections::BTreeSet;

use model::{
    MeasureScope, RecordType, RefusalCode,
    limits::{SCOPE_ITEMS_MAX, TAGS_MAX},
};

use super::{At, Bench, Failure, or_change};
use crate::{
    Input,
    phrase::{List, Plural},
    provision::Provision,
};

impl<'a> Bench<'a> {
    pub(super) fn records(&mut self, at: At<'a>, scope: &MeasureScope, provision: &'a Provision) {
        for (_, obstacle) in provision.withheld.iter().filter(|(record, _)| scope.records.contains(record)) {
            let failure = Failure {
                code: RefusalCode::R92,
                field: "records",
                reason: obstacle.reason.clone(),
                remedy: obstacle.remedy.clone(),
            };
            let at = At { file: &obstacle.file, owner: obstacle.owner, ..at };
            self.step("records", at, Input::Records(first(&scope.records)), Some(failure));
        }
        let known = |record: &RecordType| {
            provision.records.contains_key(record) || provision.withheld.iter().any(|(withheld, _)| withheld == record)
        };
        let denied = scope.records.iter().filter(|record| !known(record));
        let reason = if scope.records.is_empty() {
            Some("it asks for no record type".to_owned())
        } else if scope.records.len() > SCOPE_ITEMS_MAX {
            Some(format!("{} record types, at most {SCOPE_ITEMS_MAX}", scope.records.len()))
        } else if denied.clone().next().is_some() {
            Some(format!("{} does not give {}", scope.request_type, List(denied)))
        } else {
            None
        };
        // What is withheld was told above.
        if reason.is_none() && scope.records.iter().any(|record| !provision.records.contains_key(record)) {
            return;
        }
        let failure = reason.map(|reason| Failure {
            code: RefusalCode::R94,
            field: "records",
            reason,
            remedy: or_change(format_args!("choose out of: {}", List(provision.records.keys())), &provision.by),
        });
        self.step("records", at, Input::Records(first(&scope.records)), failure);
    }

    pub(super) fn selectors(&mut self, at: At<'a>, scope: &MeasureScope, provision: &'a Provision) {
        let may = &provision.selectors;
        let denied = scope.selectors.iter().filter(|selector| !may.value.contains(selector)).map(|kind| kind.as_str());
        let reason = if scope.selectors.is_empty() {
            Some("it names no kind of selector, so it is not specific".to_owned())
        } else if scope.selectors.len() > SCOPE_ITEMS_MAX {
            Some(format!("{} kinds of selectors, at most {SCOPE_ITEMS_MAX}", scope.selectors.len()))
        } else if denied.clone().next().is_some() {
            Some(format!("{} cannot be asked by {}", scope.request_type, List(denied)))
        } else {
            None
        };
        let kinds = may.value.iter().map(|kind| kind.as_str());
        let failure = reason.map(|reason| Failure {
            code: RefusalCode::R90,
            field: "selectors",
            reason,
            remedy: or_change(format_args!("name each subject by one of: {}", List(kinds)), &may.by),
        });
        self.step("selectors", at.by(&may.by), Input::Selectors(first(&scope.selectors)), failure);
    }

    pub(super) fn subjects(&mut self, at: At<'a>, scope: &MeasureScope, provision: &'a Provision) {
        let (asked, most) = (scope.subjects, provision.max_subjects.value);
        let by = &provision.max_subjects.by;
        let failure = (asked == 0 || asked > most).then(|| Failure {
            code: RefusalCode::R90,
            field: "subjects",
            reason: format!("{}, at most {most}", Plural(asked, "subject")),
            remedy: or_change(format_args!("name 1 to {most}"), by),
        });
        self.step("subjects", at.by(by), Input::Count(asked, "subject"), failure);
    }

    pub(super) fn window(&mut self, at: At<'a>, scope: &MeasureScope, provision: &'a Provision) {
        let most = provision.max_window_days.as_ref();
        let by = most.map_or(&provision.by, |most| &most.by);
        let reason = match (scope.window, most.map(|days| days.value)) {
            (None, Some(_)) => Some("it has no window of time".to_owned()),
            (Some(window), _) if window.from > window.to => Some("its window ends before it begins".to_owned()),
            (Some(window), Some(most)) if window.days() == 0 || window.days() > most => {
                Some(format!("{}, at most {most}", Plural(window.days(), "day")))
            }
            (Some(_), None) => Some(format!("{} has no window of time", scope.request_type)),
            _ => None,
        };
        let failure = reason.map(|reason| Failure {
            code: RefusalCode::R90,
            field: "window",
            reason,
            remedy: match most {
                Some(most) => or_change(format_args!("ask for 1 to {} days", most.value), by),
                None => or_change("leave the window out", by),
            },
        });
        let input = scope.window.map_or(Input::Word("none"), |window| Input::Count(window.days(), "day"));
        self.step("window", at.by(by), input, failure);
    }

    /// Selective disclosure: what is to be disclosed is named, one by one.
    pub(super) fn attributes(&mut self, at: At<'a>, scope: &MeasureScope, provision: &'a Provision) {
        let asked = &scope.attributes;
        let may = provision.attributes.as_ref();
        if asked.is_empty() && may.is_none() {
            return;
        }
        let by = may.map_or(&provision.by, |may| &may.by);
        let never = asked.iter().filter(|attribute| provision.never.contains(attribute));
        let beyond = asked.iter().filter(|attribute| may.is_none_or(|may| !may.value.contains(attribute)));
        let (code, reason) = if never.clone().next().is_some() {
            (RefusalCode::R90, format!("never to be disclosed: {}", List(never)))
        } else if asked.len() > SCOPE_ITEMS_MAX {
            (RefusalCode::R94, format!("{} attributes, at most {SCOPE_ITEMS_MAX}", asked.len()))
        } else if may.is_none() {
            (RefusalCode::R94, format!("{} does not disclose single attributes", scope.request_type))
        } else if asked.is_empty() {
            (RefusalCode::R94, "it names no attribute".to_owned())
        } else if beyond.clone().next().is_some() {
            (RefusalCode::R94, format!("{} does not disclose {}", scope.request_type, List(beyond)))
        } else {
            self.step("attributes", at.by(by), Input::Attributes(first(asked)), None);
            return;
        };
        let remedy = match may {
            Some(may) => or_change(format_args!("choose out of: {}", List(&may.value)), by),
            None => or_change("name no attributes", by),
        };
        let failure = Failure { code, field: "attributes", reason, remedy };
        self.step("attributes", at.by(by), Input::Attributes(first(asked)), Some(failure));
    }

    /// Where distinct subjects are counted, each has a pseudonym of its own, all made with one key.
    pub(super) fn tags(&mut self, at: At<'a>, scope: &MeasureScope, provision: &'a Provision) {
        let Some(quota) = provision.quotas.iter().find(|quota| quota.value.subjects.is_some()) else { return };
        let count = u32::try_from(scope.tags.len()).unwrap_or(u32::MAX);
        let distinct = || scope.tags.iter().collect::<BTreeSet<_>>().len();
        let reason = if scope.tags.len() > TAGS_MAX {
            Some(format!("{count} subject tags, at most {TAGS_MAX}"))
        } else if count != scope.subjects {
            Some(format!("{} and {}", Plural(count, "subject tag"), Plural(scope.subjects, "subject")))
        } else if distinct() != scope.tags.len() {
            Some("two subjects have the same tag".to_owned())
        } else if self.query.tag_key.is_none() {
            Some("nobody says which key made the subject tags".to_owned())
        } else {
            None
        };
        let failure = reason.map(|reason| Failure {
            code: RefusalCode::R94,
            field: "tags",
            reason,
            remedy: or_change("give each subject one tag, and name the key", &quota.by),
        });
        self.step("tags", at.by(&quota.by), Input::Count(count, "tag"), failure);
    }
}

/// As many as a well-formed scope has at most.
fn first<T: Clone>(items: &[T]) -> Vec<T> {
    items.iter().take(SCOPE_ITEMS_MAX).cloned().collect()
}
