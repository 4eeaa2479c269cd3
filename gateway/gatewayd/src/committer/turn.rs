//! What one turn has decided so far, before it is durable.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::rand;
use ledger::{LeafSalt, Log, Replica, Statement, StatementKind, StoredHashes};
use model::{
    AuthorityId, CaseId, Denial, Digest, EntryId, EnvelopeDigest, Fault, PartyId, ReceiptKind, SignedReceipt, Timestamp,
};
use store::gateway::{Batch, LeafRow, NewDelivery, ReceiptRow, TreeHashRow};

use super::{
    Moments,
    growth::origin,
    quota::Counters,
    stated::{Sheaf, Stated},
};
use crate::{gateway::Gateway, hot::Hot, receipts};

/// An entry that was stored or refused before, or earlier in this turn.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) envelope: EnvelopeDigest,
    pub(crate) sender: AuthorityId,
    pub(crate) recipient: AuthorityId,
    /// The home of its case.
    pub(crate) home: PartyId,
    /// What this gateway answered.
    pub(crate) answer: Stated,
    /// Whether it lies ready for the addressed desk, where that is a desk of ours.
    pub(crate) delivery: Option<Stated>,
}

/// What a desk's report becomes.
pub(crate) const RETRIEVALS: [ReceiptKind; 2] = [ReceiptKind::Retrieval, ReceiptKind::NonRetrieval];
/// What is answered again as it was, beside the receipt in the entry's row.
const ANSWERS: [ReceiptKind; 4] =
    [ReceiptKind::SubmissionRejection, ReceiptKind::RelayRejection, ReceiptKind::Delivery, ReceiptKind::NonDelivery];
/// What is kept once, and what follows on it.
const ONCE: [ReceiptKind; 5] = [
    ReceiptKind::RelayFailure,
    ReceiptKind::Delivery,
    ReceiptKind::NonDelivery,
    ReceiptKind::Retrieval,
    ReceiptKind::NonRetrieval,
];

/// The leaf of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leafed {
    pub(crate) index: u64,
    pub(crate) statement: Statement,
}

/// What one turn has decided so far.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) now: Timestamp,
    pub(crate) batch: Batch,
    /// What the turn states, and the rows that carry it: they come into the batch when it is signed.
    pub(crate) sheaf: Sheaf,
    pub(crate) cases: BTreeMap<CaseId, Hot>,
    pub(crate) seen: BTreeMap<EntryId, Seen>,
    /// Entries that this gateway has refused before, for good.
    pub(crate) rejected: BTreeMap<EnvelopeDigest, Stated>,
    /// What the other gateway stated of entries that it brings in this turn.
    pub(crate) said: BTreeMap<EntryId, Vec<Stated>>,
    /// Entries whose leaves we hold, in the logs of others.
    pub(crate) leafed: BTreeMap<(PartyId, EntryId), Leafed>,
    /// Which receipts are kept already, or in this turn.
    pub(crate) kept: BTreeSet<(EntryId, ReceiptKind)>,
    /// What was laid ready for which desk.
    pub(crate) delivered: BTreeSet<(AuthorityId, EntryId)>,
    /// Parties whose ledgers cannot be read, and why.
    pub(crate) unreadable: BTreeMap<PartyId, Denial>,
    pub(crate) logs: BTreeMap<PartyId, Log>,
    pub(crate) replicas: BTreeMap<PartyId, Replica>,
    /// Stored hashes for heads of others that are older than what we hold, by home and size.
    pub(crate) past: BTreeMap<(PartyId, u64), StoredHashes>,
    /// When we cosigned the logs of others, and what they state.
    pub(crate) moments: BTreeMap<PartyId, Moments>,
    /// When the oldest receipt was given that a home has not taken into its log.
    pub(crate) awaited: BTreeMap<PartyId, Timestamp>,
    /// Homes whose leaves an operator accepts though they are dated back.
    pub(crate) forgiven: BTreeSet<PartyId>,
    /// Who contradicted what it signed, and how.
    pub(crate) accused: BTreeMap<PartyId, String>,
    /// Receipts of others that do not fit the entries they are on.
    pub(crate) doubted: Vec<SignedReceipt>,
    /// When the other gateway laid entries of ours ready, or did not.
    pub(crate) delivered_at: BTreeMap<EntryId, Timestamp>,
    /// What quotas count.
    pub(crate) counters: Counters,
    /// Channels that have something to send.
    pub(crate) ring: BTreeSet<PartyId>,
}

impl Turn {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            now,
            batch: Batch::default(),
            sheaf: Sheaf::default(),
            cases: BTreeMap::new(),
            seen: BTreeMap::new(),
            rejected: BTreeMap::new(),
            said: BTreeMap::new(),
            leafed: BTreeMap::new(),
            kept: BTreeSet::new(),
            delivered: BTreeSet::new(),
            unreadable: BTreeMap::new(),
            logs: BTreeMap::new(),
            replicas: BTreeMap::new(),
            past: BTreeMap::new(),
            moments: BTreeMap::new(),
            awaited: BTreeMap::new(),
            forgiven: BTreeSet::new(),
            accused: BTreeMap::new(),
            doubted: Vec::new(),
            delivered_at: BTreeMap::new(),
            counters: Counters::default(),
            ring: BTreeSet::new(),
        }
    }

    /// Reads what is stored of these entries, where `recent` does not know it.
    pub(crate) async fn load_seen(
        &mut self,
        gateway: &Gateway,
        recent: &BTreeMap<EntryId, Seen>,
        ids: &[EntryId],
    ) -> Result<(), Denial> {
        let mut absent = Vec::new();
        for id in ids {
            match recent.get(id) {
                Some(seen) => drop(self.seen.insert(*id, seen.clone())),
                None => absent.push(*id),
            }
        }
        if absent.is_empty() {
            return Ok(());
        }
        let (entries, receipts) =
            tokio::try_join!(gateway.store.entries(&absent), gateway.store.receipts_by_kind(&absent, &ANSWERS))?;
        let mut deliveries = self.sort_answers(gateway.own(), receipts);
        for row in entries {
            let Ok(answer) = receipts::from_bytes(&row.receipt.0).and_then(|kept| proto::decode_receipt(&kept)) else {
                telemetry::say!(Error, "a kept receipt cannot be read", entry = *row.id);
                continue;
            };
            let Ok(header) = receipts::header_of(&row) else {
                telemetry::say!(Error, "a kept entry cannot be read", entry = *row.id);
                continue;
            };
            let (home, recipient, delivery) = (header.home, header.recipient, deliveries.remove(&*row.id));
            let (envelope, answer) = (*row.envelope, answer.into());
            self.seen.insert(*row.id, Seen { envelope, sender: row.sender.0, recipient, home, answer, delivery });
        }
        Ok(())
    }

    /// Of what this gateway answered before: remembers what it refused, and gives what it said of deliveries.
    fn sort_answers(&mut self, own: PartyId, rows: Vec<ReceiptRow>) -> BTreeMap<EntryId, Stated> {
        let mut deliveries = BTreeMap::new();
        for row in rows {
            let Ok(signed) = receipts::from_bytes(&row.bytes.0).and_then(|kept| proto::decode_receipt(&kept)) else {
                telemetry::say!(Error, "a kept receipt cannot be read", entry = *row.entry_id);
                continue;
            };
            if signed.receipt.by != own {
                continue;
            }
            match signed.receipt.kind {
                ReceiptKind::Delivery | ReceiptKind::NonDelivery => {
                    deliveries.insert(signed.receipt.entry, signed.into());
                }
                _ => drop(self.rejected.insert(signed.receipt.envelope, signed.into())),
            }
        }
        deliveries
    }

    /// Reads which of these entries are in the logs of others.
    pub(crate) async fn load_leafed(&mut self, gateway: &Gateway, ids: &[(PartyId, EntryId)]) -> Result<(), Denial> {
        for (home, id) in ids {
            let log = origin(*home, gateway.own())?.to_string();
            for leaf in gateway.store.leaves_of(*id).await?.into_iter().filter(|leaf| leaf.channel == log) {
                let statement = Statement::decode(&leaf.statement.0)?;
                if statement.kind == StatementKind::Entry {
                    let index = u64::try_from(leaf.idx).unwrap_or_default();
                    self.leafed.insert((*home, *id), Leafed { index, statement });
                }
            }
        }
        Ok(())
    }

    /// Reads which of these entries were laid ready for a desk, and which receipts of them there are.
    pub(crate) async fn load_kept(&mut self, gateway: &Gateway, ids: &[EntryId]) -> Result<(), Denial> {
        if ids.is_empty() {
            return Ok(());
        }
        let (kept, delivered) =
            tokio::try_join!(gateway.store.receipts_by_kind(ids, &ONCE), gateway.store.delivered(ids))?;
        for row in kept {
            self.kept.insert((*row.entry_id, *row.kind));
            if matches!(*row.kind, ReceiptKind::Delivery | ReceiptKind::NonDelivery) {
                let signed = proto::decode_receipt(&receipts::from_bytes(&row.bytes.0)?)?;
                self.delivered_at.insert(*row.entry_id, signed.receipt.at);
            }
        }
        self.delivered.extend(delivered);
        Ok(())
    }

    /// Writes a case and remembers it for the rest of the turn.
    pub(crate) fn put_case(&mut self, hot: Hot) -> Result<(), Denial> {
        self.batch.put_case(hot.row(self.now)?, hot.version);
        self.cases.insert(hot.file.id, hot);
        Ok(())
    }

    /// Lays an entry, or news of one, ready for a desk.
    pub(crate) fn lay_ready(&mut self, desk: &AuthorityId, kind: i16, entry: EntryId, with: &Stated, trace: &str) {
        let (desk, at, trace) = (desk.clone(), self.now.0, trace.to_owned());
        self.sheaf.deliver(NewDelivery { desk, kind, entry, receipt: None, at, trace }, with);
    }

    /// Appends a leaf to the log that we write for `peer`; its number. `log` is the log before this turn.
    pub(crate) fn append_leaf(
        &mut self,
        origin: &str,
        peer: PartyId,
        log: &Log,
        statement: &Statement,
        entry: EntryId,
    ) -> Result<u64, Denial> {
        let log = self.logs.get(&peer).unwrap_or(log);
        let index = log.size();
        let mut salt = LeafSalt([0; 32]);
        rand::fill(&mut salt.0).map_err(|_| Denial::failed(Fault::Internal, "the system gives no randomness"))?;
        let hash = statement.leaf(&salt);
        let (next, rows) = log.append(&[hash])?;
        self.batch.leaves.push(LeafRow {
            channel: origin.to_owned(),
            idx: number(index)?,
            hash: hash.0.into(),
            salt: Some(Digest::new(salt.0).into()),
            entry_id: Some(entry.into()),
            statement: statement.encode().to_vec().into(),
        });
        self.put_tree(origin, &rows)?;
        self.logs.insert(peer, next);
        self.ring.insert(peer);
        Ok(index)
    }

    /// Keeps new hashes of a tree.
    pub(crate) fn put_tree(&mut self, origin: &str, rows: &[ledger::Row]) -> Result<(), Denial> {
        for row in rows {
            self.batch.tree_hashes.push(TreeHashRow {
                channel: origin.to_owned(),
                idx: number(row.index)?,
                hash: row.hash.into(),
            });
        }
        Ok(())
    }
}

/// A count as the database holds it.
pub(crate) fn number(count: u64) -> Result<i64, Denial> {
    i64::try_from(count).map_err(|_| Denial::failed(Fault::Internal, "a count beyond 2^63"))
}
