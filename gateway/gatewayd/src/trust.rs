//! Whom this gateway believes, now: directories, pinned roots and the states of channels, in memory for every handshake and call.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use identity::{RootCertificate, RootOpening, SignedDirectory, Subject, TrustStore};
use ledger::Release;
use link::{Anchors, Channel};
use model::{Denial, Fault, PartyId, Timestamp};
use rustls_pki_types::TrustAnchor;

/// How far a channel is. The numbers are in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChannelState {
    /// Our word is not given, or not since the other side closed the channel.
    Proposed = 0,
    /// We compared the fingerprint; the other side has not said so yet.
    KeysVerified = 1,
    /// Both sides have said yes.
    Open = 2,
    /// Stopped by an operator.
    Frozen = 3,
    /// Ended by an operator: both compare the fingerprints anew before it opens again.
    Closed = 4,
}

impl ChannelState {
    pub(crate) fn of(number: i16) -> Self {
        match number {
            1 => Self::KeysVerified,
            2 => Self::Open,
            3 => Self::Frozen,
            4 => Self::Closed,
            _ => Self::Proposed,
        }
    }

    /// Whether anything is said to the other side at all.
    pub(crate) fn is_silent(self) -> bool {
        matches!(self, Self::Frozen | Self::Closed)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "PROPOSED",
            Self::KeysVerified => "KEYS_VERIFIED",
            Self::Open => "OPEN",
            Self::Frozen => "FROZEN",
            Self::Closed => "CLOSED",
        }
    }
}

/// What is believed now. Readers take a snapshot; a change replaces it.
#[derive(Debug)]
pub(crate) struct Trust {
    own: PartyId,
    now: RwLock<Arc<Snapshot>>,
    /// Why the last call to a gateway failed, for its operator.
    trouble: Mutex<BTreeMap<PartyId, String>>,
    /// What a gateway keeps out of its log. A call that it takes does not mend that.
    overdue: Mutex<BTreeMap<PartyId, String>>,
    unreached: Mutex<BTreeSet<PartyId>>,
    /// What other gateways say that they run.
    releases: Mutex<BTreeMap<PartyId, Release>>,
    /// The connections to other gateways.
    connections: Mutex<BTreeMap<PartyId, Channel>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) store: TrustStore,
    /// Without openings: nobody is shown more of them than concern it.
    own_directory: SignedDirectory,
    /// Of the commitments in all versions of the own directory.
    openings: Vec<RootOpening>,
    pub(crate) directories: BTreeMap<PartyId, SignedDirectory>,
    pub(crate) channels: BTreeMap<PartyId, ChannelState>,
    /// Who stands accused, from the commit of the evidence until its channel is frozen in the database too.
    accused: BTreeSet<PartyId>,
}

impl Trust {
    /// Begins with the own root and directory.
    pub(crate) fn new(root: &[u8], mut own_directory: SignedDirectory, now: Timestamp) -> Result<Self, Denial> {
        let store = TrustStore::new(root, &own_directory, &[], now)?;
        let openings = std::mem::take(&mut own_directory.openings);
        let snapshot = Snapshot {
            store,
            own_directory,
            openings,
            directories: BTreeMap::new(),
            channels: BTreeMap::new(),
            accused: BTreeSet::new(),
        };
        Ok(Self {
            own: snapshot.store.own_party(),
            now: RwLock::new(Arc::new(snapshot)),
            trouble: Mutex::default(),
            overdue: Mutex::default(),
            unreached: Mutex::default(),
            releases: Mutex::default(),
            connections: Mutex::default(),
        })
    }

    pub(crate) fn own(&self) -> PartyId {
        self.own
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a newer own or foreign directory. Says whose it was.
    pub(crate) fn learn(&self, signed: &SignedDirectory, now: Timestamp) -> Result<PartyId, Denial> {
        self.change(|next| {
            let party = next.store.add(signed, now)?;
            if party == next.store.own_party() {
                let mut own = signed.clone();
                let shown = std::mem::take(&mut own.openings);
                next.own_directory = own;
                next.openings.retain(|one| !shown.contains(one));
                next.openings.extend(shown);
                let store = &next.store;
                next.directories.retain(|party, _| store.pinned_root(*party).is_some());
            } else {
                next.directories.insert(party, SignedDirectory { openings: Vec::new(), ..signed.clone() });
            }
            Ok(party)
        })
    }

    /// Notes how far a channel is. What somebody read before the other gateway was accused opens nothing after it.
    pub(crate) fn set_channel(&self, party: PartyId, state: ChannelState) {
        let _: Result<(), Denial> = self.change(|next| {
            let held = next.accused.contains(&party) && !state.is_silent();
            next.channels.insert(party, if held { ChannelState::Frozen } else { state });
            Ok(())
        });
    }

    /// Freezes a channel at once, before the database has it.
    pub(crate) fn accuse(&self, party: PartyId) {
        let _: Result<(), Denial> = self.change(|next| {
            next.accused.insert(party);
            next.channels.insert(party, ChannelState::Frozen);
            Ok(())
        });
    }

    /// From now on the database says whether the channel is frozen.
    pub(crate) fn accused_is_kept(&self, party: PartyId) {
        let _: Result<(), Denial> = self.change(|next| {
            next.accused.remove(&party);
            Ok(())
        });
    }

    /// Notes why the last call to a gateway failed; `None` when it did not.
    pub(crate) fn note_trouble(&self, party: PartyId, why: Option<String>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => trouble.insert(party, in_a_line(&why)),
            None => trouble.remove(&party),
        };
    }

    /// Notes what a gateway keeps out of its log for longer than it may; `None` when it does not.
    pub(crate) fn note_overdue(&self, party: PartyId, what: Option<&str>) {
        let mut overdue = self.overdue.lock().unwrap_or_else(PoisonError::into_inner);
        match what {
            Some(what) => overdue.insert(party, format!("not cosigned, and nothing new is taken: {what}")),
            None => overdue.remove(&party),
        };
    }

    /// Notes whether a gateway was reached when it was called last.
    pub(crate) fn note_reached(&self, party: PartyId, reached: bool) {
        let mut unreached = self.unreached.lock().unwrap_or_else(PoisonError::into_inner);
        if reached {
            unreached.remove(&party)
        } else {
            unreached.insert(party)
        };
    }

    /// Those that were not.
    pub(crate) fn unreached(&self) -> BTreeSet<PartyId> {
        self.unreached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what a gateway says that it runs.
    pub(crate) fn note_release(&self, party: PartyId, release: Option<Release>) {
        let mut releases = self.releases.lock().unwrap_or_else(PoisonError::into_inner);
        match release {
            Some(release) => releases.insert(party, release),
            None => releases.remove(&party),
        };
    }

    /// What a gateway says that it runs.
    pub(crate) fn release(&self, party: PartyId) -> Option<Release> {
        self.releases.lock().unwrap_or_else(PoisonError::into_inner).get(&party).cloned()
    }

    /// What a gateway keeps out of its log, else why the last call to it failed.
    pub(crate) fn trouble(&self, party: PartyId) -> Option<String> {
        let overdue = self.overdue.lock().unwrap_or_else(PoisonError::into_inner).get(&party).cloned();
        if overdue.is_some() {
            return overdue;
        }
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get(&party).cloned()
    }

    pub(crate) fn set_connection(&self, party: PartyId, channel: Channel) {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).insert(party, channel);
    }

    /// The connection to another gateway.
    pub(crate) fn connection(&self, party: PartyId) -> Option<Channel> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).get(&party).cloned()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Snapshot) -> Result<T, Denial>) -> Result<T, Denial> {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&now);
        let done = change(&mut next)?;
        *now = Arc::new(next);
        Ok(done)
    }
}

impl Snapshot {
    /// Fails unless the channel to `party` is open.
    pub(crate) fn require_open(&self, party: PartyId) -> Result<(), Denial> {
        match self.channels.get(&party) {
            Some(ChannelState::Open) => Ok(()),
            state => {
                let state = state.map_or("not there", |state| state.as_str());
                Err(Denial::failed(Fault::ChannelNotOpen, format!("the channel to {party} is {state}")))
            }
        }
    }

    /// The root that the own directory pins for a party.
    pub(crate) fn root(&self, party: PartyId) -> Option<&RootCertificate> {
        self.store.pinned_root(party)
    }

    /// The own directory as `reader` may see it: the own desks with all openings, another party with that of its own root.
    pub(crate) fn own_directory(&self, reader: PartyId) -> SignedDirectory {
        self.as_shown(&self.own_directory, reader)
    }

    /// A version of the own directory as `reader` may see it; one of another party as it is.
    pub(crate) fn as_shown(&self, version: &SignedDirectory, reader: PartyId) -> SignedDirectory {
        version.opened_to(reader, &self.openings)
    }
}

impl Anchors for Trust {
    fn allows(&self, subject: &Subject) -> bool {
        let snapshot = self.snapshot();
        match subject {
            Subject::Gateway(party) => snapshot.channels.get(party).is_some_and(|state| !state.is_silent()),
            Subject::Desk(authority) => authority.party() == self.own && snapshot.store.authority(authority).is_some(),
        }
    }

    fn anchor(&self, subject: &Subject, now: Timestamp) -> Option<TrustAnchor<'static>> {
        let snapshot = self.snapshot();
        let root = snapshot.root(subject.party())?;
        root.check_at(now).ok()?;
        Some(root.anchor().clone())
    }
}

/// What may be the peer's own text, as it may go to a terminal and into a row.
pub(crate) fn in_a_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use identity::{Commitments, Directory, Root, SigningKey};

    use super::*;

    #[test]
    fn who_is_accused_stays_frozen_whatever_was_read_before_until_the_database_has_it() {
        let now = Timestamp(1_795_305_600_000);
        let (own, peer): (PartyId, PartyId) = ("JP".parse().unwrap(), "FR".parse().unwrap());
        let root = Root::generate(own, now).unwrap();
        let directory = Directory {
            party: own,
            version: 1,
            issued: now,
            expires: now.plus_ms(3_600_000),
            ledger_key: SigningKey::generate().unwrap().verifying_key(),
            ledger_key_ml_dsa_44: None,
            ledger_keys_before: Vec::new(),
            root: root.certificate().der().to_vec(),
            trusted: Commitments::to(&[]).unwrap(),
            authorities: Vec::new(),
        };
        let signed = root.sign_directory(&directory, &[]).unwrap();
        let trust = Trust::new(root.certificate().der(), signed, now).unwrap();
        let state = || trust.snapshot().channels[&peer];
        trust.set_channel(peer, ChannelState::Open);
        trust.accuse(peer);
        trust.set_channel(peer, ChannelState::Open);
        assert_eq!(state(), ChannelState::Frozen, "a greeting that was read before the evidence opens nothing");
        trust.set_channel(peer, ChannelState::Closed);
        assert_eq!(state(), ChannelState::Closed);
        trust.accused_is_kept(peer);
        trust.set_channel(peer, ChannelState::Open);
        assert_eq!(state(), ChannelState::Open, "an operator let it go on");
    }
}
