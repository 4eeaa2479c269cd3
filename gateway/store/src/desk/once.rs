use model::Digest;
use sea_orm::entity::prelude::*;

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// A call of a program that is to be done once, whatever it is repeated for. The row is written with what the call changes, and its
/// answer before anybody is told of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "once")]
pub struct Model {
    /// Whose call: a number of the caller's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client: i64,
    /// The digest of the key that the program gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Stored<Digest>,
    /// The digest of what was called, and with what.
    pub request: Stored<Digest>,
    /// What it changed or made: an id of the caller's.
    pub subject: Option<Blob>,
    /// What was answered; `None` until then. Encrypted.
    pub answer: Option<Blob>,
    /// When.
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

const KEY: [Column; 2] = [Column::Client, Column::Key];

impl DeskStore {
    /// The call that `client` gave this key.
    pub async fn once(&self, client: i64, key: Digest) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id((client, Stored(key)))).await
    }

    /// How many keys of `client` are kept.
    pub async fn once_count(&self, client: i64) -> Result<u64, StoreError> {
        Ok(Entity::find().filter(Column::Client.eq(client)).count(self.engine.read()).await?)
    }

    /// Writes the answer of a call; the rest of the row only where there is none yet.
    pub async fn answer_once(&self, row: &Model) -> Result<(), StoreError> {
        write::upsert::<Entity, _, _>(self.engine.write(), &KEY, &[Column::Answer], std::slice::from_ref(row)).await
    }

    /// Forgets the keys of calls that were made before `before`. Says how many.
    pub async fn forget_once(&self, before: i64) -> Result<u64, StoreError> {
        let query = Entity::delete_many().filter(Column::At.lt(before));
        Ok(query.exec(self.engine.write()).await?.rows_affected)
    }
}

/// Notes calls that have changed something. What is there stays.
pub(super) async fn note<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &KEY, rows).await.map(drop)
}
