//! Changes of the group: made by one implementation, followed by the other and by three gateways.

use identity::desk_name;
use mls_rs::{
    error::MlsError,
    group::{CommitEffect, ReceivedMessage},
};
use model::Fault;
use seal::{Member, prepare_key_packages};

use crate::{
    case::{Case, agree, case},
    foreign::{NotTaken, applicant},
    world::{authority, header},
};

#[test]
fn rotations_of_either_are_followed_by_the_other_and_by_every_gateway() {
    let Case { world, mut gateways, mut fr, mut de, .. } = case();
    for round in 0..3 {
        let handshake = fr.rotate(None, &world.fr, world.now).unwrap();
        let approved = gateways.take(&world, &handshake);
        fr.merge(&approved.epoch).unwrap();
        de.follow(&handshake).unwrap();
        agree(&fr, &de, &approved.epoch);

        let handshake = de.commit(|builder| builder);
        let approved = gateways.take(&world, &handshake);
        assert_eq!((&approved.committer, approved.epoch.epoch), (&authority("DE:central"), 2 * round + 3));
        de.merge();
        let change = fr.follow(&handshake, &approved.epoch, &world.fr, world.now).unwrap();
        assert_eq!(change.committer, authority("DE:central"));
        agree(&fr, &de, &approved.epoch);
    }
    let sealed = de.seal(b"an answer", header("an answer"));
    assert_eq!(fr.open(&sealed, header("an answer")).unwrap().sender, authority("DE:central"));
}

#[test]
fn each_follows_when_the_other_renews_its_certificate_and_key() {
    let Case { world, mut gateways, mut fr, mut de, .. } = case();
    let handshake = fr.rotate(Some(&world.leaf("FR:central").identity), &world.fr, world.now).unwrap();
    let approved = gateways.take(&world, &handshake);
    fr.merge(&approved.epoch).unwrap();
    de.follow(&handshake).unwrap();
    agree(&fr, &de, &approved.epoch);

    let handshake = de.renew(&world.leaf("DE:central"));
    let approved = gateways.take(&world, &handshake);
    de.merge();
    fr.follow(&handshake, &approved.epoch, &world.fr, world.now).unwrap();
    agree(&fr, &de, &approved.epoch);

    let sealed = fr.seal(b"with the new key", header("a request")).unwrap();
    assert_eq!(de.open(&sealed, header("a request")).unwrap().1, desk_name(&authority("FR:central")));
    let sealed = de.seal(b"with the new key", header("an answer"));
    assert_eq!(fr.open(&sealed, header("an answer")).unwrap().sender, authority("DE:central"));
}

#[test]
fn a_desk_of_ours_joins_by_the_welcome_of_mls_rs_and_is_removed_by_ours() {
    let Case { world, mut gateways, mut fr, mut de, .. } = case();
    let court = world.leaf("DE:court");
    let package = prepare_key_packages(&court.identity, 1, false, world.now).unwrap().remove(0);
    let handshake = de.add(&package.public);
    let approved = gateways.take(&world, &handshake);
    assert_eq!(approved.added, [authority("DE:court")]);
    de.merge();
    fr.follow(&handshake, &approved.epoch, &world.fr, world.now).unwrap();
    let (id, private, epoch) = (&court.identity, &package.private, &approved.epoch);
    let mut court = Member::join(
        std::slice::from_ref(id),
        private,
        &handshake.welcome,
        &world.binding,
        epoch,
        &world.de,
        world.now,
    )
    .unwrap();
    agree(&court, &de, epoch);
    let sealed = de.seal(b"an order", header("an order"));
    for desk in [&mut fr, &mut court] {
        assert_eq!(desk.open(&sealed, header("an order")).unwrap().sender, authority("DE:central"));
    }

    let handshake = fr.remove(&authority("DE:court"), &world.fr, world.now).unwrap();
    let approved = gateways.take(&world, &handshake);
    assert_eq!(approved.removed, [authority("DE:court")]);
    fr.merge(&approved.epoch).unwrap();
    de.follow(&handshake).unwrap();
    agree(&fr, &de, &approved.epoch);
    assert_eq!(de.names(), ["FR:central", "DE:central"].map(|id| desk_name(&authority(id))));
}

#[test]
fn a_desk_on_mls_rs_that_ours_removes_is_told_so() {
    let Case { world, mut gateways, mut fr, mut de, .. } = case();
    let handshake = fr.remove(&authority("DE:central"), &world.fr, world.now).unwrap();
    let approved = gateways.take(&world, &handshake);
    fr.merge(&approved.epoch).unwrap();
    let received = de.follow(&handshake).unwrap();
    let effect = if let ReceivedMessage::Commit(commit) = received { Some(commit.effect) } else { None };
    assert!(matches!(effect, Some(CommitEffect::Removed { .. })));
    let sealed = fr.seal(b"not for DE", header("not for DE")).unwrap();
    assert!(matches!(de.open(&sealed, header("not for DE")), Err(NotTaken::Mls(MlsError::EpochNotFound))));
}

#[test]
fn a_desk_on_mls_rs_that_lost_its_state_is_taken_in_anew_by_ours() {
    let Case { world, mut gateways, mut fr, de, .. } = case();
    drop(de);
    let applicant = applicant(&world, &world.leaf("DE:central"));
    let key_package = applicant.key_package();
    let lost = [authority("DE:central")];
    let handshake = fr.replace(&lost[0], &[&key_package], &world.fr, world.now).unwrap();
    let approved = gateways.take(&world, &handshake);
    assert_eq!((approved.added.as_slice(), approved.removed.as_slice()), (lost.as_slice(), lost.as_slice()));
    fr.merge(&approved.epoch).unwrap();
    let mut de = applicant.join(&handshake.welcome).unwrap();
    agree(&fr, &de, &approved.epoch);
    let sealed = fr.seal(b"after the loss", header("after the loss")).unwrap();
    assert_eq!(de.open(&sealed, header("after the loss")).unwrap().1, desk_name(&authority("FR:central")));
}

#[test]
fn of_two_commits_of_an_epoch_the_loser_gives_way_whichever_it_is() {
    let Case { world, mut gateways, mut fr, mut de, .. } = case();
    let (ours, theirs) = (fr.rotate(None, &world.fr, world.now).unwrap(), de.commit(|builder| builder));
    let approved = gateways.take(&world, &theirs);
    let stale = gateways.fr.check(&ours, &world.fr, world.now).unwrap_err();
    assert_eq!(stale.reason(), Fault::StaleEpoch.as_str());
    de.merge();
    fr.follow(&theirs, &approved.epoch, &world.fr, world.now).unwrap();
    agree(&fr, &de, &approved.epoch);

    let (ours, theirs) = (fr.rotate(None, &world.fr, world.now).unwrap(), de.commit(|builder| builder));
    let approved = gateways.take(&world, &ours);
    let stale = gateways.de.check(&theirs, &world.de, world.now).unwrap_err();
    assert_eq!(stale.reason(), Fault::StaleEpoch.as_str());
    fr.merge(&approved.epoch).unwrap();
    de.follow(&ours).unwrap();
    agree(&fr, &de, &approved.epoch);
}
