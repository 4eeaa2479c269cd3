use std::collections::BTreeMap;

use model::Digest;
use sea_orm::{QuerySelect, entity::prelude::*};

use super::GatewayStore;
use crate::{StoreError, Stored, write};

/// A stored hash of a channel's tree. It follows from the leaves, so the first one at an index stays.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tree_hash")]
pub struct Model {
    /// The origin of the log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// Which, in the order of stored hashes [C2SP tlog-tiles; golang.org/x/mod/sumdb/tlog StoredHashIndex].
    #[sea_orm(primary_key, auto_increment = false)]
    pub idx: i64,
    /// The hash.
    pub hash: Stored<Digest>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// The stored hashes at `indexes`, in the order asked; `None` where there is none.
    pub async fn tree_hashes(&self, channel: &str, indexes: &[i64]) -> Result<Vec<Option<Digest>>, StoreError> {
        let mut found = BTreeMap::new();
        for chunk in indexes.chunks(write::ROWS_MAX) {
            let query = Entity::find().select_only().column(Column::Idx).column(Column::Hash);
            let query = query.filter(Column::Channel.eq(channel)).filter(Column::Idx.is_in(chunk.iter().copied()));
            let rows: Vec<(i64, Stored<Digest>)> = query.into_tuple().all(self.engine.read()).await?;
            found.extend(rows);
        }
        Ok(indexes.iter().map(|index| found.get(index).map(|hash| hash.0)).collect())
    }
}

/// Stores hashes that are not there yet.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::Channel, Column::Idx], rows).await?;
    Ok(())
}
