#![expect(unreachable_pub, reason = "the derive makes a public entity, so its parts have to be public")]

use std::collections::BTreeMap;

use model::CaseId;
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};

use super::DeskStore;
use crate::{Blob, StoreError, Stored, write};

/// One value of the MLS state of a case.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mls")]
pub struct Model {
    /// The case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Stored<CaseId>,
    /// The key of the MLS storage.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Blob,
    /// The value. Encrypted.
    pub value: Blob,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A change of the MLS state of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MlsChange {
    /// The case.
    pub case: CaseId,
    /// The key of the MLS storage.
    pub key: Blob,
    /// The new value, encrypted; `None` deletes it.
    pub value: Option<Blob>,
}

impl DeskStore {
    /// The whole MLS state of a case, as keys and encrypted values, by key.
    pub async fn mls_state(&self, case: CaseId) -> Result<Vec<(Blob, Blob)>, StoreError> {
        let query = Entity::find().filter(Column::CaseId.eq(Stored(case))).order_by_asc(Column::Key);
        let rows = query.all(self.engine.read()).await?;
        Ok(rows.into_iter().map(|row| (row.key, row.value)).collect())
    }
}

impl DeskStore {
    /// The cases of which there is any MLS state.
    pub async fn mls_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        let query = Entity::find().select_only().column(Column::CaseId).distinct().order_by_asc(Column::CaseId);
        let cases: Vec<Stored<CaseId>> = query.into_tuple().all(self.engine.read()).await?;
        Ok(cases.into_iter().map(|case| case.0).collect())
    }
}

/// Makes the changes; of two changes of one key the later wins.
pub(super) async fn change<C: ConnectionTrait>(tx: &C, changes: &[MlsChange]) -> Result<(), StoreError> {
    let last: BTreeMap<(CaseId, &[u8]), Option<&Blob>> =
        changes.iter().map(|change| ((change.case, &*change.key), change.value.as_ref())).collect();
    let mut set = Vec::new();
    let mut gone: BTreeMap<CaseId, Vec<Blob>> = BTreeMap::new();
    for ((case, key), value) in last {
        match value {
            Some(value) => set.push(Model { case_id: case.into(), key: key.into(), value: value.clone() }),
            None => gone.entry(case).or_default().push(key.into()),
        }
    }
    write::upsert::<Entity, _, _>(tx, &[Column::CaseId, Column::Key], &[Column::Value], &set).await?;
    for (case, keys) in gone {
        for chunk in keys.chunks(write::ROWS_MAX) {
            let query = Entity::delete_many().filter(Column::CaseId.eq(Stored(case)));
            query.filter(Column::Key.is_in(chunk.iter().cloned())).exec(tx).await?;
        }
    }
    Ok(())
}
