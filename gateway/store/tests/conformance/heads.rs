//! The log of heads, and what a witness keeps of others'.

use model::Digest;
use store::gateway::{Batch, CheckpointRow, GatewayStore, MusterRow, StampRow, WitnessedRow};

use super::blob;

const LOG: &str = "jp.rogatory.internal/heads";

fn muster(idx: i64) -> MusterRow {
    MusterRow { idx, at: 1_000 * idx, secret: Digest::new([7; 32]).into(), heads: format!("heads at {idx}\n") }
}

fn checkpoint(size: i64, cosigned: Option<&str>) -> CheckpointRow {
    CheckpointRow { channel: LOG.to_owned(), size, note: blob("note"), cosigned: cosigned.map(blob) }
}

pub(crate) async fn heads_are_kept_once_and_found_with_who_cosigned_over_them(store: &GatewayStore) {
    let batch = Batch {
        musters: (0..4).map(muster).collect(),
        checkpoints: vec![checkpoint(1, None), checkpoint(2, None), checkpoint(3, Some("both")), checkpoint(4, None)],
        ..Batch::default()
    };
    for _ in 0..2 {
        store.commit(&batch).await.unwrap();
    }
    assert_eq!(store.newest_musters(2).await.unwrap(), [muster(3), muster(2)]);
    assert_eq!(store.muster(1).await.unwrap(), Some(muster(1)));
    assert_eq!(store.muster(4).await.unwrap(), None);
    let over = async |index| store.cosigned_over(LOG, index).await.unwrap().map(|row| row.size);
    assert_eq!([over(0).await, over(2).await, over(3).await], [Some(3), Some(3), None]);
}

pub(crate) async fn of_two_heads_for_one_place_a_witness_keeps_one(store: &GatewayStore) {
    let at = |size: i64| WitnessedRow { log: LOG.to_owned(), size, note: blob(&format!("note {size}")), at: size };
    assert_eq!(store.witnessed(LOG).await.unwrap(), None);
    assert!(!store.witness(&at(5), Some(3)).await.unwrap(), "there is nothing to replace");
    assert!(store.witness(&at(5), None).await.unwrap());
    assert!(!store.witness(&at(6), None).await.unwrap(), "it is not the first one");
    let racing = (6..16).map(|size| {
        let store = store.clone();
        tokio::spawn(async move { store.witness(&at(size), Some(5)).await.unwrap() })
    });
    let racing: Vec<_> = racing.collect();
    let mut won = 0;
    for one in racing {
        won += i32::from(one.await.unwrap());
    }
    assert_eq!(won, 1);
    let kept = store.witnessed(LOG).await.unwrap().unwrap();
    assert_eq!(kept, at(kept.size));
    assert!(kept.size > 5);
    assert_eq!(store.witnessed("fr.rogatory.internal/heads").await.unwrap(), None);
}

pub(crate) async fn the_first_stamp_on_a_head_stays(store: &GatewayStore) {
    let stamp = |size: i64, token: &str| StampRow { size, note: blob("note"), token: blob(token), at: 7, asked: 8 };
    for row in [stamp(3, "first"), stamp(9, "second"), stamp(3, "late")] {
        store.put_stamp(&row).await.unwrap();
    }
    assert_eq!(store.newest_stamps(9).await.unwrap(), [stamp(9, "second"), stamp(3, "first")]);
    assert_eq!(store.newest_stamps(1).await.unwrap(), [stamp(9, "second")]);
    assert_eq!(store.stamp_sizes().await.unwrap(), [3, 9]);
    assert_eq!(store.stamp(3).await.unwrap(), Some(stamp(3, "first")));
    assert_eq!(store.stamp(4).await.unwrap(), None);
}
