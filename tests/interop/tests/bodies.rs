//! Bodies between the two implementations, and the header they are bound to.

use bytes::Bytes;
use identity::desk_name;
use mls_rs::error::MlsError;
use model::Sealed;
use roster::Grace;
use seal::OpenError;

use crate::{
    case::{Case, case},
    foreign::NotTaken,
    world::{authority, header},
};

#[test]
fn a_desk_on_mls_rs_joins_by_welcome_and_reads_the_case_it_is_bound_to() {
    let Case { world, de, .. } = case();
    assert_eq!(de.binding(), world.binding.encode());
    assert_eq!(de.names(), ["FR:central", "DE:central"].map(|id| desk_name(&authority(id))));
}

#[test]
fn each_opens_what_the_other_sealed_and_knows_whose_desk_it_was() {
    let Case { gateways, mut fr, mut de, .. } = case();
    for size in [0, 1, 255, 256, 70_000] {
        let body = vec![0x5a; size];
        let sealed = fr.seal(&body, header("a request")).unwrap();
        gateways.de.check_sealed(&sealed, header("a request"), Grace::None).unwrap();
        let (plaintext, sender) = de.open(&sealed, header("a request")).unwrap();
        assert_eq!((plaintext, sender), (body.clone(), desk_name(&authority("FR:central"))));

        let sealed = de.seal(&body, header("an answer"));
        gateways.fr.check_sealed(&sealed, header("an answer"), Grace::None).unwrap();
        let opened = fr.open(&sealed, header("an answer")).unwrap();
        assert_eq!((opened.plaintext.to_vec(), opened.sender), (body, authority("DE:central")));
    }
}

#[test]
fn neither_takes_a_body_that_is_bound_to_another_header_than_the_one_in_hand() {
    let Case { gateways, mut fr, mut de, .. } = case();
    let sealed = fr.seal(b"a request", header("a request")).unwrap();
    assert!(matches!(de.open(&sealed, header("another")), Err(NotTaken::OtherHeader)));
    let sealed = de.seal(b"an answer", header("an answer"));
    assert!(gateways.fr.check_sealed(&sealed, header("another"), Grace::None).is_err());
    assert_eq!(fr.open(&sealed, header("another")), Err(OpenError::OtherHeader));
    assert!(fr.open(&sealed, header("an answer")).is_ok(), "its key is not used up");
}

/// `sealed`, rebound on its way to the header `to`.
fn rebound(sealed: &Sealed, from: &str, to: &str) -> Sealed {
    let (from, to) = (header(from), header(to));
    let mut wire = sealed.wire().to_vec();
    let at = wire.windows(32).position(|window| window == from.as_bytes()).unwrap();
    wire[at..at + 32].copy_from_slice(to.as_bytes());
    Sealed::from_wire(Bytes::from(wire))
}

#[test]
fn neither_takes_a_body_that_was_rebound_to_another_header_on_its_way() {
    let Case { mut fr, mut de, .. } = case();
    let sealed = rebound(&fr.seal(b"a request", header("a request")).unwrap(), "a request", "another");
    assert!(matches!(de.open(&sealed, header("another")), Err(NotTaken::Mls(MlsError::CryptoProviderError(_)))));
    let sealed = rebound(&de.seal(b"an answer", header("an answer")), "an answer", "another");
    assert_eq!(fr.open(&sealed, header("another")), Err(OpenError::Unopenable));
}

#[test]
fn neither_takes_a_body_twice() {
    let Case { mut fr, mut de, .. } = case();
    let sealed = fr.seal(b"a request", header("a request")).unwrap();
    de.open(&sealed, header("a request")).unwrap();
    assert!(matches!(de.open(&sealed, header("a request")), Err(NotTaken::Mls(MlsError::KeyMissing(_)))));
    let sealed = de.seal(b"an answer", header("an answer"));
    fr.open(&sealed, header("an answer")).unwrap();
    assert_eq!(fr.open(&sealed, header("an answer")), Err(OpenError::Replayed));
}

#[test]
fn a_body_that_a_commit_overtook_is_opened_by_both() {
    let Case { world, mut gateways, mut fr, mut de, .. } = case();
    let request = fr.seal(b"a request", header("a request")).unwrap();
    let answer = de.seal(b"an answer", header("an answer"));
    let handshake = fr.rotate(None, &world.fr, world.now).unwrap();
    let approved = gateways.take(&world, &handshake);
    fr.merge(&approved.epoch).unwrap();
    de.follow(&handshake).unwrap();
    gateways.fr.check_sealed(&answer, header("an answer"), Grace::PreviousEpoch).unwrap();
    assert_eq!(de.open(&request, header("a request")).unwrap().0, b"a request");
    assert_eq!(fr.open(&answer, header("an answer")).unwrap().plaintext.as_slice(), b"an answer");
}
