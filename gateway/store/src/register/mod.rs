//! A register of somebody else's, of which one statement reads a few rows and nothing is ever written.
//!
//! Three things keep it so, each without the others: on SQLite the file is opened for reading only and every statement is held to it; on
//! PostgreSQL session and transaction are read-only; and the statement stands inside `SELECT * FROM (…) LIMIT n`, so that nothing but a
//! query has a place there. Values are bound and never become part of the text ([`Query`]). The login should have the right to read and
//! no other: functions that act by themselves are stopped by nothing else.

mod query;

use std::{collections::BTreeMap, time::Duration};

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
    TransactionOptions, TransactionTrait, Value, sqlx::sqlite::SqliteConnectOptions,
};
use tokio::time::timeout;

pub use query::{Query, QueryFault};

use crate::DatabaseUrl;

/// A text that a column holds may have at most so many bytes.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Why a register gave no rows. It never repeats a word of the database's: that may hold values of the question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Server or file is not there, or does not let us in.
    #[error("the register cannot be reached")]
    Unreachable,
    /// It took longer than it may.
    #[error("the register did not answer in time")]
    TooSlow,
    /// It refused the statement: a table, a column, a type or a right is not as the statement wants it.
    #[error("the register refused the statement; run it there by hand with values of your own")]
    Refused,
    /// A column is no text.
    #[error("column `{0}` is no text: write CAST(… AS TEXT) in the statement")]
    NotText(String),
    /// A column holds more than a record may.
    #[error("column `{0}` holds more than {TEXT_BYTES_MAX} bytes")]
    TooLong(String),
    /// A value for this placeholder is missing.
    #[error("there is no value for `:{0}`")]
    NoValue(String),
}

/// Rows of a register. Its `Debug` tells how many.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Each by the names of its columns; `None` where the register holds nothing.
    pub rows: Vec<BTreeMap<String, Option<String>>>,
    /// Whether there were more.
    pub truncated: bool,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rows({}, …)", self.rows.len())
    }
}

/// An open register. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Register {
    connection: DatabaseConnection,
    wait: Duration,
}

impl Register {
    /// Opens the register at `url` for reading, however the URL says; each statement may take `wait`. On SQLite the file must be there.
    ///
    /// # Errors
    /// [`RegisterError::Unreachable`].
    pub async fn open(url: &DatabaseUrl, wait: Duration) -> Result<Self, RegisterError> {
        let opened = match url {
            DatabaseUrl::Sqlite { path, .. } => {
                let path = path.clone();
                let mut options = options("sqlite:file", wait);
                options.map_sqlx_sqlite_opts(move |_| {
                    let sqlite = SqliteConnectOptions::new()
                        .filename(&path)
                        .read_only(true)
                        .create_if_missing(false)
                        .busy_timeout(wait)
                        .pragma("query_only", "ON")
                        .pragma("trusted_schema", "OFF");
                    sea_orm::sqlx::ConnectOptions::disable_statement_logging(sqlite)
                });
                Database::connect(options).await
            }
            DatabaseUrl::Postgres(url) => {
                let mut options = options(url, wait);
                let ms = wait.as_millis().to_string();
                options.map_sqlx_postgres_opts(move |postgres| {
                    let (statement, lock) = (ms.as_str(), ms.as_str());
                    postgres.options([
                        ("default_transaction_read_only", "on"),
                        ("statement_timeout", statement),
                        ("lock_timeout", lock),
                        ("idle_in_transaction_session_timeout", statement),
                    ])
                });
                Database::connect(options).await
            }
        };
        opened.map(|connection| Self { connection, wait }).map_err(|_| RegisterError::Unreachable)
    }

    /// The rows of `query` with `values` for its placeholders, at most `rows_max`.
    ///
    /// # Errors
    /// See [`RegisterError`]. There are no rows then, not even some.
    pub async fn ask(
        &self,
        query: &Query,
        values: &BTreeMap<String, String>,
        rows_max: u32,
    ) -> Result<Rows, RegisterError> {
        timeout(self.wait, self.rows(query, values, rows_max)).await.map_err(|_| RegisterError::TooSlow)?
    }

    async fn rows(
        &self,
        query: &Query,
        values: &BTreeMap<String, String>,
        rows_max: u32,
    ) -> Result<Rows, RegisterError> {
        let backend = self.connection.get_database_backend();
        let bound: Result<Vec<Value>, _> = query
            .names()
            .iter()
            .map(|name| values.get(name).map(|value| value.clone().into()).ok_or(RegisterError::NoValue(name.clone())))
            .collect();
        let sign = if backend == DbBackend::Postgres { '$' } else { '?' };
        // A comment at the end of the statement must not reach the bracket.
        let text = format!("SELECT * FROM (\n{}\n) AS register LIMIT {}", query.text(sign), u64::from(rows_max) + 1);
        let statement = Statement::from_sql_and_values(backend, text, bound?);
        let read_only = TransactionOptions { access_mode: Some(AccessMode::ReadOnly), ..TransactionOptions::default() };
        let transaction = self.connection.begin_with_options(read_only).await.map_err(|error| why(&error))?;
        let found = transaction.query_all_raw(statement).await.map_err(|error| why(&error))?;
        // Nothing was changed that a failing rollback could keep.
        let _ = transaction.rollback().await;
        let limit = usize::try_from(rows_max).unwrap_or(usize::MAX);
        let mut rows = Rows { rows: Vec::new(), truncated: found.len() > limit };
        for row in found.iter().take(limit) {
            let mut read = BTreeMap::new();
            for column in row.column_names() {
                let text: Option<String> =
                    row.try_get("", &column).map_err(|_| RegisterError::NotText(column.clone()))?;
                if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
                    return Err(RegisterError::TooLong(column));
                }
                read.insert(column, text);
            }
            rows.rows.push(read);
        }
        Ok(rows)
    }

    /// Closes all connections, of clones too.
    pub async fn close(self) {
        // There is nothing that could be lost.
        let _ = self.connection.close().await;
    }
}

fn options(url: &str, wait: Duration) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(4)
        .acquire_timeout(wait)
        .connect_timeout(wait)
        .idle_timeout(Duration::from_secs(300))
        // Statements would carry values of the question into the log.
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

fn why(error: &DbErr) -> RegisterError {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => RegisterError::Unreachable,
        DbErr::Exec(sea_orm::RuntimeErr::SqlxError(e)) | DbErr::Query(sea_orm::RuntimeErr::SqlxError(e)) => {
            match &**e {
                sea_orm::SqlxError::Database(e) if e.code().as_deref() == Some("57014") => RegisterError::TooSlow,
                sea_orm::SqlxError::Database(_) => RegisterError::Refused,
                _ => RegisterError::Unreachable,
            }
        }
        _ => RegisterError::Refused,
    }
}
