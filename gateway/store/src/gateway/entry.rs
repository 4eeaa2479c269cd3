use std::collections::BTreeMap;

use model::{AuthorityId, CaseId, EntryId, EnvelopeDigest, Step, Verdict};
use sea_orm::{Condition, QueryOrder, QuerySelect, entity::prelude::*, sea_query::Expr};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// That nothing is stated of the retrieval of an entry. The words of the condition are those of the index over these receipts
/// (`m0017_stretch.rs`).
const UNRETRIEVED: &str =
    r#"NOT EXISTS (SELECT 1 FROM "receipt" WHERE "receipt"."entry_id" = "entry"."id" AND "kind" IN (7, 8))"#;

/// An entry whose time is over, and of whose retrieval nothing is stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unretrieved {
    /// Which.
    pub entry: EntryId,
    /// Whose desk made it.
    pub sender: AuthorityId,
    /// When its time ended.
    pub expires: i64,
}

/// An entry as it came, with what became of it.
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
    /// What became of it.
    pub verdict: Stored<Verdict>,
    /// What it does.
    pub step: Stored<Step>,
    /// Whose desk made it.
    pub sender: Stored<AuthorityId>,
    /// The whole entry on the wire.
    pub wire: Blob,
    /// Header and payload: another one under the same id is a conflict.
    pub envelope: Stored<EnvelopeDigest>,
    /// The newest receipt of this gateway, or nothing.
    pub receipt: Blob,
    /// When the sender made it.
    pub created: i64,
    /// After this it may not be taken any more.
    pub expires: i64,
    /// When this gateway admitted it.
    pub admitted_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What became of an entry that is here. It must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryVerdict {
    /// The entry.
    pub id: EntryId,
    /// What became of it.
    pub verdict: Verdict,
    /// Its place in the case; `None` leaves what is there.
    pub seq: Option<i64>,
    /// The receipt; `None` leaves what is there.
    pub receipt: Option<Blob>,
}

impl GatewayStore {
    /// One entry.
    pub async fn entry(&self, id: EntryId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(id))).await
    }

    /// Those of `ids` that are here, in no order.
    pub async fn entries(&self, ids: &[EntryId]) -> Result<Vec<Model>, StoreError> {
        let ids: Vec<_> = ids.iter().copied().map(Stored).collect();
        write::find_among::<Entity, _, _>(self.engine.read(), Column::Id, &ids).await
    }

    /// The entries of a case that have a place in it, with their places, in no order. What they weigh is not read.
    pub async fn places_of(&self, case: CaseId) -> Result<Vec<(EntryId, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::Id).column(Column::Seq);
        let query = query.filter(Column::CaseId.eq(Stored(case))).filter(Column::Seq.is_not_null());
        let places: Vec<(Stored<EntryId>, i64)> = query.into_tuple().all(self.engine.read()).await?;
        Ok(places.into_iter().map(|(id, seq)| (id.0, seq)).collect())
    }
}

impl GatewayStore {
    /// The entries of a case that have no place in it, oldest first.
    pub async fn entries_unplaced(&self, case: CaseId) -> Result<Vec<EntryId>, StoreError> {
        let query = Entity::find().select_only().column(Column::Id).filter(Column::CaseId.eq(Stored(case)));
        let query = query.filter(Column::Seq.is_null()).order_by_asc(Column::AdmittedAt).order_by_asc(Column::Id);
        let ids: Vec<Stored<EntryId>> = query.into_tuple().all(self.engine.read()).await?;
        Ok(ids.into_iter().map(|id| id.0).collect())
    }

    /// At most `limit` entries of a case that have a place in it, from `from` on, in their order.
    pub async fn entries_from(&self, case: CaseId, from: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::CaseId.eq(Stored(case))).filter(Column::Seq.gte(from));
        sql::at_most(self.engine.read(), query.order_by_asc(Column::Seq), limit).await
    }
}

impl GatewayStore {
    /// At most `limit` entries of cases whose time was over at `now`, and of whose retrieval nothing is stated, in the order in which their
    /// times ended, behind the one of this time and id.
    pub async fn unretrieved(
        &self,
        (ended, id): (i64, EntryId),
        now: i64,
        limit: u64,
    ) -> Result<Vec<Unretrieved>, StoreError> {
        let behind = Condition::any().add(Column::Expires.gt(ended)).add(Column::Id.gt(Stored(id)));
        let query = Entity::find().select_only().column(Column::Id).column(Column::Sender).column(Column::Expires);
        let query = query.filter(Column::Expires.between(ended, now)).filter(behind);
        let query = query.filter(Column::Verdict.eq(Stored(Verdict::Admitted))).filter(Expr::cust(UNRETRIEVED));
        let query = query.order_by_asc(Column::Expires).order_by_asc(Column::Id).limit(limit);
        let found: Vec<(Stored<EntryId>, Stored<AuthorityId>, i64)> =
            query.into_tuple().all(self.engine.read()).await?;
        let told = |(entry, sender, expires): (Stored<EntryId>, Stored<AuthorityId>, i64)| Unretrieved {
            entry: entry.0,
            sender: sender.0,
            expires,
        };
        Ok(found.into_iter().map(told).collect())
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

/// Updates entries; of two updates of one entry in `verdicts` the later wins.
pub(super) async fn conclude<C: ConnectionTrait>(tx: &C, verdicts: &[EntryVerdict]) -> Result<(), StoreError> {
    let mut last: BTreeMap<EntryId, EntryVerdict> = BTreeMap::new();
    for update in verdicts {
        let mut update = update.clone();
        if let Some(earlier) = last.remove(&update.id) {
            update.seq = update.seq.or(earlier.seq);
            update.receipt = update.receipt.or(earlier.receipt);
        }
        last.insert(update.id, update);
    }
    let updates = last.len();
    let rows: Vec<[Value; 4]> = last
        .into_values()
        .map(|v| [Stored(v.id).into(), Stored(v.verdict).into(), v.seq.into(), v.receipt.into()])
        .collect();
    let changed = write::update_from_values(
        tx,
        r#"UPDATE "entry" SET "verdict" = v.column2, "seq" = COALESCE(v.column3, "entry"."seq"),
           "receipt" = COALESCE(v.column4, "entry"."receipt") FROM"#,
        &rows,
        r#"AS v WHERE "entry"."id" = v.column1"#,
    )
    .await?;
    if usize::try_from(changed) == Ok(updates) {
        Ok(())
    } else {
        Err(StoreError::Conflict("a verdict on an entry that is not here".to_owned()))
    }
}
