//! One database: where it is, how it is opened, how it is written to.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use model::Malformed;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqliteTransactionMode, SqlxError, TransactionOptions, TransactionTrait,
    sqlx::{
        Connection, SqliteConnection,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use sea_orm_migration::MigratorTrait;

use crate::StoreError;

/// Where a database is: `sqlite:PATH` (`?mode=ro` at the end opens it for reading only) or `postgres://…`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// One file, with its `-wal` and `-shm` beside it.
    Sqlite {
        /// The file. It is made when it is not there.
        path: PathBuf,
        /// Whether nothing may be written.
        read_only: bool,
    },
    /// A server, by a libpq URL. It may hold a password.
    Postgres(String),
}

impl DatabaseUrl {
    /// The SQLite file at `path`.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::Sqlite { path: path.into(), read_only: false }
    }

    /// Which database it is, whatever is in it: the URL without a password. It is for a digest, and not for people.
    pub fn identity(&self) -> String {
        let Self::Postgres(url) = self else { return self.to_string() };
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, name) = place.split_once('/').unwrap_or((place, ""));
        let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let login = login.split(':').next().unwrap_or_default();
        let options = options.split('&').filter(|option| !option.starts_with("password="));
        format!("{scheme}://{login}@{host}/{name}?{}", options.collect::<Vec<_>>().join("&"))
    }
}

impl FromStr for DatabaseUrl {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        // The text stays out of the error: it may hold a password.
        let malformed = || Malformed::new("a database (sqlite:PATH or postgres://USER@HOST/NAME)", "the text given");
        let rest = text.strip_prefix("sqlite:").ok_or_else(malformed)?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, read_only) = match rest.split_once('?') {
            None => (rest, false),
            Some((path, "mode=ro")) => (path, true),
            Some((path, "mode=rw" | "mode=rwc")) => (path, false),
            Some(_) => return Err(malformed()),
        };
        if path.is_empty() || path.starts_with(':') {
            return Err(malformed());
        }
        Ok(Self::Sqlite { path: path.into(), read_only })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path, read_only: false } => write!(f, "sqlite:{}", path.display()),
            Self::Sqlite { path, read_only: true } => write!(f, "sqlite:{}?mode=ro", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a database is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Connections for reading. On SQLite one more writes; on PostgreSQL all are one pool of one more.
    pub readers: u32,
    /// How long to wait for a lock or a connection, in milliseconds.
    pub wait_ms: u64,
    /// On SQLite, the ceiling of the file in pages of 4096 bytes. `None`: as much as the disk takes.
    pub pages_max: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { readers: 4, wait_ms: 10_000, pages_max: None }
    }
}

/// The write-ahead log is folded into the file when it has so many pages of 4096 bytes. SQLite's own 1000 are a few dozen entries, and
/// each folding syncs twice while writers wait.
const WAL_PAGES: &str = "8000";

/// Statements that each connection keeps ready: all that there are, in the few lengths that their lists have.
const STATEMENTS_KEPT: usize = 512;

/// An open database: on SQLite one connection that writes and several that read, because a pool of writers only queues on
/// the lock.
#[derive(Debug, Clone)]
pub struct Engine {
    write: DatabaseConnection,
    read: DatabaseConnection,
}

impl Engine {
    /// Opens `url` and brings its schema up to `M`. With `secure_delete`, SQLite overwrites with zeros what is deleted;
    /// PostgreSQL has no such thing, so what must be forgotten there has to be encrypted by the caller.
    pub(crate) async fn open<M: MigratorTrait>(
        url: &DatabaseUrl,
        settings: &Settings,
        secure_delete: bool,
    ) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite { path, read_only } => {
                let file = SqliteFile { path: path.clone(), read_only: *read_only, secure_delete };
                let write = file.connect(settings, false).await?;
                migrate::<M>(&write, *read_only).await?;
                let read = file.connect(settings, true).await?;
                Ok(Self { write, read })
            }
            DatabaseUrl::Postgres(url) => {
                let pool = connect_postgres(url, settings).await?;
                migrate::<M>(&pool, false).await?;
                Ok(Self { write: pool.clone(), read: pool })
            }
        }
    }

    /// Whether it can be written to now: by a write that is made durable as any other, so that a full disk is found, too, and that changes
    /// nothing in the end. It goes there and back because SQLite writes no page whose bytes stay as they are. For a readiness probe.
    pub async fn check(&self) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        for step in ["+ 1", "- 1"] {
            let newest = format!(
                "UPDATE seaql_migrations SET applied_at = applied_at {step} \
                 WHERE version = (SELECT MAX(version) FROM seaql_migrations)"
            );
            transaction.execute_unprepared(&newest).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Closes all connections; on SQLite this folds the write-ahead log into the file.
    pub async fn close(self) -> Result<(), StoreError> {
        self.read.close_by_ref().await?;
        Ok(self.write.close_by_ref().await?)
    }

    /// Empties the write-ahead log, so that what was overwritten in the file is not left there. What was committed before is durable
    /// whether this succeeds or not; where a reader holds the log, the next folding empties it. PostgreSQL keeps old rows until it
    /// cleans up, and is told to.
    pub(crate) async fn forget(&self) -> Result<(), StoreError> {
        let statement = match self.write.get_database_backend() {
            DbBackend::Postgres => "VACUUM record_key, entry",
            _ => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        self.write.execute_unprepared(statement).await?;
        Ok(())
    }

    /// For statements that only read.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For single statements that write.
    pub(crate) fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a write transaction. It rolls back when dropped.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        let postgres = self.write.get_database_backend() == DbBackend::Postgres;
        let options = TransactionOptions {
            isolation_level: postgres.then_some(IsolationLevel::ReadCommitted),
            access_mode: None,
            // A deferred transaction that wants to write after another wrote fails at once, without waiting.
            sqlite_transaction_mode: (!postgres).then_some(SqliteTransactionMode::Immediate),
        };
        let transaction = self.write.begin_with_options(options).await?;
        if postgres {
            // Cursors become visible in the order in which they are drawn, or a reader would step over one.
            transaction.execute_unprepared("SELECT pg_advisory_xact_lock(7640013)").await?;
        }
        Ok(transaction)
    }
}

/// Brings the schema up to date. Where it is, nothing is written and no right to change the schema is needed.
async fn migrate<M: MigratorTrait>(connection: &DatabaseConnection, read_only: bool) -> Result<(), StoreError> {
    match M::get_pending_migrations_read_only(connection).await?.len() {
        0 => Ok(()),
        pending if read_only => {
            Err(StoreError::ReadOnly(format!("{pending} migrations wait, open it for writing once")))
        }
        _ => Ok(M::up(connection, None).await?),
    }
}

struct SqliteFile {
    path: PathBuf,
    read_only: bool,
    secure_delete: bool,
}

impl SqliteFile {
    async fn connect(&self, settings: &Settings, reader: bool) -> Result<DatabaseConnection, DbErr> {
        // The name is replaced below: a path may hold characters that a URL may not.
        let mut options = pool_options("sqlite:file", settings, if reader { settings.readers.max(1) } else { 1 });
        let (path, read_only, secure_delete) = (self.path.clone(), self.read_only, self.secure_delete);
        let (busy, pages_max) = (Duration::from_millis(settings.wait_ms), settings.pages_max);
        options.map_sqlx_sqlite_opts(move |_| {
            let mut sqlite = SqliteConnectOptions::new()
                .filename(&path)
                .read_only(read_only)
                .create_if_missing(!read_only && !reader)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(busy)
                .pragma("trusted_schema", "OFF")
                .pragma("secure_delete", if secure_delete { "ON" } else { "OFF" });
            if reader {
                sqlite = sqlite.pragma("query_only", "ON");
            } else if !read_only {
                sqlite = sqlite.journal_mode(SqliteJournalMode::Wal).pragma("wal_autocheckpoint", WAL_PAGES);
            }
            if let Some(pages) = pages_max {
                sqlite = sqlite.pragma("max_page_count", pages.to_string());
            }
            sea_orm::sqlx::ConnectOptions::disable_statement_logging(sqlite.statement_cache_capacity(STATEMENTS_KEPT))
        });
        if !reader {
            options.map_sqlx_sqlite_pool_opts(|pool| {
                pool.after_release(|connection, _| Box::pin(is_in_no_transaction(connection)))
            });
        }
        Database::connect(options).await
    }
}

/// Whether a connection can be used again. SQLite ends a transaction by itself whose COMMIT fails; the driver goes on counting it, and what
/// begins after it becomes a savepoint in nothing, or in one that never ends: acknowledged, and gone with the program. Such a connection is
/// closed, and the next one begins anew.
async fn is_in_no_transaction(connection: &mut SqliteConnection) -> Result<bool, SqlxError> {
    // What was asked of it before, a rollback among it, is done when this comes back.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

async fn connect_postgres(url: &str, settings: &Settings) -> Result<DatabaseConnection, DbErr> {
    let mut options = pool_options(url, settings, settings.readers.max(1) + 1);
    let wait = settings.wait_ms.to_string();
    options.map_sqlx_postgres_opts(move |postgres| {
        // A server may be set to acknowledge before it is durable; we are not.
        postgres
            .options([("synchronous_commit", "on"), ("lock_timeout", wait.as_str())])
            .statement_cache_capacity(STATEMENTS_KEPT)
    });
    Database::connect(options).await
}

fn pool_options(url: &str, settings: &Settings, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(Duration::from_millis(settings.wait_ms))
        .connect_timeout(Duration::from_millis(settings.wait_ms))
        .idle_timeout(None)
        .max_lifetime(None)
        // Statements would carry values of rows into the log.
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn another_password_is_no_other_database_and_another_place_is() {
        let of = |text: &str| text.parse::<DatabaseUrl>().unwrap().identity();
        let one = of("postgres://desk:one@db.example:5432/register?sslmode=verify-full&password=x");
        assert_eq!(one, of("postgres://desk:two@db.example:5432/register?sslmode=verify-full"));
        assert!(!one.contains("one") && !one.contains("password"), "{one}");
        for other in [
            "postgres://other:one@db.example:5432/register?sslmode=verify-full",
            "postgres://desk:one@db2.example:5432/register?sslmode=verify-full",
            "postgres://desk:one@db.example:5433/register?sslmode=verify-full",
            "postgres://desk:one@db.example:5432/registry?sslmode=verify-full",
            "postgres://desk:one@db.example:5432/register?sslmode=disable",
        ] {
            assert_ne!(of(other), one, "{other}");
        }
        assert_ne!(of("sqlite:a.db"), of("sqlite:b.db"));
    }

    #[test]
    fn a_database_is_named_by_its_path_or_its_server() {
        let read = |text: &str| text.parse::<DatabaseUrl>();
        assert_eq!(read("sqlite:/var/lib/gw.db").unwrap(), DatabaseUrl::file("/var/lib/gw.db"));
        assert_eq!(read("sqlite:///var/lib/gw.db?mode=rwc").unwrap(), DatabaseUrl::file("/var/lib/gw.db"));
        assert_eq!(read("sqlite:gw.db?mode=ro").unwrap().to_string(), "sqlite:gw.db?mode=ro");
        for wrong in ["", "gw.db", "sqlite:", "sqlite::memory:", "sqlite:gw.db?cache=shared", "mysql://x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let url: DatabaseUrl = "postgres://gw:hunter2@db/gw".parse().unwrap();
        assert!(!format!("{url:?} {url}").contains("hunter2"));
    }
}
