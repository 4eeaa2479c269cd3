//! What goes wrong inside MLS, in the words of the model. The library's own texts stay out: they may name what a log must not.

use model::{Denial, Fault, Refusal, RefusalCode};

pub(crate) const RULE: &str = "seal";

/// What only a defect, or a storage that lost rows, explains.
pub(crate) fn defect(what: &'static str) -> Denial {
    Denial::failed(Fault::Internal, what)
}

/// What the other side sent and a member may not take (R94).
pub(crate) fn refuse(field: &str, reason: &str, remedy: &str) -> Denial {
    Refusal::new(RefusalCode::R94, RULE, reason, remedy).at(field).into()
}

/// Why a commit was not followed. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// Its certificate is right, and yet it does not verify in the group: its membership tag or confirmation tag, or what it encrypts to
    /// this desk. Gateways have no key to see that [RFC 9420 §6.2, §7.6, §8.1], so its sender alone can make it so. The group has gone on
    /// without this desk, which has to come in anew.
    #[error("a certified commit does not verify in the group")]
    Unverifiable,
    /// It brings in a desk by a KeyPackage whose time is over by this machine's clock, which openmls asks: this desk was away for too long
    /// to follow it, and has to come in anew.
    #[error("a certified commit came too late to be followed")]
    Outlived,
    /// The policy, or the certificate, is against it.
    #[error("the commit may not be followed")]
    Denied(#[from] Denial),
}

impl From<FollowError> for Denial {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Unverifiable => {
                refuse("commit", "the commit does not verify in the group", "Report it: its sender made it wrong.")
            }
            FollowError::Outlived => {
                Denial::failed(Fault::Expired, "a KeyPackage in the commit is over by this machine's clock")
            }
            FollowError::Denied(denial) => denial,
        }
    }
}
