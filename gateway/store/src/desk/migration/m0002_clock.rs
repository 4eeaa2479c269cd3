use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, code, index, maybe, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0002_clock"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            bytes("case_id"),
            number("measure"),
            text("kind"),
            text("record"),
            number("round"),
            text("course"),
            maybe(text("fired")),
            maybe(number("next_at")),
            code("open"),
            number("due"),
        ];
        manager.create_table(table("clock", columns, &["case_id", "measure", "kind", "record", "round"])).await?;
        index(manager, "clock", &["next_at"], false).await?;
        index(manager, "clock", &["open", "due"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
