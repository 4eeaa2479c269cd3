//! The keys of what was received. Each body that arrives is encrypted under a random key of its own, which the desk's safe wraps; to
//! destroy a body is to destroy its key, and that happens in the transaction that takes the custodians' certificate into the case.
//!
//! What remains elsewhere: the gateways keep the sealed bodies, which nobody can open (MLS deletes the key of a message when it was
//! opened, and this desk keeps none of past epochs beyond what is on its way); backups of the database and of the safe's key file, and
//! what a disk keeps of overwritten blocks, are the operator's to destroy. The header, the commitment, the digests of the records and the
//! certificate stay: they prove what was there and that it is gone.

use std::collections::BTreeSet;

use bytes::Bytes;
use desk::{Record, records_named};
use model::{
    Denial, Digest, EntryId, Header, HeaderDigest, MatterId, MeasureId, RecordType, Refusal, RefusalCode, Step,
    Timestamp,
};
use proto::desk as wire;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{
    Blob,
    desk::{DeskBatch, DeskEntryRow, RecordKeyRow, Shred},
};
use workflow::{Case, Matter};
use zeroize::Zeroizing;

use super::{
    Office,
    history::Past,
    matters::{NamedRecord, shreds},
    outbox::THEIRS,
    rejected::{Rejected, answers, rejections},
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
    /// The entry by which two custodians certified it, or that made it go: see `by`.
    pub(crate) certificate: EntryId,
    /// The step of that entry.
    #[serde(default = "certified")]
    pub(crate) by: Step,
}

fn certified() -> Step {
    Step::CertifyDisposal
}

/// Whether an entry carries records: by its step, or because its request gives them.
pub(super) fn carries(row: &DeskEntryRow) -> bool {
    let given =
        || proto::decode_header(&Bytes::from(row.header.0.clone())).is_ok_and(|header| header.carries_records());
    row.step.0.carries_records() || (row.step.0 == Step::SealSend && given())
}

impl Office {
    /// Encrypts a received body under a key of its own, which the batch keeps.
    pub(super) fn keep_body(&self, batch: &mut DeskBatch, header: &Header, plain: &[u8]) -> Result<Blob, Denial> {
        let key = random::secret()?;
        let (body, wrapped) = self.safe.seal_alone(Place::RecordKey, header.entry, &key, plain)?;
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
                self.safe.open_alone(Place::RecordKey, row.id.0, &wrapped, sealed).map(Some)
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
        self.shred_after(batch, view, None, header, now).await
    }

    /// The same, where the entries `before` it, oldest first, are not all in the storage yet.
    pub(super) async fn shred_after(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        before: Option<&[Past]>,
        header: &Header,
        now: Timestamp,
    ) -> Result<(), Denial> {
        self.let_exhibits_go(batch, view, header).await?;
        let entries = if shreds(header.step) {
            if self.is_kept_elsewhere(view, header) {
                return Ok(());
            }
            let rows = self.certified(view, header.declared.matter, &header.concerns).await?;
            rows.into_iter().map(|row| row.id.0).collect()
        } else {
            self.not_taken(view, before, header).await?
        };
        self.destroy(batch, view, &entries, (header.entry, header.step), now).await
    }

    /// Destroys the bodies of entries with their keys, and with them those of transfers that carry them on. What is destroyed already
    /// stays as it is.
    pub(super) async fn destroy(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        entries: &[EntryId],
        (certificate, by): (EntryId, Step),
        now: Timestamp,
    ) -> Result<(), Denial> {
        for entry in entries {
            let row = self.entry_row(*entry).await?;
            if !view.destroyed.iter().any(|one| one.entry == *entry)
                && let Some(body) = self.body(*entry).await?
            {
                for (index, document) in body.records() {
                    let named = self.records_in(std::slice::from_ref(document))?.into_iter();
                    view.destroyed.extend(named.map(|record| Destroyed {
                        entry: *entry,
                        index,
                        record_id: record.record_id,
                        hash: record.hash,
                        record_type: record.record_type,
                        measure: record.measure,
                        bytes: document.bytes.len() as u64,
                        digest: Digest::of(&[&document.bytes]),
                        at: now,
                        certificate,
                        by,
                    }));
                }
            }
            // What a restored database brought back goes again, whatever is known of it.
            let mut gone = vec![row.id.0];
            gone.extend(self.carried_on(view, *entry).await?);
            batch.shreds.extend(gone.into_iter().map(|entry| Shred { entry, case: view.id, at: now.0, certificate }));
        }
        Ok(())
    }

    /// The transfers of the case whose bodies carry an entry on. Each is one text with what it carries, so that it goes as a whole; its
    /// header, which says to whom the case went, stays.
    async fn carried_on(&self, view: &CaseView, entry: EntryId) -> Result<Vec<EntryId>, Denial> {
        let mut found = Vec::new();
        for row in self.store.entries_of(view.id).await?.into_iter().filter(|row| row.step.0 == Step::Forward) {
            let Some(plain) = self.kept_body(&row).await?.filter(|plain| !plain.is_empty()) else { continue };
            let mut body = desk::Body::decode(&desk::SealedBody::decode(&plain)?.bytes)?;
            if body.take_carried()?.iter().any(|one| one.entry == entry) {
                found.push(row.id.0);
            }
        }
        Ok(found)
    }

    /// The entries whose records this desk's party has just said not to take: a rejected release, something given that goes back unread,
    /// and what contradicted its header. What was not taken was never this party's to keep.
    async fn not_taken(
        &self,
        view: &CaseView,
        before: Option<&[Past]>,
        header: &Header,
    ) -> Result<Vec<EntryId>, Denial> {
        if header.sender.party() != self.own.party() {
            return Ok(Vec::new());
        }
        let rows = self.store.entries_of(view.id).await?;
        let theirs = rows.iter().filter(|row| row.seq.is_some() && row.direction == THEIRS && carries(row));
        match header.step {
            Step::Violation => {
                // A desk that cannot hold records against the request learns from the notice of the one that can.
                let lied = |row: &&DeskEntryRow| {
                    view.findings.contains_key(&row.id.0) || HeaderDigest::of(&row.header.0) == header.previous
                };
                Ok(theirs.filter(lied).map(|row| row.id.0).collect())
            }
            Step::ReturnRequest => Ok(theirs.filter(|row| row.step.0 == Step::SealSend).map(|row| row.id.0).collect()),
            Step::Reject => {
                let rejected = match before {
                    Some(past) => rejections(past.iter().map(|one| &one.header), Some(header)),
                    None => rejections(&answers(&rows)?, Some(header)),
                };
                let whole = |row: &&DeskEntryRow| rejected.get(&row.id.0).is_some_and(Rejected::is_whole);
                Ok(theirs.filter(whole).map(|row| row.id.0).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether the records of the measures that a certificate names are with the other party.
    fn is_kept_elsewhere(&self, view: &CaseView, header: &Header) -> bool {
        let Some(case) = &view.admitted else { return true };
        let first = header.concerns.first().and_then(|id| case.measures.get(id));
        first.is_none_or(|measure| case.party(measure.keeper()) != self.own.party())
    }

    /// The entries whose bodies go with a certificate: what a certificate names and what is destroyed with it are both read from here.
    /// What contradicted its header goes as well, for nothing of it may outlive the certificate; no certificate names it.
    pub(super) async fn certified(
        &self,
        view: &CaseView,
        matter: Option<MatterId>,
        concerns: &[MeasureId],
    ) -> Result<Vec<DeskEntryRow>, Denial> {
        let Some(case) = &view.admitted else { return Ok(Vec::new()) };
        let matter = matter.and_then(|id| case.matters.get(&id));
        let mut rows = Vec::new();
        for row in self.store.entries_of(view.id).await? {
            if row.seq.is_none() || !carries(&row) {
                continue;
            }
            let released = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            if goes(case, matter, row.id.0, &released.about(), concerns) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Refuses to certify a part of what came in one entry: its body has one key.
    pub(super) async fn undivided(&self, view: &CaseView, header: &Header) -> Result<(), Denial> {
        if !shreds(header.step) {
            return Ok(());
        }
        let rejected = rejections(&answers(&self.store.entries_of(view.id).await?)?, None);
        for row in self.certified(view, header.declared.matter, &header.concerns).await? {
            let entry = row.id.0;
            if view.findings.contains_key(&entry) || view.destroyed.iter().any(|one| one.entry == entry) {
                continue;
            }
            let released = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            let refused = |id| rejected.get(&entry).is_some_and(|one| one.rejected.contains(id));
            let about = released.about();
            let beside = about.iter().find(|id| !header.concerns.contains(id) && !refused(id));
            if let Some(other) = beside {
                let reason = format!("what is certified came in one entry with records for {other}, under one key");
                let remedy = match header.declared.matter {
                    None => "Certify them together, once all of them are due.",
                    Some(_) => {
                        "Certify the disposal of all that came in the entry (desk dispose certify), which names what was \
                         recalled too; then the recall."
                    }
                };
                return Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("concerns").into());
            }
        }
        Ok(())
    }

    /// Why a document is not here any more, where it was destroyed.
    pub(super) fn destroyed(view: &CaseView, entry: EntryId, index: usize) -> Option<Denial> {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let one = view.destroyed.iter().find(|one| one.entry == entry && one.index == index)?;
        let how = match one.by {
            Step::Reject => "because it was not taken",
            Step::ReturnRequest => "because it was given back",
            Step::Violation => "because it contradicted its header",
            Step::ChangeGroup => "because this desk left the case",
            _ => "as two custodians certify",
        };
        let reason = format!("the record was destroyed on {}, {how} (entry {})", one.at, one.certificate);
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
            rejected: matches!(one.by, Step::Reject | Step::ReturnRequest),
            ..wire::DocumentRef::default()
        }));
        let mut replaced = Vec::new();
        let mut places = Vec::new();
        for row in self.releases(view).await? {
            let Some(body) = self.body(row.id.0).await? else { continue };
            for (index, record) in self.records_of_body(&body)? {
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

impl Office {
    /// The records of a body, each with its number among the documents.
    pub(super) fn records_of_body(&self, body: &desk::Body) -> Result<Vec<(u32, Record)>, Denial> {
        let read = |(index, document): (u32, &desk::Document)| {
            let record = self.records_in(std::slice::from_ref(document))?.into_iter().next();
            Ok(record.map(|record| (index, record)))
        };
        body.records().filter_map(|one| read(one).transpose()).collect()
    }

    /// Destroys the records that this desk has received, when it leaves the case: a recall, an end of their time or a certificate would
    /// not reach it any more, and the party keeps them at its desks that stay. The requests and answers that it handled remain: they are
    /// its own file.
    pub(super) async fn leave_records(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        removal: EntryId,
        now: Timestamp,
    ) -> Result<(), Denial> {
        batch.exhibits_forgotten.push(view.id);
        let rows = self.store.entries_of(view.id).await?;
        let theirs = rows.iter().filter(|row| row.direction == THEIRS && carries(row));
        let entries: Vec<_> = theirs.map(|row| row.id.0).collect();
        self.destroy(batch, view, &entries, (removal, Step::ChangeGroup), now).await
    }
}

/// Whether the body of an entry about these measures goes with a certificate: of a recall what its matter covers; of a disposal what was
/// not recalled as a whole, because that has a certificate of its own.
fn goes(case: &Case, matter: Option<&Matter>, entry: EntryId, about: &[MeasureId], concerns: &[MeasureId]) -> bool {
    about.iter().filter(|id| concerns.contains(id)).any(|id| match matter {
        Some(matter) => matter.is_about(entry, *id),
        None => !case.is_recalled(entry, *id),
    })
}

/// Whether a certificate names each of the records that go with it.
pub(super) fn names_all(records: &[NamedRecord], certificate: &Value) -> Result<bool, Denial> {
    let named: BTreeSet<String> = records_named(certificate)?.into_iter().map(|(id, _)| id.to_string()).collect();
    Ok(records.iter().all(|one| named.contains(&one.record_id)))
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeMap;

    use serde_json::json;
    use workflow::{MatterKind, MatterState, Side};

    use super::*;

    fn id(number: u8) -> EntryId {
        EntryId::new([number; 16])
    }

    /// A recall of what was given for the first measure by its time.
    fn recall(covers: &[u8]) -> Matter {
        Matter {
            kind: MatterKind::Breach,
            state: MatterState::Recalled,
            opener: Side::Home,
            by: None,
            opened: Timestamp(1),
            since: Timestamp(1),
            concerns: vec![MeasureId(1)],
            about: None,
            covers: covers.iter().copied().map(id).collect(),
            purpose: None,
            flaw: None,
            granted: None,
            until: None,
            conditions: Vec::new(),
            recalled: true,
            signed: BTreeSet::new(),
            minutes: None,
            proposer: None,
            given_back: false,
        }
    }

    #[test]
    fn a_recall_destroys_what_it_covers_and_a_disposal_all_the_rest() {
        let [home, peer] = ["JP", "FR"].map(|code| code.parse().unwrap());
        let case = Case {
            home,
            peer,
            pin: model::Pin(Digest::of(&[b"rule"])),
            opened: Timestamp(0),
            moved: Timestamp(2),
            stated: Timestamp(2),
            request: None,
            measures: BTreeMap::new(),
            matters: BTreeMap::from([(MatterId(1), recall(&[1]))]),
            abandoned: false,
        };
        let matter = &case.matters[&MatterId(1)];
        let one = [MeasureId(1)];
        assert!(goes(&case, Some(matter), id(1), &one, &one));
        assert!(!goes(&case, Some(matter), id(2), &one, &one), "what was released after the recall is none of it");
        assert!(goes(&case, None, id(2), &one, &one));
        assert!(!goes(&case, None, id(1), &one, &one), "what was recalled has a certificate of its own");
        let both = [MeasureId(1), MeasureId(2)];
        assert!(goes(&case, None, id(1), &both, &both), "one body is destroyed whole, and named whole");
        assert!(!goes(&case, None, id(2), &[MeasureId(2)], &one));
    }

    #[test]
    fn a_certificate_that_leaves_out_a_record_that_goes_with_it_is_none() {
        let (hash, record_id) = (Digest::of(&[b"content"]), "50f56a4b-8bfd-4af6-bc1e-ba6cc4a948b1");
        let record = |record_id: &str| NamedRecord {
            entry: id(1),
            record_id: record_id.to_owned(),
            hash,
            record_type: "subscriber_info".parse().unwrap(),
            measure: MeasureId(1),
        };
        let certificate = json!({ "records": [{ "record_id": record_id, "hash": hash.to_string() }] });
        assert!(names_all(&[record(record_id)], &certificate).unwrap());
        let other = "6b9d1c6e-2f1d-4c6a-9d36-0b8a5b8f7a10";
        assert!(!names_all(&[record(record_id), record(other)], &certificate).unwrap());
    }
}
