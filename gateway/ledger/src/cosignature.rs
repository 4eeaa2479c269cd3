use model::{Denial, Fault, Timestamp};
use signed_note::Signature;

use crate::{
    Checkpoint, LedgerKey, SignBytes, SignedCheckpoint, WitnessName,
    checkpoint::{parse_note, signature_lines},
    key::{WITNESS, sign_checked},
    malformed, not_verified, second,
};

/// A time (8 bytes) and an Ed25519 signature (64 bytes).
pub(crate) const COSIGNATURE_BYTES: usize = 72;
/// One signature line, or two: above what names, 76 and 2,432 bytes in base64 need.
const LINES_BYTES_MAX: usize = 4608;

/// A peer's word that it saw this head, at a time, and that it follows from all heads it saw before
/// [C2SP tlog-cosignature, `cosignature/v1`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    witness: WitnessName,
    time_s: u64,
    line: Vec<u8>,
}

impl SignedCheckpoint {
    /// Cosigns this head as `witness` at `at` (cut to whole seconds), twice where the signer has a second key. The caller has replicated the log up to it and has
    /// made that durable. `Internal` when the signer does not sign.
    pub fn cosign(&self, witness: WitnessName, signer: &impl SignBytes, at: Timestamp) -> Result<Cosignature, Denial> {
        let internal = |detail: &str| Denial::failed(Fault::Internal, detail);
        let time_s = u64::try_from(at.0 / 1000).map_err(|_| internal("a cosignature before 1970"))?;
        let name = witness.to_string();
        let key = signer.public_key();
        let id = key.note_key_id(&name, WITNESS);
        let signature = sign_checked(signer, &message(self.checkpoint(), time_s))?;
        let timed = [&time_s.to_be_bytes()[..], &signature].concat();
        let unwritten = |_| internal("a cosignature cannot be written");
        let mut line = Signature::new(name.clone(), id, timed).map_err(unwritten)?.to_bytes();
        if let Some(second) = key.second() {
            line.extend(second::line(self.checkpoint(), &name, time_s, second, |message| signer.sign_second(message))?);
        }
        Ok(Cosignature { witness, time_s, line })
    }

    /// The note with `cosignature` as a further signature line: what a third party keeps.
    pub fn with(&self, cosignature: &Cosignature) -> Vec<u8> {
        [self.note(), &cosignature.line].concat()
    }
}

impl Cosignature {
    /// Takes a signature line (with its newline) when `key`, the ledger key of `witness`, cosigned `head`; and a second one behind it, which
    /// must be there where the key has a second one. Else R95; `Malformed` when it is no such line.
    pub fn verify(lines: &[u8], head: &Checkpoint, witness: WitnessName, key: &LedgerKey) -> Result<Self, Denial> {
        if lines.len() > LINES_BYTES_MAX {
            return Err(malformed("not a cosignature line"));
        }
        let lines: Vec<&[u8]> = lines.split_inclusive(|byte| *byte == b'\n').collect();
        let [line, more @ ..] = &lines[..] else { return Err(malformed("not a cosignature line")) };
        if more.len() > 1 {
            return Err(malformed("more than two lines of a cosignature"));
        }
        Self::read(line, more.iter().copied(), head, witness, key)
    }

    /// The first signature in `line`, the second among `more`.
    fn read<'l>(
        line: &[u8],
        more: impl IntoIterator<Item = &'l [u8]>,
        head: &Checkpoint,
        witness: WitnessName,
        key: &LedgerKey,
    ) -> Result<Self, Denial> {
        let bad = || malformed("not a cosignature line");
        let parsed = Signature::from_bytes(line.strip_suffix(b"\n").ok_or_else(bad)?).map_err(|_| bad())?;
        let timed: &[u8; COSIGNATURE_BYTES] = parsed.signature().try_into().map_err(|_| bad())?;
        let (time, signature) = timed.split_at(8);
        let time_s = u64::from_be_bytes(time.try_into().map_err(|_| bad())?);
        let name = witness.to_string();
        let named = parsed.name() == name && parsed.id() == key.note_key_id(&name, WITNESS);
        if !named || !key.accepts(&message(head, time_s), signature) {
            return Err(not_verified(format!("no valid cosignature of {name} on a checkpoint of {}", head.origin)));
        }
        let second = match key.second() {
            Some(second) => second.find(more, head, &name, time_s)?,
            None => &[],
        };
        Ok(Self { witness, time_s, line: [line, second].concat() })
    }

    /// The cosignature of `witness` among the signature lines of a note on `head`. Else R95.
    pub fn find(note: &[u8], head: &Checkpoint, witness: WitnessName, key: &LedgerKey) -> Result<Self, Denial> {
        let name = witness.to_string();
        let named = |line: &&[u8]| is_named(line, &name);
        let read = |line| Self::read(line, signature_lines(note, head).filter(named), head, witness, key);
        let none = || not_verified(format!("no valid cosignature of {witness} on a checkpoint of {}", head.origin));
        let mut refused = None;
        for line in signature_lines(note, head).filter(named) {
            match read(line) {
                Ok(found) => return Ok(found),
                // A line of the second signature alone is no first one, and says nothing of why.
                Err(denial @ Denial::Refused(_)) => drop(refused.get_or_insert(denial)),
                Err(_) => {}
            }
        }
        Err(refused.unwrap_or_else(none))
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

fn is_named(line: &[u8], name: &str) -> bool {
    line.strip_prefix("\u{2014} ".as_bytes())
        .and_then(|rest| rest.strip_prefix(name.as_bytes()))
        .is_some_and(|rest| rest.starts_with(b" "))
}

fn message(head: &Checkpoint, time_s: u64) -> Vec<u8> {
    [format!("cosignature/v1\ntime {time_s}\n").into_bytes(), head.text()].concat()
}
