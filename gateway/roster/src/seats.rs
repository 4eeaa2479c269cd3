use std::collections::BTreeMap;

use model::{AuthorityId, Denial, Digest, Fault};
use openmls::prelude::{Credential, Member};

/// One leaf of the group, and whose desk it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The authority that the leaf's certificate is accredited for.
    pub authority: AuthorityId,
    /// SHA-256 of the leaf's credential. The certificate in it names the leaf's key, so this names both.
    pub credential: Digest,
}

/// Who sits where: the leaves of a group, each checked before it was taken up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seats(BTreeMap<u32, Seat>);

impl Seats {
    /// The seats of a group whose every leaf is in `known` (digest of the credential → authority).
    /// A leaf that nobody checked is a defect of ours.
    pub fn of(members: impl Iterator<Item = Member>, known: &BTreeMap<Digest, AuthorityId>) -> Result<Self, Denial> {
        let mut seats = BTreeMap::new();
        for member in members {
            let credential = credential_digest(&member.credential);
            let authority = known
                .get(&credential)
                .ok_or_else(|| Denial::failed(Fault::Internal, "a leaf of the group was never checked"))?
                .clone();
            seats.insert(member.index.u32(), Seat { authority, credential });
        }
        Ok(Self(seats))
    }

    /// The authorities, in the order of their leaves.
    pub fn authorities(&self) -> Vec<AuthorityId> {
        self.0.values().map(|seat| seat.authority.clone()).collect()
    }

    /// Whose desk sits at `leaf`.
    pub fn at(&self, leaf: u32) -> Option<&AuthorityId> {
        self.0.get(&leaf).map(|seat| &seat.authority)
    }

    /// The leaves of `authority`.
    pub fn leaves_of(&self, authority: &AuthorityId) -> Vec<u32> {
        self.0.iter().filter(|(_, seat)| seat.authority == *authority).map(|(leaf, _)| *leaf).collect()
    }

    /// Whose credential each is.
    pub fn known(&self) -> BTreeMap<Digest, AuthorityId> {
        self.0.values().map(|seat| (seat.credential, seat.authority.clone())).collect()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody sits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn insert(&mut self, leaf: u32, seat: Seat) {
        self.0.insert(leaf, seat);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&u32, &Seat)> {
        self.0.iter()
    }
}

/// SHA-256 of a credential's type and content.
pub fn credential_digest(credential: &Credential) -> Digest {
    let kind = u16::from(credential.credential_type()).to_be_bytes();
    Digest::of(&[b"rogatory credential v1\0", &kind, credential.serialized_content()])
}

impl Seat {
    /// Seats `authority` with the leaf of `credential`.
    pub fn new(authority: AuthorityId, credential: &Credential) -> Self {
        Self { authority, credential: credential_digest(credential) }
    }
}
