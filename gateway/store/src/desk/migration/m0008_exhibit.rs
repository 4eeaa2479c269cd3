use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::{bytes, number, table};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0008_exhibit"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![bytes("entry_id"), bytes("case_id"), bytes("body"), bytes("wrapped"), number("until")];
        manager.create_table(table("exhibit", columns, &["entry_id"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
