//! What the committer wrote last and the senders take across: the end of each of our logs with its newest head, and what our desks said of
//! entries of the other side. Only what is durable comes here; who does not find it here reads it in the database.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use model::{EntryId, PartyId};
use proto::{peer::LedgerLeaf, types::SignedReceipt};
use store::gateway::{CheckpointRow, LeafRow};

/// Leaves of one channel, and receipts.
const KEPT_MAX: usize = 1024;

/// By the other party of the channel.
#[derive(Default)]
pub(crate) struct Fresh(Mutex<BTreeMap<PartyId, Tail>>);

#[derive(Default)]
struct Tail {
    /// The number of the first leaf that is here.
    first: u64,
    leaves: VecDeque<LedgerLeaf>,
    /// The newest head.
    head: Option<CheckpointRow>,
    /// Our word on the retrieval of entries, all that is to be told of each.
    retrievals: BTreeMap<EntryId, SignedReceipt>,
}

impl Fresh {
    /// The log for `peer` has got `leaves`, from the number `first` on, and `head` over all of them.
    pub(crate) fn grew(&self, peer: PartyId, first: u64, leaves: Vec<LedgerLeaf>, head: CheckpointRow) {
        let mut tails = self.lock();
        let tail = tails.entry(peer).or_default();
        if tail.end() != first {
            (tail.first, tail.leaves) = (first, VecDeque::new());
        }
        tail.leaves.extend(leaves);
        let over = tail.leaves.len().saturating_sub(KEPT_MAX);
        tail.leaves.drain(..over);
        tail.first += over as u64;
        tail.head = Some(head);
    }

    /// The newest head of the log for `peer`.
    pub(crate) fn head(&self, peer: PartyId) -> Option<CheckpointRow> {
        self.lock().get(&peer)?.head.clone()
    }

    /// `count` leaves of the log for `peer`, from the number `first` on, where all of them are here.
    pub(crate) fn leaves(&self, peer: PartyId, first: u64, count: u64) -> Option<Vec<LedgerLeaf>> {
        let tails = self.lock();
        let tail = tails.get(&peer)?;
        let from = usize::try_from(first.checked_sub(tail.first)?).ok()?;
        let to = from.checked_add(usize::try_from(count).ok()?)?;
        (to <= tail.leaves.len()).then(|| tail.leaves.range(from..to).cloned().collect())
    }

    /// What is to be told to `peer` of the retrieval of an entry. Where there is too much of it, the database has it.
    pub(crate) fn retrieved(&self, peer: PartyId, entry: EntryId, told: SignedReceipt) {
        let mut tails = self.lock();
        let retrievals = &mut tails.entry(peer).or_default().retrievals;
        if retrievals.len() >= KEPT_MAX {
            retrievals.clear();
        }
        retrievals.insert(entry, told);
    }

    /// What is to be told of the retrieval of these entries, as far as it is here, and of which it is not.
    pub(crate) fn retrievals(&self, peer: PartyId, entries: &[EntryId]) -> (Vec<SignedReceipt>, Vec<EntryId>) {
        let tails = self.lock();
        let known = tails.get(&peer).map(|tail| &tail.retrievals);
        let (mut here, mut absent) = (Vec::new(), Vec::new());
        for entry in entries {
            match known.and_then(|known| known.get(entry)) {
                Some(told) => here.push(told.clone()),
                None => absent.push(*entry),
            }
        }
        (here, absent)
    }

    /// The other gateway has heard of these, or there is more to tell it of them.
    pub(crate) fn told(&self, peer: PartyId, entries: impl Iterator<Item = EntryId>) {
        if let Some(tail) = self.lock().get_mut(&peer) {
            entries.for_each(|entry| drop(tail.retrievals.remove(&entry)));
        }
    }

    /// What is in the database is not known for certain any more.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    /// What a thread left behind that panicked may be a half: the next turn begins where that one did not.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<PartyId, Tail>> {
        self.0.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut tails = poisoned.into_inner();
            tails.clear();
            self.0.clear_poison();
            tails
        })
    }
}

impl Tail {
    fn end(&self) -> u64 {
        self.first + self.leaves.len() as u64
    }
}

/// A leaf as it goes to the other gateway.
pub(crate) fn leaf_to_wire(row: LeafRow) -> LedgerLeaf {
    LedgerLeaf {
        hash: row.hash.as_bytes().to_vec().into(),
        salt: row.salt.map(|salt| salt.as_bytes().to_vec()).unwrap_or_default().into(),
        statement: row.statement.0.into(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn leaves(range: std::ops::Range<u64>) -> Vec<LedgerLeaf> {
        let leaf = |n: u64| LedgerLeaf { statement: n.to_be_bytes().to_vec().into(), ..LedgerLeaf::default() };
        range.map(leaf).collect()
    }

    fn head(size: u64) -> CheckpointRow {
        CheckpointRow { channel: String::new(), size: size.cast_signed(), note: Vec::new().into(), cosigned: None }
    }

    #[test]
    fn leaves_are_given_where_all_of_them_are_here_and_the_oldest_go_first() {
        let (fresh, jp) = (Fresh::default(), "JP".parse().unwrap());
        assert_eq!(fresh.leaves(jp, 0, 0), None);
        fresh.grew(jp, 10, leaves(10..13), head(13));
        fresh.grew(jp, 13, leaves(13..15), head(15));
        assert_eq!(fresh.leaves(jp, 11, 4), Some(leaves(11..15)));
        assert_eq!((fresh.leaves(jp, 9, 2), fresh.leaves(jp, 14, 2)), (None, None));
        assert_eq!(fresh.head(jp), Some(head(15)));
        let many = KEPT_MAX as u64;
        fresh.grew(jp, 15, leaves(15..15 + many), head(15 + many));
        assert_eq!((fresh.leaves(jp, 14, 1), fresh.leaves(jp, 15, many)), (None, Some(leaves(15..15 + many))));
        fresh.grew(jp, 2000, leaves(2000..2001), head(2001));
        assert_eq!((fresh.leaves(jp, 15, 1), fresh.leaves(jp, 2000, 1)), (None, Some(leaves(2000..2001))));
        fresh.forget();
        assert_eq!((fresh.leaves(jp, 2000, 1), fresh.head(jp)), (None, None));
    }

    #[test]
    fn what_is_said_of_retrievals_is_here_until_it_was_told_and_of_others_it_is_said_that_it_is_not() {
        let (fresh, jp, us) = (Fresh::default(), "JP".parse().unwrap(), "US".parse().unwrap());
        let entry = |n: usize| {
            EntryId::new([u8::try_from(n % 251).unwrap(), u8::try_from(n / 251).unwrap()].repeat(8).try_into().unwrap())
        };
        let word = |n: usize| SignedReceipt { receipt: n.to_string().into_bytes().into(), ..SignedReceipt::default() };
        fresh.retrieved(jp, entry(1), word(1));
        fresh.retrieved(jp, entry(2), word(2));
        let asked = [entry(1), entry(2), entry(3)];
        assert_eq!(fresh.retrievals(jp, &asked), (vec![word(1), word(2)], vec![entry(3)]));
        assert_eq!(fresh.retrievals(us, &asked), (Vec::new(), asked.to_vec()));
        fresh.told(jp, [entry(1)].into_iter());
        assert_eq!(fresh.retrievals(jp, &asked), (vec![word(2)], vec![entry(1), entry(3)]));
        (10..10 + KEPT_MAX).for_each(|n| fresh.retrieved(jp, entry(n), word(n)));
        assert_eq!(fresh.retrievals(jp, &asked), (Vec::new(), asked.to_vec()), "too much was not heard");
        fresh.forget();
        assert!(fresh.retrievals(jp, &[entry(9 + KEPT_MAX)]).0.is_empty());
    }
}
