use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, index, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0002_asked"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            bytes("entry_id"),
            text("request_type"),
            bytes("tag"),
            text("requesting"),
            text("requested"),
            number("day"),
        ];
        manager.create_table(table("asked", columns, &["entry_id", "request_type", "tag"])).await?;
        index(manager, "asked", &["requesting", "requested", "request_type", "day"], false).await
    }
}
