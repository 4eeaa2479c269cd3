use std::collections::BTreeMap;

use model::{CaseId, PartyId};
use sea_orm::{Condition, PaginatorTrait, QueryOrder, entity::prelude::*};

use super::DeskStore;
use crate::{StoreError, Stored, sql, write};

/// By which of its leaves the desk stands in the group of a case that goes on.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leaf")]
pub struct Model {
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Stored<CaseId>,
    /// What tells the leaf from others: a number of the caller's; 0 where it is not noted yet.
    pub mark: i64,
    /// The other party of the case.
    pub party: Stored<PartyId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// At most `limit` cases in whose groups the desk stands by another leaf than this, those behind `after` and not with the parties
    /// `but`: by the mark of their leaves, then by id. Where it stands everywhere by this one, nothing is read.
    pub async fn leaves_other_than(
        &self,
        mark: i64,
        but: &[PartyId],
        after: Option<(i64, CaseId)>,
        limit: u64,
    ) -> Result<Vec<Model>, StoreError> {
        let mut found = Vec::new();
        // One range of the index each.
        for other in [Column::Mark.lt(mark), Column::Mark.gt(mark)] {
            let mut query = Entity::find().filter(other);
            if let Some((mark, id)) = after {
                let behind = Condition::any().add(Column::Mark.gt(mark)).add(Column::CaseId.gt(Stored(id)));
                query = query.filter(Column::Mark.gte(mark)).filter(behind);
            }
            if !but.is_empty() {
                query = query.filter(Column::Party.is_not_in(but.iter().copied().map(Stored)));
            }
            let query = query.order_by_asc(Column::Mark).order_by_asc(Column::CaseId);
            let rest = limit.saturating_sub(found.len() as u64);
            found.extend(sql::at_most(self.engine.read(), query, rest).await?);
        }
        Ok(found)
    }

    /// By which it stands in the group of a case; `None` where it needs none.
    pub async fn leaf(&self, case: CaseId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(case))).await
    }

    /// In how many cases it is another one.
    pub async fn leaves_other_than_count(&self, mark: i64) -> Result<u64, StoreError> {
        let others = Condition::any().add(Column::Mark.lt(mark)).add(Column::Mark.gt(mark));
        Ok(Entity::find().filter(others).count(self.engine.read()).await?)
    }

    /// Whether the desk stands anywhere by this leaf.
    pub async fn stands_by(&self, mark: i64) -> Result<bool, StoreError> {
        Ok(sql::first(self.engine.read(), Entity::find().filter(Column::Mark.eq(mark))).await?.is_some())
    }
}

/// Writes rows, whole; of two of one case the later wins.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    let last: BTreeMap<_, _> = rows.iter().map(|row| (row.case_id, row.clone())).collect();
    let rows: Vec<_> = last.into_values().collect();
    write::upsert::<Entity, _, _>(tx, &[Column::CaseId], &write::columns_but::<Entity>(Column::CaseId), &rows).await
}
