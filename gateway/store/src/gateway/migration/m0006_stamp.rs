use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, number, table};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0006_stamp"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![number("size"), bytes("note"), bytes("token"), number("at"), number("asked")];
        manager.create_table(table("stamp", columns, &["size"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
