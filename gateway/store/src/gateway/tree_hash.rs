use std::collections::{BTreeMap, BTreeSet};

use model::Digest;
use sea_orm::{QuerySelect, entity::prelude::*};

use super::{GatewayStore, leaf};
use crate::{StoreError, Stored, sql, write};

/// A stored hash of a channel's tree. It follows from the leaves, so the first one at an index stays. Of the lowest levels, where nearly
/// all hashes are, none is kept: each follows from a few leaves, which are ([`ledger::leaves_under`]).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tree_hash")]
pub struct Model {
    /// The origin of the log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// Which, in the order of stored hashes [C2SP tlog-tiles; golang.org/x/mod/sumdb/tlog StoredHashIndex].
    #[sea_orm(primary_key, auto_increment = false)]
    pub idx: i64,
    /// The hash.
    pub hash: Stored<Digest>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The leaves from which it follows, where it is not kept.
    fn leaves(idx: i64) -> Option<std::ops::Range<u64>> {
        ledger::leaves_under(u64::try_from(idx).ok()?)
    }
}

impl GatewayStore {
    /// The stored hashes at `indexes`, in the order asked; `None` where there is none.
    pub async fn tree_hashes(&self, channel: &str, indexes: &[i64]) -> Result<Vec<Option<Digest>>, StoreError> {
        let kept: Vec<_> = indexes.iter().copied().filter(|index| Model::leaves(*index).is_none()).collect();
        let mut found = BTreeMap::new();
        for chunk in kept.chunks(write::ROWS_MAX) {
            let query = Entity::find().select_only().column(Column::Idx).column(Column::Hash);
            let query = query.filter(Column::Channel.eq(channel)).filter(Column::Idx.is_in(sql::padded(chunk)));
            let rows: Vec<(i64, Stored<Digest>)> = query.into_tuple().all(self.engine.read()).await?;
            found.extend(rows.into_iter().map(|(index, hash)| (index, hash.0)));
        }
        let leaves = self.leaf_hashes(channel, indexes).await?;
        let hash = |index: &i64| match Model::leaves(*index) {
            None => found.get(index).copied(),
            Some(under) => ledger::subtree(&under.map(|leaf| leaves.get(&leaf).copied()).collect::<Option<Vec<_>>>()?),
        };
        Ok(indexes.iter().map(hash).collect())
    }

    /// The hashes of the leaves from which those at `indexes` follow that are not kept, by the number of the leaf.
    async fn leaf_hashes(&self, channel: &str, indexes: &[i64]) -> Result<BTreeMap<u64, ledger::LeafHash>, StoreError> {
        let wanted = indexes.iter().filter_map(|index| Model::leaves(*index)).flatten();
        let wanted: BTreeSet<i64> = wanted.filter_map(|leaf| i64::try_from(leaf).ok()).collect();
        let leaves = leaf::around(self.engine.read(), channel, &wanted).await?;
        let hash = |leaf: leaf::Leaf| Some((u64::try_from(leaf.idx).ok()?, ledger::LeafHash(leaf.hash.0)));
        Ok(leaves.into_iter().filter_map(hash).collect())
    }
}

/// Stores hashes that are not there yet, but those that follow from a few leaves.
pub(super) async fn insert<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    let kept: Vec<_> = rows.iter().filter(|row| Model::leaves(row.idx).is_none()).cloned().collect();
    write::insert_new::<Entity, _, _>(tx, &[Column::Channel, Column::Idx], &kept).await?;
    Ok(())
}
