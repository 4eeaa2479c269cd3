use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{ColumnDef, DbErr, Table},
};

use crate::schema::{bytes, code, index, maybe, number, table};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0010_listed"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "desk_case", code("whose").default(0)).await?;
        add(manager, "desk_case", &mut maybe(number("calls_at"))).await?;
        add(manager, "clock", code("acting").default(0)).await?;
        index(manager, "desk_case", &["whose", "updated", "id"], false).await?;
        index(manager, "desk_case", &["state", "updated", "id"], false).await?;
        index(manager, "desk_case", &["calls_at"], false).await?;
        manager
            .create_table(table("case_link", vec![bytes("case_id"), bytes("earlier")], &["case_id", "earlier"]))
            .await?;
        index(manager, "case_link", &["earlier"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn add(manager: &SchemaManager<'_>, table: &'static str, column: &mut ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await
}
