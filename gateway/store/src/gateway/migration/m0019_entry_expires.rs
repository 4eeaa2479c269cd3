use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr};

use crate::schema::index;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0019_entry_expires"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// The entries whose time is over are looked for in the order in which it ended.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index(manager, "entry", &["expires", "id"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
