use model::{Denial, Digest, Fault};
use signed_note::{Note, Signature, Verifier, VerifierList};

use crate::{
    LedgerKey, Origin, SignBytes, digest_of, hash_of,
    key::{SIGNER, sign_checked},
    log::check_size,
    malformed, not_verified, second,
};

/// A signed checkpoint, with cosignatures: 16 of them, where all sign twice.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;

/// The head of a log: so many leaves, this root. Its text is the three lines of a C2SP tlog-checkpoint; extension lines are
/// neither written nor taken, because a cosignature would not stand for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// How many leaves.
    pub size: u64,
    /// The Merkle tree hash.
    pub root: Digest,
}

/// A checkpoint that its home signed: made by [`Checkpoint::sign`] or by [`SignedCheckpoint::verify`] only, so that holding
/// one means that the signature was good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Vec<u8>,
}

impl Checkpoint {
    /// The text that is signed [C2SP tlog-checkpoint].
    pub fn text(&self) -> Vec<u8> {
        format!("{}\n{}\n{}\n", self.origin, self.size, hash_of(self.root)).into_bytes()
    }

    /// Signs it as a C2SP signed note with the home's ledger key, and with the second one where it has one. `Internal` when the signer does
    /// not sign.
    pub fn sign(&self, signer: &impl SignBytes) -> Result<SignedCheckpoint, Denial> {
        let text = self.text();
        let name = self.origin.to_string();
        let key = signer.public_key();
        let id = key.note_key_id(&name, SIGNER);
        let signature = sign_checked(signer, &text)?;
        let note = Signature::new(name.clone(), id, signature)
            .and_then(|signature| Note::new(&text, &[signature]))
            .map_err(|error| Denial::failed(Fault::Internal, format!("a checkpoint cannot be written: {error}")))?;
        let mut note = note.to_bytes();
        if let Some(second) = key.second() {
            note.extend(second::line(self, &name, 0, second, |message| signer.sign_second(message))?);
        }
        Ok(SignedCheckpoint { checkpoint: *self, note })
    }

    /// Reads the text of a checkpoint of `origin`, and nothing that [`Checkpoint::text`] would not write.
    pub(crate) fn parse(text: &[u8], origin: Origin) -> Result<Self, Denial> {
        let bad = || malformed("not a checkpoint of three lines: origin, size, root");
        let parsed = tlog_tiles::Checkpoint::from_bytes(text).map_err(|_| bad())?;
        if parsed.origin() != origin.to_string() {
            return Err(malformed(format!("a checkpoint of another log than {origin}")));
        }
        check_size(parsed.size())?;
        let checkpoint = Self { origin, size: parsed.size(), root: digest_of(*parsed.hash()) };
        if checkpoint.text() == text { Ok(checkpoint) } else { Err(bad()) }
    }
}

impl SignedCheckpoint {
    /// Takes a note as it was received, when `key`, the ledger key of the log's home, signed it: twice where it has a second key. Else R95; `Malformed` for
    /// another log or another form. Further signatures, such as cosignatures, are neither checked nor in the way.
    pub fn verify(note: &[u8], origin: Origin, key: &LedgerKey) -> Result<Self, Denial> {
        let parsed = parse_note(note)?;
        let verifier = HomeVerifier { name: origin.to_string(), key: key.clone() };
        parsed
            .verify(&VerifierList::new(vec![Box::new(verifier)]))
            .map_err(|_| not_verified(format!("no valid signature of the home on a checkpoint of {origin}")))?;
        let checkpoint = Checkpoint::parse(parsed.text(), origin)?;
        if let Some(second) = key.second() {
            second.find(signature_lines(note, &checkpoint), &checkpoint, &origin.to_string(), 0)?;
        }
        Ok(Self { checkpoint, note: note.to_vec() })
    }

    /// Takes back a note that this program verified before it kept it. Nothing is verified again: the home's key may have changed
    /// since.
    pub fn kept(note: &[u8], origin: Origin) -> Result<Self, Denial> {
        let checkpoint = Checkpoint::parse(parse_note(note)?.text(), origin)?;
        Ok(Self { checkpoint, note: note.to_vec() })
    }

    /// What is signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note as it was signed or received: text, blank line, signatures. What to send and to keep.
    pub fn note(&self) -> &[u8] {
        &self.note
    }
}

/// Parses a note within [`NOTE_BYTES_MAX`].
pub(crate) fn parse_note(note: &[u8]) -> Result<Note, Denial> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(Denial::failed(Fault::TooLarge, "a checkpoint over 64 KiB"));
    }
    Note::from_bytes(note).map_err(|_| malformed("not a signed note"))
}

/// The signature lines of a note on `head`, each with its newline.
pub(crate) fn signature_lines<'n>(note: &'n [u8], head: &Checkpoint) -> impl Iterator<Item = &'n [u8]> {
    let lines = note.strip_prefix(&head.text()[..]).unwrap_or_default();
    lines.split_inclusive(|byte| *byte == b'\n')
}

struct HomeVerifier {
    name: String,
    key: LedgerKey,
}

impl Verifier for HomeVerifier {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.key.note_key_id(&self.name, SIGNER)
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.accepts(message, signature)
    }
}
