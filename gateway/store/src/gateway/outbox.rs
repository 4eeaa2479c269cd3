use model::{EntryId, PartyId};
use sea_orm::{DeriveIntoActiveModel, ExprTrait, QueryOrder, QuerySelect, entity::prelude::*};

use super::GatewayStore;
use crate::{StoreError, Stored};

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
        Ok(query.order_by_asc(Column::Id).limit(limit).all(self.engine.read()).await?)
    }

    /// At most `limit` rows that expired at or before `now`, of all channels.
    pub async fn expired(&self, now: i64, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Expires.lte(now)).order_by_asc(Column::Id);
        Ok(query.limit(limit).all(self.engine.read()).await?)
    }

    /// When each channel that has something waiting is due next.
    pub async fn next_due(&self) -> Result<Vec<(PartyId, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::Channel).column_as(Column::NextAttempt.min(), "next");
        let query = query.group_by(Column::Channel).order_by_asc(Column::Channel);
        let due: Vec<(Stored<PartyId>, i64)> = query.into_tuple().all(self.engine.read()).await?;
        Ok(due.into_iter().map(|(channel, next)| (channel.0, next)).collect())
    }

    /// Counts an attempt on each of `ids` and lets them rest until `next_attempt`.
    pub async fn retry_later(&self, ids: &[i64], next_attempt: i64) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::NextAttempt, Expr::value(next_attempt))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .exec(self.engine.write())
            .await?;
        Ok(())
    }

    /// How many rows wait on each channel.
    pub async fn outbox_depths(&self) -> Result<Vec<(PartyId, i64)>, StoreError> {
        let query = Entity::find().select_only().column(Column::Channel).column_as(Column::Id.count(), "depth");
        let query = query.group_by(Column::Channel).order_by_asc(Column::Channel);
        let depths: Vec<(Stored<PartyId>, i64)> = query.into_tuple().all(self.engine.read()).await?;
        Ok(depths.into_iter().map(|(channel, depth)| (channel.0, depth)).collect())
    }
}
