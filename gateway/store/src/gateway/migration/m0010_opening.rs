use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0010_opening"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![text("party"), bytes("digest"), bytes("opening"), number("seen")];
        manager.create_table(table("opening", columns, &["party", "digest"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
