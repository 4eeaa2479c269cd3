//! Every way that MLS has to bring a further reader into a group [RFC 9420 §12], as a handshake that a member with real keys hands to its
//! gateway, and what a gateway must say of it: the code, the field and the reason. The demo and the tests of whole processes try the same.
//!
//! What no library would make is made by hand ([`by_hand`]): a commit is taken apart, another proposal put in, and signed anew with the member's
//! own key. Its tags are then wrong, but no gateway can check them: what stops such a commit has to be a rule.
//!
//! It must never be linked by a program of a state. Begin with [`Attack`].

mod attack;
mod by_hand;
mod mls;
mod outside;

pub use attack::{Attack, Expected, Ghosts, Insider};

/// An attack that could not even be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unmade(String);

impl From<model::Denial> for Unmade {
    fn from(denial: model::Denial) -> Self {
        Self(format!("an attack could not be made: {denial}"))
    }
}

impl From<model::Refusal> for Unmade {
    fn from(refusal: model::Refusal) -> Self {
        model::Denial::from(refusal).into()
    }
}
