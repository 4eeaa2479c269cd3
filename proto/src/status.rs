//! Denials as gRPC status and back: canonical code, and `ErrorInfo` with reason and every variable [AIP-193].

use std::collections::HashMap;

use model::{Blame, Denial, ERROR_DOMAIN, Fault, Refusal, RefusalCode, SignedReceipt};
use prost::Message;
use tonic::{Code, Status, metadata::MetadataValue};
use tonic_types::{ErrorDetails, StatusExt};

use crate::types as wire;

/// The `domain` of our reasons.
pub const DOMAIN: &str = ERROR_DOMAIN;

/// The status that a caller gets.
pub fn from_denial(denial: &Denial) -> Status {
    let mut metadata = HashMap::new();
    metadata.insert("remedy".to_owned(), denial.remedy().to_owned());
    let code = match denial {
        Denial::Refused(refusal) => {
            metadata.extend(refusal.metadata().into_iter().map(|(key, value)| (key.to_owned(), value)));
            refusal_code(refusal.code)
        }
        Denial::Failed { fault, detail } => {
            metadata.insert("detail".to_owned(), detail.clone());
            fault_code(*fault)
        }
    };
    let mut message = denial.to_string();
    message.push_str(" — ");
    message.push_str(denial.remedy());
    Status::with_error_details(code, message, ErrorDetails::with_error_info(denial.reason(), DOMAIN, metadata))
}

/// What a status of ours said. A status from elsewhere (transport, HTTP/2) is the peer's fault.
pub fn to_denial(status: &Status) -> Denial {
    let Some(info) = status.get_details_error_info().filter(|info| info.domain == DOMAIN) else {
        let fault = match status.code() {
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown => Fault::PeerUnreachable,
            Code::ResourceExhausted | Code::OutOfRange => Fault::TooLarge,
            Code::InvalidArgument => Fault::Malformed,
            _ => Fault::Internal,
        };
        return Denial::failed(fault, status.message());
    };
    if let Ok(code) = info.reason.parse::<RefusalCode>() {
        return Denial::from(Refusal::from_metadata(code, |key| info.metadata.get(key).map(String::as_str)));
    }
    let fault = Fault::ALL.into_iter().find(|fault| fault.as_str() == info.reason).unwrap_or(Fault::Internal);
    Denial::failed(fault, info.metadata.get("detail").cloned().unwrap_or_default())
}

/// The metadata in which a status that refuses an entry carries the signed SubmissionRejection.
const RECEIPT: &str = "rogatory-receipt-bin";

/// Puts the signed receipt of a refusal on its status.
pub fn with_receipt(mut status: Status, receipt: &SignedReceipt) -> Status {
    let bytes = wire::SignedReceipt::from(receipt).encode_to_vec();
    status.metadata_mut().insert_bin(RECEIPT, MetadataValue::from_bytes(&bytes));
    status
}

/// The receipt on a status, where there is one that can be read; not verified.
pub fn receipt_of(status: &Status) -> Option<wire::SignedReceipt> {
    let bytes = status.metadata().get_bin(RECEIPT)?.to_bytes().ok()?;
    wire::SignedReceipt::decode(bytes).ok()
}

fn refusal_code(code: RefusalCode) -> Code {
    match code {
        RefusalCode::R91 => Code::ResourceExhausted,
        RefusalCode::R93 | RefusalCode::R95 => Code::PermissionDenied,
        RefusalCode::R94 => Code::InvalidArgument,
        _ => Code::FailedPrecondition,
    }
}

fn fault_code(fault: Fault) -> Code {
    match fault {
        Fault::TooLarge => Code::ResourceExhausted,
        Fault::EntryIdReused => Code::AlreadyExists,
        Fault::Unknown => Code::NotFound,
        Fault::Expired | Fault::IdempotencyKeyReused => Code::FailedPrecondition,
        Fault::CursorUnknown => Code::OutOfRange,
        Fault::Storage => Code::Unavailable,
        _ => match fault.blame() {
            Blame::Caller => Code::InvalidArgument,
            Blame::Race => Code::Aborted,
            Blame::Peer => Code::Unavailable,
            Blame::Us => Code::Internal,
        },
    }
}
