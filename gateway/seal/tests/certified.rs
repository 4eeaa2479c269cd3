//! What an auditor reads of an epoch from its handshake and the gateways' certificate, without replaying the commit.

use bytes::Bytes;
use model::{Digest, EpochCertificate, Handshake, RefusalCode};
use roster::CertifiedEpoch;

use crate::{
    flow::{Opened, opened},
    world::{World, binding, refused},
};

fn read(world: &World, handshake: &Handshake, epoch: &EpochCertificate) -> Result<CertifiedEpoch, model::Denial> {
    CertifiedEpoch::read(None, handshake, epoch, &world.binding, &world.de, world.now)
}

fn flipped(bytes: &Bytes, at: usize) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << (at % 8);
    Bytes::from(bytes)
}

fn certified() -> (Opened, EpochCertificate) {
    let opened = opened(false);
    let follower =
        roster::Follower::open_with(&opened.first, &opened.world.binding, &opened.world.fr, opened.world.now);
    let epoch = follower.unwrap().epoch;
    (opened, epoch)
}

#[test]
fn a_flipped_bit_in_a_commit_or_its_group_info_is_not_what_was_certified() {
    let (Opened { world, first, .. }, epoch) = certified();
    read(&world, &first, &epoch).unwrap();
    for at in (0..first.commit.len()).step_by(17) {
        let handshake = Handshake { commit: flipped(&first.commit, at), ..first.clone() };
        refused(read(&world, &handshake, &epoch), RefusalCode::R94, "commit");
    }
    for at in (0..first.group_info.len()).step_by(17) {
        let handshake = Handshake { group_info: flipped(&first.group_info, at), ..first.clone() };
        assert!(read(&world, &handshake, &epoch).is_err(), "byte {at} of {}", first.group_info.len());
    }
}

#[test]
fn a_certificate_that_differs_in_any_field_is_of_another_epoch() {
    let (Opened { world, first, .. }, good) = certified();
    let other = Digest::new([7; 32]);
    let lies = [
        EpochCertificate { group: vec![7], ..good.clone() },
        EpochCertificate { epoch: 2, ..good.clone() },
        EpochCertificate { commit: other, ..good.clone() },
        EpochCertificate { tree_hash: other.as_bytes().to_vec(), ..good.clone() },
        EpochCertificate { transcript_hash: other.as_bytes().to_vec(), ..good.clone() },
        EpochCertificate { confirmation: other, ..good },
    ];
    for lie in lies {
        assert!(read(&world, &first, &lie).is_err(), "{lie:?}");
    }
}

#[test]
fn an_epoch_of_another_case_or_out_of_its_turn_is_refused_r94() {
    let (Opened { world, first, .. }, epoch) = certified();
    let strange = CertifiedEpoch::read(None, &first, &epoch, &binding(2), &world.de, world.now);
    refused(strange, RefusalCode::R94, "group_context");
    let before = read(&world, &first, &epoch).unwrap();
    let again = CertifiedEpoch::read(Some(&before), &first, &epoch, &world.binding, &world.de, world.now);
    refused(again, RefusalCode::R94, "commit");
}

#[test]
fn a_leaf_whose_certificate_is_over_when_it_comes_in_is_refused_r95() {
    let (Opened { world, first, .. }, epoch) = certified();
    let late = world.now.plus_ms(29 * 24 * 3600 * 1000);
    let read = CertifiedEpoch::read(None, &first, &epoch, &world.binding, &world.de, late);
    refused(read, RefusalCode::R95, "members[0]");
}
