//! What is held of what happened to entries, for the desks that they concern: their receipts, and why those that wait do.

use std::collections::{BTreeMap, BTreeSet};

use model::{AuthorityId, Denial, EntryId, Fault, ReceiptKind};
use proto::{desk::EntryTrace, types};
use store::gateway::{OutboxRow, Outline};

use crate::{committer::ENTRY, gateway::Gateway, hot, receipts};

/// Entries in one question.
const TRACED_MAX: usize = 256;

/// What `desk` may know of those of `entries` that are here: what it sent, and what is of a case in which it has a seat. Of any other
/// it is told no more than of one that does not exist.
pub(super) async fn trace(
    gateway: &Gateway,
    desk: &AuthorityId,
    entries: &[EntryId],
) -> Result<Vec<EntryTrace>, Denial> {
    if entries.len() > TRACED_MAX {
        return Err(Denial::failed(Fault::TooLarge, "more than 256 entries in one question"));
    }
    let mut outlines = gateway.store.outlines(entries).await?;
    let cases: BTreeSet<_> = outlines.values().map(|one| one.case).collect();
    let mut seated = BTreeSet::new();
    for row in gateway.store.case_files(&cases.into_iter().collect::<Vec<_>>()).await? {
        if hot::file_of(&row)?.members.contains(desk) {
            seated.insert(*row.id);
        }
    }
    outlines.retain(|_, one| one.sender == *desk || seated.contains(&one.case));
    let ids: Vec<EntryId> = outlines.keys().copied().collect();
    let mut stated: BTreeMap<EntryId, Vec<types::SignedReceipt>> = BTreeMap::new();
    for row in gateway.store.receipts_by_kind(&ids, &ReceiptKind::ALL).await? {
        stated.entry(*row.entry_id).or_default().push(receipts::from_bytes(&row.bytes.0)?);
    }
    let queued = gateway.store.queued_of(&ids, ENTRY).await?;
    let queued: BTreeMap<EntryId, OutboxRow> = queued.into_iter().map(|row| (*row.entry_id, row)).collect();
    let told = outlines.into_values().map(|one| {
        let receipts = stated.remove(&one.entry).unwrap_or_default();
        told(gateway, &one, receipts, queued.get(&one.entry))
    });
    Ok(told.collect())
}

fn told(
    gateway: &Gateway,
    one: &Outline,
    receipts: Vec<types::SignedReceipt>,
    queued: Option<&OutboxRow>,
) -> EntryTrace {
    // What the other gateway said of this entry goes before why it is not reached at all.
    let why = queued.map(|row| {
        let away = || gateway.trust.trouble(*row.channel);
        row.why.clone().or_else(away).unwrap_or_default()
    });
    EntryTrace {
        entry_id: one.entry.as_bytes().to_vec().into(),
        receipts,
        waiting: queued.is_some(),
        attempts: queued.and_then(|row| u32::try_from(row.attempts).ok()).unwrap_or_default(),
        why: why.unwrap_or_default(),
    }
}
