use model::{Denial, Fault};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxError};

/// Why the storage did not do it, by what helps. Nothing of what was asked is half-written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room. Free some, or raise the quota.
    #[error("the storage is full: {0}")]
    Full(String),
    /// The database may be read only. Mend the rights or the mount.
    #[error("the storage is read-only: {0}")]
    ReadOnly(String),
    /// Somebody else holds it for too long. Try again.
    #[error("the storage is locked: {0}")]
    Locked(String),
    /// Not there: file or server gone, disk failing.
    #[error("the storage is gone: {0}")]
    Gone(String),
    /// What was read is not what was written. Restore a copy.
    #[error("the storage is damaged: {0}")]
    Corrupt(String),
    /// Another version, another entry under this id, another leaf at this index: somebody else was faster.
    #[error("the storage holds something newer: {0}")]
    Conflict(String),
    /// Neither: a defect of the program or of the schema.
    #[error("the storage failed: {0}")]
    Other(String),
}

impl StoreError {
    /// What kind of fault it is for whoever asked: [`Fault::StaleCase`] for a conflict, else [`Fault::Storage`].
    pub fn fault(&self) -> Fault {
        match self {
            Self::Conflict(_) => Fault::StaleCase,
            _ => Fault::Storage,
        }
    }
}

impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        Self::failed(error.fault(), error.to_string())
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => {
                Self::Locked("no connection to the database became free in time".to_owned())
            }
            DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => {
                Self::Gone("the connection to the database is closed".to_owned())
            }
            DbErr::Conn(RuntimeErr::SqlxError(e))
            | DbErr::Exec(RuntimeErr::SqlxError(e))
            | DbErr::Query(RuntimeErr::SqlxError(e)) => by_driver(&e),
            DbErr::Type(detail) => Self::Corrupt(detail),
            other => Self::Other(other.to_string()),
        }
    }
}

fn by_driver(error: &SqlxError) -> StoreError {
    match error {
        SqlxError::Database(e) => {
            let detail = e.message().to_owned();
            let code = e.code().unwrap_or_default();
            match e.try_downcast_ref::<sea_orm::SqlxSqliteError>() {
                Some(_) => by_sqlite_code(code.parse().unwrap_or_default(), detail),
                None => by_sqlstate(&code, detail),
            }
        }
        SqlxError::Io(e) if e.kind() == std::io::ErrorKind::StorageFull => StoreError::Full(e.to_string()),
        SqlxError::Io(e) => StoreError::Gone(e.to_string()),
        SqlxError::Tls(_) => StoreError::Gone("TLS to the database failed".to_owned()),
        SqlxError::PoolTimedOut => StoreError::Gone("the database does not answer".to_owned()),
        SqlxError::PoolClosed | SqlxError::WorkerCrashed => {
            StoreError::Gone("the connection to the database is closed".to_owned())
        }
        SqlxError::ColumnDecode { .. } | SqlxError::Decode(_) => {
            StoreError::Corrupt("a column has another type than the schema says".to_owned())
        }
        other => StoreError::Other(other.to_string()),
    }
}

/// SQLite's result codes; the low byte is the primary one [sqlite.org/rescode.html].
fn by_sqlite_code(code: i32, detail: String) -> StoreError {
    const READONLY_DBMOVED: i32 = 1032;
    if code == READONLY_DBMOVED {
        return StoreError::Gone(detail);
    }
    match code & 0xff {
        5 | 6 => StoreError::Locked(detail),
        3 | 8 | 23 => StoreError::ReadOnly(detail),
        10 | 14 => StoreError::Gone(detail),
        11 | 26 => StoreError::Corrupt(detail),
        13 => StoreError::Full(detail),
        19 => StoreError::Conflict(detail),
        _ => StoreError::Other(detail),
    }
}

/// PostgreSQL's SQLSTATE [PostgreSQL manual, appendix A].
fn by_sqlstate(code: &str, detail: String) -> StoreError {
    match code {
        "53100" | "53200" => StoreError::Full(detail),
        "25006" | "42501" => StoreError::ReadOnly(detail),
        "40001" | "40P01" | "55P03" | "57014" => StoreError::Locked(detail),
        "53300" | "3D000" | "58030" => StoreError::Gone(detail),
        "XX001" | "XX002" => StoreError::Corrupt(detail),
        _ if code.starts_with("08") || code.starts_with("28") || code.starts_with("57P") => StoreError::Gone(detail),
        _ if code.starts_with("23") => StoreError::Conflict(detail),
        _ => StoreError::Other(detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_of_an_engine_is_told_by_what_helps() {
        let sqlite = |code| by_sqlite_code(code, String::new());
        let postgres = |code| by_sqlstate(code, String::new());
        assert!(matches!((sqlite(13), postgres("53100")), (StoreError::Full(_), StoreError::Full(_))));
        assert!(matches!((sqlite(1544), postgres("25006")), (StoreError::ReadOnly(_), StoreError::ReadOnly(_))));
        assert!(matches!((sqlite(517), postgres("40P01")), (StoreError::Locked(_), StoreError::Locked(_))));
        assert!(matches!((sqlite(1032), postgres("57P01")), (StoreError::Gone(_), StoreError::Gone(_))));
        assert!(matches!((sqlite(26), postgres("XX001")), (StoreError::Corrupt(_), StoreError::Corrupt(_))));
        assert!(matches!((sqlite(2067), postgres("23505")), (StoreError::Conflict(_), StoreError::Conflict(_))));
        assert!(matches!((sqlite(1), postgres("42601")), (StoreError::Other(_), StoreError::Other(_))));
    }

    #[test]
    fn a_conflict_is_a_race_and_all_else_is_ours() {
        assert_eq!(StoreError::Conflict(String::new()).fault(), Fault::StaleCase);
        let denial = Denial::from(StoreError::Full("database or disk is full".to_owned()));
        assert_eq!(denial.to_string(), "STORAGE the storage is full: database or disk is full");
    }
}
