use model::{CaseId, Digest};
use sea_orm::{PaginatorTrait, QueryOrder, QuerySelect, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// The private part of a KeyPackage that this desk published.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_package")]
pub struct Model {
    /// SHA-256 of the KeyPackage.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Stored<Digest>,
    /// Its private keys. Encrypted; empty once it was used.
    pub private: Blob,
    /// When it was made.
    pub added: i64,
    /// When its leaf expires.
    pub expires: i64,
    /// When a Welcome used it.
    pub used_at: Option<i64>,
    /// The case in which it was offered, and for which alone it is; `None` for one that lies ready for any.
    pub case_id: Option<Stored<CaseId>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl DeskStore {
    /// One KeyPackage.
    pub async fn key_package(&self, hash: Digest) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(hash))).await
    }

    /// The hashes of those that lie ready for any case, are not used and do not expire before `now`, the one that expires first first.
    pub async fn fresh_key_packages(&self, now: i64) -> Result<Vec<Digest>, StoreError> {
        let query = Entity::find().select_only().column(Column::Hash).filter(Column::UsedAt.is_null());
        let query = query.filter(Column::CaseId.is_null());
        let query = query.filter(Column::Expires.gte(now)).order_by_asc(Column::Expires).order_by_asc(Column::Hash);
        let hashes: Vec<Stored<Digest>> = query.into_tuple().all(self.engine.read()).await?;
        Ok(hashes.into_iter().map(|hash| hash.0).collect())
    }

    /// How many lie ready for any case, are not used and do not expire before `now`.
    pub async fn key_package_count(&self, now: i64) -> Result<u64, StoreError> {
        let query = Entity::find().filter(Column::UsedAt.is_null()).filter(Column::CaseId.is_null());
        let query = query.filter(Column::Expires.gte(now));
        Ok(query.count(self.engine.read()).await?)
    }

    /// Forgets those that expired before `before`, used or not. Returns how many.
    pub async fn forget_key_packages(&self, before: i64) -> Result<u64, StoreError> {
        let query = Entity::delete_many().filter(Column::Expires.lt(before));
        Ok(query.exec(self.engine.write()).await?.rows_affected)
    }
}

/// Keeps those that are not there yet.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::Hash], rows).await?;
    Ok(())
}

/// Erases the private keys of used ones.
pub(super) async fn erase<C: ConnectionTrait>(tx: &C, used: &[(Digest, i64)]) -> Result<(), StoreError> {
    for (hash, at) in used {
        Entity::update_many()
            .col_expr(Column::Private, Expr::value(Blob::default()))
            .col_expr(Column::UsedAt, Expr::value(*at))
            .filter(Column::Hash.eq(Stored(*hash)))
            .filter(Column::UsedAt.is_null())
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Forgets all, so that no Welcome can be opened by what was restored from a backup.
pub(super) async fn forget_all<C: ConnectionTrait>(tx: &C) -> Result<(), StoreError> {
    Entity::delete_many().exec(tx).await?;
    Ok(())
}
