//! What was refused here, and by the other gateways of what concerns this one, for the operator: the rows that each refusal left, and from the
//! signed rejections who refused, the case and the rule.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use identity::{Directory, SignedDirectory};
use model::{EntryId, PartyId, ReceiptKind, Refuser, SignedReceipt};
use proto::operator::Refused;
use store::{StoreError, gateway::GatewayStore};

use crate::receipts;

/// Most that are told at once.
const REFUSALS_MAX: u32 = 1000;

/// The newest `limit` refusals, newest first. Where the refusal was only told to an own desk, and never signed, case and rule are not known.
pub(crate) async fn list(
    store: &GatewayStore,
    own: PartyId,
    limit: u32,
    with_receipts: bool,
) -> Result<Vec<Refused>, StoreError> {
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
        let signed = entry.zip(kind_of(row.by.0)).and_then(|key| signed.get(&key));
        let receipt = signed.map(|signed| &signed.receipt);
        let refusal = receipt.and_then(|receipt| receipt.refusal.as_ref());
        // An entry that was refused more than once is refused by one receipt.
        let is_its = with_receipts && refusal.is_some_and(|refusal| refusal.code.as_str() == row.code);
        Refused {
            receipt: signed.filter(|_| is_its).map(Into::into),
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

/// Of each party that refused one of these, a directory for each key that it ever had, without what it opens to us.
pub(crate) async fn naming(store: &GatewayStore, refusals: &[Refused]) -> Result<Vec<SignedDirectory>, StoreError> {
    let signed = refusals.iter().filter(|one| one.receipt.is_some());
    let parties: BTreeSet<PartyId> = signed.filter_map(|one| one.refused_by.parse().ok()).collect();
    let (mut known, mut naming) = (BTreeSet::new(), Vec::new());
    for party in parties {
        for row in store.directories_of(party).await?.into_iter().rev() {
            let toml = String::from_utf8_lossy(&row.toml.0).into_owned();
            let Ok(directory) = Directory::from_toml(&toml) else { continue };
            if known.insert((directory.root, directory.ledger_key)) {
                naming.push(SignedDirectory { toml, signature: row.signature.0, openings: Vec::new() });
            }
        }
    }
    Ok(naming)
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
