use model::{Denial, Fault};
use signed_note::Signature;

use crate::{
    Checkpoint, Cosignature, LedgerKey, Origin, SECOND_SIGNATURE_BYTES, SignedCheckpoint, WitnessName,
    cosignature::COSIGNATURE_BYTES, malformed,
};

/// A time (8 bytes) and an ML-DSA-44 signature.
const SECOND_COSIGNATURE_BYTES: usize = 8 + SECOND_SIGNATURE_BYTES;

/// Portable evidence that a witness went back: two heads of one log that it cosigned and cannot both have meant. A witness vouches with
/// each cosignature that the head follows from all heads it saw before [C2SP tlog-witness]; one that was restored from a backup, or
/// serves two histories, cosigns what does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retreat {
    /// A head with the witness's cosignature, both lines of it where it signs twice, and no other signature, as a note.
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
    /// From two notes as they were kept, the first one first: of their signature lines, the witness's last Ed25519 one, and its second one
    /// (ML-DSA-44) of the same moment where there is one. Nothing is verified.
    pub fn of(log: Origin, witness: WitnessName, first: &[u8], then: &[u8]) -> Result<Self, Denial> {
        let alone = |note: &[u8]| -> Result<Vec<u8>, Denial> {
            let text = SignedCheckpoint::kept(note, log)?.checkpoint().text();
            let named = format!("\u{2014} {witness} ");
            let lines = note.get(text.len()..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
            let own: Vec<&[u8]> = lines.filter(|line| line.starts_with(named.as_bytes())).collect();
            let line = own.iter().rfind(|line| moment(line, COSIGNATURE_BYTES).is_some());
            let line = *line.ok_or_else(|| malformed("a head that the witness has not cosigned"))?;
            let at = moment(line, COSIGNATURE_BYTES);
            let second = own.iter().rfind(|line| at.is_some() && moment(line, SECOND_COSIGNATURE_BYTES) == at);
            Ok([&text[..], b"\n", line, second.copied().unwrap_or_default()].concat())
        };
        Ok(Self { first: alone(first)?, then: alone(then)? })
    }

    /// Checks the evidence as a third party would: with the names and the keys that the witness had for its ledger alone; by both signatures
    /// where a key has a second one. An error means that it proves nothing.
    pub fn verify(&self, log: Origin, witness: WitnessName, keys: &[LedgerKey]) -> Result<[Cosigned; 2], Denial> {
        let [first, then] = [&self.first, &self.then].map(|note| cosigned(note, log, witness, keys));
        let (first, then) = (first?, then?);
        let split = first.head.size == then.head.size && first.head.root != then.head.root;
        // Within one second nobody can say which came first.
        let back = then.head.size < first.head.size && then.time_s > first.time_s;
        if split || back { Ok([first, then]) } else { Err(malformed("two cosignatures that agree")) }
    }
}

/// When a line of a cosignature of so many bytes says that it was made.
fn moment(line: &[u8], bytes: usize) -> Option<[u8; 8]> {
    let parsed = Signature::from_bytes(line.strip_suffix(b"\n")?).ok()?;
    let signature = parsed.signature();
    signature.first_chunk::<8>().copied().filter(|_| signature.len() == bytes)
}

fn cosigned(note: &[u8], log: Origin, witness: WitnessName, keys: &[LedgerKey]) -> Result<Cosigned, Denial> {
    let head = *SignedCheckpoint::kept(note, log)?.checkpoint();
    let mut refused = Denial::failed(Fault::Malformed, format!("no key of {witness} for heads of {log}"));
    let mut found = None;
    for key in keys {
        match Cosignature::find(note, &head, witness, key) {
            Ok(cosignature) => drop(found.get_or_insert(cosignature)),
            Err(denial) => refused = denial,
        }
    }
    let found = found.ok_or(refused)?;
    // Another signature would be shown to people, and nobody has checked it.
    if [&head.text()[..], b"\n", found.line()].concat() != note {
        return Err(malformed("a head with more than the cosignature of the witness"));
    }
    Ok(Cosigned { head, time_s: found.time_s() })
}
