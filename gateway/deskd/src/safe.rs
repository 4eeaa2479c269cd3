//! Encrypts what the desk's database holds. The place of a value is part of its seal, so that none can be moved.

use identity::{SigningKey, StorageError, StorageKey};
use model::{CaseId, Denial, EntryId, Exit, Fault};
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
    /// The key of one body.
    RecordKey,
    /// The key of a body that is kept for a notice about it, and for no use.
    Exhibit,
    /// The manifest of a file, with its key, until a record names it.
    Attachment,
}

const PURPOSES: [&str; 12] = [
    "mls",
    "draft",
    "case",
    "entry",
    "proposal",
    "key_package",
    "errand",
    "answer",
    "webhook",
    "record_key",
    "exhibit",
    "attachment",
];

/// What the key of one body is for.
const ALONE: &str = "record";

/// The keys for data at rest.
pub(crate) struct Safe([StorageKey; 12]);

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

impl Safe {
    /// Seals a body under a key of its own: the sealed body, and the key as this safe keeps it in `place`. Without the second the first is
    /// noise.
    pub(crate) fn seal_alone(
        &self,
        place: Place,
        entry: EntryId,
        key: &[u8; 32],
        plain: &[u8],
    ) -> Result<(Blob, Blob), Denial> {
        let failed = |error: StorageError| Denial::failed(Fault::Internal, error.to_string());
        let own = StorageKey::derive(key, ALONE).map_err(failed)?;
        let body = own.seal(entry.as_bytes(), plain).map_err(failed)?;
        Ok((Blob(body), self.seal(place, entry.as_bytes(), key)?))
    }

    /// Opens such a body with the key that this safe kept.
    pub(crate) fn open_alone(
        &self,
        place: Place,
        entry: EntryId,
        wrapped: &[u8],
        body: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Denial> {
        let key = self.open(place, entry.as_bytes(), wrapped)?;
        let opened = StorageKey::derive(&key, ALONE).and_then(|own| own.open(entry.as_bytes(), body));
        opened.map_err(|error| Denial::failed(Fault::Storage, error.to_string()))
    }
}

/// The place of a value of a case's MLS state.
pub(crate) fn mls_id(case: CaseId, key: &[u8]) -> Vec<u8> {
    [case.as_bytes().as_slice(), key].concat()
}
