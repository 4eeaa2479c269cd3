use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr, sea_orm::ConnectionTrait,
};

use crate::schema::{bytes, index, number, table, text};

/// Where the desk has a group's keys. By which leaf it stands there it finds out once, case by case.
const NOT_NOTED: &str = "INSERT INTO leaf (case_id, mark, party) SELECT id, 0, substr(counterpart, 1, 2) FROM desk_case \
     WHERE EXISTS (SELECT 1 FROM mls WHERE mls.case_id = desk_case.id)";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0014_leaf"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![bytes("case_id"), number("mark"), text("party")];
        manager.create_table(table("leaf", columns, &["case_id"])).await?;
        index(manager, "leaf", &["mark", "case_id"], false).await?;
        manager.get_connection().execute_unprepared(NOT_NOTED).await.map(drop)
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
