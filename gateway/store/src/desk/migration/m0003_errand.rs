use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, index, number, table};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0003_errand"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![bytes("case_id"), bytes("body"), number("due")];
        manager.create_table(table("errand", columns, &["case_id"])).await?;
        index(manager, "errand", &["due"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
