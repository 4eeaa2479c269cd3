//! Whom this desk believes: its own party's pinned root, and what follows from it.

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use identity::{Directory, RootCertificate, RootOpening, SignedDirectory, Subject, TrustStore};
use link::Anchors;
use model::{Denial, Exit, Fault, PartyId, Timestamp};
use proto::{convert::receive_directory, types as wire};
use rustls_pki_types::TrustAnchor;
use serde::{Deserialize, Serialize};
use telemetry::say;

use crate::failure::Failure;

/// Where the newest directories are kept, so that the desk can work while its gateway is away. They are signed and public.
const KEPT: &str = "directories.json";

/// What is believed now. Readers take a snapshot; a change replaces it.
pub(crate) struct Trust {
    party: PartyId,
    root: RootCertificate,
    kept: PathBuf,
    now: RwLock<Believed>,
}

/// What is believed, and the texts that it follows from, by party. A text stays although its time is over: nothing older may
/// take its place.
#[derive(Default)]
struct Believed {
    store: Option<Arc<TrustStore>>,
    texts: BTreeMap<PartyId, SignedDirectory>,
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
    /// Of the own directory: which foreign roots it commits to.
    openings: Vec<Vec<u8>>,
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
            let own = SignedDirectory::from(kept.own);
            let foreign: Vec<_> = kept.foreign.into_iter().map(SignedDirectory::from).collect();
            trust.remember(std::iter::once(&own).chain(&foreign));
            // What has expired meanwhile is fetched anew.
            let _ = trust.believe(&own, &foreign, now);
        }
        Ok(trust)
    }

    /// The party whose desk this is.
    pub(crate) fn party(&self) -> PartyId {
        self.party
    }

    /// The root that was pinned.
    pub(crate) fn own_root(&self) -> &RootCertificate {
        &self.root
    }

    /// What is believed now.
    pub(crate) fn store(&self) -> Result<Arc<TrustStore>, Denial> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).store.clone().ok_or_else(|| {
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
        let own = receive_directory(own)?;
        let foreign = foreign.into_iter().map(receive_directory).collect::<Result<Vec<_>, _>>()?;
        let mut texts = self.believe(&own, &foreign, now)?;
        let mut own = texts.remove(&self.party).unwrap_or(own);
        own.openings = self.store()?.openings().to_vec();
        let kept = Kept { own: own.into(), foreign: texts.into_values().map(KeptDirectory::from).collect() };
        let bytes = serde_json::to_vec(&kept).map_err(|error| Denial::failed(Fault::Internal, error.to_string()))?;
        keyring::write(&self.kept, &bytes).map_err(|error| Denial::failed(Fault::Storage, error.to_string()))
    }

    /// Takes the kept texts as what nothing older may replace, believed or not.
    fn remember<'a>(&self, kept: impl Iterator<Item = &'a SignedDirectory>) {
        let mut known = self.now.write().unwrap_or_else(PoisonError::into_inner);
        for signed in kept {
            if let Ok(directory) = Directory::from_toml(&signed.toml)
                && (directory.party != self.party || directory.root == self.root.der())
            {
                known.texts.insert(directory.party, signed.clone());
            }
        }
    }

    /// Adds what holds and is not older than what is known. Returns the newest text of each party.
    fn believe(
        &self,
        own: &SignedDirectory,
        foreign: &[SignedDirectory],
        now: Timestamp,
    ) -> Result<BTreeMap<PartyId, SignedDirectory>, Denial> {
        let mut known = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let mut texts = known.texts.clone();
        if is_older(&texts, own) {
            return Err(Denial::failed(Fault::Malformed, "the gateway shows an older directory of the own party"));
        }
        let mut next = match known.store.as_deref() {
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
        texts.insert(self.party, own.clone());
        // A root that the own directory no longer commits to binds nothing.
        texts.retain(|party, signed| {
            let root = Directory::from_toml(&signed.toml).map(|directory| directory.root);
            root.is_ok_and(|root| next.pinned_root(*party).is_some_and(|pinned| pinned.der() == root))
        });
        // What was kept and is not believed may hold by now: its root is trusted again, or the clock was wrong.
        let unbelieved: Vec<_> = texts.iter().filter(|(party, _)| next.directory(**party).is_none()).collect();
        for (_, signed) in unbelieved {
            let _ = next.add(signed, now);
        }
        for signed in foreign {
            let added = if is_older(&texts, signed) { None } else { next.add(signed, now).ok() };
            match added {
                Some(party) => drop(texts.insert(party, signed.clone())),
                None => say!(Warn, "a foreign directory does not hold", party = next.own_party()),
            }
        }
        *known = Believed { store: Some(Arc::new(next)), texts: texts.clone() };
        Ok(texts)
    }
}

/// Whether a newer text of the same party is known, or another one of the same version.
fn is_older(texts: &BTreeMap<PartyId, SignedDirectory>, signed: &SignedDirectory) -> bool {
    let Ok(shown) = Directory::from_toml(&signed.toml) else { return false };
    let Some(kept) = texts.get(&shown.party).filter(|kept| kept.toml != signed.toml) else { return false };
    Directory::from_toml(&kept.toml).is_ok_and(|known| known.version >= shown.version)
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
        // What cannot be read is shown anew by the gateway.
        let openings = kept.openings.iter().filter_map(|one| RootOpening::from_bytes(one).ok()).collect();
        Self { toml: kept.toml, signature: kept.signature, openings }
    }
}

impl From<SignedDirectory> for KeptDirectory {
    fn from(signed: SignedDirectory) -> Self {
        let openings = signed.openings.iter().map(RootOpening::to_bytes).collect();
        Self { toml: signed.toml, signature: signed.signature, openings }
    }
}
