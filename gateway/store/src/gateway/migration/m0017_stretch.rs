use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{DbErr, Table},
    sea_orm::ConnectionTrait,
};

use crate::schema::{bytes, code, maybe, number, table};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0017_stretch"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// A leaf of before is a stretch of one.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let following = code("following").default(0).take();
        for column in [following, maybe(bytes("more"))] {
            manager.alter_table(Table::alter().table("leaf").add_column(column).take()).await?;
        }
        let columns = vec![bytes("entry_id"), number("idx")];
        manager.create_table(table("leaf_named", columns, &["entry_id", "idx"])).await?;
        // Of the words on one retrieval, by their numbers: `receipt.rs`.
        let retrieved =
            r#"CREATE UNIQUE INDEX "receipt_retrieved_by_entry_id" ON "receipt" ("entry_id") WHERE "kind" IN (7, 8)"#;
        manager.get_connection().execute_unprepared(retrieved).await.map(drop)
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
