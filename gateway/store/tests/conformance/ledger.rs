//! How the leaves that speak of an entry are found.

use ledger::{LeafSalt, Statement};
use model::{Digest, EnvelopeDigest, HeaderDigest, ReceiptKind, Timestamp};
use store::gateway::{Batch, GatewayStore, LeafRow, NewReceipt};

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
