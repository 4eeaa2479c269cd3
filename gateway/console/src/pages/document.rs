//! One document of a case. What was received is opened by an officer who signs for it, for a purpose that is named; each opening is on the
//! record. What this side wrote, and what nobody has to sign for, is shown.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Path, http::StatusCode, routing::get};
use model::{CaseId, EntryId, Step};
use proto::desk as wire;

use crate::{
    App,
    desk::{case_id, entry_id},
    face::{Page, Section},
    fields::Fields,
    hearing::{NOTICE, download, is_withheld},
    officers::{Act, Opening},
    problem::{Problem, Told},
    shown::DocumentShown,
    signing::proved,
    visit::{Answer, Form, Visit, html_as},
};

#[derive(Template)]
#[template(path = "pages/document.html")]
struct DocumentPage {
    page: Page,
    case: String,
    reference: String,
    entry: String,
    record_type: String,
    bytes: String,
    sha256: String,
    /// Whether an officer signs for each opening.
    is_received: bool,
    is_gone: bool,
    /// The conditions under which it was given, which stand over it.
    conditions: Vec<String>,
    /// Who opened it before, when, and for what.
    openings: Vec<OpeningShown>,
    opened: Option<DocumentShown>,
    purpose: String,
    proceeding: String,
    reader: String,
    problem: Option<Told>,
}

struct OpeningShown {
    at: String,
    officer: String,
    signed_by: String,
    purpose: String,
    proceeding: String,
}

/// Which document, and what the desk says of it.
struct Place {
    case: CaseId,
    entry: EntryId,
    one: wire::DocumentRef,
    shown: wire::GetCaseResponse,
    is_received: bool,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/cases/{case}/documents/{entry}/{index}", get(show).post(open))
}

impl Place {
    async fn find(visit: &Visit, (case, entry, index): &(String, String, u32)) -> Result<Self, Problem> {
        let (case, entry) = (case_id(case)?, entry_id(entry)?);
        let shown = visit.app.cases.case(case).await?;
        let is_it = |one: &&wire::DocumentRef| one.entry_id == entry.as_bytes()[..] && one.index == *index;
        let one = shown.documents.iter().find(is_it).cloned().ok_or(Problem::NoPage)?;
        let event = shown.timeline.iter().find(|event| event.entry_id == one.entry_id);
        let is_received = event.is_some_and(|event| {
            let own = event.sender.split(':').next() == Some(visit.app.desk.party().as_str());
            let step = event.step.parse::<Step>();
            !own && step.is_ok_and(|step| step.carries_records() || (step == Step::SealSend && one.index > 0))
        });
        Ok(Self { case, entry, one, shown, is_received })
    }
}

async fn show(visit: Visit, Path(path): Path<(String, String, u32)>) -> Answer {
    let mut place = Place::find(&visit, &path).await?;
    if place.is_received || place.one.destroyed {
        return page(&visit, &place, &Fields::default(), None, None);
    }
    let request = wire::GetDocumentRequest {
        entry_id: place.one.entry_id.clone(),
        index: place.one.index,
        ..wire::GetDocumentRequest::default()
    };
    let opened = visit.app.cases.document(request).await?;
    if is_withheld(&serde_json::from_slice(&opened.body).unwrap_or_default()) {
        place.is_received = true;
        return page(&visit, &place, &Fields::default(), None, None);
    }
    page(&visit, &place, &Fields::default(), Some(&opened), None)
}

async fn open(visit: Visit, Path(path): Path<(String, String, u32)>, Form(mut fields): Form) -> Answer {
    let mut place = Place::find(&visit, &path).await?;
    place.is_received |= place.one.record_type == NOTICE;
    let passphrase = fields.take_passphrase().unwrap_or_default();
    if !fields.one("resumed").is_empty() {
        return page(&visit, &place, &fields, None, None);
    }
    let opening = Opening {
        case: place.case,
        document: (place.entry, place.one.index),
        purpose: fields.one("purpose").trim().to_owned(),
        proceeding: fields.one("proceeding").trim().to_owned(),
        reader: fields.one("reader").trim().to_owned(),
    };
    let opened = async {
        let word = proved(&visit, passphrase, Act::Opening(&opening)).await?;
        let request = wire::GetDocumentRequest {
            entry_id: place.one.entry_id.clone(),
            index: place.one.index,
            purpose: opening.purpose.clone(),
            proceeding: opening.proceeding.clone(),
            officer: opening.reader.clone(),
            key_id: word.key_id,
            signature: word.signature,
            at_ms: word.at_ms,
        };
        visit.app.cases.document(request).await
    };
    match opened.await {
        Ok(opened) => match download(&serde_json::from_slice(&opened.body).unwrap_or_default(), "minutes") {
            Some(minutes) => Ok(minutes),
            None => page(&visit, &place, &fields, Some(&opened), None),
        },
        Err(problem @ (Problem::Denied(_) | Problem::Wrong | Problem::Wait(_))) => {
            let page = page(&visit, &place, &fields, None, Some(&problem))?;
            problem.over(page)
        }
        Err(problem) => Err(problem),
    }
}

fn page(
    visit: &Visit,
    place: &Place,
    fields: &Fields,
    opened: Option<&wire::GetDocumentResponse>,
    problem: Option<&Problem>,
) -> Answer {
    let shown = &place.shown;
    let own = |one: &&wire::OpeningView| one.entry_id == place.one.entry_id && one.index == place.one.index;
    let opening = |one: &wire::OpeningView| OpeningShown {
        at: visit.moment(one.at_ms),
        officer: one.officer.clone(),
        signed_by: one.signed_by.clone(),
        purpose: one.purpose.clone(),
        proceeding: one.proceeding.clone(),
    };
    let mut conditions: Vec<String> = shown
        .measures
        .iter()
        .flat_map(|one| one.conditions.iter())
        .map(|code| {
            let text = code.parse::<model::ConditionCode>().map(|known| known.text_in(visit.language()));
            text.map_or_else(|_| code.clone(), |text| format!("{code} {text}"))
        })
        .collect();
    conditions.sort();
    conditions.dedup();
    let page = DocumentPage {
        page: visit.page(Section::Inbox),
        case: place.case.to_string(),
        reference: shown.summary.as_ref().map(|one| one.reference.clone()).unwrap_or_default(),
        entry: place.entry.to_string(),
        record_type: visit.record(&place.one.record_type),
        bytes: crate::shown::kilobytes(place.one.bytes_count),
        sha256: place.one.sha256.clone(),
        is_received: place.is_received,
        is_gone: place.one.destroyed,
        conditions: if place.is_received { conditions } else { Vec::new() },
        openings: shown.openings.iter().filter(own).map(opening).collect(),
        opened: opened.map(|one| DocumentShown::of(&visit.record(&one.record_type), &one.body)),
        purpose: fields.one("purpose").to_owned(),
        proceeding: fields.one("proceeding").to_owned(),
        reader: fields.one("reader").to_owned(),
        problem: problem.map(|problem| problem.told(visit)),
    };
    html_as(problem.map_or(StatusCode::OK, Problem::status), &page)
}
