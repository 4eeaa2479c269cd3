//! Receipts of ours that are to get leaves in the logs of others. Most leaves come within a second, and then nothing is ever written of the
//! waiting: only what is awaited for longer gets a row. What has none follows from the receipts and the leaves that are kept, and is found
//! again after a start ([`Committer::find_awaited`]).

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Statement, StatementKind};
use model::{Denial, Digest, EntryId, PartyId, ReceiptKind, Timestamp};
use store::gateway::{AwaitedRow, Batch, GatewayStore, GivenAgain, ReceiptRow};

use super::{Committer, fault_of, growth::origin, stated::Stated};
use crate::receipts;

/// The longest that a receipt is awaited without a row: after a start one looks back so far, whatever the configuration was before.
const SOON_MS_MAX: i64 = 10_000;
/// Receipts read at once when looking back.
const PAGE: u64 = 512;
/// What gets a leaf. Of what was refused the home says why in its own words, and of what its desks never heard of it knows nothing.
const KINDS: [ReceiptKind; 5] = [
    ReceiptKind::RelayAcceptance,
    ReceiptKind::Delivery,
    ReceiptKind::NonDelivery,
    ReceiptKind::Retrieval,
    ReceiptKind::NonRetrieval,
];

/// What is awaited of each home.
#[derive(Debug, Default)]
pub(super) struct Awaited(BTreeMap<PartyId, Owed>);

#[derive(Debug, Default)]
struct Owed {
    /// What has no row.
    fresh: BTreeMap<Digest, AwaitedRow>,
    /// When the oldest was given that has one; `None` where that has to be read.
    oldest: Option<Option<i64>>,
}

/// What a turn learned of it, by home.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(super) given: Vec<(PartyId, AwaitedRow)>,
    pub(super) given_again: Vec<(PartyId, GivenAgain)>,
    /// Digests of receipts whose leaves came: ours, and the home's own.
    pub(super) leafed: Vec<(PartyId, Digest)>,
}

impl Awaited {
    /// When the oldest receipt was given that has no leaf in the log of `home`.
    pub(super) async fn oldest(
        &mut self,
        store: &GatewayStore,
        home: PartyId,
        log: &str,
    ) -> Result<Option<i64>, Denial> {
        let owed = self.0.entry(home).or_default();
        let written = match owed.oldest {
            Some(known) => known,
            None => *owed.oldest.insert(store.oldest_awaited(log).await?),
        };
        Ok(owed.fresh.values().map(|row| row.at).chain(written).min())
    }

    /// What is to be written at `now`: rows for what is awaited for longer than `soon_ms`, and what changes of rows that are there.
    pub(super) fn write(&self, news: &News, now: Timestamp, soon_ms: i64, batch: &mut Batch) {
        let leafed: BTreeSet<Digest> = news.leafed.iter().map(|(_, digest)| *digest).collect();
        let until = now.0.saturating_sub(soon_ms);
        let mut with_rows: BTreeSet<PartyId> = BTreeSet::new();
        for (home, owed) in &self.0 {
            let late = owed.fresh.values().filter(|row| row.at <= until && !leafed.contains(&row.digest));
            let before = batch.awaited.len();
            batch.awaited.extend(late.cloned());
            if batch.awaited.len() > before || owed.oldest != Some(None) {
                with_rows.insert(*home);
            }
        }
        let may_have = |home: &PartyId| with_rows.contains(home) || !self.0.contains_key(home);
        let is_fresh = |home, digest| self.0.get(home).is_some_and(|owed: &Owed| owed.fresh.contains_key(digest));
        let came = news.leafed.iter().filter(|(home, digest)| may_have(home) && !is_fresh(home, digest));
        batch.leafed.extend(came.map(|(_, digest)| *digest));
        batch.given_again.extend(news.given_again.iter().filter(|(home, _)| may_have(home)).map(|(_, again)| *again));
    }

    /// After the commit of `batch`, into which [`Awaited::write`] wrote.
    pub(super) fn keep(&mut self, news: News, batch: &Batch) {
        for (home, row) in news.given {
            self.0.entry(home).or_default().fresh.entry(*row.digest).or_insert(row);
        }
        for (home, digest) in &news.leafed {
            if let Some(owed) = self.0.get_mut(home) {
                owed.fresh.remove(digest);
            }
        }
        let changed = !(batch.leafed.is_empty() && batch.given_again.is_empty());
        for owed in self.0.values_mut() {
            let before = owed.fresh.len();
            if !batch.awaited.is_empty() {
                batch.awaited.iter().for_each(|row| drop(owed.fresh.remove(&row.digest)));
            }
            if changed || owed.fresh.len() < before {
                owed.oldest = None;
            }
        }
    }

    fn note(&mut self, home: PartyId, rows: BTreeMap<Digest, AwaitedRow>) {
        self.0.entry(home).or_default().fresh.extend(rows);
    }
}

impl Committer {
    /// How long a receipt is awaited before it gets a row: long before it is asked whether that is too long.
    pub(super) fn soon_ms(&self) -> i64 {
        SOON_MS_MAX.min(self.gateway.receipt_leaf_ms / 4)
    }

    /// What stands for a receipt of ours, given at `at`, until its leaf comes.
    pub(super) fn awaited_row(&self, home: PartyId, stated: &Stated, at: i64) -> Result<Option<AwaitedRow>, Denial> {
        let (receipt, own) = (stated.receipt(), self.gateway.own());
        if home == own || receipt.by != own || !KINDS.contains(&receipt.kind) {
            return Ok(None);
        }
        let StatementKind::Receipt(digest) = stated.statement().kind else { return Ok(None) };
        let channel = origin(home, own)?.to_string();
        Ok(Some(AwaitedRow { digest: digest.into(), channel, at, put_off: 0 }))
    }

    /// What is awaited without a row. Each turn writes what was given [`SOON_MS_MAX`] before it, so that it is among the receipts that were
    /// kept so shortly before the newest.
    pub(super) async fn find_awaited(&self) -> Result<Awaited, Denial> {
        let mut awaited = Awaited::default();
        let (mut before, mut since) = (i64::MAX, None);
        loop {
            let mut page = self.gateway.store.receipts_before(before, PAGE).await?;
            let Some(last) = page.last() else { break };
            before = last.id;
            let since = *since.get_or_insert(page.first().map_or(0, |newest| newest.at.saturating_sub(SOON_MS_MAX)));
            let count = page.len();
            page.truncate(page.iter().position(|row| row.at < since).unwrap_or(count));
            let whole = page.len() == count;
            self.find_among(page, &mut awaited).await?;
            if !whole {
                break;
            }
        }
        Ok(awaited)
    }

    async fn find_among(&self, mut kept: Vec<ReceiptRow>, awaited: &mut Awaited) -> Result<(), Denial> {
        let store = &self.gateway.store;
        kept.retain(|row| KINDS.contains(&row.kind));
        let ids: BTreeSet<EntryId> = kept.iter().map(|row| *row.entry_id).collect();
        let ids: Vec<EntryId> = ids.into_iter().collect();
        let mut homes = BTreeMap::new();
        for row in store.entries(&ids).await? {
            homes.extend(receipts::header_of(&row).ok().map(|header| (*row.id, header.home)));
        }
        let mut owed: BTreeMap<PartyId, BTreeMap<Digest, AwaitedRow>> = BTreeMap::new();
        for row in kept {
            let stated = receipts::from_bytes(&row.bytes.0).and_then(|signed| proto::decode_receipt(&signed));
            let found = match (homes.get(&*row.entry_id), stated) {
                (Some(home), Ok(signed)) => self.awaited_row(*home, &signed.into(), row.at)?.map(|row| (*home, row)),
                (None, _) => None,
                (Some(_), Err(denial)) => {
                    telemetry::say!(
                        Error,
                        "a kept receipt cannot be read",
                        entry = *row.entry_id,
                        fault = fault_of(&denial)
                    );
                    None
                }
            };
            if let Some((home, row)) = found {
                owed.entry(home).or_default().insert(*row.digest, row);
            }
        }
        for (home, mut rows) in owed {
            for leaf in store.leaves_among(&origin(home, self.gateway.own())?.to_string(), &ids).await? {
                if let StatementKind::Receipt(digest) = Statement::decode(&leaf.statement.0)?.kind {
                    rows.remove(&digest);
                }
            }
            let digests: Vec<Digest> = rows.keys().copied().collect();
            for written in store.awaited_among(&digests).await? {
                rows.remove(&written.digest);
            }
            awaited.note(home, rows);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const SOON: i64 = 100;

    fn home() -> PartyId {
        "JP".parse().unwrap()
    }

    fn row(of: u8, at: i64) -> AwaitedRow {
        AwaitedRow { digest: Digest::new([of; 32]).into(), channel: "log".to_owned(), at, put_off: 0 }
    }

    fn given(rows: &[AwaitedRow]) -> News {
        News { given: rows.iter().map(|row| (home(), row.clone())).collect(), ..News::default() }
    }

    fn leafed(of: &[u8]) -> News {
        News { leafed: of.iter().map(|one| (home(), Digest::new([*one; 32]))).collect(), ..News::default() }
    }

    /// One turn: what it wrote.
    fn turn(awaited: &mut Awaited, news: News, now: i64) -> Batch {
        let mut batch = Batch::default();
        awaited.write(&news, Timestamp(now), SOON, &mut batch);
        awaited.keep(news, &batch);
        batch
    }

    fn without_rows() -> Awaited {
        Awaited(BTreeMap::from([(home(), Owed { oldest: Some(None), ..Owed::default() })]))
    }

    fn fresh(awaited: &Awaited) -> Vec<i64> {
        awaited.0[&home()].fresh.values().map(|row| row.at).collect()
    }

    #[test]
    fn a_receipt_whose_leaf_comes_soon_leaves_no_row_and_one_whose_leaf_does_not_gets_one() {
        let mut awaited = without_rows();
        assert!(turn(&mut awaited, given(&[row(1, 0), row(2, 0)]), 0).is_empty());
        assert!(turn(&mut awaited, given(&[row(3, 50)]), 50).is_empty());
        assert!(
            turn(&mut awaited, leafed(&[1, 9]), 99).is_empty(),
            "it has no row, nor has one that was never awaited"
        );
        assert_eq!(fresh(&awaited), [0, 50]);
        assert_eq!(turn(&mut awaited, News::default(), 100).awaited, [row(2, 0)]);
        assert_eq!((fresh(&awaited), awaited.0[&home()].oldest), (vec![50], None), "the rows are read again");
        assert_eq!(turn(&mut awaited, leafed(&[2, 3]), 200).leafed, [Digest::new([2; 32])]);
        assert!(fresh(&awaited).is_empty());
    }

    #[test]
    fn a_leaf_that_comes_in_the_turn_in_which_its_receipt_gets_late_spares_the_row() {
        let mut awaited = without_rows();
        turn(&mut awaited, given(&[row(1, 0)]), 0);
        assert!(turn(&mut awaited, leafed(&[1]), 500).is_empty());
        assert!(fresh(&awaited).is_empty());
        let both = News { given: vec![(home(), row(2, 500))], ..leafed(&[2]) };
        turn(&mut awaited, both, 500);
        assert!(fresh(&awaited).is_empty(), "what has its leaf in one turn is not awaited after it");
    }

    #[test]
    fn what_is_given_again_changes_rows_only_where_there_may_be_some() {
        let again = || GivenAgain { digest: Digest::new([1; 32]), at: 700, given_until: 500 };
        let news = || News { given_again: vec![(home(), again())], ..News::default() };
        let mut awaited = without_rows();
        assert!(turn(&mut awaited, news(), 700).is_empty());
        turn(&mut awaited, given(&[row(1, 0)]), 0);
        let batch = turn(&mut awaited, news(), 700);
        assert_eq!((batch.awaited, batch.given_again), (vec![row(1, 0)], vec![again()]), "its row is written first");
        assert_eq!(turn(&mut awaited, news(), 700).given_again, [again()]);
        assert_eq!(turn(&mut Awaited::default(), news(), 700).given_again, [again()], "nothing is known of this home");
        assert_eq!(turn(&mut Awaited::default(), leafed(&[1]), 700).leafed, [Digest::new([1; 32])]);
    }
}
