use model::{
    AuthorityId, Denial, Digest, EpochCertificate, Fault, Handshake, HeaderDigest, Refusal, RefusalCode, Sealed,
    Timestamp, limits,
};
use openmls::prelude::{
    GroupId, KeyPackageRef, LeafNodeIndex, MlsMessageBodyIn, OpenMlsCrypto, ProcessedMessageContent, Proposal,
    ProposalStore, ProtocolMessage, PublicGroup, StagedCommit,
};
use openmls_rust_crypto::RustCrypto;

use crate::{
    Accreditation, CaseBinding, Change, Frame, Policy, RULE, Seats,
    assisted::{certify, check_group_info, check_welcome, read, read_group_info},
    policy::{lifetime_of, refuse_form},
    state::{State, Store},
};

/// A gateway's view of a case's group, from outside: who is in it, and which epoch it is in. It never changes: a handshake
/// that is admissible gives the next one, so that the one before is still there when the other side says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    pub(crate) binding: CaseBinding,
    pub(crate) group: Vec<u8>,
    pub(crate) epoch: u64,
    pub(crate) seats: Seats,
    pub(crate) state: State,
}

/// A handshake that was found admissible, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// The epoch it leads to, for the gateway to sign.
    pub epoch: EpochCertificate,
    /// Who is in the group then.
    pub members: Vec<AuthorityId>,
    /// Whose desks come in.
    pub added: Vec<AuthorityId>,
    /// Whose desks go out.
    pub removed: Vec<AuthorityId>,
    /// The KeyPackages by which they come in, as the Welcome names them [RFC 9420 §5.2].
    pub packages: Vec<Digest>,
    /// Whose desk made it. The caller compares it with the entry's sender.
    pub committer: AuthorityId,
    /// The follower of the next epoch.
    pub next: Follower,
}

/// Which epochs a sealed body may be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grace {
    /// The current one only.
    None,
    /// Also the one before: for what was sealed while a commit was on its way.
    PreviousEpoch,
}

impl Follower {
    /// Opens the view of a new group from the GroupInfo of its epoch 0 (`Handshake::opening`): bound to `expected`, with one
    /// member, an accredited authority of the home party.
    pub fn open(
        opening: &[u8],
        expected: &CaseBinding,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Self, Denial> {
        if opening.len() > limits::HANDSHAKE_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, "the opening is larger than an entry may carry"));
        }
        let policy = Policy { binding: expected, accreditation, now };
        let field = "opening";
        let info = read_group_info(opening, field)?;
        expected.check_context(info.group_context())?;
        if info.epoch().as_u64() != 0 {
            return Err(refuse_form(field, "a case's group is opened in its epoch 0").into());
        }
        let tree = info.extensions().ratchet_tree().map(|extension| extension.ratchet_tree().clone());
        let tree = tree.ok_or_else(|| refuse_form(field, "the GroupInfo has no ratchet tree"))?;
        let store = Store::new(State::default());
        let (group, _) = PublicGroup::from_external(&RustCrypto::default(), &store, tree, info, ProposalStore::new())
            .map_err(|error| {
            outlived(&error).unwrap_or_else(|| refuse_form(field, "the GroupInfo does not verify").into())
        })?;
        let mut members = group.members();
        let (Some(creator), None) = (members.next(), members.next()) else {
            return Err(refuse_form(field, "a new group has one member: who opens it").into());
        };
        drop(members);
        let lifetime = group.leaf(creator.index).and_then(lifetime_of);
        policy.check_leaf(&creator.credential, &creator.signature_key, lifetime, "opening.members[0]")?;
        let seats = policy.check_members(group.members(), "opening.members")?;
        if seats.authorities().iter().any(|authority| authority.party() != expected.home) {
            let reason = "a case's group is opened by a desk of the requesting party";
            let remedy = "Let the desk that sends the request open the group.";
            return Err(Refusal::new(RefusalCode::R93, RULE, reason, remedy).at("opening.members[0]").into());
        }
        let group_id = group.group_id().to_vec();
        Ok(Self { binding: expected.clone(), group: group_id, epoch: 0, seats, state: store.into_state() })
    }

    /// Opens the view of a new group and holds its first handshake against it: [`Follower::open`], then [`Follower::check`].
    pub fn open_with(
        handshake: &Handshake,
        expected: &CaseBinding,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Approved, Denial> {
        check_size(handshake)?;
        Self::open(&handshake.opening, expected, accreditation, now)?.check(handshake, accreditation, now)
    }

    /// Holds a handshake against the group and the policy. The follower stays as it was; [`Approved::next`] is the one after.
    ///
    /// [`Fault::StaleEpoch`] when another commit came first; R93 and R95 for a member who may not be one; R94 for what is not an
    /// assisted commit of the allowed kinds.
    pub fn check(
        &self,
        handshake: &Handshake,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Approved, Denial> {
        check_size(handshake)?;
        if self.epoch != 0 && !handshake.opening.is_empty() {
            return Err(refuse_form("opening", "the group is open already").into());
        }
        let message = self.read_commit(&handshake.commit)?;
        let crypto = RustCrypto::default();
        let store = Store::new(self.state.clone());
        let mut group = self.load(&store)?;
        let processed = group.process_message(&crypto, message).map_err(|error| {
            let refused = || refuse_form("commit", "the commit does not verify against the group").into();
            outlived(&error).or_else(|| too_early(&error)).unwrap_or_else(refused)
        })?;
        let sender = processed.sender().clone();
        let ProcessedMessageContent::StagedCommitMessage(commit) = processed.into_content() else {
            return Err(refuse_form("commit", "the handshake is not a commit").into());
        };
        let policy = Policy { binding: &self.binding, accreditation, now };
        let change = policy.check_commit(&self.seats, &group, &sender, &commit)?;
        let references = added_references(&crypto, &commit)?;
        check_welcome(&handshake.welcome, &references)?;
        let packages = references.iter().filter_map(|one| Digest::try_from(one.as_slice()).ok()).collect();
        group
            .merge_commit(&store, *commit)
            .map_err(|_| Denial::failed(Fault::Internal, "an admissible commit could not be merged"))?;
        check_group_info(&crypto, &handshake.group_info, &group, LeafNodeIndex::new(change.committer_leaf))?;
        Ok(Approved { packages, ..self.approve(&group, store, handshake, change)? })
    }

    /// Holds a sealed body's clear framing against the group and the header it came with, without any key: this group, an epoch
    /// that is still open, bound to this header (else R94). Costs well under a microsecond, whatever its size.
    pub fn check_sealed(&self, sealed: &Sealed, header: HeaderDigest, grace: Grace) -> Result<(), Denial> {
        Frame::read(sealed)?.check_in(&self.group, self.epoch, header, grace)
    }

    /// The members who could not come in any more at `now`, and why: their certificate ended or was never renewed, or their
    /// party no longer accredits them. A handshake is held against new leaves only, so look here from time to time, and let a desk
    /// of the case remove them.
    pub fn lapsed(
        &self,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Vec<(AuthorityId, Refusal)>, Denial> {
        let group = self.load(&Store::new(self.state.clone()))?;
        let policy = Policy { binding: &self.binding, accreditation, now };
        let mut lapsed = Vec::new();
        for member in group.members() {
            let leaf = member.index.u32();
            let field = format!("members[{leaf}]");
            if let Err(refusal) = policy.check_leaf(&member.credential, &member.signature_key, None, &field) {
                let holder = self.seats.at(leaf).ok_or_else(unreadable)?;
                lapsed.push((holder.clone(), refusal));
            }
        }
        Ok(lapsed)
    }

    /// Who is in the group, in the order of the leaves.
    pub fn members(&self) -> Vec<AuthorityId> {
        self.seats.authorities()
    }

    /// The epoch.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The MLS group id.
    pub fn group_id(&self) -> &[u8] {
        &self.group
    }

    /// What the group is bound to.
    pub fn binding(&self) -> &CaseBinding {
        &self.binding
    }

    /// The commit, once it is known to be a PublicMessage for the current epoch.
    fn read_commit(&self, bytes: &[u8]) -> Result<ProtocolMessage, Denial> {
        let field = "commit";
        let message = match read(bytes, field)? {
            MlsMessageBodyIn::PublicMessage(message) => ProtocolMessage::from(message),
            MlsMessageBodyIn::PrivateMessage(_) => {
                return Err(refuse_form(field, "the commit is encrypted: a gateway must be able to read it").into());
            }
            _ => return Err(Denial::failed(Fault::Malformed, "commit is not a PublicMessage")),
        };
        if message.group_id().as_slice() != self.group {
            return Err(refuse_form(field, "the commit is of another group than the case's").into());
        }
        match message.epoch().as_u64() {
            epoch if epoch < self.epoch => {
                Err(Denial::failed(Fault::StaleEpoch, "the commit is for an epoch that has passed"))
            }
            epoch if epoch > self.epoch => {
                Err(refuse_form(field, "the commit is for an epoch that is not open yet").into())
            }
            _ => Ok(message),
        }
    }

    fn load(&self, store: &Store) -> Result<PublicGroup, Denial> {
        let group = PublicGroup::load(store, &GroupId::from_slice(&self.group)).map_err(|_| unreadable())?;
        group.ok_or_else(unreadable)
    }

    fn approve(
        &self,
        group: &PublicGroup,
        store: Store,
        handshake: &Handshake,
        change: Change,
    ) -> Result<Approved, Denial> {
        let mut known = self.seats.known();
        known.extend(change.credentials);
        let seats = Seats::of(group.members(), &known)?;
        let next = Self {
            binding: self.binding.clone(),
            group: self.group.clone(),
            epoch: group.group_context().epoch().as_u64(),
            seats,
            state: store.into_state(),
        };
        Ok(Approved {
            epoch: certify(group, &handshake.commit)?,
            members: next.members(),
            added: change.added,
            removed: change.removed,
            packages: Vec::new(),
            committer: change.committer,
            next,
        })
    }
}

fn unreadable() -> Denial {
    Denial::failed(Fault::Storage, "the stored roster of a case cannot be read")
}

/// MLS holds the lifetime of a leaf that comes in against the clock of this machine: what was in time once cannot be followed when it is
/// over. That is no fault of the handshake, and an auditor, who reads the epoch another way then
/// ([`CertifiedEpoch`](crate::CertifiedEpoch)), and a desk that was away must be able to tell it from one.
pub fn outlived(error: &dyn std::error::Error) -> Option<Denial> {
    let over = error.to_string().contains("Lifetime is in the past");
    over.then(|| {
        Denial::failed(Fault::Expired, "the lifetime of a leaf in the handshake is over by this machine's clock")
    })
}

/// The same for a leaf that begins later: this machine's clock is behind, and time mends it.
pub fn too_early(error: &dyn std::error::Error) -> Option<Denial> {
    let early = error.to_string().contains("Lifetime is in the future");
    early.then(|| {
        let detail = "a leaf in the handshake is not valid yet by this machine's clock: set the clock right";
        Denial::failed(Fault::PeerUnreachable, detail)
    })
}

fn check_size(handshake: &Handshake) -> Result<(), Denial> {
    if handshake.size() > limits::HANDSHAKE_BYTES_MAX {
        return Err(Denial::failed(Fault::TooLarge, "the handshake is larger than an entry may carry"));
    }
    Ok(())
}

/// The references of the KeyPackages that `commit` adds.
fn added_references(crypto: &impl OpenMlsCrypto, commit: &StagedCommit) -> Result<Vec<KeyPackageRef>, Denial> {
    let mut references = Vec::new();
    for queued in commit.queued_proposals() {
        if let Proposal::Add(add) = queued.proposal() {
            let reference = add.key_package().hash_ref(crypto);
            references.push(reference.map_err(|_| Denial::failed(Fault::Internal, "a KeyPackage cannot be named"))?);
        }
    }
    Ok(references)
}
