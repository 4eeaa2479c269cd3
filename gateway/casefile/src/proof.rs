use std::str;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ledger::{InclusionProof, LeafSalt, PROOF_HASHES_MAX, Statement};
use model::{Denial, Digest, Fault};

const HEADING: &str = "c2sp.org/tlog-proof@v1";

/// A leaf of the ledger, opened: what it commits to, where it stands, and the audit path to a head [C2SP tlog-proof]. The opening is in the
/// line `extra`: salt (32 bytes) ‖ statement. It is not believed but computed: the leaf is `SHA-256(salt ‖ statement)`, as a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafProof {
    /// What was stated.
    pub statement: Statement,
    /// The salt that hid it.
    pub salt: LeafSalt,
    /// Its place, and the path to the root of the head.
    pub inclusion: InclusionProof,
}

impl LeafProof {
    /// The text of a `.tlog-proof`, with `head` (a signed and cosigned checkpoint) behind it.
    pub fn to_text(&self, head: &str) -> String {
        let extra = [&self.salt.0[..], &self.statement.encode()].concat();
        let path: String =
            self.inclusion.path.iter().map(|hash| format!("{}\n", BASE64_STANDARD.encode(hash.as_bytes()))).collect();
        format!("{HEADING}\nextra {}\nindex {}\n{path}\n{head}", BASE64_STANDARD.encode(extra), self.inclusion.index)
    }

    /// What an [`Extent`](crate::Extent) counts of it: index (8 bytes), salt, statement.
    pub fn to_piled(&self) -> Vec<u8> {
        [&self.inclusion.index.to_be_bytes()[..], &self.salt.0, &self.statement.encode()].concat()
    }

    /// Reads exactly what [`LeafProof::to_text`] writes for this head of `size` leaves.
    pub fn parse(text: &[u8], head: &str, size: u64) -> Result<Self, Denial> {
        let bad = || Denial::failed(Fault::Malformed, "not a proof of a leaf at the common head");
        let text = str::from_utf8(text).map_err(|_| bad())?;
        let before = text.strip_suffix(head).ok_or_else(bad)?;
        let mut lines = before.lines();
        lines.next().filter(|line| *line == HEADING).ok_or_else(bad)?;
        let extra = lines.next().and_then(|line| line.strip_prefix("extra ")).ok_or_else(bad)?;
        let extra = BASE64_STANDARD.decode(extra).map_err(|_| bad())?;
        let (salt, statement) = extra.split_first_chunk::<32>().ok_or_else(bad)?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or_else(bad)?;
        let index = index.parse().map_err(|_| bad())?;
        let mut path = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            let hash = BASE64_STANDARD.decode(line).ok().and_then(|hash| Digest::try_from(&*hash).ok());
            path.push(hash.filter(|_| path.len() < PROOF_HASHES_MAX).ok_or_else(bad)?);
        }
        let proof = Self {
            statement: Statement::decode(statement)?,
            salt: LeafSalt(*salt),
            inclusion: InclusionProof { size, index, path },
        };
        if proof.to_text(head) == text { Ok(proof) } else { Err(bad()) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use ledger::StatementKind;
    use model::{EntryId, EnvelopeDigest, HeaderDigest, Timestamp};

    use super::*;

    const HEAD: &str = "rogatory.internal/jp/fr\n3\nAAAA\n\n— x y\n";

    #[test]
    fn a_proof_has_one_spelling() {
        let proof = LeafProof {
            statement: Statement {
                kind: StatementKind::Entry,
                entry: EntryId::new([1; 16]),
                header: HeaderDigest(Digest::new([2; 32])),
                envelope: EnvelopeDigest(Digest::new([3; 32])),
                at: Timestamp(1_790_000_000_000),
            },
            salt: LeafSalt([4; 32]),
            inclusion: InclusionProof { size: 3, index: 1, path: vec![Digest::new([5; 32]), Digest::new([6; 32])] },
        };
        let text = proof.to_text(HEAD);
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra BAQE"), "{text}");
        assert_eq!(LeafProof::parse(text.as_bytes(), HEAD, 3).unwrap(), proof);
        for (ours, theirs) in [
            ("@v1", "@v2"),
            ("index 1", "index 01"),
            ("index 1", "index +1"),
            ("extra ", "extra  "),
            ("\n\nrog", "\nrog"),
        ] {
            assert!(LeafProof::parse(text.replacen(ours, theirs, 1).as_bytes(), HEAD, 3).is_err(), "{ours}");
        }
        for cut in 0..text.len() {
            assert!(LeafProof::parse(&text.as_bytes()[..cut], HEAD, 3).is_err(), "cut at {cut}");
        }
    }
}
