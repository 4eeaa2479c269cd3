//! What a desk must look at before it joins, and what it must be able to restore.

use std::collections::BTreeMap;

use model::{CaseId, EpochCertificate, Handshake, RefusalCode};
use roster::{CaseBinding, Follower};
use seal::Member;

use crate::{
    flow::{Opened, opened},
    raw::{Raw, key_package},
    world::{Desk, World, authority, binding, header, refused},
};

#[test]
fn a_welcome_into_another_group_than_the_gateways_saw_is_refused_r94() {
    let world = World::new();
    let leaf = world.leaf("DE:central");
    let package = world.key_package(&leaf);
    // The same desk opens two groups of the case, shows the gateways one, and welcomes into the other.
    let shown = Raw::new(&world).add(key_package(&world.key_package(&leaf).public));
    let hidden = Raw::new(&world).add(key_package(&package.public));
    let approved = Follower::open_with(&shown, &world.binding, &world.de, world.now).unwrap();
    let join = |binding: &CaseBinding, certificate: &EpochCertificate| {
        Member::join(
            std::slice::from_ref(&leaf.identity),
            &package.private,
            &hidden.welcome,
            binding,
            certificate,
            &world.de,
            world.now,
        )
    };
    refused(join(&world.binding, &approved.epoch), RefusalCode::R94, "epoch");
    let true_epoch = Follower::open_with(&hidden, &world.binding, &world.de, world.now).unwrap().epoch;
    refused(join(&binding(2), &true_epoch), RefusalCode::R94, "group_context");
    let mut false_tag = true_epoch.clone();
    false_tag.confirmation = model::Digest::of(&[b"another"]);
    refused(join(&world.binding, &false_tag), RefusalCode::R94, "epoch");
    assert!(join(&world.binding, &true_epoch).is_ok());
}

/// What a gateway that does not keep the policy would certify.
fn certified_by_nobody(raw: &Raw, handshake: &Handshake) -> EpochCertificate {
    let context = raw.group.public_group().group_context();
    EpochCertificate {
        group: context.group_id().to_vec(),
        epoch: context.epoch().as_u64(),
        commit: model::Digest::of(&[&handshake.commit]),
        tree_hash: context.tree_hash().to_vec(),
        transcript_hash: context.confirmed_transcript_hash().to_vec(),
        confirmation: roster::confirmation_digest(raw.group.confirmation_tag()).unwrap(),
    }
}

/// A desk in a group with somebody who does not keep the policy.
fn beside(raw: &mut Raw, world: &World) -> Member {
    let leaf = world.leaf("DE:central");
    let package = world.key_package(&leaf);
    let handshake = raw.add(key_package(&package.public));
    raw.merge();
    let certificate = certified_by_nobody(raw, &handshake);
    let (id, private) = (&leaf.identity, &package.private);
    Member::join(
        std::slice::from_ref(id),
        private,
        &handshake.welcome,
        &world.binding,
        &certificate,
        &world.de,
        world.now,
    )
    .unwrap()
}

#[test]
fn a_desk_does_not_follow_a_commit_that_adds_a_ghost_even_if_gateways_certify_it() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let mut desk = beside(&mut raw, &world);
    let handshake = raw.add(key_package(&world.key_package(&world.leaf("ZZ:central")).public));
    raw.merge();
    let certificate = certified_by_nobody(&raw, &handshake);
    let result = desk.follow(&handshake, &certificate, &world.de, world.now);
    refused(result, RefusalCode::R93, "commit.proposals[0]");
    assert_eq!((desk.epoch(), desk.members().unwrap().len()), (1, 2), "nothing changed");
}

#[test]
fn a_desk_does_not_follow_a_commit_that_rebinds_the_group() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let mut desk = beside(&mut raw, &world);
    let other = roster::context_extensions(&binding(2)).unwrap();
    let handshake =
        raw.assisted(|builder| builder.force_self_update(true).propose_group_context_extensions(other).unwrap());
    raw.merge();
    let certificate = certified_by_nobody(&raw, &handshake);
    let result = desk.follow(&handshake, &certificate, &world.de, world.now);
    refused(result, RefusalCode::R94, "commit.proposals[0]");
}

#[test]
fn a_desk_does_not_follow_an_outsider_who_commits_itself_in() {
    let world = World::new();
    let mut raw = Raw::new(&world);
    let mut desk = beside(&mut raw, &world);
    let (handshake, outsider) = raw.external_commit(&world.leaf("DE:police"));
    let certificate = certified_by_nobody(&outsider, &handshake);
    refused(desk.follow(&handshake, &certificate, &world.de, world.now), RefusalCode::R94, "commit.sender");
}

#[test]
fn a_desk_that_lost_its_state_is_replaced_and_comes_in_anew() {
    let Opened { world, mut gateways, mut fr, de, de_leaf, .. } = opened(true);
    drop(de);
    let package = world.key_package(&de_leaf);
    let again = fr.run(|member| member.add(&[&package.public], &world.fr, world.now));
    refused(again, RefusalCode::R94, "commit");
    let lost = authority("DE:central");
    let handshake = fr.run(|member| member.replace(&lost, &[&package.public], &world.fr, world.now)).unwrap();
    let approved = gateways.take(&world, &handshake);
    assert_eq!((&approved.removed, &approved.added), (&vec![lost.clone()], &vec![lost]));
    assert_eq!(approved.packages, [package.reference], "gateways can hold it to what the desk offered");
    fr.run(|member| member.merge(&approved.epoch)).unwrap();
    let (id, private) = (&de_leaf.identity, &package.private);
    let de = Member::join(
        std::slice::from_ref(id),
        private,
        &handshake.welcome,
        &world.binding,
        &approved.epoch,
        &world.de,
        world.now,
    );
    let mut de = Desk::new(de.unwrap(), &de_leaf, true);
    let sealed = de.run(|member| member.seal(b"back", header("back"))).unwrap();
    assert_eq!(fr.run(|member| member.open(&sealed, header("back"))).unwrap().plaintext.as_slice(), b"back");
}

#[test]
fn a_desk_does_not_join_a_group_with_a_ghost_in_it() {
    let world = World::new();
    let leaf = world.leaf("DE:central");
    let mut raw = Raw::new(&world);
    raw.add(key_package(&world.key_package(&world.leaf("ZZ:central")).public));
    raw.merge();
    let package = world.key_package(&leaf);
    let handshake = raw.add(key_package(&package.public));
    raw.merge();
    let certificate = certified_by_nobody(&raw, &handshake);
    let (id, private) = (&leaf.identity, &package.private);
    let result = Member::join(
        std::slice::from_ref(id),
        private,
        &handshake.welcome,
        &world.binding,
        &certificate,
        &world.de,
        world.now,
    );
    refused(result, RefusalCode::R93, "welcome.members[1]");
}

#[test]
fn a_key_package_is_used_once_and_a_last_resort_more_often() {
    let world = World::new();
    let leaf = world.leaf("DE:central");
    let join = |package: &seal::PreparedKeyPackage| {
        let handshake = Raw::new(&world).add(key_package(&package.public));
        let epoch = Follower::open_with(&handshake, &world.binding, &world.de, world.now).unwrap().epoch;
        let (id, private) = (&leaf.identity, &package.private);
        let mut member = Member::join(
            std::slice::from_ref(id),
            private,
            &handshake.welcome,
            &world.binding,
            &epoch,
            &world.de,
            world.now,
        )?;
        let rows = member.changes()?;
        assert!(rows.iter().all(|row| !row.key.starts_with(b"KeyPackage")), "the invitation is not the case's");
        Ok::<_, model::Denial>(member)
    };
    let packages = seal::prepare_key_packages(&leaf.identity, 2, true, world.now).unwrap();
    assert!(!packages[0].last_resort && join(&packages[0]).is_ok());
    assert!(packages[1].last_resort && join(&packages[1]).is_ok() && join(&packages[1]).is_ok());
}

#[test]
fn a_member_is_restored_only_whole_for_its_case_and_seals_only_with_its_key() {
    let Opened { world, mut fr, fr_leaf, .. } = opened(false);
    let mut fresh = Member::create(&fr_leaf.identity, &world.binding, &world.fr, world.now).unwrap();
    let rows: BTreeMap<_, _> = fresh.changes().unwrap().into_iter().map(|row| (row.key, row.value.unwrap())).collect();
    let identities = [fr_leaf.identity];
    let case = world.binding.case;
    assert!(Member::restore(&identities, case, rows.clone()).is_ok());
    assert_eq!(Member::restore(&identities, CaseId::new([9; 16]), rows.clone()).unwrap_err().reason(), "STORAGE");
    let stranger = [world.leaf("FR:central").identity];
    let mut keyless = Member::restore(&stranger, case, rows.clone()).unwrap();
    assert_eq!(keyless.leaf_key().unwrap(), identities[0].public_key(), "it tells which key it wants");
    assert_eq!(keyless.seal(b"plain", header("plain")).unwrap_err().reason(), "UNKNOWN");
    assert_eq!(keyless.rotate(None, &world.fr, world.now).unwrap_err().reason(), "UNKNOWN");
    for key in rows.keys().filter(|key| key.starts_with(b"Tree") || key.starts_with(b"rogatory")) {
        let mut partial = rows.clone();
        partial.remove(key);
        assert_eq!(Member::restore(&identities, case, partial).unwrap_err().reason(), "STORAGE");
    }
    assert!(fr.run(Member::changes).unwrap().is_empty());
}

#[test]
fn no_secret_shows_in_debug_output() {
    let Opened { mut fr, .. } = opened(false);
    fr.member.seal(b"plain", header("plain")).unwrap();
    let rows = fr.member.changes().unwrap();
    assert!(!rows.is_empty());
    let shown = format!("{:?} {:?}", fr.member, rows);
    assert!(shown.len() < 40 * (rows.len() + 1), "{shown}");
}
