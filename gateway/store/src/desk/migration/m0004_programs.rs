use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, index, maybe, number, table, text};

/// What other programs need: calls that are done once, and where they want to be told.
pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0004_programs"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            number("client"),
            bytes("key"),
            bytes("request"),
            maybe(bytes("subject")),
            maybe(bytes("answer")),
            number("at"),
        ];
        manager.create_table(table("once", columns, &["client", "key"])).await?;
        index(manager, "once", &["at"], false).await?;

        let columns = vec![
            text("id"),
            bytes("body"),
            number("created"),
            number("cursor"),
            number("attempts"),
            number("next_attempt"),
            maybe(number("failing_since")),
            maybe(number("disabled_at")),
            maybe(number("delivered_at")),
            text("said"),
        ];
        manager.create_table(table("webhook", columns, &["id"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
