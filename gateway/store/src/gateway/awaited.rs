use std::collections::BTreeMap;

use model::Digest;
use sea_orm::{ExprTrait, QueryOrder, entity::prelude::*, sea_query::Expr};

use super::GatewayStore;
use crate::{StoreError, Stored, sql, write};

/// What is to get a leaf in the log of another gateway: a receipt of ours, or an entry of ours that it took.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "awaited")]
pub struct Model {
    /// SHA-256 of the statement to which its leaf commits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Stored<Digest>,
    /// The origin of the log.
    pub channel: String,
    /// When it was given; or given again, where that counts.
    pub at: i64,
    /// How often it counts from a later moment than before, because it was given again.
    pub put_off: i16,
}

/// An awaited receipt that is given again, because the other gateway asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenAgain {
    /// SHA-256 of the statement to which its leaf commits.
    pub digest: Digest,
    /// Now.
    pub at: i64,
    /// It counts where the receipt was given at this moment or before it.
    pub given_until: i64,
}

/// A home that loses the same answer so often goes on, each time for as long as it may keep a receipt out; one that keeps it out on purpose gains
/// no more than that.
const PUT_OFF_MAX: i16 = 3;

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// When the oldest receipt was given that has no leaf in a log yet; `None` where each has.
    pub async fn oldest_awaited(&self, channel: &str) -> Result<Option<i64>, StoreError> {
        let query = Entity::find().filter(Column::Channel.eq(channel)).order_by_asc(Column::At);
        Ok(sql::first(self.engine.write(), query).await?.map(|row| row.at))
    }

    /// The rows of those of these receipts that have one, in no order.
    pub async fn awaited_among(&self, digests: &[Digest]) -> Result<Vec<Model>, StoreError> {
        let digests: Vec<_> = digests.iter().copied().map(Stored).collect();
        write::find_among::<Entity, _, _>(self.engine.read(), Column::Digest, &digests).await
    }
}

/// Notes what is awaited.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::Digest], rows).await?;
    Ok(())
}

/// Counts from a later moment on, for what is awaited still. So often and no oftener: who asks again and again awaits nothing.
pub(super) async fn put_off<C: ConnectionTrait>(tx: &C, again: &[GivenAgain]) -> Result<(), StoreError> {
    for one in again {
        let update = Entity::update_many().col_expr(Column::At, Expr::value(one.at));
        let update = update.col_expr(Column::PutOff, Expr::col(Column::PutOff).add(1_i16));
        let update = update.filter(Column::PutOff.lt(PUT_OFF_MAX)).filter(Column::At.lte(one.given_until));
        update.filter(Column::Digest.eq(Stored(one.digest))).exec(tx).await?;
    }
    Ok(())
}

/// Forgets what has come, each in the log in which it was awaited.
pub(super) async fn remove<C: ConnectionTrait>(tx: &C, came: &[(String, Digest)]) -> Result<(), StoreError> {
    let mut logs: BTreeMap<&str, Vec<Stored<Digest>>> = BTreeMap::new();
    for (log, digest) in came {
        logs.entry(log).or_default().push(Stored(*digest));
    }
    for (log, digests) in logs {
        for chunk in digests.chunks(write::ROWS_MAX) {
            let delete = Entity::delete_many().filter(Column::Channel.eq(log));
            delete.filter(Column::Digest.is_in(sql::padded(chunk))).exec(tx).await?;
        }
    }
    Ok(())
}
