use std::fmt;

use jiff::civil::Date;
use model::{Malformed, PartyId};
use signed_note::Signature;

use super::{
    limits::NOTE_SIGNATURES_MAX,
    note::{NoteKey, TextAndLines},
    text::signing_day,
    verifier::{Days, read_chain},
};
use crate::{KeyError, Passphrase, SigningKey, certificate::Claims};

/// Why a treaty key did not sign.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// It does not open.
    #[error("the treaty key cannot be used")]
    Key(#[from] KeyError),
    /// Its certificate is none, or not one of a treaty key.
    #[error("the certificate is not one of a treaty key: {0}")]
    Certificate(String),
    /// Key and certificate do not belong together.
    #[error("the certificate of {0}'s treaty key is for another key")]
    OtherKey(PartyId),
    /// Not a text for a treaty key.
    #[error("a treaty key does not sign this text")]
    Text(#[source] Malformed),
    /// A day on which nobody would believe the signature.
    #[error("the text is of {signed}, the certificate of {party}'s treaty key is valid from {from} until {until}")]
    Day {
        /// Whose certificate.
        party: PartyId,
        /// The day in the text.
        signed: Date,
        /// First day of the certificate, UTC.
        from: Date,
        /// Last day of the certificate, UTC.
        until: Date,
    },
    /// Not a note that can take a further line.
    #[error("the note cannot be read")]
    Note(#[source] Malformed),
    /// The note is of something else.
    #[error("the note carries another text than the one to be signed")]
    OtherText,
    /// The party has signed with another key.
    #[error("{0} has signed the note already, with another key")]
    SignedAlready(PartyId),
    /// The party's line in the note is not a signature of its key.
    #[error("the signature of {0} in the note does not hold")]
    Forged(PartyId),
    /// No more lines.
    #[error("the note has {NOTE_SIGNATURES_MAX} signatures already")]
    Full,
}

/// A party's treaty key, opened, with what its certificate says.
pub struct TreatySigner {
    signing: SigningKey,
    key: NoteKey,
    days: Days,
}

impl TreatySigner {
    /// Opens a treaty key: its encrypted PKCS#8 PEM, and its certificate in PEM. That the certificate's chain holds is for those
    /// who verify ([`super::TreatyVerifier`]).
    pub fn open(key_pem: &str, passphrase: &Passphrase, certificate_pem: &str) -> Result<Self, SignError> {
        Self::new(SigningKey::open(key_pem, passphrase)?, certificate_pem)
    }

    /// A treaty key that is open already, with its certificate in PEM.
    pub fn new(signing: SigningKey, certificate_pem: &str) -> Result<Self, SignError> {
        let chain = read_chain(certificate_pem).map_err(|error| SignError::Certificate(error.to_string()))?;
        let ders: Vec<&[u8]> = chain.iter().map(|der| der.as_ref()).collect();
        let refused = |refusal: model::Refusal| SignError::Certificate(refusal.reason);
        let claims = Claims::of_treaty_key(&ders).map_err(refused)?;
        let party = claims.subject;
        if !claims.is_for_ed25519(&signing.public_key()) {
            return Err(SignError::OtherKey(party));
        }
        let days = Days::of(&ders, None).map_err(refused)?;
        Ok(Self { key: NoteKey::new(party, signing.verifying_key()), signing, days })
    }

    /// Whose key it is.
    pub fn party(&self) -> PartyId {
        self.key.party
    }

    /// The verifier key that foreign tools take, `jp.rogatory.internal/treaty+hash+base64` [C2SP signed-note].
    pub fn verifier_key(&self) -> String {
        self.key.verifier_key()
    }

    /// Signs a text that begins with `rogatory treaty ` and ends with `signed 2026-11-22` and a newline, on a day within the
    /// certificate's validity. Gives the whole note.
    pub fn sign(&self, text: &str) -> Result<String, SignError> {
        let note = format!("{text}\n{}", self.line(text)?);
        // What cannot be read back is not signed: a control character, or too long.
        match TextAndLines::of(&note) {
            Ok(parsed) if parsed.text == text => Ok(note),
            Ok(_) => Err(SignError::OtherText),
            Err(error) => Err(SignError::Text(error)),
        }
    }

    /// Adds this party's line to a note that others have signed, if it carries exactly `text`. A note that bears this very
    /// signature already comes back as it is. The signatures of others are not verified here: see [`super::verify_note`].
    pub fn countersign(&self, note: &str, text: &str) -> Result<String, SignError> {
        let parsed = TextAndLines::of(note).map_err(SignError::Note)?;
        if parsed.text != text {
            return Err(SignError::OtherText);
        }
        let line = self.line(text)?;
        let own: Vec<&Signature> = parsed.lines.iter().filter(|line| line.name() == self.key.name).collect();
        if own.iter().any(|line| !self.key.is_named_in(line)) {
            return Err(SignError::SignedAlready(self.party()));
        }
        if own.iter().any(|line| !self.key.accepts(text, line)) {
            return Err(SignError::Forged(self.party()));
        }
        if !own.is_empty() {
            return Ok(note.to_owned());
        }
        if parsed.lines.len() >= NOTE_SIGNATURES_MAX {
            return Err(SignError::Full);
        }
        let note = format!("{note}{line}");
        TextAndLines::of(&note).map_err(SignError::Note)?;
        Ok(note)
    }

    /// The signature line over `text`, with its newline.
    fn line(&self, text: &str) -> Result<String, SignError> {
        let signed = signing_day(text).map_err(SignError::Text)?;
        if !self.days.covers(signed) {
            let (party, Days { from, until }) = (self.party(), self.days);
            return Err(SignError::Day { party, signed, from, until });
        }
        let signature = self.signing.sign_text(text).map_err(SignError::Text)?;
        let unwritable = |_| SignError::Text(Malformed::new("a signature line", &self.key.name));
        let line = Signature::new(self.key.name.clone(), self.key.id, signature).map_err(unwritable)?;
        Ok(String::from_utf8_lossy(&line.to_bytes()).into_owned())
    }
}

impl fmt::Debug for TreatySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreatySigner({})", self.party())
    }
}
