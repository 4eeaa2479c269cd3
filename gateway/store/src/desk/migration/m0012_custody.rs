use sea_orm::ConnectionTrait;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{ColumnDef, DbErr, Table},
};

use crate::schema::{bytes, code, index, number, table, text};

/// Lists by when a case began, cases in which something is due without a clock, and what two officers stand for at the desk itself.
pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0012_custody"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "desk_case", number("created").default(0)).await?;
        add(manager, "desk_case", code("owes").default(0)).await?;
        // What lists are made by is noted anew in each row when the desk starts.
        manager.get_connection().execute_unprepared("UPDATE desk_case SET whose = 0").await?;
        // Before 0009 nobody noted when a register was asked. Where one may have been, it counts on the day on which the attempt was noted.
        let looked_up = "UPDATE attempt SET looked_up = at WHERE looked_up IS NULL AND outcome <> 'quota'";
        manager.get_connection().execute_unprepared(looked_up).await?;
        index(manager, "desk_case", &["created", "id"], false).await?;
        index(manager, "desk_case", &["whose", "created", "id"], false).await?;
        index(manager, "desk_case", &["state", "created", "id"], false).await?;
        index(manager, "desk_case", &["owes"], false).await?;
        index(manager, "draft", &["created", "id"], false).await?;
        let columns = vec![bytes("case_id"), text("act"), bytes("body"), number("at")];
        manager.create_table(table("pledge", columns, &["case_id", "act"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn add(manager: &SchemaManager<'_>, table: &'static str, column: &mut ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await
}
