//! What is stored and what crosses the wire stays readable: layouts by value, framing by rule.
#![expect(clippy::unwrap_used, reason = "tests")]

use bytes::Bytes;
use model::{CaseId, Digest, EpochCertificate, HeaderDigest, Pin, Sealed};
use proptest::prelude::{any, proptest};
use roster::{CaseBinding, Follower, Frame, certificate_digest, decode_chain, encode_chain, policy_digest};

fn binding() -> CaseBinding {
    let rule = Pin(Digest::new([0x22; 32]));
    CaseBinding::new(CaseId::new([0x11; 16]), rule, "FR".parse().unwrap(), "DE".parse().unwrap())
}

/// An application message as any implementation of MLS would frame it.
fn framed(group: &[u8], epoch: u64, authenticated_data: &[u8]) -> Vec<u8> {
    let mut wire = vec![0, 1, 0, 2, u8::try_from(group.len()).unwrap()];
    wire.extend_from_slice(group);
    wire.extend_from_slice(&epoch.to_be_bytes());
    wire.extend_from_slice(&[1, u8::try_from(authenticated_data.len()).unwrap()]);
    wire.extend_from_slice(authenticated_data);
    wire.extend_from_slice(&[3, 7, 7, 7, 0x40, 0x41]);
    wire.extend_from_slice(&[9; 0x41]);
    wire
}

#[test]
fn the_case_binding_stability() {
    let encoded = binding().encode();
    let shown: String = encoded.iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = format!("0001{}{}46524445{}", "11".repeat(16), "22".repeat(32), policy_digest());
    assert_eq!(shown, expected);
    assert_eq!(CaseBinding::decode(&encoded).unwrap(), binding());
    assert!(CaseBinding::decode(&encoded[1..]).is_err());
    assert!(CaseBinding::decode(&[&encoded[..], &[0]].concat()).is_err());
}

#[test]
fn the_policy_and_certificate_digest_stability() {
    let certificate = EpochCertificate {
        group: vec![1],
        epoch: 2,
        commit: Digest::new([3; 32]),
        tree_hash: vec![4],
        transcript_hash: vec![5],
        confirmation: Digest::new([6; 32]),
    };
    let shown = [policy_digest(), certificate_digest(&certificate)].map(|digest| digest.to_string());
    assert_eq!(
        shown,
        [
            "9fa3ee9705762ba27d1b0f7a55c1e7a489368a1be476e885c6ab3b31fc4a09d0",
            "6b530c68e4228f3a7d83ecda0fa7b76e891f34a8e7634da64311d5672f80d15b"
        ],
        "a changed digest is a changed protocol"
    );
}

#[test]
fn the_framing_of_a_sealed_body_is_read_as_rfc_9420_writes_it() {
    let header = HeaderDigest::of(b"header");
    let sealed = Sealed::from_wire(Bytes::from(framed(b"group", 7, header.as_bytes())));
    let frame = Frame::read(&sealed).unwrap();
    assert_eq!((frame.group, frame.epoch), (&b"group"[..], 7));
    frame.check_header(header).unwrap();
    assert_eq!(frame.check_header(HeaderDigest::of(b"other")).unwrap_err().code, model::RefusalCode::R94);
}

#[test]
fn a_handshake_a_trailing_byte_or_a_long_form_of_a_short_length_is_no_sealed_body() {
    let good = framed(b"group", 7, &[5; 32]);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut wire = good.clone();
        change(&mut wire);
        Frame::read(&Sealed::from_wire(Bytes::from(wire))).map(|frame| frame.epoch)
    };
    assert!(with(&|_| {}).is_ok());
    assert!(with(&|wire| wire[18] = 3).is_err(), "a commit");
    assert!(with(&|wire| wire.push(0)).is_err());
    assert!(with(&|wire| wire[3] = 1).is_err(), "a PublicMessage");
    // The group's length 5 in two bytes [RFC 9420 §2.1.2: the shortest form].
    assert!(with(&|wire| drop(wire.splice(4..5, [0x40, 5]))).is_err());
}

#[test]
fn a_chain_keeps_its_certificates_and_has_its_limits() {
    let chain = [vec![1; 70], vec![2; 300]];
    assert_eq!(decode_chain(&encode_chain(&chain).unwrap()).unwrap(), chain);
    let none: [Vec<u8>; 0] = [];
    assert!(encode_chain(&none).is_err(), "no certificate");
    assert!(encode_chain(&[Vec::new()]).is_err(), "an empty one");
    assert!(encode_chain(&vec![vec![1]; 5]).is_err(), "five");
    assert!(encode_chain(&[vec![1; 13 * 1024]]).is_err(), "13 KiB");
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), epoch in any::<u64>()) {
        let mut wire = framed(b"group", epoch, &[5; 32]);
        wire.extend_from_slice(&bytes);
        let _ = Frame::read(&Sealed::from_wire(Bytes::from(wire)));
        let _ = Frame::read(&Sealed::from_wire(Bytes::from(bytes.clone())));
        let _ = CaseBinding::decode(&bytes);
        let _ = decode_chain(&bytes);
        let _ = Follower::from_blob(&bytes);
    }
}
