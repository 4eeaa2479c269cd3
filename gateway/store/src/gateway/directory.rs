use model::PartyId;
use sea_orm::{QueryOrder, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, write};

/// A version of a party's directory that this gateway has believed: what was signed under it is verified under it for good.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "directory")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub party: Stored<PartyId>,
    /// Its version.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// The text that the root signed.
    pub toml: Blob,
    /// The root's signature over it.
    pub signature: Blob,
    /// When it was seen first.
    pub seen: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// Keeps a version of a directory. The first text of a version stays.
    pub async fn keep_directory(&self, row: &Model) -> Result<(), StoreError> {
        let keys = [Column::Party, Column::Version];
        write::insert_new::<Entity, _, _>(self.engine.write(), &keys, std::slice::from_ref(row)).await.map(drop)
    }

    /// Every version of a party's directory that was kept, the oldest first.
    pub async fn directories_of(&self, party: PartyId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Party.eq(Stored(party))).order_by_asc(Column::Version);
        Ok(query.all(self.engine.read()).await?)
    }
}
