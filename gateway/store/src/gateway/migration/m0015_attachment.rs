use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, code, index, maybe, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0015_attachment"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            bytes("case_id"),
            bytes("file_id"),
            text("party"),
            maybe(text("desk")),
            maybe(bytes("digest")),
            number("bytes"),
            code("state"),
            maybe(bytes("entry_id")),
            number("at"),
            number("next_attempt"),
            number("attempts"),
            text("why"),
            number("look"),
        ];
        manager.create_table(table("attachment", columns, &["case_id", "file_id"])).await?;
        index(manager, "attachment", &["digest"], false).await?;
        index(manager, "attachment", &["desk"], false).await?;
        index(manager, "attachment", &["entry_id"], false).await?;
        index(manager, "attachment", &["look"], false).await?;
        index(manager, "attachment", &["state", "next_attempt"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
