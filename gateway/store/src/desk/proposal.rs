use std::collections::BTreeMap;

use model::{CaseId, EntryId};
use sea_orm::{QueryOrder, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// A prepared entry that waits for officers' signatures, for its submission or for the peer's certificate.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposal")]
pub struct Model {
    /// The entry that it will be.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Stored<EntryId>,
    /// The case.
    pub case_id: Stored<CaseId>,
    /// The header that is signed.
    pub header: Blob,
    /// The body that is sealed. Encrypted.
    pub body: Blob,
    /// The signatures that are here.
    pub signatures: Blob,
    /// What it waits for: a number of the caller's.
    pub state: i16,
    /// When it was prepared.
    pub created: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// One proposal.
    pub async fn proposal(&self, id: EntryId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(id))).await
    }

    /// The proposals in one of `states` (empty: in any), oldest first.
    pub async fn proposals(&self, states: &[i16]) -> Result<Vec<Model>, StoreError> {
        let mut query = Entity::find();
        if !states.is_empty() {
            query = query.filter(Column::State.is_in(states.iter().copied()));
        }
        let query = query.order_by_asc(Column::Created).order_by_asc(Column::Id);
        Ok(query.all(self.engine.read()).await?)
    }

    /// The proposals of a case, oldest first.
    pub async fn proposals_of(&self, case: CaseId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::CaseId.eq(Stored(case))).order_by_asc(Column::Created);
        Ok(query.order_by_asc(Column::Id).all(self.engine.read()).await?)
    }
}

/// Writes proposals, whole; of two of one id the later wins.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    let last: BTreeMap<_, _> = rows.iter().map(|row| (row.id, row.clone())).collect();
    let rows: Vec<_> = last.into_values().collect();
    write::upsert::<Entity, _, _>(tx, &[Column::Id], &write::columns_but::<Entity>(Column::Id), &rows).await
}
