//! What came of a signature, and who has to give the next one.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, routing::get};

use crate::{
    App,
    desk::{case_id, entry_text},
    face::{Page, Section},
    signing::Taken,
    visit::{Answer, Visit, html, key, see},
};

#[derive(Template)]
#[template(path = "pages/taken.html")]
struct TakenPage {
    page: Page,
    case: String,
    reference: String,
    /// The step in words.
    step: String,
    given: String,
    taken: Taken,
    /// "missing", "admitted", "rejected" or "on-its-way".
    standing: &'static str,
    /// Why it was refused.
    why: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/cases/{case}/done/{key}", get(show))
}

/// Where the page of it is.
pub(crate) fn address(case: &str, key: &str) -> String {
    format!("/cases/{case}/done/{key}")
}

async fn show(visit: Visit, Path((case, done)): Path<(String, String)>) -> Answer {
    let id = case_id(&case)?;
    let taken = visit.officer()?.session.acts.lock().await.find(&done).cloned();
    // Another session, or long ago: the case tells what became of it.
    let Some(taken) = taken else { return see(&format!("/cases/{id}")) };
    let shown = visit.app.cases.case(id).await?;
    let event = shown.timeline.iter().find(|one| entry_text(&one.entry_id) == taken.entry);
    let standing = match event.map_or("", |event| event.verdict.as_str()) {
        "admitted" => "admitted",
        "rejected" | "lapsed" => "rejected",
        _ if taken.missing > 0 => "missing",
        _ if taken.progress == "admitted" => "admitted",
        _ => "on-its-way",
    };
    html(&TakenPage {
        page: visit.page(Section::Inbox),
        case: id.to_string(),
        reference: shown.summary.map(|one| one.reference).unwrap_or_default(),
        step: visit.text(&key("step", &taken.step)),
        given: taken.needed.saturating_sub(taken.missing).to_string(),
        why: event.filter(|_| standing == "rejected").map(|event| event.text.clone()).unwrap_or_default(),
        standing,
        taken,
    })
}
