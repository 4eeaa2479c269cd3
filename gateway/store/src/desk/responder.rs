use sea_orm::entity::prelude::*;

use super::DeskStore;
use crate::{StoreError, sql, write};

/// How a responder stands: who signed which text of its file, and how it went last.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "responder")]
pub struct Model {
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// JSON of the caller's. It holds no case data.
    pub state: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// How a responder stands; `None` where nobody has signed anything of it.
    pub async fn responder(&self, name: &str) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(name)).await
    }
}

/// Writes responders whole.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, responders: &[Model]) -> Result<(), StoreError> {
    write::upsert::<Entity, _, _>(tx, &[Column::Name], &[Column::State], responders).await
}
