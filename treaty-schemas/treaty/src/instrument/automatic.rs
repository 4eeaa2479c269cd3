//! What a request type must be so that an authority may answer it without a human.

use model::RecordType;

use super::request::{DualCriminality, Request};
use crate::source::{Place, Report};

/// Content is never given unseen, whoever asks: what it holds of others is weighed each time [ETS 185 art. 15(1)].
const CONTENT: &str = "content_data";

/// Reports everything of `request` that only a human can answer. `place` is where it says that it is automatic.
pub(super) fn check(report: &mut Report<'_>, place: &Place, request: &Request) {
    let mut against = |message: String, help: &str| {
        report.found(place.says(format!("it cannot be answered automatically: {message}")).with_help(help));
    };
    let validated: Vec<_> = request.records.iter().filter(|(_, roles)| !roles.is_empty()).collect();
    if let Some((record, _)) = validated.first().filter(|(record, _)| !is_content(record)) {
        let help = "leave `automatic` out: what a judge or prosecutor must weigh before it is asked, a human weighs before it is given";
        against(format!("`{record}` must be validated"), help);
    }
    if request.records.keys().any(is_content) {
        against(format!("`{CONTENT}` is always looked at"), "give it a [request.…] of its own, without `automatic`");
    }
    if request.max_subjects != 1 {
        let message = format!("it may name {} subjects", request.max_subjects);
        against(message, "write `max_subjects = 1`: an answer to a list is a search in bulk");
    }
    if request.emergency.is_some() {
        against("it is for emergencies".to_owned(), "an emergency is confirmed by a person [CETS 224 art. 9, 10]");
    }
    if request.dual_criminality == DualCriminality::Always {
        against("it needs dual criminality".to_owned(), "only a human finds that conduct is an offence in both states");
    }
    if let Some(ground) = request.grounds.iter().find(|ground| ground.mandatory) {
        let message = format!("it must be refused for {}", ground.code);
        against(message, "write `mandatory = []` where nothing must be weighed, or leave `automatic` out");
    }
    if let Some(judgement) = request.judgements.first() {
        let message = format!("`{}` is judged by humans", judgement.name);
        against(message, "leave `automatic` out, or give the judgement to the requests that need it");
    }
}

fn is_content(record: &RecordType) -> bool {
    record.as_str() == CONTENT
}
