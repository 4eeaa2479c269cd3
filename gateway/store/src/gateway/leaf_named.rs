#![expect(unreachable_pub, reason = "the derive makes a public entity, so its parts have to be public")]

use std::collections::BTreeSet;

use model::EntryId;
use sea_orm::entity::prelude::*;

use crate::{StoreError, Stored, write};

/// In which stretches of the logs of others an entry is spoken of. Whichever log it is, the stretch tells.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leaf_named")]
pub struct Model {
    /// The entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: Stored<EntryId>,
    /// The first leaf of the stretch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub idx: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Keeps those that are not there yet.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, names: BTreeSet<(EntryId, i64)>) -> Result<(), StoreError> {
    let rows: Vec<_> = names.into_iter().map(|(entry, idx)| Model { entry_id: entry.into(), idx }).collect();
    write::insert_keyed::<Entity, _, _>(tx, &[Column::EntryId, Column::Idx], &rows).await.map(drop)
}
