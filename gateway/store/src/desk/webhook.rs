use sea_orm::{QueryOrder, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, sql, write};

/// A place where a program wants to be told of events, and how far it was told.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Where, and the secret. Encrypted.
    pub body: Blob,
    /// When it was added.
    pub created: i64,
    /// The newest event that it has taken.
    pub cursor: i64,
    /// How often in a row it has not taken the next one.
    pub attempts: i64,
    /// Not before.
    pub next_attempt: i64,
    /// Since when it takes nothing.
    pub failing_since: Option<i64>,
    /// When it was given up.
    pub disabled_at: Option<i64>,
    /// When it took an event last.
    pub delivered_at: Option<i64>,
    /// What it said last: a word of the caller's, nothing of an event.
    pub said: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// All webhooks, the oldest first.
    pub async fn webhooks(&self) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().order_by_asc(Column::Created).order_by_asc(Column::Id);
        Ok(query.all(self.engine.read()).await?)
    }

    /// One webhook.
    pub async fn webhook(&self, id: &str) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(id)).await
    }

    /// Notes how deliveries to a webhook went: all columns but its id, body and beginning. Says whether it is still there, at `before`.
    pub async fn note_webhook(&self, row: &Model, before: i64) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Cursor, Expr::value(row.cursor))
            .col_expr(Column::Attempts, Expr::value(row.attempts))
            .col_expr(Column::NextAttempt, Expr::value(row.next_attempt))
            .col_expr(Column::FailingSince, Expr::value(row.failing_since))
            .col_expr(Column::DisabledAt, Expr::value(row.disabled_at))
            .col_expr(Column::DeliveredAt, Expr::value(row.delivered_at))
            .col_expr(Column::Said, Expr::value(row.said.clone()))
            .filter(Column::Id.eq(&row.id))
            .filter(Column::Cursor.eq(before));
        Ok(update.exec(self.engine.write()).await?.rows_affected == 1)
    }
}

/// Adds webhooks whose name is free.
pub(super) async fn add<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::Id], rows).await.map(drop)
}

/// Removes webhooks.
pub(super) async fn remove<C: ConnectionTrait>(tx: &C, ids: &[String]) -> Result<(), StoreError> {
    write::delete::<Entity, _, _>(tx, Column::Id, ids).await
}
