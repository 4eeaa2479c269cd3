use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, index, number, table};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0015_attachment"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            bytes("case_id"),
            bytes("hash"),
            bytes("file_id"),
            bytes("manifest"),
            number("complete"),
            number("at"),
        ];
        manager.create_table(table("attachment", columns, &["case_id", "hash"])).await?;
        index(manager, "attachment", &["at"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
