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
/// How long a commit may take at most, with what it waits for: an entry that was taken in the last moment of its time is found when it is
/// written, though one whose time ended later was found before.
const COMMIT_MS_MAX: i64 = 60_000;
/// Before all entries.
const BEGINNING: (i64, EntryId) = (i64::MIN, EntryId::new([0; 16]));

/// How far was looked, in the order in which the times of entries end: nothing comes to stand before that any more. After a start all are
/// looked at.
pub(crate) struct Looked((i64, EntryId));

impl Default for Looked {
    fn default() -> Self {
        Self(BEGINNING)
    }
}

impl Looked {
    /// Has it stated of those whose time was over and that are written. What is stated is found no more, so that nothing is lost by looking
    /// twice.
    pub(crate) async fn on(&mut self, gateway: &Gateway) -> Result<(), Denial> {
        // No entry is taken whose time is over.
        let over = clock::now().plus_ms(-1).0;
        let mut place = self.behind(over);
        loop {
            let page = gateway.store.unretrieved(place, over, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            let (next, more) = ((last.expires, last.entry), page.len() as u64 == PAGE);
            let theirs = page.into_iter().filter(|one| one.sender.party() != gateway.own());
            let entries: Vec<_> = theirs.map(|one| one.entry).collect();
            if !entries.is_empty() {
                state(gateway, entries).await?;
            }
            place = next;
            self.reached(place, over);
            if !more {
                return Ok(());
            }
        }
    }

    /// Behind what to look at a moment.
    fn behind(&mut self, over: i64) -> (i64, EntryId) {
        if over < self.0.0 {
            // The clock was set back.
            self.0 = BEGINNING;
        }
        self.0
    }

    /// Notes that all was looked at up to `place`, at a moment.
    fn reached(&mut self, place: (i64, EntryId), over: i64) {
        self.0 = place.min((over.saturating_sub(COMMIT_MS_MAX), BEGINNING.1)).max(self.0);
    }
}

async fn state(gateway: &Gateway, entries: Vec<EntryId>) -> Result<(), Denial> {
    let gone = || Denial::failed(Fault::Internal, "the committer is gone");
    let (answer, stated) = oneshot::channel();
    gateway.work.send(Work::Unopened(Unopened { entries, answer })).await.map_err(|_| gone())?;
    stated.await.map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u8) -> EntryId {
        EntryId::new([number; 16])
    }

    /// What is found of what is written, at a moment, as the store finds it.
    fn found(looked: &mut Looked, written: &[(i64, EntryId)], over: i64) -> Vec<EntryId> {
        let behind = looked.behind(over);
        let mut found: Vec<_> = written.iter().copied().filter(|one| *one > behind && one.0 <= over).collect();
        found.sort_unstable();
        if let Some(last) = found.last() {
            looked.reached(*last, over);
        }
        found.into_iter().map(|(_, entry)| entry).collect()
    }

    #[test]
    fn an_entry_that_is_written_after_one_was_found_whose_time_ended_later_is_found_too() {
        let mut looked = Looked::default();
        let later = (1_000_000, entry(1));
        assert_eq!(found(&mut looked, &[later], 1_000_000), [entry(1)]);
        // Taken at 999,999, the last millisecond of its time, and durable only now.
        let late = (999_999, entry(2));
        assert_eq!(found(&mut looked, &[late, later], 1_000_000 + COMMIT_MS_MAX - 1), [entry(2), entry(1)]);
        // Nobody looks back for longer than a commit may take.
        found(&mut looked, &[late, later], 1_000_000 + 2 * COMMIT_MS_MAX);
        assert!(found(&mut looked, &[late, later], 1_000_000 + 2 * COMMIT_MS_MAX).is_empty());
    }

    #[test]
    fn a_clock_that_is_set_back_begins_anew() {
        let mut looked = Looked::default();
        let one = (1_000_000, entry(1));
        assert_eq!(found(&mut looked, &[one], 9_000_000), [entry(1)]);
        assert!(found(&mut looked, &[one], 9_000_001).is_empty());
        assert!(found(&mut looked, &[one], 999_000).is_empty());
        assert_eq!(found(&mut looked, &[one], 1_000_000), [entry(1)], "it is found again, and stated no second time");
    }
}
