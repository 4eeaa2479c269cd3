//! Whether a restriction restricts: each limit is held against what it touches.

use std::fmt::Display;

use super::{List, Restriction};
use crate::{
    Bytes, Diagnostic,
    given::Given,
    phrase::Plural,
    provision::{Bound, Provision},
    source::{Spot, suggestion},
};

impl Restriction {
    /// What is wrong when it is held against all that the instruments give.
    pub(crate) fn check(&self, all: &[&Given]) -> Vec<Diagnostic> {
        let mut wrong = self.unknown(all);
        if !wrong.is_empty() {
            return wrong;
        }
        let touched: Vec<_> = all.iter().copied().filter(|one| self.touches(&one.article, &one.kind)).collect();
        if touched.is_empty() {
            let help = "no article of the catalogue fits all of its lists at once; name fewer";
            wrong.push(self.place.says("[[restrict]] touches nothing").with_help(help));
            return wrong;
        }
        self.check_numbers(&touched, &mut wrong);
        self.check_words(&touched, &mut wrong);
        self.check_lists(&touched, &mut wrong);
        self.check_validators(&touched, &mut wrong);
        wrong
    }

    /// Names in the scope that nobody else knows.
    fn unknown(&self, all: &[&Given]) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        for id in &self.scope.instruments {
            if all.iter().all(|one| one.article.instrument() != id.value.0) {
                let known: Vec<_> = all.iter().map(|one| one.article.instrument()).collect();
                let message = format!("there is no instrument `{}`", id.value.0);
                wrong.push(id.place.says(message).with_help(suggestion(&id.value.0, &known)));
            }
        }
        for article in &self.scope.articles {
            if all.iter().all(|one| !crate::catalog::covers(&article.value, &one.article)) {
                let help = "name an article of a [request.…] of an instrument";
                wrong.push(article.place.says(format!("no request rests on {}", article.value)).with_help(help));
            }
        }
        for kind in &self.scope.requests {
            if all.iter().all(|one| one.kind != kind.value) {
                let known: Vec<_> = all.iter().map(|one| one.kind.as_str()).collect();
                let message = format!("no instrument has [request.{}]", kind.value);
                wrong.push(kind.place.says(message).with_help(suggestion(kind.value.as_str(), &known)));
            }
        }
        wrong
    }

    fn check_numbers(&self, touched: &[&Given], wrong: &mut Vec<Diagnostic>) {
        let limits = &self.limits;
        cap(
            touched,
            wrong,
            limits.max_subjects.as_ref(),
            |p| Some(&p.max_subjects),
            |n| format!("at most {}", Plural(n, "subject")),
        );
        let window = limits.max_window_days.as_ref();
        if needed(touched, wrong, window, |p| p.max_window_days.is_some(), "has a window of time") {
            cap(
                touched,
                wrong,
                window,
                |p| p.max_window_days.as_ref(),
                |n| format!("a window of at most {}", Plural(n, "day")),
            );
        }
        let bytes = limits.max_bytes.as_ref();
        cap(touched, wrong, bytes, |p| p.max_bytes.as_ref(), |n| format!("at most {} in answer", Bytes(n)));
        if let Some(days) = &limits.retention_days {
            let days = Spot { value: days.value.0, place: days.place.clone() };
            let words = |n| format!("a retention of at most {}", Plural(n, "day"));
            cap(touched, wrong, Some(&days), |p| p.usage.retention_days.as_ref(), words);
        }
        if let Some(months) = &limits.min_max_penalty_months {
            let least = |one: &Given| one.provision.offence.value.min_max_penalty_months;
            if let Some(one) = touched.iter().find(|one| months.value < least(one)) {
                let has = format!("a threshold of {}", Plural(least(one), "month"));
                let help = format!("a later layer may only restrict; write {} or more", least(one));
                wrong.push(widens(months, one, &has, help));
            }
        }
        let age = limits.consent_max_age_seconds.as_ref();
        if needed(touched, wrong, age, |p| p.consent.is_some(), "needs a holder's consent")
            && let Some(age) = age
        {
            let most = |one: &Given| one.provision.consent.as_ref().map(|consent| consent.value.max_age_s);
            let wider = touched.iter().find_map(|one| Some((one, most(one).filter(|most| age.value > *most)?)));
            if let Some((one, most)) = wider {
                let help = format!("a later layer may only restrict; write {most} or less");
                wrong.push(widens(age, one, &format!("a consent of at most {most} seconds"), help));
            }
        }
        needed(touched, wrong, limits.callback.as_ref(), |p| p.emergency.is_some(), "is for emergencies");
        let human = limits.human_answers.as_ref();
        needed(touched, wrong, human, |p| p.automatic.value, "may be answered automatically");
    }

    fn check_words(&self, touched: &[&Given], wrong: &mut Vec<Diagnostic>) {
        if let Some(mark) = &self.limits.classification_max {
            let most = |one: &Given| one.provision.classification_max.as_ref().map(|mark| mark.value);
            let wider = touched.iter().find_map(|one| Some((one, most(one).filter(|most| mark.value > *most)?)));
            if let Some((one, most)) = wider {
                let has = format!("a highest mark of {}", most.as_str());
                let help = format!("a later layer may only restrict; write \"{}\" or a lower mark", most.as_str());
                wrong.push(widens(mark, one, &has, help));
            }
        }
        if let Some(onward) = &self.limits.onward {
            let strict = |one: &Given| one.provision.usage.onward.value;
            if let Some(one) = touched.iter().find(|one| onward.value < strict(one)) {
                let has = format!("`{}` for onward transfer", strict(one).as_str());
                let help = "a later layer may only restrict; the words are, from wide to strict: free, \
                            prior_authorisation, never";
                wrong.push(widens(onward, one, &has, help));
            }
        }
        if let Some(consult) = &self.limits.consult
            && let Some(one) = touched.iter().find(|one| consult.value < one.provision.consult)
        {
            let has = format!("`{}` for consultation", one.provision.consult.as_str());
            let help =
                "a later layer may only restrict; the words are, from wide to strict: no, where_appropriate, required";
            wrong.push(widens(consult, one, &has, help));
        }
    }

    fn check_lists(&self, touched: &[&Given], wrong: &mut Vec<Diagnostic>) {
        let limits = &self.limits;
        let kinds =
            |kinds: &[model::AuthorityKind]| kinds.iter().map(|kind| kind.as_str().to_owned()).collect::<Vec<_>>();
        let name = |kind: &model::AuthorityKind| kind.as_str().to_owned();
        let records = |p: &Provision| Some(p.records.keys().map(ToString::to_string).collect());
        subset(touched, wrong, &limits.records, ToString::to_string, records, "give");
        let selectors = |p: &Provision| Some(p.selectors.value.iter().map(|kind| kind.as_str().to_owned()).collect());
        subset(touched, wrong, &limits.selectors, |kind| kind.as_str().to_owned(), selectors, "know the selector");
        subset(
            touched,
            wrong,
            &limits.purposes,
            |p| p.0.clone(),
            |p| Some(p.purposes.value.clone()),
            "serve the purpose",
        );
        subset(touched, wrong, &limits.senders, name, |p| Some(kinds(&p.senders.value)), "come from");
        subset(touched, wrong, &limits.recipients, name, |p| Some(kinds(&p.recipients.value)), "go to");
        subset(touched, wrong, &limits.readers, name, |p| Some(kinds(&p.usage.readers.value)), "let read");
        let attributes = |p: &Provision| {
            let list = p.attributes.as_ref()?;
            Some(list.value.iter().map(ToString::to_string).collect())
        };
        let discloses = |p: &Provision| p.attributes.is_some();
        if needed(touched, wrong, limits.attributes.as_ref(), discloses, "discloses attributes") {
            subset(touched, wrong, &limits.attributes, ToString::to_string, attributes, "disclose");
        }
    }

    fn check_validators(&self, touched: &[&Given], wrong: &mut Vec<Diagnostic>) {
        for (record, roles) in &self.limits.validators {
            let bounds: Vec<_> =
                touched.iter().filter_map(|one| Some((one, one.provision.records.get(record)?))).collect();
            if bounds.is_empty() {
                let message = format!("no request that this touches gives `{record}`");
                wrong.push(roles.place.says(message).with_help("leave it out"));
            }
            for (one, bound) in bounds {
                let known = |role: &&model::Role| bound.value.is_empty() || bound.value.contains(role);
                let roles_of = |roles: &[model::Role]| {
                    let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
                    names.join(" or ")
                };
                let needs = format!("{record} only if validated by a {}", roles_of(&bound.value));
                if roles.value.is_empty() || roles.value.iter().any(|role| !known(&role)) {
                    let help = if bound.value.is_empty() {
                        "name who validates; an empty list restricts nothing".to_owned()
                    } else {
                        format!("a later layer may only restrict; write {} alone", roles_of(&bound.value))
                    };
                    wrong.push(widens(roles, one, &needs, help));
                    break;
                }
            }
        }
    }
}

/// `widens: ets-185:31 stored_data has at most 20 subjects (instruments/budapest/instrument.toml)`.
fn widens<T>(limit: &Spot<T>, one: &Given, has: &str, help: impl Into<String>) -> Diagnostic {
    let message = format!("widens: {} has {has} ({})", one.name(), one.provision.by.file);
    limit.place.says(message).with_help(help)
}

fn cap<T: Copy + Ord + Display>(
    touched: &[&Given],
    wrong: &mut Vec<Diagnostic>,
    limit: Option<&Spot<T>>,
    of: impl Fn(&Provision) -> Option<&Bound<T>>,
    words: impl Fn(T) -> String,
) {
    let Some(limit) = limit else { return };
    let wider =
        touched.iter().find_map(|one| Some((one, of(&one.provision)?.value)).filter(|(_, most)| limit.value > *most));
    if let Some((one, most)) = wider {
        let help = format!("a later layer may only restrict; write {most} or less");
        wrong.push(widens(limit, one, &words(most), help));
    }
}

/// Whether something that is touched has what is limited. Reports when nothing has.
fn needed<T>(
    touched: &[&Given],
    wrong: &mut Vec<Diagnostic>,
    limit: Option<&Spot<T>>,
    has: impl Fn(&Provision) -> bool,
    what: &str,
) -> bool {
    let Some(limit) = limit else { return false };
    let found = touched.iter().any(|one| has(&one.provision));
    if !found {
        let message = format!("no request that this touches {what}");
        wrong.push(limit.place.says(message).with_help("leave it out, or name the requests that have it"));
    }
    found
}

/// Reports items that nothing of what is touched knows, and requests of which nothing is left.
fn subset<T>(
    touched: &[&Given],
    wrong: &mut Vec<Diagnostic>,
    limit: &List<T>,
    name: impl Fn(&T) -> String,
    of: impl Fn(&Provision) -> Option<Vec<String>>,
    verb: &str,
) {
    let Some(limit) = limit else { return };
    let lists: Vec<_> = touched.iter().filter_map(|one| Some((one, of(&one.provision)?))).collect();
    let items: Vec<_> = limit.value.iter().map(|item| (item, name(&item.value))).collect();
    let Some((first, known)) = lists.first() else { return };
    let mut foreign = false;
    for (item, name) in items.iter().filter(|(_, name)| lists.iter().all(|(_, list)| !list.contains(name))) {
        let file = &first.provision.by.file;
        let message = format!("widens: {} does not {verb} `{name}` ({file})", first.name());
        let known: Vec<_> = known.iter().map(String::as_str).collect();
        wrong.push(item.place.says(message).with_help(suggestion(name, &known)));
        foreign = true;
    }
    let emptied = lists.iter().find(|(_, list)| !list.is_empty() && items.iter().all(|(_, name)| !list.contains(name)));
    if let Some((one, list)) = emptied.filter(|_| !foreign) {
        let message = format!("this leaves nothing of {}, where stands: {}", one.name(), list.join(", "));
        let help = "write `forbid = true` for it in a [[restrict]] of its own, and leave it out here";
        wrong.push(limit.place.says(message).with_help(help));
    }
}
