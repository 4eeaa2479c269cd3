use model::Digest;
use sea_orm::{QueryOrder, entity::prelude::*, sea_query::Expr};

use super::GatewayStore;
use crate::{StoreError, Stored, write};

/// A receipt of ours that is to get a leaf in the log of another gateway.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "awaited")]
pub struct Model {
    /// SHA-256 of the encoded receipt: what its leaf commits to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Stored<Digest>,
    /// The origin of the log.
    pub channel: String,
    /// When it was given.
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// When the oldest receipt, of those that were given after `since`, was given that has no leaf in a log yet; `None` where each has.
    pub async fn oldest_awaited(&self, channel: &str, since: i64) -> Result<Option<i64>, StoreError> {
        let query =
            Entity::find().filter(Column::Channel.eq(channel)).filter(Column::At.gt(since)).order_by_asc(Column::At);
        Ok(query.one(self.engine.write()).await?.map(|row| row.at))
    }
}

/// Notes what is awaited.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::Digest], rows).await?;
    Ok(())
}

/// Counts from a later moment on, for what is awaited still.
pub(super) async fn put_off<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    for row in rows {
        let update = Entity::update_many().col_expr(Column::At, Expr::value(row.at));
        update.filter(Column::Digest.eq(row.digest)).exec(tx).await?;
    }
    Ok(())
}

/// Forgets what has come.
pub(super) async fn remove<C: ConnectionTrait>(tx: &C, digests: &[Digest]) -> Result<(), StoreError> {
    let digests: Vec<_> = digests.iter().copied().map(Stored).collect();
    write::delete::<Entity, _, _>(tx, Column::Digest, &digests).await
}
