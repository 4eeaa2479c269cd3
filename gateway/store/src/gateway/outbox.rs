use std::collections::BTreeMap;

use model::{AuthorityId, CaseId, EntryId, PartyId, Step};
use sea_orm::{DeriveIntoActiveModel, ExprTrait, QueryOrder, QuerySelect, entity::prelude::*};

use super::{GatewayStore, entry};
use crate::{StoreError, Stored, sql, write};

/// Something that the other gateway of a channel has not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// In the order in which they were put in.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The party whose gateway is to get it.
    pub channel: Stored<PartyId>,
    /// What of the entry is to be sent: a number of the caller's.
    pub kind: i16,
    /// The entry.
    pub entry_id: Stored<EntryId>,
    /// After this it must not be sent any more.
    pub expires: i64,
    /// How often it was tried.
    pub attempts: i32,
    /// Not before.
    pub next_attempt: i64,
    /// The W3C `traceparent` of what put it in; empty where there is none.
    pub trace: String,
    /// Why it rests, as the other gateway said last; `None` while it did not.
    pub why: Option<String>,
}

/// What is told of an entry without reading what it weighs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The entry.
    pub entry: EntryId,
    /// Its case.
    pub case: CaseId,
    /// What it does.
    pub step: Step,
    /// Whose desk made it.
    pub sender: AuthorityId,
    /// When this gateway admitted it.
    pub admitted_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Something to put in. The same kind of one entry waits on a channel once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveIntoActiveModel)]
pub struct NewOutbox {
    /// The party whose gateway is to get it.
    pub channel: Stored<PartyId>,
    /// What of the entry is to be sent: a number of the caller's.
    pub kind: i16,
    /// The entry.
    pub entry_id: Stored<EntryId>,
    /// After this it must not be sent any more.
    pub expires: i64,
    /// How often it was tried.
    pub attempts: i32,
    /// Not before.
    pub next_attempt: i64,
    /// The W3C `traceparent` of what put it in; empty where there is none.
    pub trace: String,
}

impl GatewayStore {
    /// At most `limit` rows of `channel` that may be tried at `now`, in the order in which they were put in, the expired
    /// among them.
    pub async fn due(&self, channel: PartyId, now: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Channel.eq(Stored(channel))).filter(Column::NextAttempt.lte(now));
        sql::at_most(self.engine.read(), query.order_by_asc(Column::Id), limit).await
    }

    /// At most `limit` rows that expired at or before `now`, of all channels.
    pub async fn expired(&self, now: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Expires.lte(now)).order_by_asc(Column::Id);
        sql::at_most(self.engine.read(), query, limit).await
    }

    /// When each channel that has something waiting is due next.
    pub async fn next_due(&self) -> Result<Vec<(PartyId, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::Channel).column_as(Column::NextAttempt.min(), "next");
        let query = query.group_by(Column::Channel).order_by_asc(Column::Channel);
        let due: Vec<(Stored<PartyId>, i64)> = query.into_tuple().all(self.engine.read()).await?;
        Ok(due.into_iter().map(|(channel, next)| (channel.0, next)).collect())
    }

    /// Counts an attempt on each of `ids`, lets them rest until `next_attempt`, and notes why: it stays until they move.
    pub async fn retry_later(&self, ids: &[i64], next_attempt: i64, why: &str) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::NextAttempt, Expr::value(next_attempt))
            .col_expr(Column::Why, Expr::value(why))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .exec(self.engine.write())
            .await?;
        Ok(())
    }

    /// At most `limit` rows of `channel` of this `kind`, in the order in which they were put in.
    pub async fn queued(&self, channel: PartyId, kind: i16, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Channel.eq(Stored(channel))).filter(Column::Kind.eq(kind));
        sql::at_most(self.engine.read(), query.order_by_asc(Column::Id), limit).await
    }

    /// The rows of this `kind` of `entries`, in no order.
    pub async fn queued_of(&self, entries: &[EntryId], kind: i16) -> Result<Vec<Model>, StoreError> {
        let ids: Vec<_> = entries.iter().copied().map(Stored).collect();
        let mut rows = write::find_among::<Entity, _, _>(self.engine.read(), Column::EntryId, &ids).await?;
        rows.retain(|row| row.kind == kind);
        Ok(rows)
    }

    /// What is told of those of `entries` that are here.
    pub async fn outlines(&self, entries: &[EntryId]) -> Result<BTreeMap<EntryId, Outline>, StoreError> {
        type Row = (Stored<EntryId>, Stored<CaseId>, Stored<Step>, Stored<AuthorityId>, i64);
        let mut outlines = BTreeMap::new();
        for chunk in entries.chunks(write::ROWS_MAX) {
            let columns = [entry::Column::Id, entry::Column::CaseId, entry::Column::Step, entry::Column::Sender];
            let query = entry::Entity::find().select_only().columns(columns).column(entry::Column::AdmittedAt);
            let query = query.filter(entry::Column::Id.is_in(sql::padded(chunk).into_iter().map(Stored)));
            let rows: Vec<Row> = query.into_tuple().all(self.engine.read()).await?;
            outlines.extend(rows.into_iter().map(|(id, case, step, sender, admitted_at)| {
                let outline = Outline { entry: id.0, case: case.0, step: step.0, sender: sender.0, admitted_at };
                (id.0, outline)
            }));
        }
        Ok(outlines)
    }

    /// How many rows wait on each channel.
    pub async fn outbox_depths(&self) -> Result<Vec<(PartyId, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::Channel).column_as(Column::Id.count(), "depth");
        let query = query.group_by(Column::Channel).order_by_asc(Column::Channel);
        let depths: Vec<(Stored<PartyId>, i64)> = query.into_tuple().all(self.engine.read()).await?;
        Ok(depths.into_iter().map(|(channel, depth)| (channel.0, depth)).collect())
    }
}
