use std::collections::BTreeMap;

use model::CaseId;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, IntoActiveModel,
    Iterable, QueryFilter, QuerySelect, Value,
};

use crate::{
    StoreError, Stored,
    sql::{self, in_portions, padded},
};

/// More rows in a statement gain nothing.
pub(crate) const ROWS_MAX: usize = 512;

/// A row that is written only while the database holds the version it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<R> {
    /// The row, with its new version: greater than `expected`.
    pub row: R,
    /// The version in the database that the row follows from; `None`: there is none yet.
    pub expected: Option<i64>,
}

impl<R: VersionedRow> Versioned<R> {
    /// Puts `row` in its place in `rows`. A second row of the same id replaces the first, and follows from what that followed from.
    pub(crate) fn put(rows: &mut BTreeMap<CaseId, Self>, row: R, expected: Option<i64>) {
        let id = row.id();
        let expected = rows.get(&id).map_or(expected, |first| first.expected);
        rows.insert(id, Self { row, expected });
    }
}

/// What the writing of versioned rows needs to know of a row.
pub trait VersionedRow: Clone + PartialEq {
    /// The key.
    fn id(&self) -> CaseId;
    /// The version.
    fn version(&self) -> i64;
}

/// How versioned rows stand to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// There are none.
    Empty,
    /// All follow from what is there.
    Fresh,
    /// All are there already, equal in each column.
    Written,
}

impl Standing {
    /// The standing of two sets together. One fresh and one written cannot come from one batch that was written whole.
    pub(crate) fn and(self, other: Self) -> Result<Self, StoreError> {
        match (self, other) {
            (Self::Empty, standing) | (standing, Self::Empty) => Ok(standing),
            (a, b) if a == b => Ok(a),
            _ => Err(StoreError::Conflict("a part of the batch was written before".to_owned())),
        }
    }
}

/// The standing of `rows`, or the conflict. The transaction must hold the write lock.
pub(crate) async fn standing<E, C>(
    tx: &C,
    (id, version): (E::Column, E::Column),
    rows: &BTreeMap<CaseId, Versioned<E::Model>>,
) -> Result<Standing, StoreError>
where
    E: EntityTrait,
    E::Model: VersionedRow,
    C: ConnectionTrait,
{
    let versions = versions::<E, C>(tx, (id, version), rows.keys().copied().map(Stored).collect()).await?;
    let mut all = Standing::Empty;
    let mut written = Vec::new();
    for (case, write) in rows {
        if write.expected.is_some_and(|expected| write.row.version() <= expected) {
            return Err(StoreError::Other(format!("the new version of case {case} is not newer")));
        }
        let found = versions.get(case).copied();
        if found == write.expected {
            all = all.and(Standing::Fresh)?;
        } else if found == Some(write.row.version()) {
            all = all.and(Standing::Written)?;
            written.push(Stored(*case));
        } else {
            return Err(StoreError::Conflict(format!("case {case} has moved")));
        }
    }
    for chunk in written.chunks(ROWS_MAX) {
        for there in E::find().filter(id.is_in(chunk.iter().copied())).all(tx).await? {
            if rows.get(&there.id()).is_none_or(|write| write.row != there) {
                return Err(StoreError::Conflict(format!("case {} has moved", there.id())));
            }
        }
    }
    Ok(all)
}

async fn versions<E, C>(
    tx: &C,
    (id, version): (E::Column, E::Column),
    cases: Vec<Stored<CaseId>>,
) -> Result<BTreeMap<CaseId, i64>, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let mut versions = BTreeMap::new();
    for chunk in cases.chunks(ROWS_MAX) {
        let query = E::find().select_only().column(id).column(version).filter(id.is_in(padded(chunk)));
        let found = query.into_tuple::<(Stored<CaseId>, i64)>().all(tx).await?;
        versions.extend(found.into_iter().map(|(case, version)| (case.0, version)));
    }
    Ok(versions)
}

/// Inserts the rows whose `keys` are free and leaves the others alone. Returns how many were inserted.
pub(crate) async fn insert_new<E, M, C>(tx: &C, keys: &[E::Column], rows: &[M]) -> Result<u64, StoreError>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
    M: IntoActiveModel<E::ActiveModel> + Clone,
    C: ConnectionTrait,
{
    let tail = format!("ON CONFLICT ({}) DO NOTHING", sql::names::<E>(keys));
    insert::<E, M, C>(tx, rows, &tail).await
}

/// The same for many rows of which none has an empty key, so that a row that is told twice is there once: in fewer statements.
pub(crate) async fn insert_keyed<E, M, C>(tx: &C, keys: &[E::Column], rows: &[M]) -> Result<u64, StoreError>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
    M: IntoActiveModel<E::ActiveModel> + Clone,
    C: ConnectionTrait,
{
    let tail = format!("ON CONFLICT ({}) DO NOTHING", sql::names::<E>(keys));
    let mut inserted = 0;
    for portion in sql::in_repeated_portions(rows, sql::rows_max(E::Column::iter().count())) {
        let statement = sql::insert::<E, M>(tx.get_database_backend(), &portion, &tail)?;
        inserted += tx.execute_raw(statement).await?.rows_affected();
    }
    Ok(inserted)
}

/// Inserts the rows, and where `keys` are taken replaces `columns`.
pub(crate) async fn upsert<E, M, C>(
    tx: &C,
    keys: &[E::Column],
    columns: &[E::Column],
    rows: &[M],
) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
    M: IntoActiveModel<E::ActiveModel> + Clone,
    C: ConnectionTrait,
{
    let set = |column: &E::Column| format!(r#""{name}" = excluded."{name}""#, name = column.as_str());
    let set: Vec<_> = columns.iter().map(set).collect();
    let tail = format!("ON CONFLICT ({}) DO UPDATE SET {}", sql::names::<E>(keys), set.join(", "));
    insert::<E, M, C>(tx, rows, &tail).await.map(drop)
}

/// Inserts the rows; `tail` says what becomes of those that are there. Returns how many rows were inserted or changed.
pub(crate) async fn insert<E, M, C>(tx: &C, rows: &[M], tail: &str) -> Result<u64, StoreError>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
    M: IntoActiveModel<E::ActiveModel> + Clone,
    C: ConnectionTrait,
{
    let mut changed = 0;
    for portion in in_portions(rows, sql::rows_max(E::Column::iter().count())) {
        let statement = sql::insert::<E, M>(tx.get_database_backend(), portion, tail)?;
        changed += tx.execute_raw(statement).await?.rows_affected();
    }
    Ok(changed)
}

/// Writes versioned rows whose standing is [`Standing::Fresh`].
pub(crate) async fn put_versioned<E, C>(
    tx: &C,
    id: E::Column,
    rows: &BTreeMap<CaseId, Versioned<E::Model>>,
) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
    E::Model: IntoActiveModel<E::ActiveModel> + VersionedRow,
    C: ConnectionTrait,
{
    let rows: Vec<_> = rows.values().map(|write| write.row.clone()).collect();
    upsert::<E, _, C>(tx, &[id], &columns_but::<E>(id), &rows).await
}

/// All columns but the key.
pub(crate) fn columns_but<E: EntityTrait>(key: E::Column) -> Vec<E::Column> {
    E::Column::iter().filter(|column| column.as_str() != key.as_str()).collect()
}

/// Deletes the rows whose `column` is one of `values`.
pub(crate) async fn delete<E, V, C>(tx: &C, column: E::Column, values: &[V]) -> Result<(), StoreError>
where
    E: EntityTrait,
    V: Into<Value> + Clone,
    C: ConnectionTrait,
{
    for chunk in values.chunks(ROWS_MAX) {
        E::delete_many().filter(column.is_in(padded(chunk))).exec(tx).await?;
    }
    Ok(())
}

/// The rows whose `column` is one of `values`, in no order.
pub(crate) async fn find_among<E, V, C>(db: &C, column: E::Column, values: &[V]) -> Result<Vec<E::Model>, StoreError>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send,
    V: Into<Value> + Clone,
    C: ConnectionTrait,
{
    let mut found = Vec::with_capacity(values.len());
    for chunk in values.chunks(ROWS_MAX) {
        found.extend(E::find().filter(column.is_in(padded(chunk))).all(db).await?);
    }
    Ok(found)
}

/// Runs `head (VALUES (…), (…)) tail`: one statement that changes many rows, each in its own way. Both engines call the columns
/// of a list of values `column1`, `column2`, … Returns how many rows changed.
pub(crate) async fn update_from_values<const N: usize, C>(
    tx: &C,
    head: &str,
    rows: &[[Value; N]],
    tail: &str,
) -> Result<u64, StoreError>
where
    C: ConnectionTrait,
{
    let mut changed = 0;
    for portion in in_portions(rows, sql::rows_max(N)) {
        let values = portion.iter().flatten().cloned().collect();
        let statement = sql::on_values(tx.get_database_backend(), head, N, values, tail);
        changed += tx.execute_raw(statement).await?.rows_affected();
    }
    Ok(changed)
}
