//! COSE receipts: each leaf of a batch proves itself alone, and nothing else proves anything.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ledger::{BATCH_LEAVES_MAX, COSE_BYTES_MAX, Claims, CoseReceipt, InclusionProof, LeafHash, SignBytes as _};
use model::Digest;
use proptest::prelude::*;
use sha2::Sha256;

use crate::{Home, Signer, leaves, naive};

fn claims() -> Claims {
    Claims { issuer: "JP".parse().unwrap(), subject: "FR".parse().unwrap() }
}

pub(crate) fn batch(count: u64) -> (Vec<LeafHash>, Vec<CoseReceipt>) {
    let leaves = leaves(0..count);
    let receipts = CoseReceipt::sign(&leaves, claims(), &Signer::new(1)).unwrap();
    (leaves, receipts)
}

#[test]
fn one_signature_proves_each_leaf_of_a_batch_and_no_other() {
    let key = Signer::new(1).public_key();
    for count in [1, 2, 3, 4, 5, 7, 8, 33, 64, 65] {
        let (leaves, receipts) = batch(count);
        assert_eq!(receipts.len(), leaves.len());
        for (at, receipt) in receipts.iter().enumerate() {
            assert_eq!(receipt.signature, receipts[0].signature);
            assert_eq!(receipt.verify(leaves[at], &key), Ok(()), "{at} of {count}");
            let other = LeafHash::of(b"another");
            assert_eq!(receipt.verify(other, &key).unwrap_err().reason(), "R95");
            assert!(receipt.verify(leaves[at], &Signer::new(2).public_key()).is_err());
        }
    }
    assert!(CoseReceipt::sign(&leaves(0..BATCH_LEAVES_MAX as u64 + 1), claims(), &Signer::new(1)).is_err());
}

#[test]
fn the_largest_receipt_is_within_the_limit_and_an_empty_batch_has_none() {
    let (_, receipts) = batch(BATCH_LEAVES_MAX as u64);
    assert!(receipts.iter().all(|receipt| receipt.encode().len() <= COSE_BYTES_MAX));
    assert!(batch(0).1.is_empty());
    assert!(CoseReceipt::decode(&vec![0; COSE_BYTES_MAX + 1]).is_err());
}

#[test]
fn each_flipped_bit_of_a_receipt_is_refused() {
    let (leaves, receipts) = batch(3);
    let key = Signer::new(1).public_key();
    let bytes = receipts[1].encode();
    assert_eq!(CoseReceipt::decode(&bytes).as_ref(), Ok(&receipts[1]));
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let holds = CoseReceipt::decode(&flipped).and_then(|read| read.verify(leaves[1], &key));
        assert!(holds.is_err(), "bit {bit}");
    }
    for end in 0..bytes.len() {
        assert!(CoseReceipt::decode(&bytes[..end]).is_err(), "{end} bytes");
    }
    assert!(CoseReceipt::decode(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn the_same_content_in_other_bytes_is_refused() {
    let (_, receipts) = batch(2);
    let bytes = receipts[0].encode();
    // The tag 18 (0xd2) in two bytes, and without a tag.
    let tagged = [&[0xd8, 0x12], &bytes[1..]].concat();
    assert!(CoseReceipt::decode(&tagged).is_err());
    assert!(CoseReceipt::decode(&bytes[1..]).is_err());
    // An array of four of indefinite length.
    let open = [&[0xd2, 0x9f], &bytes[2..], &[0xff]].concat();
    assert!(CoseReceipt::decode(&open).is_err());
}

/// Courts keep these bytes: they may never change.
#[test]
fn cose_receipt_stability() {
    let (_, receipts) = batch(1);
    let text: String = receipts[0].encode().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(text, include_str!("receipt.golden").trim());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_path_leads_to_the_root_that_two_other_implementations_compute(
        size in 1_u64..300,
        at in any::<prop::sample::Index>(),
    ) {
        let index = at.index(size as usize) as u64;
        let home = Home::of(leaves(0..size));
        let rows = crate::pick(&home.rows, &InclusionProof::indexes_needed(size, index).unwrap());
        let proof = InclusionProof::prove(size, index, &rows).unwrap();
        let leaf = home.leaves[index as usize];
        prop_assert_eq!(proof.root(leaf).unwrap(), home.log.root());
        let mut foreign = MemoryBackedTree::<Sha256, [u8; 32]>::new();
        (0..size).for_each(|i| foreign.push(naive::data(i)));
        prop_assert_eq!(proof.root(leaf).unwrap().as_bytes().to_vec(), foreign.root().as_bytes().to_vec());
    }

    #[test]
    fn a_path_of_another_length_fits_no_tree(
        size in 1_u64..70,
        at in any::<prop::sample::Index>(),
        length in 0_usize..9,
    ) {
        let index = at.index(size as usize) as u64;
        let home = Home::of(leaves(0..size));
        let rows = crate::pick(&home.rows, &InclusionProof::indexes_needed(size, index).unwrap());
        let proof = InclusionProof::prove(size, index, &rows).unwrap();
        prop_assume!(length != proof.path.len());
        let path = vec![Digest::new([7; 32]); length];
        let unfit = InclusionProof { path, ..proof };
        prop_assert!(unfit.root(home.leaves[index as usize]).is_err());
    }

    #[test]
    fn garbage_is_refused_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(CoseReceipt::decode(&bytes).is_err());
    }
}
