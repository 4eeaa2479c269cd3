use model::{CaseId, EntryId};
use sea_orm::{DeriveIntoActiveModel, QueryOrder, QuerySelect, entity::prelude::*};

use super::DeskStore;
use crate::{StoreError, Stored};

/// That something happened to a case: for those who watch. The stream can be taken up from any cursor.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The place in the stream. It only grows; there may be gaps.
    #[sea_orm(primary_key)]
    pub cursor: i64,
    /// The case.
    pub case_id: Stored<CaseId>,
    /// What: a number of the caller's.
    pub kind: i16,
    /// When.
    pub at: i64,
    /// The entry that it came by.
    pub entry_id: Option<Stored<EntryId>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// An event to tell. The same kind by one entry at one moment is told once; without an entry each is told.
#[derive(Clone, Debug, PartialEq, Eq, DeriveIntoActiveModel)]
pub struct NewEvent {
    /// The case.
    pub case_id: Stored<CaseId>,
    /// What: a number of the caller's.
    pub kind: i16,
    /// When.
    pub at: i64,
    /// The entry that it came by.
    pub entry_id: Option<Stored<EntryId>>,
}

impl DeskStore {
    /// At most `limit` events after `cursor`, oldest first.
    pub async fn events_after(&self, cursor: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Cursor.gt(cursor)).order_by_asc(Column::Cursor);
        Ok(query.limit(limit).all(self.engine.read()).await?)
    }

    /// The cursor of the newest event; 0 where there is none.
    pub async fn newest_event(&self) -> Result<i64, StoreError> {
        let newest = Entity::find().order_by_desc(Column::Cursor).one(self.engine.read()).await?;
        Ok(newest.map_or(0, |event| event.cursor))
    }
}
