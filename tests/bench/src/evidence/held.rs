//! What a gateway's database holds of some entries, and the turns of its committer that wrote it: all rows of one turn bear its moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use ledger::{LeafHash, Log, Origin, Row, Statement, StatementKind, StoredHashes};
use model::{AuthorityId, Digest, EntryId, PartyId, ReceiptKind, SignedReceipt};
use store::{
    Blob, DatabaseUrl, Settings,
    gateway::{
        Acknowledgement, AwaitedRow, Batch, CaseFileRow, CheckpointRow, DeliveryRow, EntryRow, GatewayStore, LeafRow,
        NewDelivery, NewOutbox, NewReceipt, TreeHashRow,
    },
};
use tonic_prost::prost::Message;

use crate::failure::Failure;

/// Rows that are read at once.
const PAGE: u64 = 2000;
/// The numbers of outbox rows in `gatewayd`'s committer: an entry, and the receipt of its retrieval.
pub(super) const ENTRY: i16 = 1;
pub(super) const RECEIPT: i16 = 2;
/// For how long a receipt is awaited before it gets a row (`committer/awaited.rs`).
const SOON_MS: i64 = 10_000;

/// What a gateway holds of the entries.
pub(super) struct Held {
    pub(super) own: PartyId,
    pub(super) other: PartyId,
    pub(super) entries: BTreeMap<EntryId, EntryRow>,
    pub(super) cases: Vec<CaseFileRow>,
    /// Oldest first.
    pub(super) receipts: Vec<Kept>,
    pub(super) deliveries: Vec<DeliveryRow>,
    pub(super) log: Stretch,
}

/// A receipt, and when it was kept.
pub(super) struct Kept {
    pub(super) at: i64,
    pub(super) signed: SignedReceipt,
    /// As it is in the database.
    pub(super) bytes: Blob,
    leaf: Option<i64>,
}

/// A part of the home's log, from the first leaf that speaks of the entries to its end.
pub(super) struct Stretch {
    pub(super) origin: Origin,
    /// The log before it.
    pub(super) before: Log,
    pub(super) leaves: Vec<(LeafRow, Statement)>,
    pub(super) heads: Vec<CheckpointRow>,
}

/// A head, and the leaves that are new under it.
pub(super) struct Growth<'a> {
    pub(super) head: &'a CheckpointRow,
    pub(super) leaves: &'a [(LeafRow, Statement)],
}

impl Held {
    /// Reads what the gateway in `dir` holds, while it runs.
    pub(super) async fn read(
        dir: &Path,
        desk: &AuthorityId,
        [home, peer]: [PartyId; 2],
        ids: &[EntryId],
    ) -> Result<Self, Failure> {
        let url = DatabaseUrl::Sqlite { path: dir.join("gateway/gateway.db"), read_only: true };
        let store = GatewayStore::open(&url, &Settings::default()).await?;
        let entries: BTreeMap<_, _> = store.entries(ids).await?.into_iter().map(|row| (*row.id, row)).collect();
        let mut cases: Vec<_> = entries.values().map(|row| *row.case_id).collect();
        cases.sort_unstable();
        cases.dedup();
        let mut receipts = Vec::new();
        for row in store.receipts_by_kind(ids, &ReceiptKind::ALL).await? {
            receipts.push(Kept { at: row.at, signed: decoded(&row.bytes)?, bytes: row.bytes, leaf: row.leaf });
        }
        let mut deliveries: Vec<DeliveryRow> = Vec::new();
        let mut cursor = 0;
        loop {
            let page = store.deliveries_after(desk, cursor, PAGE).await?;
            let Some(last) = page.last() else { break };
            cursor = last.cursor;
            deliveries.extend(page.into_iter().filter(|row| entries.contains_key(&*row.entry_id)));
        }
        let (own, other) = if desk.party() == home { (home, peer) } else { (peer, home) };
        let cases = store.case_files(&cases).await?;
        let log = Stretch::read(&store, Origin::new(home, peer)?, ids).await?;
        store.close().await?;
        Ok(Self { own, other, entries, cases, receipts, deliveries, log })
    }

    /// What each turn wrote, by its moment. Verdicts and case files are the same with evidence and without, and left out.
    pub(super) fn turns(&self) -> Result<BTreeMap<i64, Batch>, Failure> {
        let mut turns = BTreeMap::<i64, Batch>::new();
        for row in self.entries.values() {
            let turn = turns.entry(row.admitted_at).or_default();
            turn.entries.push(row.clone());
            if row.sender.party() == self.own {
                turn.outbox.push(self.outbox(ENTRY, *row.id, row.expires));
            }
        }
        for row in &self.deliveries {
            turns.entry(row.at).or_default().deliveries.push(NewDelivery {
                desk: row.desk.0.clone(),
                kind: row.kind,
                entry: *row.entry_id,
                receipt: row.receipt.clone(),
                at: row.at,
                trace: row.trace.clone(),
            });
            if let (Some(at), Some(ack)) = (row.acknowledged_at, row.ack.clone()) {
                let taken = Acknowledgement { desk: row.desk.0.clone(), cursor: row.cursor, ack, at };
                turns.entry(at).or_default().acknowledgements.push(taken);
            }
        }
        for kept in &self.receipts {
            let (receipt, bytes) = (&kept.signed.receipt, kept.bytes.clone());
            let turn = turns.entry(kept.at).or_default();
            turn.receipts.push(NewReceipt {
                entry: receipt.entry,
                kind: receipt.kind,
                bytes,
                at: kept.at,
                leaf: kept.leaf,
            });
            if receipt.by == self.own && receipt.kind == ReceiptKind::Retrieval {
                turn.outbox.push(self.outbox(RECEIPT, receipt.entry, i64::MAX));
            }
        }
        let leafed = self.grow(&mut turns)?;
        self.wait(&mut turns, &leafed);
        Ok(turns)
    }

    /// Lays the rows of receipts whose leaves did not come soon to the turns that wrote them, and that deleted them when they came.
    fn wait(&self, turns: &mut BTreeMap<i64, Batch>, leafed: &BTreeMap<Digest, i64>) {
        let ours = |kept: &&Kept| kept.signed.receipt.by == self.own && kept.signed.receipt.kind.stage() > 0;
        let moments: Vec<i64> = turns.keys().copied().collect();
        for kept in self.receipts.iter().filter(ours).filter(|_| self.log.origin.home() == self.other) {
            let (digest, channel) = (digest_of(kept), self.log.origin.to_string());
            let came = leafed.get(&digest);
            let late = moments.get(moments.partition_point(|at| *at < kept.at.saturating_add(SOON_MS)));
            let Some(late) = late.filter(|late| came.is_none_or(|came| *late < came)) else { continue };
            let row = AwaitedRow { digest: digest.into(), channel: channel.clone(), at: kept.at, put_off: 0 };
            turns.entry(*late).or_default().awaited.push(row);
            if let Some(came) = came {
                turns.entry(*came).or_default().leafed.push((channel, digest));
            }
        }
    }

    fn outbox(&self, kind: i16, entry: EntryId, expires: i64) -> NewOutbox {
        let (channel, entry_id) = (self.other.into(), entry.into());
        NewOutbox { channel, kind, entry_id, expires, attempts: 0, next_attempt: 0, trace: String::new() }
    }

    /// Lays each head of the log, with the leaves and hashes that are new under it, to the turn that wrote it. Answers in which turns the
    /// leaves of receipts came here.
    fn grow(&self, turns: &mut BTreeMap<i64, Batch>) -> Result<BTreeMap<Digest, i64>, Failure> {
        let mut leafed = BTreeMap::new();
        let (channel, is_home) = (self.log.origin.to_string(), self.log.origin.home() == self.own);
        let kept_at: BTreeMap<_, _> = self.receipts.iter().map(|kept| (digest_of(kept), kept.at)).collect();
        let brought = self.brought();
        let mut log = self.log.before.clone();
        let mut cosigned: Option<CheckpointRow> = None;
        for Growth { head, leaves } in self.log.steps()? {
            let at =
                if is_home { leaves.iter().rev().find_map(|(_, one)| self.leafed_at(one, &kept_at)) } else { None };
            let arrived = || leaves.iter().find_map(|(_, one)| self.arrived_with(one, &brought));
            let last = leaves.last().map_or(0, |(_, one)| one.at.0);
            let moment = at.or_else(arrived).unwrap_or(last);
            let turn = turns.entry(moment).or_default();
            let hashes: Vec<_> = leaves.iter().map(|(row, _)| LeafHash(*row.hash)).collect();
            let (next, rows) = log.append(&hashes)?;
            log = next;
            for Row { index, hash } in rows {
                let (channel, idx) = (channel.clone(), i64::try_from(index)?);
                turn.tree_hashes.push(TreeHashRow { channel, idx, hash: hash.into() });
            }
            turn.leaves.extend(leaves.iter().map(|(row, _)| row.clone()));
            if is_home {
                // The cosignature comes later: it is counted with the next head.
                turn.checkpoints.extend(cosigned.replace(head.clone()));
                turn.checkpoints.push(CheckpointRow { cosigned: None, ..head.clone() });
            } else {
                turn.checkpoints.push(head.clone());
                leafed.extend(leaves.iter().filter_map(|(_, one)| match one.kind {
                    StatementKind::Receipt(digest) => Some((digest, moment)),
                    StatementKind::Entry => None,
                }));
            }
        }
        Ok(leafed)
    }

    /// When the home appended a leaf.
    fn leafed_at(&self, statement: &Statement, kept_at: &BTreeMap<Digest, i64>) -> Option<i64> {
        match statement.kind {
            StatementKind::Entry => self.entries.get(&statement.entry).map(|row| row.admitted_at),
            StatementKind::Receipt(digest) => kept_at.get(&digest).copied(),
        }
    }

    /// When an entry of the other gateway, or its word that one was opened, was taken here, with which its leaf came.
    fn arrived_with(&self, statement: &Statement, brought: &BTreeMap<Digest, i64>) -> Option<i64> {
        match statement.kind {
            StatementKind::Receipt(digest) => brought.get(&digest).copied(),
            StatementKind::Entry => {
                let row = self.entries.get(&statement.entry).filter(|row| row.sender.party() == self.other)?;
                Some(row.admitted_at)
            }
        }
    }

    /// When the other gateway's word came that entries were opened, by its digest.
    fn brought(&self) -> BTreeMap<Digest, i64> {
        let brought = self
            .receipts
            .iter()
            .filter(|kept| kept.signed.receipt.by == self.other && kept.signed.receipt.kind.stage() == 3);
        brought.map(|kept| (digest_of(kept), kept.at)).collect()
    }

    /// Bytes of evidence that come here from the other gateway, and that go to and fro between the gateway and its desk.
    pub(super) fn bytes(&self) -> f64 {
        // With the tags and lengths of their fields.
        const LEAF: usize = 143 + 32 + 32 + 12;
        let told = self.receipts.iter().filter(|kept| kept.signed.receipt.by != self.own).map(|kept| kept.bytes.len());
        let submitted = self.receipts.iter().filter(|kept| kept.signed.receipt.by == self.own);
        let submitted = submitted.filter(|kept| kept.signed.receipt.kind.stage() == 0).map(|kept| kept.bytes.len());
        let laid_ready = self.deliveries.iter().map(|row| row.receipt.as_ref().map_or(0, |receipt| receipt.len()));
        let mut bytes: usize = told.chain(submitted).chain(laid_ready).sum();
        if self.log.origin.home() == self.other {
            let heads = self.log.heads.iter();
            bytes += self.log.leaves.len() * LEAF;
            // There goes the note, and back comes what the cosignature adds to it.
            bytes += heads.map(|head| head.cosigned.as_ref().unwrap_or(&head.note).len()).sum::<usize>();
        }
        bytes as f64
    }

    /// Calls of the other gateway that brought receipts or leaves, and no entry.
    pub(super) fn calls_alone(&self) -> Result<usize, Failure> {
        let arrivals = self.entries.values().filter(|row| row.sender.party() == self.other);
        let arrivals: BTreeSet<_> = arrivals.map(|row| row.admitted_at).collect();
        let retrievals = self.receipts.iter().filter(|kept| {
            kept.signed.receipt.by == self.other
                && kept.signed.receipt.kind.stage() == 3
                && !arrivals.contains(&kept.at)
        });
        let retrievals: BTreeSet<_> = retrievals.map(|kept| kept.at).collect();
        let mut calls = retrievals.len();
        if self.log.origin.home() == self.other {
            let brought = self.brought();
            let alone = |step: &&Growth| step.leaves.iter().all(|(_, one)| self.arrived_with(one, &brought).is_none());
            calls += self.log.steps()?.iter().filter(alone).count();
        }
        Ok(calls)
    }
}

impl Stretch {
    async fn read(store: &GatewayStore, origin: Origin, ids: &[EntryId]) -> Result<Self, Failure> {
        let channel = origin.to_string();
        let first = store.leaves_among(&channel, ids).await?.into_iter().map(|leaf| leaf.idx).min();
        let first = first.ok_or_else(|| Failure::new("the loop has left no leaf"))?;
        let heads = store.checkpoints_after(&channel, first, u64::MAX >> 1).await?;
        let end = heads.last().map_or(first, |head| head.size);
        let size = u64::try_from(first)?;
        let needed = Log::indexes_needed(size)?;
        let wanted = needed.iter().map(|index| i64::try_from(*index)).collect::<Result<Vec<_>, _>>()?;
        let found = needed.into_iter().zip(store.tree_hashes(&channel, &wanted).await?);
        let rows: StoredHashes = found.filter_map(|(index, hash)| Some(Row { index, hash: hash? })).collect();
        let mut leaves = Vec::new();
        for row in store.leaves(&channel, first, u64::try_from(end - first)?).await? {
            let statement = Statement::decode(&row.statement)?;
            leaves.push((row, statement));
        }
        Ok(Self { origin, before: Log::restore(size, &rows)?, leaves, heads })
    }

    /// Each head, from the first one on.
    pub(super) fn steps(&self) -> Result<Vec<Growth<'_>>, Failure> {
        let mut steps = Vec::with_capacity(self.heads.len());
        let mut rest = &self.leaves[..];
        for head in &self.heads {
            let known = self.leaves.len() - rest.len();
            let news = usize::try_from(u64::try_from(head.size)? - self.before.size())? - known;
            let (leaves, after) =
                rest.split_at_checked(news).ok_or_else(|| Failure::new("a head without its leaves"))?;
            rest = after;
            steps.push(Growth { head, leaves });
        }
        Ok(steps)
    }
}

/// What a ledger's leaf commits to.
fn digest_of(kept: &Kept) -> Digest {
    Digest::of(&[&kept.signed.bytes])
}

/// A receipt out of the database.
pub(super) fn decoded(bytes: &[u8]) -> Result<SignedReceipt, Failure> {
    Ok(proto::decode_receipt(&proto::types::SignedReceipt::decode(bytes)?)?)
}
