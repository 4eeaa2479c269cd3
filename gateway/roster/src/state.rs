//! The public state of one group, as openmls writes it: four values, each in CBOR.

use std::cell::RefCell;

use openmls_traits::{
    public_storage::PublicStorageProvider,
    storage::{CURRENT_VERSION, Entity, traits},
};

const V: u16 = CURRENT_VERSION;

/// Tree, context, transcript and tag of one group. Equal groups have equal bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) tree: Vec<u8>,
    pub(crate) context: Vec<u8>,
    pub(crate) transcript: Vec<u8>,
    pub(crate) tag: Vec<u8>,
}

/// Where openmls reads and writes while a handshake is checked. A copy: the follower's own state stays as it was.
pub(crate) struct Store(RefCell<State>);

/// A value could not be encoded, or not decoded.
#[derive(Debug, thiserror::Error)]
#[error("the stored state of a group is not what this version wrote")]
pub(crate) struct StateError;

impl Store {
    pub(crate) fn new(state: State) -> Self {
        Self(RefCell::new(state))
    }

    pub(crate) fn into_state(self) -> State {
        self.0.into_inner()
    }
}

fn encode<E: Entity<V>>(value: &E) -> Result<Vec<u8>, StateError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|_| StateError)?;
    Ok(bytes)
}

fn decode<E: Entity<V>>(bytes: &[u8]) -> Result<Option<E>, StateError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    ciborium::from_reader(bytes).map(Some).map_err(|_| StateError)
}

/// One store holds one group, so the group id is not looked at. Proposals are never kept: only inline ones are admitted.
impl PublicStorageProvider<V> for Store {
    type PublicError = StateError;

    fn write_tree<G: traits::GroupId<V>, T: traits::TreeSync<V>>(&self, _: &G, tree: &T) -> Result<(), StateError> {
        self.0.borrow_mut().tree = encode(tree)?;
        Ok(())
    }

    fn write_interim_transcript_hash<G: traits::GroupId<V>, H: traits::InterimTranscriptHash<V>>(
        &self,
        _: &G,
        hash: &H,
    ) -> Result<(), StateError> {
        self.0.borrow_mut().transcript = encode(hash)?;
        Ok(())
    }

    fn write_context<G: traits::GroupId<V>, C: traits::GroupContext<V>>(
        &self,
        _: &G,
        context: &C,
    ) -> Result<(), StateError> {
        self.0.borrow_mut().context = encode(context)?;
        Ok(())
    }

    fn write_confirmation_tag<G: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(
        &self,
        _: &G,
        tag: &T,
    ) -> Result<(), StateError> {
        self.0.borrow_mut().tag = encode(tag)?;
        Ok(())
    }

    fn queue_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>, Q: traits::QueuedProposal<V>>(
        &self,
        _: &G,
        _: &R,
        _: &Q,
    ) -> Result<(), StateError> {
        Err(StateError)
    }

    fn queued_proposals<G: traits::GroupId<V>, R: traits::ProposalRef<V>, Q: traits::QueuedProposal<V>>(
        &self,
        _: &G,
    ) -> Result<Vec<(R, Q)>, StateError> {
        Ok(Vec::new())
    }

    fn tree<G: traits::GroupId<V>, T: traits::TreeSync<V>>(&self, _: &G) -> Result<Option<T>, StateError> {
        decode(&self.0.borrow().tree)
    }

    fn group_context<G: traits::GroupId<V>, C: traits::GroupContext<V>>(&self, _: &G) -> Result<Option<C>, StateError> {
        decode(&self.0.borrow().context)
    }

    fn interim_transcript_hash<G: traits::GroupId<V>, H: traits::InterimTranscriptHash<V>>(
        &self,
        _: &G,
    ) -> Result<Option<H>, StateError> {
        decode(&self.0.borrow().transcript)
    }

    fn confirmation_tag<G: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(
        &self,
        _: &G,
    ) -> Result<Option<T>, StateError> {
        decode(&self.0.borrow().tag)
    }

    fn delete_tree<G: traits::GroupId<V>>(&self, _: &G) -> Result<(), StateError> {
        self.0.borrow_mut().tree.clear();
        Ok(())
    }

    fn delete_confirmation_tag<G: traits::GroupId<V>>(&self, _: &G) -> Result<(), StateError> {
        self.0.borrow_mut().tag.clear();
        Ok(())
    }

    fn delete_context<G: traits::GroupId<V>>(&self, _: &G) -> Result<(), StateError> {
        self.0.borrow_mut().context.clear();
        Ok(())
    }

    fn delete_interim_transcript_hash<G: traits::GroupId<V>>(&self, _: &G) -> Result<(), StateError> {
        self.0.borrow_mut().transcript.clear();
        Ok(())
    }

    fn remove_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        _: &G,
        _: &R,
    ) -> Result<(), StateError> {
        Ok(())
    }

    fn clear_proposal_queue<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(&self, _: &G) -> Result<(), StateError> {
        Ok(())
    }
}
