use std::str;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ledger::{ConsistencyProof, PROOF_HASHES_MAX, TimedHead};
use model::{Denial, Digest, Fault};

/// A time-stamp [RFC 3161] of the exporting gateway's log of heads, and what leads from it to the ledger of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampProof {
    /// The head of the ledger then; its note is what was stamped, to the byte.
    pub timed: TimedHead,
    /// From that head to the one that both gateways signed.
    pub consistency: ConsistencyProof,
    /// The token, DER.
    pub token: Vec<u8>,
}

impl StampProof {
    /// How many heads the stamped log has: by this a stamp is named.
    pub(crate) fn size(&self) -> u64 {
        self.timed.inclusion.size
    }

    /// The consistency proof as a file: its two sizes, then a hash on each line.
    pub(crate) fn consistency_text(&self) -> String {
        let ConsistencyProof { old_size, new_size, path } = &self.consistency;
        let path: String = path.iter().map(|hash| format!("{}\n", BASE64_STANDARD.encode(hash.as_bytes()))).collect();
        format!("{old_size} {new_size}\n{path}")
    }

    /// Reads what [`StampProof::consistency_text`] and [`TimedHead::encode`] write, and nothing else.
    pub(crate) fn read(timed: &[u8], consistency: &[u8], token: &[u8]) -> Result<Self, Denial> {
        let bad = || Denial::failed(Fault::Malformed, "not a proof that one head leads to another");
        let mut lines = str::from_utf8(consistency).map_err(|_| bad())?.lines();
        let sizes = lines.next().and_then(|line| line.split_once(' ')).ok_or_else(bad)?;
        let number = |text: &str| text.parse().map_err(|_| bad());
        let mut path = Vec::new();
        for line in lines {
            let hash = BASE64_STANDARD.decode(line).ok().and_then(|hash| Digest::try_from(&*hash).ok());
            path.push(hash.filter(|_| path.len() < PROOF_HASHES_MAX).ok_or_else(bad)?);
        }
        let proof = Self {
            timed: TimedHead::decode(timed)?,
            consistency: ConsistencyProof { old_size: number(sizes.0)?, new_size: number(sizes.1)?, path },
            token: token.to_vec(),
        };
        if proof.consistency_text().as_bytes() == consistency { Ok(proof) } else { Err(bad()) }
    }
}
