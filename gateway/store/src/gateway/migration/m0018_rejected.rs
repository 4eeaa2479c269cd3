use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, index, number, table};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0018_rejected"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![bytes("envelope"), bytes("entry_id"), bytes("case_id"), bytes("wire"), number("at")];
        manager.create_table(table("rejected", columns, &["envelope"])).await?;
        index(manager, "rejected", &["case_id"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
