//! Two states, two gateways, their desks: a case's group from its opening to the removal of a desk.

use model::{Fault, Handshake, RefusalCode};
use roster::{Approved, CertifiedEpoch, Follower, Grace, check_key_package, welcomed};
use seal::{Member, OpenError};

use crate::world::{Desk, Leaf, MONTH, World, authority, header, refused};

/// Both gateways of a case.
pub(crate) struct Gateways {
    fr: Follower,
    de: Follower,
    /// What an auditor reads out of the same handshakes, without replaying them.
    certified: CertifiedEpoch,
}

impl Gateways {
    /// Both gateways take the first handshake.
    pub(crate) fn open(world: &World, handshake: &Handshake) -> (Self, Approved) {
        let fr = Follower::open_with(handshake, &world.binding, &world.fr, world.now).unwrap();
        let de = Follower::open_with(handshake, &world.binding, &world.de, world.now).unwrap();
        assert_eq!(fr, de, "two gateways that do not trust each other see the same");
        let certified = audited(None, world, handshake, &fr);
        (Self { fr: stored(&fr.next), de: stored(&de.next), certified }, fr)
    }

    /// Both gateways take a later handshake.
    pub(crate) fn take(&mut self, world: &World, handshake: &Handshake) -> Approved {
        let before = self.fr.clone();
        let fr = self.fr.check(handshake, &world.fr, world.now).unwrap();
        assert_eq!(self.fr, before, "checking changes nothing");
        assert_eq!(fr, self.de.check(handshake, &world.de, world.now).unwrap());
        (self.fr, self.de) = (stored(&fr.next), stored(&fr.next));
        self.certified = audited(Some(&self.certified), world, handshake, &fr);
        fr
    }

    pub(crate) fn home(&self) -> &Follower {
        &self.fr
    }
}

/// What an auditor reads of an epoch is what the gateways, who replayed the commit, found.
fn audited(
    before: Option<&CertifiedEpoch>,
    world: &World,
    handshake: &Handshake,
    approved: &Approved,
) -> CertifiedEpoch {
    let read = CertifiedEpoch::read(before, handshake, &approved.epoch, &world.binding, &world.de, world.now).unwrap();
    let sorted = |desks: &[model::AuthorityId]| {
        let mut desks = desks.to_vec();
        desks.sort();
        desks
    };
    assert_eq!(read.members(), approved.members);
    assert_eq!(read.committer, approved.committer);
    assert_eq!(sorted(&read.added), sorted(&approved.added));
    assert_eq!(sorted(&read.removed), sorted(&approved.removed));
    read
}

/// A follower that went through the database.
fn stored(follower: &Follower) -> Follower {
    let blob = follower.to_blob().unwrap();
    let read = Follower::from_blob(&blob).unwrap();
    assert_eq!((&read, read.to_blob().unwrap()), (follower, blob), "the same follower, the same bytes");
    read
}

/// FR's desk opens the group with DE's desk in it; both have merged, and both gateways follow.
pub(crate) struct Opened {
    pub(crate) world: World,
    pub(crate) gateways: Gateways,
    pub(crate) fr: Desk,
    pub(crate) de: Desk,
    pub(crate) fr_leaf: Leaf,
    pub(crate) de_leaf: Leaf,
    pub(crate) first: Handshake,
}

pub(crate) fn opened(restarts: bool) -> Opened {
    let world = World::new();
    let (fr_leaf, de_leaf) = (world.leaf("FR:central"), world.leaf("DE:central"));
    let member = Member::create(&fr_leaf.identity, &world.binding, &world.fr, world.now).unwrap();
    let mut fr = Desk::new(member, &fr_leaf, restarts);
    let package = world.key_package(&de_leaf);
    let admitted = check_key_package(&package.public, &world.fr, world.now).unwrap();
    assert_eq!((admitted.authority, admitted.expires), (authority("DE:central"), package.expires));
    let first = fr.run(|member| member.add(&[&package.public], &world.fr, world.now)).unwrap();
    let (gateways, approved) = Gateways::open(&world, &first);
    assert_eq!(approved.members, ["FR:central", "DE:central"].map(authority));
    assert_eq!((&approved.added, &approved.committer), (&vec![authority("DE:central")], &authority("FR:central")));
    fr.run(|member| member.merge(&approved.epoch)).unwrap();
    assert_eq!(welcomed(&first.welcome).unwrap(), [package.reference]);
    let member = Member::join(
        std::slice::from_ref(&de_leaf.identity),
        &package.private,
        &first.welcome,
        &world.binding,
        &approved.epoch,
        &world.de,
        world.now,
    );
    let de = Desk::new(member.unwrap(), &de_leaf, restarts);
    let acknowledged = fr.member.acknowledgement(&approved.epoch).unwrap();
    assert_eq!(de.member.acknowledgement(&approved.epoch).unwrap(), acknowledged, "the desks share the epoch");
    Opened { world, gateways, fr, de, fr_leaf, de_leaf, first }
}

/// One desk seals, the gateways look at the framing, the other opens.
fn exchange(from: &mut Desk, to: &mut Desk, gateway: &Follower, text: &str) -> model::AuthorityId {
    let sealed = from.run(|member| member.seal(text.as_bytes(), header(text))).unwrap();
    gateway.check_sealed(&sealed, header(text), Grace::None).unwrap();
    let opened = to.run(|member| member.open(&sealed, header(text))).unwrap();
    assert_eq!(opened.plaintext.as_slice(), text.as_bytes());
    assert_eq!(from.run(|member| member.open(&sealed, header(text))), Err(OpenError::Own));
    opened.sender
}

fn life_of_a_group(restarts: bool) {
    let Opened { world, mut gateways, mut fr, mut de, .. } = opened(restarts);
    assert_eq!(exchange(&mut fr, &mut de, gateways.home(), "a request"), authority("FR:central"));
    assert_eq!(exchange(&mut de, &mut fr, gateways.home(), "an answer"), authority("DE:central"));

    // DE renews its leaf with a new key and certificate of the same authority.
    let renewed = world.leaf("DE:central");
    de.identities.push(renewed.identity.clone());
    let handshake = de.run(|member| member.rotate(Some(&renewed.identity), &world.de, world.now)).unwrap();
    let approved = gateways.take(&world, &handshake);
    assert!(approved.added.is_empty() && handshake.welcome.is_empty() && handshake.opening.is_empty());
    de.run(|member| member.merge(&approved.epoch)).unwrap();
    let change = fr.run(|member| member.follow(&handshake, &approved.epoch, &world.fr, world.now)).unwrap();
    assert_eq!(change.committer, authority("DE:central"));
    assert_eq!(exchange(&mut de, &mut fr, gateways.home(), "with the new key"), authority("DE:central"));

    // DE brings its court in, by a last resort; FR follows.
    let court_leaf = world.leaf("DE:court");
    let package = seal::prepare_key_packages(&court_leaf.identity, 2, true, world.now).unwrap().remove(1);
    assert!(package.last_resort && check_key_package(&package.public, &world.de, world.now).unwrap().last_resort);
    let handshake = de.run(|member| member.add(&[&package.public], &world.de, world.now)).unwrap();
    let approved = gateways.take(&world, &handshake);
    de.run(|member| member.merge(&approved.epoch)).unwrap();
    fr.run(|member| member.follow(&handshake, &approved.epoch, &world.fr, world.now)).unwrap();
    let (id, private) = (&court_leaf.identity, &package.private);
    let court = Member::join(
        std::slice::from_ref(id),
        private,
        &handshake.welcome,
        &world.binding,
        &approved.epoch,
        &world.de,
        world.now,
    );
    let mut court = Desk::new(court.unwrap(), &court_leaf, restarts);
    assert_eq!(court.member.members().unwrap(), ["FR:central", "DE:central", "DE:court"].map(authority));
    let acknowledged = [&fr, &de, &court].map(|desk| desk.member.acknowledgement(&approved.epoch).unwrap());
    assert!(acknowledged.iter().all(|each| *each == acknowledged[0]));
    assert_eq!(exchange(&mut court, &mut fr, gateways.home(), "an order"), authority("DE:court"));

    // FR removes it again: it reads no more, and says so.
    let gone = authority("DE:court");
    let handshake = fr.run(|member| member.remove(&gone, &world.fr, world.now)).unwrap();
    let approved = gateways.take(&world, &handshake);
    assert_eq!(approved.removed, [gone]);
    fr.run(|member| member.merge(&approved.epoch)).unwrap();
    for desk in [&mut de, &mut court] {
        desk.run(|member| member.follow(&handshake, &approved.epoch, &world.de, world.now)).unwrap();
    }
    assert!(!court.member.is_active());
    let sealed = fr.run(|member| member.seal(b"not for the court", header("not for the court"))).unwrap();
    assert_eq!(court.member.open(&sealed, header("not for the court")), Err(OpenError::Removed));
    assert!(de.run(|member| member.open(&sealed, header("not for the court"))).is_ok());
    assert_eq!(gateways.home().members(), ["FR:central", "DE:central"].map(authority));
}

#[test]
fn two_gateways_and_their_desks_live_through_a_case() {
    life_of_a_group(false);
}

#[test]
fn a_member_restored_after_every_operation_goes_on() {
    life_of_a_group(true);
}

#[test]
fn a_desk_that_was_away_follows_a_commit_by_the_day_of_its_admission_and_not_by_its_own_r95() {
    let Opened { world, mut gateways, mut fr, mut de, .. } = opened(true);
    // A leaf that ends tomorrow.
    let day_ms = 24 * 3_600_000;
    let ending = world.leaf_at("DE:central", world.now.plus_ms(-27 * day_ms));
    de.identities.push(ending.identity.clone());
    let handshake = de.run(|member| member.rotate(Some(&ending.identity), &world.de, world.now)).unwrap();
    let approved = gateways.take(&world, &handshake);
    de.run(|member| member.merge(&approved.epoch)).unwrap();
    let late = world.now.plus_ms(2 * day_ms);
    let by_its_own = fr.run(|member| member.follow(&handshake, &approved.epoch, &world.fr, late));
    refused(by_its_own, RefusalCode::R95, "commit.path");
    let change = fr.run(|member| member.follow(&handshake, &approved.epoch, &world.fr, world.now)).unwrap();
    assert_eq!(change.committer, authority("DE:central"));
    assert_eq!(exchange(&mut de, &mut fr, gateways.home(), "what waited, too"), authority("DE:central"));
    // Whose leaf has ended since puts a new one in its place, and nobody asks for the old one's time.
    let renewed = world.leaf_at("DE:central", late);
    de.identities.push(renewed.identity.clone());
    let handshake = de.run(|member| member.rotate(Some(&renewed.identity), &world.de, late)).unwrap();
    let checked = gateways.home().check(&handshake, &world.fr, late).unwrap();
    de.run(|member| member.merge(&checked.epoch)).unwrap();
    fr.run(|member| member.follow(&handshake, &checked.epoch, &world.fr, late)).unwrap();
}

#[test]
fn of_two_commits_of_an_epoch_the_second_is_stale_and_its_desk_follows_the_first() {
    let Opened { world, mut gateways, mut fr, mut de, .. } = opened(true);
    let first = fr.run(|member| member.rotate(None, &world.fr, world.now)).unwrap();
    let second = de.run(|member| member.rotate(None, &world.de, world.now)).unwrap();
    let again = de.run(|member| member.rotate(None, &world.de, world.now));
    assert_eq!(again.unwrap_err().reason(), Fault::StaleEpoch.as_str(), "one change at a time");

    let approved = gateways.take(&world, &first);
    let stale = gateways.home().check(&second, &world.fr, world.now).unwrap_err();
    assert_eq!(stale.reason(), Fault::StaleEpoch.as_str());
    assert_eq!(
        de.member.merge(&approved.epoch).unwrap_err().reason(),
        "R94",
        "the certificate is for the other commit"
    );
    de.run(|member| member.follow(&first, &approved.epoch, &world.de, world.now)).unwrap();
    assert!(!de.member.has_pending());
    // Our own commit may come back from the gateway: following it is merging it.
    fr.run(|member| member.follow(&first, &approved.epoch, &world.fr, world.now)).unwrap();
    assert_eq!(exchange(&mut de, &mut fr, gateways.home(), "after the race"), authority("DE:central"));
}

#[test]
fn a_refused_commit_is_discarded_and_the_group_goes_on() {
    let Opened { world, mut gateways, mut fr, mut de, .. } = opened(true);
    fr.run(|member| member.rotate(None, &world.fr, world.now)).unwrap();
    assert!(fr.member.has_pending());
    fr.run(Member::discard).unwrap();
    assert_eq!(exchange(&mut fr, &mut de, gateways.home(), "as before"), authority("FR:central"));
    let handshake = fr.run(|member| member.rotate(None, &world.fr, world.now)).unwrap();
    let approved = gateways.take(&world, &handshake);
    fr.run(|member| member.merge(&approved.epoch)).unwrap();
    de.run(|member| member.follow(&handshake, &approved.epoch, &world.de, world.now)).unwrap();
    assert_eq!(exchange(&mut de, &mut fr, gateways.home(), "in the next epoch"), authority("DE:central"));
}

#[test]
fn a_leaf_that_was_never_renewed_lapses_and_a_renewed_one_does_not() {
    let Opened { world, gateways, mut de, .. } = opened(false);
    assert!(gateways.home().lapsed(&world.fr, world.now).unwrap().is_empty());
    let renewed = world.leaf_at("DE:central", world.now.plus_ms(24 * 3600 * 1000));
    let tomorrow = world.now.plus_ms(25 * 3600 * 1000);
    de.identities.push(renewed.identity.clone());
    let handshake = de.run(|member| member.rotate(Some(&renewed.identity), &world.de, tomorrow)).unwrap();
    gateways.home().check(&handshake, &world.fr, world.now).unwrap_err();
    let next = gateways.home().check(&handshake, &world.fr, tomorrow).unwrap().next;
    let later = world.now.plus_ms(i64::try_from(MONTH.as_millis()).unwrap() + 3600 * 1000);
    let lapsed = next.lapsed(&world.fr, later).unwrap();
    let shown: Vec<_> = lapsed.iter().map(|(who, refusal)| (who.clone(), refusal.code)).collect();
    assert_eq!(shown, [(authority("FR:central"), RefusalCode::R95)]);
}

#[test]
fn a_new_leaf_that_lost_the_race_for_its_epoch_comes_in_with_the_next_commit() {
    let Opened { world, mut gateways, mut fr, mut de, .. } = opened(true);
    let renewed = ["FR:central", "DE:central"].map(|authority| world.leaf_at(authority, world.now).identity);
    for (desk, next) in [(&mut fr, &renewed[0]), (&mut de, &renewed[1])] {
        desk.identities.push(next.clone());
    }
    let first = fr.run(|member| member.rotate(Some(&renewed[0]), &world.fr, world.now)).unwrap();
    de.run(|member| member.rotate(Some(&renewed[1]), &world.de, world.now)).unwrap();
    let approved = gateways.take(&world, &first);
    for desk in [&mut fr, &mut de] {
        desk.run(|member| member.follow(&first, &approved.epoch, &world.de, world.now)).unwrap();
    }
    let second = de.run(|member| member.rotate(Some(&renewed[1]), &world.de, world.now)).unwrap();
    let approved = gateways.take(&world, &second);
    for desk in [&mut de, &mut fr] {
        desk.run(|member| member.follow(&second, &approved.epoch, &world.fr, world.now)).unwrap();
    }
    for (desk, next) in [(&mut fr, &renewed[0]), (&mut de, &renewed[1])] {
        assert_eq!(desk.member.leaf_key().as_deref(), Some(next.public_key()));
        desk.identities.retain(|one| one.public_key() == next.public_key());
    }
    assert_eq!(exchange(&mut de, &mut fr, gateways.home(), "under the new leaves"), authority("DE:central"));
}

#[test]
fn a_member_can_be_handed_to_a_blocking_thread() {
    let Opened { mut fr, .. } = opened(false);
    let sealed = std::thread::spawn(move || fr.run(|member| member.seal(b"x", header("x")))).join().unwrap();
    assert!(!sealed.unwrap().is_empty());
}
