//! What is to get a leaf in the log of another gateway: receipts of ours on entries of its cases, and entries of ours that it says to have logged.
//! A leaf counts that states just what was to be stated, of this entry and at this moment. Most leaves come within a second, and then nothing is
//! ever written of the waiting: only what is awaited for longer gets a row. What has none follows from the receipts and the leaves that are kept,
//! and is found again after a start ([`Committer::find_awaited`]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::{Statement, StatementKind};
use model::{Denial, Digest, EntryId, PartyId, Receipt, ReceiptKind, Timestamp};
use store::gateway::{AwaitedRow, Batch, GatewayStore, GivenAgain, ReceiptRow};

use super::{
    Committer, Conclude, Outcome, fault_of,
    growth::origin,
    stated::Stated,
    turn::{Turn, number},
};
use crate::receipts;

/// The longest that a receipt is awaited without a row: after a start one looks back so far, whatever the configuration was before.
const SOON_MS_MAX: i64 = 10_000;
/// Receipts read at once when looking back.
const PAGE: u64 = 512;
/// Leaves of entries that are remembered of a home: those of ours may come before the answer that promises them.
const CAME_MAX: usize = 4096;
/// What gets a leaf, where it is ours. Of what was refused the home says why in its own words, and of what its desks never heard of it knows nothing.
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
    /// What the newest leaves of entries state that nobody awaited.
    came: Came,
}

/// The newest of what came before it was awaited.
#[derive(Debug, Default)]
struct Came {
    known: BTreeSet<Digest>,
    order: VecDeque<Digest>,
}

impl Came {
    fn insert(&mut self, digest: Digest) {
        if self.known.insert(digest) {
            self.order.push_back(digest);
        }
        if self.order.len() > CAME_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// What a turn learned of it, by home.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(super) given: Vec<(PartyId, AwaitedRow)>,
    pub(super) given_again: Vec<(PartyId, GivenAgain)>,
    /// What the leaves state that came: of what we await, and of all else.
    pub(super) leafed: Vec<(PartyId, Statement)>,
    /// Leaves that came before this turn, and that are promised in it.
    pub(super) found: Vec<(PartyId, Statement)>,
}

/// By which a statement is awaited: SHA-256 of all that it says.
fn key(statement: &Statement) -> Digest {
    Digest::of(&[&statement.encode()])
}

impl Awaited {
    /// Since when the oldest is awaited that has no leaf in the log of `home`.
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
    pub(super) fn write(
        &self,
        own: PartyId,
        news: &News,
        (now, soon_ms): (Timestamp, i64),
        batch: &mut Batch,
    ) -> Result<(), Denial> {
        let leafed: Vec<(PartyId, Digest)> = news.leafed.iter().map(|(home, one)| (*home, key(one))).collect();
        let came: BTreeSet<Digest> = leafed.iter().map(|(_, digest)| *digest).collect();
        let until = now.0.saturating_sub(soon_ms);
        let mut with_rows: BTreeSet<PartyId> = BTreeSet::new();
        for (home, owed) in &self.0 {
            // What is of a moment to come was given before our clock was put back: looking back would not find it.
            let is_late = |row: &&AwaitedRow| row.at <= until || row.at > now.0;
            let late = owed.fresh.values().filter(is_late).filter(|row| !came.contains(&row.digest));
            let before = batch.awaited.len();
            batch.awaited.extend(late.cloned());
            if batch.awaited.len() > before || owed.oldest != Some(None) {
                with_rows.insert(*home);
            }
        }
        let may_have = |home: &PartyId| with_rows.contains(home) || !self.0.contains_key(home);
        let is_fresh = |home, digest| self.0.get(home).is_some_and(|owed: &Owed| owed.fresh.contains_key(digest));
        let written = leafed.iter().filter(|(home, digest)| may_have(home) && !is_fresh(home, digest));
        for (home, digest) in written {
            batch.leafed.push((origin(*home, own)?.to_string(), *digest));
        }
        batch.given_again.extend(news.given_again.iter().filter(|(home, _)| may_have(home)).map(|(_, again)| *again));
        Ok(())
    }

    /// After the commit of `batch`, into which [`Awaited::write`] wrote.
    pub(super) fn keep(&mut self, news: News, batch: &Batch) {
        for (home, found) in &news.found {
            self.0.entry(*home).or_default().came.insert(key(found));
        }
        for (home, row) in news.given {
            let owed = self.0.entry(home).or_default();
            if !owed.came.known.contains(&*row.digest) {
                owed.fresh.entry(*row.digest).or_insert(row);
            }
        }
        for (home, statement) in &news.leafed {
            let owed = self.0.entry(*home).or_default();
            let awaited = owed.fresh.remove(&key(statement)).is_some();
            if !awaited && statement.kind == StatementKind::Entry {
                owed.came.insert(key(statement));
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

    /// Whether a leaf came that states this.
    fn has_come(&self, home: PartyId, statement: &Statement) -> bool {
        self.0.get(&home).is_some_and(|owed| owed.came.known.contains(&key(statement)))
    }

    fn note(&mut self, home: PartyId, rows: BTreeMap<Digest, AwaitedRow>) {
        self.0.entry(home).or_default().fresh.extend(rows);
    }
}

/// What a home says to have logged: the entry that it took, at the moment at which it did.
fn promised(receipt: &Receipt) -> Option<Statement> {
    let taken = receipt.kind == ReceiptKind::RelayAcceptance && receipt.leaf.is_some();
    taken.then(|| Statement::of_entry(receipt.entry, receipt.header, receipt.envelope, receipt.at))
}

impl Committer {
    /// How long a receipt is awaited before it gets a row: long before it is asked whether that is too long.
    pub(super) fn soon_ms(&self) -> i64 {
        SOON_MS_MAX.min(self.gateway.receipt_leaf_ms / 4)
    }

    /// What the log of `home` is to state because of a receipt: that receipt, where it is ours; that it took an entry of ours, where it says so.
    fn owed_for(&self, home: PartyId, stated: &Stated) -> Option<Statement> {
        let (receipt, own) = (stated.receipt(), self.gateway.own());
        match receipt.by {
            by if home == own || (by != own && by != home) => None,
            by if by == own => KINDS.contains(&receipt.kind).then(|| stated.statement()),
            _ => promised(receipt),
        }
    }

    /// What stands for that, from `at` on, until its leaf comes.
    pub(super) fn awaited_row(&self, home: PartyId, stated: &Stated, at: i64) -> Result<Option<AwaitedRow>, Denial> {
        let Some(statement) = self.owed_for(home, stated) else { return Ok(None) };
        let channel = origin(home, self.gateway.own())?.to_string();
        Ok(Some(AwaitedRow { digest: key(&statement).into(), channel, at, put_off: 0 }))
    }

    /// Reads the leaves that are promised for entries of ours and that came before, where they are not remembered. What stands there instead is
    /// no answer: the promise is awaited like any other.
    pub(super) async fn load_promised(&self, turn: &mut Turn, work: &Conclude) -> Result<(), Denial> {
        let home = work.channel;
        let (Some(awaited), Some(replica)) = (&self.awaited, self.replicas.get(&home)) else { return Ok(()) };
        let verdicts = work.answers.iter().filter_map(|answered| match &answered.outcome {
            Outcome::Answer { verdict, .. } => Some(&verdict.receipt),
            Outcome::Lapsed => None,
        });
        let came = |receipt: &&Receipt| promised(receipt).is_none_or(|one| awaited.has_come(home, &one));
        let missing = verdicts.filter(|receipt| !came(receipt)).filter_map(|receipt| receipt.leaf);
        let held: Vec<i64> = missing.filter(|leaf| *leaf < replica.size()).map(number).collect::<Result<_, _>>()?;
        let log = origin(home, self.gateway.own())?.to_string();
        for leaf in self.gateway.store.leaves_at(&log, &held).await? {
            turn.awaits.found.push((home, Statement::decode(&leaf.statement.0)?));
        }
        Ok(())
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
        let log = |home| origin(home, self.gateway.own()).map(|origin| origin.to_string());
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
            for leaf in store.leaves_among(&log(home)?, &ids).await? {
                rows.remove(&key(&Statement::decode(&leaf.statement.0)?));
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

    fn own() -> PartyId {
        "FR".parse().unwrap()
    }

    fn log() -> String {
        origin(home(), own()).unwrap().to_string()
    }

    /// That the receipt `of` was given.
    fn said(of: u8) -> Statement {
        let digest = Digest::new([of; 32]);
        Statement { kind: StatementKind::Receipt(digest), ..entry(of) }
    }

    fn entry(of: u8) -> Statement {
        let digest = Digest::new([of; 32]);
        let (id, header, envelope) =
            (EntryId::new([of; 16]), model::HeaderDigest(digest), model::EnvelopeDigest(digest));
        Statement::of_entry(id, header, envelope, Timestamp(7))
    }

    fn row_of(statement: &Statement, at: i64) -> AwaitedRow {
        AwaitedRow { digest: key(statement).into(), channel: log(), at, put_off: 0 }
    }

    fn row(of: u8, at: i64) -> AwaitedRow {
        row_of(&said(of), at)
    }

    fn given(rows: &[AwaitedRow]) -> News {
        News { given: rows.iter().map(|row| (home(), row.clone())).collect(), ..News::default() }
    }

    fn leafed(of: &[u8]) -> News {
        News { leafed: of.iter().map(|one| (home(), said(*one))).collect(), ..News::default() }
    }

    /// One turn: what it wrote.
    fn turn(awaited: &mut Awaited, news: News, now: i64) -> Batch {
        let mut batch = Batch::default();
        awaited.write(own(), &news, (Timestamp(now), SOON), &mut batch).unwrap();
        awaited.keep(news, &batch);
        batch
    }

    fn without_rows() -> Awaited {
        Awaited(BTreeMap::from([(home(), Owed { oldest: Some(None), ..Owed::default() })]))
    }

    fn fresh(awaited: &Awaited) -> Vec<i64> {
        let mut moments: Vec<i64> = awaited.0[&home()].fresh.values().map(|row| row.at).collect();
        moments.sort_unstable();
        moments
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
        assert_eq!(turn(&mut awaited, leafed(&[2, 3]), 200).leafed, [(log(), key(&said(2)))]);
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
        let again = || GivenAgain { digest: key(&said(1)), at: 700, given_until: 500 };
        let news = || News { given_again: vec![(home(), again())], ..News::default() };
        let mut awaited = without_rows();
        assert!(turn(&mut awaited, news(), 700).is_empty());
        turn(&mut awaited, given(&[row(1, 0)]), 0);
        let batch = turn(&mut awaited, news(), 700);
        assert_eq!((batch.awaited, batch.given_again), (vec![row(1, 0)], vec![again()]), "its row is written first");
        assert_eq!(turn(&mut awaited, news(), 700).given_again, [again()]);
        assert_eq!(turn(&mut Awaited::default(), news(), 700).given_again, [again()], "nothing is known of this home");
        assert_eq!(turn(&mut Awaited::default(), leafed(&[1]), 700).leafed, [(log(), key(&said(1)))]);
    }

    #[test]
    fn a_leaf_that_states_a_receipt_of_another_entry_or_of_another_moment_is_not_the_leaf_that_is_awaited() {
        let mut awaited = without_rows();
        turn(&mut awaited, given(&[row(1, 0)]), 0);
        let elsewhere = Statement { entry: EntryId::new([9; 16]), ..said(1) };
        let earlier = Statement { at: Timestamp(6), ..said(1) };
        let wrong = News { leafed: vec![(home(), elsewhere), (home(), earlier)], ..News::default() };
        turn(&mut awaited, wrong, 10);
        assert_eq!(fresh(&awaited), [0]);
        turn(&mut awaited, leafed(&[1]), 20);
        assert!(fresh(&awaited).is_empty());
    }

    #[test]
    fn an_entry_of_ours_that_a_home_says_to_have_logged_is_awaited_unless_its_leaf_came_before() {
        let promise = |of| News { given: vec![(home(), row_of(&entry(of), 0))], ..News::default() };
        let mut awaited = without_rows();
        turn(&mut awaited, News { leafed: vec![(home(), entry(1))], ..News::default() }, 0);
        turn(&mut awaited, promise(1), 0);
        turn(&mut awaited, News { found: vec![(home(), entry(2))], ..promise(2) }, 0);
        assert!(fresh(&awaited).is_empty());
        turn(&mut awaited, News { found: vec![(home(), entry(4))], ..promise(3) }, 0);
        assert_eq!(fresh(&awaited), [0], "another entry has the leaf that was promised to this one");
        (0..=CAME_MAX).for_each(|n| awaited.0.get_mut(&home()).unwrap().came.insert(Digest::of(&[&n.to_be_bytes()])));
        assert!(!awaited.has_come(home(), &entry(1)) && awaited.0[&home()].came.known.len() == CAME_MAX);
    }

    #[test]
    fn what_was_given_before_a_clock_was_put_back_gets_its_row_at_once() {
        let mut awaited = without_rows();
        turn(&mut awaited, given(&[row(1, 900)]), 900);
        assert_eq!(turn(&mut awaited, given(&[row(2, 300)]), 300).awaited, [row(1, 900)]);
        assert_eq!(turn(&mut awaited, News::default(), 301).awaited, []);
        assert_eq!(fresh(&awaited), [300]);
    }
}
