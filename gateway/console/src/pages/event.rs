//! One entry of a case: what was stated of it, by whom and when, and what is awaited.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, routing::get};
use proto::desk as wire;

use super::case::EventShown;
use crate::{
    App,
    desk::{case_id, entry_id},
    face::{Page, Section},
    problem::Problem,
    visit::{Answer, Visit, html, key},
};

/// The stages that every entry goes through, each with the receipts that state it.
const STAGES: [(&str, &[&str]); 4] = [
    ("submission", &["SubmissionAcceptance", "SubmissionRejection"]),
    ("relay", &["RelayAcceptance", "RelayRejection", "RelayFailure"]),
    ("delivery", &["Delivery", "NonDelivery"]),
    ("retrieval", &["Retrieval", "NonRetrieval"]),
];

#[derive(Template)]
#[template(path = "pages/event.html")]
struct EventPage {
    page: Page,
    case: String,
    reference: String,
    event: EventShown,
    stages: Vec<StageShown>,
    /// Why the own gateway could not be asked.
    untraced: String,
    /// Where the same step can be prepared again.
    documents: Vec<(String, String)>,
}

struct StageShown {
    text: String,
    receipts: Vec<ReceiptShown>,
}

struct ReceiptShown {
    kind: String,
    by: String,
    at: String,
    leaf: String,
    reason: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/cases/{case}/events/{entry}", get(show))
}

async fn show(visit: Visit, Path((case, entry)): Path<(String, String)>) -> Answer {
    let (id, entry) = (case_id(&case)?, entry_id(&entry)?);
    let shown = visit.app.cases.traced(id).await?;
    let event = shown.timeline.iter().find(|one| one.entry_id == entry.as_bytes()[..]).ok_or(Problem::NoPage)?;
    let stage = |(name, kinds): (&str, &[&str])| StageShown {
        text: visit.text(&key("stage", name)),
        receipts: event
            .receipts
            .iter()
            .filter(|one| kinds.contains(&one.kind.as_str()))
            .map(|one| ReceiptShown::of(one, &visit))
            .collect(),
    };
    let own = shown.documents.iter().filter(|one| one.entry_id == event.entry_id);
    let document = |one: &wire::DocumentRef| {
        (format!("/cases/{id}/documents/{entry}/{}", one.index), visit.record(&one.record_type))
    };
    html(&EventPage {
        page: visit.page(Section::Inbox),
        case: id.to_string(),
        reference: shown.summary.as_ref().map(|one| one.reference.clone()).unwrap_or_default(),
        event: EventShown::of(event, &visit),
        stages: STAGES.into_iter().map(stage).collect(),
        untraced: shown.untraced.clone(),
        documents: own.map(document).collect(),
    })
}

impl ReceiptShown {
    fn of(one: &wire::ReceiptView, visit: &Visit) -> Self {
        Self {
            kind: visit.text(&format!("receipt-{}", hyphened(&one.kind))),
            by: one.by_party.clone(),
            at: visit.moment(one.at_ms),
            leaf: one.leaf.map(|leaf| visit.locale.number(leaf)).unwrap_or_default(),
            reason: one.reason.clone(),
        }
    }
}

/// `relay-acceptance` for `RelayAcceptance`.
fn hyphened(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_of_every_kind_has_its_stage() {
        let kinds: Vec<_> = STAGES.iter().flat_map(|(_, kinds)| kinds.iter()).collect();
        assert_eq!(kinds.len(), 9);
        for kind in model::ReceiptKind::ALL {
            assert!(kinds.contains(&&kind.as_str()), "{kind:?}");
        }
        assert_eq!(hyphened("RelayAcceptance"), "relay-acceptance");
    }
}
