//! What the operator sees of the log of heads.

use ledger::{Cosignature, Origin};
use model::Denial;
use proto::operator::{Stamp, Tick, Witnessed};

use crate::gateway::Gateway;

/// Leaves that are told at once, at most.
const TICKS_MAX: u32 = 1000;
/// Tokens that are told at once, at most: each has some kilobytes.
const STAMPS_MAX: u32 = 31;

/// The newest leaves, newest first, each with those who cosigned a head over it.
pub(crate) async fn told(gateway: &Gateway, limit: u32) -> Result<Vec<Tick>, Denial> {
    let log = Origin::heads(gateway.own()).to_string();
    let mut ticks = Vec::new();
    for row in gateway.store.newest_musters(u64::from(limit.min(TICKS_MAX))).await? {
        let cosigned = gateway.store.cosigned_over(&log, row.idx).await?.and_then(|row| row.cosigned);
        let named = cosigned.map_or(Ok(Vec::new()), |note| Cosignature::named_in(&note.0))?;
        let witnessed = named.into_iter().map(|(witness, time_s)| Witnessed {
            party: witness.0.to_string(),
            at_ms: i64::try_from(time_s).unwrap_or_default().saturating_mul(1000),
        });
        ticks.push(Tick { index: row.idx.unsigned_abs(), at_ms: row.at, witnessed: witnessed.collect() });
    }
    Ok(ticks)
}

/// The newest time-stamped heads, newest first.
pub(crate) async fn stamps(gateway: &Gateway, limit: u32) -> Result<Vec<Stamp>, Denial> {
    let rows = gateway.store.newest_stamps(u64::from(limit.min(STAMPS_MAX))).await?;
    let stamp = |row: store::gateway::StampRow| Stamp {
        size: row.size.unsigned_abs(),
        at_ms: row.at,
        note: row.note.0.into(),
        token: row.token.0.into(),
    };
    Ok(rows.into_iter().map(stamp).collect())
}
