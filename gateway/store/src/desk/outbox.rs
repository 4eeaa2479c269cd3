use std::ops::RangeInclusive;

use model::EntryId;
use sea_orm::{DeriveIntoActiveModel, ExprTrait, QueryOrder, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql};

/// Something that the own gateway has not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// In the order in which they were put in.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The entry.
    pub entry_id: Stored<EntryId>,
    /// What is to be sent: a number of the caller's. Those below 0 are sent by another task than the others.
    pub kind: i16,
    /// The message on the wire: sealed already, so not encrypted again.
    pub envelope: Blob,
    /// How often it was tried.
    pub attempts: i32,
    /// Not before.
    pub next_attempt: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Something to put in. The same kind of one entry waits once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveIntoActiveModel)]
pub struct NewDeskOutbox {
    /// The entry.
    pub entry_id: Stored<EntryId>,
    /// What is to be sent: a number of the caller's.
    pub kind: i16,
    /// The message on the wire.
    pub envelope: Blob,
    /// How often it was tried.
    pub attempts: i32,
    /// Not before.
    pub next_attempt: i64,
}

impl DeskStore {
    /// At most `limit` rows of these `kinds` that may be tried at `now`, in the order in which they were put in.
    pub async fn due(&self, kinds: RangeInclusive<i16>, now: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let of_kind = Column::Kind.between(*kinds.start(), *kinds.end());
        let query = Entity::find().filter(of_kind).filter(Column::NextAttempt.lte(now)).order_by_asc(Column::Id);
        sql::at_most(self.engine.read(), query, limit).await
    }

    /// When the next row of these `kinds` is due; `None` when nothing waits.
    pub async fn next_due(&self, kinds: RangeInclusive<i16>) -> Result<Option<i64>, StoreError> {
        let of_kind = Column::Kind.between(*kinds.start(), *kinds.end());
        let next =
            sql::first(self.engine.read(), Entity::find().filter(of_kind).order_by_asc(Column::NextAttempt)).await?;
        Ok(next.map(|row| row.next_attempt))
    }

    /// Counts an attempt on each of `ids` and lets them rest until `next_attempt`.
    pub async fn retry_later(&self, ids: &[i64], next_attempt: i64) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::NextAttempt, Expr::value(next_attempt))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .exec(self.engine.write())
            .await?;
        Ok(())
    }
}
