#![expect(unreachable_pub, reason = "the derive makes a public entity, so its parts have to be public")]

use model::{AuthorityId, Digest};
use sea_orm::{
    DbBackend, DeriveIntoActiveModel, PaginatorTrait, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{LockBehavior, LockType},
};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, write};

/// A KeyPackage that a desk left here for others to add it by. Each is given out once [RFC 9420 §10].
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_package")]
pub struct Model {
    /// In the order in which they came.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose.
    pub authority: Stored<AuthorityId>,
    /// SHA-256 of `bytes`. It stays when it is claimed, so that none is ever offered twice.
    pub hash: Stored<Digest>,
    /// The KeyPackage.
    pub bytes: Blob,
    /// When it came.
    pub added: i64,
    /// From when on nobody takes it any more. Then it is not given out and not counted.
    pub expires: i64,
    /// When it was given out.
    pub claimed_at: Option<i64>,
    /// To whom.
    pub claimed_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Clone, DeriveIntoActiveModel)]
struct Row {
    authority: Stored<AuthorityId>,
    hash: Stored<Digest>,
    bytes: Blob,
    added: i64,
    expires: i64,
}

impl GatewayStore {
    /// Keeps KeyPackages of `authority`, each with the moment at which it ends. One that was ever here before is not kept again.
    /// Returns how many are new.
    pub async fn add_key_packages(
        &self,
        authority: &AuthorityId,
        packages: &[(Blob, i64)],
        now: i64,
    ) -> Result<u64, StoreError> {
        let rows: Vec<_> = packages
            .iter()
            .map(|(bytes, expires)| Row {
                authority: authority.clone().into(),
                hash: Digest::of(&[bytes]).into(),
                bytes: bytes.clone(),
                added: now,
                expires: *expires,
            })
            .collect();
        let tx = self.engine.begin().await?;
        let new = write::insert_new::<Entity, _, _>(&tx, &[Column::Hash], &rows).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Takes the oldest KeyPackage of `authority` for `by`; `None` when there is none left. No two callers get the same.
    pub async fn claim_key_package(
        &self,
        authority: &AuthorityId,
        by: &str,
        now: i64,
    ) -> Result<Option<Blob>, StoreError> {
        let db = self.engine.write();
        let mut oldest = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Authority.eq(Stored(authority.clone())))
            .filter(Column::ClaimedAt.is_null())
            .filter(Column::Expires.gt(now))
            .order_by_asc(Column::Id)
            .limit(1);
        if db.get_database_backend() == DbBackend::Postgres {
            oldest = oldest.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        }
        let claimed = Entity::update_many()
            .col_expr(Column::ClaimedAt, Expr::value(now))
            .col_expr(Column::ClaimedBy, Expr::value(by))
            .filter(Column::Id.in_subquery(oldest.into_query()))
            .exec_with_returning(db)
            .await?;
        Ok(claimed.into_iter().next().map(|row| row.bytes))
    }

    /// Takes back all KeyPackages of `authority` that nobody has claimed: their private keys are gone. Returns how many.
    pub async fn withdraw_key_packages(&self, authority: &AuthorityId, now: i64) -> Result<u64, StoreError> {
        let query = Entity::update_many()
            .col_expr(Column::ClaimedAt, Expr::value(now))
            .col_expr(Column::ClaimedBy, Expr::value("withdrawn"))
            .filter(Column::Authority.eq(Stored(authority.clone())))
            .filter(Column::ClaimedAt.is_null());
        Ok(query.exec(self.engine.write()).await?.rows_affected)
    }

    /// How many KeyPackages of `authority` can be claimed at `now`.
    pub async fn key_package_count(&self, authority: &AuthorityId, now: i64) -> Result<u64, StoreError> {
        let query = Entity::find().filter(Column::Authority.eq(Stored(authority.clone())));
        let open = query.filter(Column::ClaimedAt.is_null()).filter(Column::Expires.gt(now));
        Ok(open.count(self.engine.read()).await?)
    }
}
