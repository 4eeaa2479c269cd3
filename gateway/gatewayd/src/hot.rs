//! Cases in memory. The database is the truth; this saves reading it for each entry.

use std::{collections::BTreeMap, sync::Arc};

use model::{CaseId, Denial, EntryId, Fault, Timestamp};
use relay::CaseFile;
use roster::Follower;
use store::{
    Blob,
    gateway::{CaseFileRow, GatewayStore},
};
use workflow::State;

/// Cases kept in memory; beyond that the coldest half goes.
const KEPT_MAX: usize = 20_000;

/// A case as this gateway holds it.
#[derive(Debug, Clone)]
pub(crate) struct Hot {
    pub(crate) file: CaseFile,
    /// The version in the database; `None` while it is not there.
    pub(crate) version: Option<i64>,
    /// The group that both gateways agreed on.
    pub(crate) follower: Option<Arc<Follower>>,
    /// The group after a handshake of our own desk that the other gateway has not certified.
    pub(crate) next: Option<(EntryId, Arc<Follower>)>,
}

impl Hot {
    /// The row that follows from what is in the database.
    pub(crate) fn row(&self, now: Timestamp) -> Result<CaseFileRow, Denial> {
        let body = serde_json::to_vec(&self.file).map_err(internal)?;
        let group_next = match &self.next {
            Some((entry, follower)) => Some([entry.as_bytes().as_slice(), &follower.to_blob()?].concat().into()),
            None => None,
        };
        let group_blob = self.follower.as_ref().map(|follower| follower.to_blob()).transpose()?.map(Blob::from);
        Ok(CaseFileRow {
            id: self.file.id.into(),
            home: self.file.home.into(),
            peer: self.file.peer.into(),
            version: self.version.map_or(1, |version| version + 1),
            state: state_number(self.file.shown().map_or(State::Draft, |case| case.state())),
            body: body.into(),
            group_blob,
            group_next,
            updated: now.0,
            fold: fold_number(self.file.fold),
        })
    }

    fn of_row(row: &CaseFileRow) -> Result<Self, Denial> {
        let file = file_of(row)?;
        let follower = row.group_blob.as_ref().map(|blob| Follower::from_blob(&blob.0)).transpose()?.map(Arc::new);
        let next = match &row.group_next {
            Some(blob) => {
                let (entry, group) =
                    blob.0.split_at_checked(16).ok_or_else(|| internal("a group without its entry"))?;
                let entry = EntryId::try_from(entry).map_err(internal)?;
                Some((entry, Arc::new(Follower::from_blob(group)?)))
            }
            None => None,
        };
        Ok(Self { file, version: Some(row.version), follower, next })
    }
}

/// The case in a row.
pub(crate) fn file_of(row: &CaseFileRow) -> Result<CaseFile, Denial> {
    serde_json::from_slice(&row.body.0).map_err(internal)
}

/// The cases in memory.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    kept: BTreeMap<CaseId, (u64, Hot)>,
    damaged: BTreeMap<CaseId, Denial>,
    tick: u64,
}

impl Cases {
    /// Brings those of `ids` into memory that exist and are not there.
    pub(crate) async fn load(&mut self, store: &GatewayStore, ids: &[CaseId]) -> Result<(), Denial> {
        self.cool();
        let mut absent = Vec::new();
        for id in ids {
            self.tick += 1;
            match self.kept.get_mut(id) {
                Some((tick, _)) => *tick = self.tick,
                None => absent.push(*id),
            }
        }
        if absent.is_empty() {
            return Ok(());
        }
        for row in store.case_files(&absent).await? {
            match Hot::of_row(&row) {
                Ok(hot) => self.put(hot),
                // Only what concerns this case fails: it is not in memory, and looked for in vain.
                Err(denial) => {
                    self.damaged.insert(*row.id, denial);
                }
            }
        }
        Ok(())
    }

    /// Fails for a case whose row cannot be read.
    pub(crate) fn require_sound(&self, id: CaseId) -> Result<(), Denial> {
        self.damaged.get(&id).cloned().map_or(Ok(()), Err)
    }

    pub(crate) fn find(&self, id: CaseId) -> Option<&Hot> {
        self.kept.get(&id).map(|(_, hot)| hot)
    }

    pub(crate) fn put(&mut self, hot: Hot) {
        self.tick += 1;
        self.damaged.remove(&hot.file.id);
        self.kept.insert(hot.file.id, (self.tick, hot));
    }

    /// Forgets a case, so that it is read again.
    pub(crate) fn forget(&mut self, id: CaseId) {
        self.kept.remove(&id);
    }

    /// Before a turn, so that what the turn needs is not among the coldest.
    fn cool(&mut self) {
        if self.kept.len() < KEPT_MAX {
            return;
        }
        let mut ticks: Vec<_> = self.kept.values().map(|(tick, _)| *tick).collect();
        ticks.sort_unstable();
        let median = ticks.get(ticks.len() / 2).copied().unwrap_or_default();
        self.kept.retain(|_, (tick, _)| *tick > median);
    }
}

/// The number of a state in the database.
pub(crate) fn state_number(state: State) -> i16 {
    State::ALL.iter().position(|one| *one == state).and_then(|at| i16::try_from(at).ok()).unwrap_or(-1)
}

/// The number of a fold in the database.
pub(crate) fn fold_number(fold: u16) -> i16 {
    i16::try_from(fold).unwrap_or(-1)
}

/// The state of a number in the database.
pub(crate) fn state_of(number: i16) -> Option<State> {
    usize::try_from(number).ok().and_then(|at| State::ALL.get(at)).copied()
}

fn internal(error: impl std::fmt::Display) -> Denial {
    Denial::failed(Fault::Internal, error.to_string())
}
