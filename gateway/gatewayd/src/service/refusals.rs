//! What was refused here, and by the other gateways of what concerns this one, for the operator: the rows that each refusal left, and from the
//! signed rejections who refused, the case and the rule.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::{EntryId, PartyId, ReceiptKind, Refuser, SignedReceipt};
use proto::operator::Refused;
use store::{StoreError, gateway::GatewayStore};

use crate::receipts;

/// Most that are told at once.
const REFUSALS_MAX: u32 = 1000;

/// The newest `limit` refusals, newest first. Where the refusal was only told to an own desk, and never signed, case and rule are not known.
pub(crate) async fn list(store: &GatewayStore, own: PartyId, limit: u32) -> Result<Vec<Refused>, StoreError> {
    let rows = store.refusals(u64::from(limit.clamp(1, REFUSALS_MAX))).await?;
    let entries: Vec<EntryId> = rows.iter().filter_map(|row| row.entry_id.map(|id| id.0)).collect();
    let kinds = [ReceiptKind::RelayRejection, ReceiptKind::SubmissionRejection];
    let mut signed: BTreeMap<(EntryId, ReceiptKind), SignedReceipt> = BTreeMap::new();
    for row in store.receipts_by_kind(&entries, &kinds).await? {
        let read = receipts::from_bytes(&row.bytes).and_then(|receipt| proto::decode_receipt(&receipt));
        if let Ok(receipt) = read {
            signed.insert((row.entry_id.0, row.kind.0), receipt);
        }
    }
    let told = |row: store::gateway::RefusalRow| {
        let entry = row.entry_id.map(|id| id.0);
        let receipt = entry.zip(kind_of(row.by.0)).and_then(|key| signed.get(&key)).map(|signed| &signed.receipt);
        let refusal = receipt.and_then(|receipt| receipt.refusal.as_ref());
        Refused {
            at_ms: row.at,
            party: row.channel,
            code: row.code,
            step: row.step.map(|step| step.0.as_str().to_owned()).unwrap_or_default(),
            entry_id: entry.map(|id| Bytes::copy_from_slice(id.as_bytes())).unwrap_or_default(),
            case_id: receipt.map(|receipt| Bytes::copy_from_slice(receipt.case.as_bytes())).unwrap_or_default(),
            rule: refusal.map(|refusal| refusal.rule.clone()).unwrap_or_default(),
            field: refusal.and_then(|refusal| refusal.field.clone()).unwrap_or_default(),
            refused_as: refused_as(row.by.0).to_owned(),
            refused_by: receipt.map_or(own, |receipt| receipt.by).to_string(),
        }
    };
    Ok(rows.into_iter().map(told).collect())
}

/// By which receipt a gateway says that it refused.
fn kind_of(refuser: Refuser) -> Option<ReceiptKind> {
    match refuser {
        Refuser::OwnGateway => Some(ReceiptKind::SubmissionRejection),
        Refuser::PeerGateway => Some(ReceiptKind::RelayRejection),
        Refuser::SendingDesk | Refuser::ReceivingDesk => None,
    }
}

fn refused_as(refuser: Refuser) -> &'static str {
    match refuser {
        Refuser::SendingDesk => "sending_desk",
        Refuser::OwnGateway => "own_gateway",
        Refuser::PeerGateway => "peer_gateway",
        Refuser::ReceivingDesk => "receiving_desk",
    }
}
