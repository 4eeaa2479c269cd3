//! All that this gateway holds of a case, as evidence for a desk that has a seat in it: its entries and receipts, their leaves opened under
//! one head that both gateways signed, the directories of those days, and a signed word on how much there is.

use std::{collections::BTreeSet, pin::Pin, sync::Arc};

use casefile::{Extent, LeafProof, Pile};
use identity::{Domain, RootOpening, Subject};
use ledger::{InclusionProof, LeafSalt, Origin, Row, SignedCheckpoint, Statement, StoredHashes};
use model::{CaseId, Denial, EntryId, Fault, ReceiptKind, Timestamp};
use proto::{
    convert::send_directory,
    desk::{
        EvidenceEntry, EvidenceExtent, EvidenceLeaf, EvidenceStamp, GetEvidenceRequest, GetEvidenceResponse,
        evidence_service_server::EvidenceService, get_evidence_response::Part,
    },
};
use relay::CaseFile;
use store::{
    Blob,
    gateway::{EntryRow, LeafRow},
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};

use super::{malformed, status};
use crate::{clock, committer::origin, directories, gateway::Gateway, heads, hot};

/// Entries read from the database at once: each may weigh megabytes.
const PAGE: u64 = 8;
/// Leaves proved at once.
const LEAVES_AT_ONCE: usize = 256;

type Item = Result<GetEvidenceResponse, Status>;

pub(crate) struct Evidence(pub(crate) Arc<Gateway>);

#[tonic::async_trait]
impl EvidenceService for Evidence {
    type GetEvidenceStream = Pin<Box<dyn Stream<Item = Item> + Send>>;

    async fn get_evidence(
        &self,
        request: Request<GetEvidenceRequest>,
    ) -> Result<Response<Self::GetEvidenceStream>, Status> {
        let Subject::Desk(desk) = link::subject_of(&request)? else {
            return Err(Status::permission_denied("only desks of this party call here"));
        };
        let case = CaseId::try_from(&*request.into_inner().case_id).map_err(malformed)?;
        let none = || Denial::failed(Fault::Unknown, format!("{desk} has no seat in the group of such a case"));
        let rows = self.0.store.case_files(&[case]).await.map_err(|error| status(error.into()))?;
        let file = rows.first().map(hot::file_of).transpose().map_err(status)?;
        let seated = |file: &CaseFile| desk.party() == self.0.own() && file.members.contains(&desk);
        let file = file.filter(seated).ok_or_else(|| status(none()))?;
        let (sender, receiver) = mpsc::channel(4);
        let gateway = self.0.clone();
        tokio::spawn(async move {
            let mut telling = Telling { gateway: &gateway, file: &file, sender: &sender };
            if let Err(denial) = telling.all().await {
                // Whoever hung up is told nothing.
                drop(sender.send(Err(status(denial))).await);
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

fn wires(rows: Vec<EntryRow>) -> Vec<(EntryId, Blob)> {
    rows.into_iter().map(|row| (*row.id, row.wire)).collect()
}

struct Telling<'a> {
    gateway: &'a Gateway,
    file: &'a CaseFile,
    sender: &'a mpsc::Sender<Item>,
}

impl Telling<'_> {
    /// Head first, then entries, then leaves: what comes in between is behind the head, and told the next time.
    async fn all(&mut self) -> Result<(), Denial> {
        let origin = origin(self.file.home, self.file.peer)?;
        let channel = origin.to_string();
        let head = self.gateway.store.cosigned_checkpoint(&channel).await?;
        let note = head.and_then(|row| row.cosigned).map(|note| note.0);
        let size = match &note {
            Some(note) => SignedCheckpoint::kept(note, origin)?.checkpoint().size,
            None => 0,
        };
        if let Some(note) = note {
            self.send(Part::Head(String::from_utf8_lossy(&note).into_owned())).await?;
        }
        self.parties().await?;
        let mut extent = Extent {
            case: self.file.id,
            by: self.gateway.own(),
            at: clock::now(),
            entries: Pile::default(),
            receipts: Pile::default(),
            leaves: Pile::default(),
        };
        let ids = self.entries(&mut extent).await?;
        let leaves = self.leaves(&channel, size, &ids, &mut extent).await?;
        self.stamps(origin, size, &leaves).await?;
        let text = extent.to_text();
        let signature = self.gateway.ledger_key.sign(Domain::CaseExtent, text.as_bytes());
        self.send(Part::Extent(EvidenceExtent { text, signature: signature.into() })).await
    }

    /// Roots and directories of the two, as far as this case may rest on them.
    async fn parties(&self) -> Result<(), Denial> {
        let (home, peer) = (self.file.home, self.file.peer);
        let first = self.gateway.store.entries_from(self.file.id, 0, 1).await?;
        let begin = Timestamp(first.first().map_or(0, |row| row.created));
        for (party, other) in [(home, peer), (peer, home)] {
            let snapshot = self.gateway.trust.snapshot();
            if let Some(root) = snapshot.root(party) {
                self.send(Part::Root(root.der().to_vec().into())).await?;
            }
            let shown = self.gateway.store.openings_of(party).await?;
            let shown: Vec<_> = shown.iter().filter_map(|row| RootOpening::from_bytes(&row.opening.0).ok()).collect();
            for row in directories::since(self.gateway.store.directories_of(party).await?, begin) {
                let signed = directories::of_a_pair(&snapshot, row, other, &shown)?;
                self.send(Part::Directory(send_directory(&signed))).await?;
            }
        }
        Ok(())
    }

    async fn entries(&self, extent: &mut Extent) -> Result<Vec<EntryId>, Denial> {
        let mut ids = Vec::new();
        let mut from = 0;
        loop {
            let page = self.gateway.store.entries_from(self.file.id, from, PAGE).await?;
            let last = page.len() as u64 != PAGE;
            from = page.last().and_then(|row| row.seq).map_or(from, |seq| seq + 1);
            self.page(wires(page), &mut ids, extent).await?;
            if last {
                break;
            }
        }
        let placed: BTreeSet<EntryId> = ids.iter().copied().collect();
        let mut beside = self.gateway.store.entries_unplaced(self.file.id).await?;
        // One that got its place in between was told, or will be the next time.
        beside.retain(|id| !placed.contains(id));
        for chunk in beside.chunks(PAGE as usize) {
            let mut rows = self.gateway.store.entries(chunk).await?;
            rows.retain(|row| row.seq.is_none());
            rows.sort_by_key(|row| (row.admitted_at, row.id));
            self.page(wires(rows), &mut ids, extent).await?;
        }
        self.rejected(&mut ids, extent).await?;
        Ok(ids)
    }

    /// What was refused here: its sender signed it all the same. One that bears the id of another entry of the case is told by `refusals`.
    async fn rejected(&self, ids: &mut Vec<EntryId>, extent: &mut Extent) -> Result<(), Denial> {
        for row in self.gateway.store.rejected_of(self.file.id).await? {
            if !ids.contains(&row.entry_id) {
                self.page(vec![(*row.entry_id, row.wire)], ids, extent).await?;
            }
        }
        Ok(())
    }

    async fn page(
        &self,
        rows: Vec<(EntryId, Blob)>,
        ids: &mut Vec<EntryId>,
        extent: &mut Extent,
    ) -> Result<(), Denial> {
        let these: Vec<EntryId> = rows.iter().map(|(id, _)| *id).collect();
        let receipts = self.gateway.store.receipts_by_kind(&these, &ReceiptKind::ALL).await?;
        for (id, wire) in rows {
            extent.entries.add(&wire.0);
            let on_it = receipts.iter().filter(|receipt| *receipt.entry_id == id);
            let on_it: Vec<bytes::Bytes> = on_it.map(|receipt| receipt.bytes.0.clone().into()).collect();
            on_it.iter().for_each(|receipt| extent.receipts.add(receipt));
            ids.push(id);
            self.send(Part::Entry(EvidenceEntry { entry: wire.0.into(), receipts: on_it })).await?;
        }
        Ok(())
    }

    /// The time-stamps over these leaves, where an authority gives any.
    async fn stamps(&self, log: Origin, size: u64, leaves: &[u64]) -> Result<(), Denial> {
        for one in heads::stamped(&self.gateway.store, self.gateway.own(), log, size, leaves).await? {
            let path = one.consistency.path.iter().map(|hash| hash.as_bytes().to_vec().into()).collect();
            let stamp = EvidenceStamp { timed_head: one.timed.encode().into(), path, token: one.token.into() };
            self.send(Part::Stamp(stamp)).await?;
        }
        Ok(())
    }

    /// Answers their places, ascending.
    async fn leaves(&self, channel: &str, size: u64, ids: &[EntryId], extent: &mut Extent) -> Result<Vec<u64>, Denial> {
        let mut rows = self.gateway.store.leaves_among(channel, ids).await?;
        rows.retain(|row| u64::try_from(row.idx).is_ok_and(|index| index < size));
        rows.sort_by_key(|row| row.idx);
        for chunk in rows.chunks(LEAVES_AT_ONCE) {
            for proof in self.prove(channel, size, chunk).await? {
                extent.leaves.add(&proof.to_piled());
                let path = proof.inclusion.path.iter().map(|hash| hash.as_bytes().to_vec().into()).collect();
                self.send(Part::Leaf(EvidenceLeaf {
                    index: proof.inclusion.index,
                    salt: proof.salt.0.to_vec().into(),
                    statement: proof.statement.encode().to_vec().into(),
                    path,
                }))
                .await?;
            }
        }
        Ok(rows.iter().filter_map(|row| u64::try_from(row.idx).ok()).collect())
    }

    /// Leaves with their paths to the root of the first `size` leaves.
    async fn prove(&self, channel: &str, size: u64, rows: &[LeafRow]) -> Result<Vec<LeafProof>, Denial> {
        let lost = || Denial::failed(Fault::Storage, "a leaf of the ledger has lost its salt");
        let index = |row: &LeafRow| u64::try_from(row.idx).unwrap_or_default();
        let mut needed = BTreeSet::new();
        for row in rows {
            needed.extend(InclusionProof::indexes_needed(size, index(row))?);
        }
        let wanted: Vec<i64> = needed.iter().filter_map(|index| i64::try_from(*index).ok()).collect();
        let hashes = self.gateway.store.tree_hashes(channel, &wanted).await?;
        let found = needed.into_iter().zip(hashes);
        let hashes: StoredHashes = found.filter_map(|(index, hash)| Some(Row { index, hash: hash? })).collect();
        let prove = |row: &LeafRow| {
            let salt = row.salt.ok_or_else(lost)?;
            Ok(LeafProof {
                statement: Statement::decode(&row.statement.0)?,
                salt: LeafSalt(*salt.as_bytes()),
                inclusion: InclusionProof::prove(size, index(row), &hashes)?,
            })
        };
        rows.iter().map(prove).collect()
    }

    async fn send(&self, part: Part) -> Result<(), Denial> {
        let sent = self.sender.send(Ok(GetEvidenceResponse { part: Some(part) })).await;
        sent.map_err(|_| Denial::failed(Fault::PeerUnreachable, "the desk hung up"))
    }
}
