//! What an officer signs to open records that were received, and the log of it. The statement is made alike by who signs and by the desk;
//! each line of a case's log follows from the one before it, so that none can be altered, or taken out from among others, unseen.

use std::fmt;

use bytes::Bytes;
use identity::{Domain, SigningKey};
use model::{AuthorityId, CaseId, Digest, EntryId, KeyId, Timestamp};

/// That a document is opened, or whatever of a case its file is to have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement<'a> {
    pub(crate) desk: &'a AuthorityId,
    pub(crate) case: CaseId,
    /// The entry and the number of the document in it; `None` for a case file.
    pub(crate) document: Option<(EntryId, u32)>,
    /// What for, by its name in the treaty; empty for the request's own purpose.
    pub(crate) purpose: &'a str,
    /// For which proceeding; empty for the one that the request named.
    pub(crate) proceeding: &'a str,
    /// Who reads it, where that is not the officer who signs.
    pub(crate) reader: &'a str,
    pub(crate) at: Timestamp,
}

impl fmt::Display for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let act = if self.document.is_some() { "open" } else { "export" };
        write!(f, "act {act}\ndesk {}\ncase {}\n", self.desk, self.case)?;
        if let Some((entry, index)) = self.document {
            write!(f, "entry {entry}\ndocument {index}\n")?;
        }
        let Self { purpose, proceeding, reader, at, .. } = self;
        write!(f, "purpose {purpose}\nproceeding {proceeding}\nreader {reader}\nat {}\n", at.0)
    }
}

/// An officer's word on an opening; empty where nobody signs.
#[derive(Debug, Default)]
pub(crate) struct Word {
    pub(crate) key_id: Bytes,
    pub(crate) signature: Bytes,
    pub(crate) at_ms: i64,
}

impl Word {
    /// By the officer whose key this is.
    pub(crate) fn on(statement: &Statement<'_>, key: &SigningKey) -> Self {
        Self {
            key_id: key.key_id().0.as_bytes().to_vec().into(),
            signature: key.sign(Domain::Custody, statement.to_string().as_bytes()).into(),
            at_ms: statement.at.0,
        }
    }
}

/// What a line of the log says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) entry: EntryId,
    pub(crate) index: u32,
    pub(crate) statement: &'a [u8],
    pub(crate) key: KeyId,
    pub(crate) signature: &'a [u8],
}

impl Line<'_> {
    /// The link of the line behind one with the link `before`; `None` before the first.
    pub(crate) fn link(&self, before: Option<&str>) -> String {
        let (statement, signature) = (Digest::of(&[self.statement]), Digest::of(&[self.signature]));
        let Self { entry, index, key, .. } = self;
        let before = before.unwrap_or("-");
        let text = format!("{before}\n{entry}\n{index}\n{statement}\n{key}\n{signature}\n");
        Digest::of(&[text.as_bytes()]).to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_statement_names_desk_case_document_purpose_proceeding_reader_and_moment() {
        let desk = "JP:central".parse().unwrap();
        let whole = Statement {
            desk: &desk,
            case: CaseId::new([1; 16]),
            document: Some((EntryId::new([2; 16]), 3)),
            purpose: "tax",
            proceeding: "",
            reader: "Aoki",
            at: Timestamp(5),
        };
        let (case, entry) = (CaseId::new([1; 16]), EntryId::new([2; 16]));
        assert_eq!(
            whole.to_string(),
            format!(
                "act open\ndesk JP:central\ncase {case}\nentry {entry}\ndocument 3\npurpose tax\nproceeding \nreader Aoki\nat 5\n"
            )
        );
        let file = Statement { document: None, ..whole }.to_string();
        assert!(file.starts_with("act export\n") && !file.contains("entry"));
    }

    #[test]
    fn each_line_of_the_log_follows_from_the_one_before_it() {
        let line = |signature| Line {
            entry: EntryId::new([2; 16]),
            index: 0,
            statement: b"act open\n",
            key: KeyId::of(b"key"),
            signature,
        };
        let first = line(b"one").link(None);
        let second = line(b"two").link(Some(&first));
        assert_ne!(second, line(b"two").link(None), "the first was taken out");
        assert_ne!(second, line(b"two").link(Some(&line(b"another").link(None))), "the first was altered");
    }
}
