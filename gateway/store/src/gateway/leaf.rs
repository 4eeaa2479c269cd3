#![expect(unreachable_pub, reason = "the derive makes a public entity, so its parts have to be public")]

use std::collections::{BTreeMap, BTreeSet};

use ledger::Statement;
use model::{Digest, EntryId};
use sea_orm::{Iterable, QueryOrder, QuerySelect, entity::prelude::*};

use super::{GatewayStore, leaf_named, receipt, stretch};
use crate::{Blob, StoreError, Stored, sql, write};

/// A stretch of a channel's ledger: a leaf, and those that the same turn wrote after it. One row for all of them costs a turn much less than
/// one for each. No two stretches of a log have a leaf in common.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leaf")]
pub struct Model {
    /// The origin of the log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// Which leaf is the first one, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub idx: i64,
    /// SHA-256 of its salt and statement.
    pub hash: Stored<Digest>,
    /// Its salt (32 bytes), where this gateway knows it.
    pub salt: Option<Stored<Digest>>,
    /// The entry that it speaks of: in the logs of others. In our own, the receipts of an entry know the leaves that speak of it.
    pub entry_id: Option<Stored<EntryId>>,
    /// What it commits to.
    pub statement: Blob,
    /// How many leaves follow it in this stretch.
    pub following: i16,
    /// Those (`stretch.rs`); `None` where there is none.
    pub more: Option<Blob>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// In the order of the columns.
    fn into_values(self) -> [Value; 8] {
        let Self { channel, idx, hash, salt, entry_id, statement, following, more } = self;
        let (salt, entry_id) = (salt.into(), entry_id.into());
        [channel.into(), idx.into(), hash.into(), salt, entry_id, statement.into(), following.into(), more.into()]
    }
}

/// A leaf of a channel's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The origin of the log.
    pub channel: String,
    /// Which, from 0.
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

impl Leaf {
    fn place(&self) -> (&str, i64) {
        (&self.channel, self.idx)
    }
}

/// Most leaves of one stretch. It may shrink and never grow: by it is known how far before a leaf its stretch begins at most.
pub(super) const STRETCH_MAX: usize = 32;

impl GatewayStore {
    /// The leaves of a log from index `from` on, in order: the next `count`, as far as they are there.
    pub async fn leaves(&self, channel: &str, from: i64, count: u64) -> Result<Vec<Leaf>, StoreError> {
        let end = from.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        let query = Entity::find().filter(Column::Channel.eq(channel));
        let query = query.filter(Column::Idx.gt(from.saturating_sub(STRETCH_MAX as i64)));
        let query = query.filter(Column::Idx.lt(end)).order_by_asc(Column::Idx);
        let mut leaves = unpack(query.all(self.engine.read()).await?)?;
        leaves.retain(|leaf| (from..end).contains(&leaf.idx));
        Ok(leaves)
    }

    /// The leaves with these numbers, as far as they are there, in no order.
    pub async fn leaves_at(&self, channel: &str, numbers: &[i64]) -> Result<Vec<Leaf>, StoreError> {
        let wanted: BTreeSet<i64> = numbers.iter().copied().collect();
        let mut leaves = around(self.engine.read(), channel, &wanted).await?;
        leaves.retain(|leaf| wanted.contains(&leaf.idx));
        Ok(leaves)
    }

    /// The leaves of a log that speak of these entries, in no order.
    pub async fn leaves_among(&self, channel: &str, entries: &[EntryId]) -> Result<Vec<Leaf>, StoreError> {
        let mut found = Vec::new();
        for chunk in entries.chunks(write::ROWS_MAX) {
            let wanted: BTreeSet<EntryId> = chunk.iter().copied().collect();
            // An entry under the same id in another channel has leaves of the same numbers in another log.
            let speaks = |leaf: &Leaf| match leaf.entry_id {
                Some(entry) => wanted.contains(&entry),
                None => Statement::decode(&leaf.statement).is_ok_and(|one| wanted.contains(&one.entry)),
            };
            let numbers = self.leaf_numbers(channel, chunk).await?;
            found.extend(around(self.engine.read(), channel, &numbers).await?.into_iter().filter(speaks));
        }
        Ok(found)
    }

    /// The numbers of leaves in whose stretches those are that speak of these entries.
    async fn leaf_numbers(&self, channel: &str, entries: &[EntryId]) -> Result<BTreeSet<i64>, StoreError> {
        let entries = || sql::padded(entries).into_iter().map(Stored);
        let query = receipt::Entity::find().select_only().column(receipt::Column::Leaf);
        let query = query.filter(receipt::Column::EntryId.is_in(entries()));
        let query = query.filter(receipt::Column::Leaf.is_not_null());
        let mut numbers: BTreeSet<i64> = query.into_tuple().all(self.engine.read()).await?.into_iter().collect();
        let query = leaf_named::Entity::find().select_only().column(leaf_named::Column::Idx);
        let query = query.filter(leaf_named::Column::EntryId.is_in(entries()));
        numbers.extend(query.into_tuple::<i64>().all(self.engine.read()).await?);
        // Those of before stretches each have a row that names its entry.
        let query = Entity::find().select_only().column(Column::Idx).filter(Column::EntryId.is_in(entries()));
        let query = query.filter(Column::Channel.eq(channel));
        numbers.extend(query.into_tuple::<i64>().all(self.engine.read()).await?);
        Ok(numbers)
    }

    /// How many leaves a log has: the index of the next.
    pub async fn leaf_count(&self, channel: &str) -> Result<i64, StoreError> {
        let query = Entity::find().filter(Column::Channel.eq(channel)).order_by_desc(Column::Idx);
        let last = sql::first(self.engine.read(), query).await?;
        Ok(last.map_or(0, |stretch| stretch.idx + i64::from(stretch.following) + 1))
    }
}

/// The leaves of all stretches that begin at one of these numbers or, before it, nearest to it.
pub(super) async fn around<C>(db: &C, channel: &str, numbers: &BTreeSet<i64>) -> Result<Vec<Leaf>, StoreError>
where
    C: ConnectionTrait,
{
    let numbers: Vec<i64> = numbers.iter().copied().collect();
    let head = r#"SELECT s.* FROM (SELECT DISTINCT v.column1 AS "log", (SELECT l."idx" FROM "leaf" AS l
           WHERE l."channel" = v.column1 AND l."idx" <= v.column2 ORDER BY l."idx" DESC LIMIT 1) AS "at" FROM"#;
    let tail = r#"AS v) AS b JOIN "leaf" AS s ON s."channel" = b."log" AND s."idx" = b."at""#;
    let mut found = BTreeMap::new();
    for chunk in numbers.chunks(write::ROWS_MAX) {
        let values = sql::padded(chunk).into_iter().flat_map(|number| [channel.into(), number.into()]).collect();
        let statement = sql::on_values(db.get_database_backend(), head, 2, values, tail);
        let rows = Entity::find().from_raw_sql(statement).all(db).await?;
        found.extend(rows.into_iter().map(|row| (row.idx, row)));
    }
    unpack(found.into_values().collect())
}

fn unpack(rows: Vec<Model>) -> Result<Vec<Leaf>, StoreError> {
    let mut leaves = Vec::new();
    for row in rows {
        stretch::unpack(row, &mut leaves)?;
    }
    Ok(leaves)
}

/// Appends leaves. Another hash at an index is a conflict.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, leaves: &[Leaf]) -> Result<(), StoreError> {
    let mut sorted: Vec<&Leaf> = leaves.iter().collect();
    sorted.sort_by_key(|leaf| leaf.place());
    if let Some(two) = sorted.windows(2).find(|two| two[0].place() == two[1].place() && two[0].hash != two[1].hash) {
        return Err(forked(two[1]));
    }
    sorted.dedup_by(|later, first| later.place() == first.place());
    if write_new(tx, &sorted).await? {
        return Ok(());
    }
    let mut logs: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for leaf in &sorted {
        logs.entry(&leaf.channel).or_default().insert(leaf.idx);
    }
    let mut there = BTreeMap::new();
    for (channel, numbers) in logs {
        let leaves = around(tx, channel, &numbers).await?;
        there.extend(leaves.into_iter().map(|leaf| ((channel, leaf.idx), leaf.hash)));
    }
    if let Some(leaf) = sorted.iter().find(|leaf| there.get(&leaf.place()).is_some_and(|hash| *hash != leaf.hash)) {
        return Err(forked(leaf));
    }
    sorted.retain(|leaf| !there.contains_key(&leaf.place()));
    write_new(tx, &sorted).await.map(drop)
}

/// Writes those stretches of the leaves that have none in common with what is there. Says whether that was all of them.
async fn write_new<C: ConnectionTrait>(tx: &C, sorted: &[&Leaf]) -> Result<bool, StoreError> {
    let (mut rows, mut names) = (Vec::new(), BTreeSet::new());
    for together in sorted.chunk_by(|one, next| one.channel == next.channel && one.idx + 1 == next.idx) {
        for leaves in together.chunks(STRETCH_MAX) {
            let [first, after @ ..] = leaves else { continue };
            rows.push(stretch::pack(first, after)?.into_values());
            names.extend(leaves.iter().filter_map(|leaf| leaf.entry_id.map(|entry| (entry.0, first.idx))));
        }
    }
    let columns: Vec<_> = Column::iter().collect();
    let head = format!(
        r#"INSERT INTO "leaf" ({}) SELECT v.column1, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7,
           v.column8 FROM"#,
        sql::names::<Entity>(&columns)
    );
    // Of the stretches that begin before its end, the last one ends last.
    let tail = r#"AS v WHERE COALESCE((SELECT l."idx" + l."following" FROM "leaf" AS l
        WHERE l."channel" = v.column1 AND l."idx" <= v.column2 + v.column7 ORDER BY l."idx" DESC LIMIT 1), -1) < v.column2"#;
    let written = write::update_from_values(tx, &head, &rows, tail).await?;
    leaf_named::insert(tx, names).await?;
    Ok(usize::try_from(written) == Ok(rows.len()))
}

fn forked(leaf: &Leaf) -> StoreError {
    StoreError::Conflict(format!("leaf {} of {} is another one", leaf.idx, leaf.channel))
}
