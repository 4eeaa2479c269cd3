//! A decision for readers: text and HTML for people, a document for machines, all from the same facts.
//!
//! Labels and grounds are in the reader's language; reasons and remedies are English, and marked so where the form can mark it.

mod facts;
mod html;
mod label;
mod text;
mod words;

use model::Language;
use serde::Serialize;

pub use facts::Fact;
pub use label::Label;
pub use words::Bytes;

use crate::Decision;

/// The version of [`Document`]: it grows when a field is renamed or left out, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;

/// A decision as a document for machines, as JSON in the first place.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Document<'a> {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Whether the request may pass as a whole.
    pub allowed: bool,
    /// All of it.
    #[serde(flatten)]
    pub decision: &'a Decision,
}

impl Decision {
    /// For people on a terminal: lines that end in LF, the refusals or permits first, then the trace.
    pub fn to_text(&self, language: Language) -> String {
        text::decision(self, language)
    }

    /// For people in a browser: one `<section>`, every text escaped, nothing that styles or runs.
    pub fn to_html(&self, language: Language) -> String {
        html::decision(self, language)
    }

    /// For machines: to be serialised.
    pub fn document(&self) -> Document<'_> {
        Document { schema_version: SCHEMA_VERSION, allowed: self.allowed(), decision: self }
    }
}
