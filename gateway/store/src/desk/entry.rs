use std::collections::BTreeMap;

use model::{CaseId, EntryId, EnvelopeDigest, Step, Verdict};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// An entry that this desk sent or opened.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    /// The entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Stored<EntryId>,
    /// Its case, which must be here.
    pub case_id: Stored<CaseId>,
    /// Its place in the case; `None` until it has one.
    pub seq: Option<i64>,
    /// Whether it came or went: a number of the caller's.
    pub direction: i16,
    /// What it does.
    pub step: Stored<Step>,
    /// The header as it was signed.
    pub header: Blob,
    /// The body in clear, encrypted for this disk; `None` on handshakes. Encrypted.
    pub body: Option<Blob>,
    /// Header and payload: another one under the same id is a conflict.
    pub envelope: Stored<EnvelopeDigest>,
    /// What became of it.
    pub verdict: Stored<Verdict>,
    /// The newest receipt.
    pub receipt: Option<Blob>,
    /// When it came or went.
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What became of an entry that is here. It must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskEntryVerdict {
    /// The entry.
    pub id: EntryId,
    /// What became of it.
    pub verdict: Verdict,
    /// Its place in the case; `None` leaves what is there.
    pub seq: Option<i64>,
    /// The receipt; `None` leaves what is there.
    pub receipt: Option<Blob>,
}

impl DeskStore {
    /// One entry.
    pub async fn entry(&self, id: EntryId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(id))).await
    }

    /// The entries of a case in the order of the case; those without a place come last, oldest first.
    pub async fn entries_of(&self, case: CaseId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::CaseId.eq(Stored(case))).order_by_asc(Column::At);
        let mut entries = query.order_by_asc(Column::Id).all(self.engine.read()).await?;
        entries.sort_by_key(|entry| entry.seq.unwrap_or(i64::MAX));
        Ok(entries)
    }

    /// At most `limit` cases that have an entry of a step, come or gone since `since`.
    pub async fn cases_taking(&self, step: Step, since: i64, limit: u64) -> Result<Vec<CaseId>, StoreError> {
        let query = Entity::find().select_only().column(Column::CaseId).distinct();
        let query = query.filter(Column::Step.eq(Stored(step))).filter(Column::Seq.is_not_null());
        let query = query.filter(Column::At.gte(since)).order_by_asc(Column::CaseId).limit(limit);
        let found: Vec<Stored<CaseId>> = query.into_tuple().all(self.engine.read()).await?;
        Ok(found.into_iter().map(|id| id.0).collect())
    }
}

/// Inserts entries whose id is free. The same id with another envelope is a conflict.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    let inserted = write::insert_new::<Entity, _, _>(tx, &[Column::Id], rows).await?;
    if usize::try_from(inserted) == Ok(rows.len()) {
        return Ok(());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let there = write::find_among::<Entity, _, _>(tx, Column::Id, &ids).await?;
    let envelopes: BTreeMap<_, _> = there.iter().map(|entry| (entry.id, entry.envelope)).collect();
    match rows.iter().find(|row| envelopes.get(&row.id) != Some(&row.envelope)) {
        None => Ok(()),
        Some(row) => Err(StoreError::Conflict(format!("the id {:?} is another entry's", row.id))),
    }
}

/// Updates entries, one after the other: a desk has few at once.
pub(super) async fn conclude<C: ConnectionTrait>(tx: &C, verdicts: &[DeskEntryVerdict]) -> Result<(), StoreError> {
    for update in verdicts {
        let mut query = Entity::update_many()
            .col_expr(Column::Verdict, Expr::value(Stored(update.verdict)))
            .filter(Column::Id.eq(Stored(update.id)));
        if let Some(seq) = update.seq {
            query = query.col_expr(Column::Seq, Expr::value(seq));
        }
        if let Some(receipt) = &update.receipt {
            query = query.col_expr(Column::Receipt, Expr::value(receipt.clone()));
        }
        if query.exec(tx).await?.rows_affected != 1 {
            return Err(StoreError::Conflict("a verdict on an entry that is not here".to_owned()));
        }
    }
    Ok(())
}

/// Gives entries that have none their bodies.
pub(super) async fn fill<C: ConnectionTrait>(tx: &C, bodies: &[(EntryId, Blob)]) -> Result<(), StoreError> {
    for (id, body) in bodies {
        Entity::update_many()
            .col_expr(Column::Body, Expr::value(body.clone()))
            .filter(Column::Id.eq(Stored(*id)))
            .filter(Column::Body.is_null())
            .exec(tx)
            .await?;
    }
    Ok(())
}
