//! One hearing by video link: its times by both clocks, consent and test, the minutes and who signed them, and what comes next.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, routing::get};
use model::CaseId;
use proto::desk as wire;
use serde_json::Value;

use super::case::{StepShown, steps};
use crate::{
    App,
    desk::{case_id, entry_text},
    face::{Page, Section},
    forms::label,
    hearing::{Hearing, SlotShown, download, is_withheld, slots},
    problem::Problem,
    shown::Row,
    visit::{Answer, Visit, html, key},
};

/// The ways of a hearing in their order: the act of its document, and how the page calls it.
const ACTS: [(&str, &str); 8] = [
    ("propose", "proposal"),
    ("agree", "agreement"),
    ("consent", "consent"),
    ("test", "test"),
    ("open", "opening"),
    ("minutes", "minutes"),
    ("sign", "signature"),
    ("transmit", "handover"),
];

#[derive(Template)]
#[template(path = "pages/hearing.html")]
struct HearingPage {
    page: Page,
    case: String,
    reference: String,
    matter: u32,
    state: String,
    opener: String,
    waits: bool,
    steps: Vec<StepShown>,
    /// The times that are proposed; the one that is agreed alone, where one is.
    slots: Vec<SlotShown>,
    is_agreed: bool,
    stages: Vec<StageShown>,
    signed: String,
    /// Where the minutes can be had, where they go along; where they are opened first, if an officer signs for that.
    minutes: String,
    is_withheld: bool,
}

/// A stage of the hearing, and what was said at it last.
struct StageShown {
    title: String,
    is_done: bool,
    rows: Vec<Row>,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/cases/{case}/hearings/{matter}", get(show))
        .route("/cases/{case}/hearings/{matter}/minutes", get(minutes))
}

async fn find(visit: &Visit, case: CaseId, id: u32) -> Result<(wire::GetCaseResponse, Hearing), Problem> {
    let shown = visit.app.cases.case(case).await?;
    let hearing = Hearing::find(visit, &shown, id).await?.ok_or(Problem::NoPage)?;
    Ok((shown, hearing))
}

async fn show(visit: Visit, Path((case, id)): Path<(String, u32)>) -> Answer {
    let case = case_id(&case)?;
    let (shown, hearing) = find(&visit, case, id).await?;
    let matter = shown.matters.iter().find(|one| one.id == id).cloned().unwrap_or_default();
    let taken = hearing.taken();
    let mut slots = hearing.proposal().map(|one| slots(one, &visit)).unwrap_or_default();
    slots.retain(|one| taken.is_none_or(|taken| taken == one.number));
    let case = case.to_string();
    let drawn = hearing.newest("minutes");
    let is_withheld = drawn.is_some_and(is_withheld);
    let minutes = match (hearing.place("minutes"), drawn) {
        (Some(place), Some(_)) if is_withheld => {
            format!("/cases/{case}/documents/{}/{}", entry_text(&place.entry_id), place.index)
        }
        (_, Some(drawn)) if download(drawn, "minutes").is_some() => format!("/cases/{case}/hearings/{id}/minutes"),
        _ => String::new(),
    };
    html(&HearingPage {
        page: visit.page(Section::Agenda),
        reference: shown.summary.unwrap_or_default().reference,
        matter: id,
        state: visit.text(&key("matter-state", &matter.state)),
        opener: matter.opener.clone(),
        waits: matter.waits,
        steps: steps(&matter.possible_steps, &case, &format!("?matter={id}"), &visit),
        slots,
        is_agreed: taken.is_some(),
        stages: ACTS.map(|act| stage(act, &hearing, &visit)).into(),
        signed: matter.signed.join(", "),
        is_withheld,
        minutes,
        case,
    })
}

fn stage((act, part): (&str, &str), hearing: &Hearing, visit: &Visit) -> StageShown {
    let said = hearing.newest(act).map(|one| &one[part]);
    let mut rows = Vec::new();
    if let Some(said) = said {
        told("", said, visit, &mut rows);
    }
    StageShown { title: label("", part, visit.locale).0, is_done: said.is_some(), rows }
}

/// What was said, field by field; the times stand above, and a file is no text.
fn told(trail: &str, value: &Value, visit: &Visit, rows: &mut Vec<Row>) {
    let Value::Object(fields) = value else { return };
    for (name, value) in
        fields.iter().filter(|(name, _)| !matches!(name.as_str(), "slots" | "inline" | "withheld" | "time_zones"))
    {
        let own = label(trail, name, visit.locale).0;
        let value = match value {
            Value::Object(_) => {
                told(name, value, visit, rows);
                continue;
            }
            Value::String(text) => in_words(name, text, visit),
            Value::Bool(ticked) => visit.text(if *ticked { "hearing-yes" } else { "hearing-no" }),
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
            other => other.to_string(),
        };
        let label = if trail.is_empty() { own } else { format!("{}: {own}", label("", trail, visit.locale).0) };
        rows.push(Row { label, value });
    }
}

fn in_words(name: &str, text: &str, visit: &Visit) -> String {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return visit.moment(at.as_millisecond());
    }
    let known = |id: String| Some(visit.text(&id)).filter(|found| *found != id);
    let is_code = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let choice =
        is_code.then(|| known(key("choice", &format!("{name}-{text}"))).or_else(|| known(key("choice", text))));
    choice.flatten().unwrap_or_else(|| text.to_owned())
}

/// The minutes, to be read before they are signed. Those of the other side are had where they are opened.
async fn minutes(visit: Visit, Path((case, id)): Path<(String, u32)>) -> Answer {
    let (_, hearing) = find(&visit, case_id(&case)?, id).await?;
    let document = hearing.newest("minutes").ok_or(Problem::NoPage)?;
    download(document, &format!("minutes-X{id}")).ok_or(Problem::NoPage)
}
