use model::{Digest, PartyId};
use sea_orm::{QueryOrder, entity::prelude::*, sea_query::Expr};

use super::GatewayStore;
use crate::{StoreError, Stored, write};

/// Pieces of evidence that are kept of one party and stop nothing. Whoever lies more often has said enough.
const KEPT_MAX: u64 = 1000;
/// Those that stop its channel, of each kind and log: no heap of smaller ones takes their room.
const STOPPING_MAX: u64 = 100;

/// What another gateway signed and contradicted. It is kept for good.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "misconduct")]
pub struct Model {
    /// SHA-256 of the evidence.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Stored<Digest>,
    /// Whose gateway.
    pub party: Stored<PartyId>,
    /// The signed parts, as text.
    pub evidence: String,
    /// What happened, in a sentence.
    pub told: String,
    /// 1 where the channel is frozen for it; else 0.
    pub stops: i64,
    /// When it was kept.
    pub at: i64,
    /// When an operator let the channel go on all the same.
    pub settled: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl GatewayStore {
    /// All that is kept of misconduct, oldest first.
    pub async fn misconduct(&self) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().order_by_asc(Column::At).order_by_asc(Column::Digest);
        Ok(query.all(self.engine.read()).await?)
    }

    /// What is kept of the misconduct of one party, oldest first.
    pub async fn misconduct_of(&self, party: PartyId) -> Result<Vec<Model>, StoreError> {
        let query = Entity::find().filter(Column::Party.eq(Stored(party))).order_by_asc(Column::At);
        Ok(query.order_by_asc(Column::Digest).all(self.engine.read()).await?)
    }

    /// Notes that an operator lets the channel to `party` go on, whatever is kept.
    pub async fn settle_misconduct(&self, party: PartyId, at: i64) -> Result<(), StoreError> {
        let update = Entity::update_many().col_expr(Column::Settled, Expr::value(at));
        let update = update.filter(Column::Party.eq(Stored(party))).filter(Column::Settled.is_null());
        update.exec(self.engine.write()).await?;
        Ok(())
    }
}

/// Keeps evidence. The same again was kept, and is no longer settled.
pub(super) async fn put<C: ConnectionTrait>(tx: &C, rows: &[Model]) -> Result<(), StoreError> {
    for row in rows {
        let kept = Entity::find().filter(Column::Party.eq(row.party)).filter(Column::Digest.ne(row.digest));
        let (kept, room) = if row.stops == 0 {
            (kept.filter(Column::Stops.eq(0)), KEPT_MAX)
        } else {
            (kept.filter(Column::Stops.ne(0)).filter(Column::Evidence.starts_with(title(&row.evidence))), STOPPING_MAX)
        };
        if kept.count(tx).await? < room {
            write::upsert::<Entity, _, _>(tx, &[Column::Digest], &[Column::Settled], std::slice::from_ref(row)).await?;
        }
    }
    Ok(())
}

/// What evidence begins with: its kind, whom it accuses, and the log that it is on, each in a line of two words, before parts in base64.
fn title(evidence: &str) -> &str {
    let named = |line: &&str| ["kind ", "accused ", "log "].iter().any(|name| line.starts_with(name));
    let length = evidence.split_inclusive('\n').take_while(named).map(str::len).sum();
    evidence.get(..length).unwrap_or(evidence)
}
