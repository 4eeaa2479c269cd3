use std::collections::BTreeMap;

use model::{AuthorityId, Denial, Digest, Refusal, RefusalCode, Timestamp, limits};
use openmls::prelude::{
    Credential, CredentialType, LeafNode, LeafNodeIndex, Lifetime, Member, Proposal, ProposalOrRefType, PublicGroup,
    QueuedProposal, Sender, StagedCommit,
};
use openmls::treesync::LeafNodeSource;

use crate::{Accreditation, CaseBinding, RULE, Seat, Seats, decode_chain};

/// The rules of membership of one case at one moment: the same in gateways and in desks.
#[derive(Clone, Copy)]
pub struct Policy<'a> {
    /// What the group must be bound to.
    pub binding: &'a CaseBinding,
    /// Who is accredited.
    pub accreditation: &'a dyn Accreditation,
    /// When.
    pub now: Timestamp,
}

/// What an admissible commit does to the membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose desk committed.
    pub committer: AuthorityId,
    /// Whose desks come in.
    pub added: Vec<AuthorityId>,
    /// Whose desks go out.
    pub removed: Vec<AuthorityId>,
    /// The committer's leaf.
    pub committer_leaf: u32,
    /// The credentials that come in with this commit, added or renewed, and whose they are.
    pub credentials: BTreeMap<Digest, AuthorityId>,
}

impl Policy<'_> {
    /// The authority of a leaf: X.509, accredited for exactly this key, of a party to the case, and of a lifetime within
    /// [`limits::LEAF_LIFETIME_S_MAX`]. `field` names the leaf in a refusal (R95; R93 for a party not in the case).
    pub fn check_leaf(
        &self,
        credential: &Credential,
        key: &[u8],
        lifetime: Option<&Lifetime>,
        field: &str,
    ) -> Result<AuthorityId, Refusal> {
        let authority = accredit(self.accreditation, credential, key, self.now, field)?;
        if !self.binding.concerns(&authority) {
            let reason = "the leaf is of a state that is not a party to the case";
            let remedy = "Only authorities of the two parties may be in a case's group.";
            return Err(Refusal::new(RefusalCode::R93, RULE, reason, remedy).at(field));
        }
        if let Some(lifetime) = lifetime {
            check_lifetime(lifetime, self.now, field)?;
        }
        Ok(authority)
    }

    /// The seats of a group that is met for the first time: its context and every member.
    pub fn check_members(&self, members: impl Iterator<Item = Member>, field: &str) -> Result<Seats, Refusal> {
        let mut seats = Seats::default();
        for member in members {
            let leaf = member.index.u32();
            let field = format!("{field}[{leaf}]");
            let authority = self.check_leaf(&member.credential, &member.signature_key, None, &field)?;
            seats.insert(leaf, Seat::new(authority, &member.credential));
            check_count(seats.len())?;
        }
        Ok(seats)
    }

    /// Holds a staged commit against the rules: by a member, with an update path of the same authority, by inline Add, Update,
    /// Remove and SelfRemove only, every new leaf admissible, the context's extensions untouched.
    pub fn check_commit(
        &self,
        seats: &Seats,
        group: &PublicGroup,
        sender: &Sender,
        commit: &StagedCommit,
    ) -> Result<Change, Denial> {
        let Sender::Member(leaf) = sender else {
            return Err(refuse_form("commit.sender", "only a member may commit").into());
        };
        let committer = seat_of(seats, *leaf)?.clone();
        let mut change = Change {
            committer: committer.clone(),
            added: Vec::new(),
            removed: Vec::new(),
            committer_leaf: leaf.u32(),
            credentials: BTreeMap::new(),
        };
        for (i, queued) in commit.queued_proposals().enumerate() {
            self.check_proposal(seats, queued, &format!("commit.proposals[{i}]"), &mut change)?;
        }
        let path = commit
            .update_path_leaf_node()
            .ok_or_else(|| refuse_form("commit.path", "the commit does not renew the committer's leaf"))?;
        self.check_renewal(&committer, path, "commit.path", &mut change)?;
        let context = commit.group_context();
        if context.extensions() != group.group_context().extensions() {
            return Err(refuse_form("commit", "the commit changes the group's context").into());
        }
        self.binding.check_context(context)?;
        check_count((seats.len() + change.added.len()).saturating_sub(change.removed.len()))?;
        change.check_single(seats)?;
        Ok(change)
    }

    fn check_proposal(
        &self,
        seats: &Seats,
        queued: &QueuedProposal,
        field: &str,
        change: &mut Change,
    ) -> Result<(), Denial> {
        if queued.proposal_or_ref_type() != ProposalOrRefType::Proposal {
            return Err(refuse_form(field, "a proposal must stand in the commit itself, not behind a reference").into());
        }
        let Sender::Member(author) = queued.sender() else {
            return Err(refuse_form(field, "only a member may propose").into());
        };
        match queued.proposal() {
            Proposal::Add(add) => {
                let leaf = add.key_package().leaf_node();
                let lifetime = lifetime_of(leaf)
                    .ok_or_else(|| refuse_form(field, "the added leaf is not that of a KeyPackage"))?;
                let key = leaf.signature_key().as_slice();
                let authority = self.check_leaf(leaf.credential(), key, Some(lifetime), field)?;
                change.take_up(&authority, leaf);
                change.added.push(authority);
            }
            Proposal::Update(update) => {
                let holder = seat_of(seats, *author)?.clone();
                self.check_renewal(&holder, update.leaf_node(), field, change)?;
            }
            Proposal::Remove(remove) => change.removed.push(seat_of(seats, remove.removed())?.clone()),
            Proposal::SelfRemove => change.removed.push(seat_of(seats, *author)?.clone()),
            _ => return Err(refuse_form(field, "this kind of proposal is not allowed in a case's group").into()),
        }
        Ok(())
    }

    /// A leaf may get a new key and certificate, never another authority.
    fn check_renewal(
        &self,
        holder: &AuthorityId,
        leaf: &LeafNode,
        field: &str,
        change: &mut Change,
    ) -> Result<(), Denial> {
        let key = leaf.signature_key().as_slice();
        let authority = self.check_leaf(leaf.credential(), key, lifetime_of(leaf), field)?;
        if authority != *holder {
            let reason = "the renewed leaf is of another authority than before";
            let remedy = "Renew a leaf with a certificate of the same authority; else remove and add.";
            return Err(Refusal::new(RefusalCode::R95, RULE, reason, remedy).at(field).into());
        }
        change.take_up(&authority, leaf);
        Ok(())
    }
}

impl Change {
    /// An authority has one seat: a second leaf of it would be a reader that nobody sees. Who is taken in anew goes out in the same commit.
    fn check_single(&self, seats: &Seats) -> Result<(), Refusal> {
        let count = |list: &[AuthorityId], authority: &AuthorityId| list.iter().filter(|one| *one == authority).count();
        let twice = |authority: &&AuthorityId| {
            let then = seats.leaves_of(authority).len() + count(&self.added, authority);
            then.saturating_sub(count(&self.removed, authority)) > 1
        };
        let Some(authority) = self.added.iter().find(twice) else { return Ok(()) };
        let reason = format!("{authority} has a seat in the case's group already");
        let remedy = "Remove the leaf that the authority has with the commit that adds another one.";
        Err(Refusal::new(RefusalCode::R93, RULE, reason, remedy).at("commit.proposals"))
    }

    fn take_up(&mut self, authority: &AuthorityId, leaf: &LeafNode) {
        let seat = Seat::new(authority.clone(), leaf.credential());
        self.credentials.insert(seat.credential, seat.authority);
    }
}

/// The authority that a leaf is accredited for, whatever the case.
pub(crate) fn accredit(
    accreditation: &dyn Accreditation,
    credential: &Credential,
    key: &[u8],
    now: Timestamp,
    field: &str,
) -> Result<AuthorityId, Refusal> {
    if credential.credential_type() != CredentialType::X509 {
        let reason = "the leaf's credential is not a certificate";
        return Err(
            Refusal::new(RefusalCode::R95, RULE, reason, "Use a leaf certificate of the state's root.").at(field)
        );
    }
    let chain = decode_chain(credential.serialized_content()).map_err(|refusal| refusal.at(field))?;
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    accreditation.authority_of(&chain, key, now).map_err(|refusal| refusal.at(field))
}

/// openmls never looks at the length of a lifetime: this does.
pub(crate) fn check_lifetime(lifetime: &Lifetime, now: Timestamp, field: &str) -> Result<(), Refusal> {
    let now_s = u64::try_from(now.0 / 1000).unwrap_or(0);
    let reason = match lifetime.not_after().checked_sub(lifetime.not_before()) {
        None => "the leaf ends before it begins",
        Some(length_s) if length_s > limits::LEAF_LIFETIME_S_MAX => "the leaf is valid for longer than 28 days",
        Some(_) if lifetime.not_after() <= now_s => "the leaf has expired",
        Some(_) if lifetime.not_before() > now_s => "the leaf is not valid yet",
        Some(_) => return Ok(()),
    };
    Err(Refusal::new(RefusalCode::R95, RULE, reason, "Make a new KeyPackage, of at most 28 days.").at(field))
}

/// A handshake whose form is wrong: R94.
pub(crate) fn refuse_form(field: &str, reason: &str) -> Refusal {
    let remedy = "Change the group with this program: by adding, removing and renewing leaves only.";
    Refusal::new(RefusalCode::R94, RULE, reason, remedy).at(field)
}

fn check_count(members: usize) -> Result<(), Refusal> {
    if members <= limits::MEMBERS_MAX {
        return Ok(());
    }
    let reason = format!("a case's group may have at most {} desks", limits::MEMBERS_MAX);
    Err(Refusal::new(RefusalCode::R94, RULE, reason, "Remove desks that no longer need the case.").at("members"))
}

fn seat_of(seats: &Seats, leaf: LeafNodeIndex) -> Result<&AuthorityId, Refusal> {
    seats.at(leaf.u32()).ok_or_else(|| refuse_form("commit", "the commit speaks of a leaf where nobody sits"))
}

/// The lifetime of a leaf that came by KeyPackage.
pub(crate) fn lifetime_of(leaf: &LeafNode) -> Option<&Lifetime> {
    match leaf.leaf_node_source() {
        LeafNodeSource::KeyPackage(lifetime) => Some(lifetime),
        _ => None,
    }
}
