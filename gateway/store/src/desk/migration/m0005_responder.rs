use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, index, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0005_responder"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table("responder", vec![text("name"), text("state")], &["name"])).await?;
        let columns = vec![
            bytes("case_id"),
            number("measure"),
            bytes("entry_id"),
            text("responder"),
            text("counterpart"),
            number("at"),
            text("outcome"),
        ];
        manager.create_table(table("attempt", columns, &["case_id", "measure"])).await?;
        index(manager, "attempt", &["responder", "at"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
