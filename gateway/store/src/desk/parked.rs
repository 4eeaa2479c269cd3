use model::CaseId;
use sea_orm::{QueryOrder, entity::prelude::*};

use super::DeskStore;
use crate::{StoreError, Stored, write};

/// An item of the gateway's stream that could not be taken yet, and was passed by so that other cases go on. The gateway still has it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parked")]
pub struct Model {
    /// Its place in the stream.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cursor: i64,
    /// Its case, in which whatever follows waits behind it.
    pub case_id: Stored<CaseId>,
    /// When it came first.
    pub since: i64,
    /// Why it was not taken when it was tried last; without case data.
    pub why: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// All items that are parked, in the order in which they came.
    pub async fn parked(&self) -> Result<Vec<Model>, StoreError> {
        Ok(Entity::find().order_by_asc(Column::Cursor).all(self.engine.read()).await?)
    }
}

/// Parks items; of one that is parked, notes why.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::upsert::<Entity, _, _>(tx, &[Column::Cursor], &[Column::Why], rows).await
}
