//! The ledgers of a turn: the logs that we write, and the logs of others that we replicate and cosign.

use std::collections::BTreeMap;

use ledger::{Batch, Log, Objection, Origin, Replica, Row, SignedCheckpoint, StatementKind, StoredHashes, WitnessName};
use model::{Denial, Digest, EntryId, EnvelopeDigest, Fault, Malformed, PartyId};
use store::gateway::{CheckpointRow, LeafRow};

use super::{
    Committer, Growth,
    turn::{Turn, number},
};

/// The name of the log of a directed channel.
pub(crate) fn origin(home: PartyId, peer: PartyId) -> Result<Origin, Denial> {
    Origin::new(home, peer).map_err(|error: Malformed| Denial::failed(Fault::Malformed, error.to_string()))
}

/// What a turn learned from another gateway's log.
#[derive(Default)]
pub(super) struct Grown {
    /// The entries that its new leaves commit to.
    pub(super) entries: BTreeMap<(PartyId, EntryId), EnvelopeDigest>,
    pub(super) cosignature: Option<Vec<u8>>,
}

impl Committer {
    /// Brings the logs of a channel into memory.
    pub(super) async fn load_ledgers(&mut self, peer: PartyId) -> Result<(), Denial> {
        let own = self.gateway.own();
        if !self.logs.contains_key(&peer) {
            let log = self.load_log(&origin(own, peer)?.to_string()).await?;
            self.logs.insert(peer, log);
        }
        if !self.replicas.contains_key(&peer) {
            let origin = origin(peer, own)?;
            let log = self.load_log(&origin.to_string()).await?;
            let head = match self.gateway.store.checkpoint(&origin.to_string()).await? {
                Some(row) => Some(SignedCheckpoint::kept(&row.note.0, origin)?),
                None => None,
            };
            self.replicas.insert(peer, Replica::restore(origin, log, head)?);
        }
        Ok(())
    }

    /// Reads what it takes to judge a head of `home` that is older than what we hold: whether it is a part of it.
    pub(super) async fn load_past(&self, turn: &mut Turn, home: PartyId, growth: &Growth) -> Result<(), Denial> {
        let Some(replica) = self.replicas.get(&home) else { return Ok(()) };
        // A size that no log can have is told when the head is judged: it must not stop the works of others.
        let indexes = replica.indexes_needed(&growth.head).unwrap_or_default();
        if !indexes.is_empty() {
            let rows = self.rows(&origin(home, self.gateway.own())?.to_string(), indexes).await?;
            turn.past.insert((home, growth.head.checkpoint().size), rows);
        }
        Ok(())
    }

    async fn load_log(&self, origin: &str) -> Result<Log, Denial> {
        let size = u64::try_from(self.gateway.store.leaf_count(origin).await?).unwrap_or_default();
        Log::restore(size, &self.rows(origin, Log::indexes_needed(size)?).await?)
    }

    async fn rows(&self, origin: &str, indexes: Vec<u64>) -> Result<StoredHashes, Denial> {
        let wanted = indexes.iter().map(|index| number(*index)).collect::<Result<Vec<_>, _>>()?;
        let hashes = self.gateway.store.tree_hashes(origin, &wanted).await?;
        Ok(indexes.into_iter().zip(hashes).filter_map(|(index, hash)| hash.map(|hash| Row { index, hash })).collect())
    }

    /// Signs one head for each log that grew in this turn.
    pub(super) fn seal_logs(&self, turn: &mut Turn) -> Result<(), Denial> {
        for (peer, log) in &turn.logs {
            let origin = origin(self.gateway.own(), *peer)?;
            let head = log.head(origin).sign(&self.gateway.ledger_key)?;
            turn.batch.checkpoints.push(CheckpointRow {
                channel: origin.to_string(),
                size: number(log.size())?,
                note: head.note().to_vec().into(),
                cosigned: None,
            });
        }
        Ok(())
    }

    /// Replicates another gateway's new leaves, holds them against its signed head and cosigns.
    pub(super) fn grow(&self, turn: &mut Turn, home: PartyId, growth: &Growth) -> Result<Grown, Denial> {
        let origin = origin(home, self.gateway.own())?;
        let replica = turn.replicas.get(&home).or_else(|| self.replicas.get(&home)).cloned();
        let replica = replica.unwrap_or_else(|| Replica::new(origin));
        let mut grown = Grown::default();
        if growth.leaves.iter().any(|leaf| leaf.statement.leaf(&leaf.salt) != leaf.hash) {
            return Err(Denial::failed(Fault::Malformed, "a leaf is not the commitment to its statement"));
        }
        let hashes: Vec<_> = growth.leaves.iter().map(|leaf| leaf.hash).collect();
        let batch = Batch { first: growth.first, leaves: &hashes };
        let held = replica.size();
        let past = turn.past.remove(&(home, growth.head.checkpoint().size)).unwrap_or_default();
        let (next, rows) = replica.replicate(batch, &growth.head, &past).map_err(|objection| {
            if matches!(objection, Objection::Fork(_) | Objection::Unreconciled(_)) {
                telemetry::say!(Error, "the ledger of the peer contradicts what it signed before", party = home);
            }
            Denial::from(objection)
        })?;
        let head = &growth.head;
        let cosignature = head.cosign(WitnessName(self.gateway.own()), &self.gateway.ledger_key, turn.now)?;
        grown.cosignature = Some(cosignature.line().to_vec());
        if next.size() > held {
            // Only what the signed head covers and we did not hold is news; the rest was never looked at.
            for (_, leaf) in (growth.first..).zip(&growth.leaves).filter(|(index, _)| *index >= held) {
                if leaf.statement.kind == StatementKind::Entry {
                    grown.entries.insert((home, leaf.statement.entry), leaf.statement.envelope);
                }
            }
            self.keep_leaves(turn, &origin.to_string(), growth, held)?;
            turn.put_tree(&origin.to_string(), &rows)?;
            turn.batch.checkpoints.push(CheckpointRow {
                channel: origin.to_string(),
                size: number(next.size())?,
                note: head.note().to_vec().into(),
                cosigned: Some(head.with(&cosignature).into()),
            });
            turn.replicas.insert(home, next);
        }
        Ok(grown)
    }

    fn keep_leaves(&self, turn: &mut Turn, origin: &str, growth: &Growth, held: u64) -> Result<(), Denial> {
        for (index, leaf) in (growth.first..).zip(&growth.leaves).filter(|(index, _)| *index >= held) {
            turn.batch.leaves.push(LeafRow {
                channel: origin.to_owned(),
                idx: number(index)?,
                hash: leaf.hash.0.into(),
                salt: Some(Digest::new(leaf.salt.0).into()),
                entry_id: Some(leaf.statement.entry.into()),
                statement: leaf.statement.encode().to_vec().into(),
            });
        }
        Ok(())
    }

    /// How many leaves of `home`'s log we hold.
    pub(super) fn leaves_held(&self, turn: &Turn, home: PartyId) -> u64 {
        turn.replicas.get(&home).or_else(|| self.replicas.get(&home)).map_or(0, Replica::size)
    }
}
