use model::{Denial, Fault, Timestamp};
use signed_note::Signature;

use crate::{
    Checkpoint, LedgerKey, SignBytes, SignedCheckpoint, WitnessName,
    checkpoint::parse_note,
    key::{WITNESS, sign_checked},
    malformed, not_verified,
};

/// A time (8 bytes) and an Ed25519 signature (64 bytes).
const COSIGNATURE_BYTES: usize = 72;
/// A signature line: far above what names and 76 bytes in base64 need.
const LINE_BYTES_MAX: usize = 512;

/// A peer's word that it saw this head, at a time, and that it follows from all heads it saw before
/// [C2SP tlog-cosignature, `cosignature/v1`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    witness: WitnessName,
    time_s: u64,
    line: Vec<u8>,
}

impl SignedCheckpoint {
    /// Cosigns this head as `witness` at `at` (cut to whole seconds). The caller has replicated the log up to it and has
    /// made that durable. `Internal` when the signer does not sign.
    pub fn cosign(&self, witness: WitnessName, signer: &impl SignBytes, at: Timestamp) -> Result<Cosignature, Denial> {
        let internal = |detail: &str| Denial::failed(Fault::Internal, detail);
        let time_s = u64::try_from(at.0 / 1000).map_err(|_| internal("a cosignature before 1970"))?;
        let name = witness.to_string();
        let id = signer.public_key().note_key_id(&name, WITNESS);
        let signature = sign_checked(signer, &message(self.checkpoint(), time_s))?;
        let timed = [&time_s.to_be_bytes()[..], &signature].concat();
        let line = Signature::new(name, id, timed).map_err(|_| internal("a cosignature cannot be written"))?.to_bytes();
        Ok(Cosignature { witness, time_s, line })
    }

    /// The note with `cosignature` as a further signature line: what a third party keeps.
    pub fn with(&self, cosignature: &Cosignature) -> Vec<u8> {
        [self.note(), &cosignature.line].concat()
    }
}

impl Cosignature {
    /// Takes a signature line (with its newline) when `key`, the ledger key of `witness`, cosigned `head`. Else R95;
    /// `Malformed` when it is no such line.
    pub fn verify(line: &[u8], head: &Checkpoint, witness: WitnessName, key: &LedgerKey) -> Result<Self, Denial> {
        let bad = || malformed("not a cosignature line");
        if line.len() > LINE_BYTES_MAX {
            return Err(bad());
        }
        let parsed = Signature::from_bytes(line.strip_suffix(b"\n").ok_or_else(bad)?).map_err(|_| bad())?;
        let timed: &[u8; COSIGNATURE_BYTES] = parsed.signature().try_into().map_err(|_| bad())?;
        let (time, signature) = timed.split_at(8);
        let time_s = u64::from_be_bytes(time.try_into().map_err(|_| bad())?);
        let name = witness.to_string();
        let named = parsed.name() == name && parsed.id() == key.note_key_id(&name, WITNESS);
        if !named || !key.accepts(&message(head, time_s), signature) {
            return Err(not_verified(format!("no valid cosignature of {name} on a checkpoint of {}", head.origin)));
        }
        Ok(Self { witness, time_s, line: line.to_vec() })
    }

    /// The cosignature of `witness` among the signature lines of a note on `head`. Else R95.
    pub fn find(note: &[u8], head: &Checkpoint, witness: WitnessName, key: &LedgerKey) -> Result<Self, Denial> {
        let lines = note.strip_prefix(&head.text()[..]).unwrap_or_default();
        let mut lines = lines.split_inclusive(|byte| *byte == b'\n');
        lines.find_map(|line| Self::verify(line, head, witness, key).ok()).ok_or_else(|| {
            not_verified(format!("no valid cosignature of {witness} on a checkpoint of {}", head.origin))
        })
    }

    /// Who cosigned a note, and when in seconds since 1970-01-01 UTC, as its lines say. Only for notes whose lines were verified before they
    /// were kept: nothing is verified here.
    pub fn named_in(note: &[u8]) -> Result<Vec<(WitnessName, u64)>, Denial> {
        let text = parse_note(note)?.text().len();
        let lines = note.get(text + 1..).unwrap_or_default().split(|byte| *byte == b'\n');
        let timed = |signature: Signature| {
            let time: &[u8; COSIGNATURE_BYTES] = signature.signature().try_into().ok()?;
            let name = signature.name().parse().ok()?;
            Some((name, u64::from_be_bytes(*time.first_chunk()?)))
        };
        Ok(lines.filter_map(|line| Signature::from_bytes(line).ok()).filter_map(timed).collect())
    }

    /// Whose it is.
    pub fn witness(&self) -> WitnessName {
        self.witness
    }

    /// When the witness cosigned, in seconds since 1970-01-01 UTC.
    pub fn time_s(&self) -> u64 {
        self.time_s
    }

    /// The signature line with its newline: what to send and to keep.
    pub fn line(&self) -> &[u8] {
        &self.line
    }
}

fn message(head: &Checkpoint, time_s: u64) -> Vec<u8> {
    [format!("cosignature/v1\ntime {time_s}\n").into_bytes(), head.text()].concat()
}
