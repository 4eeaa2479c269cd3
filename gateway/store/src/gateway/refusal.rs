use model::{EntryId, Refuser, Step};
use sea_orm::{DeriveIntoActiveModel, QueryOrder, QuerySelect, entity::prelude::*};

use super::GatewayStore;
use crate::{StoreError, Stored, sql};

/// That something was refused: the code and who, no case data.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refusal")]
pub struct Model {
    /// In the order in which they were kept.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// When.
    pub at: i64,
    /// The channel it came by or was for, or the desk.
    pub channel: String,
    /// The code, as in R92 or STALE_CASE.
    pub code: String,
    /// The entry, where it could be read.
    pub entry_id: Option<Stored<EntryId>>,
    /// What it would have done, where it could be read.
    pub step: Option<Stored<Step>>,
    /// Who refused.
    pub by: Stored<Refuser>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A refusal to keep. The same code for one entry at one moment is kept once; without an entry each is kept.
#[derive(Clone, Debug, PartialEq, Eq, DeriveIntoActiveModel)]
pub struct NewRefusal {
    /// When.
    pub at: i64,
    /// The channel it came by or was for, or the desk.
    pub channel: String,
    /// The code, as in R92 or STALE_CASE.
    pub code: String,
    /// The entry, where it could be read.
    pub entry_id: Option<Stored<EntryId>>,
    /// What it would have done, where it could be read.
    pub step: Option<Stored<Step>>,
    /// Who refused.
    pub by: Stored<Refuser>,
}

impl GatewayStore {
    /// The newest `limit` refusals, newest first.
    pub async fn refusals(&self, limit: u64) -> Result<Vec<Model>, StoreError> {
        sql::at_most(self.engine.read(), Entity::find().order_by_desc(Column::Id), limit).await
    }

    /// How many refusals there were at or after `since`, by code.
    pub async fn refusal_counts(&self, since: i64) -> Result<Vec<(String, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::Code).column_as(Column::Id.count(), "refusals");
        let query = query.filter(Column::At.gte(since)).group_by(Column::Code).order_by_asc(Column::Code);
        Ok(query.into_tuple().all(self.engine.read()).await?)
    }
}
