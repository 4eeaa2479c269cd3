//! What this gateway offers: to the gateways of others, to its own desks, to its operator. One file each.

pub(crate) mod operator;
pub(crate) mod peer;
pub(crate) mod submission;

use model::{Denial, Fault};
use tonic::Status;

/// The status of a denial.
pub(crate) fn status(denial: Denial) -> Status {
    proto::status::from_denial(&denial)
}

pub(crate) fn malformed(error: impl std::fmt::Display) -> Status {
    status(Denial::failed(Fault::Malformed, error.to_string()))
}

pub(crate) fn gone<E>(_: E) -> Status {
    status(Denial::failed(Fault::Internal, "the gateway is stopping"))
}
