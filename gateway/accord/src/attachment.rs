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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::RefusalCode;

    use super::*;
    use crate::{compare_release, sample};

    fn attachment(number: u8) -> Attachment {
        let digest = |part: &[u8]| Digest::of(&[part, &[number]]);
        Attachment {
            file: FileId::new([number; 16]),
            title: "statements.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes: 5000,
            hash: digest(b"hash"),
            key: digest(b"key"),
            sealed: Attached { digest: digest(b"sealed"), bytes: 5136 },
        }
    }

    fn with(attachments: Vec<Attachment>) -> (Header, Record) {
        let record = Record { attachments, ..sample::record() };
        let mut header = sample::release_header();
        header.declared.attached = declare_attached(std::slice::from_ref(&record));
        (header, record)
    }

    fn refused(header: &Header, record: Record) -> (RefusalCode, Option<String>) {
        let refusal = compare_release(header, &sample::request(), &[record]).unwrap_err();
        (refusal.code, refusal.field)
    }

    #[test]
    fn a_header_declares_the_files_that_its_records_name_and_no_others() {
        let (header, record) = with(vec![attachment(1), attachment(2)]);
        assert_eq!(compare_release(&header, &sample::request(), std::slice::from_ref(&record)), Ok(()));
        let wrong = (RefusalCode::R94, Some("declared.attached".to_owned()));
        let hidden = Header { declared: model::Declared::default(), ..header.clone() };
        assert_eq!(refused(&hidden, record.clone()), wrong, "a file that the header does not tell of");
        let mut longer = header.clone();
        longer.declared.attached[0].bytes += 1;
        assert_eq!(refused(&longer, record), wrong);
        assert_eq!(refused(&header, Record { attachments: vec![attachment(1)], ..sample::record() }), wrong);
    }

    #[test]
    fn a_file_is_named_once() {
        let (header, record) = with(vec![attachment(1), attachment(1)]);
        assert_eq!(refused(&header, record), (RefusalCode::R94, Some("attachments".to_owned())));
    }

    #[test]
    fn a_manifest_is_read_from_its_record_and_shows_nothing_in_a_debug_output() {
        let (_, record) = with(vec![attachment(1)]);
        let read = Record::from_document(serde_json::to_value(&record).unwrap()).unwrap();
        assert_eq!(read.attachments, [attachment(1)]);
        assert_eq!(format!("{:?}", attachment(1)), "Attachment(…)");
        assert!(!serde_json::to_string(&sample::record()).unwrap().contains("attachments"));
    }
}
