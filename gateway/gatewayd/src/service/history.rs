//! The entries of a case, for a desk that came in later or was restored from a backup.

use std::{collections::BTreeMap, sync::Arc};

use model::{AuthorityId, CaseId, Denial, Fault, ReceiptKind, SignedReceipt};
use proto::desk::{Arrival, ListEntriesResponse};
use store::gateway::EntryRow;
use tokio::sync::mpsc;
use tonic::Status;

use super::status;
use crate::{gateway::Gateway, hot, receipts};

/// Entries read from the database at once: each may weigh megabytes.
const PAGE: u64 = 8;

type Item = Result<ListEntriesResponse, Status>;

/// Sends the entries of `case` from place `from` on, in their order, to a desk that has a seat in its group; to one that had a seat,
/// up to the newest that was laid ready for it. Whoever never had one is told no more than that there is no such case for it.
pub(super) async fn open(
    gateway: Arc<Gateway>,
    desk: &AuthorityId,
    case: CaseId,
    from: i64,
) -> Result<mpsc::Receiver<Item>, Denial> {
    let none = || Denial::failed(Fault::Unknown, format!("{desk} has no seat in the group of such a case"));
    let row = gateway.store.case_files(&[case]).await?.into_iter().next().ok_or_else(none)?;
    let file = hot::file_of(&row)?;
    let until = if file.members.contains(desk) {
        i64::MAX
    } else {
        newest_laid_ready(&gateway, desk, case).await?.ok_or_else(none)?
    };
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(send(gateway, case, from, until, sender));
    Ok(receiver)
}

/// The place of the newest entry of `case` that was laid ready for `desk`.
async fn newest_laid_ready(gateway: &Gateway, desk: &AuthorityId, case: CaseId) -> Result<Option<i64>, Denial> {
    let places: BTreeMap<_, _> = gateway.store.places_of(case).await?.into_iter().collect();
    let ids: Vec<_> = places.keys().copied().collect();
    let delivered = gateway.store.delivered(&ids).await?;
    let theirs = delivered.into_iter().filter(|(to, _)| to == desk);
    Ok(theirs.filter_map(|(_, entry)| places.get(&entry).copied()).max())
}

async fn send(gateway: Arc<Gateway>, case: CaseId, mut from: i64, until: i64, sender: mpsc::Sender<Item>) {
    loop {
        let page = match page(&gateway, case, from).await {
            Ok(page) => page,
            Err(denial) => return drop(sender.send(Err(status(denial))).await),
        };
        let last = page.len() as u64 != PAGE;
        for (seq, item) in page {
            if seq > until {
                return;
            }
            from = seq + 1;
            if sender.send(Ok(item)).await.is_err() {
                return;
            }
        }
        if last {
            return;
        }
    }
}

async fn page(gateway: &Gateway, case: CaseId, from: i64) -> Result<Vec<(i64, ListEntriesResponse)>, Denial> {
    let rows = gateway.store.entries_from(case, from, PAGE).await?;
    let ours: Vec<_> = rows.iter().filter(|row| row.sender.party() == gateway.own()).map(|row| *row.id).collect();
    let mut theirs = BTreeMap::new();
    for row in gateway.store.receipts_by_kind(&ours, &[ReceiptKind::RelayAcceptance]).await? {
        let kept = receipts::from_bytes(&row.bytes.0)?;
        let signed = proto::decode_receipt(&kept)?;
        if signed.receipt.by != gateway.own() {
            theirs.insert(*row.entry_id, signed);
        }
    }
    rows.into_iter().map(|row| item(row, &theirs)).collect()
}

/// An entry with the receipt of the gateway that did not send it.
fn item(row: EntryRow, theirs: &BTreeMap<model::EntryId, SignedReceipt>) -> Result<(i64, ListEntriesResponse), Denial> {
    let lost = || Denial::failed(Fault::Storage, "an entry of the case has lost its place or its receipt");
    let seq = row.seq.ok_or_else(lost)?;
    let receipt = match theirs.get(&*row.id) {
        Some(signed) => signed.into(),
        None => receipts::from_bytes(&row.receipt.0)?,
    };
    let entry = proto::convert::entry_from_bytes(row.wire.0)?;
    let arrival = Arrival { entry: Some(entry), receipt: Some(receipt), submission: None };
    let place = u64::try_from(seq).map_err(|_| lost())?;
    Ok((seq, ListEntriesResponse { seq: place, arrival: Some(arrival) }))
}
