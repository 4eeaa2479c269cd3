use model::{AuthorityId, CaseId, EntryId};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::DeskStore;
use crate::{StoreError, Stored, sql, write};

/// That a responder took a measure up, and what came of it. It is written before anything is looked up: whoever goes on after a crash
/// uses the same entry, so that nothing is answered twice.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Stored<CaseId>,
    /// The number of the measure.
    #[sea_orm(primary_key, auto_increment = false)]
    pub measure: i64,
    /// The entry that answers, if one does.
    pub entry_id: Stored<EntryId>,
    /// Which responder.
    pub responder: String,
    /// Who asked.
    pub counterpart: Stored<AuthorityId>,
    /// When it was taken up, or concluded.
    pub at: i64,
    /// What came of it: a word of the caller's; empty while it goes on. It never holds case data.
    pub outcome: String,
    /// When the register was asked for it first; `None` where it was not asked.
    pub looked_up: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// What a responder did with a measure.
    pub async fn attempt(&self, case: CaseId, measure: i64) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id((Stored(case), measure))).await
    }

    /// For how many measures a responder's register was asked first since `since`, whatever came of it; of one counterpart, where one is
    /// named.
    pub async fn looked_up_since(
        &self,
        responder: &str,
        counterpart: Option<&AuthorityId>,
        since: i64,
    ) -> Result<u64, StoreError> {
        let mut query = Entity::find().filter(Column::Responder.eq(responder)).filter(Column::LookedUp.gte(since));
        if let Some(counterpart) = counterpart {
            query = query.filter(Column::Counterpart.eq(Stored(counterpart.clone())));
        }
        Ok(query.count(self.engine.read()).await?)
    }

    /// What came of all that a responder took up since `since`: each outcome with how often.
    pub async fn attempt_counts(&self, responder: &str, since: i64) -> Result<Vec<(String, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::Outcome).column_as(Column::CaseId.count(), "cases");
        let query = query.filter(Column::Responder.eq(responder)).filter(Column::At.gte(since));
        let query = query.group_by(Column::Outcome).order_by_asc(Column::Outcome);
        Ok(query.into_tuple().all(self.engine.read()).await?)
    }
}

/// Writes attempts whole.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, attempts: &[Model]) -> Result<(), StoreError> {
    let keys = [Column::CaseId, Column::Measure];
    let columns =
        [Column::EntryId, Column::Responder, Column::Counterpart, Column::At, Column::Outcome, Column::LookedUp];
    write::upsert::<Entity, _, _>(tx, &keys, &columns, attempts).await
}
