//! What mls-rs does by default, or can do, and a case's group does not take; and what mls-rs itself does not take.

use std::time::Duration;

use mls_rs::{
    client_builder::{MlsConfig, PaddingMode},
    error::MlsError,
    mls_rules::{CommitOptions, EncryptionOptions},
};
use model::{Handshake, RefusalCode};
use roster::{Follower, check_key_package};
use seal::{Member, prepare_key_packages};

use crate::{
    case::{Case, case},
    foreign::{Applicant, ForeignDesk, LIFETIME, applicant, applicant_with, assisted},
    world::{World, refused},
};

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// FR's desk (ours) opens a case with DE's desk of given settings; gives the gateway's view, too.
fn case_of<C: MlsConfig>(world: &World, applicant: Applicant<C>) -> (Follower, ForeignDesk<C>) {
    let mut fr = Member::create(&world.leaf("FR:central").identity, &world.binding, &world.fr, world.now).unwrap();
    let first = fr.add(&[&applicant.key_package()], &world.fr, world.now).unwrap();
    let approved = Follower::open_with(&first, &world.binding, &world.fr, world.now).unwrap();
    (approved.next, applicant.join(&first.welcome).unwrap())
}

#[test]
fn a_key_package_of_a_year_as_mls_rs_makes_by_default_is_refused_r95() {
    let world = World::new();
    let year = applicant_with(&world, &world.leaf("DE:central"), YEAR, assisted(), EncryptionOptions::default());
    refused(check_key_package(&year.key_package(), &world.fr, world.now), RefusalCode::R95, "key_package");
}

#[test]
fn a_commit_of_mls_rs_without_the_next_group_info_is_refused() {
    let world = World::new();
    let lax = assisted().with_allow_external_commit(false);
    let leaf = world.leaf("DE:central");
    let (gateway, mut de) = case_of(&world, applicant_with(&world, &leaf, LIFETIME, lax, EncryptionOptions::default()));
    let handshake = de.commit(|builder| builder);
    assert!(handshake.group_info.is_empty());
    refused(gateway.check(&handshake, &world.fr, world.now), RefusalCode::R94, "group_info");
}

#[test]
fn an_add_without_a_path_as_mls_rs_makes_by_default_is_refused_r94() {
    let world = World::new();
    let lax = CommitOptions::new().with_allow_external_commit(true);
    let leaf = world.leaf("DE:central");
    let (gateway, mut de) = case_of(&world, applicant_with(&world, &leaf, LIFETIME, lax, EncryptionOptions::default()));
    let package = prepare_key_packages(&world.leaf("DE:court").identity, 1, false, world.now).unwrap().remove(0);
    refused(gateway.check(&de.add(&package.public), &world.fr, world.now), RefusalCode::R94, "commit.path");
}

#[test]
fn an_encrypted_commit_of_mls_rs_is_refused_r94() {
    let world = World::new();
    let encrypted = EncryptionOptions::new(true, PaddingMode::None);
    let leaf = world.leaf("DE:central");
    let (gateway, mut de) = case_of(&world, applicant_with(&world, &leaf, LIFETIME, assisted(), encrypted));
    refused(gateway.check(&de.commit(|builder| builder), &world.fr, world.now), RefusalCode::R94, "commit");
}

#[test]
fn a_ghost_that_mls_rs_would_add_is_refused_r93_by_both_gateways() {
    let Case { world, gateways, mut de, .. } = case();
    // Certified by a root that mls-rs trusts, but of a state that is not in the case.
    let ghost = applicant(&world, &world.leaf("ZZ:central"));
    let handshake = de.add(&ghost.key_package());
    refused(gateways.fr.check(&handshake, &world.fr, world.now), RefusalCode::R93, "commit.proposals[0]");
    refused(gateways.de.check(&handshake, &world.de, world.now), RefusalCode::R93, "commit.proposals[0]");
    de.discard();
    assert_eq!(de.names().len(), 2);
}

#[test]
fn a_change_of_the_binding_by_mls_rs_is_refused_r94() {
    let Case { world, gateways, mut de, .. } = case();
    let mut context = de.context().extensions.clone();
    context.set(mls_rs::Extension::new(roster::EXTENSION.into(), b"another case".to_vec()));
    let handshake = de.commit(|builder| builder.set_group_context_ext(context).unwrap());
    refused(gateways.fr.check(&handshake, &world.fr, world.now), RefusalCode::R94, "commit.proposals[0]");
}

#[test]
fn a_commit_of_mls_rs_with_the_group_info_of_another_commit_is_refused_r94() {
    let Case { world, gateways, mut de, .. } = case();
    let first = de.commit(|builder| builder);
    de.discard();
    let mut second = de.commit(|builder| builder);
    second.group_info = first.group_info;
    refused(gateways.fr.check(&second, &world.fr, world.now), RefusalCode::R94, "group_info");
}

#[test]
fn a_confirmation_tag_of_mls_rs_that_was_flipped_is_refused_r94() {
    let Case { world, gateways, mut de, .. } = case();
    let handshake = de.commit(|builder| builder);
    assert!(gateways.fr.check(&handshake, &world.fr, world.now).is_ok());
    let mut commit = handshake.commit.to_vec();
    // Two tags stand last, each of 32 bytes behind its length; no signature covers the first [RFC 9420 §6.2].
    let confirmation = commit.len() - 2 * 33;
    assert_eq!((commit[confirmation], commit[confirmation + 33]), (32, 32));
    commit[confirmation + 1] ^= 1;
    let flipped = Handshake { commit: commit.into(), ..handshake };
    refused(gateways.fr.check(&flipped, &world.fr, world.now), RefusalCode::R94, "group_info");
}

#[test]
fn a_leaf_under_a_false_root_is_refused_by_ours_and_by_mls_rs() {
    let world = World::new();
    // FR's root of this one is false.
    let mut gullible = World::new();
    gullible.believed = vec![gullible.root("FR"), world.root("DE")];
    let false_leaf = gullible.leaf("FR:central");
    let key_package = applicant(&gullible, &false_leaf).key_package();
    refused(check_key_package(&key_package, &world.de, world.now), RefusalCode::R95, "key_package");

    for (believer, joins) in [(&gullible, true), (&world, false)] {
        let joiner = applicant(believer, &world.leaf("DE:central"));
        let mut opener = applicant(&gullible, &false_leaf).open_case(world.binding.encode());
        let first = opener.add(&joiner.key_package());
        let joined = joiner.join(&first.welcome);
        assert_eq!(joined.is_ok(), joins);
        assert!(joins || matches!(joined, Err(MlsError::IdentityProviderError(_))));
        refused(
            Follower::open_with(&first, &world.binding, &world.de, world.now),
            RefusalCode::R95,
            "opening.members[0]",
        );
    }
}
