//! The attack: every candidate is tried as every secret from which a body could be opened, and what fits is followed to its end.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use model::EntryId;
use openmls_rust_crypto::RustCrypto;
use openmls_traits::{
    crypto::OpenMlsCrypto,
    types::{HpkeAeadType, HpkeCiphertext, HpkeConfig, HpkeKdfType, HpkeKemType},
};

use super::{
    candidates::Candidates,
    schedule::{self, MessageKey, Prk, Secret, SenderData},
    sealed::{Body, Place, Sample, Targets},
    wire::{GroupInfo, Welcome, application_data, opaque},
};

/// What a candidate turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The private key of a KeyPackage, a leaf or a node of a tree.
    PrivateKey,
    /// The secret from which such a key of a node follows.
    PathSecret,
    JoinerSecret,
    EpochSecret,
    SenderDataSecret,
    /// The root of an epoch's secret tree.
    EncryptionSecret,
}

impl Role {
    pub(crate) const ALL: [Self; 6] = [
        Self::PrivateKey,
        Self::PathSecret,
        Self::JoinerSecret,
        Self::EpochSecret,
        Self::SenderDataSecret,
        Self::EncryptionSecret,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::PrivateKey => "private_key",
            Self::PathSecret => "path_secret",
            Self::JoinerSecret => "joiner_secret",
            Self::EpochSecret => "epoch_secret",
            Self::SenderDataSecret => "sender_data_secret",
            Self::EncryptionSecret => "encryption_secret",
        }
    }
}

/// A candidate that is a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub(crate) role: Role,
    secret: Secret,
    /// Where it fits: an epoch, or nowhere in particular.
    place: Option<Place>,
}

/// What is known of one epoch.
#[derive(Default)]
struct Known {
    sender_data: Option<Secret>,
    encryption: Option<Secret>,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Windows that were looked at, and candidates among them.
    pub(crate) windows: u64,
    /// Bytes inside of what a cipher or a key derivation wrote, which were left out.
    pub(crate) bulk: u64,
    pub(crate) candidates: usize,
    /// Windows of 16 bytes that may be the key of a message.
    pub(crate) keys: usize,
    /// Those that are.
    pub(crate) fitting: BTreeSet<MessageKey>,
    /// The key of a body that was opened another way.
    derived: Option<MessageKey>,
    /// Comparisons of public keys, and openings of an AEAD, that were tried.
    pub(crate) trials: u64,
    pub(crate) hits: BTreeSet<Hit>,
    /// Bodies of which it became known who sealed them, and the how manieth of theirs they are.
    pub(crate) senders: BTreeSet<EntryId>,
    /// Bodies that were opened, and hold what their header committed to.
    pub(crate) opened: BTreeSet<EntryId>,
    /// The secrets of the epochs that were entered, by their role.
    pub(crate) entered: BTreeMap<Role, Secret>,
}

impl Outcome {
    /// What was found, in one line.
    pub(crate) fn in_words(&self) -> String {
        let found: Vec<_> = self.counts().into_iter().map(|(role, count)| format!("{count} {role}")).collect();
        format!("{}; {} bodies opened", found.join(", "), self.opened.len())
    }

    /// One secret of each role, and the key of a message: those that fitted, and those to which they led.
    pub(crate) fn secrets(&self) -> Vec<Vec<u8>> {
        let mut all = self.entered.clone();
        all.extend(self.hits.iter().map(|hit| (hit.role, hit.secret)));
        all.into_values().map(Vec::from).chain(self.derived.map(Vec::from)).collect()
    }

    /// How many candidates turned out to be a secret of each role.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let count =
            |role| self.hits.iter().filter(|hit| hit.role == role).map(|hit| hit.secret).collect::<BTreeSet<_>>().len();
        let secrets = Role::ALL.into_iter().map(|role| (role.as_str(), count(role)));
        secrets.chain([("message_key", self.fitting.len())]).collect()
    }
}

/// Tries it.
pub(crate) fn attack(candidates: &Candidates, targets: &Targets) -> Outcome {
    let all = candidates.to_vec();
    let mut outcome =
        Outcome { windows: candidates.windows, bulk: candidates.bulk, candidates: all.len(), ..Outcome::default() };
    outcome.trials = all.len() as u64 * trials_each(targets);
    let samples = targets.samples();
    outcome.hits = each(&all, |candidate| hits(candidate, targets, &samples)).into_iter().collect();
    let known = outcome.follow(targets);
    for (place, known) in &known {
        let Some(epoch) = targets.epochs.get(place) else { continue };
        let bodies = || epoch.bodies.iter().filter_map(|id| targets.bodies.get_key_value(id));
        let sender_data = known.sender_data.as_ref().map(Prk::new);
        let senders: Vec<_> = bodies()
            .filter_map(|(id, body)| Some((*id, body, sender_data.as_ref()?.sender_data(&body.message)?)))
            .collect();
        outcome.senders.extend(senders.iter().map(|(id, ..)| *id));
        let width = epoch.public.width;
        let tried = match &known.encryption {
            Some(secret) => std::slice::from_ref(secret),
            None => &all,
        };
        for (id, key) in each(tried, |secret| opens(&Prk::new(secret), width, &senders)) {
            outcome.opened.insert(id);
            outcome.derived = Some(key);
        }
        outcome.trials += (tried.len() * senders.len() * (schedule::depths(width) + 1)) as u64;
    }
    outcome.with_keys(&candidates.keys(), targets);
    outcome
}

fn trials_each(targets: &Targets) -> u64 {
    let of_epoch = |leaves: &[u32]| 3 + leaves.len();
    let epochs: usize = targets.samples().iter().map(|(_, epoch, _)| of_epoch(&epoch.public.leaves)).sum();
    (2 * targets.keys.len() + epochs + targets.welcomes.len()) as u64
}

/// Works on the candidates with all processors.
fn each<C: Sync, T: Send>(candidates: &[C], work: impl Fn(&C) -> Vec<T> + Sync) -> Vec<T> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let share = candidates.len().div_ceil(workers).max(1);
    thread::scope(|scope| {
        let work = &work;
        let shares: Vec<_> = candidates
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().flat_map(work).collect::<Vec<_>>()))
            .collect();
        // A worker that fell over must not pass for one that found nothing.
        shares
            .into_iter()
            .flat_map(|share| share.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause)))
            .collect()
    })
}

/// Everything that one candidate is.
fn hits(candidate: &Secret, targets: &Targets, samples: &[Sample<'_>]) -> Vec<Hit> {
    let mut found = Vec::new();
    let mut hit = |role, place: Option<&Place>| found.push(Hit { role, secret: *candidate, place: place.cloned() });
    let is_known = |key: Option<Vec<u8>>| key.is_some_and(|key| targets.keys.contains_key(&key));
    let prk = Prk::new(candidate);
    if is_known(schedule::public_key(candidate)) {
        hit(Role::PrivateKey, None);
    }
    if is_known(prk.node_key()) {
        hit(Role::PathSecret, None);
    }
    let from_epoch = Prk::new(&prk.derive("sender data"));
    let member = prk.member();
    for (place, epoch, message) in samples {
        if prk.sender_data(message).is_some() {
            hit(Role::SenderDataSecret, Some(place));
        }
        if from_epoch.sender_data(message).is_some() {
            hit(Role::EpochSecret, Some(place));
        }
        let epoch_secret = Prk::new(&member.epoch(&epoch.public.context));
        if Prk::new(&epoch_secret.derive("sender data")).sender_data(message).is_some() {
            hit(Role::JoinerSecret, Some(place));
        }
        let width = epoch.public.width;
        let opens = |leaf: &u32| {
            schedule::from_node(&prk, width, 0, *leaf, 0).is_some_and(|sealing| sealing.opens_without_guard(message))
        };
        if epoch.public.leaves.iter().any(opens) {
            hit(Role::EncryptionSecret, Some(place));
        }
    }
    let welcomed = member.welcome();
    if targets.welcomes.iter().any(|welcome| welcomed.open_group_info(&welcome.group_info).is_some()) {
        hit(Role::JoinerSecret, None);
    }
    found
}

/// The bodies that a secret opens as a node of the tree, or as the secret of a ratchet; each with the key of its message.
fn opens(secret: &Prk, width: u32, bodies: &[(EntryId, &Body, SenderData)]) -> Vec<(EntryId, MessageKey)> {
    let opens = |(id, body, sender): &(EntryId, &Body, SenderData)| {
        let nodes = (0..schedule::depths(width))
            .filter_map(|depth| schedule::from_node(secret, width, depth, sender.leaf, sender.generation));
        let ratchet = schedule::from_ratchet(secret.clone(), sender.generation, sender.generation);
        nodes.chain([ratchet]).find_map(|sealing| {
            let key = sealing.key();
            let content = sealing.open_body(&body.message, sender)?;
            application_data(&content).is_some_and(|plain| is_body(plain, body)).then_some((*id, key))
        })
    };
    bodies.iter().filter_map(opens).collect()
}

/// Whether a plaintext is the body that its header committed to.
pub(crate) fn is_body(plain: &[u8], body: &Body) -> bool {
    desk::SealedBody::open(plain, &body.header).is_ok()
}

impl Outcome {
    /// Tries keys as those of single messages: whoever has one needs no secret before it.
    fn with_keys(&mut self, keys: &[MessageKey], targets: &Targets) {
        self.keys = keys.len();
        self.trials += (keys.len() * targets.bodies.len()) as u64;
        let opened = each(keys, |key| {
            let opens = |(id, body): (&EntryId, &Body)| {
                let content = schedule::open_with(key, &body.message)?;
                application_data(&content).is_some_and(|plain| is_body(plain, body)).then_some((*id, *key))
            };
            targets.bodies.iter().filter_map(opens).collect()
        });
        for (id, key) in opened {
            self.opened.insert(id);
            self.fitting.insert(key);
        }
    }

    /// Follows what was found to the epochs that it leads into.
    fn follow(&mut self, targets: &Targets) -> BTreeMap<Place, Known> {
        let mut known: BTreeMap<Place, Known> = BTreeMap::new();
        let mut joiners = BTreeSet::new();
        let mut epochs = BTreeSet::new();
        for hit in &self.hits {
            match (hit.role, &hit.place) {
                (Role::PrivateKey, _) => {
                    joiners.extend(targets.welcomes.iter().filter_map(|one| joiner(one, &hit.secret)))
                }
                (Role::JoinerSecret, _) => drop(joiners.insert(hit.secret)),
                (Role::EpochSecret, Some(place)) => drop(epochs.insert((place.clone(), hit.secret))),
                (Role::SenderDataSecret, Some(place)) => {
                    known.entry(place.clone()).or_default().sender_data = Some(hit.secret);
                }
                (Role::EncryptionSecret, Some(place)) => {
                    known.entry(place.clone()).or_default().encryption = Some(hit.secret);
                }
                _ => {}
            }
        }
        for joiner in joiners {
            self.entered.insert(Role::JoinerSecret, joiner);
            let member = Prk::new(&joiner).member();
            let infos = targets.welcomes.iter().filter_map(|one| member.welcome().open_group_info(&one.group_info));
            let infos = infos.filter_map(|info| GroupInfo::read_bare(&info));
            epochs.extend(infos.map(|info| ((info.group, info.epoch), member.epoch(&info.context))));
            for (place, epoch, message) in targets.samples() {
                let secret = member.epoch(&epoch.public.context);
                if Prk::new(&Prk::new(&secret).derive("sender data")).sender_data(message).is_some() {
                    epochs.insert((place.clone(), secret));
                }
            }
        }
        for (place, secret) in epochs {
            let epoch = Prk::new(&secret);
            let (sender_data, encryption) = (epoch.derive("sender data"), epoch.derive("encryption"));
            known.insert(place, Known { sender_data: Some(sender_data), encryption: Some(encryption) });
            self.entered.insert(Role::EpochSecret, secret);
            self.entered.insert(Role::SenderDataSecret, sender_data);
            self.entered.insert(Role::EncryptionSecret, encryption);
        }
        known
    }
}

/// The joiner_secret that a Welcome holds for whoever has this private key [RFC 9420 §12.4.3.1].
fn joiner(welcome: &Welcome, private: &Secret) -> Option<Secret> {
    let info = [opaque(b"MLS 1.0 Welcome"), opaque(&welcome.group_info)].concat();
    welcome.secrets.iter().find_map(|(encapsulated, ciphertext)| {
        let config = HpkeConfig(HpkeKemType::DhKem25519, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm128);
        let sealed = HpkeCiphertext { kem_output: encapsulated.clone().into(), ciphertext: ciphertext.clone().into() };
        let secrets = RustCrypto::default().hpke_open(config, &sealed, private, &info, &[]).ok()?;
        // GroupSecrets begins with `opaque joiner_secret<V>` of 32 bytes.
        secrets.get(1..33)?.try_into().ok()
    })
}
