use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{DbErr, Table},
};

use crate::schema::{bytes, maybe, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0013_parked"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![number("cursor"), bytes("case_id"), number("since"), text("why")];
        manager.create_table(table("parked", columns, &["cursor"])).await?;
        let column = maybe(bytes("case_id"));
        manager.alter_table(Table::alter().table("key_package").add_column(column).take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
