use model::{AuthorityId, CaseId, HeaderDigest};
use sea_orm::{Condition, QueryOrder, QuerySelect, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql, write::VersionedRow};

/// A case by the number of its fold, and its id.
pub type Folded = (i16, CaseId);

/// A case as the desk sees it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "desk_case")]
pub struct Model {
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Stored<CaseId>,
    /// Whether this desk asks (home) or is asked (peer): a number of the caller's.
    pub role: i16,
    /// A number of the caller's, to find cases by.
    pub state: i16,
    /// Whose move it is: a number of the caller's; 0 where it is not noted yet.
    pub whose: i16,
    /// From when on people have to look at it, whoever must act; `None` where nothing calls them, as far as is known.
    pub calls_at: Option<i64>,
    /// The desk on the other side.
    pub counterpart: Stored<AuthorityId>,
    /// What people call it. Encrypted.
    pub title: Option<Blob>,
    /// The serialised view of the desk. Encrypted.
    pub body: Blob,
    /// The header of the newest admitted entry: what the next one names as its predecessor.
    pub head: Stored<HeaderDigest>,
    /// When it began: its place in lists, which does not change.
    pub created: i64,
    /// 1 where this desk has to say something now that no clock tells, else 0.
    pub owes: i16,
    /// When it changed last.
    pub updated: i64,
    /// Grows with each change.
    pub version: i64,
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

impl DeskStore {
    /// One case.
    pub async fn case(&self, id: CaseId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(id))).await
    }

    /// At most `limit` cases in one of `states` (empty: in any) behind `after`, by id: whatever moves meanwhile, who walks so far passes
    /// over no case that stays in its state.
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

    /// At most `limit` cases in which this desk has to say something that no clock tells.
    pub async fn cases_owing(&self, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Owes.eq(1_i16)).order_by_asc(Column::Id);
        sql::at_most(self.engine.read(), query, limit).await
    }

    /// The ids of cases and drafts from `first` to `last`, both included, in order, at most `limit` of each: to find one by its first
    /// letters.
    pub async fn case_ids(&self, first: CaseId, last: CaseId, limit: u64) -> Result<Vec<CaseId>, StoreError> {
        use super::draft::{Column as DraftColumn, Entity as Drafts};
        let query = Entity::find().select_only().column(Column::Id).order_by_asc(Column::Id).limit(limit);
        let query = query.filter(Column::Id.between(Stored(first), Stored(last)));
        let mut ids: Vec<Stored<CaseId>> = query.into_tuple().all(self.engine.read()).await?;
        let drafts = Drafts::find().select_only().column(DraftColumn::Id).order_by_asc(DraftColumn::Id).limit(limit);
        let drafts = drafts.filter(DraftColumn::Id.between(Stored(first), Stored(last)));
        ids.extend(drafts.into_tuple::<Stored<CaseId>>().all(self.engine.read()).await?);
        ids.sort_unstable();
        ids.dedup();
        Ok(ids.into_iter().map(|id| id.0).collect())
    }

    /// At most `limit` cases that another fold than this made, those behind `after`: by the number of their fold, then by id.
    pub async fn cases_folded_otherwise(
        &self,
        fold: u16,
        after: Option<Folded>,
        limit: u64,
    ) -> Result<Vec<Folded>, StoreError> {
        let mut found = Vec::new();
        // One range of the index each: where every case is of this fold, nothing is read.
        for other in [Column::Fold.lt(i32::from(fold)), Column::Fold.gt(i32::from(fold))] {
            let mut query = Entity::find().select_only().column(Column::Fold).column(Column::Id).filter(other);
            if let Some((fold, id)) = after {
                let behind = Condition::any().add(Column::Fold.gt(fold)).add(Column::Id.gt(Stored(id)));
                query = query.filter(Column::Fold.gte(fold)).filter(behind);
            }
            let query = query.order_by_asc(Column::Fold).order_by_asc(Column::Id).limit(limit);
            let rows: Vec<(i16, Stored<CaseId>)> = query.into_tuple().all(self.engine.read()).await?;
            found.extend(rows.into_iter().map(|(fold, id)| (fold, id.0)));
        }
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// How many cases are in each state, by state.
    pub async fn case_counts(&self) -> Result<Vec<(i16, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::State).column_as(Column::Id.count(), "cases");
        Ok(query.group_by(Column::State).order_by_asc(Column::State).into_tuple().all(self.engine.read()).await?)
    }
}
