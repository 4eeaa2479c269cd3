//! Which time-stamps date the leaves of a channel's log, with all that leads from a token to these leaves.

use ledger::{ConsistencyProof, Origin, TimedHead};
use model::{Denial, Fault, PartyId};
use store::gateway::GatewayStore;

use super::proof::{muster, opened};
use crate::published;

/// Time-stamps of one case, at most: the first of each day on which it grew, for longer than a case lasts.
const STAMPS_MAX: usize = 1000;

/// A token, and what it dates.
pub(crate) struct Stamped {
    /// The head of the channel under the stamped head of the log of heads; its note is what was stamped.
    pub(crate) timed: TimedHead,
    /// From that head of the channel to the one that is asked about.
    pub(crate) consistency: ConsistencyProof,
    /// The token, DER.
    pub(crate) token: Vec<u8>,
}

/// For each of `leaves` (ascending) of `log` the first time-stamp over it, each once, as far as there is one under the head of `size`.
pub(crate) async fn stamped(
    store: &GatewayStore,
    own: PartyId,
    log: Origin,
    size: u64,
    leaves: &[u64],
) -> Result<Vec<Stamped>, Denial> {
    let stamps = store.stamp_sizes().await?;
    let mut found: Vec<Stamped> = Vec::new();
    let mut from = 0;
    for leaf in leaves.iter().copied().filter(|leaf| *leaf < size) {
        if found.last().is_some_and(|stamped| stamped.timed.head().is_ok_and(|head| head.size > leaf)) {
            continue;
        }
        let (mut low, mut high) = (from, stamps.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let covers = covered(store, own, log, stamps[middle]).await? > leaf;
            if covers { high = middle } else { low = middle + 1 }
        }
        let Some(stamp) = stamps.get(low) else { break };
        from = low + 1;
        let one = stamped_at(store, own, log, size, *stamp).await?;
        found.extend(one);
        if found.len() == STAMPS_MAX {
            break;
        }
    }
    Ok(found)
}

/// How many leaves of `log` the stamped head of `stamp` leaves covers: heads only grow.
async fn covered(store: &GatewayStore, own: PartyId, log: Origin, stamp: i64) -> Result<u64, Denial> {
    let row = store.muster(stamp - 1).await?;
    let head = row.map(|row| muster(own, row)).transpose()?.and_then(|muster| muster.head(log).copied());
    Ok(head.map_or(0, |head| head.size))
}

/// `None` where it is over a head that is newer than the one that both signed.
async fn stamped_at(
    store: &GatewayStore,
    own: PartyId,
    log: Origin,
    size: u64,
    stamp: i64,
) -> Result<Option<Stamped>, Denial> {
    let lost = || Denial::failed(Fault::Storage, "a time-stamped head has lost what it covers");
    let row = store.stamp(stamp).await?.ok_or_else(lost)?;
    let timed = opened(store, own, Some(log), stamp - 1, row.note.0).await?.ok_or_else(lost)?;
    let old = timed.head()?.size;
    if old > size {
        return Ok(None);
    }
    let rows = published::rows(store, &log.to_string(), ConsistencyProof::indexes_needed(old, size)?).await?;
    Ok(Some(Stamped { timed, consistency: ConsistencyProof::prove(old, size, &rows)?, token: row.token.0 }))
}
