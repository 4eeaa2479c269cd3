use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{ColumnDef, DbErr, ForeignKey},
};

use crate::schema::{bytes, code, drawn, index, maybe, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "desk_m0001_first"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        cases(manager).await?;
        secrets(manager).await?;
        queues(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn cases(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns =
        vec![bytes("id"), bytes("body"), text("peer"), number("created"), number("updated"), number("version")];
    manager.create_table(table("draft", columns, &["id"])).await?;

    let columns = vec![
        bytes("id"),
        code("role"),
        code("state"),
        text("counterpart"),
        maybe(bytes("title")),
        bytes("body"),
        bytes("head"),
        number("updated"),
        number("version"),
    ];
    manager.create_table(table("desk_case", columns, &["id"])).await?;
    index(manager, "desk_case", &["updated", "id"], false).await?;

    let columns = vec![
        bytes("id"),
        bytes("case_id"),
        maybe(number("seq")),
        code("direction"),
        code("step"),
        bytes("header"),
        maybe(bytes("body")),
        bytes("envelope"),
        code("verdict"),
        maybe(bytes("receipt")),
        number("at"),
    ];
    let mut entry = table("entry", columns, &["id"]);
    entry.foreign_key(ForeignKey::create().from("entry", "case_id").to("desk_case", "id"));
    manager.create_table(entry).await?;
    index(manager, "entry", &["case_id"], false).await?;

    let columns = vec![
        bytes("id"),
        bytes("case_id"),
        bytes("header"),
        bytes("body"),
        bytes("signatures"),
        code("state"),
        number("created"),
    ];
    manager.create_table(table("proposal", columns, &["id"])).await?;
    index(manager, "proposal", &["case_id"], false).await?;
    index(manager, "proposal", &["state"], false).await
}

async fn secrets(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![bytes("case_id"), bytes("key"), bytes("value")];
    manager.create_table(table("mls", columns, &["case_id", "key"])).await?;
    let columns = vec![bytes("hash"), bytes("private"), number("added"), number("expires"), maybe(number("used_at"))];
    manager.create_table(table("key_package", columns, &["hash"])).await?;
    index(manager, "key_package", &["expires"], false).await
}

async fn queues(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![
        drawn("id"),
        bytes("entry_id"),
        code("kind"),
        bytes("envelope"),
        ColumnDef::new("attempts").integer().not_null().take(),
        number("next_attempt"),
    ];
    manager.create_table(table("outbox", columns, &[])).await?;
    index(manager, "outbox", &["entry_id", "kind"], true).await?;
    index(manager, "outbox", &["next_attempt"], false).await?;

    manager.create_table(table("cursor", vec![text("name"), number("value")], &["name"])).await?;

    let columns = vec![drawn("cursor"), bytes("case_id"), code("kind"), number("at"), maybe(bytes("entry_id"))];
    manager.create_table(table("event", columns, &[])).await?;
    index(manager, "event", &["case_id", "kind", "entry_id", "at"], true).await
}
