//! A case whose group a desk on mls-rs opens: ours takes part as the requested side.

use roster::{Follower, check_key_package};
use seal::{Member, prepare_key_packages};

use crate::{
    case::{agree, follow_from},
    foreign::applicant,
    world::{World, authority, header},
};

#[test]
fn a_case_opened_on_mls_rs_is_followed_and_joined_by_ours() {
    let world = World::new();
    let de_leaf = world.leaf("DE:central");
    let package = prepare_key_packages(&de_leaf.identity, 1, false, world.now).unwrap().remove(0);
    check_key_package(&package.public, &world.fr, world.now).unwrap();
    let mut fr = applicant(&world, &world.leaf("FR:central")).open_case(world.binding.encode());
    let first = fr.add(&package.public);
    let (mut gateways, approved) = follow_from(&world, &first);
    assert_eq!(approved.members, ["FR:central", "DE:central"].map(authority));
    fr.merge();
    let (id, epoch) = (&de_leaf.identity, &approved.epoch);
    let mut de = Member::join(
        std::slice::from_ref(id),
        &package.private,
        &first.welcome,
        &world.binding,
        epoch,
        &world.de,
        world.now,
    )
    .unwrap();
    agree(&de, &fr, epoch);

    let sealed = fr.seal(b"a request", header("a request"));
    assert_eq!(de.open(&sealed, header("a request")).unwrap().sender, authority("FR:central"));
    let handshake = de.rotate(None, &world.de, world.now).unwrap();
    let approved = gateways.take(&world, &handshake);
    de.merge(&approved.epoch).unwrap();
    fr.follow(&handshake).unwrap();
    agree(&de, &fr, &approved.epoch);
    let sealed = de.seal(b"an answer", header("an answer")).unwrap();
    assert_eq!(fr.open(&sealed, header("an answer")).unwrap().0, b"an answer");
}

#[test]
fn a_group_that_mls_rs_binds_to_another_case_is_not_followed() {
    let world = World::new();
    let mut other = world.binding.clone();
    other.case = model::CaseId::new([2; 16]);
    let package = prepare_key_packages(&world.leaf("DE:central").identity, 1, false, world.now).unwrap().remove(0);
    let mut fr = applicant(&world, &world.leaf("FR:central")).open_case(other.encode());
    let first = fr.add(&package.public);
    let refusal = Follower::open_with(&first, &world.binding, &world.fr, world.now).unwrap_err();
    assert_eq!(refusal.reason(), "R94");
}
