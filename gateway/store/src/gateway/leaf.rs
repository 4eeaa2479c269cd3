use std::collections::{BTreeMap, BTreeSet};

use ledger::Statement;
use model::{Digest, EntryId};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::{GatewayStore, receipt};
use crate::{Blob, StoreError, Stored, sql, write};

/// A leaf of a channel's ledger.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leaf")]
pub struct Model {
    /// The origin of the log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// Which, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub idx: i64,
    /// SHA-256 of salt and statement.
    pub hash: Stored<Digest>,
    /// The salt (32 bytes), where this gateway knows it.
    pub salt: Option<Stored<Digest>>,
    /// The entry that it speaks of: in the logs of others. In our own, the receipts of an entry know the leaves that speak of it.
    pub entry_id: Option<Stored<EntryId>>,
    /// What the leaf commits to.
    pub statement: Blob,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// The leaves of a log from index `from` on, in order: the next `count`, as far as they are there.
    pub async fn leaves(&self, channel: &str, from: i64, count: u64) -> Result<Vec<Model>, StoreError> {
        let end = from.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        let query = Entity::find().filter(Column::Channel.eq(channel));
        let query = query.filter(Column::Idx.gte(from)).filter(Column::Idx.lt(end));
        Ok(query.order_by_asc(Column::Idx).all(self.engine.read()).await?)
    }

    /// The leaves with these numbers, as far as they are there, in no order.
    pub async fn leaves_at(&self, channel: &str, numbers: &[i64]) -> Result<Vec<Model>, StoreError> {
        let mut found = Vec::new();
        for chunk in numbers.chunks(write::ROWS_MAX) {
            let query = Entity::find().filter(Column::Channel.eq(channel));
            let query = query.filter(Column::Idx.is_in(sql::padded(chunk)));
            found.extend(query.all(self.engine.read()).await?);
        }
        Ok(found)
    }

    /// The leaves of a log that speak of these entries, in no order.
    pub async fn leaves_among(&self, channel: &str, entries: &[EntryId]) -> Result<Vec<Model>, StoreError> {
        let mut found = Vec::new();
        for chunk in entries.chunks(write::ROWS_MAX) {
            let query = Entity::find().filter(Column::EntryId.is_in(sql::padded(chunk).into_iter().map(Stored)));
            found.extend(query.filter(Column::Channel.eq(channel)).all(self.engine.read()).await?);
            for numbers in self.leaf_numbers(chunk).await?.chunks(write::ROWS_MAX) {
                let query = Entity::find().filter(Column::Channel.eq(channel)).filter(Column::EntryId.is_null());
                let query = query.filter(Column::Idx.is_in(sql::padded(numbers)));
                // A receipt under the same id in another channel has the number of a leaf of another log.
                let speaks =
                    |row: &Model| Statement::decode(&row.statement).is_ok_and(|one| chunk.contains(&one.entry));
                found.extend(query.all(self.engine.read()).await?.into_iter().filter(speaks));
            }
        }
        Ok(found)
    }

    /// The leaves that the receipts of these entries have in logs of ours.
    async fn leaf_numbers(&self, entries: &[EntryId]) -> Result<Vec<i64>, StoreError> {
        let query = receipt::Entity::find().select_only().column(receipt::Column::Leaf);
        let query = query.filter(receipt::Column::EntryId.is_in(sql::padded(entries).into_iter().map(Stored)));
        let query = query.filter(receipt::Column::Leaf.is_not_null());
        let numbers: BTreeSet<i64> = query.into_tuple().all(self.engine.read()).await?.into_iter().collect();
        Ok(numbers.into_iter().collect())
    }

    /// How many leaves a log has: the index of the next.
    pub async fn leaf_count(&self, channel: &str) -> Result<i64, StoreError> {
        let query = Entity::find().filter(Column::Channel.eq(channel)).order_by_desc(Column::Idx);
        Ok(sql::first(self.engine.read(), query).await?.map_or(0, |leaf| leaf.idx + 1))
    }
}

/// Appends leaves. Another hash at an index is a conflict.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    let inserted = write::insert_keyed::<Entity, _, _>(tx, &[Column::Channel, Column::Idx], rows).await?;
    if usize::try_from(inserted) == Ok(rows.len()) {
        return Ok(());
    }
    let mut logs: BTreeMap<&str, BTreeMap<i64, Stored<Digest>>> = BTreeMap::new();
    for row in rows {
        if *logs.entry(&row.channel).or_default().entry(row.idx).or_insert(row.hash) != row.hash {
            return Err(forked(row));
        }
    }
    for (channel, wanted) in logs {
        let indexes: Vec<_> = wanted.keys().copied().collect();
        for chunk in indexes.chunks(write::ROWS_MAX) {
            let query = Entity::find().filter(Column::Channel.eq(channel));
            for there in query.filter(Column::Idx.is_in(chunk.iter().copied())).all(tx).await? {
                if wanted.get(&there.idx) != Some(&there.hash) {
                    return Err(forked(&there));
                }
            }
        }
    }
    Ok(())
}

fn forked(leaf: &Model) -> StoreError {
    StoreError::Conflict(format!("leaf {} of {} is another one", leaf.idx, leaf.channel))
}
