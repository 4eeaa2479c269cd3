use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{DbErr, Table},
};

use crate::schema::{code, index, maybe, number};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0007_anew"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut fold = code("fold").default(0).take();
        manager.alter_table(Table::alter().table("case_file").add_column(&mut fold).to_owned()).await?;
        let mut closed = maybe(number("closed_at"));
        manager.alter_table(Table::alter().table("channel").add_column(&mut closed).to_owned()).await?;
        index(manager, "case_file", &["fold", "id"], false).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
