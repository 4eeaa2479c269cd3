use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{ColumnDef, DbErr, Table},
    sea_orm::{ConnectionTrait, DbBackend, sea_query::Query},
};

use crate::schema::{bytes, code, index, maybe, number, table, text};

/// What grows with each entry and is found by its key alone. SQLite keeps a table and its key apart, each a tree of its own, unless it is
/// told that the key is the row's place [sqlite.org/withoutrowid.html]: half the pages that a commit writes. PostgreSQL knows no such thing.
pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0014_rowless"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        let leaf = vec![
            text("channel"),
            number("idx"),
            bytes("hash"),
            maybe(bytes("salt")),
            maybe(bytes("entry_id")),
            bytes("statement"),
        ];
        copy(manager, ["leaf", "leaf_rowless"], leaf, &["channel", "idx"]).await?;
        index(manager, "leaf", &["entry_id"], false).await?;
        let tree_hash = vec![text("channel"), number("idx"), bytes("hash")];
        copy(manager, ["tree_hash", "tree_hash_rowless"], tree_hash, &["channel", "idx"]).await?;
        let awaited = vec![bytes("digest"), text("channel"), number("at"), code("put_off").default(0).take()];
        copy(manager, ["awaited", "awaited_rowless"], awaited, &["digest"]).await?;
        index(manager, "awaited", &["channel", "at"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// No key of a table changes on SQLite: it is copied.
async fn copy(
    manager: &SchemaManager<'_>,
    [name, interim]: [&'static str; 2],
    columns: Vec<ColumnDef>,
    key: &[&'static str],
) -> Result<(), DbErr> {
    let names: Vec<_> = columns.iter().map(ColumnDef::get_column_name).collect();
    manager.create_table(table(interim, columns, key).extra("WITHOUT ROWID").take()).await?;
    let rows = Query::select().columns(names.clone()).from(name).take();
    let mut insert = Query::insert().into_table(interim).columns(names).take();
    insert.select_from(rows).map_err(|error| DbErr::Custom(error.to_string()))?;
    manager.get_connection().execute(&insert).await?;
    manager.drop_table(Table::drop().table(name).take()).await?;
    manager.rename_table(Table::rename().table(interim, name).take()).await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use sea_orm_migration::{
        MigratorTrait,
        sea_orm::{Database, Statement},
    };

    use super::*;
    use crate::gateway::migration::Migrator;

    #[tokio::test]
    async fn what_the_ledger_kept_before_is_kept_in_the_new_tables_and_their_keys_are_the_rows_places() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&db, Some(13)).await.unwrap();
        db.execute_unprepared(
            "INSERT INTO leaf VALUES ('fr>jp', 7, x'01', NULL, x'02', x'03');
             INSERT INTO tree_hash VALUES ('fr>jp', 9, x'04');
             INSERT INTO awaited (digest, channel, at, put_off) VALUES (x'05', 'fr>jp', 11, 2);",
        )
        .await
        .unwrap();
        Migrator::up(&db, None).await.unwrap();
        let one = async |sql: &str| {
            let found = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
            found.map(|row| row.try_get_by_index::<String>(0).unwrap())
        };
        for (sql, kept) in [
            (
                "SELECT channel || idx || hex(hash) || hex(entry_id) || hex(statement) FROM leaf WHERE salt IS NULL",
                "fr>jp7010203",
            ),
            ("SELECT channel || idx || hex(hash) FROM tree_hash", "fr>jp904"),
            ("SELECT hex(digest) || channel || at || put_off FROM awaited", "05fr>jp112"),
            (
                "SELECT group_concat(name) FROM (SELECT name FROM pragma_table_list WHERE wr = 1 ORDER BY name)",
                "awaited,leaf,tree_hash",
            ),
        ] {
            assert_eq!(one(sql).await.as_deref(), Some(kept), "{sql}");
        }
        let indexes = "SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name IN \
                       ('leaf', 'awaited') AND sql IS NOT NULL ORDER BY name)";
        assert_eq!(one(indexes).await.as_deref(), Some("awaited_by_channel_at,leaf_by_entry_id"));
    }
}
