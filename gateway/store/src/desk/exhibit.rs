use model::{CaseId, EntryId};
use sea_orm::{QuerySelect, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, write};

/// A body that contradicted its header: kept for the notice about it, apart from all bodies that can be opened for use.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exhibit")]
pub struct Model {
    /// The entry that is complained of.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: Stored<EntryId>,
    /// Its case.
    pub case_id: Stored<CaseId>,
    /// The body under a key of its own. Encrypted.
    pub body: Blob,
    /// That key. Encrypted.
    pub wrapped: Blob,
    /// When it is destroyed at the latest.
    pub until: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// What is kept of an entry that is complained of.
    pub async fn exhibit(&self, entry: EntryId) -> Result<Option<Model>, StoreError> {
        Ok(Entity::find_by_id(Stored(entry)).one(self.engine.read()).await?)
    }

    /// The entries of a case of which something is kept.
    pub async fn exhibits_of(&self, case: CaseId) -> Result<Vec<EntryId>, StoreError> {
        let query = Entity::find().select_only().column(Column::EntryId).filter(Column::CaseId.eq(Stored(case)));
        let found: Vec<Stored<EntryId>> = query.into_tuple().all(self.engine.read()).await?;
        Ok(found.into_iter().map(|one| one.0).collect())
    }

    /// At most `limit` entries whose time is over at `now`.
    pub async fn exhibits_over(&self, now: i64, limit: u64) -> Result<Vec<EntryId>, StoreError> {
        let query = Entity::find().select_only().column(Column::EntryId).filter(Column::Until.lte(now)).limit(limit);
        let found: Vec<Stored<EntryId>> = query.into_tuple().all(self.engine.read()).await?;
        Ok(found.into_iter().map(|one| one.0).collect())
    }
}

/// Keeps what nobody keeps yet.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::EntryId], rows).await.map(drop)
}
