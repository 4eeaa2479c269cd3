use model::Digest;
use sea_orm::{QueryOrder, entity::prelude::*};

use super::{CheckpointRow, GatewayStore, checkpoint};
use crate::{StoreError, Stored, sql, write};

/// The heads of all channels at one tick: what a leaf of the own log of heads commits to. The leaf itself, with its salt, is a row of
/// [`LeafRow`](super::LeafRow).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "muster")]
pub struct Model {
    /// The index of the leaf.
    #[sea_orm(primary_key, auto_increment = false)]
    pub idx: i64,
    /// When.
    pub at: i64,
    /// From which the salts of the places follow (32 bytes).
    pub secret: Stored<Digest>,
    /// The heads, as texts of checkpoints one after the other.
    pub heads: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// The heads at the leaf `index` of the log of heads.
    pub async fn muster(&self, index: i64) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(index)).await
    }

    /// The newest heads, at most `limit`, newest first.
    pub async fn newest_musters(&self, limit: u64) -> Result<Vec<Model>, StoreError> {
        sql::at_most(self.engine.read(), Entity::find().order_by_desc(Column::Idx), limit).await
    }

    /// The smallest checkpoint of a log that covers the leaf at `index` and that others signed too.
    pub async fn cosigned_over(&self, channel: &str, index: i64) -> Result<Option<CheckpointRow>, StoreError> {
        let query = checkpoint::Entity::find().filter(checkpoint::Column::Channel.eq(channel));
        let query = query.filter(checkpoint::Column::Size.gt(index)).filter(checkpoint::Column::Cosigned.is_not_null());
        sql::first(self.engine.read(), query.order_by_asc(checkpoint::Column::Size)).await
    }
}

/// Keeps heads. Those that are there already stay.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::Idx], rows).await?;
    Ok(())
}
