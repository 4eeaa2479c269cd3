use model::{Denial, Fault};
use signed_note::Signature;

use crate::{
    Checkpoint, Cosignature, LedgerKey, Origin, SignedCheckpoint, WitnessName, cosignature::COSIGNATURE_BYTES,
    malformed,
};

/// Portable evidence that a witness went back: two heads of one log that it cosigned and cannot both have meant. A witness vouches with
/// each cosignature that the head follows from all heads it saw before [C2SP tlog-witness]; one that was restored from a backup, or
/// serves two histories, cosigns what does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retreat {
    /// A head with the witness's cosignature and no other signature, as a note.
    pub first: Vec<u8>,
    /// What it cosigned afterwards: a smaller head, or another one of the same size.
    pub then: Vec<u8>,
}

/// A head and when it was cosigned, in seconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cosigned {
    /// The head.
    pub head: Checkpoint,
    /// When.
    pub time_s: u64,
}

impl Retreat {
    /// From two notes as they were kept, the first one first: of their signature lines, the witness's Ed25519 one, which convicts it
    /// alone. Nothing is verified.
    pub fn of(log: Origin, witness: WitnessName, first: &[u8], then: &[u8]) -> Result<Self, Denial> {
        let alone = |note: &[u8]| -> Result<Vec<u8>, Denial> {
            let text = SignedCheckpoint::kept(note, log)?.checkpoint().text();
            let named = format!("\u{2014} {witness} ");
            let mut lines = note.get(text.len()..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
            let timed = |line: &[u8]| {
                let line = line.strip_suffix(b"\n").and_then(|line| Signature::from_bytes(line).ok());
                line.is_some_and(|line| line.signature().len() == COSIGNATURE_BYTES)
            };
            let line = lines.rfind(|line| line.starts_with(named.as_bytes()) && timed(line));
            let line = line.ok_or_else(|| malformed("a head that the witness has not cosigned"))?;
            Ok([&text[..], b"\n", line].concat())
        };
        Ok(Self { first: alone(first)?, then: alone(then)? })
    }

    /// Checks the evidence as a third party would: with the names and the keys that the witness had for its ledger alone. An error means
    /// that it proves nothing.
    pub fn verify(&self, log: Origin, witness: WitnessName, keys: &[LedgerKey]) -> Result<[Cosigned; 2], Denial> {
        let [first, then] = [&self.first, &self.then].map(|note| cosigned(note, log, witness, keys));
        let (first, then) = (first?, then?);
        let split = first.head.size == then.head.size && first.head.root != then.head.root;
        // Within one second nobody can say which came first.
        let back = then.head.size < first.head.size && then.time_s > first.time_s;
        if split || back { Ok([first, then]) } else { Err(malformed("two cosignatures that agree")) }
    }
}

fn cosigned(note: &[u8], log: Origin, witness: WitnessName, keys: &[LedgerKey]) -> Result<Cosigned, Denial> {
    let head = *SignedCheckpoint::kept(note, log)?.checkpoint();
    let found = keys.iter().find_map(|key| Cosignature::find(note, &head, witness, key).ok());
    let found = found.ok_or_else(|| {
        Denial::failed(Fault::Malformed, format!("no valid cosignature of {witness} on a head of {log}"))
    })?;
    // Another signature would be shown to people, and nobody has checked it.
    if [&head.text()[..], b"\n", found.line()].concat() != note {
        return Err(malformed("a head with more than the cosignature of the witness"));
    }
    Ok(Cosigned { head, time_s: found.time_s() })
}
