use std::collections::BTreeMap;

use model::{AuthorityId, CaseId, Digest, PartyId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Unreadable, names};

/// The format that this program writes and reads.
pub const FORMAT: &str = "rogatory case file 1";

/// What is in a case file, signed by the desk that exported it: over `rogatory case file v1` and a zero, then the bytes of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// The case.
    pub case: CaseId,
    /// The requesting party.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// Whose desk exported it.
    pub exporter: AuthorityId,
    /// When, in milliseconds since 1970-01-01 UTC, by the desk's clock.
    pub made_ms: i64,
    /// By which program.
    pub software: String,
    /// Why bodies are not in it, where some are not.
    pub withheld: Vec<String>,
    /// SHA-256 of every file but the manifest and its signature.
    pub files: BTreeMap<String, Digest>,
}

impl Manifest {
    /// When it was exported.
    pub fn made(&self) -> Timestamp {
        Timestamp(self.made_ms)
    }

    /// The bytes of the file.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Unreadable> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Unreadable::new(names::MANIFEST, format!("cannot be written: {error}")))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads what [`Manifest::encode`] writes, and nothing else.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let bad = |why: String| Unreadable::new(names::MANIFEST, why);
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| bad(format!("not a manifest: {error}")))?;
        if manifest.format != FORMAT {
            return Err(bad("of another version than this program reads".to_owned()));
        }
        if manifest.encode()? == bytes { Ok(manifest) } else { Err(bad("not written as a manifest is".to_owned())) }
    }
}
