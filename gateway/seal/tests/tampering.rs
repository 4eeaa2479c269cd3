//! What somebody on the way could do to a handshake that was good.

use bytes::Bytes;
use model::{Handshake, RefusalCode};
use roster::Follower;

use crate::{
    flow::{Opened, opened},
    raw::{Raw, key_package},
    world::{World, refused},
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
fn a_commit_with_a_flipped_membership_tag_is_not_followed_by_a_desk() {
    let Opened { world, mut fr, mut de, gateways, .. } = opened(false);
    let good = fr.run(|member| member.rotate(None, &world.fr, world.now)).unwrap();
    let at = good.commit.len() - 1;
    let bad = Handshake { commit: flipped(&good.commit, at), ..good };
    let approved = gateways.home().check(&bad, &world.fr, world.now).unwrap();
    let result = de.run(|member| member.follow(&bad, &approved.epoch, &world.de, world.now));
    refused(result, RefusalCode::R94, "commit");
    assert_eq!(de.member.epoch(), 1, "nothing changed");
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
