use std::collections::BTreeMap;

use model::{AuthorityId, Denial, Digest, EpochCertificate, Fault, Handshake, HeaderDigest, Sealed, Timestamp, limits};
use openmls::prelude::{
    ConfirmationTag, LeafNode, MlsMessageBodyIn, OpenMlsSignaturePublicKey, Sender, Verifiable,
    group_info::VerifiableGroupInfo,
};
use openmls_rust_crypto::RustCrypto;
use tls_codec::Serialize;

use crate::{
    Accreditation, CIPHERSUITE, CaseBinding, Frame, Grace, Policy,
    assisted::{confirmation_digest, read, read_group_info},
    policy::{lifetime_of, refuse_form},
    tree::Tree,
};

/// An epoch of a case's group as gateways certified it, read out of the handshake that led to it, whatever day it is: the enclosed
/// GroupInfo is the certified one in tree, transcript and confirmation, its committer signed it, and each leaf that came in was accredited
/// then. A [`Follower`](crate::Follower) shows besides that the commit leads there from the epoch before, but only while the leaves are in
/// time by this machine's clock, which openmls asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedEpoch {
    group: Vec<u8>,
    epoch: u64,
    seats: BTreeMap<u32, Seated>,
    /// Whose desk made the commit.
    pub committer: AuthorityId,
    /// Whose desks came in with it.
    pub added: Vec<AuthorityId>,
    /// Whose desks went out with it.
    pub removed: Vec<AuthorityId>,
}

/// A leaf, and whose desk it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seated {
    authority: AuthorityId,
    /// SHA-256 of the encoded leaf.
    leaf: Digest,
}

impl CertifiedEpoch {
    /// Reads the epoch behind `handshake`, which gateways certified as `certificate` at `now`, by what was believed then. `before` is the
    /// epoch before it; `None` for the commit that opens the group.
    ///
    /// # Errors
    /// R94 for a handshake that is not what was certified; R93 and R95 for a leaf that came in and may not be a member.
    pub fn read(
        before: Option<&Self>,
        handshake: &Handshake,
        certificate: &EpochCertificate,
        binding: &CaseBinding,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Self, Denial> {
        if handshake.size() > limits::HANDSHAKE_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, "the handshake is larger than an entry may carry"));
        }
        let commit = Commit::read(handshake, certificate, before)?;
        let info = read_group_info(&handshake.group_info, "group_info")?;
        binding.check_context(info.group_context())?;
        check_context(&info, certificate)?;
        let tree = info.extensions().ratchet_tree().map(|extension| extension.ratchet_tree().clone());
        let tree = tree.ok_or_else(|| refuse_form("group_info", "the GroupInfo has no ratchet tree"))?;
        let tree = tree
            .into_verified(CIPHERSUITE, &RustCrypto::default(), info.group_id())
            .map_err(|_| refuse_form("group_info", "a leaf of the tree is not signed by its holder"))?;
        let tree = Tree::of(&tree).ok_or_else(|| refuse_form("group_info", "the tree is not laid out as trees are"))?;
        if tree.hash().as_bytes() != certificate.tree_hash.as_slice() {
            return Err(refuse_form("group_info", "the tree is not the one that was certified").into());
        }
        commit.check_signed(&info, tree.leaves())?;
        let policy = Policy { binding, accreditation, now };
        Self::seat(before, &commit, certificate, tree.leaves(), &policy)
    }

    /// Who is in the group, in the order of the leaves.
    pub fn members(&self) -> Vec<AuthorityId> {
        self.seats.values().map(|seat| seat.authority.clone()).collect()
    }

    /// Holds a sealed body's clear framing against the group and the header it came with, as a follower of this epoch does.
    pub fn check_sealed(&self, sealed: &Sealed, header: HeaderDigest, grace: Grace) -> Result<(), Denial> {
        Frame::read(sealed)?.check_in(&self.group, self.epoch, header, grace)
    }

    /// Takes up the leaves: those that were there before are whose they were, new ones are held against the policy of the moment. A leaf
    /// other than the committer's that changed is one desk out and one in, for nobody else can renew it.
    fn seat(
        before: Option<&Self>,
        commit: &Commit,
        certificate: &EpochCertificate,
        leaves: &BTreeMap<u32, &LeafNode>,
        policy: &Policy<'_>,
    ) -> Result<Self, Denial> {
        if leaves.len() > limits::MEMBERS_MAX {
            return Err(refuse_form("members", "a case's group has more desks than it may have").into());
        }
        let none = BTreeMap::new();
        let known = before.map_or(&none, |before| &before.seats);
        let (mut seats, mut added) = (BTreeMap::new(), Vec::new());
        for (index, leaf) in leaves {
            let digest = leaf_digest(leaf)?;
            let kept = known.get(index).filter(|seat| seat.leaf == digest);
            let authority = match kept {
                Some(seat) => seat.authority.clone(),
                None => {
                    let (key, field) = (leaf.signature_key().as_slice(), format!("members[{index}]"));
                    policy.check_leaf(leaf.credential(), key, lifetime_of(leaf), &field)?
                }
            };
            if kept.is_none() && *index != commit.committer {
                added.push(authority.clone());
            }
            seats.insert(*index, Seated { authority, leaf: digest });
        }
        let gone = known.iter().filter(|(index, seat)| {
            **index != commit.committer && seats.get(index).is_none_or(|now| now.leaf != seat.leaf)
        });
        let removed = gone.map(|(_, seat)| seat.authority.clone()).collect();
        let committer = commit.holder(before, &seats, policy.binding)?;
        let (group, epoch) = (certificate.group.clone(), certificate.epoch);
        Ok(Self { group, epoch, seats, committer, added, removed })
    }
}

/// What a commit says in clear.
struct Commit {
    committer: u32,
    tag: ConfirmationTag,
}

impl Commit {
    /// The commit that was certified, which leads from the epoch before to that of the certificate.
    fn read(
        handshake: &Handshake,
        certificate: &EpochCertificate,
        before: Option<&CertifiedEpoch>,
    ) -> Result<Self, Denial> {
        let field = "commit";
        if Digest::of(&[&handshake.commit]) != certificate.commit {
            return Err(refuse_form(field, "not the commit that was certified").into());
        }
        let MlsMessageBodyIn::PublicMessage(message) = read(&handshake.commit, field)? else {
            return Err(refuse_form(field, "the commit is encrypted: a gateway must be able to read it").into());
        };
        let follows = match before {
            Some(before) => before.group == certificate.group && before.epoch.checked_add(1) == Some(certificate.epoch),
            None => certificate.epoch == 1,
        };
        let leads = message.group_id().as_slice() == certificate.group
            && message.epoch().as_u64().checked_add(1) == Some(certificate.epoch);
        if !follows || !leads {
            return Err(
                refuse_form(field, "the commit does not lead from the epoch before to the certified one").into()
            );
        }
        let Sender::Member(committer) = message.sender() else {
            return Err(refuse_form("commit.sender", "only a member may commit").into());
        };
        let tag = message.confirmation_tag().cloned();
        let tag = tag.ok_or_else(|| refuse_form(field, "the commit confirms no epoch"))?;
        if confirmation_digest(&tag)? != certificate.confirmation {
            return Err(refuse_form(field, "the commit confirms another epoch than the certified one").into());
        }
        Ok(Self { committer: committer.u32(), tag })
    }

    /// The committer signed the GroupInfo, and it confirms this commit.
    fn check_signed(&self, info: &VerifiableGroupInfo, leaves: &BTreeMap<u32, &LeafNode>) -> Result<(), Denial> {
        let field = "group_info";
        let leaf = leaves.get(&self.committer);
        let leaf = leaf.ok_or_else(|| refuse_form(field, "the committer left with its own commit"))?;
        let scheme = CIPHERSUITE.signature_algorithm();
        let key = OpenMlsSignaturePublicKey::from_signature_key(leaf.signature_key().clone(), scheme);
        let signed = info
            .clone()
            .verify(&RustCrypto::default(), &key)
            .map_err(|_| refuse_form(field, "the GroupInfo is not signed by the committer"))?;
        // There is no way to ask a GroupInfo for its tag or signer: rebuild it with the commit's, and compare.
        let expected = VerifiableGroupInfo::new(
            info.group_context().clone(),
            info.extensions().clone(),
            self.tag.clone(),
            openmls::prelude::LeafNodeIndex::new(self.committer),
            signed.signature().clone(),
        );
        if expected == *info {
            return Ok(());
        }
        Err(refuse_form(field, "the GroupInfo confirms another commit").into())
    }

    /// Whose desk committed: who sat there before, or, when the group is opened, a desk of the requesting party.
    fn holder(
        &self,
        before: Option<&CertifiedEpoch>,
        seats: &BTreeMap<u32, Seated>,
        binding: &CaseBinding,
    ) -> Result<AuthorityId, Denial> {
        let now = seats.get(&self.committer).map(|seat| &seat.authority);
        let now = now.ok_or_else(|| refuse_form("commit", "the committer left with its own commit"))?;
        let may = match before {
            Some(before) => before.seats.get(&self.committer).is_some_and(|seat| seat.authority == *now),
            None => now.party() == binding.home,
        };
        if may {
            return Ok(now.clone());
        }
        Err(refuse_form("commit.sender", "the committer had no seat in the epoch before").into())
    }
}

/// The context of the GroupInfo is the certified one.
fn check_context(info: &VerifiableGroupInfo, certificate: &EpochCertificate) -> Result<(), Denial> {
    let context = info.group_context();
    let same = context.group_id().as_slice() == certificate.group
        && context.epoch().as_u64() == certificate.epoch
        && context.tree_hash() == certificate.tree_hash
        && context.confirmed_transcript_hash() == certificate.transcript_hash;
    if same {
        Ok(())
    } else {
        Err(refuse_form("group_info", "the GroupInfo is of another epoch than the certified one").into())
    }
}

fn leaf_digest(leaf: &LeafNode) -> Result<Digest, Denial> {
    let encoded = leaf.tls_serialize_detached();
    encoded.map(|bytes| Digest::of(&[&bytes])).map_err(|_| Denial::failed(Fault::Internal, "a leaf cannot be encoded"))
}
