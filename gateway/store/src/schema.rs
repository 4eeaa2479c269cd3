//! The few shapes of columns that the migrations of both databases use.

use sea_orm_migration::{
    SchemaManager,
    prelude::{ColumnDef, DbErr, Index, Table, TableCreateStatement},
    sea_orm::sea_query::{ColumnType, StringLen},
};

/// Ids, digests and blobs.
pub(crate) fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new_with_type(name, ColumnType::VarBinary(StringLen::None)).not_null().take()
}

/// Times, versions, indexes.
pub(crate) fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// Codes.
pub(crate) fn code(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).small_integer().not_null().take()
}

/// Names.
pub(crate) fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// A key that the database draws, and never draws again.
pub(crate) fn drawn(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().auto_increment().primary_key().take()
}

/// The column, which may be empty.
pub(crate) fn maybe(mut column: ColumnDef) -> ColumnDef {
    column.null().take()
}

/// A table of these columns; `key` is its primary key, where no column is drawn.
pub(crate) fn table(name: &'static str, columns: Vec<ColumnDef>, key: &[&'static str]) -> TableCreateStatement {
    let mut table = Table::create().table(name).take();
    for mut column in columns {
        table.col(&mut column);
    }
    if !key.is_empty() {
        let mut index = Index::create();
        for column in key {
            index.col(*column);
        }
        table.primary_key(&mut index);
    }
    table
}

/// Makes an index called after its table and columns.
pub(crate) async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    let mut index = Index::create().name(format!("{table}_by_{}", columns.join("_"))).table(table).take();
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}
