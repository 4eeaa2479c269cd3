use std::collections::BTreeMap;

use model::{CaseId, Digest, EntryId};
use sea_orm::DatabaseTransaction;

use super::{
    AttemptRow, ClockRow, DeskCaseRow, DeskEntryRow, DeskEntryVerdict, DeskStore, DraftRow, ErrandRow, ExhibitRow,
    LeafRow, LinkRow, MlsChange, NewDeskOutbox, NewEvent, OnceRow, ParkedRow, PledgeRow, PrivateKeyPackageRow,
    ProposalRow, RecordKeyRow, ResponderRow, Shred, WebhookRow, attempt, case, clock, draft, entry, errand, event,
    exhibit, key_package, leaf, link, mls, once, outbox, parked, pledge, progress, proposal, record_key, responder,
    webhook,
};
use crate::{
    Blob, StoreError, Stored,
    write::{self, Standing, Versioned},
};

/// What one transaction is to write.
///
/// Written twice it changes nothing. Where it has cases or drafts, their versions tell: rows that are there already, equal, mean that
/// the whole batch is. Beyond that each row has a natural key and what is there stays, or is written again with the same value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeskBatch {
    /// Drafts, each with the version it follows from. Fill it with [`DeskBatch::put_draft`].
    pub drafts: BTreeMap<CaseId, Versioned<DraftRow>>,
    /// Drafts to delete.
    pub drafts_done: Vec<CaseId>,
    /// Cases, each with the version it follows from. Fill it with [`DeskBatch::put_case`].
    pub cases: BTreeMap<CaseId, Versioned<DeskCaseRow>>,
    /// New entries. Their cases are here or in the database.
    pub entries: Vec<DeskEntryRow>,
    /// What became of entries. They are here or in the database.
    pub verdicts: Vec<DeskEntryVerdict>,
    /// Changes of MLS states.
    pub mls: Vec<MlsChange>,
    /// By which leaves the desk stands in groups, whole.
    pub leaves: Vec<LeafRow>,
    /// Cases in whose groups it needs none any more, after [`DeskBatch::leaves`] are written.
    pub leaves_done: Vec<CaseId>,
    /// New KeyPackages.
    pub key_packages: Vec<PrivateKeyPackageRow>,
    /// KeyPackages that a Welcome used, and when: their private keys are erased.
    pub key_packages_used: Vec<(Digest, i64)>,
    /// Proposals, whole.
    pub proposals: Vec<ProposalRow>,
    /// Proposals to delete.
    pub proposals_done: Vec<EntryId>,
    /// What is to be sent to the own gateway.
    pub outbox: Vec<NewDeskOutbox>,
    /// The keys of new bodies.
    pub record_keys: Vec<RecordKeyRow>,
    /// Bodies to destroy, with their keys. Call [`DeskStore::forget`] after it.
    pub shreds: Vec<Shred>,
    /// Bodies that contradicted their headers, for the notice alone.
    pub exhibits: Vec<ExhibitRow>,
    /// Those to destroy, by their entries. Call [`DeskStore::forget`] after it.
    pub exhibits_done: Vec<EntryId>,
    /// Cases of which all are destroyed.
    pub exhibits_forgotten: Vec<CaseId>,
    /// What of the outbox is answered: [`DeskOutboxRow::id`](super::DeskOutboxRow).
    pub concluded: Vec<i64>,
    /// How far streams were read, by name.
    pub cursors: BTreeMap<String, i64>,
    /// Items of the gateway's stream that are passed by for now.
    pub parked: Vec<ParkedRow>,
    /// Those that were taken after all: [`ParkedRow::cursor`](super::ParkedRow).
    pub unparked: Vec<i64>,
    /// Clocks, whole.
    pub clocks: Vec<ClockRow>,
    /// Which cases follow which.
    pub links: Vec<LinkRow>,
    /// How responders stand, whole.
    pub responders: Vec<ResponderRow>,
    /// What responders took up, whole.
    pub attempts: Vec<AttemptRow>,
    /// What those who watch are told.
    pub events: Vec<NewEvent>,
    /// Bodies of entries that are here without one, encrypted.
    pub bodies: Vec<(EntryId, Blob)>,
    /// Cases whose whole MLS state is to be deleted, and what leaf the desk has there, before [`DeskBatch::mls`] is written.
    pub mls_forgotten: Vec<CaseId>,
    /// Whether the private keys of all KeyPackages are erased, before [`DeskBatch::key_packages`] are written.
    pub key_packages_forgotten: bool,
    /// Errands, whole.
    pub errands: Vec<ErrandRow>,
    /// Errands to delete.
    pub errands_done: Vec<CaseId>,
    /// What officers have signed of acts of the desk itself, whole.
    pub pledges: Vec<PledgeRow>,
    /// Pledges to delete.
    pub pledges_done: Vec<(CaseId, String)>,
    /// The calls of programs by which this is written.
    pub once: Vec<OnceRow>,
    /// New webhooks.
    pub webhooks: Vec<WebhookRow>,
    /// Webhooks to remove, by their names.
    pub webhooks_done: Vec<String>,
}

impl DeskBatch {
    /// Writes `row`, which follows from version `expected` (`None`: a new draft). A second row of the same draft takes the place of the
    /// first one in this batch.
    pub fn put_draft(&mut self, row: DraftRow, expected: Option<i64>) {
        Versioned::put(&mut self.drafts, row, expected);
    }

    /// Writes `row`, which follows from version `expected` (`None`: a new case). A second row of the same case takes the place of the
    /// first one in this batch.
    pub fn put_case(&mut self, row: DeskCaseRow, expected: Option<i64>) {
        Versioned::put(&mut self.cases, row, expected);
    }

    /// Whether something is destroyed by it: then call [`DeskStore::forget`].
    pub fn destroys(&self) -> bool {
        !self.shreds.is_empty() || !self.exhibits_done.is_empty() || !self.exhibits_forgotten.is_empty()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What the database decided while it wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeskCommitted {
    /// Whether the batch was there already, so that nothing was written.
    pub repeated: bool,
}

impl DeskStore {
    /// Writes the batch in one transaction; when it returns, all of it is durable. On any error nothing is written.
    ///
    /// [`StoreError::Conflict`] says that a case or draft has moved, that an entry's id is another one's, or that a verdict is on an entry
    /// that is not here: read again, decide again.
    pub async fn commit(&self, batch: &DeskBatch) -> Result<DeskCommitted, StoreError> {
        if batch.is_empty() {
            return Ok(DeskCommitted::default());
        }
        let tx = self.engine.begin().await?;
        match write_batch(&tx, batch).await {
            Ok(committed) => {
                tx.commit().await?;
                Ok(committed)
            }
            Err(error) => {
                // The first error is the one to tell; a rollback that fails is a connection that is lost, which rolls back too.
                let _ = tx.rollback().await;
                Err(error)
            }
        }
    }
}

async fn write_batch(tx: &DatabaseTransaction, batch: &DeskBatch) -> Result<DeskCommitted, StoreError> {
    let drafts = (draft::Column::Id, draft::Column::Version);
    let drafts = write::standing::<draft::Entity, _>(tx, drafts, &batch.drafts).await?;
    let cases = (case::Column::Id, case::Column::Version);
    let cases = write::standing::<case::Entity, _>(tx, cases, &batch.cases).await?;
    if drafts.and(cases)? == Standing::Written {
        return Ok(DeskCommitted { repeated: true });
    }
    write::put_versioned::<draft::Entity, _>(tx, draft::Column::Id, &batch.drafts).await?;
    write::delete::<draft::Entity, _, _>(tx, draft::Column::Id, &stored(&batch.drafts_done)).await?;
    write::put_versioned::<case::Entity, _>(tx, case::Column::Id, &batch.cases).await?;
    entry::insert(tx, &batch.entries).await?;
    entry::conclude(tx, &batch.verdicts).await?;
    entry::fill(tx, &batch.bodies).await?;
    write::delete::<mls::Entity, _, _>(tx, mls::Column::CaseId, &stored(&batch.mls_forgotten)).await?;
    write::delete::<leaf::Entity, _, _>(tx, leaf::Column::CaseId, &stored(&batch.mls_forgotten)).await?;
    mls::change(tx, &batch.mls).await?;
    leaf::put(tx, &batch.leaves).await?;
    write::delete::<leaf::Entity, _, _>(tx, leaf::Column::CaseId, &stored(&batch.leaves_done)).await?;
    if batch.key_packages_forgotten {
        key_package::forget_all(tx).await?;
    }
    key_package::insert(tx, &batch.key_packages).await?;
    key_package::erase(tx, &batch.key_packages_used).await?;
    record_key::insert(tx, &batch.record_keys).await?;
    record_key::shred(tx, &batch.shreds).await?;
    exhibit::insert(tx, &batch.exhibits).await?;
    write::delete::<exhibit::Entity, _, _>(tx, exhibit::Column::EntryId, &stored(&batch.exhibits_done)).await?;
    write::delete::<exhibit::Entity, _, _>(tx, exhibit::Column::CaseId, &stored(&batch.exhibits_forgotten)).await?;
    proposal::put(tx, &batch.proposals).await?;
    write::delete::<proposal::Entity, _, _>(tx, proposal::Column::Id, &stored(&batch.proposals_done)).await?;
    let keys = [outbox::Column::EntryId, outbox::Column::Kind];
    write::insert_new::<outbox::Entity, _, _>(tx, &keys, &batch.outbox).await?;
    write::delete::<outbox::Entity, _, _>(tx, outbox::Column::Id, &batch.concluded).await?;
    progress::put(tx, &batch.cursors).await?;
    parked::put(tx, &batch.parked).await?;
    write::delete::<parked::Entity, _, _>(tx, parked::Column::Cursor, &batch.unparked).await?;
    clock::put(tx, &batch.clocks).await?;
    link::insert(tx, &batch.links).await?;
    errand::put(tx, &batch.errands).await?;
    write::delete::<errand::Entity, _, _>(tx, errand::Column::CaseId, &stored(&batch.errands_done)).await?;
    pledge::put(tx, &batch.pledges).await?;
    pledge::delete(tx, &batch.pledges_done).await?;
    responder::put(tx, &batch.responders).await?;
    attempt::put(tx, &batch.attempts).await?;
    let keys = [event::Column::CaseId, event::Column::Kind, event::Column::EntryId, event::Column::At];
    write::insert_new::<event::Entity, _, _>(tx, &keys, &batch.events).await?;
    once::note(tx, &batch.once).await?;
    webhook::add(tx, &batch.webhooks).await?;
    webhook::remove(tx, &batch.webhooks_done).await?;
    Ok(DeskCommitted { repeated: false })
}

fn stored<T: Copy>(ids: &[T]) -> Vec<Stored<T>> {
    ids.iter().copied().map(Stored).collect()
}
