use std::collections::BTreeMap;

use model::CaseId;
use sea_orm::{
    Condition, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{ExprTrait, SimpleExpr},
};

use super::{DeskCaseRow, DeskStore, case};
use crate::{StoreError, Stored, sql, write};

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
    /// Who must act before that: a number of the caller's; 0 where it is not noted yet.
    pub acting: i16,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

const KEY: [Column; 5] = [Column::CaseId, Column::Measure, Column::Kind, Column::Record, Column::Round];

/// Where a clock stands in an agenda: its end, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockEnd {
    /// When it ends.
    pub due: i64,
    /// The case.
    pub case: CaseId,
    /// [`Model::measure`].
    pub measure: i64,
    /// [`Model::kind`].
    pub kind: String,
    /// [`Model::record`].
    pub record: String,
    /// [`Model::round`].
    pub round: i64,
}

impl From<&Model> for ClockEnd {
    fn from(row: &Model) -> Self {
        let Model { due, case_id, measure, kind, record, round, .. } = row.clone();
        Self { due, case: case_id.0, measure, kind, record, round }
    }
}

/// Which clocks a page of an agenda has.
#[derive(Clone, Copy, Debug)]
pub struct ClockPage<'a> {
    /// The first end.
    pub from: i64,
    /// The last end.
    pub until: i64,
    /// Of which kinds; empty: of any.
    pub kinds: &'a [String],
    /// Which [`Model::acting`].
    pub acting: &'a [i16],
}

impl DeskStore {
    /// At most `limit` clocks that have something to tell at `now`, the earliest first.
    pub async fn clocks_due(&self, now: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::NextAt.lte(now)).order_by_asc(Column::NextAt);
        let query = KEY.into_iter().fold(query, QueryOrder::order_by_asc);
        sql::at_most(self.engine.read(), query, limit).await
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

    /// At most `limit` open clocks of `which` behind `after`, in the order of their ends.
    pub async fn clocks_page(
        &self,
        which: &ClockPage<'_>,
        after: Option<&ClockEnd>,
        limit: u64,
    ) -> Result<Vec<Model>, StoreError> {
        let mut query =
            Entity::find().filter(Column::Open.eq(1_i16)).filter(Column::Due.between(which.from, which.until));
        query = query.filter(Column::Acting.is_in(which.acting.iter().copied()));
        if !which.kinds.is_empty() {
            query = query.filter(Column::Kind.is_in(which.kinds.iter().map(String::as_str)));
        }
        if let Some(after) = after {
            query = query.filter(Column::Due.gte(after.due)).filter(behind(after));
        }
        let query = query.order_by_asc(Column::Due);
        sql::at_most(self.engine.read(), KEY.into_iter().fold(query, QueryOrder::order_by_asc), limit).await
    }

    /// At most `limit` cases with an open clock of one of these kinds that is over at `now`, that of the first end first.
    pub async fn cases_over(&self, kinds: &[&str], now: i64, limit: u64) -> Result<Vec<DeskCaseRow>, StoreError> {
        let first = Column::Due.min();
        let query = Entity::find()
            .select_only()
            .column(Column::CaseId)
            .column_as(first.clone(), "first")
            .filter(Column::Open.eq(1_i16))
            .filter(Column::Kind.is_in(kinds.iter().copied()))
            .filter(Column::Due.lte(now))
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

/// The clocks whose end, and key, come behind those of one.
fn behind(one: &ClockEnd) -> Condition {
    let keys: [SimpleExpr; 5] = [
        Stored(one.case).into(),
        one.measure.into(),
        one.kind.clone().into(),
        one.record.clone().into(),
        one.round.into(),
    ];
    let later = Condition::any().add(Column::Due.gt(one.due));
    // The first key column that differs decides.
    (0..KEY.len()).fold(later, |any, at| {
        let same = KEY.iter().zip(&keys).take(at);
        let all = Condition::all().add(Column::Due.eq(one.due));
        let all = same.fold(all, |all, (column, key)| all.add(ExprTrait::eq(Expr::col(*column), key.clone())));
        any.add(all.add(ExprTrait::gt(Expr::col(KEY[at]), keys[at].clone())))
    })
}

/// Writes clocks whole.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, clocks: &[Model]) -> Result<(), StoreError> {
    let columns = [Column::Course, Column::Fired, Column::NextAt, Column::Open, Column::Due, Column::Acting];
    write::upsert::<Entity, _, _>(tx, &KEY, &columns, clocks).await
}
