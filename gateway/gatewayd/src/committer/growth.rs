//! The ledgers of a turn: the logs that we write, and the logs of others that we replicate and cosign.

use std::collections::BTreeMap;

use casefile::{Evidence, Unshown};
use ledger::{
    Batch, Cosignature, Heads, LeafHash, Log, Objection, Origin, Replica, Row, SignedCheckpoint, Statement,
    StatementKind, StoredHashes, WitnessName,
};
use model::{
    Denial, Digest, EntryId, Fault, Malformed, PartyId, Timestamp,
    limits::{CLOCK_AHEAD_MS_MAX, CLOCK_APART_MS_MAX},
};
use store::gateway::{CheckpointRow, LeafRow};

use super::{
    Committer, Growth, Moments,
    turn::{Leafed, Turn, number},
};
use crate::misconduct;

/// How far an entry's leaf may be dated before one that stands before it without a word: two clocks' skew. A log is written as things happen.
const BACK_UNTOLD_MS_MAX: i64 = 2 * CLOCK_AHEAD_MS_MAX;
/// How far at all: a clock that was as far ahead as we let it be was put right. Nothing rests on a leaf's moment but the order that it says.
const BACK_MS_MAX: i64 = CLOCK_APART_MS_MAX + BACK_UNTOLD_MS_MAX;
/// Among so many leaves at the end of a log the newest moment is looked for.
const LAST_LEAVES: u64 = 64;

/// The name of the log of a directed channel.
pub(crate) fn origin(home: PartyId, peer: PartyId) -> Result<Origin, Denial> {
    Origin::new(home, peer).map_err(|error: Malformed| Denial::failed(Fault::Malformed, error.to_string()))
}

/// What a turn learned from another gateway's log.
#[derive(Default)]
pub(super) struct Grown {
    /// The entries that its new leaves commit to.
    pub(super) entries: BTreeMap<(PartyId, EntryId), Leafed>,
    pub(super) cosignature: Option<Vec<u8>>,
    /// Why there is none.
    pub(super) withheld: Option<String>,
}

impl Grown {
    fn withheld(why: impl Into<String>) -> Self {
        Self { withheld: Some(why.into()), ..Self::default() }
    }
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
            let moments = self.load_moments(&origin.to_string(), log.size()).await?;
            self.moments.insert(peer, moments);
            self.replicas.insert(peer, Replica::restore(origin, log, head)?);
        }
        Ok(())
    }

    async fn load_moments(&self, origin: &str, size: u64) -> Result<Moments, Denial> {
        let own = WitnessName(self.gateway.own());
        let last = self.gateway.store.cosigned_checkpoint(origin).await?.and_then(|row| row.cosigned);
        let named = last.map(|note| Cosignature::named_in(&note.0)).transpose()?.unwrap_or_default();
        let seconds = named.iter().filter(|(name, _)| *name == own).map(|(_, seconds)| *seconds).max();
        let leaves = self.gateway.store.leaves(origin, number(size.saturating_sub(LAST_LEAVES))?, LAST_LEAVES).await?;
        let statements = leaves.iter().filter_map(|leaf| Statement::decode(&leaf.statement.0).ok());
        let entered = statements.filter(|one| one.kind == StatementKind::Entry).map(|one| one.at).max();
        let cosigned = Timestamp(i64::try_from(seconds.unwrap_or_default()).unwrap_or_default().saturating_mul(1000));
        Ok(Moments { cosigned, entered: entered.unwrap_or(Timestamp(0)) })
    }

    /// Reads since when `home` keeps out of its log what is to be there.
    pub(super) async fn load_overdue(&mut self, turn: &mut Turn, home: PartyId) -> Result<(), Denial> {
        let log = origin(home, self.gateway.own())?.to_string();
        let Some(awaited) = &mut self.awaited else { return Ok(()) };
        let oldest = awaited.oldest(&self.gateway.store, home, &log).await?.map(Timestamp);
        let overdue = oldest.filter(|at| at.plus_ms(self.gateway.receipt_leaf_ms) < turn.now);
        turn.overdue.insert(home, overdue);
        Ok(())
    }

    /// Reads what it takes to judge a head of `home`: whether an older one is a part of what we hold, whether leaves that overlap with it
    /// are another past, and under which heads an operator lets leaves pass that are dated back.
    pub(super) async fn load_past(&mut self, turn: &mut Turn, home: PartyId, growth: &Growth) -> Result<(), Denial> {
        let Some(replica) = self.replicas.get(&home) else { return Ok(()) };
        let log = origin(home, self.gateway.own())?.to_string();
        let hashes = growth.hashes();
        let batch = Batch { first: growth.first, leaves: &hashes };
        // A size that no log can have is told when the head is judged: it must not stop the works of others.
        let mut indexes = replica.indexes_needed(&growth.head).unwrap_or_default();
        indexes.extend(replica.indexes_to_expose(batch, &growth.head).unwrap_or_default());
        if !indexes.is_empty() {
            let rows = self.rows(&log, indexes).await?;
            turn.past.insert((home, growth.head.checkpoint().size), rows);
        }
        let (held, entered) = (replica.size(), self.moments.get(&home).map_or(Timestamp(0), |moments| moments.entered));
        if growth.furthest_back(held, held, entered).is_some_and(|back| back > BACK_MS_MAX) {
            let shown = misconduct::let_pass(&self.gateway, origin(home, self.gateway.own())?).await?;
            turn.forgiven.insert(home, shown);
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
            let head = log.head(origin).sign(&self.gateway.signs_heads())?;
            turn.batch.checkpoints.push(CheckpointRow {
                channel: origin.to_string(),
                size: number(log.size())?,
                note: head.note().to_vec().into(),
                cosigned: None,
            });
        }
        Ok(())
    }

    /// Replicates another gateway's new leaves, holds them against its signed head and cosigns. An older head, or leaves that begin
    /// behind what we hold, are told and not cosigned; what contradicts is kept as evidence.
    pub(super) fn grow(&self, turn: &mut Turn, home: PartyId, growth: &Growth) -> Result<Grown, Denial> {
        let origin = origin(home, self.gateway.own())?;
        let replica = turn.replicas.get(&home).or_else(|| self.replicas.get(&home)).cloned();
        let replica = replica.unwrap_or_else(|| Replica::new(origin));
        if growth.leaves.iter().any(|leaf| leaf.statement.leaf(&leaf.salt) != leaf.hash) {
            return Err(Denial::failed(Fault::Malformed, "a leaf is not the commitment to its statement"));
        }
        let hashes = growth.hashes();
        let batch = Batch { first: growth.first, leaves: &hashes };
        let held = replica.size();
        let head = &growth.head;
        if growth.first > held && head.checkpoint().size > held {
            return Ok(Grown::withheld(format!("the leaves from {held} on are missing here")));
        }
        let past = turn.past.remove(&(home, head.checkpoint().size)).unwrap_or_default();
        let (next, rows) = match replica.replicate(batch, head, &past) {
            Ok(followed) => followed,
            Err(Objection::Older(heads)) => return Ok(self.refuse_older(home, &heads)),
            Err(objection) => return Err(self.object(turn, &replica, batch, head, (&past, objection))),
        };
        let mut grown = Grown::default();
        let entered = self.check_moments(turn, home, growth, &replica)?;
        if next.size() > held {
            // Only what the signed head covers and we did not hold is news; the rest was never looked at.
            for (index, leaf) in (growth.first..).zip(&growth.leaves).filter(|(index, _)| *index >= held) {
                let statement = leaf.statement;
                if statement.kind == StatementKind::Entry {
                    grown.entries.insert((home, statement.entry), Leafed { index, statement });
                }
                turn.awaits.leafed.push((home, statement));
            }
            self.keep_leaves(turn, &origin.to_string(), growth, held)?;
            turn.put_tree(&origin.to_string(), &rows)?;
            turn.replicas.insert(home, next);
        }
        self.vouch(turn, head, entered, &mut grown)?;
        Ok(grown)
    }

    /// Cosigns a head that is followed now; not while its home keeps receipts of ours out.
    fn vouch(
        &self,
        turn: &mut Turn,
        head: &SignedCheckpoint,
        entered: Timestamp,
        grown: &mut Grown,
    ) -> Result<(), Denial> {
        let checkpoint = head.checkpoint();
        let home = checkpoint.origin.home();
        let before = turn.moments.get(&home).or_else(|| self.moments.get(&home));
        let mut moments = Moments { cosigned: before.map_or(Timestamp(0), |moments| moments.cosigned), entered };
        let mut cosigned = None;
        match turn.is_overdue(home) {
            Some(since) => {
                let why = overdue(since, checkpoint.origin);
                self.gateway.trust.note_overdue(home, Some(&why));
                grown.withheld = Some(why);
            }
            None => {
                let at = turn.now.max(moments.cosigned);
                let cosignature = head.cosign(WitnessName(self.gateway.own()), &self.gateway.signs_heads(), at)?;
                moments.cosigned = at;
                self.gateway.trust.note_overdue(home, None);
                cosigned = Some(head.with(&cosignature).into());
                grown.cosignature = Some(cosignature.line().to_vec());
            }
        }
        turn.moments.insert(home, moments);
        turn.batch.checkpoints.push(CheckpointRow {
            channel: checkpoint.origin.to_string(),
            size: number(checkpoint.size)?,
            note: head.note().to_vec().into(),
            cosigned,
        });
        Ok(())
    }

    /// A witness never goes back. That a call of before came late looks the same, so that it is told and nothing more.
    fn refuse_older(&self, home: PartyId, heads: &Heads) -> Grown {
        let held = heads.held.as_ref().map_or(0, |held| held.checkpoint().size);
        let shown = heads.shown.checkpoint().size;
        let why = format!("a head of {shown} leaves was shown, and one of {held} before");
        telemetry::say!(Warn, "a head that is older than what is held was not cosigned", party = home);
        self.gateway.trust.note_trouble(home, Some(format!("not cosigned: {why}: was its database restored?")));
        Grown::withheld(why)
    }

    /// What a head is objected to, with what it proves kept as evidence.
    fn object(
        &self,
        turn: &mut Turn,
        replica: &Replica,
        batch: Batch<'_>,
        head: &SignedCheckpoint,
        (past, objection): (&StoredHashes, Objection),
    ) -> Denial {
        let origin = head.checkpoint().origin;
        let evidence = match &objection {
            Objection::Fork(fork) => Some(Evidence::Fork(origin, (**fork).clone())),
            Objection::Unreconciled(heads) => Some(match replica.expose(batch, head, past) {
                Ok(Some(fork)) => Evidence::Fork(origin, fork),
                Ok(None) | Err(_) => Evidence::Unreconciled(origin, unshown(heads.held.as_ref(), &heads.shown)),
            }),
            Objection::Denied(_) | Objection::Older(_) => None,
        };
        if let Some(evidence) = evidence {
            telemetry::say!(Error, "the ledger of the peer contradicts what it signed before", party = origin.home());
            self.accuse(turn, &evidence);
        }
        objection.into()
    }

    /// The newest moment of an entry's leaf, with those of `growth`. None of them is in the future, and none is dated back behind those that
    /// stand before it, but under a head that an operator was shown and let pass. No word of theirs is on what was written after that.
    fn check_moments(
        &self,
        turn: &mut Turn,
        home: PartyId,
        growth: &Growth,
        replica: &Replica,
    ) -> Result<Timestamp, Denial> {
        let before = turn.moments.get(&home).or_else(|| self.moments.get(&home));
        // A moment that is not to come for hours was taken by a clock of ours that was wrong: it is no measure.
        let late = turn.now.plus_ms(CLOCK_APART_MS_MAX);
        let entered = before.map_or(Timestamp(0), |moments| moments.entered).min(late);
        let (held, passed) = (replica.size(), self.passed(turn, growth, replica));
        let newest = growth.entries_from(held).map(|(_, statement)| statement.at).max().unwrap_or(entered);
        if newest > late {
            return Err(Denial::failed(Fault::PeerUnreachable, "a leaf is dated in the future, by our clock"));
        }
        let Some(back) = growth.furthest_back(held, passed, entered).filter(|back| *back > BACK_UNTOLD_MS_MAX) else {
            return Ok(entered.max(newest));
        };
        if back <= BACK_MS_MAX {
            telemetry::say!(
                Warn,
                "the peer's clock was put back: its leaves are dated before those of before",
                party = home
            );
            let why =
                format!("its clock was put back by about {} min: it was ahead before, or is behind now", back / 60_000);
            self.gateway.trust.note_trouble(home, Some(why));
            // What stands before stays the newest, so that small steps back do not add up.
            return Ok(entered.max(newest));
        }
        let heads = unshown(replica.head(), &growth.head);
        self.accuse(turn, &Evidence::Backdated(growth.head.checkpoint().origin, heads));
        Err(Denial::failed(Fault::ChannelNotOpen, "a leaf is dated before those that stand before it"))
    }

    /// Up to which leaf an operator lets pass what is dated back: the end of a head that was shown to them, where these leaves lead to it.
    fn passed(&self, turn: &Turn, growth: &Growth, replica: &Replica) -> u64 {
        let Some(shown) = turn.forgiven.get(&growth.head.checkpoint().origin.home()) else { return 0 };
        let hashes = growth.hashes();
        let leads = |shown: &&SignedCheckpoint| {
            let count = shown.checkpoint().size.checked_sub(growth.first).and_then(|count| usize::try_from(count).ok());
            let leaves = count.and_then(|count| hashes.get(..count));
            let followed = leaves.map(|leaves| {
                replica.replicate(Batch { first: growth.first, leaves }, shown, &StoredHashes::default())
            });
            matches!(followed, Some(Ok(_)))
        };
        shown.iter().filter(leads).map(|shown| shown.checkpoint().size).max().unwrap_or_default()
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

impl Growth {
    fn hashes(&self) -> Vec<LeafHash> {
        self.leaves.iter().map(|leaf| leaf.hash).collect()
    }

    /// The statements of entries from the leaf `held` on, each with its place.
    pub(super) fn entries_from(&self, held: u64) -> impl Iterator<Item = (u64, &Statement)> {
        let news = (self.first..).zip(&self.leaves).filter(move |(index, _)| *index >= held);
        news.map(|(index, leaf)| (index, &leaf.statement)).filter(|(_, one)| one.kind == StatementKind::Entry)
    }

    /// By how much an entry from the leaf `from` on is dated before one that stands before it, of which the newest that is held, of `held`
    /// leaves, is of `entered`: the most of all, in milliseconds. `None` where there is no entry.
    fn furthest_back(&self, held: u64, from: u64, entered: Timestamp) -> Option<i64> {
        let mut newest = entered;
        let back = self.entries_from(held).filter_map(|(index, statement)| {
            newest = newest.max(statement.at);
            (index >= from).then(|| newest.0.saturating_sub(statement.at.0))
        });
        back.max()
    }
}

/// What a home is told, and its operator's peer, of what is missing in its log.
pub(crate) fn overdue(since: Timestamp, log: Origin) -> String {
    format!("what was to be in {log} since {since} has no leaf there: our receipts, or our entries that were taken")
}

/// Two heads, as their home signed them.
fn unshown(held: Option<&SignedCheckpoint>, shown: &SignedCheckpoint) -> Unshown {
    let held = held.map(|held| held.note().to_vec()).unwrap_or_default();
    Unshown { held, shown: shown.note().to_vec() }
}
