//! A log as others read it [C2SP tlog-tiles]: files under paths, computed from what is kept. Entries are salted commitments; no statement
//! and no salt leaves this way.

use ledger::{LeafSalt, Origin, Resource, Row, StoredHashes, Tile, commitment};
use model::{Denial, Fault};
use store::gateway::{CheckpointRow, GatewayStore};

use crate::trust::Snapshot;

/// What `path` of a log holds: the newest head that both gateways signed (the newest head where they have signed none together), a tile
/// or a bundle of entries. `Malformed` for what is no path, `Unknown` for what the log does not have.
pub(crate) async fn read(store: &GatewayStore, log: Origin, path: &str) -> Result<Vec<u8>, Denial> {
    let resource: Resource =
        path.parse().map_err(|error: model::Malformed| Denial::failed(Fault::Malformed, error.to_string()))?;
    let name = log.to_string();
    let content = match resource {
        Resource::Checkpoint => newest(store, &name).await?.map(|row| row.cosigned.unwrap_or(row.note).0),
        Resource::Hashes(tile) => hashes(store, &name, tile).await?,
        Resource::Entries(tile) => entries(store, &name, tile).await?,
    };
    content.ok_or_else(|| Denial::failed(Fault::Unknown, format!("there is no {path} of {name} here")))
}

/// The keys by which foreign tools verify the signatures of the log's two parties, as far as their directories are known
/// [C2SP signed-note].
pub(crate) fn verifier_keys(trust: &Snapshot, log: Origin) -> Vec<String> {
    let witness = ledger::WitnessName(log.peer());
    let home = trust.store.head_key(log.home());
    let peer = trust.store.head_key(log.peer()).filter(|_| !log.is_heads());
    let first = [home.as_ref().map(|key| key.to_vkey(log, false)), peer.as_ref().map(|key| key.to_vkey(witness, true))];
    let second = |key: Option<&ledger::LedgerKey>, name: String| Some(key?.second()?.to_vkey(name));
    let second = [second(home.as_ref(), log.to_string()), second(peer.as_ref(), witness.to_string())];
    first.into_iter().chain(second).flatten().collect()
}

async fn newest(store: &GatewayStore, log: &str) -> Result<Option<CheckpointRow>, Denial> {
    match store.cosigned_checkpoint(log).await? {
        Some(cosigned) => Ok(Some(cosigned)),
        None => Ok(store.checkpoint(log).await?),
    }
}

async fn hashes(store: &GatewayStore, log: &str, tile: Tile) -> Result<Option<Vec<u8>>, Denial> {
    let indexes = tile.indexes_needed();
    let rows = rows(store, log, indexes.clone()).await?;
    if indexes.into_iter().any(|index| rows.at(index).is_none()) {
        return Ok(None);
    }
    tile.encode(&rows).map(Some)
}

/// The stored hashes of a log at `indexes`, as far as they are there.
pub(crate) async fn rows(store: &GatewayStore, log: &str, indexes: Vec<u64>) -> Result<StoredHashes, Denial> {
    let wanted: Vec<i64> = indexes.iter().filter_map(|index| i64::try_from(*index).ok()).collect();
    let found = store.tree_hashes(log, &wanted).await?;
    Ok(indexes.into_iter().zip(found).filter_map(|(index, hash)| Some(Row { index, hash: hash? })).collect())
}

async fn entries(store: &GatewayStore, log: &str, tile: Tile) -> Result<Option<Vec<u8>>, Denial> {
    let Ok(first) = i64::try_from(tile.first()) else { return Ok(None) };
    let leaves = store.leaves(log, first, u64::from(tile.width())).await?;
    let entry = |leaf: store::gateway::LeafRow| {
        leaf.salt.map(|salt| commitment(&LeafSalt(*salt.0.as_bytes()), &leaf.statement.0))
    };
    match leaves.into_iter().map(entry).collect::<Option<Vec<_>>>() {
        Some(entries) if entries.len() == usize::from(tile.width()) => tile.bundle(&entries).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeMap;

    use ledger::{Checkpoint, LeafHash, Log};
    use model::Digest;
    use store::{
        DatabaseUrl, Settings,
        gateway::{Batch, LeafRow, TreeHashRow},
    };

    use super::*;

    const LEAVES: u16 = 300;

    /// A log of 300 leaves in a database of its own.
    async fn kept(folder: &tempfile::TempDir) -> (GatewayStore, Checkpoint) {
        let url = DatabaseUrl::file(folder.path().join("gateway.db"));
        let store = GatewayStore::open(&url, &Settings::default()).await.unwrap();
        let origin: Origin = "rogatory.internal/jp/fr".parse().unwrap();
        let (mut log, mut batch) = (Log::default(), Batch::default());
        for n in 0..LEAVES {
            let (salt, statement) = (LeafSalt([n.to_be_bytes()[1]; 32]), n.to_be_bytes().to_vec());
            let hash = LeafHash::of(commitment(&salt, &statement).as_bytes());
            let (next, rows) = log.append(&[hash]).unwrap();
            let tree = rows.into_iter().map(|row| TreeHashRow {
                channel: origin.to_string(),
                idx: i64::try_from(row.index).unwrap(),
                hash: row.hash.into(),
            });
            batch.tree_hashes.extend(tree);
            batch.leaves.push(LeafRow {
                channel: origin.to_string(),
                idx: i64::from(n),
                hash: hash.0.into(),
                salt: Some(Digest::new(salt.0).into()),
                entry_id: None,
                statement: statement.into(),
            });
            log = next;
        }
        store.commit(&batch).await.unwrap();
        (store, log.head(origin))
    }

    #[tokio::test]
    async fn what_is_read_leads_to_the_head_and_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let (store, head) = kept(&folder).await;
        let mut files = BTreeMap::new();
        for tile in Tile::added(0, head.size).unwrap() {
            let path = Resource::Hashes(tile).to_string();
            files.insert(tile, read(&store, head.origin, &path).await.unwrap());
        }
        let root = head.root_in_tiles(head.size, |tile| files.get(&tile).cloned()).unwrap();
        assert_eq!(root, head.root);
        for tile in Tile::added(0, head.size).unwrap().filter(|tile| tile.level() == 0) {
            let bundle = read(&store, head.origin, &Resource::Entries(tile).to_string()).await.unwrap();
            tile.check_bundle(&bundle, &files[&tile]).unwrap();
        }
    }

    #[tokio::test]
    async fn what_a_log_does_not_have_is_unknown_and_what_is_no_path_malformed() {
        let folder = tempfile::tempdir().unwrap();
        let (store, head) = kept(&folder).await;
        let wrong = ["checkpoint", "tile/0/001", "tile/0/001.p/45", "tile/entries/001", "tile/1/000.p/2", "tile/3/000"];
        for path in wrong {
            assert_eq!(read(&store, head.origin, path).await.unwrap_err().reason(), "UNKNOWN", "{path}");
        }
        assert_eq!(read(&store, head.origin, "tile/0/../000").await.unwrap_err().reason(), "MALFORMED");
        let reversed = Origin::new(head.origin.peer(), head.origin.home()).unwrap();
        assert_eq!(read(&store, reversed, "tile/0/000").await.unwrap_err().reason(), "UNKNOWN");
    }
}
