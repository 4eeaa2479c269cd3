//! Entries that lay ready for a desk of ours and were not opened while they could be taken: that is stated, once for each.

use model::{Denial, EntryId, Fault};
use tokio::sync::oneshot;

use crate::{
    clock,
    committer::{Unopened, Work},
    gateway::Gateway,
};

/// Entries that are stated of in one commit.
const PAGE: u64 = 256;
/// Before all entries.
const BEGINNING: (i64, EntryId) = (i64::MIN, EntryId::new([0; 16]));

/// How far was looked, in the order in which the times of entries end. After a start all are looked at.
pub(crate) struct Looked((i64, EntryId));

impl Default for Looked {
    fn default() -> Self {
        Self(BEGINNING)
    }
}

impl Looked {
    /// Has it stated of those whose time ended since the last look.
    pub(crate) async fn on(&mut self, gateway: &Gateway) -> Result<(), Denial> {
        // No entry is taken whose time is over, so that none comes to stand before this moment.
        let over = clock::now().plus_ms(-1).0;
        if over < self.0.0 {
            // The clock was set back.
            self.0 = BEGINNING;
        }
        loop {
            let page = gateway.store.unretrieved(self.0, over, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            let (place, more) = ((last.expires, last.entry), page.len() as u64 == PAGE);
            let theirs = page.into_iter().filter(|one| one.sender.party() != gateway.own());
            let entries: Vec<_> = theirs.map(|one| one.entry).collect();
            if !entries.is_empty() {
                state(gateway, entries).await?;
            }
            self.0 = place;
            if !more {
                return Ok(());
            }
        }
    }
}

async fn state(gateway: &Gateway, entries: Vec<EntryId>) -> Result<(), Denial> {
    let gone = || Denial::failed(Fault::Internal, "the committer is gone");
    let (answer, stated) = oneshot::channel();
    gateway.work.send(Work::Unopened(Unopened { entries, answer })).await.map_err(|_| gone())?;
    stated.await.map_err(|_| gone())?
}
