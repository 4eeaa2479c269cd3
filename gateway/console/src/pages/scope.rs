//! The scope of a request on one page, for the judge or prosecutor who validates it: whom, what, of which days, why, and within which bounds
//! of the treaty. It is signed as it is, or limited first, measure by measure.

mod limit;

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, http::StatusCode, routing::get};
use model::{Denial, Digest, Role};
use proto::desk as wire;
use serde_json::Value;
use zeroize::Zeroizing;

use super::draft::{FindingShown, all_places, offer_of};
use crate::{
    App,
    draft::{Draft, text_at},
    face::{Page, Section},
    fields::Fields,
    officers::Act,
    problem::{Problem, Told},
    signing::{is_another, proved},
    visit::{Answer, Form, Visit, html_as, key, see},
};

#[derive(Template)]
#[template(path = "pages/scope.html")]
struct ScopePage {
    page: Page,
    id: String,
    called: String,
    counterpart: String,
    measures: Vec<MeasureScoped>,
    /// What stands behind it: label and text.
    reasons: Vec<(String, String)>,
    findings: Vec<FindingShown>,
    /// "validated", "blocked", "other" (another role validates) or "sign".
    standing: &'static str,
    /// In which role the officer validates.
    role: String,
    officer: String,
    /// The digest of what stands on this page.
    shown: String,
    problem: Option<Told>,
    missing: String,
}

/// A measure in its bounds.
struct MeasureScoped {
    number: usize,
    title: String,
    clause: String,
    records: Vec<Scoped>,
    subjects: Vec<Scoped>,
    /// From, to, and how many days that are; empty without a window.
    window: String,
    from: [String; 3],
    to: [String; 3],
    has_window: bool,
    custodian: String,
    sought: String,
    /// What the treaty allows at most.
    caps: String,
    kept: bool,
}

/// What can be struck out.
struct Scoped {
    value: String,
    text: String,
    hint: String,
    kept: bool,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/drafts/{id}/scope", get(show).post(post))
}

async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let draft = Draft::find(&visit, &id).await?;
    page(&visit, &draft, None, None).await
}

async fn post(visit: Visit, Path(id): Path<String>, Form(mut fields): Form) -> Answer {
    let mut draft = Draft::find(&visit, &id).await?;
    let passphrase = fields.take_passphrase().unwrap_or_default();
    if !fields.one("resumed").is_empty() {
        return page(&visit, &draft, Some(&fields), None).await;
    }
    let done = match fields.one("act") {
        "limit" => limit::limit(&visit, &mut draft, &fields).await,
        "sign" => sign(&visit, &draft, &fields, passphrase).await,
        "back" => match back(&visit, &draft, &fields, passphrase).await {
            Ok(()) => return see(&format!("/drafts/{}", draft.id)),
            failed => failed,
        },
        _ => Ok(()),
    };
    match done {
        Ok(()) => see(&format!("/drafts/{}/scope", draft.id)),
        Err(
            problem
            @ (Problem::Denied(_) | Problem::Wrong | Problem::Wait(_) | Problem::Incomplete(_) | Problem::Bound),
        ) => {
            let draft = Draft::find(&visit, &id).await?;
            let filled = (fields.one("act") == "limit").then_some(&fields);
            problem.over(page(&visit, &draft, filled, Some(&problem)).await?)
        }
        Err(problem) => Err(problem),
    }
}

/// Signs what stood on the page, and nothing else.
async fn sign(visit: &Visit, draft: &Draft, fields: &Fields, passphrase: Zeroizing<String>) -> Result<(), Problem> {
    let signed_in = visit.officer()?;
    let mut acts = signed_in.session.acts.lock().await;
    // A second press finds it done.
    if draft.summary().state == "VALIDATED" {
        return Ok(());
    }
    let role = validator(draft).filter(|role| signed_in.officer.roles.contains(role)).ok_or_else(|| needs(draft))?;
    if !acts.is_bound_to(draft.id) {
        acts.bind(draft.id);
        return Err(Problem::Bound);
    }
    let prepared = visit.app.cases.offer_validation(draft.id, role.as_str()).await?;
    let scope = visit.app.officers.check_validation(draft.id, &prepared)?;
    if Digest::of(&[&scope.request]).to_string() != fields.one("shown") {
        return Err(is_another());
    }
    let word = proved(visit, passphrase, Act::Validation { case: draft.id, prepared: &prepared }).await?;
    let request = wire::ValidateRequest {
        case_id: draft.id.to_string(),
        statement: prepared.statement.clone(),
        authority: signed_in.officer.authority.to_string(),
        role: role.as_str().to_owned(),
        key_id: word.key_id,
        signature: word.signature,
    };
    visit.app.cases.validate(request).await?;
    Ok(())
}

/// Sends the draft back that stood on the page, to who wrote it.
async fn back(visit: &Visit, draft: &Draft, fields: &Fields, passphrase: Zeroizing<String>) -> Result<(), Problem> {
    let signed_in = visit.officer()?;
    let role = validator(draft).filter(|role| signed_in.officer.roles.contains(role)).ok_or_else(|| needs(draft))?;
    let reasons = fields.one("reasons").replace("\r\n", "\n");
    if reasons.trim().is_empty() {
        return Err(Problem::Incomplete("reasons"));
    }
    if draft.sha256 != fields.one("shown") {
        return Err(is_another());
    }
    let act = Act::Rework { case: draft.id, sha256: &draft.sha256, reasons: &reasons };
    let word = proved(visit, passphrase, act).await?;
    let request = wire::SendBackRequest {
        case_id: draft.id.to_string(),
        sha256: draft.sha256.clone(),
        role: role.as_str().to_owned(),
        at_ms: word.at_ms,
        key_id: word.key_id,
        signature: word.signature,
        reasons,
    };
    visit.app.cases.send_back(request).await
}

/// Who validates, as the request says.
fn validator(draft: &Draft) -> Option<Role> {
    text_at(&draft.document, "/validation/role").parse().ok()
}

fn needs(draft: &Draft) -> Problem {
    let role = text_at(&draft.document, "/validation/role");
    let reason = format!("the request names a {role} as its validator, and you are none");
    let remedy = "Let the one who is named sign in here and sign.";
    Denial::from(model::Refusal::new(model::RefusalCode::R93, "identity", reason, remedy).at("validation.role")).into()
}

async fn page(visit: &Visit, draft: &Draft, fields: Option<&Fields>, problem: Option<&Problem>) -> Answer {
    let signed_in = visit.officer()?;
    let offers = visit.app.cases.offers(&draft.recipient()).await.unwrap_or_default();
    let checked = visit.app.cases.preflight(draft.id).await?;
    let places = all_places(&draft.document, &offers.offers);
    let blocking = checked.findings.iter().filter(|one| one.severity != "advice");
    let findings: Vec<_> = blocking.map(|one| FindingShown::of(one, draft, &places, visit)).collect();
    let (summary, role) = (draft.summary(), validator(draft));
    let holds = role.is_some_and(|role| signed_in.officer.roles.contains(&role));
    let standing = match summary.state.as_str() {
        "VALIDATED" => "validated",
        _ if !findings.is_empty() => "blocked",
        _ if !holds => "other",
        _ => "sign",
    };
    if standing == "sign" {
        signed_in.session.acts.lock().await.bind(draft.id);
    }
    let count = draft.document.get("measures").and_then(Value::as_array).map_or(0, Vec::len);
    let scoped =
        |index| MeasureScoped::of(index, draft, &offer_of(&offers.offers, &draft.document, index), fields, visit);
    let missing = match problem {
        Some(Problem::Incomplete("reasons")) => "scope-back-missing",
        Some(Problem::Incomplete(_)) => "scope-limit-wrong",
        _ => "",
    };
    let shown = ScopePage {
        page: visit.page(Section::Inbox),
        id: draft.id.to_string(),
        called: visit.called(&summary.reference, &summary.counterpart),
        counterpart: summary.counterpart,
        measures: (0..count).map(scoped).collect(),
        reasons: reasons(draft, visit),
        findings,
        standing,
        role: role.map(|role| visit.text(&key("role", role.as_str()))).unwrap_or_default(),
        officer: signed_in.officer.name.clone(),
        shown: draft.sha256.clone(),
        problem: problem.filter(|_| missing.is_empty()).map(|problem| problem.told(visit)),
        missing: if missing.is_empty() { String::new() } else { visit.text(missing) },
    };
    html_as(problem.map_or(StatusCode::OK, Problem::status), &shown)
}

/// Why, in the request's own words.
fn reasons(draft: &Draft, visit: &Visit) -> Vec<(String, String)> {
    let document = &draft.document;
    let text = |pointer: &str| text_at(document, pointer);
    let mut reasons = vec![
        (visit.text("topic-facts"), text("/facts/summary")),
        (visit.text("field-facts-relevance"), text("/facts/relevance")),
        (visit.text("field-purpose-necessity"), text("/necessity")),
        (visit.text("field-purpose-proportionality"), text("/proportionality")),
        (visit.text("field-purpose-purpose-code"), visit.purpose(&text("/purpose/code"))),
        (visit.text("field-urgency-level"), visit.text(&key("urgency", &text("/urgency/level")))),
    ];
    let offences = document.get("offences").and_then(Value::as_array).map_or(0, Vec::len);
    for index in 0..offences {
        let of = |name: &str| text(&format!("/offences/{index}/{name}"));
        let penalty = visit.locale.with("scope-penalty", &[("months", &of("max_penalty_months"))]);
        reasons.push((visit.text("topic-offence"), format!("{}, {}; {penalty}", of("title"), of("provision"))));
    }
    let decided = visit.locale.day(&text("/validation/decided_on"));
    reasons.push((
        visit.text("topic-validation"),
        format!(
            "{} ({}), {decided}; {}",
            text("/validation/decision_reference"),
            text("/validation/authority"),
            text("/validation/legal_basis")
        ),
    ));
    reasons.retain(|(_, text)| !text.trim().is_empty());
    reasons
}

impl MeasureScoped {
    fn of(index: usize, draft: &Draft, offer: &wire::OfferView, fields: Option<&Fields>, visit: &Visit) -> Self {
        let base = format!("/measures/{index}");
        let text = |name: &str| text_at(&draft.document, &format!("{base}/{name}"));
        let all = |name: &str| {
            draft.document.pointer(&format!("{base}/{name}")).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let number = index + 1;
        let ticked = |name: &str, value: &str| {
            fields.is_none_or(|fields| fields.all(&format!("m{number}-{name}")).any(|one| one == value))
        };
        let records = all("records").into_iter().filter_map(|one| one.as_str().map(ToOwned::to_owned));
        let subjects = all("subjects").into_iter().enumerate().map(|(at, subject)| subject_scoped(at, &subject, visit));
        let (from, to) = (text("window/from"), text("window/to"));
        let parts = |name: &str, day: &str| {
            let mut own = day.splitn(3, '-').map(ToOwned::to_owned);
            ["year", "month", "day"].map(|part| {
                let own = own.next().unwrap_or_default();
                fields.map_or(own, |fields| fields.one(&format!("m{number}-{name}-{part}")).to_owned())
            })
        };
        Self {
            number,
            title: visit.request_type(&text("request_type")),
            clause: visit.clause(&text("article")),
            records: records
                .map(|one| Scoped {
                    kept: ticked("record", &one),
                    text: visit.record(&one),
                    value: one,
                    hint: String::new(),
                })
                .collect(),
            subjects: subjects.map(|one| Scoped { kept: ticked("subject", &one.value), ..one }).collect(),
            window: visit.days(&from, &to),
            has_window: !from.is_empty(),
            from: parts("from", &from),
            to: parts("to", &to),
            custodian: text("custodian/name"),
            sought: text("data_sought"),
            caps: caps(offer, visit),
            kept: ticked("keep", "yes"),
        }
    }
}

/// A subject in a line: how it is named, and why it is concerned.
fn subject_scoped(at: usize, subject: &Value, visit: &Visit) -> Scoped {
    let text = |pointer: &str| text_at(subject, pointer);
    let kind = text("/selector/kind");
    let beside = crate::draft::beside(&kind).map(|part| text(&format!("/selector/{part}")));
    let said: Vec<_> = beside.filter(|one| !one.is_empty()).collect();
    let role = text("/role");
    let role = if role.is_empty() { role } else { visit.text(&key("subject-role", &role)) };
    Scoped {
        value: at.to_string(),
        text: format!("{}: {}", visit.selector(&kind), said.join(", ")),
        hint: [role, text("/basis_of_suspicion")]
            .into_iter()
            .filter(|one| !one.is_empty())
            .collect::<Vec<_>>()
            .join(". "),
        kept: true,
    }
}

/// What the treaty allows at most.
fn caps(offer: &wire::OfferView, visit: &Visit) -> String {
    let mut caps = Vec::new();
    if offer.max_subjects > 0 {
        caps.push(visit.locale.with("scope-cap-subjects", &[("count", &offer.max_subjects.to_string())]));
    }
    if offer.max_window_days > 0 {
        caps.push(visit.locale.with("scope-cap-days", &[("count", &offer.max_window_days.to_string())]));
    }
    if offer.specialty {
        caps.push(visit.text("scope-cap-use"));
    }
    caps.join("; ")
}
