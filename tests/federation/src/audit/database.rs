//! What a database holds, value by value. A value longer than a page lies in pieces in the file: whoever searches the file alone misses it.

use std::path::Path;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
    sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions},
};

use crate::failure::Failure;

/// A table with all its rows. A value that is null is empty.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Vec<u8>>>,
}

/// Whether a file is a SQLite database.
pub(crate) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(b"SQLite format 3\0")
}

/// The pages of a SQLite file that are not in use, as they lie: what was deleted may still stand there [SQLite file format, §1.5].
pub(crate) fn free_pages(file: &[u8]) -> Vec<&[u8]> {
    let word = |bytes: &[u8], at: usize| bytes.get(at..)?.first_chunk().map(|word| u32::from_be_bytes(*word));
    let size = match file.get(16..18) {
        Some([0, 1]) => 65_536,
        Some([high, low]) => usize::from(*high) << 8 | usize::from(*low),
        _ => return Vec::new(),
    };
    let page = |number: u32| {
        let from = usize::try_from(number).ok()?.checked_sub(1)?.checked_mul(size)?;
        file.get(from..from.checked_add(size)?)
    };
    let (mut found, mut next) = (Vec::new(), word(file, 32));
    // A list that leads back into itself must end, too.
    while let Some(trunk) = next.and_then(page).filter(|_| found.len() * size.max(1) <= file.len()) {
        let leaves = usize::try_from(word(trunk, 4).unwrap_or(0)).unwrap_or(0).min(size / 4);
        found.push(trunk);
        found.extend((0..leaves).filter_map(|leaf| page(word(trunk, 8 + 4 * leaf)?)));
        next = word(trunk, 0);
    }
    found
}

/// Every table of the SQLite file at `path`, which must be a copy of ours: what its write-ahead log holds is folded into it.
pub(crate) async fn read(path: &Path) -> Result<Vec<Table>, Failure> {
    let failed = |error: DbErr| Failure::unexpected(format!("{}: {error}", path.display()));
    let mut options = ConnectOptions::new("sqlite:file");
    options.max_connections(1).sqlx_logging(false);
    let file = path.to_owned();
    options.map_sqlx_sqlite_opts(move |_| SqliteConnectOptions::new().filename(&file).disable_statement_logging());
    let database = Database::connect(options).await.map_err(failed)?;
    let tables = tables(&database).await.map_err(failed);
    database.close().await.map_err(failed)?;
    tables
}

async fn tables(database: &DatabaseConnection) -> Result<Vec<Table>, DbErr> {
    let mut tables = Vec::new();
    for name in texts(database, "SELECT name FROM sqlite_master WHERE type = 'table'").await? {
        let columns = texts(database, &format!("SELECT name FROM pragma_table_info('{name}')")).await?;
        let values: Vec<_> = columns.iter().map(|column| format!("CAST(\"{column}\" AS BLOB)")).collect();
        let sql = format!("SELECT {} FROM \"{name}\"", values.join(", "));
        let found = database.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
        let mut rows = Vec::new();
        for row in found {
            let value = |index| row.try_get_by_index::<Option<Vec<u8>>>(index).map(Option::unwrap_or_default);
            rows.push((0..columns.len()).map(value).collect::<Result<_, _>>()?);
        }
        tables.push(Table { name, columns, rows });
    }
    Ok(tables)
}

async fn texts(database: &DatabaseConnection, sql: &str) -> Result<Vec<String>, DbErr> {
    let rows = database.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

impl Table {
    /// The values of some columns, row by row. None where a column is missing.
    pub(crate) fn columns<const N: usize>(&self, names: [&str; N]) -> Vec<[&[u8]; N]> {
        let places = names.map(|name| self.columns.iter().position(|column| column == name));
        let mut found = Vec::new();
        for row in &self.rows {
            let values = places.map(|place| place.and_then(|place| row.get(place)).map(Vec::as_slice));
            if values.iter().all(Option::is_some) {
                found.push(values.map(Option::unwrap_or_default));
            }
        }
        found
    }
}

/// The table of that name.
pub(crate) fn table<'a>(tables: &'a [Table], name: &str) -> Option<&'a Table> {
    tables.iter().find(|table| table.name == name)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn what_was_deleted_is_in_the_free_pages_at_whatever_byte_it_stood() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.db");
        let mut options = ConnectOptions::new("sqlite:file");
        let file = path.clone();
        options.max_connections(1).map_sqlx_sqlite_opts(move |_| {
            SqliteConnectOptions::new().filename(&file).create_if_missing(true).pragma("secure_delete", "OFF")
        });
        let database = Database::connect(options).await.unwrap();
        let run = async |sql: &str| assert!(database.execute_unprepared(sql).await.is_ok(), "{sql}");
        run("CREATE TABLE one (value BLOB)").await;
        for _ in 0..64 {
            run("INSERT INTO one VALUES (x'010203' || randomblob(900) || CAST('left behind' AS BLOB))").await;
        }
        run("DELETE FROM one").await;
        database.close().await.unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let free = free_pages(&bytes);
        let stands = |page: &&&[u8]| page.windows(11).any(|window| window == b"left behind");
        assert!(free.iter().filter(stands).count() > 10, "{} free pages of {} bytes", free.len(), bytes.len());
    }

    #[test]
    fn a_list_of_free_pages_that_leads_into_itself_ends() {
        let mut file = vec![0; 4096];
        file[16..18].copy_from_slice(&512_u16.to_be_bytes());
        file[35] = 2;
        file[512 + 3] = 2;
        assert!(!free_pages(&file).is_empty());
    }
}
