//! The text that a pin is the digest of. A change here is a new version of every rule.

#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Write};

use model::{ArticleRef, AuthorityId, PartyId, RequestType};

use crate::{
    provision::{Bound, Bounds, UsageRule},
    rule::Table,
};

/// See [`crate::Rule::canonical`].
pub(crate) fn canonical(table: &Table) -> String {
    let mut text = Lines(String::with_capacity(PROBABLE_LEN));
    let [a, b] = table.pair;
    text.line("rogatory rule v2", [""; 0]);
    text.line("pair", [a, b]);
    for (party, languages) in table.pair.iter().zip(&table.languages) {
        for (kind, languages) in languages.iter() {
            text.line(format_args!("languages {party} {}", kind.as_str()), sorted(languages));
        }
    }
    for (article, kind, provisions) in table.effective() {
        for (party, provision) in table.pair.iter().zip(provisions).filter(|(_, one)| one.closed.is_empty()) {
            head(&mut text, *party, article, kind);
            text.0.push_str(provision.text());
        }
    }
    text.0
}

/// Of most rules that have a treaty.
const PROBABLE_LEN: usize = 16 * 1024;

/// The lines of one provision without its article and direction: equal for two provisions that decide alike.
pub(crate) fn terms(provision: &Bounds) -> String {
    let mut text = Lines(String::with_capacity(1024));
    bounds(&mut text, provision);
    text.0
}

fn head(text: &mut Lines, to: PartyId, article: &ArticleRef, kind: &RequestType) {
    text.line("article", [&article.to_string(), kind.as_str(), "to", to.as_str()]);
}

/// Takes the provision apart by name, so that a bound that is added cannot be forgotten here. Left out is `by`,
/// which changes no decision.
fn bounds(text: &mut Lines, provision: &Bounds) {
    let Bounds {
        by: _,
        records,
        compulsory,
        selectors,
        max_subjects,
        max_window_days,
        max_bytes,
        quotas,
        purposes,
        offence,
        dual_criminality,
        senders,
        recipients,
        teams,
        classification_max,
        attributes,
        never,
        consent,
        emergency,
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
    } = provision;
    text.line("compulsory", [u32::from(*compulsory)]);
    for (record, roles) in records {
        text.line(format_args!("record {record}"), sorted(&roles.value).map(|role| role.as_str()));
    }
    text.line("selectors", sorted(&selectors.value).map(|selector| selector.as_str()));
    text.line("subjects", [max_subjects.value]);
    text.line("window", max_window_days.as_ref().map(|days| days.value));
    text.line("bytes", max_bytes.as_ref().map(|bytes| bytes.value));
    let mut quotas: Vec<_> = quotas.iter().map(|quota| &quota.value).collect();
    quotas.sort();
    for quota in quotas {
        let cap = |cap: Option<u32>| cap.map_or_else(|| "*".to_owned(), |cap| cap.to_string());
        let caps = [quota.per.as_str().to_owned(), cap(quota.requests), cap(quota.subjects)];
        text.line("quota", caps.into_iter().chain(quota.together.iter().map(ToString::to_string)));
    }
    text.line("purposes", sorted(&purposes.value));
    text.line("offence", [u32::from(offence.value.declared), offence.value.min_max_penalty_months]);
    let dual = dual_criminality.as_ref().map(|dual| dual.value.except_listed_months);
    text.option("dual_criminality", dual, |months| months.map_or_else(|| "*".to_owned(), |months| months.to_string()));
    text.line("senders", sorted(&senders.value).map(|kind| kind.as_str()));
    text.line("recipients", sorted(&recipients.value).map(|kind| kind.as_str()));
    between(text, teams);
    text.line("classification", classification_max.as_ref().map(|mark| mark.value.as_str()));
    if let Some(attributes) = attributes {
        text.line("attributes", sorted(&attributes.value));
    }
    text.line("never", sorted(never));
    text.line("consent", consent.as_ref().map(|rule| rule.value.max_age_s));
    if let Some(rule) = emergency {
        let expost = rule.value.expost_hours.map_or_else(|| "*".to_owned(), |hours| hours.to_string());
        text.line("emergency", [u32::from(rule.value.callback).to_string(), expost]);
    }
    // A rule that says nothing of it keeps the pin that it had.
    text.option("automatic", automatic.value.then_some(1), |yes: u32| yes.to_string());
    text.option("spontaneous", spontaneous.then_some(1), |yes: u32| yes.to_string());
    humans(text, provision);
}

/// Between whom it goes. Where no joint team opens it, a rule keeps the pin that it had.
fn between(text: &mut Lines, teams: &[Bound<Vec<AuthorityId>>]) {
    let mut teams: Vec<_> = teams.iter().map(|team| sorted(&team.value).collect::<Vec<_>>()).collect();
    teams.sort();
    teams.into_iter().for_each(|team| text.line("team", team));
}

/// What decides nothing by itself, but binds who answers.
fn humans(text: &mut Lines, p: &Bounds) {
    for timer in sorted(&p.timers) {
        let record = timer.record.as_ref().map_or("*", |record| record.as_str());
        let clause = timer.clause.as_ref().map_or_else(|| "policy".to_owned(), ToString::to_string);
        let when = if timer.emergency { "emergency" } else { "ordinary" };
        text.line(
            "timer",
            [timer.kind.as_str(), record, when, &timer.length.to_string(), timer.unit.as_str(), &clause],
        );
    }
    for ground in sorted(&p.grounds) {
        text.line("ground", [ground.code.as_str(), if ground.mandatory { "must" } else { "may" }]);
    }
    for judgement in sorted(&p.judgements) {
        let clause = judgement.clause.as_ref().map_or_else(|| "policy".to_owned(), ToString::to_string);
        text.line("judgement", [&judgement.name, &clause]);
    }
    text.line("postponements", sorted(&p.postponements));
    text.line("conditions", sorted(&p.conditions));
    text.line("consult", [p.consult.as_str()]);
    text.option("court_order", p.court_order.then_some(1), |yes: u32| yes.to_string());
    text.option("ministry_notice", p.ministry_notice.then_some(1), |yes: u32| yes.to_string());
    let UsageRule { specialty, onward, readers, retention_days } = &p.usage;
    text.line("specialty", [u32::from(*specialty)]);
    text.line("onward", [onward.value.as_str()]);
    text.line("readers", sorted(&readers.value).map(|kind| kind.as_str()));
    text.line("retention", retention_days.as_ref().map(|days| days.value));
}

/// The order in a file means nothing, nor that something stands there twice.
fn sorted<T: Ord>(items: &[T]) -> impl Iterator<Item = &T> {
    let mut items: Vec<_> = items.iter().collect();
    items.sort();
    items.dedup();
    items.into_iter()
}

struct Lines(String);

impl Lines {
    fn line(&mut self, first: impl Display, rest: impl IntoIterator<Item: Display>) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{first}");
        for word in rest {
            self.0.push(' ');
            let _ = write!(Escaped(&mut self.0), "{word}");
        }
        self.0.push('\n');
    }

    /// A line that is there only when the rule is.
    fn option<T>(&mut self, first: &str, rule: Option<T>, word: impl FnOnce(T) -> String) {
        if let Some(rule) = rule {
            self.line(first, [word(rule)]);
        }
    }
}

/// Writes `%` and what is not visible ASCII as `%` and the hexadecimal bytes: a word can then never be taken for two, nor for a line.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(is_plain) {
            self.0.push_str(text);
            return Ok(());
        }
        for byte in text.bytes() {
            match is_plain(byte) {
                true => self.0.push(char::from(byte)),
                false => write!(self.0, "%{byte:02x}")?,
            }
        }
        Ok(())
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'%'
}
