use std::collections::BTreeMap;

use sea_orm::{QueryOrder, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, sql, write};

/// A signed head of a channel's ledger.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checkpoint")]
pub struct Model {
    /// The origin of the log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// How many leaves it covers.
    #[sea_orm(primary_key, auto_increment = false)]
    pub size: i64,
    /// The signed note [C2SP tlog-checkpoint].
    pub note: Blob,
    /// The note with the other gateway's cosignature, once it is here [C2SP tlog-cosignature].
    pub cosigned: Option<Blob>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// The newest checkpoint of a log.
    pub async fn checkpoint(&self, channel: &str) -> Result<Option<Model>, StoreError> {
        let query = Entity::find().filter(Column::Channel.eq(channel)).order_by_desc(Column::Size);
        sql::first(self.engine.read(), query).await
    }

    /// The newest checkpoint of a log that both gateways signed.
    pub async fn cosigned_checkpoint(&self, channel: &str) -> Result<Option<Model>, StoreError> {
        let query = Entity::find().filter(Column::Channel.eq(channel)).filter(Column::Cosigned.is_not_null());
        sql::first(self.engine.read(), query.order_by_desc(Column::Size)).await
    }

    /// The next checkpoints of a log of more than `after` leaves, smallest first, at most `limit`.
    pub async fn checkpoints_after(&self, channel: &str, after: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Channel.eq(channel)).filter(Column::Size.gt(after));
        sql::at_most(self.engine.read(), query.order_by_asc(Column::Size), limit).await
    }

    /// Keeps other signatures on checkpoints that are there. What others signed of them stays.
    pub async fn resign_checkpoints(&self, rows: &[Model]) -> Result<(), StoreError> {
        write::upsert::<Entity, _, _>(self.engine.write(), &[Column::Channel, Column::Size], &[Column::Note], rows)
            .await
    }

    /// The smallest checkpoint of a log that covers the leaf at `index`.
    pub async fn checkpoint_over(&self, channel: &str, index: i64) -> Result<Option<Model>, StoreError> {
        let query = Entity::find().filter(Column::Channel.eq(channel)).filter(Column::Size.gt(index));
        sql::first(self.engine.read(), query.order_by_asc(Column::Size)).await
    }
}

/// Keeps checkpoints. One that is there already gains its cosignature and never loses it.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    // Of two rows of one checkpoint the engines take one per statement.
    let mut merged: BTreeMap<(&str, i64), Model> = BTreeMap::new();
    for row in rows {
        let kept = merged.entry((&row.channel, row.size)).or_insert_with(|| row.clone());
        kept.cosigned = row.cosigned.clone().or_else(|| kept.cosigned.take());
    }
    let rows: Vec<_> = merged.into_values().collect();
    let tail = r#"ON CONFLICT ("channel", "size")
        DO UPDATE SET "cosigned" = COALESCE(excluded."cosigned", "checkpoint"."cosigned")"#;
    write::insert::<Entity, _, _>(tx, &rows, tail).await.map(drop)
}
