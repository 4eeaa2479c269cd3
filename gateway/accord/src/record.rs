use std::fmt;

use model::{AuthorityId, CaseId, ConditionCode, Digest, MeasureId, RecordType, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Attachment, canonical};

/// A record as it is released: the wrapper that all record types share, and the content that only its schema knows.
/// Its `Debug` tells the type only.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Which record type.
    pub record_type: RecordType,
    /// The record, a UUID.
    pub record_id: String,
    /// The case it answers.
    pub case: CaseId,
    /// The measure it answers.
    pub measure: MeasureId,
    /// The subject, as the request calls it.
    pub subject_ref: String,
    /// [`crate::subject_binding`] of the request's selector.
    pub subject_binding: Digest,
    /// Where it was kept.
    pub source_system: String,
    /// When it was collected, RFC 3339.
    pub collected_at: String,
    /// By whom.
    pub collector: Collector,
    /// SHA-256 of the canonical form of `content`.
    pub hash: Digest,
    /// How it must be guarded.
    pub classification: Classification,
    /// Under which conditions it is given.
    pub conditions: Vec<ConditionCode>,
    /// The domestic order or statute.
    pub legal_basis: String,
    /// The record that this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// What the schema of the record type says.
    pub content: Value,
    /// The files that travel sealed beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// Who collected a record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collector {
    /// The authority.
    pub authority: AuthorityId,
    /// The officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<String>,
}

/// How a record must be guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// Anyone may see it.
    Open,
    /// For everyday official use.
    Official,
    /// Those who work on the case.
    Restricted,
    /// Named readers.
    Confidential,
    /// Named readers in a secured place.
    Secret,
}

impl Classification {
    /// The mark that a header gives to it: what anyone may see is for everyday official use there.
    pub fn mark(self) -> model::Classification {
        match self {
            Self::Open | Self::Official => model::Classification::Official,
            Self::Restricted => model::Classification::Restricted,
            Self::Confidential => model::Classification::Confidential,
            Self::Secret => model::Classification::Secret,
        }
    }
}

impl Record {
    /// The highest mark of several records; `None` where there is none.
    pub fn mark_of(records: &[Self]) -> Option<model::Classification> {
        records.iter().map(|record| record.classification.mark()).max()
    }

    /// Takes over a document that crate `records` has validated as its record type.
    ///
    /// # Errors
    /// R94 when it does not fit, without its values.
    pub fn from_document(document: Value) -> Result<Self, Refusal> {
        serde_json::from_value(document).map_err(|_| {
            let reason = "the document is not a record: the common wrapper is missing or incomplete";
            Refusal::new(RefusalCode::R94, "records/common", reason, "Validate it first; the findings name the fields.")
        })
    }

    /// What `hash` must be.
    pub fn content_hash(&self) -> Result<Digest, Refusal> {
        Ok(Digest::of(&[&canonical(&self.content)?]))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}, …)", self.record_type)
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector(…)")
    }
}
