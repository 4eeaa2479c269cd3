//! Lists of cases and drafts, page by page, the one that began last first: a place that no change of the case moves, so that who reads
//! page after page passes over none. A page costs the same however many cases there are.

use std::cmp::Reverse;

use model::CaseId;
use sea_orm::{Condition, QueryOrder, QuerySelect, QueryTrait, Select, entity::prelude::*, sea_query::SimpleExpr};

use super::{ClockRow, DeskCaseRow, DeskStore, DraftRow, ProposalRow, case, clock, draft, proposal};
use crate::{StoreError, Stored, sql, write};

/// Which cases and drafts are listed: those to which one of its fields applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// All cases.
    pub all: bool,
    /// Cases with this [`DeskCaseRow::whose`].
    pub whose: Option<i16>,
    /// Cases that call people at this moment or before.
    pub calls_by: Option<i64>,
    /// Cases with a proposal in this state.
    pub proposed: Option<i16>,
    /// Drafts, those of cases among them.
    pub drafts: bool,
    /// Of the cases only those in one of these states; empty: in any.
    pub states: Vec<i16>,
}

/// Where something stands in a list: when it began, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it began.
    pub created: i64,
    /// The case, or the case that a draft will be.
    pub id: CaseId,
}

/// Which case a place is of, with all that a list shows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The cases.
    pub cases: Vec<DeskCaseRow>,
    /// Their drafts, and drafts without a case.
    pub drafts: Vec<DraftRow>,
    /// Their proposals.
    pub proposals: Vec<ProposalRow>,
    /// Their clocks.
    pub clocks: Vec<ClockRow>,
}

impl DeskStore {
    /// At most `limit` places behind `after`, each once.
    pub async fn listed(&self, which: &Listed, after: Option<Place>, limit: u64) -> Result<Vec<Place>, StoreError> {
        let mut ways: Vec<SimpleExpr> = Vec::new();
        ways.extend(which.all.then(|| case::Column::Version.gte(0)));
        ways.extend(which.whose.map(|whose| case::Column::Whose.eq(whose)));
        // A query of its own, so that few calls are found by their index, and not by walking all cases in the order of the list.
        ways.extend(which.calls_by.map(|by| {
            let calling = case::Entity::find().select_only().column(case::Column::Id);
            case::Column::Id.in_subquery(calling.filter(case::Column::CallsAt.lte(by)).into_query())
        }));
        ways.extend(which.proposed.map(|state| {
            let cases = proposal::Entity::find().select_only().column(proposal::Column::CaseId);
            case::Column::Id.in_subquery(cases.filter(proposal::Column::State.eq(state)).into_query())
        }));
        let drafts = || draft::Entity::find().select_only().column(draft::Column::Id).into_query();
        ways.extend((which.drafts && !which.all).then(|| case::Column::Id.in_subquery(drafts())));
        let mut found = Vec::new();
        for way in ways {
            let mut query = case::Entity::find().filter(way);
            if !which.states.is_empty() {
                query = query.filter(case::Column::State.is_in(which.states.iter().copied()));
            }
            found.extend(self.places(query, (case::Column::Created, case::Column::Id), after, limit).await?);
        }
        if which.drafts {
            let cases = case::Entity::find().select_only().column(case::Column::Id).into_query();
            let query = draft::Entity::find().filter(draft::Column::Id.not_in_subquery(cases));
            found.extend(self.places(query, (draft::Column::Created, draft::Column::Id), after, limit).await?);
        }
        found.sort_unstable_by_key(|place| Reverse(*place));
        found.dedup();
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn places<E: EntityTrait>(
        &self,
        query: Select<E>,
        (created, id): (E::Column, E::Column),
        after: Option<Place>,
        limit: u64,
    ) -> Result<Vec<Place>, StoreError> {
        let mut query = query.select_only().column(created).column(id);
        if let Some(after) = after {
            let behind = Condition::any().add(created.lt(after.created)).add(id.lt(Stored(after.id)));
            query = query.filter(created.lte(after.created)).filter(behind);
        }
        let query = query.order_by_desc(created).order_by_desc(id).limit(limit);
        let found: Vec<(i64, Stored<CaseId>)> = query.into_tuple().all(self.engine.read()).await?;
        Ok(found.into_iter().map(|(created, id)| Place { created, id: id.0 }).collect())
    }

    /// These cases, in no order.
    pub async fn cases_among(&self, cases: &[CaseId]) -> Result<Vec<DeskCaseRow>, StoreError> {
        let ids: Vec<_> = cases.iter().copied().map(Stored).collect();
        write::find_among::<case::Entity, _, _>(self.engine.read(), case::Column::Id, &ids).await
    }

    /// What a list shows of these cases and drafts, in no order.
    pub async fn around(&self, cases: &[CaseId]) -> Result<Around, StoreError> {
        let (db, ids) = (self.engine.read(), cases.iter().copied().map(Stored).collect::<Vec<_>>());
        Ok(Around {
            cases: write::find_among::<case::Entity, _, _>(db, case::Column::Id, &ids).await?,
            drafts: write::find_among::<draft::Entity, _, _>(db, draft::Column::Id, &ids).await?,
            proposals: write::find_among::<proposal::Entity, _, _>(db, proposal::Column::CaseId, &ids).await?,
            clocks: write::find_among::<clock::Entity, _, _>(db, clock::Column::CaseId, &ids).await?,
        })
    }

    /// At most `limit` cases of which is not noted whose move it is, behind `after`, by id: those that an older program wrote.
    pub async fn unlisted(&self, after: Option<CaseId>, limit: u64) -> Result<Vec<DeskCaseRow>, StoreError> {
        let mut query = case::Entity::find().filter(case::Column::Whose.eq(0_i16));
        if let Some(after) = after {
            query = query.filter(case::Column::Id.gt(Stored(after)));
        }
        sql::at_most(self.engine.read(), query.order_by_asc(case::Column::Id), limit).await
    }
}
