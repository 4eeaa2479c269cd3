use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::civil::Date;
use model::{Denial, Fault, Malformed, PartyId, Refusal, Timestamp, limits::CLOCK_AHEAD_MS_MAX};
use signed_note::{Note, Signature};

use super::{
    TreatyVerifier,
    limits::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX},
    text::signing_day,
};
use crate::{
    VerifyingKey,
    names::party_zone,
    refuse::{owned, unproven},
};

/// Type byte of an Ed25519 key that signs notes [C2SP signed-note].
const ED25519: u8 = 0x01;

/// A note whose signatures hold. Only [`verify_note`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedNote {
    text: String,
    parties: BTreeSet<PartyId>,
    signed: Date,
}

impl VerifiedNote {
    /// What was signed, with its final newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whose signatures hold, at least one.
    pub fn parties(&self) -> &BTreeSet<PartyId> {
        &self.parties
    }

    /// Whether each of these has signed.
    pub fn is_signed_by_all(&self, parties: &[PartyId]) -> bool {
        parties.iter().all(|party| self.parties.contains(party))
    }

    /// The day on which it was signed, as its signers say.
    pub fn signed(&self) -> Date {
        self.signed
    }
}

/// Verifies a note of at most 1,000,000 bytes and 100 signature lines. Each line of a known key must hold, on a day within the
/// validity of its certificate and not after `now`; each party has one line at most; lines of unknown keys are ignored
/// [C2SP signed-note]. Which parties had to sign is for the caller to ask.
///
/// A party may have several verifiers, one for each of its certificates.
///
/// # Errors
/// `Malformed` for what is no note of a treaty text, R95 for what is not proven.
pub fn verify_note(note: &str, verifiers: &[TreatyVerifier], now: Timestamp) -> Result<VerifiedNote, Denial> {
    let malformed = |error: Malformed| Denial::failed(Fault::Malformed, error.to_string());
    let note = TextAndLines::of(note).map_err(malformed)?;
    let signed = signing_day(&note.text).map_err(malformed)?;
    if now.plus_ms(CLOCK_AHEAD_MS_MAX).date().is_none_or(|today| signed > today) {
        let reason = format!("The note is of {signed}, which has not come.");
        return Err(unproven(reason, "Check the clock; else wait for that day.").into());
    }
    let mut parties = BTreeSet::new();
    for line in &note.lines {
        let known: Vec<_> = verifiers.iter().filter(|verifier| verifier.key().is_named_in(line)).collect();
        let Some(party) = known.first().map(|verifier| verifier.party()) else { continue };
        let holding: Vec<_> = known.into_iter().filter(|verifier| verifier.key().accepts(&note.text, line)).collect();
        if holding.is_empty() {
            return refuse(party, "does not hold", "Fetch the note again; else let its party sign again.");
        }
        if !holding.iter().any(|verifier| verifier.covers(signed)) {
            let what = format!("is of {signed}, when its certificate was not valid");
            return refuse(party, &what, "Use the certificate of that day, or let its party sign again.");
        }
        if !parties.insert(party) {
            return refuse(party, "stands there twice", "Its party signs a text once.");
        }
    }
    if parties.is_empty() {
        let refusal = unproven(
            "No known treaty key has signed the note.",
            "Get the certificates of the parties' treaty keys, or let them sign.",
        );
        return Err(refusal.into());
    }
    Ok(VerifiedNote { text: note.text, parties, signed })
}

fn refuse(party: PartyId, what: &str, remedy: &str) -> Result<VerifiedNote, Denial> {
    let refusal: Refusal = owned(unproven(format!("The treaty signature of {party} {what}."), remedy), party);
    Err(refusal.into())
}

/// A note as it came: nothing of it is proven.
pub(super) struct TextAndLines {
    /// With its final newline.
    pub(super) text: String,
    /// The signatures, in order.
    pub(super) lines: Vec<Signature>,
}

impl TextAndLines {
    pub(super) fn of(note: &str) -> Result<Self, Malformed> {
        let malformed = || {
            let found = format!("{} characters", note.chars().count());
            Malformed::new("a signed note (at most 1 MB, 1 to 100 signature lines)", &found)
        };
        if note.len() > NOTE_BYTES_MAX {
            return Err(malformed());
        }
        let parsed = Note::from_bytes(note.as_bytes()).map_err(|_| malformed())?;
        let text = str::from_utf8(parsed.text()).map_err(|_| malformed())?.to_owned();
        // The library keeps the lines to itself; they stand behind the text and an empty line.
        let block = note.strip_prefix(&text).and_then(|rest| rest.strip_prefix('\n')).ok_or_else(malformed)?;
        let lines: Vec<Signature> = block
            .split_terminator('\n')
            .map(|line| Signature::from_bytes(line.as_bytes()))
            .collect::<Result<_, _>>()
            .map_err(|_| malformed())?;
        if lines.is_empty() || lines.len() > NOTE_SIGNATURES_MAX { Err(malformed()) } else { Ok(Self { text, lines }) }
    }
}

/// A party's treaty key as notes name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoteKey {
    pub(super) party: PartyId,
    pub(super) name: String,
    pub(super) id: u32,
    key: VerifyingKey,
}

impl NoteKey {
    /// Its name is `jp.rogatory.internal/treaty`.
    pub(super) fn new(party: PartyId, key: VerifyingKey) -> Self {
        let name = format!("{}/treaty", party_zone(party));
        let id = signed_note::key_id(&name, &typed(&key));
        Self { party, name, id, key }
    }

    /// `name+hash+base64`.
    pub(super) fn verifier_key(&self) -> String {
        format!("{}+{:08x}+{}", self.name, self.id, BASE64_STANDARD.encode(typed(&self.key)))
    }

    pub(super) fn is_named_in(&self, line: &Signature) -> bool {
        line.name() == self.name && line.id() == self.id
    }

    pub(super) fn accepts(&self, text: &str, line: &Signature) -> bool {
        self.key.verify_text(text, line.signature()).is_ok()
    }
}

fn typed(key: &VerifyingKey) -> Vec<u8> {
    [&[ED25519][..], key.as_bytes()].concat()
}
