use model::{MeasureScope, RefusalCode};

use super::{At, Bench, Failure, or_change};
use crate::{
    Input, Quota, Used,
    phrase::{List, Plural},
    provision::{Bound, Provision},
};

impl<'a> Bench<'a> {
    pub(super) fn purpose(&mut self, at: At<'a>, provision: &'a Provision) {
        let (asked, may) = (self.query.purpose, &provision.purposes);
        let known = asked.and_then(|asked| may.value.iter().find(|purpose| *purpose == asked));
        // A purpose that no file names is free text of the sender: it stays out of the trace.
        let (input, failure) = match (asked, known) {
            (_, Some(known)) => (Input::Name(known.clone()), None),
            (None, None) => (Input::Word("none"), Some((RefusalCode::R94, "no purpose is named"))),
            (Some(_), None) => {
                (Input::Word("another"), Some((RefusalCode::R92, "the treaty does not serve this purpose")))
            }
        };
        let failure = failure.map(|(code, reason)| Failure {
            code,
            field: "purpose",
            reason: reason.to_owned(),
            remedy: or_change(format_args!("name one of: {}", List(&may.value)), &may.by),
        });
        self.step("purpose", at.by(&may.by), input, failure);
    }

    pub(super) fn offence(&mut self, at: At<'a>, provision: &'a Provision) {
        let offence = self.query.offence;
        let rule = &provision.offence;
        // A threshold that could be passed by saying nothing would be none.
        let needed = rule.value.declared || rule.value.min_max_penalty_months > 0;
        let failure = (needed && offence.is_none()).then(|| Failure {
            code: RefusalCode::R94,
            field: "offence",
            reason: "the offence is not declared".to_owned(),
            remedy: "declare the maximum penalty, and whether it is an offence in both states".to_owned(),
        });
        let input = Input::Word(if offence.is_some() { "declared" } else { "none" });
        self.step("offence", at.by(&rule.by), input, failure);
    }

    pub(super) fn gravity(&mut self, at: At<'a>, provision: &'a Provision) {
        let (offence, rule) = (self.query.offence, &provision.offence);
        let (months, least) =
            (offence.map_or(0, |offence| offence.max_penalty_months), rule.value.min_max_penalty_months);
        let failure = (offence.is_some() && months < least).then(|| Failure {
            code: RefusalCode::R92,
            field: "offence.max_penalty_months",
            reason: format!("a maximum penalty of {}, at least {least}", Plural(months, "month")),
            remedy: or_change("this request type is for graver offences, ask by another", &rule.by),
        });
        self.step("gravity", at.by(&rule.by), Input::Count(months, "month"), failure);
    }

    pub(super) fn dual_criminality(&mut self, at: At<'a>, provision: &'a Provision) {
        let offence = self.query.offence;
        let declared = offence.is_some_and(|offence| offence.dual_criminality);
        let Some(rule) = &provision.dual_criminality else {
            self.step("dual_criminality", at, Input::Word(if declared { "declared" } else { "not declared" }), None);
            return;
        };
        let listed = offence.zip(rule.value.except_listed_months);
        let exempt = listed.is_some_and(|(offence, months)| offence.listed && offence.max_penalty_months >= months);
        let input = Input::Word(match (declared, exempt) {
            (true, _) => "declared",
            (false, true) => "listed",
            (false, false) => "not declared",
        });
        let failure = (!declared && !exempt).then(|| Failure {
            code: RefusalCode::R94,
            field: "offence.dual_criminality",
            reason: "dual criminality is not declared".to_owned(),
            remedy: or_change("declare that the conduct is an offence in both states, if it is", &rule.by),
        });
        self.step("dual_criminality", at.by(&rule.by), input, failure);
    }

    pub(super) fn classification(&mut self, at: At<'a>, provision: &'a Provision) {
        let marked = self.query.classification;
        let input = marked.map_or(Input::Word("none"), Input::Mark);
        let Some(most) = &provision.classification_max else {
            self.step("classification", at, input, None);
            return;
        };
        let highest = most.value.as_str();
        let reason = match marked {
            None => Some("it is not marked".to_owned()),
            Some(mark) if mark > most.value => Some(format!("it is marked {}, at most {highest}", mark.as_str())),
            Some(_) => None,
        };
        let failure = reason.map(|reason| Failure {
            code: RefusalCode::R94,
            field: "declared.classification",
            reason,
            remedy: or_change(format_args!("mark it {highest} or lower, or send it by another channel"), &most.by),
        });
        self.step("classification", at.by(&most.by), input, failure);
    }

    pub(super) fn emergency(&mut self, at: At<'a>, provision: &'a Provision) {
        let rule = provision.emergency.as_ref();
        let by = rule.map_or(&provision.by, |rule| &rule.by);
        let failure = match (self.query.emergency, rule) {
            (true, None) => Some((
                RefusalCode::R92,
                "it is declared an emergency, and the article has no way for emergencies",
                "ask under an article for emergencies, or withdraw the declaration",
            )),
            (false, Some(_)) => Some((
                RefusalCode::R94,
                "the article is for emergencies, and none is declared",
                "declare the imminent danger, if there is one, or ask by the ordinary way",
            )),
            _ => None,
        };
        let failure = failure.map(|(code, reason, remedy)| Failure {
            code,
            field: "declared.emergency",
            reason: reason.to_owned(),
            remedy: or_change(remedy, by),
        });
        let input = Input::Word(if self.query.emergency { "declared" } else { "not declared" });
        self.step("emergency", at.by(by), input, failure);
    }

    pub(super) fn consent(&mut self, at: At<'a>, provision: &'a Provision) {
        let Some(rule) = &provision.consent else { return };
        let age_ms = self.query.consent.map(|consent| self.query.at.0.saturating_sub(consent.given.0));
        let most_s = rule.value.max_age_s;
        let reason = match age_ms {
            None => Some("the holder's consent is missing".to_owned()),
            Some(age) if age < 0 => Some("the holder's consent is given later than the request".to_owned()),
            Some(age) if age > i64::from(most_s) * 1000 => {
                Some(format!("the holder's consent is older than {}", Plural(most_s, "second")))
            }
            Some(_) => None,
        };
        let failure = reason.map(|reason| Failure {
            code: RefusalCode::R94,
            field: "declared.consent",
            reason,
            remedy: or_change(format_args!("ask the holder again, at most {most_s} s before the request"), &rule.by),
        });
        self.step("consent", at.by(&rule.by), age_ms.map_or(Input::Word("none"), Input::Age), failure);
    }

    /// Whoever counts must have counted: a counter that is missing refuses.
    pub(super) fn quotas(&mut self, at: At<'a>, scope: &MeasureScope, provision: &'a Provision) {
        let Some(used) = self.query.used else { return };
        for quota in &provision.quotas {
            let types = quota.value.counted(&scope.request_type);
            let counted = used.iter().find(|one| one.counted == types && one.per == quota.value.per);
            let input = counted.map_or(Input::Word("not counted"), |one| Input::Used {
                per: one.per,
                requests: one.requests,
                subjects: one.subjects,
            });
            let failure = self.over(scope, quota, counted);
            self.step("quota", at.by(&quota.by), input, failure);
        }
    }

    fn over(&self, scope: &MeasureScope, quota: &Bound<Quota>, counted: Option<&Used>) -> Option<Failure> {
        let Bound { value: Quota { per, requests, subjects, .. }, by } = quota;
        let types = quota.value.counted(&scope.request_type);
        let kind = || if let [one] = types { one.to_string() } else { format!("{} together", List(types)) };
        let Some(counted) = counted else {
            let reason = format!("nobody has counted {} of this {}", kind(), per.as_str());
            let remedy = "the gateway must read its counters; this is a fault of the gateway".to_owned();
            return Some(Failure { code: RefusalCode::R91, field: "request_type", reason, remedy });
        };
        let (field, count, most) = if requests.is_some_and(|most| counted.requests > most) {
            ("request_type", Plural(counted.requests, "request"), *requests)
        } else if subjects.is_some_and(|most| counted.subjects > most) {
            ("subjects", Plural(counted.subjects, "distinct subject"), *subjects)
        } else {
            return None;
        };
        let most = most.unwrap_or_default();
        let anew = per.ends(self.query.at).map_or_else(|| "never".to_owned(), |day| format!("on {day}"));
        let reason =
            format!("{count} of {} in this {}, at most {most}; the counter begins anew {anew}", kind(), per.as_str());
        let remedy = or_change("wait until the counter begins anew", by);
        Some(Failure { code: RefusalCode::R91, field, reason, remedy })
    }
}
