#![expect(unreachable_pub, reason = "the derive makes a public entity, so its parts have to be public")]

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;

use super::DeskStore;
use crate::{StoreError, sql, write};

/// How far a stream was read.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cursor")]
pub struct Model {
    /// Which stream, as in `gateway`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The newest cursor that was taken.
    pub value: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// How far the stream called `name` was read; 0 where it was not begun.
    pub async fn cursor(&self, name: &str) -> Result<i64, StoreError> {
        let found = sql::first(self.engine.read(), Entity::find_by_id(name)).await?;
        Ok(found.map_or(0, |row| row.value))
    }
}

/// Notes how far streams were read.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, cursors: &BTreeMap<String, i64>) -> Result<(), StoreError> {
    let rows: Vec<_> = cursors.iter().map(|(name, value)| Model { name: name.clone(), value: *value }).collect();
    write::upsert::<Entity, _, _>(tx, &[Column::Name], &[Column::Value], &rows).await
}
