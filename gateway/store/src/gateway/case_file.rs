use model::{CaseId, PartyId};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, sql, write, write::VersionedRow};

/// A case as a gateway follows it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_file")]
pub struct Model {
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Stored<CaseId>,
    /// The requesting party.
    pub home: Stored<PartyId>,
    /// The requested party.
    pub peer: Stored<PartyId>,
    /// Grows with each change.
    pub version: i64,
    /// A number of the caller's, to find and count cases by.
    pub state: i16,
    /// The serialised case file of the core.
    pub body: Blob,
    /// The public group as followed from outside, of the newest certified epoch.
    pub group_blob: Option<Blob>,
    /// The public group of an epoch that was approved here and is not certified by both sides yet.
    pub group_next: Option<Blob>,
    /// When it changed last.
    pub updated: i64,
    /// By which fold its body was made: a number of the caller's; 0 where an older program made it.
    pub fold: i16,
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

impl GatewayStore {
    /// One case.
    pub async fn case_file(&self, id: CaseId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(id))).await
    }

    /// Those of `ids` that are here, in no order.
    pub async fn case_files(&self, ids: &[CaseId]) -> Result<Vec<Model>, StoreError> {
        let ids: Vec<_> = ids.iter().copied().map(Stored).collect();
        write::find_among::<Entity, _, _>(self.engine.read(), Column::Id, &ids).await
    }

    /// At most `limit` cases in one of `states` (empty: in any), by id, those after `after`.
    pub async fn case_page(&self, states: &[i16], after: Option<CaseId>, limit: u64) -> Result<Vec<Model>, StoreError> {
        let mut query = Entity::find();
        if !states.is_empty() {
            query = query.filter(Column::State.is_in(states.iter().copied()));
        }
        if let Some(after) = after {
            query = query.filter(Column::Id.gt(Stored(after)));
        }
        sql::at_most(self.engine.read(), query.order_by_asc(Column::Id), limit).await
    }

    /// At most `limit` cases that another fold than this made, by id, those after `after`.
    pub async fn case_folded_otherwise(
        &self,
        fold: u16,
        after: Option<CaseId>,
        limit: u64,
    ) -> Result<Vec<Model>, StoreError> {
        let mut query = Entity::find().filter(Column::Fold.ne(i32::from(fold)));
        if let Some(after) = after {
            query = query.filter(Column::Id.gt(Stored(after)));
        }
        sql::at_most(self.engine.read(), query.order_by_asc(Column::Id), limit).await
    }

    /// How many cases are in each state, by state.
    pub async fn case_counts(&self) -> Result<Vec<(i16, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::State).column_as(Column::Id.count(), "cases");
        Ok(query.group_by(Column::State).order_by_asc(Column::State).into_tuple().all(self.engine.read()).await?)
    }
}
