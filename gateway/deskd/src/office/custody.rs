//! The keys of what was received. Each body that arrives is encrypted under a random key of its own, which the desk's safe wraps; to
//! destroy a body is to destroy its key, and that happens in the transaction that takes the custodians' certificate into the case.
//!
//! What remains elsewhere: the gateways keep the sealed bodies, which nobody can open (MLS deletes the key of a message when it was
//! opened, and this desk keeps none of past epochs beyond what is on its way); backups of the database and of the safe's key file, and
//! what a disk keeps of overwritten blocks, are the operator's to destroy. The header, the commitment, the digests of the records and the
//! certificate stay: they prove what was there and that it is gone.

use bytes::Bytes;
use model::{Denial, Digest, EntryId, Header, MeasureId, RecordType, Refusal, RefusalCode, Step, Timestamp};
use proto::desk as wire;
use serde::{Deserialize, Serialize};
use store::{
    Blob,
    desk::{DeskBatch, DeskEntryRow, RecordKeyRow, Shred},
};
use zeroize::Zeroizing;

use super::{
    Office,
    matters::{NamedRecord, shreds},
    view::CaseView,
};
use crate::{random, safe::Place};

/// A record that was destroyed: what may be known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destroyed {
    /// The entry that carried it, and its number there.
    pub(crate) entry: EntryId,
    pub(crate) index: u32,
    pub(crate) record_id: String,
    pub(crate) hash: Digest,
    pub(crate) record_type: RecordType,
    pub(crate) measure: MeasureId,
    /// The document's length and digest.
    pub(crate) bytes: u64,
    pub(crate) digest: Digest,
    pub(crate) at: Timestamp,
    /// The entry by which two custodians certified it.
    pub(crate) certificate: EntryId,
}

impl Office {
    /// Encrypts a received body under a key of its own, which the batch keeps.
    pub(super) fn keep_body(&self, batch: &mut DeskBatch, header: &Header, plain: &[u8]) -> Result<Blob, Denial> {
        let key = random::secret()?;
        let (body, wrapped) = self.safe.seal_alone(header.entry, &key, plain)?;
        batch.record_keys.push(RecordKeyRow {
            entry_id: header.entry.into(),
            case_id: header.case.into(),
            wrapped: Some(wrapped),
            shredded: None,
            certificate: None,
        });
        Ok(body)
    }

    /// The body of an entry in clear, as it was opened. `None` where there is none, or its key is gone.
    pub(super) async fn kept_body(&self, row: &DeskEntryRow) -> Result<Option<Zeroizing<Vec<u8>>>, Denial> {
        let Some(sealed) = &row.body else { return Ok(None) };
        match self.store.record_key(row.id.0).await? {
            Some(RecordKeyRow { wrapped: Some(wrapped), .. }) => {
                self.safe.open_alone(row.id.0, &wrapped, sealed).map(Some)
            }
            Some(_) => Ok(None),
            // Entries of ours, and what came before there were keys of their own.
            None => self.safe.open(Place::Entry, row.id.as_bytes(), sealed).map(Some),
        }
    }

    /// Destroys what two custodians have certified, where this desk's party keeps it. Called when the certificate becomes part of the
    /// case; the same again changes nothing.
    pub(super) async fn shred(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        header: &Header,
        now: Timestamp,
    ) -> Result<(), Denial> {
        if !shreds(header.step) {
            return Ok(());
        }
        for entry in self.certified(view, header).await? {
            if view.destroyed.iter().any(|one| one.entry == entry) {
                continue;
            }
            let row = self.entry_row(entry).await?;
            let body = self.body(entry).await?;
            let documents = body.into_iter().flat_map(|body| body.documents);
            for (index, document) in (0..).zip(documents) {
                let named = self.records_in(std::slice::from_ref(&document))?.into_iter();
                view.destroyed.extend(named.map(|record| Destroyed {
                    entry,
                    index,
                    record_id: record.record_id,
                    hash: record.hash,
                    record_type: record.record_type,
                    measure: record.measure,
                    bytes: document.bytes.len() as u64,
                    digest: Digest::of(&[&document.bytes]),
                    at: now,
                    certificate: header.entry,
                }));
            }
            batch.shreds.push(Shred { entry: row.id.0, case: view.id, at: now.0, certificate: header.entry });
        }
        Ok(())
    }

    /// The entries whose bodies a certificate is about, where this desk's party keeps them.
    async fn certified(&self, view: &CaseView, header: &Header) -> Result<Vec<EntryId>, Denial> {
        let Some(case) = &view.admitted else { return Ok(Vec::new()) };
        let first = header.concerns.first().and_then(|id| case.measures.get(id));
        if first.is_none_or(|measure| case.party(measure.keeper()) != self.own.party()) {
            return Ok(Vec::new());
        }
        let matter = header.declared.matter.and_then(|id| case.matters.get(&id));
        let about = matter.and_then(|matter| matter.about);
        let mut entries = Vec::new();
        for row in self.releases(view).await? {
            let released = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            let named = released.concerns.iter().any(|id| header.concerns.contains(id));
            if named && about.is_none_or(|about| about == row.id.0) {
                entries.push(row.id.0);
            }
        }
        Ok(entries)
    }

    /// Refuses to certify a part of what came in one entry: its body has one key.
    pub(super) async fn undivided(&self, view: &CaseView, header: &Header) -> Result<(), Denial> {
        if !shreds(header.step) {
            return Ok(());
        }
        for entry in self.certified(view, header).await? {
            let row = self.entry_row(entry).await?;
            let released = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            let beside: Vec<_> = released.concerns.iter().filter(|id| !header.concerns.contains(id)).collect();
            if let Some(other) = beside.first() {
                let reason = format!("what is certified came in one entry with records for {other}, under one key");
                let remedy = "Certify them together, once all of them are due.";
                return Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("concerns").into());
            }
        }
        Ok(())
    }

    /// Why a document is not here any more, where it was destroyed.
    pub(super) fn destroyed(view: &CaseView, entry: EntryId, index: usize) -> Option<Denial> {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let one = view.destroyed.iter().find(|one| one.entry == entry && one.index == index)?;
        let reason = format!("the record was destroyed on {}, as entry {} certifies", one.at, one.certificate);
        let remedy = "Ask for it anew if it is still needed; nobody at this desk can bring it back.";
        let mut refusal = Refusal::new(RefusalCode::R18, "desk", reason, remedy).at("record");
        refusal.owner = Some(view.own.party());
        Some(refusal.into())
    }

    /// Shows the records that were destroyed, and marks those that were replaced.
    pub(super) async fn mark_fate(
        &self,
        view: &CaseView,
        documents: &mut Vec<wire::DocumentRef>,
    ) -> Result<(), Denial> {
        documents.extend(view.destroyed.iter().map(|one| wire::DocumentRef {
            entry_id: one.entry.as_bytes().to_vec().into(),
            index: one.index,
            record_type: one.record_type.to_string(),
            bytes_count: one.bytes,
            sha256: one.digest.to_string(),
            destroyed: true,
            ..wire::DocumentRef::default()
        }));
        let mut replaced = Vec::new();
        let mut places = Vec::new();
        for row in self.releases(view).await? {
            let Some(body) = self.body(row.id.0).await? else { continue };
            for (index, record) in (0_u32..).zip(self.records_in(&body.documents)?) {
                if row.step.0 == Step::Reissue {
                    replaced.extend(record.supersedes);
                }
                places.push((row.id.0, index, record.record_id));
            }
        }
        places.extend(view.destroyed.iter().map(|one| (one.entry, one.index, one.record_id.clone())));
        for document in documents.iter_mut() {
            let here = places
                .iter()
                .find(|(entry, index, _)| document.entry_id == entry.as_bytes().as_slice() && document.index == *index);
            document.superseded = here.is_some_and(|(.., id)| replaced.contains(id));
        }
        Ok(())
    }
}

impl From<&Destroyed> for NamedRecord {
    fn from(one: &Destroyed) -> Self {
        Self {
            entry: one.entry,
            record_id: one.record_id.clone(),
            hash: one.hash,
            record_type: one.record_type.clone(),
            measure: one.measure,
        }
    }
}
