use std::collections::{BTreeMap, BTreeSet};

use model::{AuthorityId, Digest, EntryId};
use sea_orm::{DeriveIntoActiveModel, Iterable, QueryOrder, QuerySelect, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// An entry, or news of one, that lies ready for a desk. A desk's rows are a stream that can be taken up from any cursor.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    /// The place in the stream. It only grows; there may be gaps.
    #[sea_orm(primary_key)]
    pub cursor: i64,
    /// For whom.
    pub desk: Stored<AuthorityId>,
    /// What it is: a number of the caller's.
    pub kind: i16,
    /// The entry.
    pub entry_id: Stored<EntryId>,
    /// The receipt that goes with it.
    pub receipt: Option<Blob>,
    /// SHA-256 of the receipt (of nothing, where there is none).
    pub receipt_digest: Stored<Digest>,
    /// The trace context of the entry, or nothing.
    pub trace: String,
    /// When it was laid ready.
    pub at: i64,
    /// When the desk acknowledged it.
    pub acknowledged_at: Option<i64>,
    /// The desk's acknowledgement.
    pub ack: Option<Blob>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Something to lay ready. The same kind of one entry with the same receipt is laid ready for a desk once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// For whom.
    pub desk: AuthorityId,
    /// What it is: a number of the caller's.
    pub kind: i16,
    /// The entry, which must be here.
    pub entry: EntryId,
    /// The receipt that goes with it.
    pub receipt: Option<Blob>,
    /// When.
    pub at: i64,
    /// The trace context of the entry, or nothing.
    pub trace: String,
}

/// A desk's word that it has taken a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Whose delivery.
    pub desk: AuthorityId,
    /// Which.
    pub cursor: i64,
    /// The acknowledgement.
    pub ack: Blob,
    /// When.
    pub at: i64,
}

impl GatewayStore {
    /// At most `limit` deliveries of `desk` after `cursor`, oldest first. Their entries are here.
    pub async fn deliveries_after(
        &self,
        desk: &AuthorityId,
        cursor: i64,
        limit: u64,
    ) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Desk.eq(Stored(desk.clone()))).filter(Column::Cursor.gt(cursor));
        sql::at_most(self.engine.read(), query.order_by_asc(Column::Cursor), limit).await
    }

    /// Which of `entries` were laid ready for which desks.
    pub async fn delivered(&self, entries: &[EntryId]) -> Result<Vec<(AuthorityId, EntryId)>, StoreError> {
        let mut delivered = Vec::new();
        for chunk in entries.chunks(write::ROWS_MAX) {
            let query = Entity::find().select_only().column(Column::Desk).column(Column::EntryId);
            let query = query.filter(Column::EntryId.is_in(sql::padded(chunk).into_iter().map(Stored)));
            let found: Vec<(Stored<AuthorityId>, Stored<EntryId>)> = query.into_tuple().all(self.engine.read()).await?;
            delivered.extend(found.into_iter().map(|(desk, entry)| (desk.0, entry.0)));
        }
        Ok(delivered)
    }

    /// Keeps the acknowledgement of one delivery. Returns whether it is the first one of that delivery.
    pub async fn acknowledge(&self, acknowledgement: &Acknowledgement) -> Result<bool, StoreError> {
        Ok(acknowledge(self.engine.write(), std::slice::from_ref(acknowledgement)).await? == 1)
    }

    /// How many deliveries of each desk are not acknowledged.
    pub async fn delivery_depths(&self) -> Result<Vec<(AuthorityId, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::Desk).column_as(Column::Cursor.count(), "depth");
        let query = query.filter(Column::AcknowledgedAt.is_null()).group_by(Column::Desk).order_by_asc(Column::Desk);
        let depths: Vec<(Stored<AuthorityId>, i64)> = query.into_tuple().all(self.engine.read()).await?;
        Ok(depths.into_iter().map(|(desk, depth)| (desk.0, depth)).collect())
    }
}

#[derive(Clone, DeriveIntoActiveModel)]
struct Row {
    desk: Stored<AuthorityId>,
    kind: i16,
    entry_id: Stored<EntryId>,
    receipt: Option<Blob>,
    receipt_digest: Stored<Digest>,
    trace: String,
    at: i64,
}

impl NewDelivery {
    fn row(&self) -> Row {
        Row {
            desk: self.desk.clone().into(),
            kind: self.kind,
            entry_id: self.entry.into(),
            receipt: self.receipt.clone(),
            receipt_digest: Digest::of(&[self.receipt.as_deref().unwrap_or_default()]).into(),
            trace: self.trace.clone(),
            at: self.at,
        }
    }
}

/// Inserts what is not there yet. Answers for whom: with it perhaps others whose deliveries went in the same statement.
pub(super) async fn insert<C: ConnectionTrait>(
    tx: &C,
    new: &[NewDelivery],
) -> Result<BTreeSet<AuthorityId>, StoreError> {
    let keys = [Column::EntryId, Column::Desk, Column::Kind, Column::ReceiptDigest];
    let mut desks = BTreeSet::new();
    // A row that comes back costs more than one that is written, so that none is asked for.
    for portion in sql::in_portions(new, sql::rows_max(Column::iter().count())) {
        let rows: Vec<_> = portion.iter().map(NewDelivery::row).collect();
        if write::insert_new::<Entity, _, _>(tx, &keys, &rows).await? > 0 {
            desks.extend(portion.iter().map(|delivery| delivery.desk.clone()));
        }
    }
    Ok(desks)
}

/// Keeps acknowledgements of deliveries that have none. Returns how many.
pub(super) async fn acknowledge<C: ConnectionTrait>(tx: &C, acks: &[Acknowledgement]) -> Result<u64, StoreError> {
    let first: BTreeMap<i64, &Acknowledgement> = acks.iter().rev().map(|ack| (ack.cursor, ack)).collect();
    let rows: Vec<[Value; 4]> = first
        .into_values()
        .map(|a| [a.cursor.into(), Stored(a.desk.clone()).into(), a.at.into(), a.ack.clone().into()])
        .collect();
    write::update_from_values(
        tx,
        r#"UPDATE "delivery" SET "acknowledged_at" = v.column3, "ack" = v.column4 FROM"#,
        &rows,
        r#"AS v WHERE "delivery"."cursor" = v.column1 AND "delivery"."desk" = v.column2
           AND "delivery"."acknowledged_at" IS NULL"#,
    )
    .await
}
