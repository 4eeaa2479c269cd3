use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, sql, write};

/// A time-stamped head of the own log of heads.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stamp")]
pub struct Model {
    /// How many leaves the head covers.
    #[sea_orm(primary_key, auto_increment = false)]
    pub size: i64,
    /// The signed note that was stamped, to the byte.
    pub note: Blob,
    /// The token [RFC 3161], DER.
    pub token: Blob,
    /// The authority's moment.
    pub at: i64,
    /// When it was asked, by the own clock.
    pub asked: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// Keeps a token. The first one on a head stays.
    pub async fn put_stamp(&self, row: &Model) -> Result<(), StoreError> {
        let rows = std::slice::from_ref(row);
        write::insert_new::<Entity, _, _>(self.engine.write(), &[Column::Size], rows).await?;
        Ok(())
    }

    /// The newest tokens, at most `limit`, newest first.
    pub async fn newest_stamps(&self, limit: u64) -> Result<Vec<Model>, StoreError> {
        sql::at_most(self.engine.read(), Entity::find().order_by_desc(Column::Size), limit).await
    }

    /// The sizes of all heads that have one, ascending.
    pub async fn stamp_sizes(&self) -> Result<Vec<i64>, StoreError> {
        let query = Entity::find().select_only().column(Column::Size).order_by_asc(Column::Size);
        Ok(query.into_tuple().all(self.engine.read()).await?)
    }

    /// The token on the head of `size` leaves.
    pub async fn stamp(&self, size: i64) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(size)).await
    }
}
