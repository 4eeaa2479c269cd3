use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, index, maybe, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0009_misconduct"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            bytes("digest"),
            text("party"),
            text("evidence"),
            text("told"),
            number("stops"),
            number("at"),
            maybe(number("settled")),
        ];
        manager.create_table(table("misconduct", columns, &["digest"])).await?;
        index(manager, "misconduct", &["party"], false).await?;
        let columns = vec![bytes("digest"), text("channel"), number("at")];
        manager.create_table(table("awaited", columns, &["digest"])).await?;
        index(manager, "awaited", &["channel", "at"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
