use model::CaseId;
use sea_orm::entity::prelude::*;

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// What officers have signed of an act of the desk itself, as long as it waits for another signature. One for each act of a case.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pledge")]
pub struct Model {
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Stored<CaseId>,
    /// Which act: a word of the caller's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub act: String,
    /// The statement and its signatures: the caller's.
    pub body: Blob,
    /// When it was signed last.
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// What is signed of an act.
    pub async fn pledge(&self, case: CaseId, act: &str) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id((Stored(case), act.to_owned()))).await
    }
}

/// Writes pledges whole.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, pledges: &[Model]) -> Result<(), StoreError> {
    write::upsert::<Entity, _, _>(tx, &[Column::CaseId, Column::Act], &[Column::Body, Column::At], pledges).await
}

/// Deletes pledges.
pub(super) async fn delete<C: ConnectionTrait>(tx: &C, done: &[(CaseId, String)]) -> Result<(), StoreError> {
    for (case, act) in done {
        Entity::delete_by_id((Stored(*case), act.clone())).exec(tx).await?;
    }
    Ok(())
}
