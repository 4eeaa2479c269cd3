//! The same turns written into fresh databases, with their evidence and without. Nothing is read for it: the leaves, heads and receipts that
//! a sender takes across are in memory (`gatewayd`'s `fresh.rs`), and so are what is kept of entries that the gateway admitted itself, which
//! receipts are awaited (`committer/awaited.rs`), and which entries were refused (`committer/refused.rs`).

use std::{collections::BTreeMap, path::Path};

use store::{
    Blob, DatabaseUrl, Settings,
    gateway::{Batch, EntryRow, GatewayStore, NewDelivery, TreeHashRow},
};

use super::{
    Evidence,
    held::{ENTRY, Held, decoded},
};
use crate::{
    cpu::{Cpu, process_ns},
    failure::Failure,
};

/// With evidence or without: in an order in which what else changes on the machine meets both. One more round before them warms this
/// program up, as the gateways are, and is not counted.
const ROUNDS: [bool; 8] = [true, false, false, true, true, false, false, true];

/// Adds what one gateway's database has to do, in microseconds, and how many rows it gets.
pub(super) async fn measure(held: &Held, folder: &Path, sum: &mut Evidence) -> Result<(), Failure> {
    let with = held.turns()?;
    let mut bare = BTreeMap::new();
    for (at, turn) in &with {
        bare.insert(*at, without(turn)?);
    }
    let mut written = 0.0;
    let mut threads = 0.0;
    let warm_up = std::iter::once((0.0, true));
    for (round, (counts, has)) in warm_up.chain(ROUNDS.map(|has| (1.0, has))).enumerate() {
        let url = DatabaseUrl::file(folder.join(format!("evidence-{}-{round}.db", held.own)));
        let store = GatewayStore::open(&url, &Settings::default()).await?;
        let before = Cpu::own();
        let spent = write(&store, held, if has { &with } else { &bare }).await?;
        let database = (Cpu::own() - before).database;
        written += counts * if has { spent } else { -spent };
        threads += counts * if has { database } else { -database };
        store.close().await?;
    }
    sum.written += 2.0 * written / ROUNDS.len() as f64;
    sum.database += 2.0 * threads / ROUNDS.len() as f64;
    for (turn, bare) in with.values().zip(bare.values()) {
        sum.receipts += turn.receipts.len() as f64;
        sum.leaves += turn.leaves.len() as f64;
        sum.tree_hashes += turn.tree_hashes.iter().filter(|row| is_kept(row)).count() as f64;
        sum.heads += turn.checkpoints.len() as f64;
        sum.acknowledgements += turn.acknowledgements.len() as f64;
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

/// Whether the database takes it: those of the lowest levels it leaves out.
fn is_kept(row: &TreeHashRow) -> bool {
    u64::try_from(row.idx).is_ok_and(|index| ledger::leaves_under(index).is_none())
}

fn micros(before: u64) -> f64 {
    (process_ns() - before) as f64 / 1e3
}
