//! COSE receipts beside those that a library of others writes: the same bytes, and no others are read.

use ciborium::Value;
use coset::{
    Algorithm, CborSerializable, CoseSign1Builder, Header, HeaderBuilder, Label, TaggedCborSerializable, iana,
};
use ledger::{Claims, CoseReceipt, InclusionProof, WitnessName};
use model::{Digest, KeyId, PartyId};
use proptest::prelude::*;

use crate::{leaves, receipts::batch};

const PARTIES: [&str; 4] = ["JP", "FR", "SG", "US"];

fn protected(receipt: &CoseReceipt) -> Header {
    let name = |party: PartyId| Value::Text(WitnessName(party).to_string());
    let claims = vec![(1.into(), name(receipt.claims.issuer)), (2.into(), name(receipt.claims.subject))];
    Header {
        alg: Some(Algorithm::Assigned(iana::Algorithm::EdDSA)),
        key_id: receipt.key.0.as_bytes().to_vec(),
        rest: vec![(Label::Int(15), Value::Map(claims)), (Label::Int(395), 1.into())],
        ..Header::default()
    }
}

fn by_library(receipt: &CoseReceipt) -> Vec<u8> {
    let InclusionProof { size, index, path } = &receipt.inclusion;
    let path = path.iter().map(|hash| Value::Bytes(hash.as_bytes().to_vec())).collect();
    let proof = Value::Array(vec![(*size).into(), (*index).into(), Value::Array(path)]).to_vec().unwrap();
    let proofs = Value::Map(vec![((-1).into(), Value::Array(vec![Value::Bytes(proof)]))]);
    CoseSign1Builder::new()
        .protected(protected(receipt))
        .unprotected(HeaderBuilder::new().value(396, proofs).build())
        .signature(receipt.signature.clone())
        .build()
        .to_tagged_vec()
        .unwrap()
}

#[test]
fn what_is_signed_is_what_a_library_has_signed() {
    for count in [1, 2, 3, 8, 33] {
        let (_, receipts) = batch(count);
        for (leaf, receipt) in leaves(0..count).into_iter().zip(receipts) {
            let mut filled = leaves(0..count);
            filled.resize(filled.len().max(2), ledger::LeafHash::of(b""));
            let root = ledger::Log::default().append(&filled).unwrap().0.root();
            let sign1 = CoseSign1Builder::new().protected(protected(&receipt)).build();
            assert_eq!(receipt.signed_message(leaf).unwrap(), sign1.tbs_detached_data(root.as_bytes(), b""));
        }
    }
}

/// A number of any length.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0_u32..64).prop_map(|(number, shift)| number >> shift)
}

fn receipt() -> impl Strategy<Value = CoseReceipt> {
    let path = prop::collection::vec(any::<[u8; 32]>().prop_map(Digest::new), 0..12);
    let parties = prop::sample::subsequence(PARTIES.to_vec(), 2).prop_shuffle();
    let signature = prop::collection::vec(any::<u8>(), 64);
    (parties, any::<[u8; 32]>(), number(), number(), path, signature).prop_map(
        |(parties, key, size, index, path, signature)| CoseReceipt {
            claims: Claims { issuer: parties[0].parse().unwrap(), subject: parties[1].parse().unwrap() },
            key: KeyId(Digest::new(key)),
            inclusion: InclusionProof { size, index, path },
            signature,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_receipt_has_the_bytes_that_a_library_writes_and_is_read_out_of_them(receipt in receipt()) {
        let bytes = by_library(&receipt);
        prop_assert_eq!(receipt.encode(), &bytes[..]);
        prop_assert_eq!(CoseReceipt::decode(&bytes).ok(), (receipt.inclusion.size >= 2).then_some(receipt));
    }

    #[test]
    fn what_is_read_out_of_changed_bytes_a_library_writes_in_these(
        receipt in receipt(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        let mut bytes = receipt.encode();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(read) = CoseReceipt::decode(&bytes) {
            prop_assert_eq!(by_library(&read), bytes);
        }
    }
}
