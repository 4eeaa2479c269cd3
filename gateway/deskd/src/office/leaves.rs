//! The desk's certificates while it runs: a renewed one for TLS is shown at the next handshake, and a renewed leaf takes the place of
//! the one before it in each case's group, by a commit that both gateways check. A leaf before it is kept until no group knows it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use identity::{Purpose, RootCertificate, Subject, TlsIdentity, certificate_expiry};
use keyring::{Held, Slot};
use model::{CaseId, Denial, Fault, Timestamp};
use rustls_pki_types::CertificateDer;
use seal::LeafIdentity;
use store::desk::DeskBatch;
use telemetry::say;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use workflow::State;

use super::{
    Office,
    errand::{Errand, Wish},
};
use crate::{
    clock,
    config::{Config, Folder},
    failure::Failure,
    keys,
};

/// How often it is looked whether a certificate was exchanged.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How many groups are looked at in one turn.
const AT_ONCE: usize = 1024;
/// So many groups that wait for the newest leaf are looked at each time.
const FOLLOWED_MAX: usize = 64;
/// After which time a group is set about again.
const AGAIN_MS: i64 = 3_600_000;
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
    looking: tokio::sync::Mutex<()>,
}

/// Where the pairs stand, and for whom.
#[derive(Clone)]
struct Place {
    folder: Folder,
    passphrase_file: PathBuf,
    subject: Subject,
}

#[derive(Clone)]
struct Leaf {
    identity: LeafIdentity,
    certificate: CertificateDer<'static>,
}

/// The groups in which the newest leaf was put in place, or is to be.
#[derive(Default)]
struct Progress {
    settled: BTreeSet<CaseId>,
    /// Since when it was last set about.
    wanted: BTreeMap<CaseId, Timestamp>,
    /// The keys with which this desk stands in groups of closed cases: nothing changes there any more.
    needed: BTreeSet<Vec<u8>>,
    /// The case that was looked at last: the next turn begins behind it, so that those which cannot be helped keep none of the others waiting.
    last: Option<CaseId>,
}

impl Leaf {
    fn new(held: &Held) -> Result<Self, Failure> {
        let bad = |what: String| Failure::new(model::Exit::NotAuthorised, what);
        let identity = LeafIdentity::from_pkcs8(&held.chain, &held.pkcs8).map_err(|error| bad(error.to_string()))?;
        let certificate = held.chain.first().cloned().ok_or_else(|| bad("there is no certificate".to_owned()))?;
        Ok(Self { identity, certificate })
    }

    fn until(&self) -> Timestamp {
        certificate_expiry(&self.certificate).unwrap_or(Timestamp(0))
    }
}

impl Leaves {
    pub(super) fn open(folder: &Folder, config: &Config) -> Result<Self, Failure> {
        let place = Place {
            folder: folder.clone(),
            passphrase_file: folder.resolve(&config.passphrase_file),
            subject: Subject::Desk(config.authority.clone()),
        };
        let known = RwLock::new(place.leaves()?.into());
        Ok(Self { place, known, progress: Mutex::default(), looking: tokio::sync::Mutex::default() })
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

    /// What tells the one in use from others, in the table of cursors.
    pub(super) fn mark(&self) -> Result<i64, Denial> {
        let leaf = self.current()?;
        let mut mark = [0; 8];
        mark.iter_mut().zip(leaf.public_key()).for_each(|(to, from)| *to = *from);
        Ok(i64::from_be_bytes(mark))
    }

    fn known(&self) -> Arc<[Leaf]> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn slots(&self) -> [Slot; 2] {
        [Slot::tls(&self.folder.0), Slot::leaf(&self.folder.0)]
    }

    /// All leaves in the folder, the one in use first.
    fn leaves(&self) -> Result<Vec<Leaf>, Failure> {
        let passphrase = keyring::passphrase(&self.passphrase_file)?;
        let [_, slot] = self.slots();
        let (former, shut) = slot.former(&passphrase)?;
        for _ in shut {
            say!(
                Error,
                "a former leaf cannot be opened: cases that still know it stand still (former-leaves in the desk's folder)"
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
        let slots = self.leaves.place.slots();
        let mut taken = slots.each_ref().map(Slot::mark);
        let mut told = taken;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(LOOK_EVERY) => {}
            }
            // A few are followed to their end; many are looked at when everything is.
            if (1..=FOLLOWED_MAX).contains(&self.leaves.progress().wanted.len()) && self.renew_leaves().await.is_err() {
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

    /// Puts the newest leaf in place in every group in which this desk stands with one before it. When that is so everywhere, those before
    /// it are destroyed whose certificates have ended: until then a Welcome may come for one.
    pub(super) async fn renew_leaves(&self) -> Result<(), Denial> {
        let known = self.leaves.known();
        if known.len() < 2 {
            return Ok(());
        }
        let _looking = self.leaves.looking.lock().await;
        let unsettled: Vec<CaseId> = {
            let cases = self.store.mls_cases().await?;
            let progress = self.leaves.progress();
            let (before, behind): (Vec<_>, Vec<_>) = cases
                .into_iter()
                .filter(|case| !progress.settled.contains(case))
                .partition(|case| progress.last.is_some_and(|last| *case <= last));
            behind.into_iter().chain(before).collect()
        };
        let mut troubled = unsettled.len() > AT_ONCE;
        for case in unsettled.into_iter().take(AT_ONCE) {
            self.leaves.progress().last = Some(case);
            // One group that cannot be read is not the others' trouble.
            if self.renew_leaf(case).await.is_err() {
                troubled = true;
                say!(Warn, "the renewed leaf could not be put in place in a case");
            }
        }
        if troubled {
            return Ok(());
        }
        let now = clock::now();
        for leaf in known.iter().skip(1) {
            let stands = {
                let progress = self.leaves.progress();
                !progress.wanted.is_empty() || progress.needed.contains(leaf.identity.public_key())
            };
            if !stands && leaf.until() <= now {
                let [_, slot] = self.leaves.place.slots();
                slot.forget(&leaf.certificate)
                    .map_err(|_| Denial::failed(Fault::Storage, "a former leaf cannot be destroyed"))?;
                say!(Info, "a former leaf is destroyed");
                let rest: Vec<Leaf> =
                    self.leaves.known().iter().filter(|one| one.certificate != leaf.certificate).cloned().collect();
                *self.leaves.known.write().unwrap_or_else(PoisonError::into_inner) = rest.into();
            }
        }
        Ok(())
    }

    /// Looks at one group, and wants the newest leaf there where it is not.
    async fn renew_leaf(&self, case: CaseId) -> Result<(), Denial> {
        let current = self.leaves.current()?;
        let mut members = self.members.lock().await;
        let Some((view, _)) = self.view(case).await? else { return Ok(()) };
        let member = members.take(self, case).await?;
        let key = member.leaf_key();
        members.keep(case, member);
        let now = clock::now();
        {
            let mut progress = self.leaves.progress();
            match key.filter(|key| key != current.public_key()) {
                Some(_) if view.state() != State::Closed => {
                    // What the gateways refused is not tried again at once.
                    let before = progress.wanted.get(&case).copied();
                    if before.is_some_and(|before| before.plus_ms(AGAIN_MS) > now) {
                        return Ok(());
                    }
                    progress.wanted.entry(case).or_insert(Timestamp(0));
                }
                former => {
                    progress.needed.extend(former);
                    progress.wanted.remove(&case);
                    progress.settled.insert(case);
                    return Ok(());
                }
            }
        }
        // Another change of ours comes first; it is looked at again.
        if self.errand(case).await?.is_none() {
            let errand = self.errand_row(case, &Errand::new(Wish::Renew), now.0)?;
            self.commit(&DeskBatch { errands: vec![errand], ..DeskBatch::default() }).await?;
            self.leaves.progress().wanted.insert(case, now);
        }
        Ok(())
    }

    /// When the certificates end, in how many cases the newest leaf is still to be put in place, and what the people of the desk have to
    /// know of that.
    pub(super) fn credentials(&self, now: Timestamp) -> Credentials {
        let leaf = self.leaves.known().first().map_or(Timestamp(0), Leaf::until);
        let until = [self.uplink.certificate_until(), leaf];
        let names = [Purpose::Tls, Purpose::Leaf];
        let ending = until.iter().zip(SOON_MS).zip(names).filter(|((until, soon), _)| until.plus_ms(-soon) <= now);
        let problems = ending
            .map(|((until, _), purpose)| {
                let ends = if *until <= now { "ended" } else { "ends" };
                format!("the certificate for {purpose} {ends} at {until}: renew it with `desk certificate`")
            })
            .collect();
        Credentials { until, cases: self.leaves.progress().wanted.len(), problems }
    }
}

/// How the certificates are.
pub(super) struct Credentials {
    /// Of the one for TLS, of the leaf's.
    pub(super) until: [Timestamp; 2],
    pub(super) cases: usize,
    pub(super) problems: Vec<String>,
}
