//! A request that came, on one page: who asks, what, under which article, by when, what is missing, and what can be done next.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, routing::get};
use proto::desk as wire;
use serde_json::Value;

use super::{case::MeasureShown, inbox::ClockShown};
use crate::{
    App,
    desk::{case_id, entry_text},
    draft::text_at,
    face::{Page, Section},
    problem::Problem,
    visit::{Answer, Visit, html, key},
};

/// What may be done next, in the order in which people think of it.
const NEXT: [&str; 11] = [
    "acknowledge",
    "recognise",
    "ask_info",
    "forward",
    "offer_conditions",
    "consult",
    "postpone",
    "refuse",
    "return_request",
    "tell_status",
    "comment_draft",
];

#[derive(Template)]
#[template(path = "pages/triage.html")]
struct TriagePage {
    page: Page,
    id: String,
    called: String,
    from: String,
    state: String,
    who: Vec<(String, String)>,
    why: Vec<(String, String)>,
    measures: Vec<MeasureShown>,
    /// Whom it is about, measure by measure.
    subjects: Vec<String>,
    clocks: Vec<ClockShown>,
    missing: Vec<Missing>,
    /// Why it could not be looked at.
    unchecked: String,
    next: Vec<(String, String)>,
    request: String,
}

/// What a human here would miss in it.
struct Missing {
    severity: String,
    code: String,
    article: String,
    message: String,
    remedy: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/cases/{case}/triage", get(show))
}

async fn show(visit: Visit, Path(case): Path<String>) -> Answer {
    let id = case_id(&case)?;
    let shown = visit.app.cases.case(id).await?;
    let summary = shown.summary.clone().unwrap_or_default();
    if summary.side != "requested" {
        return Err(Problem::NoPage);
    }
    let reference = shown.documents.iter().find(|one| one.record_type == "request" && one.index == 0);
    let reference = reference.ok_or(Problem::NoPage)?;
    let asked =
        wire::GetDocumentRequest { entry_id: reference.entry_id.clone(), ..wire::GetDocumentRequest::default() };
    let body = visit.app.cases.document(asked).await?.body;
    let request: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let checked = visit.app.cases.preflight(id).await;
    let unchecked = checked.as_ref().err().map(|problem| problem.told(&visit).what).unwrap_or_default();
    let open = shown.clocks.iter().filter(|clock| !matches!(clock.state.as_str(), "stopped" | "dropped"));
    html(&TriagePage {
        page: visit.page(Section::Inbox),
        called: visit.called(&summary.reference, &summary.counterpart),
        from: summary.counterpart.clone(),
        state: visit.text(&key("state", &summary.state)),
        who: who(&request, &visit),
        why: why(&request, &visit),
        measures: shown.measures.iter().map(|one| MeasureShown::of(one, &visit)).collect(),
        subjects: subjects(&request, &visit),
        clocks: open.map(|clock| ClockShown::of(clock, &visit)).collect(),
        missing: checked
            .map(|checked| checked.findings)
            .unwrap_or_default()
            .iter()
            .map(|one| Missing::of(one, &visit))
            .collect(),
        unchecked,
        next: next(&summary, &visit),
        request: format!("/cases/{id}/documents/{}/0", entry_text(&reference.entry_id)),
        id: id.to_string(),
    })
}

/// Who asks, and how they are reached: with the hour that it is there.
fn who(request: &Value, visit: &Visit) -> Vec<(String, String)> {
    let text = |pointer: &str| text_at(request, pointer);
    let officer = [text("/authority/in_charge/name"), text("/authority/in_charge/title")];
    let officer = officer.into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>().join(", ");
    let mut who = vec![
        (visit.text("field-authority-name"), text("/authority/name")),
        (visit.text("field-authority-in-charge-name"), officer),
    ];
    let contacts = request.pointer("/authority/contacts").and_then(Value::as_array);
    for contact in contacts.into_iter().flatten() {
        let of = |name: &str| text_at(contact, &format!("/{name}"));
        let kind = of("kind");
        let hours = of("hours");
        let hours = if hours.is_empty() { hours } else { format!(" ({hours})") };
        who.push((visit.text(&key("contact", &kind)), format!("{}{hours}", of("value"))));
    }
    let zone = text("/authority/time_zone");
    if !zone.is_empty() {
        who.push((visit.text("triage-there"), visit.locale.moment(visit.now.0, &zone)));
    }
    let decision = [
        text("/validation/authority"),
        text("/validation/decision_reference"),
        visit.locale.day(&text("/validation/decided_on")),
    ];
    who.push((
        visit.text("topic-validation"),
        decision.into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>().join(", "),
    ));
    who.retain(|(_, text)| !text.is_empty());
    who
}

/// What stands behind it, as far as it decides what to do first.
fn why(request: &Value, visit: &Visit) -> Vec<(String, String)> {
    let text = |pointer: &str| text_at(request, pointer);
    let level = text("/urgency/level");
    let mut urgency = if level.is_empty() { level } else { visit.text(&key("urgency", &level)) };
    for more in [text("/urgency/reason"), visit.locale.day(&text("/urgency/deadline"))] {
        if !more.is_empty() {
            urgency = format!("{urgency}; {more}");
        }
    }
    let mut why = vec![
        (visit.text("field-urgency-level"), urgency),
        (visit.text("field-file-proceeding-subject"), text("/proceeding/subject")),
        (visit.text("topic-facts"), text("/facts/summary")),
        (visit.text("field-purpose-purpose-code"), visit.purpose(&text("/purpose/code"))),
    ];
    let offences = request.get("offences").and_then(Value::as_array);
    for offence in offences.into_iter().flatten() {
        let of = |name: &str| text_at(offence, &format!("/{name}"));
        let dual = if of("dual_criminality") == "yes" { "triage-dual" } else { "triage-no-dual" };
        let penalty = visit.locale.with("scope-penalty", &[("months", &of("max_penalty_months"))]);
        why.push((
            visit.text("topic-offence"),
            format!("{}, {}; {penalty}; {}", of("title"), of("provision"), visit.text(dual)),
        ));
    }
    if text("/confidentiality/requested") == "yes" {
        let told = request.pointer("/confidentiality/not_to_be_told").and_then(Value::as_array);
        let told: Vec<_> = told.into_iter().flatten().filter_map(Value::as_str).collect();
        let text = if told.is_empty() {
            visit.text("answer-yes")
        } else {
            format!("{}: {}", visit.text("field-confidentiality-not-to-be-told"), told.join(", "))
        };
        why.push((visit.text("topic-confidentiality"), text));
    }
    why.retain(|(_, text)| !text.trim().is_empty());
    why
}

/// How each subject is named.
fn subjects(request: &Value, visit: &Visit) -> Vec<String> {
    let measures = request.get("measures").and_then(Value::as_array);
    let all = measures.into_iter().flatten().flat_map(|one| one["subjects"].as_array().cloned().unwrap_or_default());
    let named = |subject: Value| {
        let kind = text_at(&subject, "/selector/kind");
        let parts = crate::draft::beside(&kind).map(|part| text_at(&subject, &format!("/selector/{part}")));
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        format!("{}: {}", visit.selector(&kind), parts.join(", "))
    };
    all.map(named).collect()
}

impl Missing {
    fn of(finding: &wire::Finding, visit: &Visit) -> Self {
        Self {
            severity: finding.severity.clone(),
            code: finding.code.clone(),
            article: if finding.article.is_empty() { String::new() } else { visit.clause(&finding.article) },
            message: finding.message.clone(),
            remedy: finding.remedy.clone(),
        }
    }
}

/// What this desk may do next. To accept is one act for an officer, though the review is opened by it.
fn next(summary: &wire::CaseSummary, visit: &Visit) -> Vec<(String, String)> {
    let is_possible = |step: &str| {
        let possible = |step: &str| summary.possible_steps.iter().any(|one| one == step);
        possible(step) || (step == "recognise" && possible("open_review"))
    };
    let link = |step: &&str| (visit.text(&key("step", step)), format!("/cases/{}/steps/{step}", summary.case_id));
    NEXT.iter().filter(|step| is_possible(step)).map(link).collect()
}
