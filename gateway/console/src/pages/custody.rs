//! The chain of custody of a case: who gave and took what, who opened it for which purpose, what was recalled or destroyed, and under which
//! conditions the rest is kept.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, routing::get};
use model::Step;
use proto::desk as wire;

use super::case::{EventShown, MeasureShown};
use crate::{
    App,
    desk::{case_id, entry_text},
    face::{Page, Section},
    problem::Problem,
    visit::{Answer, Visit, html, key},
};

#[derive(Template)]
#[template(path = "pages/custody.html")]
struct CustodyPage {
    page: Page,
    case: String,
    reference: String,
    measures: Vec<MeasureShown>,
    events: Vec<EventShown>,
    records: Vec<RecordShown>,
    /// Notes of custody and certificates: where each is, its type, and who stands in it.
    papers: Vec<PaperShown>,
    /// The end of the chain of openings: whoever notes it can tell later whether a line is gone.
    newest_link: String,
}

/// A note of custody or a certificate.
struct PaperShown {
    href: String,
    record_type: String,
    names: String,
}

/// The papers of custody, each with the fields in which people are named.
const PAPERS: [(&str, &[&str]); 4] = [
    ("receipt_confirmation", &["custodian"]),
    ("custody_note", &["keeper", "readers"]),
    ("destruction_certificate", &["certified_by"]),
    ("return_certificate", &["certified_by"]),
];

/// A record, what became of it, and who opened it.
struct RecordShown {
    href: String,
    record_type: String,
    sha256: String,
    fate: String,
    is_gone: bool,
    openings: Vec<OpeningShown>,
}

struct OpeningShown {
    at: String,
    officer: String,
    signed_by: String,
    purpose: String,
    proceeding: String,
    is_export: bool,
}

/// The steps by which custody changes, or what is kept.
fn changes_custody(step: Step) -> bool {
    use Step::*;
    step.carries_records()
        || step.carries_minutes()
        || matches!(step, Confirm | Reject | TakeOver | Recall | Extend | DisposalDue | ReturnRequest)
        || matches!(step, CertifyDisposal | CertifyShredding | GrantConsent | Withdraw)
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/cases/{case}/custody", get(show))
}

async fn show(visit: Visit, Path(case): Path<String>) -> Answer {
    let id = case_id(&case)?;
    let shown = visit.app.cases.case(id).await?;
    let events = shown.timeline.iter().filter(|one| one.step.parse().is_ok_and(changes_custody));
    let gave = |entry: &[u8]| {
        let event = shown.timeline.iter().find(|one| one.entry_id == entry);
        event.and_then(|event| event.step.parse::<Step>().ok())
    };
    let records = shown.documents.iter().filter(|one| {
        gave(&one.entry_id).is_some_and(|step| {
            step.carries_records() || step.carries_minutes() || (step == Step::SealSend && one.index > 0)
        })
    });
    let papers = papers(&visit, &shown).await?;
    html(&CustodyPage {
        page: visit.page(Section::Inbox),
        papers,
        case: id.to_string(),
        reference: shown.summary.clone().unwrap_or_default().reference,
        measures: shown.measures.iter().map(|one| MeasureShown::of(one, &visit)).collect(),
        events: events.map(|one| EventShown::of(one, &visit)).collect(),
        records: records.map(|one| RecordShown::of(one, &shown, &visit)).collect(),
        newest_link: shown.openings.last().map(|one| one.link.clone()).unwrap_or_default(),
    })
}

async fn papers(visit: &Visit, shown: &wire::GetCaseResponse) -> Result<Vec<PaperShown>, Problem> {
    let case = shown.summary.as_ref().map(|summary| summary.case_id.clone()).unwrap_or_default();
    let counts = |entry: &[u8]| shown.timeline.iter().any(|one| one.entry_id == entry && one.verdict == "admitted");
    let mut papers = Vec::new();
    for one in shown.documents.iter().filter(|one| counts(&one.entry_id)) {
        let Some((_, fields)) = PAPERS.iter().find(|(name, _)| *name == one.record_type) else { continue };
        let paper = visit.app.cases.plain(one).await?;
        let mut names = Vec::new();
        fields.iter().for_each(|field| named(&paper[*field], &mut names));
        papers.push(PaperShown {
            href: format!("/cases/{case}/documents/{}/{}", entry_text(&one.entry_id), one.index),
            record_type: one.record_type.clone(),
            names: names.join(", "),
        });
    }
    Ok(papers)
}

/// Who is named in a part of a paper: officers, or officers of an authority.
fn named(value: &serde_json::Value, names: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(all) => all.iter().for_each(|one| named(one, names)),
        one => {
            let name = one["name"].as_str().or_else(|| one["officer"]["name"].as_str());
            names.extend(name.map(str::to_owned));
        }
    }
}

impl RecordShown {
    fn of(one: &wire::DocumentRef, shown: &wire::GetCaseResponse, visit: &Visit) -> Self {
        let case = shown.summary.as_ref().map(|summary| summary.case_id.clone()).unwrap_or_default();
        let fate = match one {
            one if one.destroyed && one.superseded => "destroyed-replaced",
            one if one.destroyed => "destroyed",
            one if one.superseded => "superseded",
            one if one.rejected => "rejected",
            _ => "",
        };
        let own = |opening: &&wire::OpeningView| opening.entry_id == one.entry_id && opening.index == one.index;
        let opening = |one: &wire::OpeningView| OpeningShown {
            at: visit.moment(one.at_ms),
            officer: one.officer.clone(),
            signed_by: one.signed_by.clone(),
            purpose: one.purpose.clone(),
            proceeding: one.proceeding.clone(),
            is_export: one.reason == "export",
        };
        Self {
            href: format!("/cases/{case}/documents/{}/{}", entry_text(&one.entry_id), one.index),
            record_type: one.record_type.clone(),
            sha256: one.sha256.clone(),
            fate: if fate.is_empty() { String::new() } else { visit.text(&key("document-fate", fate)) },
            is_gone: one.destroyed,
            openings: shown.openings.iter().filter(own).map(opening).collect(),
        }
    }
}
