use std::{collections::BTreeSet, ops::RangeInclusive};

use model::{EntryId, PartyId, RequestType, SubjectTag};
use sea_orm::{
    QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, write};

/// That a request of a type was sent, or that it concerned a subject: what quotas count. No case data: a subject is a keyed pseudonym.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "asked")]
pub struct Model {
    /// The entry that sent the request.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: Stored<EntryId>,
    /// What was asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_type: String,
    /// The pseudonym of one subject; empty for the request itself.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: Blob,
    /// Who asked.
    pub requesting: Stored<PartyId>,
    /// Who was asked.
    pub requested: Stored<PartyId>,
    /// On which day: days since 1970-01-01.
    pub day: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What is counted together: requests of these types by one party of another.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// Who asked.
    pub requesting: PartyId,
    /// Who was asked.
    pub requested: PartyId,
    /// What was asked.
    pub request_types: &'a [RequestType],
}

impl GatewayStore {
    /// How many requests were sent in the period, and of how many distinct subjects. A request for several types is one.
    pub async fn asked(&self, what: Counted<'_>, days: RangeInclusive<i64>) -> Result<(u64, u64), StoreError> {
        let within = || among(what, &days);
        let requests = within().filter(Column::Tag.eq(Blob::default()));
        let subjects = within().filter(Column::Tag.ne(Blob::default()));
        Ok((self.distinct(requests, Column::EntryId).await?, self.distinct(subjects, Column::Tag).await?))
    }

    async fn distinct(&self, rows: Select<Entity>, column: Column) -> Result<u64, StoreError> {
        let counted = rows.select_only().column_as(Expr::col(column).count_distinct(), "counted");
        let counted: Option<i64> = counted.into_tuple().one(self.engine.read()).await?;
        Ok(u64::try_from(counted.unwrap_or_default()).unwrap_or_default())
    }

    /// Which of `tags` were asked about in the period.
    pub async fn asked_about(
        &self,
        what: Counted<'_>,
        days: RangeInclusive<i64>,
        tags: &[SubjectTag],
    ) -> Result<BTreeSet<SubjectTag>, StoreError> {
        let mut known = BTreeSet::new();
        for chunk in tags.chunks(write::ROWS_MAX) {
            let values = chunk.iter().map(|tag| Blob::from(&tag.as_bytes()[..]));
            let query =
                among(what, &days).filter(Column::Tag.is_in(values)).select_only().column(Column::Tag).distinct();
            let found: Vec<Blob> = query.into_tuple().all(self.engine.read()).await?;
            known.extend(found.iter().filter_map(|tag| SubjectTag::try_from(&tag.0[..]).ok()));
        }
        Ok(known)
    }
}

fn among(what: Counted<'_>, days: &RangeInclusive<i64>) -> Select<Entity> {
    Entity::find()
        .filter(Column::Requesting.eq(Stored(what.requesting)))
        .filter(Column::Requested.eq(Stored(what.requested)))
        .filter(Column::RequestType.is_in(what.request_types.iter().map(RequestType::as_str)))
        .filter(Column::Day.between(*days.start(), *days.end()))
}
