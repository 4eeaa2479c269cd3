//! What somebody on the way could do to a handshake that was good.

use bytes::Bytes;
use model::{Digest, EpochCertificate, Handshake, RefusalCode};
use roster::Follower;
use seal::{FollowError, Member};

use crate::{
    flow::{Opened, opened},
    raw::{Raw, key_package},
    world::{World, authority, header, refused},
};

/// The membership tag of a PublicMessage: its last field, 32 bytes. Only members can check it [RFC 9420 §6.2].
const MEMBERSHIP_TAG_BYTES: usize = 32;

fn good(world: &World) -> (Follower, Handshake) {
    let mut raw = Raw::new(world);
    let follower = raw.follower(world);
    let package = key_package(&world.key_package(&world.leaf("DE:central")).public);
    (follower, raw.add(package))
}

fn flipped(bytes: &Bytes, at: usize) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << (at % 8);
    Bytes::from(bytes)
}

#[test]
fn a_flipped_bit_anywhere_in_a_commit_but_its_membership_tag_is_refused() {
    let world = World::new();
    let (follower, good) = good(&world);
    let covered = good.commit.len() - MEMBERSHIP_TAG_BYTES;
    // The confirmation tag stands before the membership tag: each of its bytes; of the others a sample.
    let confirmation = covered - 2 - 32..covered;
    for at in (0..confirmation.start).step_by(41).chain(confirmation) {
        let handshake = Handshake { commit: flipped(&good.commit, at), ..good.clone() };
        assert!(follower.check(&handshake, &world.de, world.now).is_err(), "byte {at} of {}", good.commit.len());
    }
    let handshake = Handshake { commit: flipped(&good.commit, covered), ..good.clone() };
    let approved = follower.check(&handshake, &world.de, world.now).unwrap();
    let original = follower.check(&good, &world.de, world.now).unwrap();
    assert_ne!(approved.epoch.commit, original.epoch.commit, "but the certificate names the exact bytes");
    assert_eq!(approved.epoch.confirmation, original.epoch.confirmation);
}

#[test]
fn a_certified_commit_that_does_not_verify_leaves_a_desk_as_it_was_and_it_comes_in_anew() {
    let Opened { world, mut gateways, mut fr, mut de, de_leaf, .. } = opened(false);
    // FR's desk is the hostile one: it sends its renewal under a membership tag that only DE's desk could check.
    let good = fr.run(|member| member.rotate(None, &world.fr, world.now)).unwrap();
    let bad = Handshake { commit: flipped(&good.commit, good.commit.len() - 1), ..good.clone() };
    let certified = gateways.take(&world, &bad).epoch;
    for _ in 0..2 {
        let result = de.member.follow(&bad, &certified, &world.de, world.now);
        assert_eq!(result.unwrap_err(), FollowError::Unverifiable);
        assert_eq!((de.member.epoch(), de.member.changes().unwrap().len()), (1, 0), "nothing changed");
    }
    let own = EpochCertificate { commit: Digest::of(&[&good.commit]), ..certified };
    let other = de.member.follow(&bad, &own, &world.de, world.now);
    refused(other, RefusalCode::R94, "epoch");
    fr.run(|member| member.merge(&own)).unwrap();

    let package = world.key_package(&de_leaf);
    let desk = authority("DE:central");
    let anew = fr.run(|member| member.replace(&desk, &[&package.public], &world.fr, world.now)).unwrap();
    let epoch = gateways.take(&world, &anew).epoch;
    fr.run(|member| member.merge(&epoch)).unwrap();
    let (id, private) = (&de_leaf.identity, &package.private);
    let mut again =
        Member::join(std::slice::from_ref(id), private, &anew.welcome, &world.binding, &epoch, &world.de, world.now)
            .unwrap();
    let sealed = fr.run(|member| member.seal(b"go on", header("go on"))).unwrap();
    assert_eq!(again.open(&sealed, header("go on")).unwrap().plaintext.as_slice(), b"go on");
}

#[test]
fn a_flipped_bit_anywhere_in_a_group_info_is_refused() {
    let world = World::new();
    let (follower, good) = good(&world);
    for at in (0..good.group_info.len()).step_by(61) {
        let handshake = Handshake { group_info: flipped(&good.group_info, at), ..good.clone() };
        assert!(follower.check(&handshake, &world.de, world.now).is_err(), "byte {at} of {}", good.group_info.len());
    }
}

#[test]
fn the_group_info_of_another_commit_is_refused_r94() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let follower = raw.follower(&world);
    let one = raw.assisted(|builder| builder.force_self_update(true));
    raw.group.clear_pending_commit(openmls_traits::OpenMlsProvider::storage(&raw.provider)).unwrap();
    let other = raw.assisted(|builder| builder.force_self_update(true));
    let mixed = Handshake { group_info: other.group_info, ..one.clone() };
    refused(follower.check(&mixed, &world.de, world.now), RefusalCode::R94, "group_info");
    let missing = Handshake { group_info: Bytes::new(), ..one };
    refused(follower.check(&missing, &world.de, world.now), RefusalCode::R94, "group_info");
}

#[test]
fn a_withheld_welcome_is_refused_r94() {
    let world = World::new();
    let (follower, good) = good(&world);
    let handshake = Handshake { welcome: Bytes::new(), ..good };
    refused(follower.check(&handshake, &world.de, world.now), RefusalCode::R94, "welcome");
}

#[test]
fn a_welcome_for_somebody_else_is_refused_r94() {
    let world = World::new();
    let (follower, one) = good(&world);
    let (_, other) = good(&world);
    let handshake = Handshake { welcome: other.welcome, ..one };
    refused(follower.check(&handshake, &world.de, world.now), RefusalCode::R94, "welcome");
}

#[test]
fn a_welcome_for_nobody_is_refused_r94() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let follower = raw.follower(&world);
    let (_, other) = good(&world);
    let handshake = raw.assisted(|builder| builder.force_self_update(true));
    let handshake = Handshake { welcome: other.welcome, ..handshake };
    refused(follower.check(&handshake, &world.de, world.now), RefusalCode::R94, "welcome");
}

#[test]
fn a_handshake_of_another_group_or_a_second_opening_is_refused_r94() {
    let Opened { world, gateways, mut fr, first, .. } = opened(false);
    let (_, other) = good(&world);
    let foreign = Handshake { opening: Bytes::new(), ..other };
    refused(gateways.home().check(&foreign, &world.fr, world.now), RefusalCode::R94, "commit");
    let handshake = fr.run(|member| member.rotate(None, &world.fr, world.now)).unwrap();
    let again = Handshake { opening: first.opening, ..handshake };
    refused(gateways.home().check(&again, &world.fr, world.now), RefusalCode::R94, "opening");
}
