use model::{CaseId, EntryId, EnvelopeDigest};
use sea_orm::{QueryOrder, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, write};

/// Entries that are kept of one case. Whoever has more of them refused has said enough.
const KEPT_MAX: u64 = 64;

/// An entry of another gateway that this one refused for good: what its desk and its gateway signed can be shown, also when they deny it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rejected")]
pub struct Model {
    /// Header and payload. The id may be another entry's: it is the sender's choice.
    #[sea_orm(primary_key, auto_increment = false)]
    pub envelope: Stored<EnvelopeDigest>,
    /// What it calls itself.
    pub entry_id: Stored<EntryId>,
    /// The case that it is on, which is here.
    pub case_id: Stored<CaseId>,
    /// The whole entry on the wire.
    pub wire: Blob,
    /// When it was refused.
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// The entries on a case that were refused, oldest first.
    pub async fn rejected_of(&self, case: CaseId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::CaseId.eq(Stored(case))).order_by_asc(Column::At);
        Ok(query.order_by_asc(Column::Envelope).all(self.engine.read()).await?)
    }
}

/// Keeps entries, as far as their cases have room.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    for row in rows {
        if Entity::find().filter(Column::CaseId.eq(row.case_id)).count(tx).await? < KEPT_MAX {
            write::insert_new::<Entity, _, _>(tx, &[Column::Envelope], std::slice::from_ref(row)).await?;
        }
    }
    Ok(())
}
