use sea_orm::{entity::prelude::*, sea_query::Expr};

use super::GatewayStore;
use crate::{Blob, StoreError, sql, write};

/// The head that this gateway cosigned last, as witness of a log of another party.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "witnessed")]
pub struct Model {
    /// The origin of the log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub log: String,
    /// How many leaves it had.
    pub size: i64,
    /// The note, as the home signed it.
    pub note: Blob,
    /// When it was cosigned.
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// The head of `log` that was cosigned last.
    pub async fn witnessed(&self, log: &str) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.write(), Entity::find_by_id(log.to_owned())).await
    }

    /// Puts `row` in the place of the head of `expected` leaves (`None`: of none), in one step [C2SP tlog-witness]. Returns whether that was
    /// still the last one; else nothing is written.
    pub async fn witness(&self, row: &Model, expected: Option<i64>) -> Result<bool, StoreError> {
        let db = self.engine.write();
        let Some(expected) = expected else {
            return Ok(write::insert_new::<Entity, _, _>(db, &[Column::Log], std::slice::from_ref(row)).await? == 1);
        };
        let update = Entity::update_many()
            .col_expr(Column::Size, Expr::value(row.size))
            .col_expr(Column::Note, Expr::value(row.note.0.clone()))
            .col_expr(Column::At, Expr::value(row.at))
            .filter(Column::Log.eq(row.log.clone()))
            .filter(Column::Size.eq(expected));
        Ok(update.exec(db).await?.rows_affected == 1)
    }
}
