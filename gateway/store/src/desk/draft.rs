use model::{CaseId, PartyId};
use sea_orm::{QueryOrder, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql, write::VersionedRow};

/// A request that is being written. It becomes the case of the same id when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "draft")]
pub struct Model {
    /// The case that it will be.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Stored<CaseId>,
    /// The draft. Encrypted.
    pub body: Blob,
    /// The requested party.
    pub peer: Stored<PartyId>,
    /// When it was begun.
    pub created: i64,
    /// When it changed last.
    pub updated: i64,
    /// Grows with each change.
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl VersionedRow for Model {
    fn id(&self) -> CaseId {
        self.id.0
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl DeskStore {
    /// One draft.
    pub async fn draft(&self, id: CaseId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(id))).await
    }

    /// All drafts, the one that changed last first.
    pub async fn drafts(&self) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().order_by_desc(Column::Updated).order_by_asc(Column::Id);
        Ok(query.all(self.engine.read()).await?)
    }
}
