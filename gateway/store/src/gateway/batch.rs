use std::collections::{BTreeMap, BTreeSet};

use model::{AuthorityId, CaseId, Digest, EntryId};
use sea_orm::DatabaseTransaction;

use super::{
    Acknowledgement, AskedRow, AttachmentRow, AwaitedRow, CaseFileRow, CheckpointRow, EntryRow, EntryVerdict,
    GatewayStore, GivenAgain, LeafRow, MisconductRow, MusterRow, NewDelivery, NewOutbox, NewReceipt, NewRefusal,
    RejectedRow, TreeHashRow, asked, attachment, awaited, case_file, checkpoint, delivery, desk_mark, entry, heads,
    leaf, misconduct, outbox, receipt, refusal, rejected, tree_hash,
};
use crate::{
    StoreError, Stored,
    write::{self, Standing, Versioned},
};

/// What one transaction is to write: the plans of many entries together.
///
/// Written twice it changes nothing. Where it has cases, their versions tell: cases that are there already, equal, mean that
/// the whole batch is. Beyond that each row has a natural key (entry id; channel, entry, kind; index of a leaf; bytes of a
/// receipt) and what is there stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Cases, each with the version it follows from. Fill it with [`Batch::put_case`].
    pub cases: BTreeMap<CaseId, Versioned<CaseFileRow>>,
    /// New entries. Their cases are here or in the database.
    pub entries: Vec<EntryRow>,
    /// What became of entries. They are here or in the database.
    pub verdicts: Vec<EntryVerdict>,
    /// What is to be sent to other gateways.
    pub outbox: Vec<NewOutbox>,
    /// What of the outbox is answered: [`OutboxRow::id`](super::OutboxRow).
    pub concluded: Vec<i64>,
    /// What is laid ready for desks. The entries are here or in the database.
    pub deliveries: Vec<NewDelivery>,
    /// What desks have taken.
    pub acknowledgements: Vec<Acknowledgement>,
    /// Receipts, ours and the other gateways'.
    pub receipts: Vec<NewReceipt>,
    /// What was refused.
    pub refusals: Vec<NewRefusal>,
    /// Entries of other gateways that were refused for good, as they came.
    pub rejected: Vec<RejectedRow>,
    /// New leaves of ledgers.
    pub leaves: Vec<LeafRow>,
    /// New stored hashes of their trees.
    pub tree_hashes: Vec<TreeHashRow>,
    /// Checkpoints, or their cosigned form.
    pub checkpoints: Vec<CheckpointRow>,
    /// The heads of all channels, each with its leaf in `leaves`.
    pub musters: Vec<MusterRow>,
    /// What is to get leaves in the logs of others.
    pub awaited: Vec<AwaitedRow>,
    /// What has got them: the log, and the digest of what its leaf states.
    pub leafed: Vec<(String, Digest)>,
    /// Those that were given again, and when: where they are awaited still, they are from then on, the first few times.
    pub given_again: Vec<GivenAgain>,
    /// What other gateways signed and contradicted.
    pub misconduct: Vec<MisconductRow>,
    /// What quotas count of new requests.
    pub asked: Vec<AskedRow>,
    /// Requests that did not become part of their cases, so that quotas do not count them.
    pub unasked: Vec<EntryId>,
    /// Files that are to be fetched from other gateways.
    pub attachments: Vec<AttachmentRow>,
    /// Files that are here, each with the entry that names it now.
    pub attached: Vec<(CaseId, Digest, EntryId)>,
    /// Entries that are out, so that they name no file any more.
    pub detached: Vec<EntryId>,
    /// Cases that have moved so that files of theirs may have to go.
    pub attachments_looked_at: BTreeSet<CaseId>,
    /// How many entries desks have sealed, where it is more than is known.
    pub marks: BTreeMap<AuthorityId, i64>,
}

impl Batch {
    /// Writes `row`, which follows from version `expected` (`None`: a new case). A second row of the same case takes the place of the
    /// first one in this batch.
    pub fn put_case(&mut self, row: CaseFileRow, expected: Option<i64>) {
        Versioned::put(&mut self.cases, row, expected);
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What the database decided while it wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Desks for which something new lies ready.
    pub desks: BTreeSet<AuthorityId>,
    /// Whether the batch was there already, so that nothing was written.
    pub repeated: bool,
}

impl GatewayStore {
    /// Writes the batch in one transaction; when it returns, all of it is durable. On any error nothing is written.
    ///
    /// [`StoreError::Conflict`] says that a case has moved, that an entry's id or a leaf's index is another one's, or that a verdict is
    /// on an entry that is not here: read again, decide again.
    pub async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        if batch.is_empty() {
            return Ok(Committed::default());
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

async fn write_batch(tx: &DatabaseTransaction, batch: &Batch) -> Result<Committed, StoreError> {
    let columns = (case_file::Column::Id, case_file::Column::Version);
    if write::standing::<case_file::Entity, _>(tx, columns, &batch.cases).await? == Standing::Written {
        return Ok(Committed { repeated: true, ..Committed::default() });
    }
    write::put_versioned::<case_file::Entity, _>(tx, case_file::Column::Id, &batch.cases).await?;
    entry::insert(tx, &batch.entries).await?;
    entry::conclude(tx, &batch.verdicts).await?;
    let keys = [outbox::Column::Channel, outbox::Column::EntryId, outbox::Column::Kind];
    write::insert_new::<outbox::Entity, _, _>(tx, &keys, &batch.outbox).await?;
    write::delete::<outbox::Entity, _, _>(tx, outbox::Column::Id, &batch.concluded).await?;
    let desks = delivery::insert(tx, &batch.deliveries).await?;
    delivery::acknowledge(tx, &batch.acknowledgements).await?;
    receipt::insert(tx, &batch.receipts).await?;
    let keys = [refusal::Column::EntryId, refusal::Column::Code, refusal::Column::At, refusal::Column::Channel];
    write::insert_new::<refusal::Entity, _, _>(tx, &keys, &batch.refusals).await?;
    rejected::put(tx, &batch.rejected).await?;
    leaf::insert(tx, &batch.leaves).await?;
    tree_hash::insert(tx, &batch.tree_hashes).await?;
    checkpoint::put(tx, &batch.checkpoints).await?;
    heads::insert(tx, &batch.musters).await?;
    awaited::insert(tx, &batch.awaited).await?;
    awaited::remove(tx, &batch.leafed).await?;
    awaited::put_off(tx, &batch.given_again).await?;
    misconduct::put(tx, &batch.misconduct).await?;
    let keys = [asked::Column::EntryId, asked::Column::RequestType, asked::Column::Tag];
    write::insert_new::<asked::Entity, _, _>(tx, &keys, &batch.asked).await?;
    let unasked: Vec<_> = batch.unasked.iter().copied().map(Stored).collect();
    write::delete::<asked::Entity, _, _>(tx, asked::Column::EntryId, &unasked).await?;
    attachment::insert(tx, &batch.attachments).await?;
    attachment::name(tx, &batch.attached).await?;
    attachment::unname(tx, &batch.detached).await?;
    attachment::look(tx, &batch.attachments_looked_at).await?;
    desk_mark::put(tx, &batch.marks).await?;
    Ok(Committed { desks, repeated: false })
}
