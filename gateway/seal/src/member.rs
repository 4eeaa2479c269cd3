use std::{collections::BTreeMap, fmt};

use model::{AuthorityId, Denial, Digest, EpochCertificate, Fault};
use openmls::prelude::{GroupContext, MlsGroup};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider;
use roster::{CaseBinding, Seats, certificate_digest};

use crate::{
    LeafIdentity,
    failure::{defect, refuse},
};

/// A desk's membership in one case's group, with the group's secrets.
pub struct Member {
    pub(crate) provider: OpenMlsRustCrypto,
    pub(crate) group: MlsGroup,
    pub(crate) binding: CaseBinding,
    pub(crate) identities: Vec<LeafIdentity>,
    /// Every credential that was checked in this case, and whose it is: also of epochs from which bodies may still come.
    pub(crate) known: BTreeMap<Digest, AuthorityId>,
    /// SHA-256 of our commit that waits for its certificate.
    pub(crate) pending: Option<Digest>,
    pub(crate) saved: BTreeMap<Vec<u8>, Digest>,
}

impl Member {
    /// Who is in the group, in the order of the leaves.
    pub fn members(&self) -> Result<Vec<AuthorityId>, Denial> {
        Ok(self.seats()?.authorities())
    }

    /// The MLS group id.
    pub fn group_id(&self) -> &[u8] {
        self.group.group_id().as_slice()
    }

    /// The epoch.
    pub fn epoch(&self) -> u64 {
        self.group.epoch().as_u64()
    }

    /// What the group is bound to.
    pub fn binding(&self) -> &CaseBinding {
        &self.binding
    }

    /// Whether a commit of ours waits for its certificate.
    pub fn has_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether the desk is still in the group.
    pub fn is_active(&self) -> bool {
        self.group.is_active()
    }

    /// Takes our own commit into effect, now that the gateways have certified the epoch it leads to.
    pub fn merge(&mut self, certificate: &EpochCertificate) -> Result<(), Denial> {
        let pending = self.pending.ok_or_else(|| {
            Denial::failed(Fault::StaleEpoch, "no change of the group waits for this epoch certificate")
        })?;
        if pending != certificate.commit {
            return Err(not_certified("the epoch certificate is for another commit"));
        }
        let staged = self.group.pending_commit().ok_or_else(|| defect("the pending commit is gone"))?;
        check_context(staged.group_context(), certificate)?;
        self.group
            .merge_pending_commit(&self.provider)
            .map_err(|_| defect("a certified commit could not be merged"))?;
        self.pending = None;
        Ok(())
    }

    /// Gives up our own commit: it was refused, or another came first.
    pub fn discard(&mut self) -> Result<(), Denial> {
        self.group
            .clear_pending_commit(self.provider.storage())
            .map_err(|_| defect("a pending commit could not be given up"))?;
        self.pending = None;
        Ok(())
    }

    /// What the desk acknowledges an epoch with: a hash over the epoch authenticator [RFC 9420 §8.7] and the certificate. Equal
    /// on all desks if and only if they share the epoch's secrets, so that gateways see a fork although they cannot read.
    /// Refuses (R94) a certificate of another epoch than the desk is in.
    pub fn acknowledgement(&self, certificate: &EpochCertificate) -> Result<Digest, Denial> {
        check_context(self.group.public_group().group_context(), certificate)?;
        let authenticator = self.group.epoch_authenticator().as_slice();
        let certificate = certificate_digest(certificate);
        Ok(Digest::of(&[b"rogatory epoch acknowledgement v1\0", authenticator, certificate.as_bytes()]))
    }

    pub(crate) fn seats(&self) -> Result<Seats, Denial> {
        Seats::of(self.group.members(), &self.known)
    }

    /// The key of our leaf in the group, 32 bytes; nothing once we were removed.
    pub fn leaf_key(&self) -> Option<Vec<u8>> {
        let leaf = self.group.own_leaf_node().filter(|_| self.is_active());
        leaf.map(|leaf| leaf.signature_key().as_slice().to_vec())
    }

    /// The identity whose key stands in our leaf. After a renewal that is the new one, from the moment of the merge.
    pub(crate) fn signer(&self) -> Result<LeafIdentity, Denial> {
        let key = self.group.own_leaf_node().map(|leaf| leaf.signature_key().as_slice());
        let identity = self.identities.iter().find(|identity| Some(identity.public_key()) == key);
        identity
            .cloned()
            .ok_or_else(|| Denial::failed(Fault::Unknown, "the key of the desk's leaf in this case is not here"))
    }

    pub(crate) fn require_active(&self) -> Result<(), Denial> {
        if self.is_active() {
            return Ok(());
        }
        let remedy = "Ask a desk of the case to add this one again.";
        Err(refuse("group", "the desk was removed from the case's group", remedy))
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Member(epoch {})", self.epoch())
    }
}

/// Holds the context that a desk sees against the one that the gateways saw: else somebody was shown another group.
pub(crate) fn check_context(context: &GroupContext, certificate: &EpochCertificate) -> Result<(), Denial> {
    check_position(context, certificate)?;
    if context.confirmed_transcript_hash() == certificate.transcript_hash { Ok(()) } else { Err(other_epoch()) }
}

/// The same but for the transcript, which openmls does not extend for a desk that is being removed.
pub(crate) fn check_position(context: &GroupContext, certificate: &EpochCertificate) -> Result<(), Denial> {
    let same = context.group_id().as_slice() == certificate.group
        && context.epoch().as_u64() == certificate.epoch
        && context.tree_hash() == certificate.tree_hash;
    if same { Ok(()) } else { Err(other_epoch()) }
}

fn other_epoch() -> Denial {
    not_certified("the epoch certificate is of another group or epoch")
}

pub(crate) fn not_certified(reason: &str) -> Denial {
    refuse("epoch", reason, "Take the certificate that came with this handshake; if it did, report a fork.")
}
