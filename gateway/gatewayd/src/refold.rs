//! Cases that an earlier program folded are folded anew from their entries, before anything else is decided on them.

use std::collections::BTreeMap;

use model::{CaseId, Denial, EntryId, Fault, ReceiptKind, Timestamp};
use relay::PastEntry;
use store::gateway::{Batch, CaseFileRow, EntryRow, GatewayStore};
use workflow::{FOLD, State};

use crate::{hot, receipts};

/// Cases read from the database at once.
const CASES_AT_ONCE: u64 = 64;
/// Entries read from the database at once: each may weigh megabytes.
const ENTRIES_AT_ONCE: u64 = 8;

/// Folds every such case anew. One that cannot be stays as it is and is tried again at the next start: the log says how many.
///
/// # Errors
/// Where the database cannot be read or written.
pub(crate) async fn all(store: &GatewayStore) -> Result<(), Denial> {
    let (mut after, mut folded, mut kept) = (None, 0_u64, 0_u64);
    loop {
        let rows = store.case_folded_otherwise(FOLD, after, CASES_AT_ONCE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id.0);
        let mut batch = Batch::default();
        for row in rows {
            match anew(store, &row).await {
                Ok(fresh) => {
                    folded += 1;
                    batch.put_case(fresh, Some(row.version));
                }
                Err(_) => kept += 1,
            }
        }
        store.commit(&batch).await?;
    }
    if folded > 0 {
        telemetry::say!(Info, "cases of an earlier program were folded anew", cases = folded);
    }
    if kept > 0 {
        telemetry::say!(
            Error,
            "cases of an earlier program cannot be folded anew: they stay as they were",
            cases = kept
        );
    }
    Ok(())
}

async fn anew(store: &GatewayStore, row: &CaseFileRow) -> Result<CaseFileRow, Denial> {
    let file = hot::file_of(row)?;
    let past = past_of(store, file.id).await?;
    let file = file.refolded(&past)?;
    let internal = |error: serde_json::Error| Denial::failed(Fault::Internal, error.to_string());
    Ok(CaseFileRow {
        version: row.version + 1,
        state: hot::state_number(file.shown().map_or(State::Draft, |case| case.state())),
        fold: hot::fold_number(file.fold),
        body: serde_json::to_vec(&file).map_err(internal)?.into(),
        ..row.clone()
    })
}

/// The entries of a case that both gateways admitted, in their order.
async fn past_of(store: &GatewayStore, case: CaseId) -> Result<Vec<PastEntry>, Denial> {
    let mut past = Vec::new();
    loop {
        let from = i64::try_from(past.len()).unwrap_or(i64::MAX);
        let rows = store.entries_from(case, from, ENTRIES_AT_ONCE).await?;
        let ids: Vec<EntryId> = rows.iter().map(|row| row.id.0).collect();
        let taken = taken(store, &ids).await?;
        for row in &rows {
            past.push(past_entry(row, &taken)?);
        }
        if rows.len() as u64 != ENTRIES_AT_ONCE {
            return Ok(past);
        }
    }
}

/// When the gateway of the party that did not send it took each of these entries.
async fn taken(store: &GatewayStore, ids: &[EntryId]) -> Result<BTreeMap<EntryId, Timestamp>, Denial> {
    let mut taken = BTreeMap::new();
    for row in store.receipts_by_kind(ids, &[ReceiptKind::RelayAcceptance]).await? {
        let signed = proto::decode_receipt(&receipts::from_bytes(&row.bytes.0)?)?;
        taken.insert(row.entry_id.0, signed.receipt.at);
    }
    Ok(taken)
}

/// Every entry here was verified when it was admitted.
fn past_entry(row: &EntryRow, taken: &BTreeMap<EntryId, Timestamp>) -> Result<PastEntry, Denial> {
    let entry = proto::convert::stored_entry(row.wire.0.clone())?;
    let at = taken.get(&row.id.0).copied().unwrap_or(Timestamp(row.admitted_at));
    Ok(PastEntry {
        digest: entry.header_digest(),
        signers: entry.officers.iter().map(|one| (one.signature.key, one.role)).collect(),
        bytes: entry.payload.size(),
        taken: at,
        header: entry.header,
    })
}
