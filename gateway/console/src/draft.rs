//! A request while it is written: its document at the desk, and the topics that its pages ask about, one at a time.
//!
//! The document is JSON of `records/request/1` and may be unfinished; what the officer left blank is not in it. A page reads and writes only
//! the fields of its own topic, so that two officers at two topics do not meet.

mod document;
mod filled;
mod standing;
mod topics;

use model::{CaseId, Digest};
use proto::desk as wire;
use serde_json::Value;

use crate::{desk::case_id, problem::Problem, visit::Visit};

pub(crate) use document::{blank, put, stripped, text_at};
pub(crate) use filled::{Filled, beside, part_name};
pub(crate) use standing::{Found, found, standing};
pub(crate) use topics::{Field, Kind, Offered, Place, SECTIONS, SELECTORS, places, text_of};

/// How often a save is tried where others save at the same time.
const SAVES_MAX: usize = 4;

/// A draft as the desk keeps it.
pub(crate) struct Draft {
    pub(crate) id: CaseId,
    pub(crate) document: Value,
    /// Of the text that the desk keeps.
    pub(crate) sha256: String,
    pub(crate) shown: wire::GetCaseResponse,
}

impl Draft {
    /// The draft in an address. What was sent is a draft no more.
    pub(crate) async fn find(visit: &Visit, id: &str) -> Result<Self, Problem> {
        let id = case_id(id)?;
        let shown = visit.app.cases.case(id).await?;
        if !shown.documents.iter().any(|one| one.entry_id == id.as_bytes()[..]) {
            return Err(Problem::NoPage);
        }
        let (document, sha256) = read(visit, id).await?;
        Ok(Self { id, document, sha256, shown })
    }

    pub(crate) fn summary(&self) -> wire::CaseSummary {
        self.shown.summary.clone().unwrap_or_default()
    }

    /// Whom it is for.
    pub(crate) fn recipient(&self) -> String {
        self.summary().counterpart
    }

    /// Changes the document and saves it, over whatever others have saved beside what `change` touches. `change` gets the document as it is
    /// kept now, and says whether it may be saved.
    pub(crate) async fn save(
        &mut self,
        visit: &Visit,
        mut change: impl FnMut(&mut Value) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        for _ in 1..SAVES_MAX {
            match self.save_once(visit, &mut change).await {
                Err(problem) if problem.is_stale() => {
                    (self.document, self.sha256) = read(visit, self.id).await?;
                }
                done => return done,
            }
        }
        self.save_once(visit, &mut change).await
    }

    async fn save_once(
        &self,
        visit: &Visit,
        change: &mut impl FnMut(&mut Value) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut document = self.document.clone();
        change(&mut document)?;
        if document == self.document {
            return Ok(());
        }
        visit.app.cases.save(self.id, written(&document), &self.sha256).await
    }
}

/// As it goes to the desk.
pub(crate) fn written(document: &Value) -> Vec<u8> {
    format!("{document:#}").into_bytes()
}

async fn read(visit: &Visit, id: CaseId) -> Result<(Value, String), Problem> {
    let request =
        wire::GetDocumentRequest { entry_id: id.as_bytes().to_vec().into(), ..wire::GetDocumentRequest::default() };
    let body = visit.app.cases.document(request).await?.body;
    // What another program has saved and is no JSON object cannot be shown field by field, and is not overwritten.
    let document: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if !document.is_object() {
        let detail = "the draft is no JSON object: it can be mended with `desk request edit`";
        return Err(model::Denial::failed(model::Fault::Malformed, detail).into());
    }
    Ok((document, Digest::of(&[&body]).to_string()))
}
