//! Items of the gateway's stream that cannot be taken yet. Each waits in its case, with all that follows in that case, and the other cases go
//! on. Only where and why is kept here: the gateway has the item, and is asked for it again. What cannot be read in this desk's own storage
//! stops everything, as does a number of parked items over [`PARKED_MAX`].

use std::{collections::BTreeMap, sync::PoisonError, time::Duration};

use model::{CaseId, Denial, Fault, Timestamp};
use proto::desk::{WatchResponse, watch_response::Item};
use store::desk::{DeskBatch, ParkedRow};
use telemetry::say;
use tokio::time::{sleep, timeout};

use super::{GATEWAY, Office};
use crate::clock;

/// Parked items of all cases.
const PARKED_MAX: usize = 4096;
/// Cases that are tried again in one round.
const CASES_AT_ONCE: usize = 32;
/// How long the gateway may take to give an item again.
const AGAIN_MAX: Duration = Duration::from_secs(5);
/// An item that only waits for an answer to this desk is tried again so often, after so long, before it is parked.
const SHORT_TRIES: u32 = 4;
const SHORT_PAUSE: Duration = Duration::from_millis(50);
/// What is of no case that can be read waits as if it were of this one.
const NO_CASE: [u8; 16] = [0; 16];

/// Where items wait, by their places in the stream.
pub(super) type Parked = BTreeMap<u64, ParkedRow>;

impl Office {
    /// Reads what was parked when this program ran before.
    pub(super) async fn note_parked(&self) -> Result<(), Denial> {
        let rows = self.store.parked().await?;
        let parked = rows.into_iter().filter_map(|row| Some((u64::try_from(row.cursor).ok()?, row)));
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).extend(parked);
        Ok(())
    }

    /// Takes an item of the stream, or parks it. Fails where the whole stream has to wait.
    pub(super) async fn take_or_park(&self, response: WatchResponse) -> Result<(), Denial> {
        let (cursor, case) = (response.cursor, case_of(&response));
        if self.waits_in(case) {
            return self.park(cursor, case, "it follows on an item of the case that waits").await;
        }
        let mut tries = 0;
        loop {
            let denial = match self.take(response.clone()).await {
                Ok(()) => {
                    self.taken(cursor);
                    return Ok(());
                }
                Err(denial) => denial,
            };
            let short = matches!(denial, Denial::Failed { fault: Fault::StaleCase, .. }) && is_outcome(&response);
            if short && tries < SHORT_TRIES {
                tries += 1;
                sleep(SHORT_PAUSE).await;
            } else if matches!(denial, Denial::Failed { fault: Fault::Storage, .. }) {
                return Err(denial);
            } else {
                say!(Warn, "an item of the gateway's stream is parked with its case", cursor = cursor);
                return self.park(cursor, case, &denial.to_string()).await;
            }
        }
    }

    /// Tries what is parked again, the first item of each case, and what follows on it. Says whether anything was taken.
    pub(super) async fn try_parked(&self) -> bool {
        let mut moved = false;
        for case in self.turn_of_parked() {
            while let Some(cursor) = self.first_parked(case) {
                let Some(response) = self.given_again(cursor).await else { break };
                match self.take(response).await {
                    Ok(()) => {
                        self.taken(cursor);
                        moved = true;
                    }
                    Err(denial) => {
                        let noted = self.park(cursor, case, &denial.to_string()).await;
                        if noted.is_err() {
                            say!(Warn, "why an item waits could not be noted", cursor = cursor);
                        }
                        break;
                    }
                }
            }
        }
        moved
    }

    /// The cases of this round: those behind the last one of the round before, and then from the beginning, so that none keeps others
    /// from being tried.
    fn turn_of_parked(&self) -> Vec<CaseId> {
        let mut cases: Vec<_> = self.parked_cases().into_iter().map(|(case, _)| case).collect();
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = cases.iter().position(|case| Some(*case) > *tried).unwrap_or(0);
        cases.rotate_left(behind);
        cases.truncate(CASES_AT_ONCE);
        *tried = cases.last().copied();
        cases
    }

    /// Notes in `batch` that the item at `cursor` is done with: it was parked, or is the newest of the stream.
    pub(super) fn done_with(&self, batch: &mut DeskBatch, cursor: u64) {
        let at = i64::try_from(cursor).unwrap_or(i64::MAX);
        if self.parked.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&cursor) {
            batch.unparked.push(at);
        } else {
            batch.cursors.insert(GATEWAY.to_owned(), at);
        }
    }

    pub(super) fn anything_parked(&self) -> bool {
        !self.parked.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Why a case stands still, where an item of it is parked.
    pub(super) fn parked_in(&self, case: CaseId) -> Option<String> {
        self.parked_cases().into_iter().find(|(id, _)| *id == case).map(|(_, why)| why)
    }

    /// The cases in which items are parked, and why, in words.
    pub(super) fn parked_cases(&self) -> Vec<(CaseId, String)> {
        let parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cases: BTreeMap<CaseId, (&ParkedRow, usize)> = BTreeMap::new();
        for row in parked.values() {
            cases.entry(row.case_id.0).or_insert((row, 0)).1 += 1;
        }
        let told = cases.into_iter().map(|(case, (first, count))| {
            let since = Timestamp(first.since);
            (case, format!("{count} item(s) of the gateway's stream wait since {since}: {}", first.why))
        });
        told.collect()
    }

    fn waits_in(&self, case: CaseId) -> bool {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).values().any(|row| row.case_id.0 == case)
    }

    fn first_parked(&self, case: CaseId) -> Option<u64> {
        let parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.iter().find(|(_, row)| row.case_id.0 == case).map(|(cursor, _)| *cursor)
    }

    fn taken(&self, cursor: u64) {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).remove(&cursor);
        self.standstill.lock().unwrap_or_else(PoisonError::into_inner).forget(cursor);
    }

    async fn park(&self, cursor: u64, case: CaseId, why: &str) -> Result<(), Denial> {
        let known = {
            let parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
            if parked.len() >= PARKED_MAX && !parked.contains_key(&cursor) {
                let detail = format!("{PARKED_MAX} items of the gateway's stream wait already; this one: {why}");
                return Err(Denial::failed(Fault::TooLarge, detail));
            }
            parked.get(&cursor).cloned()
        };
        if known.as_ref().is_some_and(|known| known.why == why) {
            return Ok(());
        }
        let at = i64::try_from(cursor).unwrap_or(i64::MAX);
        let since = known.as_ref().map_or(clock::now().0, |known| known.since);
        let row = ParkedRow { cursor: at, case_id: case.into(), since, why: why.to_owned() };
        let mut batch = DeskBatch { parked: vec![row.clone()], ..DeskBatch::default() };
        if known.is_none() {
            batch.cursors.insert(GATEWAY.to_owned(), at);
        }
        self.commit(&batch).await?;
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).insert(cursor, row);
        Ok(())
    }

    /// The item at `cursor`, from the gateway.
    async fn given_again(&self, cursor: u64) -> Option<WatchResponse> {
        let asking = async { self.uplink.watch(cursor.saturating_sub(1)).await.ok()?.message().await.ok()? };
        let given = timeout(AGAIN_MAX, asking).await.ok()?;
        given.filter(|response| response.cursor == cursor)
    }
}

fn is_outcome(response: &WatchResponse) -> bool {
    matches!(response.item, Some(Item::Outcome(_)))
}

/// The case that an item says it is of.
fn case_of(response: &WatchResponse) -> CaseId {
    let case = match &response.item {
        Some(Item::Arrival(arrival)) => {
            let header = arrival.entry.as_ref().map(|entry| entry.header.clone());
            header.and_then(|header| proto::decode_header(&header).ok()).map(|header| header.case)
        }
        Some(Item::Outcome(receipt)) => proto::decode_receipt(receipt).ok().map(|signed| signed.receipt.case),
        None => None,
    };
    case.unwrap_or_else(|| CaseId::new(NO_CASE))
}
