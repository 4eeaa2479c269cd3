use model::{CaseId, EntryId};
use sea_orm::{QueryOrder, entity::prelude::*};

use super::{DeskStore, entry};
use crate::{Blob, StoreError, Stored, sql, write};

/// The key of a received body, and what became of it. The row stays when the key is gone: it is the log of keys.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "record_key")]
pub struct Model {
    /// The entry that carried the body.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: Stored<EntryId>,
    /// Its case.
    pub case_id: Stored<CaseId>,
    /// The key of the body. Encrypted. `None`: it was destroyed.
    pub wrapped: Option<Blob>,
    /// When it was.
    pub shredded: Option<i64>,
    /// The entry by which two custodians certified it.
    pub certificate: Option<Stored<EntryId>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// That the body of an entry is destroyed: its key, and the ciphertext with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shred {
    /// The entry that carried the body.
    pub entry: EntryId,
    /// Its case.
    pub case: CaseId,
    /// When.
    pub at: i64,
    /// The entry by which two custodians certified it.
    pub certificate: EntryId,
}

impl DeskStore {
    /// The key of a body. `None` for a body that has none of its own.
    pub async fn record_key(&self, entry: EntryId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(entry))).await
    }

    /// The keys of a case's bodies, those that were destroyed among them.
    pub async fn record_keys_of(&self, case: CaseId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::CaseId.eq(Stored(case))).order_by_asc(Column::EntryId);
        Ok(query.all(self.engine.read()).await?)
    }
}

/// Inserts keys whose entry has none. A key that was destroyed is never written again.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::EntryId], rows).await.map(drop)
}

/// Destroys keys and what they encrypt. What is destroyed already stays as it is, so that the first certificate counts.
pub(super) async fn shred<C: ConnectionTrait>(tx: &C, shreds: &[Shred]) -> Result<(), StoreError> {
    let gone = |one: &Shred| Model {
        entry_id: one.entry.into(),
        case_id: one.case.into(),
        wrapped: None,
        shredded: Some(one.at),
        certificate: Some(one.certificate.into()),
    };
    // A body from before there were keys of their own has no row yet.
    insert(tx, &shreds.iter().map(gone).collect::<Vec<_>>()).await?;
    for one in shreds {
        let none: Option<Blob> = None;
        Entity::update_many()
            .col_expr(Column::Wrapped, Expr::value(none.clone()))
            .col_expr(Column::Shredded, Expr::value(one.at))
            .col_expr(Column::Certificate, Expr::value(Stored(one.certificate)))
            .filter(Column::EntryId.eq(Stored(one.entry)))
            .filter(Column::Shredded.is_null())
            .exec(tx)
            .await?;
        entry::Entity::update_many()
            .col_expr(entry::Column::Body, Expr::value(none))
            .filter(entry::Column::Id.eq(Stored(one.entry)))
            .exec(tx)
            .await?;
    }
    Ok(())
}
