//! Members who try what the policy forbids. Each handshake is well-formed MLS: openmls alone would take it.

use bytes::Bytes;
use model::{Fault, Handshake, RefusalCode, limits};
use openmls::prelude::{
    Extensions, GroupContext, KeyPackage, LeafNodeIndex, Lifetime, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY,
    PURE_PLAINTEXT_WIRE_FORMAT_POLICY,
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use roster::{CIPHERSUITE, Follower, capabilities, check_key_package, context_extensions};
use seal::Member;

use crate::{
    raw::{Raw, encode, key_package},
    world::{Leaf, World, binding, refused},
};

/// What both gateways, and our own desk before it sends, say of adding `leaf`.
fn refuses_to_add(leaf: impl FnOnce(&World) -> Leaf, code: RefusalCode) {
    let world = World::new();
    let package = world.key_package(&leaf(&world));
    let mut raw = Raw::new(&world);
    let handshake = raw.add(key_package(&package.public));
    let field = "commit.proposals[0]";
    refused(Follower::open_with(&handshake, &world.binding, &world.fr, world.now), code, field);
    refused(Follower::open_with(&handshake, &world.binding, &world.de, world.now), code, field);
    let mut own = Member::create(&world.leaf("FR:central").identity, &world.binding, &world.fr, world.now).unwrap();
    let denial = own.add(&[&package.public], &world.fr, world.now).unwrap_err();
    assert_eq!(denial.reason(), code.as_str());
    assert!(!own.has_pending(), "a refused change leaves nothing behind");
    assert!(own.rotate(None, &world.fr, world.now).is_ok());
}

#[test]
fn a_ghost_member_of_a_state_outside_the_case_is_refused_r93() {
    refuses_to_add(|world| world.leaf("ZZ:central"), RefusalCode::R93);
}

#[test]
fn an_authority_that_its_party_did_not_accredit_is_refused_r93() {
    refuses_to_add(|world| world.leaf("DE:bnd"), RefusalCode::R93);
}

#[test]
fn a_second_leaf_of_an_authority_that_has_a_seat_is_refused_r93() {
    let world = World::new();
    let mut own = Member::create(&world.leaf("FR:central").identity, &world.binding, &world.fr, world.now).unwrap();
    for leaf in ["FR:central", "DE:central"] {
        let packages = [leaf, leaf].map(|id| world.key_package(&world.leaf(id)).public);
        let denial = own.add(&[&packages[0], &packages[1]], &world.fr, world.now).unwrap_err();
        assert_eq!(denial.reason(), "R93", "{leaf}");
        assert!(!own.has_pending(), "a refused change leaves nothing behind");
    }
    let mut raw = Raw::new(&world);
    let handshake = raw.add(key_package(&world.key_package(&world.leaf("FR:central")).public));
    for trust in [&world.fr, &world.de] {
        refused(
            Follower::open_with(&handshake, &world.binding, trust, world.now),
            RefusalCode::R93,
            "commit.proposals",
        );
    }
}

#[test]
fn an_accredited_certificate_with_another_key_is_refused_r95() {
    refuses_to_add(|world| world.leaf_with_stolen_certificate("DE:central"), RefusalCode::R95);
}

#[test]
fn a_leaf_of_a_root_that_only_calls_itself_the_states_is_refused_r95() {
    refuses_to_add(|world| world.leaf_of_false_root("DE:central"), RefusalCode::R95);
}

#[test]
fn a_key_package_for_ten_years_is_refused_r95() {
    let world = World::new();
    let leaf = world.leaf("DE:central");
    let bundle = KeyPackage::builder()
        .key_package_lifetime(Lifetime::new(10 * 365 * 24 * 3600))
        .leaf_node_capabilities(capabilities())
        .build(CIPHERSUITE, &OpenMlsRustCrypto::default(), &leaf.identity, leaf.credential())
        .unwrap();
    let package = bundle.into_key_package();
    refused(check_key_package(&encode(&package.clone().into()), &world.fr, world.now), RefusalCode::R95, "key_package");
    let handshake = Raw::new(&world).add(package);
    let result = Follower::open_with(&handshake, &world.binding, &world.fr, world.now);
    refused(result, RefusalCode::R95, "commit.proposals[0]");
}

#[test]
fn a_group_of_another_case_is_refused_r94() {
    let world = World::new();
    let raw = Raw::open(&world.leaf("FR:central"), &binding(2), PURE_PLAINTEXT_WIRE_FORMAT_POLICY);
    let result = Follower::open(&raw.opening(), &world.binding, &world.de, world.now);
    refused(result, RefusalCode::R94, "group_context");
}

#[test]
fn a_group_is_opened_by_the_requesting_party_only() {
    let world = World::new();
    let raw = Raw::open(&world.leaf("DE:central"), &world.binding, PURE_PLAINTEXT_WIRE_FORMAT_POLICY);
    let result = Follower::open(&raw.opening(), &world.binding, &world.de, world.now);
    refused(result, RefusalCode::R93, "opening.members[0]");
}

#[test]
fn a_group_is_followed_from_its_epoch_0_only() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    raw.add(key_package(&world.key_package(&world.leaf("DE:central")).public));
    raw.merge();
    let result = Follower::open(&raw.opening(), &world.binding, &world.de, world.now);
    refused(result, RefusalCode::R94, "opening");
}

#[test]
fn a_commit_that_binds_the_group_to_another_case_is_refused_r94() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let follower = raw.follower(&world);
    let other: Extensions<GroupContext> = context_extensions(&binding(2)).unwrap();
    let handshake =
        raw.assisted(|builder| builder.force_self_update(true).propose_group_context_extensions(other).unwrap());
    refused(follower.check(&handshake, &world.de, world.now), RefusalCode::R94, "commit.proposals[0]");
}

#[test]
fn a_leaf_that_becomes_another_authority_is_refused_r95() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let follower = raw.follower(&world);
    let handshake = raw.renewed_as(&world.leaf("FR:police"));
    refused(follower.check(&handshake, &world.de, world.now), RefusalCode::R95, "commit.path");
}

#[test]
fn a_commit_that_does_not_renew_the_committer_is_refused_r94() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let follower = raw.follower(&world);
    let package = key_package(&world.key_package(&world.leaf("DE:central")).public);
    let handshake = raw.assisted(|builder| builder.propose_adds([package]));
    refused(follower.check(&handshake, &world.de, world.now), RefusalCode::R94, "commit.path");
}

#[test]
fn an_outsider_who_commits_itself_in_is_refused_r94() {
    let world = World::new();
    let raw = Raw::new(&world);
    let follower = raw.follower(&world);
    // Even one who would be admitted if a member added it.
    let (handshake, _) = raw.external_commit(&world.leaf("DE:central"));
    refused(follower.check(&handshake, &world.de, world.now), RefusalCode::R94, "commit.sender");
}

#[test]
fn an_encrypted_handshake_is_refused_r94() {
    let world = World::new();
    let leaf = world.leaf("FR:central");
    let mut raw = Raw::open(&leaf, &world.binding, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY);
    let follower = raw.follower(&world);
    let handshake = raw.assisted(|builder| builder.force_self_update(true));
    refused(follower.check(&handshake, &world.de, world.now), RefusalCode::R94, "commit");
}

#[test]
fn a_proposal_by_itself_or_behind_a_reference_is_refused_r94() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let first = raw.add(key_package(&world.key_package(&world.leaf("DE:central")).public));
    let follower = Follower::open_with(&first, &world.binding, &world.fr, world.now).unwrap().next;
    raw.merge();
    let signer = raw.leaf.identity.clone();
    let (proposal, _) = raw.group.propose_remove_member(&raw.provider, &signer, LeafNodeIndex::new(1)).unwrap();
    let alone = Handshake { opening: Bytes::new(), commit: encode(&proposal), ..first };
    refused(follower.check(&alone, &world.de, world.now), RefusalCode::R94, "commit");
    let referring = raw.assisted(|builder| builder.force_self_update(true));
    refused(follower.check(&referring, &world.de, world.now), RefusalCode::R94, "commit");
}

#[test]
fn more_desks_than_a_case_may_have_are_refused_r94() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let follower = raw.follower(&world);
    let packages: Vec<_> =
        (0..limits::MEMBERS_MAX).map(|_| key_package(&world.key_package(&world.leaf("DE:central")).public)).collect();
    let handshake = raw.assisted(|builder| builder.force_self_update(true).propose_adds(packages));
    refused(follower.check(&handshake, &world.de, world.now), RefusalCode::R94, "members");
}

#[test]
fn an_oversized_handshake_fails_before_it_is_read() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let follower = raw.follower(&world);
    let handshake = raw.assisted(|builder| builder.force_self_update(true));
    let welcome = Bytes::from(vec![0; limits::HANDSHAKE_BYTES_MAX]);
    let denial = follower.check(&Handshake { welcome, ..handshake }, &world.de, world.now).unwrap_err();
    assert_eq!(denial.reason(), Fault::TooLarge.as_str());
}
