//! Encrypts what the desk's database holds. The place of a value is part of its seal, so that none can be moved.

use identity::{SigningKey, StorageKey};
use model::{CaseId, Denial, Exit, Fault};
use store::Blob;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// In which table a value stands. Each has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Mls,
    Draft,
    Case,
    Entry,
    Proposal,
    KeyPackage,
    Errand,
    /// What a call was answered.
    Answer,
    /// Where a webhook leads, and its secret.
    Webhook,
}

const PURPOSES: [&str; 9] = ["mls", "draft", "case", "entry", "proposal", "key_package", "errand", "answer", "webhook"];

/// The keys for data at rest.
pub(crate) struct Safe([StorageKey; 9]);

impl Safe {
    pub(crate) fn new(storage: &SigningKey) -> Result<Self, Failure> {
        let keys: Result<Vec<_>, _> = PURPOSES.into_iter().map(|purpose| storage.storage_key(purpose)).collect();
        let keys = keys.map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        let keys = keys.try_into().map_err(|_| Failure::new(Exit::Failure, "a key for data at rest is missing"))?;
        Ok(Self(keys))
    }

    /// Seals `plain` for the row `id`.
    pub(crate) fn seal(&self, place: Place, id: &[u8], plain: &[u8]) -> Result<Blob, Denial> {
        let sealed = self.0[place as usize].seal(id, plain);
        sealed.map(Blob).map_err(|error| Denial::failed(Fault::Internal, error.to_string()))
    }

    /// Opens what stands in the row `id`.
    pub(crate) fn open(&self, place: Place, id: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Denial> {
        self.0[place as usize].open(id, sealed).map_err(|error| Denial::failed(Fault::Storage, error.to_string()))
    }
}

/// The place of a value of a case's MLS state.
pub(crate) fn mls_id(case: CaseId, key: &[u8]) -> Vec<u8> {
    [case.as_bytes().as_slice(), key].concat()
}
