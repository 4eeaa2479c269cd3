//! Whom this desk believes: its own party's pinned root, and what follows from it.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use identity::{RootCertificate, SignedDirectory, Subject, TrustStore};
use link::Anchors;
use model::{Denial, Exit, Fault, PartyId, Timestamp};
use proto::types as wire;
use rustls_pki_types::TrustAnchor;
use serde::{Deserialize, Serialize};
use telemetry::say;

use crate::{failure::Failure, private};

/// Where the newest directories are kept, so that the desk can work while its gateway is away. They are signed and public.
const KEPT: &str = "directories.json";

/// What is believed now. Readers take a snapshot; a change replaces it.
pub(crate) struct Trust {
    party: PartyId,
    root: RootCertificate,
    kept: PathBuf,
    now: RwLock<Option<Arc<TrustStore>>>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    own: KeptDirectory,
    foreign: Vec<KeptDirectory>,
}

#[derive(Serialize, Deserialize)]
struct KeptDirectory {
    toml: String,
    signature: Vec<u8>,
}

impl Trust {
    /// Pins the own root, and takes the directories that were kept when the desk ran before.
    pub(crate) fn new(root: &[u8], folder: &std::path::Path, now: Timestamp) -> Result<Self, Failure> {
        let root = RootCertificate::parse(root)
            .map_err(|error| Failure::new(Exit::Usage, error.to_string()).remedy("Put the party's root there."))?;
        let trust = Self { party: root.party(), root, kept: folder.join(KEPT), now: RwLock::default() };
        if let Some(kept) =
            std::fs::read(&trust.kept).ok().and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok())
        {
            let foreign: Vec<_> = kept.foreign.into_iter().map(SignedDirectory::from).collect();
            // What has expired meanwhile is fetched anew.
            let _ = trust.believe(&kept.own.into(), &foreign, now);
        }
        Ok(trust)
    }

    /// The party whose desk this is.
    pub(crate) fn party(&self) -> PartyId {
        self.party
    }

    /// What is believed now.
    pub(crate) fn store(&self) -> Result<Arc<TrustStore>, Denial> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| {
            Denial::failed(Fault::PeerUnreachable, "the own party's directory was not fetched yet: the gateway is away")
        })
    }

    /// Takes the directories that the gateway shows, and keeps them. A foreign one that does not hold is left out: it speaks for
    /// its own state only.
    pub(crate) fn learn(
        &self,
        own: wire::SignedDirectory,
        foreign: Vec<wire::SignedDirectory>,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let own = SignedDirectory { toml: own.toml, signature: own.signature.to_vec() };
        let foreign: Vec<_> = foreign
            .into_iter()
            .map(|one| SignedDirectory { toml: one.toml, signature: one.signature.to_vec() })
            .collect();
        self.believe(&own, &foreign, now)?;
        let kept = Kept { own: own.into(), foreign: foreign.into_iter().map(KeptDirectory::from).collect() };
        let bytes = serde_json::to_vec(&kept).map_err(|error| Denial::failed(Fault::Internal, error.to_string()))?;
        private::write(&self.kept, &bytes).map_err(|error| Denial::failed(Fault::Storage, error.to_string()))
    }

    fn believe(&self, own: &SignedDirectory, foreign: &[SignedDirectory], now: Timestamp) -> Result<(), Denial> {
        let mut known = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = match known.as_deref() {
            Some(store) => {
                let mut next = store.clone();
                next.add(own, now)?;
                next
            }
            None => TrustStore::new(self.root.der(), own, &[], now)?,
        };
        if next.own_party() != self.party {
            return Err(Denial::failed(Fault::Malformed, "the gateway shows another party's directory as its own"));
        }
        for signed in foreign {
            if let Err(denial) = next.add(signed, now) {
                say!(Warn, "a foreign directory does not hold", party = next.own_party());
                drop(denial);
            }
        }
        *known = Some(Arc::new(next));
        Ok(())
    }
}

impl Anchors for Trust {
    fn allows(&self, subject: &Subject) -> bool {
        *subject == Subject::Gateway(self.party)
    }

    fn anchor(&self, subject: &Subject, now: Timestamp) -> Option<TrustAnchor<'static>> {
        self.root.check_at(now).ok()?;
        self.allows(subject).then(|| self.root.anchor().clone())
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trust({})", self.party)
    }
}

impl From<KeptDirectory> for SignedDirectory {
    fn from(kept: KeptDirectory) -> Self {
        Self { toml: kept.toml, signature: kept.signature }
    }
}

impl From<SignedDirectory> for KeptDirectory {
    fn from(signed: SignedDirectory) -> Self {
        Self { toml: signed.toml, signature: signed.signature }
    }
}
