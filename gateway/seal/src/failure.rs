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
