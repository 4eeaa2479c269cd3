use model::Digest;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::{DbErr, Table},
    sea_orm::{
        ConnectionTrait,
        sea_query::{Expr, Query},
    },
};

use crate::schema::{bytes, number, table, text};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "gateway_m0013_directory_by_root"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let kept = ["party", "version", "toml", "signature", "seen"];
        let mut columns = vec![text("party"), number("version"), bytes("toml"), bytes("signature"), number("seen")];
        columns.push(bytes("root"));
        manager.create_table(table("directory_by_root", columns, &["party", "root", "version"])).await?;
        // No key of a table changes on SQLite: it is copied. Which root each row was of stands in its text, which is not read here.
        let unknown: Vec<u8> = Digest::new([0; 32]).as_bytes().to_vec();
        let rows = Query::select().columns(kept).expr(Expr::value(unknown)).from("directory").take();
        let mut copy = Query::insert().into_table("directory_by_root").columns(kept.into_iter().chain(["root"])).take();
        copy.select_from(rows).map_err(|error| DbErr::Custom(error.to_string()))?;
        manager.get_connection().execute(&copy).await?;
        manager.drop_table(Table::drop().table("directory").take()).await?;
        manager.rename_table(Table::rename().table("directory_by_root", "directory").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
