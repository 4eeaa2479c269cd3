//! The desk's certificates while it runs: a renewed one for TLS is shown at the next handshake, and a renewed leaf takes the place of
//! the one before it in each case's group (`renewing.rs`). A leaf before it is kept until no group knows it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use identity::{Purpose, RootCertificate, Subject, TlsIdentity, certificate_expiry};
use keyring::{Held, Slot};
use model::{Denial, Fault, Timestamp};
use rustls_pki_types::CertificateDer;
use seal::{LeafIdentity, Member};
use store::desk::{DeskBatch, LeafRow};
use telemetry::say;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use workflow::State;

use super::{Office, renewing::Progress, view::CaseView};
use crate::{
    clock,
    config::{Config, Folder},
    failure::Failure,
    keys,
};

/// How often it is looked whether a certificate was exchanged.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// From when on the end of a certificate is a problem to be told: of the one for TLS, of the leaf's.
const SOON_MS: [i64; 2] = [14 * 24 * 3600 * 1000, 7 * 24 * 3600 * 1000];
/// Which leaf's KeyPackages lie ready at the gateway, in the table of cursors.
pub(super) const PUBLISHED: &str = "leaf";

/// The leaves of the desk, and how far the newest one has come.
pub(crate) struct Leaves {
    place: Place,
    /// From the newest to the oldest; never empty.
    known: RwLock<Arc<[Leaf]>>,
    progress: Mutex<Progress>,
    /// One at a time looks at the groups, or exchanges the leaves.
    pub(super) looking: tokio::sync::Mutex<()>,
    /// Of the pairs that were opened when the program started: what is installed meanwhile is seen.
    opened: Marks,
}

/// What changes when the pairs for TLS and for the leaf do.
pub(super) type Marks = [[Option<SystemTime>; 2]; 2];

/// Where the pairs stand, and for whom.
#[derive(Clone)]
struct Place {
    folder: Folder,
    passphrase_file: PathBuf,
    subject: Subject,
}

#[derive(Clone)]
pub(super) struct Leaf {
    pub(super) identity: LeafIdentity,
    certificate: CertificateDer<'static>,
}

impl Leaf {
    fn new(held: &Held) -> Result<Self, Failure> {
        let bad = |what: String| Failure::new(model::Exit::NotAuthorised, what);
        let identity = LeafIdentity::from_pkcs8(&held.chain, &held.pkcs8).map_err(|error| bad(error.to_string()))?;
        let certificate = held.chain.first().cloned().ok_or_else(|| bad("there is no certificate".to_owned()))?;
        Ok(Self { identity, certificate })
    }

    pub(super) fn mark(&self) -> i64 {
        mark_of(self.identity.public_key())
    }

    pub(super) fn until(&self) -> Timestamp {
        certificate_expiry(&self.certificate).unwrap_or(Timestamp(0))
    }
}

/// What the pairs in a folder are like. To be asked before they are opened.
pub(super) fn marks(folder: &Folder) -> Marks {
    slots(folder).each_ref().map(Slot::mark)
}

fn slots(folder: &Folder) -> [Slot; 2] {
    [Slot::tls(&folder.0), Slot::leaf(&folder.0)]
}

/// What tells a leaf from others, by its key.
fn mark_of(public_key: &[u8]) -> i64 {
    let mut mark = [0; 8];
    mark.iter_mut().zip(public_key).for_each(|(to, from)| *to = *from);
    i64::from_be_bytes(mark)
}

/// Notes in `batch` by which leaf this desk stands in the group of a case.
pub(super) fn note_leaf(batch: &mut DeskBatch, view: &CaseView, member: &Member) {
    match member.leaf_key() {
        Some(key) if view.state() != State::Closed => {
            let party = view.other.party().into();
            batch.leaves.push(LeafRow { case_id: view.id.into(), mark: mark_of(&key), party });
        }
        _ => batch.leaves_done.push(view.id),
    }
}

impl Leaves {
    pub(super) fn open(folder: &Folder, config: &Config, opened: Marks) -> Result<Self, Failure> {
        let place = Place {
            folder: folder.clone(),
            passphrase_file: folder.resolve(&config.passphrase_file),
            subject: Subject::Desk(config.authority.clone()),
        };
        let known = RwLock::new(place.leaves()?.into());
        Ok(Self { place, known, progress: Mutex::default(), looking: tokio::sync::Mutex::default(), opened })
    }

    /// The one in use.
    pub(super) fn current(&self) -> Result<LeafIdentity, Denial> {
        let known = self.known();
        known
            .first()
            .map(|leaf| leaf.identity.clone())
            .ok_or_else(|| Denial::failed(Fault::Internal, "the desk has no leaf"))
    }

    /// All, the one in use first.
    pub(super) fn all(&self) -> Vec<LeafIdentity> {
        self.known().iter().map(|leaf| leaf.identity.clone()).collect()
    }

    /// What tells the one in use from others.
    pub(super) fn mark(&self) -> Result<i64, Denial> {
        Ok(mark_of(self.current()?.public_key()))
    }

    pub(super) fn known(&self) -> Arc<[Leaf]> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Destroys a leaf before the one in use.
    pub(super) fn forget(&self, leaf: &Leaf) -> Result<(), Denial> {
        let [_, slot] = slots(&self.place.folder);
        slot.forget(&leaf.certificate)
            .map_err(|_| Denial::failed(Fault::Storage, "a former leaf cannot be destroyed"))?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = known.iter().filter(|one| one.certificate != leaf.certificate).cloned().collect();
        Ok(())
    }
}

impl Place {
    /// All leaves in the folder, the one in use first.
    fn leaves(&self) -> Result<Vec<Leaf>, Failure> {
        let passphrase = keyring::passphrase(&self.passphrase_file)?;
        let [_, slot] = slots(&self.folder);
        let (former, shut) = slot.former(&passphrase)?;
        for _ in shut {
            say!(
                Error,
                "a former leaf cannot be opened: in cases that still know it this desk asks to be taken in anew (former-leaves)"
            );
        }
        let mut leaves = vec![Leaf::new(&slot.open(&passphrase)?)?];
        for held in &former {
            let leaf = Leaf::new(held)?;
            // An exchange that was cut off early has copied the one that is still in use.
            if leaves.first().is_none_or(|first| first.certificate != leaf.certificate) {
                leaves.push(leaf);
            }
        }
        Ok(leaves)
    }

    /// The pair in use for `slot`, if it holds now under our own root.
    fn renewed(&self, slot: &Slot, now: Timestamp) -> Result<Held, Failure> {
        let passphrase = keyring::passphrase(&self.passphrase_file)?;
        let held = slot.open(&passphrase)?;
        let root = RootCertificate::parse(&keys::root(&self.folder)?)
            .map_err(|error| Failure::new(model::Exit::NotAuthorised, error.to_string()))?;
        slot.purpose()
            .check(&root, &held.chain, &self.subject, &held.pkcs8, now)
            .map_err(|refusal| Failure::from(Denial::from(refusal)))?;
        Ok(held)
    }
}

impl Office {
    /// Looks for renewed certificates until `stop`.
    pub(crate) async fn run_renewal(self: Arc<Self>, stop: CancellationToken) {
        let slots = slots(&self.leaves.place.folder);
        let mut taken = self.leaves.opened;
        let mut told = taken;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(LOOK_EVERY) => {}
            }
            let goes_on = self.leaves.progress().goes_on();
            if goes_on && !self.uplink.unreached().is_empty() {
                // Who was away may be back.
                self.refreshed().await;
            }
            if goes_on && self.renew_leaves().await.is_err() {
                say!(Warn, "the renewed leaf could not be put in place everywhere");
            }
            for (index, slot) in slots.iter().enumerate() {
                let mark = slot.mark();
                let (Some(taken), Some(told)) = (taken.get_mut(index), told.get_mut(index)) else { continue };
                if mark == *taken {
                    continue;
                }
                match self.take_renewed(slot).await {
                    Ok(()) => {
                        *taken = mark;
                        say!(Info, "a renewed certificate is in use");
                    }
                    Err(_) if *told == mark => {}
                    Err(_) => {
                        *told = mark;
                        say!(Error, "a renewed certificate cannot be used; the one before it stays in use");
                    }
                }
            }
        }
    }

    async fn take_renewed(&self, slot: &Slot) -> Result<(), Failure> {
        let (place, at) = (self.leaves.place.clone(), slot.clone());
        // Opening a key costs a tenth of a second of computing.
        let opened = tokio::task::spawn_blocking(move || {
            let held = place.renewed(&at, clock::now())?;
            let leaves = if at.purpose() == Purpose::Leaf { place.leaves()? } else { Vec::new() };
            Ok::<_, Failure>((held, leaves))
        });
        let failed = |error: tokio::task::JoinError| Failure::new(model::Exit::Failure, error.to_string());
        let (held, leaves) = opened.await.map_err(failed)??;
        if slot.purpose() == Purpose::Tls {
            return self.uplink.renew(&TlsIdentity { chain: held.chain, key_pkcs8: held.pkcs8 });
        }
        let _looking = self.leaves.looking.lock().await;
        *self.leaves.known.write().unwrap_or_else(PoisonError::into_inner) = leaves.into();
        *self.leaves.progress() = Progress::default();
        // New KeyPackages, and the groups.
        self.upkeep_bell.notify_one();
        Ok(())
    }

    /// When the certificates end: the one for TLS, the leaf's.
    pub(crate) fn certificates_until(&self) -> [Timestamp; 2] {
        let leaf = self.leaves.known().first().map_or(Timestamp(0), Leaf::until);
        [self.uplink.certificate_until(), leaf]
    }

    /// When the certificates end, in how many cases the newest leaf is still to be put in place, and what the people of the desk have to
    /// know of that.
    pub(super) async fn credentials(&self, now: Timestamp) -> Result<Credentials, Denial> {
        let until = self.certificates_until();
        let names = [Purpose::Tls, Purpose::Leaf];
        let ending = until.iter().zip(SOON_MS).zip(names).filter(|((until, soon), _)| until.plus_ms(-soon) <= now);
        let problems = ending
            .map(|((until, _), purpose)| {
                let ends = if *until <= now { "ended" } else { "ends" };
                format!("the certificate for {purpose} {ends} at {until}: renew it with `desk certificate`")
            })
            .collect();
        let cases = self.store.leaves_other_than_count(self.leaves.mark()?).await?;
        Ok(Credentials { until, cases, problems })
    }
}

/// How the certificates are.
pub(super) struct Credentials {
    /// Of the one for TLS, of the leaf's.
    pub(super) until: [Timestamp; 2],
    pub(super) cases: u64,
    pub(super) problems: Vec<String>,
}
