//! Roots, rows and proofs, for all small trees and some larger ones.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ledger::{ConsistencyProof, InclusionProof, LEAVES_PER_BATCH_MAX, Log, PROOF_HASHES_MAX, SIZE_MAX, StoredHashes};
use model::{Digest, Fault};
use proptest::prelude::*;
use sha2::Sha256;

use crate::{Home, leaves, naive, pick};

const ALL_UP_TO: u64 = 66;

fn digests(range: std::ops::Range<u64>) -> Vec<Digest> {
    leaves(range).into_iter().map(|leaf| leaf.0).collect()
}

fn fault(denial: &model::Denial) -> Option<Fault> {
    match denial {
        model::Denial::Failed { fault, .. } => Some(*fault),
        model::Denial::Refused(_) => None,
    }
}

#[test]
fn roots_and_row_indexes_are_those_of_rfc_6962() {
    let mut home = Home::default();
    let mut next_index = 0;
    assert_eq!(home.log.root(), naive::root(&[]));
    for size in 1..=ALL_UP_TO {
        for row in home.append(&leaves(size - 1..size)) {
            assert_eq!(row.index, next_index, "rows are dense");
            next_index += 1;
        }
        assert_eq!(home.log.root(), naive::root(&digests(0..size)), "size {size}");
    }
}

#[test]
fn every_inclusion_proof_is_that_of_rfc_6962_and_proves_no_other_leaf() {
    let home = Home::of(leaves(0..ALL_UP_TO));
    for size in 1..=ALL_UP_TO {
        let tree = digests(0..size);
        let root = naive::root(&tree);
        for index in 0..size {
            let rows = pick(&home.rows, &InclusionProof::indexes_needed(size, index).unwrap());
            let proof = InclusionProof::prove(size, index, &rows).unwrap();
            assert_eq!(proof.path, naive::path(index as usize, &tree), "{index} of {size}");
            let leaf = home.leaves[index as usize];
            assert_eq!(proof.verify(leaf, root), Ok(()));
            let other = home.leaves[(index as usize + 1) % home.leaves.len()];
            assert_eq!(proof.verify(other, root).unwrap_err().reason(), "R95");
            let elsewhere = InclusionProof { index: (index + 1) % size, ..proof };
            assert!(size == 1 || elsewhere.verify(leaf, root).is_err());
        }
    }
}

#[test]
fn every_consistency_proof_is_that_of_rfc_6962_and_proves_no_other_past() {
    let home = Home::of(leaves(0..ALL_UP_TO));
    let roots: Vec<Digest> = (0..=ALL_UP_TO).map(|size| naive::root(&digests(0..size))).collect();
    for new in 0..=ALL_UP_TO {
        for old in 0..=new {
            let rows = pick(&home.rows, &ConsistencyProof::indexes_needed(old, new).unwrap());
            let proof = ConsistencyProof::prove(old, new, &rows).unwrap();
            if old > 0 && old < new {
                assert_eq!(proof.path, naive::proof(old as usize, &digests(0..new)), "{old} in {new}");
            }
            let (then, now) = (roots[old as usize], roots[new as usize]);
            assert_eq!(proof.verify(then, now), Ok(()), "{old} in {new}");
            let another = naive::leaf(b"another past");
            assert_eq!(proof.verify(another, now).unwrap_err().reason(), "R95", "{old} in {new}");
            assert!(old == 0 || proof.verify(then, another).is_err(), "{old} in {new}");
        }
    }
}

#[test]
fn a_proof_with_a_hash_too_many_or_too_few_is_refused() {
    let home = Home::of(leaves(0..7));
    let inclusion = InclusionProof::prove(7, 3, &home.rows).unwrap();
    let consistency = ConsistencyProof::prove(3, 7, &home.rows).unwrap();
    let root_of_3 = naive::root(&digests(0..3));
    for change in [
        (|path: &mut Vec<Digest>| path.truncate(path.len() - 1)) as fn(&mut Vec<Digest>),
        |path| path.push(naive::leaf(b"surplus")),
        |path| path.swap(0, 1),
    ] {
        let (mut inclusion, mut consistency) = (inclusion.clone(), consistency.clone());
        change(&mut inclusion.path);
        change(&mut consistency.path);
        assert!(inclusion.verify(home.leaves[3], home.log.root()).is_err());
        assert!(consistency.verify(root_of_3, home.log.root()).is_err());
    }
    for size in [0, 7] {
        let surplus = ConsistencyProof { old_size: size, new_size: 7, path: vec![home.log.root()] };
        let root = naive::root(&digests(0..size));
        assert!(surplus.verify(root, home.log.root()).is_err());
    }
}

#[test]
fn sizes_and_paths_that_no_log_can_have_are_refused_unread() {
    let root = naive::leaf(b"root");
    let leaf = ledger::LeafHash(root);
    for size in [SIZE_MAX + 1, u64::MAX] {
        assert!(Log::indexes_needed(size).is_err());
        assert!(InclusionProof { size, index: size - 1, path: Vec::new() }.verify(leaf, root).is_err());
        assert!(ConsistencyProof { old_size: 1, new_size: size, path: Vec::new() }.verify(root, root).is_err());
        assert!(ConsistencyProof { old_size: size, new_size: size, path: Vec::new() }.verify(root, root).is_err());
    }
    let long = vec![root; PROOF_HASHES_MAX + 1];
    let denial = InclusionProof { size: SIZE_MAX, index: 0, path: long }.verify(leaf, root).unwrap_err();
    assert_eq!(fault(&denial), Some(Fault::TooLarge));
    assert!(InclusionProof::indexes_needed(5, 5).is_err());
    assert!(ConsistencyProof::indexes_needed(6, 5).is_err());
    assert!(Log::default().append(&vec![leaf; LEAVES_PER_BATCH_MAX + 1]).is_err());
}

#[test]
fn a_row_that_is_missing_is_a_storage_fault() {
    let home = Home::of(leaves(0..7));
    let empty = StoredHashes::default();
    assert_eq!(fault(&Log::restore(7, &empty).unwrap_err()), Some(Fault::Storage));
    assert_eq!(fault(&InclusionProof::prove(7, 3, &empty).unwrap_err()), Some(Fault::Storage));
    assert_eq!(fault(&ConsistencyProof::prove(3, 7, &empty).unwrap_err()), Some(Fault::Storage));
    assert_eq!(Log::restore(7, &home.rows).unwrap(), home.log);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_implementation_sees_the_same_tree(size in 1_u64..1500, a in 0_u64..1500, b in 0_u64..1500) {
        let mut tree = MemoryBackedTree::<Sha256, [u8; 32]>::new();
        (0..size).for_each(|i| tree.push(naive::data(i)));
        let home = Home::of(leaves(0..size));
        prop_assert_eq!(home.log.root().as_bytes().to_vec(), tree.root().as_bytes().to_vec());

        let index = a % size;
        let ours = InclusionProof::prove(size, index, &home.rows).unwrap();
        let theirs = tree.prove_inclusion(index as usize);
        prop_assert_eq!(ours.path.iter().flat_map(|hash| *hash.as_bytes()).collect::<Vec<u8>>(), theirs.as_bytes());

        let old = 1 + b % size;
        let ours = ConsistencyProof::prove(old, size, &home.rows).unwrap();
        let theirs = tree.prove_consistency((size - old) as usize);
        prop_assert_eq!(ours.path.iter().flat_map(|hash| *hash.as_bytes()).collect::<Vec<u8>>(), theirs.as_bytes());
        prop_assert_eq!(ours.verify(naive::root(&digests(0..old)), home.log.root()), Ok(()));
    }

    #[test]
    fn batches_and_restarts_change_nothing(cuts in proptest::collection::vec(0_u64..40, 0..12)) {
        let total = cuts.iter().sum();
        let whole = Home::of(leaves(0..total));
        let mut home = Home::default();
        for cut in cuts {
            let size = home.log.size();
            home.append(&leaves(size..size + cut));
            let needed = Log::indexes_needed(home.log.size()).unwrap();
            home.log = Log::restore(home.log.size(), &pick(&home.rows, &needed)).unwrap();
        }
        prop_assert_eq!(&home.log, &whole.log);
        prop_assert_eq!(&home.rows, &whole.rows);
    }
}
