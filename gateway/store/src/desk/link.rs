use model::CaseId;
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::{DeskCaseRow, DeskStore, case};
use crate::{StoreError, Stored, write};

/// That a case follows an earlier one. It says nothing of how.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_link")]
pub struct Model {
    /// The later case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Stored<CaseId>,
    /// The earlier one, which need not be here.
    #[sea_orm(primary_key, auto_increment = false)]
    pub earlier: Stored<CaseId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// At most `limit` cases that follow one of `earlier`.
    pub async fn cases_following(&self, earlier: &[CaseId], limit: u64) -> Result<Vec<DeskCaseRow>, StoreError> {
        let mut later: Vec<Stored<CaseId>> = Vec::new();
        for chunk in earlier.chunks(write::ROWS_MAX) {
            let query = Entity::find().select_only().column(Column::CaseId).order_by_asc(Column::CaseId).limit(limit);
            let query = query.filter(Column::Earlier.is_in(chunk.iter().copied().map(Stored)));
            later.extend(query.into_tuple::<Stored<CaseId>>().all(self.engine.read()).await?);
        }
        later.sort_unstable();
        later.dedup();
        write::find_among::<case::Entity, _, _>(self.engine.read(), case::Column::Id, &later).await
    }
}

/// Inserts links that are not there.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::CaseId, Column::Earlier], rows).await?;
    Ok(())
}
