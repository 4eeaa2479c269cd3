//! Receipts: what this gateway states, and how a fault stands in one.

use identity::{SigningKey, sign_receipt};
use model::{Denial, Fault, Receipt, Refusal, RefusalCode, SignedReceipt};
use proto::types as wire;

/// Before the name of a fault in the `rule` of a refusal.
const FAULT: &str = "protocol/";

/// Signs a receipt.
pub(crate) fn sign(key: &SigningKey, receipt: Receipt) -> SignedReceipt {
    sign_receipt(key, proto::encode_receipt(&receipt), receipt)
}

/// A denial as a receipt holds it. A fault becomes R94 by the rule of that name, so that the other side can tell it.
pub(crate) fn refusal_of(denial: &Denial) -> Refusal {
    match denial {
        Denial::Refused(refusal) => (**refusal).clone(),
        Denial::Failed { fault, detail } => {
            Refusal::new(RefusalCode::R94, &format!("{FAULT}{fault}"), detail.clone(), fault.remedy())
        }
    }
}

/// The denial that a receipt tells.
pub(crate) fn denial_of(refusal: Option<&Refusal>) -> Denial {
    let Some(refusal) = refusal else {
        return Denial::failed(Fault::PeerUnreachable, "the other gateway refused without a reason");
    };
    let fault =
        refusal.rule.strip_prefix(FAULT).and_then(|name| Fault::ALL.into_iter().find(|one| one.as_str() == name));
    match fault {
        Some(fault) => Denial::failed(fault, refusal.reason.clone()),
        None => Denial::from(refusal.clone()),
    }
}

/// A signed receipt as one string of bytes, for the database.
pub(crate) fn to_bytes(signed: &SignedReceipt) -> Vec<u8> {
    prost::Message::encode_to_vec(&wire::SignedReceipt::from(signed))
}

/// The wire message in such a string.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<wire::SignedReceipt, Denial> {
    prost::Message::decode(bytes).map_err(|error| Denial::failed(Fault::Storage, format!("a kept receipt: {error}")))
}
