use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{ColumnDef, DbErr, ForeignKey},
};

use crate::schema::{bytes, code, drawn, index, maybe, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0001_first"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        cases(manager).await?;
        queues(manager).await?;
        evidence(manager).await?;
        channels(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn cases(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![
        bytes("id"),
        text("home"),
        text("peer"),
        number("version"),
        code("state"),
        bytes("body"),
        maybe(bytes("group_blob")),
        maybe(bytes("group_next")),
        number("updated"),
    ];
    manager.create_table(table("case_file", columns, &["id"])).await?;
    index(manager, "case_file", &["state", "id"], false).await?;

    let columns = vec![
        bytes("id"),
        bytes("case_id"),
        maybe(number("seq")),
        code("verdict"),
        code("step"),
        text("sender"),
        bytes("wire"),
        bytes("envelope"),
        bytes("receipt"),
        number("created"),
        number("expires"),
        number("admitted_at"),
    ];
    let mut entry = table("entry", columns, &["id"]);
    entry.foreign_key(ForeignKey::create().from("entry", "case_id").to("case_file", "id"));
    manager.create_table(entry).await?;
    index(manager, "entry", &["case_id"], false).await
}

async fn queues(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![
        drawn("id"),
        text("channel"),
        code("kind"),
        bytes("entry_id"),
        number("expires"),
        ColumnDef::new("attempts").integer().not_null().take(),
        number("next_attempt"),
        text("trace"),
    ];
    manager.create_table(table("outbox", columns, &[])).await?;
    index(manager, "outbox", &["channel", "entry_id", "kind"], true).await?;
    index(manager, "outbox", &["channel", "next_attempt"], false).await?;
    index(manager, "outbox", &["expires"], false).await?;

    let columns = vec![
        drawn("cursor"),
        text("desk"),
        code("kind"),
        bytes("entry_id"),
        maybe(bytes("receipt")),
        bytes("receipt_digest"),
        text("trace"),
        number("at"),
        maybe(number("acknowledged_at")),
        maybe(bytes("ack")),
    ];
    let mut delivery = table("delivery", columns, &[]);
    delivery.foreign_key(ForeignKey::create().from("delivery", "entry_id").to("entry", "id"));
    manager.create_table(delivery).await?;
    index(manager, "delivery", &["desk", "cursor"], false).await?;
    index(manager, "delivery", &["entry_id", "desk", "kind", "receipt_digest"], true).await
}

async fn evidence(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![drawn("id"), bytes("entry_id"), code("kind"), bytes("bytes"), bytes("digest"), number("at")];
    manager.create_table(table("receipt", columns, &[])).await?;
    index(manager, "receipt", &["entry_id", "kind", "digest"], true).await?;

    let columns = vec![
        drawn("id"),
        number("at"),
        text("channel"),
        text("code"),
        maybe(bytes("entry_id")),
        maybe(code("step")),
        code("by"),
    ];
    manager.create_table(table("refusal", columns, &[])).await?;
    index(manager, "refusal", &["entry_id", "code", "at", "channel"], true).await?;
    index(manager, "refusal", &["at"], false).await?;

    let columns = vec![
        text("channel"),
        number("idx"),
        bytes("hash"),
        maybe(bytes("salt")),
        maybe(bytes("entry_id")),
        bytes("statement"),
    ];
    manager.create_table(table("leaf", columns, &["channel", "idx"])).await?;
    index(manager, "leaf", &["entry_id"], false).await?;
    let columns = vec![text("channel"), number("idx"), bytes("hash")];
    manager.create_table(table("tree_hash", columns, &["channel", "idx"])).await?;
    let columns = vec![text("channel"), number("size"), bytes("note"), maybe(bytes("cosigned"))];
    manager.create_table(table("checkpoint", columns, &["channel", "size"])).await
}

async fn channels(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![
        text("party"),
        text("endpoint"),
        bytes("root"),
        text("fingerprint"),
        code("state"),
        maybe(number("own_yes_at")),
        maybe(bytes("peer_yes")),
        maybe(code("frozen_from")),
        maybe(text("frozen_by")),
        maybe(text("frozen_reason")),
        maybe(bytes("directory")),
        maybe(bytes("directory_signature")),
        number("updated"),
    ];
    manager.create_table(table("channel", columns, &["party"])).await?;

    let columns = vec![
        drawn("id"),
        text("authority"),
        bytes("hash"),
        bytes("bytes"),
        number("added"),
        number("expires"),
        maybe(number("claimed_at")),
        maybe(text("claimed_by")),
    ];
    manager.create_table(table("key_package", columns, &[])).await?;
    index(manager, "key_package", &["hash"], true).await?;
    index(manager, "key_package", &["authority", "claimed_at", "id"], false).await
}
