//! What the roster found when a payload was held against the group of its case.

use relay::RosterFacts;
use roster::Approved;

/// The payload, held against the group.
pub(super) enum Held {
    Handshake(Box<Approved>),
    Asked { by: model::AuthorityId, members: Vec<model::AuthorityId>, package: model::Digest },
    Sealed { members: Vec<model::AuthorityId>, bound_to: Vec<u8> },
}

impl Held {
    pub(super) fn facts(&self) -> RosterFacts<'_> {
        match self {
            Self::Handshake(approved) => RosterFacts::Handshake {
                committer: &approved.committer,
                members: &approved.members,
                added: &approved.added,
                removed: &approved.removed,
                epoch: approved.epoch.epoch,
                packages: &approved.packages,
            },
            Self::Asked { by, members, package } => RosterFacts::Asked { by, members, package: *package },
            Self::Sealed { members, bound_to } => RosterFacts::Sealed { members, bound_to },
        }
    }

    pub(super) fn into_approved(self) -> Option<Approved> {
        match self {
            Self::Handshake(approved) => Some(*approved),
            Self::Asked { .. } | Self::Sealed { .. } => None,
        }
    }
}
