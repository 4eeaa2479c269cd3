use model::{Digest, PartyId};
use sea_orm::{QueryOrder, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// A version of a party's directory that this gateway has believed: what was signed under it is verified under it for good, also after the party
/// has exchanged its root and counts its versions anew.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "directory")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub party: Stored<PartyId>,
    /// SHA-256 of the root's certificate that it names. Of all zeroes where it was kept before roots were told apart.
    #[sea_orm(primary_key, auto_increment = false)]
    pub root: Stored<Digest>,
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
    /// Keeps a version of a directory. The first text of a version under a root stays.
    pub async fn keep_directory(&self, row: &Model) -> Result<(), StoreError> {
        let before = Entity::find_by_id((row.party, Stored(Digest::new([0; 32])), row.version));
        if sql::first(self.engine.write(), before).await?.is_some_and(|before| before.toml == row.toml) {
            return Ok(());
        }
        let keys = [Column::Party, Column::Root, Column::Version];
        write::insert_new::<Entity, _, _>(self.engine.write(), &keys, std::slice::from_ref(row)).await.map(drop)
    }

    /// Every version of a party's directory that was kept, in the order in which they were seen.
    pub async fn directories_of(&self, party: PartyId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Party.eq(Stored(party))).order_by_asc(Column::Seen);
        let query = query.order_by_asc(Column::Version);
        Ok(query.all(self.engine.read()).await?)
    }
}
