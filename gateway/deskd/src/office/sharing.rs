//! Drafts that are shown to the other side before they are sent, and what it says of them. A draft has no legal effect: no scope is
//! declared in its header, no clock runs, and the case stays where it is.

use desk::Document;
use model::{CaseId, Denial, EntryId, Fault, Step, Timestamp};
use serde_json::{Value, json};
use workflow::Side;

use super::{Checked, Office, Written, documents::Said, internal, unknown, view::CaseView};
use crate::clock;

/// A draft that is shared, in bytes: as its schema has it.
const SHARED_BYTES_MAX: usize = 1_000_000;

impl Office {
    /// The draft as it stands, to be shown to the other side. The key of the subjects' pseudonyms stays here until the request is sent.
    pub(super) async fn shared_draft(&self, view: &CaseView, said: &Said<'_>) -> Result<Document, Denial> {
        let (draft, _) = self.draft(view.id).await?.ok_or_else(|| unknown("the request was sent already"))?;
        let shared = shared(view.id, said.now, said.text, draft.body)?;
        let (record_type, bytes) = ("shared_draft".parse().map_err(internal)?, serde_json::to_vec_pretty(&shared));
        let bytes = bytes.map_err(internal)?;
        self.accept(&record_type, &bytes)?;
        Ok(Document { record_type, bytes })
    }

    /// The newest draft that the other side has shared in a case, and its entry.
    pub(super) async fn newest_shared(&self, view: &CaseView) -> Result<Option<(EntryId, Vec<u8>)>, Denial> {
        let entries = self.store.entries_of(view.id).await?;
        let Some(row) = entries.iter().rev().find(|row| row.step.0 == Step::ShareDraft && row.seq.is_some()) else {
            return Ok(None);
        };
        let document = self.body(row.id.0).await?.and_then(|body| body.documents.into_iter().next());
        let value = document.and_then(|document| records::read(&document.bytes).ok());
        let text = value.and_then(|value| value.get("draft")?.as_str().map(|text| text.as_bytes().to_vec()));
        Ok(text.map(|text| (row.id.0, text)))
    }

    /// What this desk would find in the draft that the other side has shared: the same preflight, under the same rule, with the own
    /// national file.
    pub(super) async fn preflight_shared(&self, id: CaseId) -> Result<Checked, Denial> {
        let missing = || unknown("there is no such draft, and none was shared in the case");
        let (view, _) = self.view(id).await?.filter(|(view, _)| view.side() == Side::Peer).ok_or_else(missing)?;
        let now = clock::now();
        if view.request.is_some() {
            return self.preflight_received(id, now).await;
        }
        let (_, body) = self.newest_shared(&view).await?.ok_or_else(missing)?;
        let recipient = self.own.to_string();
        let written = Written { body: &body, recipient: &recipient, ..Written::default() };
        self.check_of(id, &self.read_draft(id, &written, None, now)?, &view.other, now)
    }
}

/// The document that shows a draft, without the key of its subjects' pseudonyms.
pub(super) fn shared(case: CaseId, now: Timestamp, words: &str, mut draft: Vec<u8>) -> Result<Value, Denial> {
    if let Ok(Value::Object(mut fields)) = records::read(&draft)
        && fields.remove("tag_key").is_some()
    {
        draft = serde_json::to_vec_pretty(&fields).map_err(internal)?;
    }
    let text =
        String::from_utf8(draft).map_err(|_| Denial::failed(Fault::Malformed, "the draft is no text in UTF-8"))?;
    if text.len() > SHARED_BYTES_MAX {
        return Err(Denial::failed(Fault::TooLarge, "a draft of more than 1 MB is not shared"));
    }
    let mut shared = json!({
        "record_type": "shared_draft",
        "case": case.to_string(),
        "legal_effect": "none",
        "shared_at": now.to_string(),
        "draft": text,
    });
    if !words.trim().is_empty() {
        shared["text"] = words.into();
    }
    Ok(shared)
}
