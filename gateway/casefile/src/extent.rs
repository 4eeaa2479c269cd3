use model::{CaseId, Denial, Digest, Fault, PartyId, Timestamp};

/// How much a gateway holds of a case, in its own words and signed with its ledger key: over `rogatory case extent v1` and a zero, then the
/// text. A desk that leaves something out of its export contradicts its own gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The case.
    pub case: CaseId,
    /// Whose gateway says so.
    pub by: PartyId,
    /// When.
    pub at: Timestamp,
    /// Entries, those that did not become part of the case among them.
    pub entries: Pile,
    /// Receipts on them, by either gateway, in the order of the entries.
    pub receipts: Pile,
    /// Leaves of the ledger under the head that both signed, by index.
    pub leaves: Pile,
}

/// So many things, and a digest over the SHA-256 of each, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pile {
    count: u64,
    digests: Vec<u8>,
}

impl Pile {
    /// Adds a thing by its bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.count += 1;
        self.digests.extend_from_slice(Digest::of(&[bytes]).as_bytes());
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn line(&self) -> String {
        format!("{} {}", self.count, Digest::of(&[&self.digests]))
    }
}

impl Extent {
    /// The text that is signed.
    pub fn to_text(&self) -> String {
        format!(
            "case {}\nby {}\nat_ms {}\nentries {}\nreceipts {}\nleaves {}\n",
            self.case,
            self.by,
            self.at.0,
            self.entries.line(),
            self.receipts.line(),
            self.leaves.line()
        )
    }

    /// The moment that a text names. Nothing else of it is believed before it equals the text that follows from the file.
    pub(crate) fn moment_in(text: &str) -> Result<Timestamp, Denial> {
        let line = text.lines().find_map(|line| line.strip_prefix("at_ms "));
        let moment = line.and_then(|number| number.parse().ok());
        moment.map(Timestamp).ok_or_else(|| Denial::failed(Fault::Malformed, "not a statement of a case's extent"))
    }

    /// Which lines of `text` are not those of this extent, by their first words.
    pub(crate) fn differing(&self, text: &str) -> Vec<String> {
        let ours = self.to_text();
        let differs = |(ours, theirs): (&str, &str)| {
            (ours != theirs).then(|| ours.split(' ').next().unwrap_or_default().to_owned())
        };
        let mut lines: Vec<String> = ours.lines().zip(text.lines()).filter_map(differs).collect();
        if lines.is_empty() && ours != text {
            lines.push("its form".to_owned());
        }
        lines
    }
}
