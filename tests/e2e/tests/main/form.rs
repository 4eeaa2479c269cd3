//! Messages that are not what they should be: a structured answer, and nothing kept.

use bytes::Bytes;
use identity::sign_envelope;
use model::{EnvelopeDigest, HeaderDigest, Payload, Sealed, limits};
use proto::{
    peer::{RelayItem, RelayRequest},
    types,
};
use tonic::{Code, Status};

use crate::{
    bounded,
    pair::Pair,
    scribe::{Case, Scribe},
    wire,
};

const SUBMIT: &str = "/rogatory.desk.v1.SubmissionService/Submit";
const RELAY: &str = "/rogatory.peer.v1.PeerService/Relay";

/// A desk of JP with a case that FR has agreed to.
pub(crate) async fn with_case(pair: &Pair) -> (Scribe, Case) {
    Scribe::at(&pair.fr).await.invite(1).await;
    let mut desk = Scribe::at(&pair.jp).await;
    let case = desk.open_case(&pair.fr.authority("central")).await;
    (desk, case)
}

/// The reason in the structured error, which the code fits.
pub(crate) fn reason(denied: &Status, code: Code) -> String {
    let info = wire::error_info(denied);
    assert_eq!(denied.code(), code, "{denied:?}");
    info.reason
}

#[tokio::test]
async fn what_is_no_message_is_answered_with_malformed() {
    bounded(async {
        let pair = Pair::shared().await;
        let (jp, fr) = (&pair.jp, &pair.fr);
        // A length that reaches beyond the end; a field of the wrong wire type; noise.
        for garbage in [vec![0x0a, 0xff, 0x7f, 1, 2], vec![0x08, 0x01], vec![0xff; 64]] {
            let desk = wire::channel(jp, jp.desk_listen, &jp.tls(&jp.desk_dir("central")));
            let denied = wire::send_bytes(desk, SUBMIT, garbage.clone()).await.unwrap_err();
            assert_eq!(reason(&denied, Code::InvalidArgument), "MALFORMED");
            let peer = wire::channel(fr, fr.peer_listen, &jp.tls(&jp.gateway_dir()));
            let denied = wire::send_bytes(peer, RELAY, garbage).await.unwrap_err();
            assert_eq!(reason(&denied, Code::InvalidArgument), "MALFORMED");
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_over_the_limit_is_answered_with_too_large_and_read_no_further() {
    bounded(async {
        let pair = Pair::shared().await;
        let (jp, fr) = (&pair.jp, &pair.fr);
        let field = |len: usize| {
            // Field 1, length-delimited, as both requests have it.
            let mut bytes = vec![0x0a];
            prost::encode_length_delimiter(len, &mut bytes).unwrap();
            bytes.resize(bytes.len() + len, 0);
            bytes
        };
        let desk = wire::channel(jp, jp.desk_listen, &jp.tls(&jp.desk_dir("central")));
        let denied = wire::send_bytes(desk, SUBMIT, field(8 << 20)).await.unwrap_err();
        assert_eq!(reason(&denied, Code::ResourceExhausted), "TOO_LARGE");
        let peer = wire::channel(fr, fr.peer_listen, &jp.tls(&jp.gateway_dir()));
        let denied = wire::send_bytes(peer, RELAY, field(17 << 20)).await.unwrap_err();
        assert_eq!(reason(&denied, Code::ResourceExhausted), "TOO_LARGE");
    })
    .await;
}

#[tokio::test]
async fn a_call_with_too_many_entries_is_answered_with_too_large() {
    bounded(async {
        let pair = Pair::shared().await;
        let mut peer = wire::as_peer(&pair.fr, &pair.jp.tls(&pair.jp.gateway_dir()));
        let items = vec![RelayItem::default(); limits::RELAY_BATCH_ENTRIES_MAX + 1];
        let denied = peer.relay(RelayRequest { items, ..RelayRequest::default() }).await.unwrap_err();
        assert_eq!(reason(&denied, Code::ResourceExhausted), "TOO_LARGE");
        let denied = peer.relay(RelayRequest { items: vec![RelayItem::default()], ..RelayRequest::default() }).await;
        assert_eq!(reason(&denied.unwrap_err(), Code::InvalidArgument), "MALFORMED");
    })
    .await;
}

#[tokio::test]
async fn an_entry_over_the_size_limit_is_refused_and_nothing_of_it_is_stored() {
    bounded(async {
        let pair = Pair::shared().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let marker = b"BYTES-OF-AN-ENTRY-THAT-IS-TOO-LARGE";
        let mut entry = desk.request(&mut case, b"body");
        let mut large = marker.to_vec();
        large.resize(limits::SEALED_BYTES_MAX + 1, b'x');
        entry.payload = Payload::Sealed(Sealed::from_wire(large.into()));
        let envelope = EnvelopeDigest::of(entry.header_digest(), &entry.payload);
        entry.desk = sign_envelope(&pair.jp.key("desks/central", "desk.key.pem"), envelope);
        let denied = desk.submit(&entry).await.unwrap_err();
        assert_eq!(reason(&denied, Code::ResourceExhausted), "TOO_LARGE");
        pair.assert_not_written(marker);
    })
    .await;
}

#[tokio::test]
async fn an_entry_with_a_forged_signature_is_refused_with_r95_and_nothing_of_it_is_stored() {
    bounded(async {
        let pair = Pair::shared().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let entry = desk.request(&mut case, b"body");
        let wire = proto::convert::send_entry(&entry);
        let spoil = |bytes: &Bytes| Bytes::from(bytes.iter().map(|byte| byte ^ 1).collect::<Vec<_>>());

        let mut forged = wire.clone();
        let signature = forged.desk.as_mut().unwrap();
        signature.signature = spoil(&signature.signature);
        assert_eq!(reason(&desk.submit_wire(forged).await.unwrap_err(), Code::PermissionDenied), "R95");

        let mut forged = wire.clone();
        let signature = forged.officers[0].signature.as_mut().unwrap();
        signature.signature = spoil(&signature.signature);
        assert_eq!(reason(&desk.submit_wire(forged).await.unwrap_err(), Code::PermissionDenied), "R95");

        // One officer twice is not two officers.
        let mut forged = wire.clone();
        forged.officers[1] = forged.officers[0].clone();
        assert_eq!(reason(&desk.submit_wire(forged).await.unwrap_err(), Code::PermissionDenied), "R95");

        // The header was changed after it was signed.
        let mut header = proto::decode_header(&wire.header).unwrap();
        header.measures[0].subjects = 2;
        let forged = types::Entry { header: proto::encode_header(&header), ..wire.clone() };
        assert_eq!(reason(&desk.submit_wire(forged).await.unwrap_err(), Code::PermissionDenied), "R95");

        let Some(types::entry::Payload::Sealed(sealed)) = &wire.payload else { panic!("a request is sealed") };
        pair.assert_not_written(&sealed[sealed.len() - 32..]);
    })
    .await;
}

#[tokio::test]
async fn a_header_that_is_not_canonical_is_malformed_even_where_it_is_signed() {
    bounded(async {
        let pair = Pair::shared().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let entry = desk.request(&mut case, b"body");
        let desk_key = pair.jp.key("desks/central", "desk.key.pem");
        // An unknown field behind the others; the first field again.
        for tail in [vec![0xf8, 0x07, 0x01], entry.header_bytes[..18].to_vec()] {
            let mut header = entry.header_bytes.to_vec();
            header.extend(tail);
            let digest = HeaderDigest::of(&header);
            let mut wire = proto::convert::send_entry(&entry);
            let signature = sign_envelope(&desk_key, EnvelopeDigest::of(digest, &entry.payload));
            wire.desk = Some(proto::convert::signature_to_wire(&signature));
            wire.header = header.into();
            let denied = desk.submit_wire(wire).await.unwrap_err();
            assert_eq!(reason(&denied, Code::InvalidArgument), "MALFORMED");
        }
        let denied = desk.submit_wire(types::Entry::default()).await.unwrap_err();
        assert_eq!(reason(&denied, Code::InvalidArgument), "MALFORMED");
    })
    .await;
}

#[tokio::test]
async fn the_same_entry_again_gets_the_first_receipt_and_another_under_its_id_none() {
    bounded(async {
        let pair = Pair::own().await;
        let mut fr_desk = Scribe::at(&pair.fr).await;
        let (mut desk, mut case) = with_case(&pair).await;
        let entry = desk.request(&mut case, b"body");
        let first = desk.submit(&entry).await.unwrap();
        desk.verdict(entry.header.entry).await;
        assert_eq!(desk.submit(&entry).await.unwrap(), first);
        assert_eq!(desk.submit(&entry).await.unwrap(), first);

        let same_id = |header: &mut model::Header| header.entry = entry.header.entry;
        let other = desk.request_with(&mut case, b"another body", same_id);
        let denied = desk.submit(&other).await.unwrap_err();
        assert_eq!(reason(&denied, Code::AlreadyExists), "ENTRY_ID_REUSED");
        assert_eq!(fr_desk.arrivals(3).await.len(), 2, "the other desk got an entry twice");
    })
    .await;
}

#[tokio::test]
async fn no_gateway_writes_a_body_and_no_log_names_anything_of_it() {
    bounded(async {
        let pair = Pair::own().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let marker = "SUSPECT-NAMED-ONLY-IN-THE-BODY";
        let entry = desk.request(&mut case, format!("{{\"name\":\"{marker}\"}}").as_bytes());
        desk.submit(&entry).await.unwrap();
        desk.verdict(entry.header.entry).await;
        // A refused one too: what is refused is what tempts a program to log it.
        let mut late = desk.request(&mut case, marker.as_bytes());
        late.officers.clear();
        desk.submit(&late).await.unwrap_err();
        pair.assert_not_written(marker.as_bytes());
        for gateway in [&pair.jp_gateway, &pair.fr_gateway] {
            assert!(gateway.log().contains("entry admitted"), "the log was not looked at");
        }
    })
    .await;
}
