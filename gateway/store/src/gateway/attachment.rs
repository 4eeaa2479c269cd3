use std::collections::BTreeSet;

use model::{AuthorityId, CaseId, Digest, EntryId, FileId, PartyId};
use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use super::GatewayStore;
use crate::{StoreError, Stored, sql, write};

/// How far a sealed file is. The numbers are the database's format.
pub mod state {
    /// An own desk hands it over.
    pub const COMING: i16 = 1;
    /// All of it is here.
    pub const COMPLETE: i16 = 2;
    /// It has to be fetched from the other gateway.
    pub const WANTED: i16 = 3;
    /// The other gateway did not give it in time.
    pub const LOST: i16 = 4;
}

/// A sealed file that this gateway keeps for a case, or is to fetch. Its bytes are in the depot.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
pub struct Model {
    /// Whose it is: nothing is shared across cases.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Stored<CaseId>,
    /// Its place in the depot.
    #[sea_orm(primary_key, auto_increment = false)]
    pub file_id: Stored<FileId>,
    /// Whose desk sealed it.
    pub party: Stored<PartyId>,
    /// The own desk that announced it; `None` for one of the other party.
    pub desk: Option<Stored<AuthorityId>>,
    /// As headers name it; `None` until all of it is here.
    pub digest: Option<Stored<Digest>>,
    /// How many bytes it has, sealed.
    pub bytes: i64,
    /// How far it is: see [`state`].
    pub state: i16,
    /// The entry that names it.
    pub entry_id: Option<Stored<EntryId>>,
    /// When it was announced or named first.
    pub at: i64,
    /// Not fetched before.
    pub next_attempt: i64,
    /// How often it was asked for in vain.
    pub attempts: i64,
    /// Why it is not here yet; empty where nothing is wrong.
    pub why: String,
    /// 1 where the case has moved so that the file may have to go.
    pub look: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// Keeps a file that an own desk announces. The same again changes nothing.
    pub async fn announce_attachment(&self, row: &Model) -> Result<(), StoreError> {
        insert(self.engine.write(), std::slice::from_ref(row)).await
    }

    /// One file.
    pub async fn attachment(&self, case: CaseId, file: FileId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id((Stored(case), Stored(file)))).await
    }

    /// The file of a case that a header names so.
    pub async fn attachment_named(&self, case: CaseId, digest: Digest) -> Result<Option<Model>, StoreError> {
        let query = Entity::find().filter(Column::CaseId.eq(Stored(case))).filter(Column::Digest.eq(Stored(digest)));
        sql::first(self.engine.read(), query.order_by_asc(Column::State)).await
    }

    /// All files of a case.
    pub async fn attachments_of(&self, case: CaseId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::CaseId.eq(Stored(case))).order_by_asc(Column::FileId);
        Ok(query.all(self.engine.read()).await?)
    }

    /// Of files that headers name so: those that are complete, with case, digest and bytes.
    pub async fn attachments_complete(
        &self,
        digests: &[Digest],
    ) -> Result<BTreeSet<(CaseId, Digest, i64)>, StoreError> {
        let digests: Vec<_> = digests.iter().copied().map(Stored).collect();
        let found = write::find_among::<Entity, _, _>(self.engine.read(), Column::Digest, &digests).await?;
        let complete = found.into_iter().filter(|row| row.state == state::COMPLETE);
        Ok(complete.filter_map(|row| Some((row.case_id.0, row.digest?.0, row.bytes))).collect())
    }

    /// Notes that all of a file is here.
    pub async fn complete_attachment(&self, case: CaseId, file: FileId, digest: Digest) -> Result<(), StoreError> {
        let update = of(case, file)
            .col_expr(Column::State, Expr::value(state::COMPLETE))
            .col_expr(Column::Digest, Expr::value(Stored(digest)))
            .col_expr(Column::Why, Expr::value(String::new()));
        update.exec(self.engine.write()).await?;
        Ok(())
    }

    /// At most `limit` files that are to be fetched now, the first one due first.
    pub async fn attachments_due(&self, now: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let due = Column::NextAttempt.lte(now);
        let query = Entity::find().filter(Column::State.eq(state::WANTED)).filter(due);
        sql::at_most(self.engine.read(), query.order_by_asc(Column::NextAttempt), limit).await
    }

    /// Notes why a file was not fetched, and when it is asked for again; for good where `lost`.
    pub async fn put_off_attachment(
        &self,
        case: CaseId,
        file: FileId,
        next_attempt: i64,
        why: &str,
        lost: bool,
    ) -> Result<(), StoreError> {
        let state = if lost { state::LOST } else { state::WANTED };
        let update = of(case, file)
            .col_expr(Column::State, Expr::value(state))
            .col_expr(Column::NextAttempt, Expr::value(next_attempt))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::Why, Expr::value(why.to_owned()))
            .filter(Column::State.eq(state::WANTED));
        update.exec(self.engine.write()).await?;
        Ok(())
    }

    /// What the files of a case weigh, those that are still to come among them.
    pub async fn attached_to_case(&self, case: CaseId) -> Result<i64, StoreError> {
        self.weight(Column::CaseId.eq(Stored(case))).await
    }

    /// What the files weigh that a desk has announced.
    pub async fn attached_by_desk(&self, desk: &AuthorityId) -> Result<i64, StoreError> {
        self.weight(Column::Desk.eq(Stored(desk.clone()))).await
    }

    async fn weight(&self, of: sea_orm::sea_query::SimpleExpr) -> Result<i64, StoreError> {
        // PostgreSQL adds integers up to a number of its own kind.
        let sum = Expr::col(Column::Bytes).sum().cast_as("bigint");
        let query = Entity::find().select_only().column_as(sum, "sum").filter(of);
        let found: Option<Option<i64>> = query.into_tuple().one(self.engine.read()).await?;
        Ok(found.flatten().unwrap_or(0))
    }

    /// At most `limit` files whose case has moved so that they may have to go.
    pub async fn attachments_to_look_at(&self, limit: u64) -> Result<Vec<Model>, StoreError> {
        sql::at_most(self.engine.read(), Entity::find().filter(Column::Look.eq(1)), limit).await
    }

    /// Notes that a file stays.
    pub async fn keep_attachment(&self, case: CaseId, file: FileId) -> Result<(), StoreError> {
        of(case, file).col_expr(Column::Look, Expr::value(0_i64)).exec(self.engine.write()).await?;
        Ok(())
    }

    /// At most `limit` files that no entry names, from before `before`.
    pub async fn attachments_unnamed(&self, before: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::EntryId.is_null()).filter(Column::At.lt(before));
        sql::at_most(self.engine.read(), query, limit).await
    }

    /// Forgets a file whose bytes are gone.
    pub async fn forget_attachment(&self, case: CaseId, file: FileId) -> Result<(), StoreError> {
        Entity::delete_by_id((Stored(case), Stored(file))).exec(self.engine.write()).await?;
        Ok(())
    }
}

fn of(case: CaseId, file: FileId) -> sea_orm::UpdateMany<Entity> {
    let update = Entity::update_many().filter(Column::CaseId.eq(Stored(case)));
    update.filter(Column::FileId.eq(Stored(file)))
}

/// Keeps files that are not here yet.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    write::insert_new::<Entity, _, _>(tx, &[Column::CaseId, Column::FileId], rows).await.map(drop)
}

/// Notes which entries name files that are here.
pub(super) async fn name<C: ConnectionTrait>(tx: &C, named: &[(CaseId, Digest, EntryId)]) -> Result<(), StoreError> {
    for (case, digest, entry) in named {
        let update = Entity::update_many().col_expr(Column::EntryId, Expr::value(Stored(*entry)));
        let update = update.filter(Column::CaseId.eq(Stored(*case))).filter(Column::Digest.eq(Stored(*digest)));
        update.exec(tx).await?;
    }
    Ok(())
}

/// Notes that entries are out, and name nothing any more.
pub(super) async fn unname<C: ConnectionTrait>(tx: &C, entries: &[EntryId]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let none: Option<Stored<EntryId>> = None;
    let entries = entries.iter().copied().map(Stored);
    let update = Entity::update_many().col_expr(Column::EntryId, Expr::value(none));
    update.filter(Column::EntryId.is_in(entries)).exec(tx).await?;
    Ok(())
}

/// Has the files of cases looked at, whether they have to go.
pub(super) async fn look<C: ConnectionTrait>(tx: &C, cases: &BTreeSet<CaseId>) -> Result<(), StoreError> {
    if cases.is_empty() {
        return Ok(());
    }
    let update = Entity::update_many().col_expr(Column::Look, Expr::value(1_i64));
    update.filter(Column::CaseId.is_in(cases.iter().copied().map(Stored))).exec(tx).await?;
    Ok(())
}
