use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0005_heads"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![number("idx"), number("at"), bytes("secret"), text("heads")];
        manager.create_table(table("muster", columns, &["idx"])).await?;
        let columns = vec![text("log"), number("size"), bytes("note"), number("at")];
        manager.create_table(table("witnessed", columns, &["log"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
