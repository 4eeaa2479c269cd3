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
