//! Wakes who waits: the sender of a channel, the stream of a desk.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use model::{AuthorityId, PartyId};
use tokio::sync::Notify;

/// One bell for each channel and desk. Ringing before anybody listens is not lost.
#[derive(Debug, Default)]
pub(crate) struct Bells {
    channels: Mutex<BTreeMap<PartyId, Arc<Notify>>>,
    desks: Mutex<BTreeMap<AuthorityId, Arc<Notify>>>,
    greeters: Mutex<BTreeMap<PartyId, Arc<Notify>>>,
    greeted: Mutex<BTreeSet<PartyId>>,
}

impl Bells {
    pub(crate) fn channel(&self, party: PartyId) -> Arc<Notify> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).entry(party).or_default().clone()
    }

    /// Rings when a party should be greeted before its time: its directory is newer than the one we hold, or our operator has said something.
    pub(crate) fn greeter(&self, party: PartyId) -> Arc<Notify> {
        self.greeters.lock().unwrap_or_else(PoisonError::into_inner).entry(party).or_default().clone()
    }

    /// Notes that a party was heard of: it may be another process than before.
    pub(crate) fn greeted(&self, party: PartyId) {
        self.greeted.lock().unwrap_or_else(PoisonError::into_inner).insert(party);
    }

    /// Whether it was since it was asked last.
    pub(crate) fn was_greeted(&self, party: PartyId) -> bool {
        self.greeted.lock().unwrap_or_else(PoisonError::into_inner).remove(&party)
    }

    pub(crate) fn desk(&self, desk: &AuthorityId) -> Arc<Notify> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).entry(desk.clone()).or_default().clone()
    }
}
