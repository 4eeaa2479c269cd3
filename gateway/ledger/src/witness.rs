use base64::{Engine as _, prelude::BASE64_STANDARD};
use model::{Denial, Digest};

use crate::{
    Checkpoint, ConsistencyProof, Fork, LedgerKey, Log, NOTE_BYTES_MAX, Origin, PROOF_HASHES_MAX, Prefix,
    SignedCheckpoint, malformed,
};

/// A request to a witness, at most: size line, 63 hashes in base64, a note.
pub const WITNESS_REQUEST_BYTES_MAX: usize = 32 + PROOF_HASHES_MAX * 45 + NOTE_BYTES_MAX;

/// What a log asks of a witness: to cosign a head that follows from the one it cosigned last [C2SP tlog-witness, `add-checkpoint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessRequest {
    /// The size that the witness cosigned last, as the log believes.
    pub old_size: u64,
    /// That the head begins with the tree of that size.
    pub path: Vec<Digest>,
    /// The head, as a note that the log's home signed.
    pub note: Vec<u8>,
}

/// Why a witness does not cosign, each with the status that the specification gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuff {
    /// 404: not a log that it follows for who asks.
    UnknownOrigin,
    /// 403: no signature of the log's home that it knows.
    NotSigned,
    /// 400: no such request, or the old size is the larger one.
    Malformed,
    /// 409: it cosigned another size last, this one.
    Size(u64),
    /// 422: the head does not follow from the one it cosigned.
    Inconsistent,
}

impl WitnessRequest {
    /// The text that is sent.
    pub fn encode(&self) -> Vec<u8> {
        let path: String = self.path.iter().map(|hash| BASE64_STANDARD.encode(hash.as_bytes()) + "\n").collect();
        [format!("old {}\n{path}\n", self.old_size).as_bytes(), &self.note].concat()
    }

    /// Reads a text as it was received, and nothing that [`WitnessRequest::encode`] would not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, Denial> {
        let bad = || malformed("not a request to a witness: old size, proof, empty line, checkpoint");
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= WITNESS_REQUEST_BYTES_MAX);
        let (asked, note) = text.and_then(|text| text.split_once("\n\n")).ok_or_else(bad)?;
        let mut lines = asked.split('\n');
        let old_size = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(|size| size.parse().ok());
        let path: Option<Vec<Digest>> = lines.map(hash_of_line).collect();
        let (old_size, path) = old_size.zip(path).ok_or_else(bad)?;
        let request = Self { old_size, path, note: note.as_bytes().to_vec() };
        // A leading zero, a plus sign or another spelling of a hash would be read as well.
        if request.path.len() <= PROOF_HASHES_MAX && request.encode() == bytes { Ok(request) } else { Err(bad()) }
    }

    /// Judges as the witness of `log`, whose home's key is `key`: the head to keep and then to cosign, where it follows from `last`, the
    /// head that was cosigned last. `last` is to be replaced by the answer in one step, before the cosignature is given.
    pub fn judge(&self, log: Origin, key: &LedgerKey, last: Option<&Checkpoint>) -> Result<SignedCheckpoint, Rebuff> {
        if self.note.split(|byte| *byte == b'\n').next() != Some(log.to_string().as_bytes()) {
            return Err(Rebuff::UnknownOrigin);
        }
        let head = SignedCheckpoint::verify(&self.note, log, key).map_err(|denial| match denial {
            Denial::Refused(_) => Rebuff::NotSigned,
            Denial::Failed { .. } => Rebuff::Malformed,
        })?;
        let shown = head.checkpoint();
        if self.old_size > shown.size {
            return Err(Rebuff::Malformed);
        }
        let cosigned = last.map_or(0, |last| last.size);
        if self.old_size != cosigned {
            return Err(Rebuff::Size(cosigned));
        }
        let old_root = last.map_or(Log::default().root(), |last| last.root);
        let proof = ConsistencyProof { old_size: self.old_size, new_size: shown.size, path: self.path.clone() };
        proof.verify(old_root, shown.root).map_err(|_| Rebuff::Inconsistent)?;
        Ok(head)
    }
}

impl WitnessRequest {
    /// What convicts the home where a request is [`Rebuff::Inconsistent`]: `shown`, its head, beside `last`, the head that was cosigned last. Two
    /// heads of one size, or the request's own path, where it leads to its head from another root than that of `last`. `None` where the path
    /// leads from nowhere, or leaves that root out: the tiles of its head may show it ([`Fork::in_tiles`]).
    pub fn expose(&self, shown: &SignedCheckpoint, last: &SignedCheckpoint) -> Option<Fork> {
        let (larger, smaller) = (shown.checkpoint(), last.checkpoint());
        if larger.size == smaller.size {
            return Fork::between(shown, last, None);
        }
        let proof = ConsistencyProof { old_size: smaller.size, new_size: larger.size, path: self.path.clone() };
        let root = proof.old_root(larger.root)?;
        Fork::between(shown, last, Some(Prefix { root, proof }))
    }
}

impl Rebuff {
    /// The status of HTTP that the specification gives it.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::NotSigned => 403,
            Self::UnknownOrigin => 404,
            Self::Size(_) => 409,
            Self::Inconsistent => 422,
        }
    }

    /// What is answered with it: the size, where that is what is wrong.
    pub fn body(self) -> String {
        match self {
            Self::Size(size) => format!("{size}\n"),
            _ => String::new(),
        }
    }
}

fn hash_of_line(line: &str) -> Option<Digest> {
    Digest::try_from(&*BASE64_STANDARD.decode(line).ok()?).ok()
}
