use std::collections::BTreeSet;

use model::{Digest, EntryId, ReceiptKind};
use sea_orm::{DeriveIntoActiveModel, QueryOrder, QuerySelect, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// What a desk's report becomes: one of the two.
const RETRIEVALS: [ReceiptKind; 2] = [ReceiptKind::Retrieval, ReceiptKind::NonRetrieval];

/// A signed receipt, ours or the other gateway's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipt")]
pub struct Model {
    /// In the order in which they were kept.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The entry. It need not be here: a refused one is not.
    pub entry_id: Stored<EntryId>,
    /// Which event.
    pub kind: Stored<ReceiptKind>,
    /// The receipt on the wire.
    pub bytes: Blob,
    /// SHA-256 of `bytes`.
    pub digest: Stored<Digest>,
    /// When it was kept.
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A receipt to keep. The same bytes are kept once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReceipt {
    /// The entry.
    pub entry: EntryId,
    /// Which event.
    pub kind: ReceiptKind,
    /// The receipt on the wire.
    pub bytes: Blob,
    /// When.
    pub at: i64,
}

impl GatewayStore {
    /// The receipts of an entry, oldest first.
    pub async fn receipts_of(&self, entry: EntryId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::EntryId.eq(Stored(entry))).order_by_asc(Column::Id);
        Ok(query.all(self.engine.read()).await?)
    }

    /// The receipts of some kinds of many entries, oldest first.
    pub async fn receipts_by_kind(&self, entries: &[EntryId], kinds: &[ReceiptKind]) -> Result<Vec<Model>, StoreError> {
        let mut found = Vec::new();
        for chunk in entries.chunks(write::ROWS_MAX) {
            let query = Entity::find().filter(Column::EntryId.is_in(sql::padded(chunk).into_iter().map(Stored)));
            let query = query.filter(Column::Kind.is_in(kinds.iter().copied().map(Stored)));
            found.extend(query.all(self.engine.read()).await?);
        }
        found.sort_unstable_by_key(|receipt| receipt.id);
        Ok(found)
    }
}

#[derive(Clone, DeriveIntoActiveModel)]
struct Row {
    entry_id: Stored<EntryId>,
    kind: Stored<ReceiptKind>,
    bytes: Blob,
    digest: Stored<Digest>,
    at: i64,
}

/// Keeps those that are not there yet.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, new: &[NewReceipt]) -> Result<(), StoreError> {
    let rows: Vec<_> = new
        .iter()
        .map(|receipt| Row {
            entry_id: receipt.entry.into(),
            kind: receipt.kind.into(),
            bytes: receipt.bytes.clone(),
            digest: Digest::of(&[&receipt.bytes]).into(),
            at: receipt.at,
        })
        .collect();
    write::insert_new::<Entity, _, _>(tx, &[Column::EntryId, Column::Kind, Column::Digest], &rows).await?;
    require_one_retrieval(tx, new).await
}

/// Two words on one retrieval would convict whoever signed them, so that they never stand here together, whatever a program remembers and
/// whichever other one writes into this database.
async fn require_one_retrieval<C: ConnectionTrait>(tx: &C, new: &[NewReceipt]) -> Result<(), StoreError> {
    let told: BTreeSet<_> = new.iter().filter(|one| RETRIEVALS.contains(&one.kind)).map(|one| one.entry).collect();
    for chunk in told.into_iter().collect::<Vec<_>>().chunks(write::ROWS_MAX) {
        let query = Entity::find().select_only().column(Column::EntryId);
        let query = query.filter(Column::EntryId.is_in(sql::padded(chunk).into_iter().map(Stored)));
        let query = query.filter(Column::Kind.is_in(RETRIEVALS.map(Stored)));
        let kept: Vec<Stored<EntryId>> = query.into_tuple().all(tx).await?;
        if kept.len() > chunk.len() {
            return Err(StoreError::Conflict("another word on the retrieval of an entry is kept".to_owned()));
        }
    }
    Ok(())
}
