use model::{Digest, PartyId};
use sea_orm::{QueryOrder, entity::prelude::*};

use super::GatewayStore;
use crate::{StoreError, Stored, sql, write};

/// Changes of program that are kept of each party: one that changes it with every greeting fills no disk.
const KEPT_MAX: u64 = 64;

/// Which program a gateway said that it runs, and from when on.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "release")]
pub struct Model {
    /// Whose gateway.
    #[sea_orm(primary_key, auto_increment = false)]
    pub party: Stored<PartyId>,
    /// When it was said first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub since: i64,
    /// What the program calls itself.
    pub software: String,
    /// SHA-256 of the program.
    pub sha256: Stored<Digest>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// Keeps that a gateway runs another program than before. The same one again changes nothing.
    pub async fn keep_release(&self, row: &Model) -> Result<(), StoreError> {
        let kept = self.releases_of(*row.party, KEPT_MAX).await?;
        if kept.first().is_some_and(|last| (&last.software, last.sha256) == (&row.software, row.sha256)) {
            return Ok(());
        }
        let keys = [Column::Party, Column::Since];
        write::insert_new::<Entity, _, _>(self.engine.write(), &keys, std::slice::from_ref(row)).await?;
        if let Some(oldest) = kept.get(KEPT_MAX as usize - 1) {
            let older =
                Entity::delete_many().filter(Column::Party.eq(row.party)).filter(Column::Since.lte(oldest.since));
            older.exec(self.engine.write()).await?;
        }
        Ok(())
    }

    /// What a gateway said that it runs, the newest first.
    pub async fn releases_of(&self, party: PartyId, limit: u64) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Party.eq(Stored(party))).order_by_desc(Column::Since);
        sql::at_most(self.engine.write(), query, limit).await
    }
}
