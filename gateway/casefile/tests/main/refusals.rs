//! A file of refusals, before a stranger who has pinned the roots of who refused.

use casefile::{CannotProve, ReceiptText, RefusalOnRecord, check_refusals, refusals_to_file};
use identity::sign_receipts;
use model::{CaseId, EntryId, Receipt, ReceiptKind, Refusal, RefusalCode, SignedReceipt};

use crate::{
    tampering::bit,
    world::{State, Story, party},
};

/// The word of a gateway that it refused a reader.
fn refused(story: &Story, by: &State, kind: ReceiptKind) -> SignedReceipt {
    let refusal = Refusal::new(RefusalCode::R94, "roster", "The group gets a reader by a reference.", "Send none.");
    let own = by.root.certificate().party();
    let receipt = Receipt {
        kind,
        by: own,
        entry: EntryId::new([7; 16]),
        case: CaseId::new([8; 16]),
        header: model::HeaderDigest(model::Digest::of(&[b"header"])),
        envelope: model::EnvelopeDigest(model::Digest::of(&[b"envelope"])),
        at: story.start,
        leaf: None,
        refusal: Some(refusal.at("handshake.commit")),
        epoch: None,
        authenticator: None,
    };
    let bytes = proto::encode_receipt(&receipt);
    let other = if own == party("JP") { party("FR") } else { party("JP") };
    sign_receipts(&by.ledger.0, own, other, vec![(receipt, bytes)]).unwrap().remove(0)
}

fn on_record(signed: &SignedReceipt) -> RefusalOnRecord {
    let receipt = &signed.receipt;
    RefusalOnRecord {
        at: receipt.at.to_string(),
        party: "FR".to_owned(),
        code: "R94".to_owned(),
        step: "change_group".to_owned(),
        rule: "roster".to_owned(),
        field: "handshake.commit".to_owned(),
        case: receipt.case.to_string(),
        entry: receipt.entry.to_string(),
        refused_as: "own_gateway".to_owned(),
        refused_by: receipt.by.to_string(),
        signed: Some(ReceiptText::of(signed)),
    }
}

/// The record of FR: JP refused a reader to its own desk, and FR when JP's gateway brought it all the same.
fn both(story: &Story) -> Vec<RefusalOnRecord> {
    let own = refused(story, &story.jp, ReceiptKind::SubmissionRejection);
    let other = refused(story, &story.fr, ReceiptKind::RelayRejection);
    vec![on_record(&own), on_record(&other)]
}

fn file(story: &Story, record: Vec<RefusalOnRecord>) -> Vec<u8> {
    let directories = [story.jp.directory.clone(), story.fr.directory.clone()];
    refusals_to_file(party("FR"), record, &directories).unwrap().into_bytes()
}

#[test]
fn a_reader_that_both_gateways_refused_is_proved_by_both_words_with_the_two_roots_alone() {
    let story = Story::small();
    let told = check_refusals(&file(&story, both(&story)), &story.pins()).unwrap();
    let proved: Vec<_> = told.proved.iter().map(|one| (one.by, one.stage, one.code)).collect();
    let expected = [(party("JP"), "SubmissionRejection", "R94"), (party("FR"), "RelayRejection", "R94")];
    assert_eq!(proved, expected);
    assert!(told.contradicted.is_empty() && told.proved[0].reason.contains("by a reference"), "{told:?}");
    let one_pin: Vec<_> = story.pins().into_iter().filter(|pin| pin.party() == party("FR")).collect();
    let missing = check_refusals(&file(&story, both(&story)), &one_pin);
    assert_eq!(missing, Err(CannotProve::RootMissing(party("JP"))));
}

#[test]
fn what_no_gateway_signed_is_told_as_the_word_of_who_hands_it_out() {
    let story = Story::small();
    let mut record = both(&story);
    record[1].signed = None;
    let told = check_refusals(&file(&story, record), &story.pins()).unwrap();
    assert_eq!(told.proved.len(), 1);
    assert!(told.not_proved[0].contains("1 that no gateway signed") && told.contradicted.is_empty());
}

#[test]
fn a_record_that_says_something_else_than_was_signed_is_not_believed() {
    let story = Story::small();
    let changes: [fn(&mut RefusalOnRecord); 6] = [
        |one| one.code = "R93".to_owned(),
        |one| one.rule = "workflow".to_owned(),
        |one| one.field.clear(),
        |one| one.case = CaseId::new([9; 16]).to_string(),
        |one| one.entry = EntryId::new([9; 16]).to_string(),
        |one| one.refused_by = "FR".to_owned(),
    ];
    for change in changes {
        let mut record = both(&story);
        change(&mut record[0]);
        let told = check_refusals(&file(&story, record), &story.pins()).unwrap();
        assert_eq!((told.proved.len(), told.contradicted.len()), (1, 1), "{told:?}");
    }
    // Signed by somebody else in its name, and by nobody's directory.
    let stranger = Story::small();
    let forged = on_record(&refused(&story, &stranger.jp, ReceiptKind::SubmissionRejection));
    for (record, pins) in [(vec![forged], story.pins()), (both(&story), stranger.pins())] {
        let told = check_refusals(&file(&story, record), &pins).unwrap();
        assert!(told.proved.is_empty() && told.contradicted[0].contains("did not sign it"), "{told:?}");
    }
    // A receipt that takes an entry over refuses nothing.
    let mut taken = refused(&story, &story.fr, ReceiptKind::RelayAcceptance);
    taken.receipt.refusal = None;
    taken.bytes = proto::encode_receipt(&taken.receipt);
    let unsigned = vec![(taken.receipt.clone(), taken.bytes.clone())];
    let taken = sign_receipts(&story.fr.ledger.0, party("FR"), party("JP"), unsigned).unwrap().remove(0);
    let told = check_refusals(&file(&story, vec![on_record(&taken)]), &story.pins()).unwrap();
    assert!(told.contradicted[0].contains("no refusal"), "{told:?}");
}

#[test]
fn a_bit_that_is_flipped_in_a_file_of_refusals_proves_nothing_more() {
    const STRIDE: usize = 31;
    let story = Story::small();
    let honest = file(&story, both(&story));
    let proved = check_refusals(&honest, &story.pins()).unwrap().proved;
    let mut changed = honest.clone();
    for at in (0..honest.len()).step_by(STRIDE) {
        changed[at] ^= 1 << bit(at);
        if let Ok(told) = check_refusals(&changed, &story.pins()) {
            assert!(told.proved.iter().all(|one| proved.contains(one)), "byte {at}: {told:?}");
        }
        changed[at] = honest[at];
    }
}
