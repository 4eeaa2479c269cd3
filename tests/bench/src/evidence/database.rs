//! The same turns written into fresh databases, with their evidence and without; and what is read for it.

use std::{collections::BTreeMap, path::Path};

use model::ReceiptKind;
use store::{
    Blob, DatabaseUrl, Settings,
    gateway::{Batch, EntryRow, GatewayStore, NewDelivery},
};

use super::{
    Evidence,
    held::{ENTRY, Held, decoded},
};
use crate::{cpu::process_ns, failure::Failure};

/// With evidence or without: in an order in which what else changes on the machine meets both.
const ROUNDS: [bool; 4] = [true, false, false, true];
/// What `gatewayd`'s committer reads of new entries (`turn.rs`, `ANSWERS`), and of those that are opened (`ONCE`).
const ANSWERS: [ReceiptKind; 4] =
    [ReceiptKind::SubmissionRejection, ReceiptKind::RelayRejection, ReceiptKind::Delivery, ReceiptKind::NonDelivery];
const ONCE: [ReceiptKind; 5] = [
    ReceiptKind::RelayFailure,
    ReceiptKind::Delivery,
    ReceiptKind::NonDelivery,
    ReceiptKind::Retrieval,
    ReceiptKind::NonRetrieval,
];
/// What its outbox reads to take a retrieval across.
const RETRIEVALS: [ReceiptKind; 2] = [ReceiptKind::Retrieval, ReceiptKind::NonRetrieval];

/// Adds what one gateway's database has to do, in microseconds, and how many rows it gets.
pub(super) async fn measure(held: &Held, folder: &Path, sum: &mut Evidence) -> Result<(), Failure> {
    let with = held.turns()?;
    let mut bare = BTreeMap::new();
    for (at, turn) in &with {
        bare.insert(*at, without(turn)?);
    }
    let mut written = 0.0;
    for (round, has) in ROUNDS.into_iter().enumerate() {
        let url = DatabaseUrl::file(folder.join(format!("evidence-{}-{round}.db", held.own)));
        let store = GatewayStore::open(&url, &Settings::default()).await?;
        let spent = write(&store, held, if has { &with } else { &bare }).await?;
        written += if has { spent } else { -spent };
        if round + 1 == ROUNDS.len() {
            sum.read += read(&store, held, &with).await?;
        }
        store.close().await?;
    }
    sum.written += 2.0 * written / ROUNDS.len() as f64;
    for (turn, bare) in with.values().zip(bare.values()) {
        sum.receipts += turn.receipts.len() as f64;
        sum.leaves += turn.leaves.len() as f64;
        sum.tree_hashes += turn.tree_hashes.len() as f64;
        sum.heads += turn.checkpoints.len() as f64;
        sum.turns += 1.0;
        sum.turns_alone += f64::from(u8::from(bare.is_empty()));
    }
    Ok(())
}

/// A turn as it would be if nothing had to be proven. A desk would hear that its entry was taken, and no more.
fn without(turn: &Batch) -> Result<Batch, Failure> {
    let mut deliveries = Vec::new();
    for told in &turn.deliveries {
        let stage =
            told.receipt.as_ref().map(|receipt| decoded(receipt)).transpose()?.map(|one| one.receipt.kind.stage());
        if stage.is_none_or(|stage| stage < 2) {
            deliveries.push(NewDelivery { receipt: None, ..told.clone() });
        }
    }
    Ok(Batch {
        entries: turn.entries.iter().map(|row| EntryRow { receipt: Blob::default(), ..row.clone() }).collect(),
        outbox: turn.outbox.iter().filter(|row| row.kind == ENTRY).cloned().collect(),
        deliveries,
        acknowledgements: turn.acknowledgements.clone(),
        ..Batch::default()
    })
}

async fn write(store: &GatewayStore, held: &Held, turns: &BTreeMap<i64, Batch>) -> Result<f64, Failure> {
    let mut cases = Batch::default();
    held.cases.iter().for_each(|row| cases.put_case(row.clone(), None));
    store.commit(&cases).await?;
    let before = process_ns();
    for turn in turns.values() {
        store.commit(turn).await?;
    }
    Ok(micros(before))
}

/// What the committer and the sender of a gateway read that they would not without evidence.
async fn read(store: &GatewayStore, held: &Held, turns: &BTreeMap<i64, Batch>) -> Result<f64, Failure> {
    let channel = held.log.origin.to_string();
    let is_home = held.log.origin.home() == held.own;
    let before = process_ns();
    for (at, turn) in turns {
        let new: Vec<_> = turn.entries.iter().map(|row| *row.id).collect();
        if !new.is_empty() {
            store.receipts_by_kind(&new, &ANSWERS).await?;
        }
        let opened: Vec<_> = turn.receipts.iter().filter(|one| one.kind.stage() == 3).map(|one| one.entry).collect();
        if !opened.is_empty() {
            tokio::try_join!(store.receipts_by_kind(&opened, &ONCE), store.delivered(&opened))?;
            store.receipts_by_kind(&opened, &RETRIEVALS).await?;
        }
        if is_home && !turn.leaves.is_empty() {
            // For the call that brings them.
            store.checkpoint(&channel).await?;
            let first = turn.leaves.iter().map(|leaf| leaf.idx).min().unwrap_or_default();
            store.leaves(&channel, first, turn.leaves.len() as u64).await?;
        }
        if !is_home {
            for row in turn.entries.iter().filter(|row| row.sender.party() == held.other) {
                store.leaves_of(*row.id).await?;
            }
            if !turn.leaves.is_empty() {
                store.oldest_awaited(&channel, at - 1).await?;
            }
        }
    }
    Ok(micros(before))
}

fn micros(before: u64) -> f64 {
    (process_ns() - before) as f64 / 1e3
}
