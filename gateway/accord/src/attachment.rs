use std::{collections::BTreeSet, fmt};

use model::{Attached, Digest, FileId, Header, Refusal};
use serde::{Deserialize, Serialize};

use crate::{Record, compare::equal};

/// What a record says of a file that travels sealed beside it: the manifest, with the key. Its `Debug` tells nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Names the file within its case.
    pub file: FileId,
    /// What it is called.
    pub title: String,
    /// What kind of file it is [RFC 6838].
    pub media_type: String,
    /// How long it is in clear, in bytes.
    pub bytes: u64,
    /// SHA-256 in clear.
    pub hash: Digest,
    /// The key that opens it: 32 random bytes, in the form of a digest.
    pub key: Digest,
    /// What its sealed bytes are held against.
    pub sealed: Attached,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attachment(…)")
    }
}

/// The sealed files that records name, as a header declares them: each once, in order.
pub fn declare_attached(records: &[Record]) -> Vec<Attached> {
    let all: BTreeSet<_> = records.iter().flat_map(|one| &one.attachments).map(|one| one.sealed).collect();
    all.into_iter().collect()
}

/// The header declares the files that the records name, and no others. R94.
pub(crate) fn compare_attached(header: &Header, records: &[Record]) -> Result<(), Refusal> {
    let reason = "header and body name different files";
    equal(header.declared.attached == declare_attached(records), "declared.attached", reason)?;
    let files: Vec<_> = records.iter().flat_map(|one| &one.attachments).map(|one| one.file).collect();
    let each: BTreeSet<_> = files.iter().collect();
    equal(each.len() == files.len(), "attachments", "a file is named twice")
}
