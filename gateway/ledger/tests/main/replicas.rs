//! A peer follows an honest home, and holds a lying one to its signatures.

use std::slice::from_ref;

use ledger::{Batch, LEAVES_PER_BATCH_MAX, Log, Objection, Replica, SignBytes as _};
use proptest::prelude::*;

use crate::{Home, Peer, Signer, leaves, naive, origin};

/// A peer that followed `home` to its head.
fn follower(home: &Home) -> Peer {
    let mut peer = Peer::new();
    peer.follow(home.batch(0), &home.head()).unwrap();
    peer
}

/// The history of `leaves(0..size)` with one leaf in the past exchanged.
fn rewritten(size: u64, at: usize) -> Home {
    let mut leaves = leaves(0..size);
    leaves[at] = ledger::LeafHash(naive::leaf(b"what was never said"));
    Home::of(leaves)
}

#[test]
fn a_peer_that_follows_holds_the_same_rows_and_head() {
    let home = Home::of(leaves(0..13));
    let peer = follower(&home);
    assert_eq!(peer.rows, home.rows);
    assert_eq!(peer.replica.head(), Some(&home.head()));
}

#[test]
fn the_same_batch_twice_changes_nothing() {
    let home = Home::of(leaves(0..13));
    let mut peer = follower(&home);
    let before = peer.replica.clone();
    assert_eq!(peer.follow(home.batch(0), &home.head()), Ok(0));
    assert_eq!(peer.replica, before);
}

#[test]
fn an_older_true_head_is_never_followed_again() {
    let mut home = Home::of(leaves(0..7));
    let old = home.head();
    home.append(&leaves(7..20));
    let mut peer = follower(&home);
    for batch in [Batch { first: 0, leaves: &[] }, Batch { first: 0, leaves: &leaves(0..7) }] {
        let objection = peer.follow(batch, &old).unwrap_err();
        let Objection::Older(heads) = objection else { panic!("{objection}") };
        assert_eq!((heads.held, heads.shown), (Some(home.head()), old.clone()));
    }
    assert_eq!(peer.replica.size(), 20);
}

#[test]
fn a_gap_or_a_batch_that_misses_the_head_is_refused() {
    let home = Home::of(leaves(0..13));
    let mut peer = follower(&Home::of(leaves(0..5)));
    let short = Batch { first: 5, leaves: &home.leaves[5..12] };
    let far = Batch { first: u64::MAX, leaves: &home.leaves[5..] };
    for batch in [home.batch(6), short, far, Batch { first: 5, leaves: &[] }] {
        let objection = peer.follow(batch, &home.head()).unwrap_err();
        assert!(matches!(&objection, Objection::Denied(denial) if denial.reason() == "MALFORMED"), "{objection}");
    }
    assert_eq!(peer.replica.size(), 5);
    assert!(peer.follow(home.batch(5), &home.head()).is_ok());
}

#[test]
fn too_many_leaves_are_refused() {
    let surplus = leaves(0..LEAVES_PER_BATCH_MAX as u64 + 1);
    let (log, _) = Log::default().append(&surplus[..LEAVES_PER_BATCH_MAX]).unwrap();
    let (log, _) = log.append(&surplus[LEAVES_PER_BATCH_MAX..]).unwrap();
    let head = log.head(origin()).sign(&Signer::new(1)).unwrap();
    let objection = Peer::new().follow(Batch { first: 0, leaves: &surplus }, &head).unwrap_err();
    assert!(matches!(&objection, Objection::Denied(denial) if denial.reason() == "TOO_LARGE"), "{objection}");
}

#[test]
fn a_head_of_another_log_is_refused() {
    let home = Home::of(leaves(0..3));
    let other = "rogatory.internal/jp/ke".parse().unwrap();
    let head = home.log.head(other).sign(&Signer::new(1)).unwrap();
    assert!(matches!(Peer::new().follow(home.batch(0), &head), Err(Objection::Denied(_))));
}

#[test]
fn leaves_that_do_not_lead_to_the_signed_root_leave_both_heads_behind() {
    let mut peer = follower(&Home::of(leaves(0..5)));
    let liar = rewritten(9, 2);
    let objection = peer.follow(liar.batch(5), &liar.head()).unwrap_err();
    let Objection::Unreconciled(heads) = &objection else { panic!("{objection}") };
    assert_eq!(heads.held.as_ref(), peer.replica.head());
    assert_eq!(heads.shown, liar.head());
    assert_eq!(model::Denial::from(objection).reason(), "R95");
    assert_eq!(peer.replica.size(), 5);
}

#[test]
fn an_equal_or_smaller_head_with_another_root_is_a_fork_that_proves_itself() {
    let home = Home::of(leaves(0..21));
    let mut peer = follower(&home);
    let key = Signer::new(1).public_key();
    for size in [21, 20, 16, 3, 1] {
        let objection = peer.follow(Batch { first: 0, leaves: &[] }, &rewritten(size, 0).head()).unwrap_err();
        let Objection::Fork(fork) = objection else { panic!("size {size}: {objection}") };
        assert_eq!(fork.verify(origin(), &[Signer::new(2).public_key(), key.clone()]), Ok([21, size]), "size {size}");
        assert!(fork.verify(origin(), &[Signer::new(2).public_key()]).is_err());
        assert!(fork.verify(origin(), &[]).is_err());
        assert!(fork.verify("rogatory.internal/fr/jp".parse().unwrap(), from_ref(&key)).is_err());
    }
}

#[test]
fn an_empty_log_with_another_root_is_refused_r95() {
    let mut head = Log::default().head(origin());
    head.root = naive::leaf(b"not nothing");
    let head = head.sign(&Signer::new(1)).unwrap();
    let objection = Peer::new().follow(Batch { first: 0, leaves: &[] }, &head).unwrap_err();
    assert_eq!(model::Denial::from(objection).reason(), "R95");
}

#[test]
fn nobody_can_accuse_an_honest_home() {
    let mut home = Home::of(leaves(0..7));
    let old = home.head();
    home.append(&leaves(7..20));
    let key = Signer::new(1).public_key();
    let honest = |shown: &ledger::SignedCheckpoint, prefix| ledger::Fork {
        larger: home.head().note().to_vec(),
        smaller: shown.note().to_vec(),
        prefix,
    };
    let proof = ledger::ConsistencyProof::prove(7, 20, &home.rows).unwrap();
    let invented = ledger::Prefix { root: naive::leaf(b"invented"), proof: proof.clone() };
    let truth = ledger::Prefix { root: old.checkpoint().root, proof };
    for prefix in [None, Some(invented), Some(truth)] {
        assert!(honest(&old, prefix).verify(origin(), from_ref(&key)).is_err());
    }
    assert!(honest(&home.head(), None).verify(origin(), from_ref(&key)).is_err());
}

#[test]
fn a_copy_restarts_only_with_its_own_head() {
    let home = Home::of(leaves(0..13));
    let peer = follower(&home);
    let log = Log::restore(13, &peer.rows).unwrap();
    assert_eq!(Replica::restore(origin(), log.clone(), Some(home.head())), Ok(peer.replica));
    assert!(Replica::restore(origin(), log.clone(), None).is_err());
    assert!(Replica::restore(origin(), log, Some(rewritten(13, 0).head())).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_rewritten_past_is_ever_followed(held in 1_u64..200, shown in 1_u64..200, at in 0_usize..200) {
        let mut peer = follower(&Home::of(leaves(0..held)));
        let before = peer.replica.clone();
        let at = at % held.min(shown) as usize;
        let liar = rewritten(shown, at);
        let batch = Batch { first: held.min(shown), leaves: &liar.leaves[held.min(shown) as usize..] };
        let objection = peer.follow(batch, &liar.head()).unwrap_err();
        match objection {
            Objection::Fork(fork) => {
                prop_assert!(shown <= held);
                prop_assert_eq!(fork.verify(origin(), &[Signer::new(1).public_key()]), Ok([held, shown]));
            }
            Objection::Unreconciled(_) => prop_assert!(shown > held),
            Objection::Older(_) => prop_assert!(false, "its past is another one"),
            Objection::Denied(denial) => prop_assert!(false, "{}", denial),
        }
        prop_assert_eq!(peer.replica, before);
    }

    #[test]
    fn a_home_restored_from_a_backup_that_wrote_on_is_exposed_by_its_own_leaves(
        kept in 0_u64..100, lost in 1_u64..60, more in 1_u64..60,
    ) {
        let peer = follower(&Home::of(leaves(0..kept + lost)));
        let mut restored = Home::of(leaves(0..kept));
        restored.append(&leaves(1000..1000 + lost + more));
        let (batch, head) = (restored.batch(kept), restored.head());
        prop_assert!(matches!(peer.clone().follow(batch, &head), Err(Objection::Unreconciled(_))));
        let rows = crate::pick(&peer.rows, &peer.replica.indexes_to_expose(batch, &head).unwrap());
        let fork = peer.replica.expose(batch, &head, &rows).unwrap().unwrap();
        let sizes = [kept + lost + more, kept + lost];
        prop_assert_eq!(fork.verify(origin(), &[Signer::new(1).public_key()]), Ok(sizes));
    }

    #[test]
    fn any_overlap_of_batches_leads_to_the_same_copy(steps in proptest::collection::vec((1_u64..30, 0_u64..30), 1..8)) {
        let (mut home, mut peer) = (Home::default(), Peer::new());
        for (more, overlap) in steps {
            let size = home.log.size();
            home.append(&leaves(size..size + more));
            peer.follow(home.batch(size.saturating_sub(overlap)), &home.head()).unwrap();
        }
        prop_assert_eq!(peer.rows, home.rows);
    }
}
