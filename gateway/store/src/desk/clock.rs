use std::collections::BTreeMap;

use model::CaseId;
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::{DeskCaseRow, DeskStore, case};
use crate::{StoreError, Stored, write};

/// A clock of a case: what a scheduler needs to tell its alarms, each once. It holds times and codes, nothing of what is asked.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clock")]
pub struct Model {
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Stored<CaseId>,
    /// The number of the measure.
    #[sea_orm(primary_key, auto_increment = false)]
    pub measure: i64,
    /// Which clock: a word of the caller's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// For which record type; empty where they do not differ.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record: String,
    /// Which one of this kind, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub round: i64,
    /// When it began, ends, and stood still: JSON of the caller's.
    pub course: String,
    /// What it told last: a word of the caller's.
    pub fired: Option<String>,
    /// When it tells something next; `None` where nothing is left to tell, as far as is known.
    pub next_at: Option<i64>,
    /// 1 until it was stopped or dropped, then 0.
    pub open: i16,
    /// When it ends.
    pub due: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

const KEY: [Column; 5] = [Column::CaseId, Column::Measure, Column::Kind, Column::Record, Column::Round];

impl DeskStore {
    /// At most `limit` clocks that have something to tell at `now`, the earliest first.
    pub async fn clocks_due(&self, now: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::NextAt.lte(now)).order_by_asc(Column::NextAt);
        let query = KEY.into_iter().fold(query, QueryOrder::order_by_asc);
        Ok(query.limit(limit).all(self.engine.read()).await?)
    }

    /// When the next clock has something to tell.
    pub async fn next_clock(&self) -> Result<Option<i64>, StoreError> {
        let query = Entity::find().select_only().column(Column::NextAt).filter(Column::NextAt.is_not_null());
        Ok(query.order_by_asc(Column::NextAt).into_tuple().one(self.engine.read()).await?)
    }

    /// The clocks of a case, by measure, kind, record and round.
    pub async fn clocks_of(&self, case: CaseId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::CaseId.eq(Stored(case)));
        Ok(KEY.into_iter().fold(query, QueryOrder::order_by_asc).all(self.engine.read()).await?)
    }

    /// The open clocks that have told something.
    pub async fn clocks_told(&self) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Open.eq(1_i16)).filter(Column::Fired.is_not_null());
        Ok(KEY.into_iter().fold(query, QueryOrder::order_by_asc).all(self.engine.read()).await?)
    }

    /// At most `limit` cases with an open clock of one of these kinds that is over at `now`, that of the first end first.
    pub async fn cases_over(&self, kinds: &[&str], now: i64, limit: u64) -> Result<Vec<DeskCaseRow>, StoreError> {
        self.cases_with(Column::Kind.is_in(kinds.iter().copied()), now, limit).await
    }

    /// At most `limit` cases with an open clock that ends at `until` or before, that of the first end first.
    pub async fn cases_due(&self, until: i64, limit: u64) -> Result<Vec<DeskCaseRow>, StoreError> {
        self.cases_with(Column::Open.eq(1_i16), until, limit).await
    }

    async fn cases_with(
        &self,
        clock: sea_orm::sea_query::SimpleExpr,
        until: i64,
        limit: u64,
    ) -> Result<Vec<DeskCaseRow>, StoreError> {
        let first = Column::Due.min();
        let query = Entity::find()
            .select_only()
            .column(Column::CaseId)
            .column_as(first.clone(), "first")
            .filter(Column::Open.eq(1_i16))
            .filter(clock)
            .filter(Column::Due.lte(until))
            .group_by(Column::CaseId)
            .order_by_asc(first)
            .order_by_asc(Column::CaseId)
            .limit(limit);
        let ids: Vec<(Stored<CaseId>, i64)> = query.into_tuple().all(self.engine.read()).await?;
        let ids: Vec<_> = ids.into_iter().map(|(id, _)| id).collect();
        let rows = write::find_among::<case::Entity, _, _>(self.engine.read(), case::Column::Id, &ids).await?;
        let mut rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
    }
}

/// Writes clocks whole.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, clocks: &[Model]) -> Result<(), StoreError> {
    let columns = [Column::Course, Column::Fired, Column::NextAt, Column::Open, Column::Due];
    write::upsert::<Entity, _, _>(tx, &KEY, &columns, clocks).await
}
