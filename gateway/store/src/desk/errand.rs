use std::collections::BTreeMap;

use model::CaseId;
use sea_orm::{QueryOrder, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// A change of a case's group that the desk wants and goes on asking for until it is admitted or refused. One for a case.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "errand")]
pub struct Model {
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Stored<CaseId>,
    /// What is wanted. Encrypted.
    pub body: Blob,
    /// Not to be tried before.
    pub due: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// What is wanted of a case's group.
    pub async fn errand(&self, case: CaseId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(case))).await
    }

    /// At most `limit` errands that may be tried at `now`, the longest due first.
    pub async fn errands_due(&self, now: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Due.lte(now)).order_by_asc(Column::Due);
        sql::at_most(self.engine.read(), query, limit).await
    }

    /// When the next errand is due; `None` when there is none.
    pub async fn next_errand(&self) -> Result<Option<i64>, StoreError> {
        let next = sql::first(self.engine.read(), Entity::find().order_by_asc(Column::Due)).await?;
        Ok(next.map(|row| row.due))
    }
}

/// Writes errands, whole; of two of one case the later wins.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    let last: BTreeMap<_, _> = rows.iter().map(|row| (row.case_id, row.clone())).collect();
    let rows: Vec<_> = last.into_values().collect();
    write::upsert::<Entity, _, _>(tx, &[Column::CaseId], &write::columns_but::<Entity>(Column::CaseId), &rows).await
}
