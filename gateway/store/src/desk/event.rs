use std::collections::BTreeMap;

use model::{CaseId, EntryId};
use sea_orm::{DeriveIntoActiveModel, QueryOrder, QuerySelect, entity::prelude::*};

use super::{DeskStore, progress};
use crate::{StoreError, Stored, sql};

/// Under this name the newest event that was forgotten is kept among the cursors.
const FORGOTTEN: &str = "events forgotten";
/// So many are forgotten in one transaction.
const FORGOTTEN_AT_ONCE: u64 = 1000;

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
        sql::at_most(self.engine.read(), query, limit).await
    }

    /// The cursor of the newest event; 0 where there is none.
    pub async fn newest_event(&self) -> Result<i64, StoreError> {
        let newest = sql::first(self.engine.read(), Entity::find().order_by_desc(Column::Cursor)).await?;
        Ok(newest.map_or(0, |event| event.cursor))
    }

    /// The cursor of the newest event that is not kept any more; 0 where all are.
    pub async fn forgotten_events(&self) -> Result<i64, StoreError> {
        self.cursor(FORGOTTEN).await
    }

    /// Forgets the oldest events, as long as they are from before `before`. Says how many.
    pub async fn forget_events(&self, before: i64) -> Result<u64, StoreError> {
        let oldest =
            Entity::find().order_by_asc(Column::Cursor).limit(FORGOTTEN_AT_ONCE).all(self.engine.read()).await?;
        // The newest stays, so that a cursor of the future is known as one.
        let newest = self.newest_event().await?;
        let old = oldest.into_iter().take_while(|event| event.at < before && event.cursor < newest);
        let Some(last) = old.last() else { return Ok(0) };
        let tx = self.engine.begin().await?;
        let forgotten = Entity::delete_many().filter(Column::Cursor.lte(last.cursor)).exec(&tx).await?.rows_affected;
        progress::put(&tx, &BTreeMap::from([(FORGOTTEN.to_owned(), last.cursor)])).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
