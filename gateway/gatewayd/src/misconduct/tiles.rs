//! A home that does not show how its heads follow from each other is asked for the tiles of the newer one: where it still publishes them, they
//! prove that it had another past.

use std::{collections::BTreeMap, time::Duration};

use casefile::{Evidence, Unshown};
use ledger::{Fork, Origin, Resource, SignedCheckpoint, Tile};
use model::{Denial, Fault, PartyId};
use proto::peer::{ReadLedgerRequest, peer_service_client::PeerServiceClient};
use tokio::time::timeout;

use super::report;
use crate::gateway::Gateway;

/// How long the other gateway may take for a tile.
const PATIENCE: Duration = Duration::from_secs(10);
/// A tile, at most.
const TILE_BYTES_MAX: usize = 256 * 32;

/// Looks for the proof of what is kept of `party` as unreconciled, and keeps it beside.
///
/// # Errors
/// Where its gateway does not show the tiles.
pub(super) async fn prove(gateway: &Gateway, party: PartyId) -> Result<(), Denial> {
    let kept: Vec<Evidence> = gateway
        .store
        .misconduct_of(party)
        .await?
        .iter()
        .filter(|row| row.settled.is_none())
        .filter_map(|row| Evidence::parse(&row.evidence).ok())
        .collect();
    for evidence in &kept {
        let Evidence::Unreconciled(log, heads) = evidence else { continue };
        let proves =
            |one: &Evidence| matches!(one, Evidence::Fork(of, fork) if of == log && fork.larger == heads.shown);
        if kept.iter().any(proves) {
            continue;
        }
        if let Some(fork) = exposed(gateway, *log, heads).await? {
            report(gateway, vec![Evidence::Fork(*log, fork)]).await?;
        }
    }
    Ok(())
}

async fn exposed(gateway: &Gateway, log: Origin, heads: &Unshown) -> Result<Option<Fork>, Denial> {
    let [held, shown] = [&heads.held, &heads.shown].map(|note| SignedCheckpoint::kept(note, log));
    let (held, shown) = (held?, shown?);
    let mut tiles = BTreeMap::new();
    for tile in shown.checkpoint().tiles_needed(held.checkpoint().size)? {
        tiles.insert(tile, read(gateway, log, tile).await?);
    }
    Ok(Fork::in_tiles(&shown, &held, |tile| tiles.get(&tile).cloned()))
}

async fn read(gateway: &Gateway, log: Origin, tile: Tile) -> Result<Vec<u8>, Denial> {
    let unreachable = |detail: &str| Denial::failed(Fault::PeerUnreachable, detail);
    let channel = gateway.trust.connection(log.home()).ok_or_else(|| unreachable("there is no connection to it"))?;
    let request = ReadLedgerRequest { log: log.to_string(), path: Resource::Hashes(tile).to_string() };
    let mut client = PeerServiceClient::new(channel);
    let answer = timeout(PATIENCE, client.read_ledger(request)).await;
    let answer = answer.map_err(|_| unreachable("it does not answer"))?;
    let content = answer.map_err(|status| proto::status::to_denial(&status))?.into_inner().content;
    if content.len() > TILE_BYTES_MAX { Err(unreachable("more than a tile can hold")) } else { Ok(content.to_vec()) }
}
