use std::fmt;

use bytes::Bytes;
use model::{AuthorityId, Denial, Fault, HeaderDigest, Sealed, limits};
use openmls::{
    framing::errors::{MessageDecryptionError, SecretTreeError},
    prelude::{MlsMessageBodyIn, MlsMessageIn, ProcessMessageError, ProcessedMessageContent, ValidationError},
};
use roster::{Frame, credential_digest};
use tls_codec::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Member,
    failure::{defect, refuse},
};

/// What MLS puts around a body at most: framing, signature, padding.
const OVERHEAD_BYTES_MAX: usize = 2048;

/// A body in clear, and who sealed it.
#[derive(PartialEq, Eq)]
pub struct Opened {
    /// The body.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// The authority that the sender's leaf is accredited for. The caller compares it with the header's sender.
    pub sender: AuthorityId,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened({} bytes)", self.plaintext.len())
    }
}

/// Why a body could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is not a sealed body, or too large.
    #[error("not a sealed body")]
    Framing(#[source] Denial),
    /// It is sealed in another group.
    #[error("the body is sealed in another group than the case's")]
    OtherGroup,
    /// It is bound to another header.
    #[error("the sealed body is bound to another header")]
    OtherHeader,
    /// The epoch's secrets are gone: it came more than two epochs late.
    #[error("the body is of an epoch whose keys are gone")]
    PastEpoch,
    /// A commit is missing here.
    #[error("the body is of an epoch that the desk has not reached")]
    FutureEpoch,
    /// The desk's own. Nobody can open what they sealed: keep the plaintext.
    #[error("the desk's own body cannot be opened")]
    Own,
    /// It was opened before, or came too far out of order: its key is used up.
    #[error("the key of the body is used up")]
    Replayed,
    /// The sealed body is not what its sender sealed.
    #[error("the sealed body does not verify")]
    Unopenable,
    /// The desk was removed from the group.
    #[error("the desk was removed from the case's group")]
    Removed,
}

impl From<OpenError> for Denial {
    fn from(error: OpenError) -> Self {
        let remedy = match error {
            OpenError::Framing(denial) => return denial,
            OpenError::PastEpoch => return Self::failed(Fault::StaleEpoch, error.to_string()),
            OpenError::FutureEpoch => "Take the commits of the group first, then open the body again.",
            OpenError::Own => "Keep the plaintext of what is sealed here.",
            OpenError::Removed => "Ask a desk of the case to add this one again.",
            _ => "Ask the sender to seal the body again.",
        };
        refuse("payload", &error.to_string(), remedy)
    }
}

impl Member {
    /// Seals `plaintext` for the group's current epoch and binds it to the header. Store [`Member::changes`] before it is sent.
    pub fn seal(&mut self, plaintext: &[u8], header: HeaderDigest) -> Result<Sealed, Denial> {
        self.require_active()?;
        if plaintext.len() > limits::SEALED_BYTES_MAX - OVERHEAD_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, "the body is larger than an entry may carry"));
        }
        let signer = self.signer()?;
        self.group.set_aad(header.as_bytes().to_vec());
        let message = self.group.create_message(&self.provider, &signer, plaintext);
        let wire = message.ok().and_then(|message| message.tls_serialize_detached().ok());
        wire.map(|wire| Sealed::from_wire(Bytes::from(wire))).ok_or_else(|| defect("a body cannot be sealed"))
    }

    /// Opens a sealed body that must be bound to `header`. Each opens once: store [`Member::changes`] with what was read.
    pub fn open(&mut self, sealed: &Sealed, header: HeaderDigest) -> Result<Opened, OpenError> {
        let frame = Frame::read(sealed).map_err(OpenError::Framing)?;
        if frame.group != self.group_id() {
            return Err(OpenError::OtherGroup);
        }
        frame.check_header(header).map_err(|_| OpenError::OtherHeader)?;
        if !self.is_active() {
            return Err(OpenError::Removed);
        }
        if frame.epoch > self.epoch() {
            return Err(OpenError::FutureEpoch);
        }
        let past = frame.epoch < self.epoch();
        let message = MlsMessageIn::tls_deserialize_exact(sealed.wire().as_ref()).map(MlsMessageIn::extract);
        let Ok(MlsMessageBodyIn::PrivateMessage(message)) = message else { return Err(OpenError::Unopenable) };
        let processed = self.group.process_message(&self.provider, message).map_err(|error| blame(&error, past))?;
        // Two parsers read the framing, ours and that of openmls: they must agree on what was authenticated.
        if processed.aad() != header.as_bytes() {
            return Err(OpenError::OtherHeader);
        }
        let credential = credential_digest(processed.credential());
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(message) => {
                let plaintext = Zeroizing::new(message.into_bytes());
                let sender = self.known.get(&credential).cloned().ok_or(OpenError::Unopenable)?;
                Ok(Opened { plaintext, sender })
            }
            ProcessedMessageContent::OwnPrivateMessage => Err(OpenError::Own),
            _ => Err(OpenError::Unopenable),
        }
    }
}

fn blame<S>(error: &ProcessMessageError<S>, past: bool) -> OpenError {
    use MessageDecryptionError as Decryption;
    use ProcessMessageError as Process;
    use ValidationError as Validation;
    match error {
        Process::ValidationError(Validation::NoPastEpochData) => OpenError::PastEpoch,
        // openmls says the same of an epoch whose secrets it no longer has, and of a key that is used up.
        Process::ValidationError(Validation::UnableToDecrypt(Decryption::SecretTreeError(
            SecretTreeError::TooDistantInThePast,
        ))) if past => OpenError::PastEpoch,
        Process::ValidationError(Validation::UnableToDecrypt(
            Decryption::SecretTreeError(_) | Decryption::GenerationOutOfBound,
        )) => OpenError::Replayed,
        _ => OpenError::Unopenable,
    }
}
