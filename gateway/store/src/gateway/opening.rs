use model::{Digest, PartyId};
use sea_orm::{QueryOrder, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, write};

/// What another party showed of its directory: that it commits to a root of the own party. Kept for case files.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "opening")]
pub struct Model {
    /// Whose directory commits to it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub party: Stored<PartyId>,
    /// SHA-256 of the opening, as it stands in the directory.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Stored<Digest>,
    /// The opening.
    pub opening: Blob,
    /// When it was seen first.
    pub seen: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// Keeps an opening. The same again changes nothing.
    pub async fn keep_opening(&self, row: &Model) -> Result<(), StoreError> {
        let keys = [Column::Party, Column::Digest];
        write::insert_new::<Entity, _, _>(self.engine.write(), &keys, std::slice::from_ref(row)).await.map(drop)
    }

    /// What a party showed, the first first.
    pub async fn openings_of(&self, party: PartyId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Party.eq(Stored(party))).order_by_asc(Column::Seen);
        Ok(query.order_by_asc(Column::Digest).all(self.engine.read()).await?)
    }
}
