use model::{Digest, EntryId, ReceiptKind};
use sea_orm::{DeriveIntoActiveModel, QueryOrder, QuerySelect, entity::prelude::*, sea_query::Expr};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// The rejections: [`ReceiptKind::SubmissionRejection`] and [`ReceiptKind::RelayRejection`], by their numbers. Of all that is kept they are
/// the few that have an index of their own, which is used where this very text stands in the query.
const REJECTED: &str = r#""kind" IN (1, 3)"#;

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
    /// In the log that we write for its channel, where we do: its leaf, or with what took an entry the entry's leaf.
    pub leaf: Option<i64>,
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
    /// Its leaf in a log of ours, or that of the entry which it took: so that it is found by the entry.
    pub leaf: Option<i64>,
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

    /// What refused these entries for good, oldest first.
    pub async fn rejections_of(&self, entries: &[EntryId]) -> Result<Vec<Model>, StoreError> {
        let mut found = Vec::new();
        for chunk in entries.chunks(write::ROWS_MAX) {
            let query = Entity::find().filter(Column::EntryId.is_in(sql::padded(chunk).into_iter().map(Stored)));
            found.extend(query.filter(Expr::cust(REJECTED)).all(self.engine.read()).await?);
        }
        found.sort_unstable_by_key(|receipt| receipt.id);
        Ok(found)
    }

    /// At most `limit` entries that were refused for good, in no order; one that was refused twice stands there twice.
    pub async fn rejected_entries(&self, limit: u64) -> Result<Vec<EntryId>, StoreError> {
        let query = Entity::find().select_only().column(Column::EntryId).filter(Expr::cust(REJECTED)).limit(limit);
        let entries: Vec<Stored<EntryId>> = query.into_tuple().all(self.engine.read()).await?;
        Ok(entries.into_iter().map(|entry| entry.0).collect())
    }

    /// At most `limit` receipts that were kept before the one of this id, newest first.
    pub async fn receipts_before(&self, id: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Id.lt(id)).order_by_desc(Column::Id);
        sql::at_most(self.engine.read(), query, limit).await
    }
}

#[derive(Clone, DeriveIntoActiveModel)]
struct Row {
    entry_id: Stored<EntryId>,
    kind: Stored<ReceiptKind>,
    bytes: Blob,
    digest: Stored<Digest>,
    at: i64,
    leaf: Option<i64>,
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
            leaf: receipt.leaf,
        })
        .collect();
    // Two words on one retrieval would convict whoever signed them, so that an index lets them never stand here together, whatever a program
    // remembers and whichever other one writes into this database (`m0017_stretch.rs`).
    write::insert_keyed::<Entity, _, _>(tx, &[Column::EntryId, Column::Kind, Column::Digest], &rows).await.map(drop)
}
