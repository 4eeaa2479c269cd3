use model::PartyId;
use sea_orm::{QueryOrder, entity::prelude::*};

use super::GatewayStore;
use crate::{Blob, StoreError, Stored, sql, write};

/// The channel to another party, with what is pinned of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "channel")]
pub struct Model {
    /// The other party.
    #[sea_orm(primary_key, auto_increment = false)]
    pub party: Stored<PartyId>,
    /// Where its gateway listens, as in `gw.jp.rogatory.internal:7443`.
    pub endpoint: String,
    /// Its root certificate, DER.
    pub root: Blob,
    /// The fingerprint that the humans compared.
    pub fingerprint: String,
    /// PROPOSED, KEYS_VERIFIED, OPEN, FROZEN, CLOSED: a number of the caller's.
    pub state: i16,
    /// When this side said yes.
    pub own_yes_at: Option<i64>,
    /// The other side's signed yes.
    pub peer_yes: Option<Blob>,
    /// The state before it was frozen, to return to.
    pub frozen_from: Option<i16>,
    /// Who froze it: an operator's name, or `ledger` and the like.
    pub frozen_by: Option<String>,
    /// Why.
    pub frozen_reason: Option<String>,
    /// The other party's directory, as signed.
    pub directory: Option<Blob>,
    /// The root's signature over it.
    pub directory_signature: Option<Blob>,
    /// When the row changed last.
    pub updated: i64,
    /// When this side closed the channel last: what the other side said before does not count any more.
    pub closed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// All channels, by party.
    pub async fn channels(&self) -> Result<Vec<Model>, StoreError> {
        Ok(Entity::find().order_by_asc(Column::Party).all(self.engine.read()).await?)
    }

    /// The channel to `party`.
    pub async fn channel(&self, party: PartyId) -> Result<Option<Model>, StoreError> {
        sql::first(self.engine.read(), Entity::find_by_id(Stored(party))).await
    }

    /// Writes the channel to `row.party`, whole.
    pub async fn put_channel(&self, row: &Model) -> Result<(), StoreError> {
        let columns = write::columns_but::<Entity>(Column::Party);
        write::upsert::<Entity, _, _>(self.engine.write(), &[Column::Party], &columns, std::slice::from_ref(row)).await
    }

    /// Forgets the channel to `party`. Its ledger stays. Returns whether there was one.
    pub async fn remove_channel(&self, party: PartyId) -> Result<bool, StoreError> {
        Ok(Entity::delete_by_id(Stored(party)).exec(self.engine.write()).await?.rows_affected == 1)
    }
}
