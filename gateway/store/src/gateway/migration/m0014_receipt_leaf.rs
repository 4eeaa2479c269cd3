use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{DbErr, Index, Table},
    sea_orm::ConnectionTrait,
};

use crate::schema::{maybe, number};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0014_receipt_leaf"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let leaf = Table::alter().table("receipt").add_column(maybe(number("leaf"))).take();
        manager.alter_table(leaf).await?;
        // Leaves of before keep the entry that they name, and new ones of our own logs name none.
        let mut old = Index::drop();
        old.table("leaf").name("leaf_by_entry_id");
        manager.drop_index(old).await?;
        let connection = manager.get_connection();
        let by_entry = r#"CREATE INDEX "leaf_by_entry_id" ON "leaf" ("entry_id") WHERE "entry_id" IS NOT NULL"#;
        connection.execute_unprepared(by_entry).await?;
        // An engine takes an index of some rows where its condition stands in the query in the same words: `receipt::REJECTED`.
        let rejected =
            r#"CREATE INDEX "receipt_rejected_by_entry_id" ON "receipt" ("entry_id", "kind") WHERE "kind" IN (1, 3)"#;
        connection.execute_unprepared(rejected).await.map(drop)
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
