//! What came of a step that was signed.

use desk::{Body, Document};
use model::{Digest, Step};
use serde_json::{Value, json};

use super::Answer;

/// A step that was signed.
pub(crate) struct Taken {
    pub(super) case: String,
    pub(super) entry: String,
    pub(super) step: Step,
    pub(super) needed: u32,
    pub(super) missing: u32,
    pub(super) progress: String,
    pub(super) body: Body,
}

impl Taken {
    /// How many signatures it still needs.
    pub(crate) fn missing(&self) -> u32 {
        self.missing
    }

    pub(crate) fn answer(self) -> Answer {
        let given = self.needed.saturating_sub(self.missing);
        let text = if self.missing > 0 && self.step == Step::GiveInfo {
            // It asks for more than was validated.
            format!(
                "{given} of {} signatures: a judge or prosecutor must run the same command, without the answers.",
                self.needed
            )
        } else if self.missing > 0 {
            format!("{given} of {} signatures: another officer must run the same command.", self.needed)
        } else {
            match self.progress.as_str() {
                "admitted" => format!("{} is part of the case: both gateways have admitted it.", self.step),
                "submitted" => format!("{} is with our own gateway; the other one has not answered yet.", self.step),
                _ if self.step == Step::Withdraw => {
                    format!("{} is signed, and follows the request as soon as that has arrived.", self.step)
                }
                _ => format!("{} is sealed and waits for the own gateway; it goes when that is back.", self.step),
            }
        };
        let value = json!({
            "case": self.case,
            "entry": self.entry,
            "step": self.step.as_str(),
            "signatures_needed": self.needed,
            "signatures_given": given,
            "signatures_missing": self.missing,
            "progress": self.progress,
            "documents": self.body.documents.iter().map(signed_document).collect::<Vec<_>>(),
        });
        Answer::new(value, format!("{text}\ncase {}", self.case))
    }
}

/// What was signed for, for programs.
fn signed_document(document: &Document) -> Value {
    json!({
        "record_type": document.record_type.as_str(),
        "bytes": document.bytes.len(),
        "sha256": Digest::of(&[&document.bytes]).to_string(),
    })
}
