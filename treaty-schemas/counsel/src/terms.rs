//! A provision in words: one row per question that a lawyer asks. Explanations and fact sheets share it, so that they never differ; clocks,
//! quotas, judgements and sizes are worded by the library, as in a decision.

use std::fmt::Display;

use treaty::{Bytes, Consult, Limit, Offer, Onward, Timer};

/// One question, and what the treaty says to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) label: &'static str,
    pub(crate) lines: Vec<String>,
}

/// Everything that a provision says, in the order in which a request is made and answered.
pub(crate) fn rows(offer: &Offer) -> Vec<Row> {
    let mut rows = Vec::new();
    standing(offer, &mut rows);
    asking(offer, &mut rows);
    declaring(offer, &mut rows);
    answering(offer, &mut rows);
    using(offer, &mut rows);
    rows
}

fn row(rows: &mut Vec<Row>, label: &'static str, lines: impl IntoIterator<Item = String>) {
    let lines: Vec<_> = lines.into_iter().collect();
    if !lines.is_empty() {
        rows.push(Row { label, lines });
    }
}

fn standing(offer: &Offer, rows: &mut Vec<Row>) {
    let mut lines = Vec::new();
    if let Some(until) = offer.provisional_until {
        lines.push(format!("applied provisionally until {until}"));
    }
    if !offer.compulsory {
        lines.push("voluntary: nobody is compelled".to_owned());
    }
    if let Some(callback) = &offer.emergency_callback {
        let call = if callback.value { ", after a call back over another channel" } else { "" };
        lines.push(format!("for emergencies only{call}{}", by(offer, callback)));
        lines.extend(
            offer.expost_hours.map(|hours| format!("the ordinary request follows within {}", count(hours, "hour"))),
        );
    }
    row(rows, "standing", lines);
}

fn asking(offer: &Offer, rows: &mut Vec<Row>) {
    let kinds = |limit: &Limit<Vec<model::AuthorityKind>>| any(limit.value.iter().map(|kind| kind.as_str()));
    row(rows, "sent by", [format!("{} of {}{}", kinds(&offer.senders), offer.requesting, by(offer, &offer.senders))]);
    let to = match offer.recipients.value.is_empty() {
        true => "no authority: it goes to a provider or registrar".to_owned(),
        false => format!("{} of {}{}", kinds(&offer.recipients), offer.requested, by(offer, &offer.recipients)),
    };
    row(rows, "sent to", [to]);
    row(rows, "joint team", offer.teams.iter().map(|team| format!("between {}{}", list(&team.value), by(offer, team))));
    row(rows, "written in", (!offer.languages.is_empty()).then(|| any(&offer.languages)));
    let records = offer.records.iter().map(|(record, roles)| {
        let who = match roles.value.is_empty() {
            true => "nobody needs to validate".to_owned(),
            false => format!("validated by a {}", any(roles.value.iter().map(|role| role.as_str()))),
        };
        format!("{record}: {who}{}", by(offer, roles))
    });
    row(rows, "may be given", records);
    let selectors = list(offer.selectors.value.iter().map(|kind| kind.as_str()));
    row(rows, "named by", [format!("{selectors}{}", by(offer, &offer.selectors))]);
    let mut caps = vec![format!("{}{}", count(offer.max_subjects.value, "subject"), by(offer, &offer.max_subjects))];
    caps.extend(offer.max_window_days.as_ref().map(|days| format!("{}{}", count(days.value, "day"), by(offer, days))));
    caps.extend(offer.max_bytes.as_ref().map(|bytes| format!("{} in answer{}", Bytes(bytes.value), by(offer, bytes))));
    row(rows, "at most", caps);
    row(rows, "quota", offer.quotas.iter().map(|one| format!("{}{}", one.value, by(offer, one))));
    row(rows, "purposes", [format!("{}{}", list(&offer.purposes.value), by(offer, &offer.purposes))]);
}

fn declaring(offer: &Offer, rows: &mut Vec<Row>) {
    let months = &offer.min_max_penalty_months;
    let offence = match (offer.offence_declared.value, months.value) {
        (false, _) => "need not be declared".to_owned(),
        (true, 0) => format!("must be declared{}", by(offer, &offer.offence_declared)),
        (true, least) => {
            format!("must be declared, with a maximum penalty of at least {least} months{}", by(offer, months))
        }
    };
    row(rows, "offence", [offence]);
    let dual = offer.dual_criminality.as_ref().map(|dual| {
        let but = offer.except_listed_months.map_or_else(String::new, |months| {
            format!(", but for listed offences with a maximum penalty of at least {months} months")
        });
        format!("must be declared{but}{}", by(offer, dual))
    });
    row(rows, "dual criminality", [dual.unwrap_or_else(|| "need not be declared".to_owned())]);
    row(
        rows,
        "marked",
        offer.classification_max.as_ref().map(|mark| format!("up to {}{}", mark.value.as_str(), by(offer, mark))),
    );
    row(rows, "attributes", offer.attributes.as_ref().map(|all| format!("{}{}", list(&all.value), by(offer, all))));
    row(rows, "never", (!offer.never.is_empty()).then(|| list(&offer.never)));
    let consent = offer.consent_max_age_s.as_ref();
    row(
        rows,
        "consent",
        consent.map(|age| format!("of the holder, at most {} old{}", count(age.value, "second"), by(offer, age))),
    );
}

fn answering(offer: &Offer, rows: &mut Vec<Row>) {
    let (legal, policy): (Vec<&Timer>, Vec<&Timer>) = offer.timers.iter().partition(|timer| timer.is_legal());
    row(rows, "legal clocks", legal.into_iter().map(Timer::to_string));
    row(rows, "policy clocks", policy.into_iter().map(Timer::to_string));
    let answered = match offer.automatic.value {
        true => {
            Some("without a human, where the requested authority has set that up: both parties accept it".to_owned())
        }
        false if offer.automatic.file == offer.file => None,
        false => Some(format!("by a human{}", by(offer, &offer.automatic))),
    };
    row(rows, "answered", answered);
    row(
        rows,
        "given",
        offer.spontaneous.then(|| "without a request, with its records inside; nobody answers it".to_owned()),
    );
    let grounds = |mandatory| offer.grounds.iter().filter(move |ground| ground.mandatory == mandatory);
    row(rows, "must be refused", grounds(true).map(|ground| format!("{} {}", ground.code, ground.code.text())));
    row(rows, "may be refused", grounds(false).map(|ground| format!("{} {}", ground.code, ground.code.text())));
    row(rows, "judged by people", offer.judgements.iter().map(ToString::to_string));
    row(rows, "may be postponed", offer.postponements.iter().map(|code| format!("{code} {}", code.text())));
    row(rows, "conditions", offer.conditions.iter().map(|code| format!("{code} {}", code.text())));
    let consult = match offer.consult {
        Consult::No => None,
        Consult::WhereAppropriate => Some("before a refusal, where appropriate"),
        Consult::Required => Some("before every refusal: without it a refusal is none"),
    };
    row(rows, "consultation", consult.map(str::to_owned));
    let before = [
        (offer.ministry_notice, "the review: its ministry is told"),
        (offer.court_order, "a grant: a court of its own orders it"),
    ];
    row(rows, "before", before.into_iter().filter(|(wanted, _)| *wanted).map(|(_, what)| what.to_owned()));
}

fn using(offer: &Offer, rows: &mut Vec<Row>) {
    let mut lines = Vec::new();
    if offer.specialty {
        lines.push("for the named proceedings only".to_owned());
    }
    let onward = match offer.onward.value {
        Onward::Free => None,
        Onward::PriorAuthorisation => Some("passed on only with prior authorisation"),
        Onward::Never => Some("never passed on"),
    };
    lines.extend(onward.map(|words| format!("{words}{}", by(offer, &offer.onward))));
    let readers = any(offer.readers.value.iter().map(|kind| kind.as_str()));
    lines.push(format!("read by {readers} of {}{}", offer.requesting, by(offer, &offer.readers)));
    let kept = offer.retention_days.as_ref();
    lines.extend(
        kept.map(|days| format!("destroyed or returned after {}{}", count(days.value, "day"), by(offer, days))),
    );
    row(rows, "use", lines);
}

/// Where a bound comes from, unless it is the instrument's own.
fn by<T>(offer: &Offer, limit: &Limit<T>) -> String {
    match limit.owner {
        _ if limit.file == offer.file => String::new(),
        Some(owner) => format!(" (rule of {owner}: {})", limit.file),
        None => format!(" (rule of both: {})", limit.file),
    }
}

/// `1 day`, `2 days`.
pub(crate) fn count(number: impl Display, noun: &str) -> String {
    let number = number.to_string();
    if number == "1" { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `a, b`.
pub(crate) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// `a, b or c`.
pub(crate) fn any<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
