#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use bytes::Bytes;
use model::{
    BodyCommitment, CaseId, Declared, Denial, Digest, EntryId, Fault, Header, HeaderDigest, KeyId, MeasureId,
    MeasureScope, Offence, Pin, Refusal, RefusalCode, Role, SelectorKind, Step, Timestamp, Validation,
    ValidationStatement, Window,
};
use proptest::prelude::*;
use prost::Message;

use crate::{
    convert::{opening_reports_message, receive_openings, send_openings},
    decode_header, encode_header, encode_statement, status,
};

fn scope() -> MeasureScope {
    MeasureScope {
        id: MeasureId(1),
        article: "ets-185:31".parse().unwrap(),
        request_type: "stored_data".parse().unwrap(),
        records: vec!["subscriber_info".parse().unwrap(), "traffic_data".parse().unwrap()],
        subjects: 1,
        selectors: vec![SelectorKind::Account],
        window: Some(Window { from: "2026-01-01".parse().unwrap(), to: "2026-03-31".parse().unwrap() }),
        attributes: vec![],
        tags: vec![],
    }
}

fn header() -> Header {
    let pin = Pin(Digest::of(&[b"pin"]));
    let body = BodyCommitment(Digest::of(&[b"body"]));
    let case = CaseId::new([7; 16]);
    let statement = ValidationStatement { case, pin, measures: vec![scope()], body, validated: Timestamp(5) };
    Header {
        entry: EntryId::new([1; 16]),
        case,
        home: "JP".parse().unwrap(),
        peer: "FR".parse().unwrap(),
        sender: "JP:central".parse().unwrap(),
        recipient: "FR:central".parse().unwrap(),
        pin,
        step: Step::SealSend,
        measures: vec![scope()],
        concerns: vec![],
        purpose: Some("criminal_investigation".to_owned()),
        offence: Some(Offence { max_penalty_months: 60, dual_criminality: true, listed: false }),
        validation: Some(Validation {
            statement_bytes: encode_statement(&statement),
            statement,
            authority: "JP:judicial".parse().unwrap(),
            role: Role::Judge,
            key: KeyId::of(&[3; 32]),
            signature: vec![9; 64],
        }),
        records: vec![],
        ground: None,
        conditions: vec![],
        body: Some(body),
        previous: HeaderDigest::GENESIS,
        created: Timestamp(1_000),
        expires: Timestamp(2_000),
        declared: Declared::default(),
    }
}

#[test]
fn a_header_survives_the_wire() {
    assert_eq!(decode_header(&encode_header(&header())).unwrap(), header());
}

#[test]
fn the_encoding_of_a_header_is_stable() {
    let digest = HeaderDigest::of(&encode_header(&header()));
    assert_eq!(digest.to_string(), "7722b655b29a128bc2d2822fc6c267aa767f82695fde085c54fcaa32f5b7c9b6");
}

#[test]
fn a_header_with_a_field_twice_is_malformed() {
    let mut bytes = encode_header(&header()).to_vec();
    bytes.extend_from_slice(&[0xa0, 0x01, 0x05]); // expires_ms once more
    let denial = decode_header(&Bytes::from(bytes)).unwrap_err();
    assert_eq!(denial.reason(), "MALFORMED");
}

#[test]
fn a_header_with_an_unknown_kind_of_selector_is_malformed_and_not_read_without_it() {
    let mut wire = crate::types::Header::decode(encode_header(&header())).unwrap();
    wire.measures[0].selectors.push(99);
    let denial = decode_header(&wire.encode_to_vec().into()).unwrap_err();
    assert_eq!(denial.reason(), "MALFORMED");
}

#[test]
fn a_header_with_an_unknown_field_is_malformed() {
    let mut bytes = encode_header(&header()).to_vec();
    bytes.extend_from_slice(&[0xf8, 0x06, 0x01]); // field 111
    assert_eq!(decode_header(&Bytes::from(bytes)).unwrap_err().reason(), "MALFORMED");
}

#[test]
fn a_header_over_the_limit_is_too_large() {
    let bytes = Bytes::from(vec![0; model::limits::HEADER_BYTES_MAX + 1]);
    assert_eq!(decode_header(&bytes).unwrap_err().reason(), "TOO_LARGE");
}

#[test]
fn a_refusal_survives_a_status() {
    let refusal = Refusal {
        code: RefusalCode::R92,
        article: Some("cets-224:7".parse().unwrap()),
        rule: "parties/JP.toml".to_owned(),
        field: Some("measures[0].article".to_owned()),
        reason: "JP reserved the article".to_owned(),
        remedy: "ask under another article".to_owned(),
        owner: Some("JP".parse().unwrap()),
    };
    let denial = Denial::from(refusal);
    assert_eq!(status::to_denial(&status::from_denial(&denial)), denial);
}

#[test]
fn reports_survive_the_wire_and_no_two_lists_of_them_are_signed_alike() {
    let (one, other, hash) = (EntryId::new([1; 16]), EntryId::new([0; 16]), Digest::new([0; 32]));
    let lists = [
        vec![],
        vec![(one, true, None)],
        vec![(one, false, None)],
        vec![(one, true, Some(hash))],
        vec![(one, true, None), (other, false, None)],
        vec![(other, false, None), (one, true, None)],
        vec![(one, true, None), (other, false, None), (other, false, None)],
    ];
    let mut signed = BTreeSet::new();
    for list in &lists {
        assert_eq!(receive_openings(&send_openings(list)).unwrap(), *list);
        assert!(signed.insert(opening_reports_message(list)), "{list:?}");
    }
    let mut short = send_openings(&lists[1]);
    short[0].entry_id = Bytes::from_static(&[1; 15]);
    receive_openings(&short).unwrap_err();
    let mut short = send_openings(&lists[3]);
    short[0].epoch_authenticator_hash = Bytes::from_static(&[1; 31]);
    receive_openings(&short).unwrap_err();
}

#[test]
fn every_fault_survives_a_status() {
    for fault in Fault::ALL {
        let denial = Denial::failed(fault, "why");
        assert_eq!(status::to_denial(&status::from_denial(&denial)), denial);
    }
}

#[test]
fn a_quota_refusal_r91_says_that_a_resource_is_exhausted() {
    let refusal = |code| Denial::from(Refusal::new(code, "rule", "reason", "remedy"));
    let code = |refused| status::from_denial(&refusal(refused)).code();
    assert_eq!(code(RefusalCode::R91), tonic::Code::ResourceExhausted);
    assert_eq!(code(RefusalCode::R92), tonic::Code::FailedPrecondition);
    assert_eq!(code(RefusalCode::R95), tonic::Code::PermissionDenied);
}

proptest! {
    #[test]
    fn no_bytes_panic_the_header_decoder(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(header) = decode_header(&Bytes::from(bytes.clone())) {
            prop_assert_eq!(encode_header(&header), Bytes::from(bytes));
        }
    }

    #[test]
    fn a_flipped_bit_is_another_header_or_none(at in 0usize..400, bit in 0u8..8) {
        let mut bytes = encode_header(&header()).to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(other) = decode_header(&Bytes::from(bytes)) {
            prop_assert_ne!(other, header());
        }
    }
}
