#![expect(unreachable_pub, reason = "the derive makes a public entity, so its parts have to be public")]

use std::collections::BTreeMap;

use model::AuthorityId;
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::{GatewayStore, delivery};
use crate::{StoreError, Stored, sql, write};

/// How many entries a desk had sealed when it submitted last. A desk that knows of fewer was restored from a backup.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "desk_mark")]
pub struct Model {
    /// Which desk.
    #[sea_orm(primary_key, auto_increment = false)]
    pub desk: Stored<AuthorityId>,
    /// The highest count that came with a submission.
    pub sealed: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// The highest count that came with a submission of `desk`; 0 where none did.
    pub async fn sealed_count(&self, desk: &AuthorityId) -> Result<i64, StoreError> {
        let found = sql::first(self.engine.read(), Entity::find_by_id(Stored(desk.clone()))).await?;
        Ok(found.map_or(0, |row| row.sealed))
    }

    /// The newest cursor that `desk` has acknowledged; 0 where none was.
    pub async fn acknowledged_cursor(&self, desk: &AuthorityId) -> Result<i64, StoreError> {
        let query = delivery::Entity::find().select_only().column(delivery::Column::Cursor);
        let query = query.filter(delivery::Column::Desk.eq(Stored(desk.clone())));
        let query = query.filter(delivery::Column::AcknowledgedAt.is_not_null());
        let newest = query.order_by_desc(delivery::Column::Cursor).limit(1);
        let cursor: Option<i64> = newest.into_tuple().one(self.engine.read()).await?;
        Ok(cursor.unwrap_or(0))
    }
}

/// Notes counts. The caller sees to it that they only grow.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, marks: &BTreeMap<AuthorityId, i64>) -> Result<(), StoreError> {
    let rows: Vec<_> =
        marks.iter().map(|(desk, sealed)| Model { desk: desk.clone().into(), sealed: *sealed }).collect();
    write::upsert::<Entity, _, _>(tx, &[Column::Desk], &[Column::Sealed], &rows).await
}
