//! Receipts, refusals and epoch certificates, between bytes and vocabulary.

use model::{
    CaseId, Denial, Digest, EntryId, EnvelopeDigest, EpochCertificate, Fault, HeaderDigest, Malformed, Receipt,
    ReceiptKind, Refusal, SignedReceipt, Timestamp,
};
use prost::Message;

use crate::{
    header::{canonical, copy, enum_pair, optional},
    types as wire,
};

/// Encodes a receipt in its one canonical form: what a gateway signs.
pub fn encode_receipt(receipt: &Receipt) -> Vec<u8> {
    wire::Receipt {
        kind: kind_to_wire(receipt.kind).into(),
        by_party: receipt.by.to_string(),
        entry_id: copy(receipt.entry.as_bytes()),
        case_id: copy(receipt.case.as_bytes()),
        header_digest: copy(receipt.header.as_bytes()),
        envelope_digest: copy(receipt.envelope.as_bytes()),
        at_ms: receipt.at.0,
        leaf: receipt.leaf,
        refusal: receipt.refusal.as_ref().map(refusal_to_wire),
        epoch: receipt.epoch.as_ref().map(epoch_to_wire),
        authenticator: receipt.authenticator.map(|hash| copy(hash.as_bytes())).unwrap_or_default(),
    }
    .encode_to_vec()
}

/// Decodes a receipt; its proof is for `identity` to verify.
///
/// # Errors
/// [`Fault::Malformed`] where the bytes are not the canonical form of a receipt.
pub fn decode_receipt(signed: &wire::SignedReceipt) -> Result<SignedReceipt, Denial> {
    let decoded: wire::Receipt = canonical(&signed.receipt, "receipt")?;
    let receipt = receipt_from_wire(&decoded)
        .map_err(|error| Denial::failed(Fault::Malformed, format!("in a receipt: {error}")))?;
    Ok(SignedReceipt { receipt, bytes: signed.receipt.to_vec(), proof: signed.proof.to_vec() })
}

impl From<&SignedReceipt> for wire::SignedReceipt {
    fn from(signed: &SignedReceipt) -> Self {
        Self { receipt: copy(&signed.bytes), proof: copy(&signed.proof) }
    }
}

fn receipt_from_wire(receipt: &wire::Receipt) -> Result<Receipt, Malformed> {
    Ok(Receipt {
        kind: kind_from_wire(receipt.kind())?,
        by: receipt.by_party.parse()?,
        entry: EntryId::try_from(&*receipt.entry_id)?,
        case: CaseId::try_from(&*receipt.case_id)?,
        header: HeaderDigest::try_from(&*receipt.header_digest)?,
        envelope: EnvelopeDigest::try_from(&*receipt.envelope_digest)?,
        at: Timestamp(receipt.at_ms),
        leaf: receipt.leaf,
        refusal: receipt.refusal.as_ref().map(refusal_from_wire).transpose()?,
        epoch: receipt.epoch.as_ref().map(epoch_from_wire).transpose()?,
        authenticator: if receipt.authenticator.is_empty() {
            None
        } else {
            Some(Digest::try_from(&*receipt.authenticator)?)
        },
    })
}

pub(crate) fn refusal_to_wire(refusal: &Refusal) -> wire::Refusal {
    wire::Refusal {
        code: refusal.code.to_string(),
        article: refusal.article.as_ref().map(ToString::to_string).unwrap_or_default(),
        rule: refusal.rule.clone(),
        field: refusal.field.clone().unwrap_or_default(),
        reason: refusal.reason.clone(),
        remedy: refusal.remedy.clone(),
        owner: refusal.owner.map(|party| party.to_string()).unwrap_or_default(),
    }
}

pub(crate) fn refusal_from_wire(refusal: &wire::Refusal) -> Result<Refusal, Malformed> {
    let bounded = |text: &String| {
        if text.len() <= 2000 {
            Ok(text.clone())
        } else {
            Err(Malformed::new("a text of at most 2,000 bytes", "a longer one"))
        }
    };
    Ok(Refusal {
        code: refusal.code.parse()?,
        article: optional(&refusal.article)?,
        rule: bounded(&refusal.rule)?,
        field: Some(bounded(&refusal.field)?).filter(|field| !field.is_empty()),
        reason: bounded(&refusal.reason)?,
        remedy: bounded(&refusal.remedy)?,
        owner: optional(&refusal.owner)?,
    })
}

fn epoch_to_wire(epoch: &EpochCertificate) -> wire::EpochCertificate {
    wire::EpochCertificate {
        group_id: copy(&epoch.group),
        epoch: epoch.epoch,
        commit_digest: copy(epoch.commit.as_bytes()),
        tree_hash: copy(&epoch.tree_hash),
        transcript_hash: copy(&epoch.transcript_hash),
        confirmation_digest: copy(epoch.confirmation.as_bytes()),
    }
}

fn epoch_from_wire(epoch: &wire::EpochCertificate) -> Result<EpochCertificate, Malformed> {
    let bounded = |bytes: &[u8]| {
        if bytes.len() <= 64 { Ok(bytes.to_vec()) } else { Err(Malformed::new("at most 64 bytes", "more")) }
    };
    Ok(EpochCertificate {
        group: bounded(&epoch.group_id)?,
        epoch: epoch.epoch,
        commit: Digest::try_from(&*epoch.commit_digest)?,
        tree_hash: bounded(&epoch.tree_hash)?,
        transcript_hash: bounded(&epoch.transcript_hash)?,
        confirmation: Digest::try_from(&*epoch.confirmation_digest)?,
    })
}

enum_pair!(kind_to_wire, kind_from_wire, ReceiptKind, ReceiptKind, "a kind of receipt", {
    SubmissionAcceptance, SubmissionRejection, RelayAcceptance, RelayRejection, RelayFailure, Delivery, NonDelivery, Retrieval,
    NonRetrieval
});
