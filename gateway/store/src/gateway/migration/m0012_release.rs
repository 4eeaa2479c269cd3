use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0012_release"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![text("party"), number("since"), text("software"), bytes("sha256")];
        manager.create_table(table("release", columns, &["party", "since"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
