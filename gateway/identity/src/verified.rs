//! The step from what was received to what is proven. Only this crate makes a [`Verified`].

mod entry;
mod receipt;

use std::ops::Deref;

use model::{Digest, Entry, EnvelopeDigest, Header, HeaderDigest, OfficerSignature, Role, Signature};

use crate::{Domain, SigningKey};

pub use receipt::{ProvenBatches, sign_receipts};

/// What came from outside and was decoded, nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<T>(T);

impl<T> Received<T> {
    /// Wraps what was decoded. Its decoded parts must stem from the bytes in it.
    pub fn new(value: T) -> Self {
        Self(value)
    }
}

impl Received<Entry> {
    /// The header as claimed, to find the case and the verifier. Nothing may be decided on it.
    pub fn claimed(&self) -> &Header {
        &self.0.header
    }

    /// What was received, by its digests: to name it in a rejection.
    pub fn digests(&self) -> (HeaderDigest, EnvelopeDigest) {
        (self.0.header_digest(), self.0.envelope_digest())
    }

    /// The bytes of its header and the digest of its payload: what its envelope digest is made of.
    pub fn parts(&self) -> (&[u8], Digest) {
        (&self.0.header_bytes, self.0.payload.digest())
    }
}

/// What is proven: each signature holds, by a key that the signer's party lists for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(crate) fn prove(value: T) -> Self {
        Self(value)
    }

    /// The proven value.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// The proven value, from here on without its proof.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// An officer stands for the step whose header this is.
pub fn sign_step(key: &SigningKey, role: Role, header: HeaderDigest) -> OfficerSignature {
    OfficerSignature { role, signature: key.signature(Domain::Step, header.as_bytes()) }
}

/// A desk sends header and payload.
pub fn sign_envelope(key: &SigningKey, envelope: EnvelopeDigest) -> Signature {
    key.signature(Domain::Envelope, envelope.as_bytes())
}

/// A judge or prosecutor validates the statement in these bytes. Gives the 64 bytes for [`model::Validation`].
pub fn sign_validation(key: &SigningKey, statement_bytes: &[u8]) -> Vec<u8> {
    key.sign(Domain::Validation, statement_bytes)
}
