//! How the leaves that speak of an entry are found.

use ledger::{LeafSalt, Statement};
use model::{Digest, EnvelopeDigest, HeaderDigest, ReceiptKind, Timestamp};
use store::{
    StoreError,
    gateway::{Batch, GatewayStore, LeafRow, NewReceipt},
};

use super::{blob, entry_id};

const OWN: &str = "rogatory.internal/jp/fr";
const OTHER: &str = "rogatory.internal/jp/us";

/// The leaf of an entry, as it is written in a log of ours (`named` is false), in that of another gateway, or was before.
pub(crate) fn leaf(log: &str, idx: i64, entry: u32, named: bool) -> LeafRow {
    let digest = Digest::of(&[&idx.to_be_bytes()]);
    let (header, envelope) = (HeaderDigest(digest), EnvelopeDigest(digest));
    let statement = Statement::of_entry(entry_id(entry), header, envelope, Timestamp(idx));
    LeafRow {
        channel: log.to_owned(),
        idx,
        hash: statement.leaf(&LeafSalt([7; 32])).0.into(),
        salt: Some(Digest::new([7; 32]).into()),
        entry_id: named.then(|| entry_id(entry).into()),
        statement: statement.encode().to_vec().into(),
    }
}

pub(crate) fn receipt(entry: u32, text: &str, leaf: Option<i64>) -> NewReceipt {
    NewReceipt { entry: entry_id(entry), kind: ReceiptKind::RelayAcceptance, bytes: blob(text), at: 1, leaf }
}

/// The places of what is found.
pub(crate) async fn places(store: &GatewayStore, log: &str, entries: &[u32]) -> Vec<i64> {
    let ids: Vec<_> = entries.iter().copied().map(entry_id).collect();
    let mut places: Vec<_> = store.leaves_among(log, &ids).await.unwrap().iter().map(|row| row.idx).collect();
    places.sort_unstable();
    places
}

pub(crate) async fn a_leaf_is_found_by_the_entry_that_it_names_or_by_the_receipts_of_the_entry(store: &GatewayStore) {
    let leaves = vec![
        leaf(OWN, 0, 1, true),
        leaf(OWN, 1, 1, false),
        leaf(OWN, 2, 2, false),
        leaf(OWN, 3, 1, false),
        leaf(OTHER, 1, 9, false),
        leaf(OTHER, 2, 1, true),
    ];
    let receipts = vec![
        receipt(1, "taken", Some(1)),
        receipt(1, "delivered", Some(3)),
        receipt(1, "of the other gateway", None),
        receipt(2, "taken", Some(2)),
    ];
    store.commit(&Batch { leaves, receipts, ..Batch::default() }).await.unwrap();
    assert_eq!(places(store, OWN, &[1]).await, [0, 1, 3]);
    assert_eq!(places(store, OWN, &[2, 5]).await, [2]);
    assert_eq!(places(store, OWN, &[1, 2]).await, [0, 1, 2, 3]);
    assert_eq!(
        places(store, OTHER, &[1]).await,
        [2],
        "its receipts have no leaves in this log, whatever stands at their numbers"
    );
    assert!(places(store, OWN, &[]).await.is_empty());
}

pub(crate) async fn leaves_of_many_turns_are_read_in_any_range_and_by_their_numbers(store: &GatewayStore) {
    // More than one row takes, none, one, and some; in two logs.
    let turns = [0..70, 70..70, 70..71, 71..103, 103..120];
    let all: Vec<_> = (0..120).map(|idx| leaf(OWN, idx, u32::try_from(idx / 3).unwrap(), idx % 2 == 0)).collect();
    for turn in turns {
        let other = turn.clone().map(|idx| leaf(OTHER, idx, 500, true));
        let leaves = turn.clone().map(|idx| all[usize::try_from(idx).unwrap()].clone()).chain(other).collect();
        store.commit(&Batch { leaves, ..Batch::default() }).await.unwrap();
        assert_eq!(store.leaf_count(OWN).await.unwrap(), turn.end);
    }
    for from in 0..121_usize {
        for count in [0, 1, 2, 31, 33, 200] {
            let found = store.leaves(OWN, i64::try_from(from).unwrap(), count).await.unwrap();
            let end = (from + usize::try_from(count).unwrap()).min(120);
            assert_eq!(found, all.get(from..end).unwrap_or_default(), "{from} {count}");
        }
    }
    let mut found = store.leaves_at(OWN, &[119, 0, 69, 70, 71, 102, 120, 5, 5]).await.unwrap();
    found.sort_by_key(|leaf| leaf.idx);
    assert_eq!(found, [0, 5, 69, 70, 71, 102, 119].map(|at: usize| all[at].clone()));
    let places = places(store, OTHER, &[500, 1]).await;
    assert_eq!(places, (0..120).collect::<Vec<_>>());
}

pub(crate) async fn leaves_that_are_told_again_in_other_turns_stay_and_another_one_among_them_is_a_conflict(
    store: &GatewayStore,
) {
    let told = |range: std::ops::Range<i64>| Batch {
        leaves: range.map(|idx| leaf(OWN, idx, 1, true)).collect(),
        ..Batch::default()
    };
    store.commit(&told(0..10)).await.unwrap();
    store.commit(&told(10..20)).await.unwrap();
    for again in [0..20, 3..7, 5..15, 19..20] {
        store.commit(&told(again)).await.unwrap();
        assert_eq!(store.leaves(OWN, 0, 100).await.unwrap(), told(0..20).leaves);
    }
    // What is not there yet is written, what is there is not written twice.
    store.commit(&told(15..40)).await.unwrap();
    let mut disorder = told(30..45);
    disorder.leaves.reverse();
    store.commit(&disorder).await.unwrap();
    assert_eq!(store.leaves(OWN, 0, 100).await.unwrap(), told(0..45).leaves);
    assert_eq!((store.leaf_count(OWN).await.unwrap(), places(store, OWN, &[1]).await.len()), (45, 45));
    for (range, at) in [(3..7, 2), (40..50, 1), (45..47, 1)] {
        let mut fork = told(range);
        let again = fork.leaves[at].clone();
        fork.leaves[at].hash = Digest::of(&[b"another"]).into();
        fork.leaves.push(again);
        assert!(matches!(store.commit(&fork).await, Err(StoreError::Conflict(_))));
    }
    for (range, at) in [(3..7, 2), (40..50, 1)] {
        let mut fork = told(range);
        fork.leaves[at].hash = Digest::of(&[b"another"]).into();
        assert!(matches!(store.commit(&fork).await, Err(StoreError::Conflict(_))));
    }
    assert_eq!(store.leaves(OWN, 0, 100).await.unwrap(), told(0..45).leaves, "nothing of them is written");
}
