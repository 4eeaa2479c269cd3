//! What this gateway offers: to the gateways of others, to its own desks, to its operator. One file each.

pub(crate) mod evidence;
pub(crate) mod files;
mod history;
pub(crate) mod operator;
pub(crate) mod peer;
mod refusals;
pub(crate) mod submission;
mod traces;

use http::Response;
use model::{Denial, Fault};
use tonic::{Code, Status, service::Routes};
use tower::util::MapResponseLayer;

/// Routes that answer what tonic itself cannot decode as we answer everything else: with a reason and a remedy [AIP-193].
pub(crate) fn structured(routes: Routes) -> Routes {
    routes.into_axum_router().layer(MapResponseLayer::new(explain_decoder)).into()
}

/// tonic's decoder says INTERNAL for bytes that are no message, and OUT_OF_RANGE for a message over the limit.
fn explain_decoder<B: Default>(response: Response<B>) -> Response<B> {
    let Some(said) = Status::from_header_map(response.headers()).filter(|said| said.details().is_empty()) else {
        return response;
    };
    let fault = match said.code() {
        Code::Internal if said.message().starts_with("failed to decode Protobuf message") => Fault::Malformed,
        Code::OutOfRange if said.message().contains("message length too large") => Fault::TooLarge,
        _ => return response,
    };
    status(Denial::failed(fault, said.message())).into_http()
}

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
