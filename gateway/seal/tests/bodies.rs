//! What somebody on the way, or a desk out of step, could do with a sealed body.

use bytes::Bytes;
use model::{Denial, Fault, RefusalCode, Sealed, limits};
use roster::Grace;
use seal::OpenError;

use crate::{
    flow::{Opened, opened},
    world::{header, refused},
};

/// The same body with another header's digest in its framing.
fn rebound(sealed: &Sealed, from: &str, to: &str) -> Sealed {
    let (from, to) = (header(from), header(to));
    let mut wire = sealed.wire().to_vec();
    let at = wire.windows(32).position(|window| window == from.as_bytes()).unwrap();
    wire[at..at + 32].copy_from_slice(to.as_bytes());
    Sealed::from_wire(Bytes::from(wire))
}

#[test]
fn a_body_beside_another_header_is_refused_r94_by_the_gateway_and_by_the_desk() {
    let Opened { gateways, mut fr, mut de, .. } = opened(false);
    let sealed = fr.run(|member| member.seal(b"facts", header("mine"))).unwrap();
    refused(gateways.home().check_sealed(&sealed, header("other"), Grace::None), RefusalCode::R94, "payload");
    assert_eq!(de.run(|member| member.open(&sealed, header("other"))), Err(OpenError::OtherHeader));

    // Rewriting the framing deceives a gateway, which has no key. It does not deceive the desk.
    let forged = rebound(&sealed, "mine", "other");
    gateways.home().check_sealed(&forged, header("other"), Grace::None).unwrap();
    assert_eq!(de.run(|member| member.open(&forged, header("other"))), Err(OpenError::Unopenable));
    assert!(de.run(|member| member.open(&sealed, header("mine"))).is_ok(), "the forgery used nothing up");
}

#[test]
fn a_replayed_body_does_not_open_twice() {
    let Opened { mut fr, mut de, .. } = opened(true);
    let sealed = fr.run(|member| member.seal(b"once", header("once"))).unwrap();
    assert!(de.run(|member| member.open(&sealed, header("once"))).is_ok());
    assert_eq!(de.run(|member| member.open(&sealed, header("once"))), Err(OpenError::Replayed));
}

#[test]
fn bodies_open_out_of_order_and_two_epochs_late_but_not_three() {
    let Opened { world, mut gateways, mut fr, mut de, .. } = opened(true);
    let texts = ["a", "b", "c"];
    let sealed = texts.map(|text| fr.run(|member| member.seal(text.as_bytes(), header(text))).unwrap());
    assert!(de.run(|member| member.open(&sealed[2], header("c"))).is_ok());
    for late in 1..=3 {
        let handshake = fr.run(|member| member.rotate(None, &world.fr, world.now)).unwrap();
        let approved = gateways.take(&world, &handshake);
        fr.run(|member| member.merge(&approved.epoch)).unwrap();
        let unreached = fr.run(|member| member.seal(b"new", header("new"))).unwrap();
        assert_eq!(de.run(|member| member.open(&unreached, header("new"))), Err(OpenError::FutureEpoch));
        de.run(|member| member.follow(&handshake, &approved.epoch, &world.de, world.now)).unwrap();
        let gateway = gateways.home();
        let stale = |result: Result<(), Denial>| result.is_err_and(|denial| denial.reason() == "STALE_EPOCH");
        assert!(stale(gateway.check_sealed(&sealed[0], header("a"), Grace::None)));
        assert_eq!(late > 1, stale(gateway.check_sealed(&sealed[0], header("a"), Grace::PreviousEpoch)));
        match late {
            1 => assert!(de.run(|member| member.open(&sealed[1], header("b"))).is_ok()),
            2 => {}
            _ => assert_eq!(de.run(|member| member.open(&sealed[0], header("a"))), Err(OpenError::PastEpoch)),
        }
    }
}

#[test]
fn a_body_two_epochs_late_opens_after_its_sender_renewed_its_leaf() {
    let Opened { world, mut gateways, mut fr, mut de, .. } = opened(true);
    let sealed = fr.run(|member| member.seal(b"late", header("late"))).unwrap();
    for _ in 0..2 {
        let renewed = world.leaf("FR:central");
        fr.identities.push(renewed.identity.clone());
        let handshake = fr.run(|member| member.rotate(Some(&renewed.identity), &world.fr, world.now)).unwrap();
        let approved = gateways.take(&world, &handshake);
        fr.run(|member| member.merge(&approved.epoch)).unwrap();
        de.run(|member| member.follow(&handshake, &approved.epoch, &world.de, world.now)).unwrap();
    }
    let opened = de.run(|member| member.open(&sealed, header("late"))).unwrap();
    assert_eq!(opened.sender, crate::world::authority("FR:central"));
}

#[test]
fn a_body_of_another_case_is_refused() {
    let (mut one, mut other) = (opened(false), opened(false));
    let sealed = other.fr.run(|member| member.seal(b"x", header("x"))).unwrap();
    refused(one.gateways.home().check_sealed(&sealed, header("x"), Grace::None), RefusalCode::R94, "payload");
    assert_eq!(one.de.run(|member| member.open(&sealed, header("x"))), Err(OpenError::OtherGroup));
}

#[test]
fn a_body_is_padded_and_has_a_limit() {
    let Opened { mut fr, .. } = opened(false);
    let short = fr.run(|member| member.seal(b"yes", header("1"))).unwrap();
    let long = fr.run(|member| member.seal(b"no, and here is why", header("2"))).unwrap();
    assert_eq!(short.len(), long.len(), "a length tells little");
    let largest = vec![7; limits::SEALED_BYTES_MAX - 2048];
    assert!(fr.run(|member| member.seal(&largest, header("3"))).unwrap().len() <= limits::SEALED_BYTES_MAX);
    let denial = fr.run(|member| member.seal(&vec![7; limits::SEALED_BYTES_MAX], header("4"))).unwrap_err();
    assert_eq!(denial.reason(), Fault::TooLarge.as_str());
}
