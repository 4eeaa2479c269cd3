use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr, sea_orm::ConnectionTrait,
};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0016_awaited_statement"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// What is awaited was known by the digest of the receipt, and is by that of the statement: rows of before would never come to an end.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(r#"DELETE FROM "awaited""#).await.map(drop)
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
