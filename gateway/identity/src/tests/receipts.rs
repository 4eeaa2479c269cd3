use model::{CaseId, Digest, EntryId, EnvelopeDigest, HeaderDigest, Receipt, ReceiptKind, RefusalCode::R95};

use super::*;
use crate::sign_receipt;

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

#[test]
fn a_receipt_is_proven_by_the_ledger_key_of_the_party_that_states_it() {
    let (_, france, store) = federation();
    let signed = sign_receipt(&france.ledger, b"encoded".to_vec(), receipt("FR"));
    assert_eq!(store.verify_receipt(&signed).unwrap().into_inner(), receipt("FR"));
}

#[test]
fn a_receipt_by_another_key_or_of_other_bytes_is_refused_r95() {
    let (japan, france, store) = federation();
    let signed = sign_receipt(&japan.ledger, b"encoded".to_vec(), receipt("FR"));
    assert_denied(store.verify_receipt(&signed), R95, "gateway of FR did not sign");
    let mut signed = sign_receipt(&france.ledger, b"encoded".to_vec(), receipt("FR"));
    signed.bytes[0] ^= 1;
    assert_denied(store.verify_receipt(&signed), R95, "gateway of FR did not sign");
    let signed = sign_receipt(&france.ledger, b"encoded".to_vec(), receipt("DE"));
    assert_denied(store.verify_receipt(&signed), R95, "gateway of DE did not sign");
    let mut signed = sign_receipt(&france.ledger, b"encoded".to_vec(), receipt("FR"));
    signed.signature.truncate(63);
    assert_denied(store.verify_receipt(&signed), R95, "gateway of FR did not sign");
}
