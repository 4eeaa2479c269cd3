//! What one turn has decided so far, before it is durable.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::rand;
use ledger::{LeafSalt, Log, Replica, SignedCheckpoint, Statement, StatementKind, StoredHashes};
use model::{
    AuthorityId, CaseId, Denial, Digest, EntryId, EnvelopeDigest, Fault, PartyId, ReceiptKind, SignedReceipt, Step,
    Timestamp,
};
use store::gateway::{Batch, LeafRow, NewDelivery, ReceiptRow, TreeHashRow};

use super::{
    Moments, Relay, awaited,
    growth::origin,
    quota::Counters,
    refused::RefusedBefore,
    rejections::Rejections,
    stated::{Sheaf, Stated},
};
use crate::{files::Standing, gateway::Gateway, hot::Hot, receipts};

/// An entry that was stored or refused before, or earlier in this turn.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) envelope: EnvelopeDigest,
    pub(crate) sender: AuthorityId,
    pub(crate) recipient: AuthorityId,
    /// The home of its case.
    pub(crate) home: PartyId,
    /// When its time is over.
    pub(crate) expires: Timestamp,
    /// What this gateway answered.
    pub(crate) answer: Stated,
    /// Whether it lies ready for the addressed desk, where that is a desk of ours.
    pub(crate) delivery: Option<Stated>,
}

/// What a desk's report becomes.
pub(super) const RETRIEVALS: [ReceiptKind; 2] = [ReceiptKind::Retrieval, ReceiptKind::NonRetrieval];
/// What is told to the other gateway beside entries: what became of its own, and whom of ours we refused.
pub(crate) const TOLD: [ReceiptKind; 3] =
    [ReceiptKind::Retrieval, ReceiptKind::NonRetrieval, ReceiptKind::SubmissionRejection];
/// What a retrieval follows on, and what is answered again as it was, beside the receipt in the entry's row.
pub(super) const DELIVERIES: [ReceiptKind; 2] = [ReceiptKind::Delivery, ReceiptKind::NonDelivery];
/// What is kept once, and what follows on it.
const ONCE: [ReceiptKind; 6] = [
    ReceiptKind::SubmissionRejection,
    ReceiptKind::RelayFailure,
    ReceiptKind::Delivery,
    ReceiptKind::NonDelivery,
    ReceiptKind::Retrieval,
    ReceiptKind::NonRetrieval,
];

/// What is kept of an entry beside itself, where all of it was written since this program admitted it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Followed {
    kinds: BTreeSet<ReceiptKind>,
    delivered: BTreeSet<AuthorityId>,
    delivered_at: Option<Timestamp>,
}

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
    /// Which refusals of others of their own desks' entries are among them.
    pub(crate) told: BTreeSet<(EntryId, EnvelopeDigest)>,
    /// What was laid ready for which desk before this turn.
    pub(crate) delivered: BTreeSet<(AuthorityId, EntryId)>,
    /// Parties whose ledgers cannot be read, and why.
    pub(crate) unreadable: BTreeMap<PartyId, Denial>,
    pub(crate) logs: BTreeMap<PartyId, Log>,
    pub(crate) replicas: BTreeMap<PartyId, Replica>,
    /// Stored hashes for heads of others that are older than what we hold, by home and size.
    pub(crate) past: BTreeMap<(PartyId, u64), StoredHashes>,
    /// When we cosigned the logs of others, and what they state.
    pub(crate) moments: BTreeMap<PartyId, Moments>,
    /// Since when a home keeps out of its log what is to be there, for longer than it may; as far as that was asked.
    pub(crate) overdue: BTreeMap<PartyId, Option<Timestamp>>,
    /// What this turn gives of such, and which leaves come in it.
    pub(crate) awaits: awaited::News,
    /// Heads of homes with leaves that are dated back, which operators let pass.
    pub(crate) forgiven: BTreeMap<PartyId, Vec<SignedCheckpoint>>,
    /// Who contradicted what it signed, and how.
    pub(crate) accused: BTreeMap<PartyId, String>,
    /// Receipts of others that do not fit the entries they are on.
    pub(crate) doubted: Vec<SignedReceipt>,
    /// When entries were laid ready at the gateway of the desk to which they are addressed, or were not.
    pub(crate) delivered_at: BTreeMap<EntryId, Timestamp>,
    /// Our word on retrievals in this turn, and to whom it goes.
    pub(crate) retrieved: Vec<(PartyId, Stated)>,
    /// What this turn lays ready for which desk.
    laid: Vec<(AuthorityId, EntryId)>,
    /// What quotas count.
    pub(crate) counters: Counters,
    /// How it stands with the files that entries name.
    pub(crate) files: Standing,
    /// How often parties were refused for good.
    pub(super) rejections: Rejections,
    /// Channels that have something to send.
    pub(crate) ring: BTreeSet<PartyId>,
}

impl Turn {
    pub(super) fn new(now: Timestamp, rejections: Rejections) -> Self {
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
            told: BTreeSet::new(),
            delivered: BTreeSet::new(),
            unreadable: BTreeMap::new(),
            logs: BTreeMap::new(),
            replicas: BTreeMap::new(),
            past: BTreeMap::new(),
            moments: BTreeMap::new(),
            overdue: BTreeMap::new(),
            awaits: awaited::News::default(),
            forgiven: BTreeMap::new(),
            accused: BTreeMap::new(),
            doubted: Vec::new(),
            delivered_at: BTreeMap::new(),
            retrieved: Vec::new(),
            laid: Vec::new(),
            counters: Counters::default(),
            files: Standing::default(),
            rejections,
            ring: BTreeSet::new(),
        }
    }

    /// Reads what is stored of these entries, where `recent` does not know it.
    pub(super) async fn load_seen(
        &mut self,
        gateway: &Gateway,
        recent: &BTreeMap<EntryId, Seen>,
        refused: &RefusedBefore,
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
        let refused = refused.among(&absent);
        let (entries, mut receipts) =
            tokio::try_join!(gateway.store.entries(&absent), gateway.store.rejections_of(&refused))?;
        let here: Vec<EntryId> = entries.iter().map(|row| *row.id).collect();
        receipts.extend(gateway.store.receipts_by_kind(&here, &DELIVERIES).await?);
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
            let (home, expires, delivery) = (header.home, header.expires, deliveries.remove(&*row.id));
            let (envelope, answer) = (*row.envelope, answer.into());
            let (sender, recipient) = (row.sender.0, header.recipient);
            self.seen.insert(*row.id, Seen { envelope, sender, recipient, home, expires, answer, delivery });
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

    /// Reads where the entries that another gateway brings stand in its log, but those whose leaves come along and are new.
    pub(crate) async fn load_leafed(
        &mut self,
        gateway: &Gateway,
        relay: &Relay,
        replica: Option<&Replica>,
    ) -> Result<(), Denial> {
        let home = relay.from;
        let held = replica.map_or(0, Replica::size);
        let new: BTreeSet<_> =
            relay.growth.iter().flat_map(|growth| growth.entries_from(held)).map(|(_, one)| one.entry).collect();
        let old =
            relay.items.iter().map(|item| &item.claimed).filter(|one| one.home == home && !new.contains(&one.entry));
        let old: Vec<_> = old.map(|one| one.entry).collect();
        for leaf in gateway.store.leaves_among(&origin(home, gateway.own())?.to_string(), &old).await? {
            let statement = Statement::decode(&leaf.statement.0)?;
            if statement.kind == StatementKind::Entry {
                let index = u64::try_from(leaf.idx).unwrap_or_default();
                self.leafed.insert((home, statement.entry), Leafed { index, statement });
            }
        }
        Ok(())
    }

    /// Takes from memory what [`Turn::load_kept`] reads.
    pub(crate) fn recall(&mut self, followed: &BTreeMap<EntryId, Followed>, ids: Vec<EntryId>) {
        for id in ids {
            let Some(known) = followed.get(&id) else { continue };
            self.kept.extend(known.kinds.iter().map(|kind| (id, *kind)));
            self.delivered.extend(known.delivered.iter().map(|desk| (desk.clone(), id)));
            self.delivered_at.extend(known.delivered_at.map(|at| (id, at)));
        }
    }

    /// What this turn wrote of entries that it admitted, and of others that are followed. Only after its commit.
    pub(crate) fn note_followed(&mut self, followed: &mut BTreeMap<EntryId, Followed>) {
        for row in &self.batch.entries {
            followed.entry(*row.id).or_default();
        }
        for (entry, kind) in &self.kept {
            followed.entry(*entry).and_modify(|known| {
                known.kinds.insert(*kind);
            });
        }
        for (desk, entry) in std::mem::take(&mut self.laid) {
            followed.entry(entry).and_modify(|known| {
                known.delivered.insert(desk);
            });
        }
        for (entry, at) in &self.delivered_at {
            followed.entry(*entry).and_modify(|known| known.delivered_at = Some(*at));
        }
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
            if *row.kind == ReceiptKind::SubmissionRejection {
                let signed = proto::decode_receipt(&receipts::from_bytes(&row.bytes.0)?)?;
                let of_other = (signed.receipt.by != gateway.own()).then_some(signed.receipt.envelope);
                self.told.extend(of_other.map(|envelope| (*row.entry_id, envelope)));
            }
        }
        self.delivered.extend(delivered);
        Ok(())
    }

    /// Has the files of a case looked at where a step that is part of it now may let them go.
    pub(crate) fn look_at_files(&mut self, step: Step, case: CaseId) {
        if relay::may_let_files_go(step) {
            self.batch.attachments_looked_at.insert(case);
        }
    }

    /// Since when `home` keeps out of its log what is to be there, for longer than it may.
    pub(super) fn is_overdue(&self, home: PartyId) -> Option<Timestamp> {
        self.overdue.get(&home).copied().flatten()
    }

    /// Writes a case and remembers it for the rest of the turn.
    pub(crate) fn put_case(&mut self, hot: Hot) -> Result<(), Denial> {
        self.batch.put_case(hot.row(self.now)?, hot.version);
        self.cases.insert(hot.file.id, hot);
        Ok(())
    }

    /// Lays an entry, or news of one, ready for a desk.
    pub(crate) fn lay_ready(&mut self, desk: &AuthorityId, kind: i16, entry: EntryId, with: &Stated, trace: &str) {
        self.laid.push((desk.clone(), entry));
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
            entry_id: None,
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn turn() -> Turn {
        Turn::new(Timestamp(1), Rejections::default())
    }

    #[test]
    fn what_a_turn_wrote_of_entries_that_are_followed_the_next_one_knows_and_of_no_others() {
        let [followed, other] = [1, 2].map(|n| EntryId::new([n; 16]));
        let desk: AuthorityId = "JP:central".parse().unwrap();
        let mut memory = BTreeMap::from([(followed, Followed::default())]);
        let mut first = turn();
        for entry in [followed, other] {
            first.kept.extend([(entry, ReceiptKind::Delivery), (entry, ReceiptKind::Retrieval)]);
            first.delivered_at.insert(entry, Timestamp(7));
            first.laid.push((desk.clone(), entry));
        }
        first.note_followed(&mut memory);
        assert!(!memory.contains_key(&other), "what was written before it was followed is not known");
        let mut next = turn();
        next.recall(&memory, vec![followed, other]);
        let kinds = [ReceiptKind::Delivery, ReceiptKind::Retrieval];
        assert_eq!(next.kept, kinds.map(|kind| (followed, kind)).into());
        assert_eq!(next.delivered, BTreeSet::from([(desk, followed)]));
        assert_eq!(next.delivered_at, BTreeMap::from([(followed, Timestamp(7))]));
    }

    #[test]
    fn an_entry_that_is_written_again_is_not_followed_anew() {
        let entry = EntryId::new([1; 16]);
        let mut memory = BTreeMap::from([(entry, Followed::default())]);
        let mut first = turn();
        first.kept.insert((entry, ReceiptKind::Retrieval));
        first.note_followed(&mut memory);
        turn().note_followed(&mut memory);
        let mut next = turn();
        next.recall(&memory, vec![entry]);
        assert!(next.kept.contains(&(entry, ReceiptKind::Retrieval)));
    }
}
