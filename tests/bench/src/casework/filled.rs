//! Databases with very many open cases: a real one, which a real program wrote, again and again under other ids.

use std::{fs, path::Path};

use aws_lc_rs::rand;
use identity::{SigningKey, StorageKey};
use model::{CaseId, Timestamp};
use store::{
    DatabaseUrl, Settings,
    desk::{ClockRow, DeskBatch, DeskStore},
    gateway::{Batch, GatewayStore},
};
use tokio::time::Instant;
use uuid::Builder;

use crate::{desks::passphrase, failure::Failure};

/// Cases in one transaction.
const AT_ONCE: usize = 1000;
const HOUR_MS: i64 = 3_600_000;
/// The clocks end within so many hours: a year.
const SPREAD_HOURS: i64 = 365 * 24;

/// Brings a gateway's database to `open` cases. Nobody else has it open.
pub(crate) async fn gateway(dir: &Path, open: usize) -> Result<(), Failure> {
    let url = DatabaseUrl::file(dir.join("gateway/gateway.db"));
    let store = GatewayStore::open(&url, &Settings::default()).await?;
    let there: i64 = store.case_counts().await?.iter().map(|(_, count)| count).sum();
    let there = usize::try_from(there)?;
    let model = store.case_page(&[], None, 1).await?.pop().ok_or_else(|| Failure::new("a gateway without a case"))?;
    let text = String::from_utf8(model.body.0.clone())?;
    for first in (there..open).step_by(AT_ONCE) {
        let mut batch = Batch::default();
        for _ in first..open.min(first + AT_ONCE) {
            let id = any_case()?;
            let mut row = model.clone();
            row.body = text.replace(&model.id.to_string(), &id.to_string()).into_bytes().into();
            (row.id, row.version) = (id.into(), 1);
            batch.put_case(row, None);
        }
        store.commit(&batch).await?;
    }
    Ok(store.close().await?)
}

/// What a desk's database holds, and how long the scheduler's question takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) cases: usize,
    pub(crate) clocks: usize,
    /// From the opening of the database until the next alarm is known, in milliseconds.
    pub(crate) next_alarm_ms: f64,
}

/// Brings a desk's database to `open` cases of `clocks` live clocks each. Nobody else has it open.
pub(crate) async fn desk(folder: &Path, open: usize, clocks: usize, now: Timestamp) -> Result<Held, Failure> {
    let url = DatabaseUrl::file(folder.join("desk.db"));
    let store = DeskStore::open(&url, &Settings::default()).await?;
    let there: i64 = store.case_counts().await?.iter().map(|(_, count)| count).sum();
    let there = usize::try_from(there)?;
    let model = store.case_page(&[], None, 1).await?.pop().ok_or_else(|| Failure::new("a desk without a case"))?;
    let running = store.clocks_of(*model.id).await?.into_iter().find(|clock| clock.open == 1);
    let running = running.ok_or_else(|| Failure::new("a case without a clock"))?;
    let safe = case_key(folder)?;
    let plain = safe.open(model.id.as_bytes(), &model.body.0)?;
    let text = std::str::from_utf8(&plain)?;
    for first in (there..open).step_by(AT_ONCE) {
        let mut batch = DeskBatch::default();
        for number in first..open.min(first + AT_ONCE) {
            let id = any_case()?;
            let body = text.replace(&model.id.to_string(), &id.to_string());
            let mut row = model.clone();
            row.body = safe.seal(id.as_bytes(), body.as_bytes())?.into();
            (row.id, row.version) = (id.into(), 1);
            row.updated = now.0 - i64::try_from(number)?;
            row.created = row.updated;
            batch.put_case(row, None);
            batch.clocks.extend((0..clocks).map(|round| clock(&running, id, number * clocks + round, now)));
        }
        store.commit(&batch).await?;
    }
    store.close().await?;
    let started = Instant::now();
    let store = DeskStore::open(&url, &Settings::default()).await?;
    let next = store.next_clock().await?;
    let next_alarm_ms = started.elapsed().as_secs_f64() * 1e3;
    next.ok_or_else(|| Failure::new("no clock has anything to tell"))?;
    store.close().await?;
    Ok(Held { cases: open.max(there), clocks: open.saturating_sub(there) * clocks, next_alarm_ms })
}

/// The same clock for another case, which ends some time within a year.
fn clock(model: &ClockRow, case: CaseId, number: usize, now: Timestamp) -> ClockRow {
    let hours = i64::try_from(number).unwrap_or_default() % SPREAD_HOURS + 48;
    let due = now.0 + hours * HOUR_MS;
    let round = i64::try_from(number).unwrap_or_default();
    ClockRow { case_id: case.into(), round, next_at: Some(due - 24 * HOUR_MS), due, ..model.clone() }
}

/// The key under which a desk keeps its cases.
fn case_key(folder: &Path) -> Result<StorageKey, Failure> {
    let pem = fs::read_to_string(folder.join("storage.key.pem"))?;
    Ok(SigningKey::open(&pem, &passphrase(folder)?)?.storage_key("case")?)
}

fn any_case() -> Result<CaseId, Failure> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| Failure::new("the system gives no randomness"))?;
    Ok(CaseId::new(Builder::from_random_bytes(bytes).into_uuid().into_bytes()))
}
