use ledger::LedgerKey;
use model::{CaseId, Digest, EntryId, EnvelopeDigest, HeaderDigest, Receipt, ReceiptKind, RefusalCode::R95};

use super::*;
use crate::{FormerKey, ProvenBatches, sign_receipts};

fn receipt(by: &str) -> Receipt {
    Receipt {
        kind: ReceiptKind::RelayAcceptance,
        by: party(by),
        entry: EntryId::new([1; 16]),
        case: CaseId::new([2; 16]),
        header: HeaderDigest(Digest::of(&[b"header"])),
        envelope: EnvelopeDigest(Digest::of(&[b"envelope"])),
        at: NOW,
        leaf: Some(7),
        refusal: None,
        epoch: None,
        authenticator: None,
    }
}

/// Receipts of FR for its channel with JP, under one signature. Their bytes stand for an encoding.
fn batch(key: &SigningKey, by: &str, count: u8) -> Vec<model::SignedReceipt> {
    let receipts = (0..count).map(|at| (receipt(by), vec![b'r', at])).collect();
    sign_receipts(key, party(by), party("JP"), receipts).unwrap()
}

#[test]
fn a_receipt_is_proven_by_the_ledger_key_of_the_party_that_states_it() {
    let (_, france, store) = federation();
    for signed in batch(&france.ledger, "FR", 5) {
        assert_eq!(store.verify_receipt(&signed).unwrap().into_inner(), receipt("FR"));
    }
}

#[test]
fn a_receipt_by_another_key_or_of_other_bytes_is_refused_r95() {
    let (japan, france, store) = federation();
    let first = |key, by| batch(key, by, 3).remove(0);
    assert_denied(store.verify_receipt(&first(&japan.ledger, "FR")), R95, "gateway of FR did not sign");
    let mut signed = first(&france.ledger, "FR");
    signed.bytes[0] ^= 1;
    assert_denied(store.verify_receipt(&signed), R95, "gateway of FR did not sign");
    assert_denied(store.verify_receipt(&first(&france.ledger, "DE")), R95, "gateway of DE did not sign");
    // A batch that FR signed as its own proves no receipt that says it is Japan's.
    let stated = model::SignedReceipt { receipt: receipt("JP"), ..first(&france.ledger, "FR") };
    assert_denied(store.verify_receipt(&stated), R95, "gateway of JP did not sign");
    let mut signed = first(&france.ledger, "FR");
    signed.proof.pop();
    assert!(store.verify_receipt(&signed).is_err());
}

#[test]
fn a_key_that_was_exchanged_signs_receipts_until_its_end_and_no_head() {
    let (japan, mut france, _) = federation();
    let former = std::mem::replace(&mut france.ledger, SigningKey::generate().unwrap());
    let before = FormerKey { key: former.verifying_key(), until: NOW };
    france.directory.ledger_key = france.ledger.verifying_key();
    france.directory.ledger_keys_before = vec![before];
    let store = japan.store(&[&france]);
    for signer in [&former, &france.ledger] {
        assert!(store.verify_receipt(&batch(signer, "FR", 1)[0]).is_ok());
    }
    let later = Receipt { at: NOW.plus_ms(1), ..receipt("FR") };
    let stated = sign_receipts(&former, party("FR"), party("JP"), vec![(later, b"later".to_vec())]).unwrap();
    assert_denied(store.verify_receipt(&stated[0]), R95, "gateway of FR did not sign");
    assert_eq!(store.head_key(party("FR")).unwrap(), LedgerKey::new(*france.ledger.verifying_key().as_bytes()));
    // A key is of one time, and of one holder.
    let mut twice = france.directory.clone();
    twice.ledger_keys_before.push(FormerKey { key: france.ledger.verifying_key(), until: NOW });
    assert!(twice.check().is_err());
}

#[test]
fn a_gateway_signs_no_receipt_of_another_and_none_about_itself() {
    let (_, france, store) = federation();
    let of = |by: &str, other: &str| {
        sign_receipts(&france.ledger, party("FR"), party(other), vec![(receipt(by), b"r".to_vec())])
    };
    assert!(of("JP", "JP").is_err());
    assert!(store.verify_receipt(&of("FR", "FR").unwrap()[0]).is_err(), "a channel is between two parties");
}

#[test]
fn a_known_batch_proves_its_receipts_and_no_forged_one() {
    let (japan, france, store) = federation();
    let mut proven = ProvenBatches::default();
    let batch_of_two = batch(&france.ledger, "FR", 2);
    for signed in &batch_of_two {
        store.verify_receipt_among(signed, &mut proven).unwrap();
    }
    let once = proven.clone();
    store.verify_receipt_among(&batch_of_two[0], &mut proven).unwrap();
    assert_eq!(proven, once, "one batch is remembered once");
    // Another signature over the same root, other bytes, another batch: none of them is let in by what is known.
    let forged = batch(&japan.ledger, "FR", 2);
    let mut spoilt = batch_of_two[1].clone();
    *spoilt.proof.last_mut().unwrap() ^= 1;
    let swapped = model::SignedReceipt { bytes: b"another".to_vec(), ..batch_of_two[0].clone() };
    for bad in [&forged[0], &spoilt, &swapped] {
        assert_denied(store.verify_receipt_among(bad, &mut proven), R95, "gateway of FR did not sign");
    }
    assert_eq!(proven, once, "what does not hold is not remembered");
}

#[test]
fn what_is_remembered_is_bounded() {
    let (_, france, store) = federation();
    let mut proven = ProvenBatches::default();
    for at in 0..1100_u32 {
        let one = vec![(receipt("FR"), at.to_be_bytes().to_vec())];
        let signed = sign_receipts(&france.ledger, party("FR"), party("JP"), one).unwrap();
        store.verify_receipt_among(&signed[0], &mut proven).unwrap();
    }
    assert_eq!(proven.len(), 1024);
}
