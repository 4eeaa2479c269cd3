use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, index, maybe, number, table};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0006_record_key"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            bytes("entry_id"),
            bytes("case_id"),
            maybe(bytes("wrapped")),
            maybe(number("shredded")),
            maybe(bytes("certificate")),
        ];
        manager.create_table(table("record_key", columns, &["entry_id"])).await?;
        index(manager, "record_key", &["case_id"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
