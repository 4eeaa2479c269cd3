//! The text of statements. An engine keeps a statement that it has read once and knows it by its text, so that the same few texts have
//! to come again and again: a list has one of few lengths, and a limit stands in the text as a number, because SQLite reads a statement
//! anew each time that a value is bound to its limit.

use std::borrow::Cow;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, IntoActiveModel, Iterable, QueryTrait,
    Select, Statement, Value,
};

use crate::StoreError;

/// SQLite takes 32,766 values in a statement, PostgreSQL 65,535.
const VALUES_MAX: usize = 30_000;
/// Rows in one insert or update. More in one statement gain nothing.
const PORTION_MAX: usize = 256;
/// Up to so many rows go in one statement of just their number.
const PORTION_EXACT: usize = 16;
/// Rows of which the last may stand twice go, up to the first number, in one statement of a multiple of the second.
const REPEATED: [(usize, usize); 4] = [(4, 1), (32, 4), (64, 8), (128, 16)];
/// Lists up to this length are as long as they are.
const LIST_EXACT: usize = 4;

/// How many rows of so many columns one statement takes: a power of two.
pub(crate) fn rows_max(columns: usize) -> usize {
    let most = (VALUES_MAX / columns.max(1)).clamp(1, PORTION_MAX);
    1 << most.ilog2()
}

/// The rows in portions of few different lengths: `max`, a power of two below it, or at most 16.
pub(crate) fn in_portions<T>(mut rows: &[T], max: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = match rows.len() {
            0 => return None,
            left if left <= PORTION_EXACT.min(max) => left,
            left => (1 << left.ilog2()).min(max),
        };
        let (portion, rest) = rows.split_at_checked(length)?;
        rows = rest;
        Some(portion)
    })
}

/// The same for rows that are left alone where they are there: the last stands twice or more where that makes one statement of two.
pub(crate) fn in_repeated_portions<T: Clone>(rows: &[T], max: usize) -> impl Iterator<Item = Cow<'_, [T]>> {
    let step = REPEATED.iter().find(|(most, _)| rows.len() <= *most).map(|(_, step)| *step);
    let whole = step.map(|step| rows.len().next_multiple_of(step)).filter(|whole| *whole <= max);
    let one = rows.last().zip(whole).map(|(last, whole)| {
        let mut rows = rows.to_vec();
        rows.resize(whole, last.clone());
        Cow::Owned(rows)
    });
    let rest = if one.is_some() { &[] } else { rows };
    one.into_iter().chain(in_portions(rest, max).map(Cow::Borrowed))
}

/// The values of a list, the last of them repeated up to one of few lengths: in a list it says nothing more.
pub(crate) fn padded<V: Clone>(values: &[V]) -> Vec<V> {
    let length = if values.len() <= LIST_EXACT { values.len() } else { values.len().next_power_of_two() };
    let mut list = values.to_vec();
    if let Some(last) = values.last() {
        list.resize(length, last.clone());
    }
    list
}

/// Names of columns, as a list.
pub(crate) fn names<E: EntityTrait>(columns: &[E::Column]) -> String {
    let quoted: Vec<_> = columns.iter().map(|column| format!(r#""{}""#, column.as_str())).collect();
    quoted.join(", ")
}

/// Inserts the rows: a column that only some of them set is empty in the others. `tail` says what becomes of rows that are there.
pub(crate) fn insert<E, M>(backend: DbBackend, rows: &[M], tail: &str) -> Result<Statement, StoreError>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
    M: IntoActiveModel<E::ActiveModel> + Clone,
{
    let mut rows: Vec<_> = rows.iter().cloned().map(IntoActiveModel::into_active_model).collect();
    let columns: Vec<_> = E::Column::iter().filter(|name| rows.iter().any(|row| !row.is_not_set(*name))).collect();
    let empty = |name: &E::Column| {
        let lacked = rows.iter().any(|row| row.is_not_set(*name));
        let set = rows.iter().filter(|_| lacked).find_map(|row| row.get(*name).into_value());
        set.map(|value| value.as_null())
    };
    let empty: Vec<_> = columns.iter().map(empty).collect();
    let mut values = Vec::with_capacity(rows.len() * columns.len());
    for row in &mut rows {
        for (column, empty) in columns.iter().zip(&empty) {
            let value = row.take(*column).into_value().or_else(|| empty.clone());
            values.push(value.ok_or_else(|| StoreError::Other("a column that no row sets".to_owned()))?);
        }
    }
    let head = format!(r#"INSERT INTO "{}" ({})"#, E::default().table_name(), names::<E>(&columns));
    Ok(on_rows(backend, &head, columns.len(), values, tail))
}

/// `head (VALUES (…), (…)) tail`: a list of rows as a table. Both engines call its columns `column1`, `column2`, …
pub(crate) fn on_values(backend: DbBackend, head: &str, columns: usize, values: Vec<Value>, tail: &str) -> Statement {
    on_rows(backend, &format!("{head} ("), columns, values, &format!(") {tail}"))
}

fn on_rows(backend: DbBackend, head: &str, columns: usize, values: Vec<Value>, tail: &str) -> Statement {
    let mut sql = format!("{head} VALUES ");
    for at in 0..values.len() {
        match (at, at % columns.max(1)) {
            (0, _) => sql.push('('),
            (_, 0) => sql.push_str("), ("),
            _ => sql.push_str(", "),
        }
        match backend {
            // SQLite finds a place that has a name by looking through all of them.
            DbBackend::Sqlite => sql.push('?'),
            _ => sql.push_str(&format!("${}", at + 1)),
        }
    }
    sql.push_str(") ");
    sql.push_str(tail);
    Statement::from_sql_and_values(backend, sql, values)
}

/// At most `limit` of the rows of `query`, which has no limit of its own.
pub(crate) async fn at_most<E, C>(db: &C, query: Select<E>, limit: u64) -> Result<Vec<E::Model>, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let mut statement = query.build(db.get_database_backend());
    statement.sql.push_str(&format!(" LIMIT {limit}"));
    Ok(E::find().from_raw_sql(statement).all(db).await?)
}

/// The first row of `query`, which has no limit of its own.
pub(crate) async fn first<E, C>(db: &C, query: Select<E>) -> Result<Option<E::Model>, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    Ok(at_most(db, query, 1).await?.pop())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_comes_in_portions_of_few_lengths_and_in_order() {
        let mut lengths = std::collections::BTreeSet::new();
        for count in 0..2000_usize {
            let rows: Vec<_> = (0..count).collect();
            lengths.extend(in_portions(&rows, rows_max(12)).map(<[usize]>::len));
            let joined: Vec<_> = in_portions(&rows, rows_max(12)).flatten().copied().collect();
            assert_eq!(joined, rows);
        }
        assert_eq!(lengths, (1..=16).chain([32, 64, 128, 256]).collect());
    }

    #[test]
    fn rows_of_which_the_last_may_stand_twice_come_in_fewer_portions_and_none_is_left_out() {
        let mut lengths = std::collections::BTreeSet::new();
        for count in 0..2000_usize {
            let rows: Vec<_> = (0..count).collect();
            let portions: Vec<_> = in_repeated_portions(&rows, rows_max(12)).collect();
            assert!(portions.len() == 1 || !(1..=128).contains(&count), "{count}");
            lengths.extend(portions.iter().map(|portion| portion.len()));
            let mut joined = portions.concat();
            joined.dedup();
            assert_eq!(joined, rows);
        }
        assert!(lengths.len() <= 32, "{lengths:?}");
        let lengths: Vec<_> = in_repeated_portions(&[0; 30], 4).map(|portion| portion.len()).collect();
        assert_eq!(lengths, [4, 4, 4, 4, 4, 4, 4, 2]);
    }

    #[test]
    fn a_statement_never_has_more_values_than_an_engine_takes() {
        for columns in 0..40_000 {
            assert!(columns * rows_max(columns) <= VALUES_MAX.max(columns), "{columns}");
        }
        let rows = [0; 40];
        let lengths: Vec<_> = in_portions(&rows, rows_max(20_000)).map(<[i32]>::len).collect();
        assert_eq!(lengths, [1; 40]);
    }

    #[test]
    fn a_list_is_padded_with_what_it_ends_with() {
        assert_eq!(padded::<i32>(&[]), Vec::<i32>::new());
        assert_eq!(padded(&[1, 2, 3]), [1, 2, 3]);
        assert_eq!(padded(&[1, 2, 3, 4, 5]), [1, 2, 3, 4, 5, 5, 5, 5]);
    }
}
