//! A case that FR's desk (ours) opened with DE's desk (mls-rs) in it, followed by three gateways: ours of FR, ours of DE, and one on
//! mls-rs.

use mls_rs::{
    MlsMessage,
    client_builder::MlsConfig,
    external_client::{ExternalGroup, builder::MlsConfig as ExternalConfig},
};
use model::{EpochCertificate, Handshake};
use roster::{Approved, Follower, check_key_package};
use seal::Member;

use crate::{
    foreign::{ForeignDesk, applicant, moment, observe},
    world::{World, authority},
};

/// The gateways of a case.
pub(crate) struct Gateways<X: ExternalConfig> {
    pub(crate) fr: Follower,
    pub(crate) de: Follower,
    foreign: ExternalGroup<X>,
}

pub(crate) struct Case<C: MlsConfig, X: ExternalConfig> {
    pub(crate) world: World,
    pub(crate) gateways: Gateways<X>,
    pub(crate) fr: Member,
    pub(crate) de: ForeignDesk<C>,
}

/// All gateways take the first handshake of a case.
pub(crate) fn follow_from(world: &World, first: &Handshake) -> (Gateways<impl ExternalConfig + use<>>, Approved) {
    let approved = Follower::open_with(first, &world.binding, &world.fr, world.now).unwrap();
    let de = Follower::open_with(first, &world.binding, &world.de, world.now).unwrap();
    assert_eq!(approved, de);
    let mut foreign = observe(world, &first.opening).unwrap();
    process(world, &mut foreign, first);
    same_epoch(&foreign, &approved.epoch);
    (Gateways { fr: approved.next.clone(), de: de.next, foreign }, approved)
}

impl<X: ExternalConfig> Gateways<X> {
    /// All gateways take a later handshake, and see the same.
    pub(crate) fn take(&mut self, world: &World, handshake: &Handshake) -> Approved {
        let approved = self.fr.check(handshake, &world.fr, world.now).unwrap();
        assert_eq!(approved, self.de.check(handshake, &world.de, world.now).unwrap());
        process(world, &mut self.foreign, handshake);
        same_epoch(&self.foreign, &approved.epoch);
        (self.fr, self.de) = (approved.next.clone(), approved.next.clone());
        approved
    }
}

fn process<X: ExternalConfig>(world: &World, gateway: &mut ExternalGroup<X>, handshake: &Handshake) {
    let commit = MlsMessage::from_bytes(&handshake.commit).unwrap();
    gateway.process_incoming_message_with_time(commit, moment(world.now)).unwrap();
}

/// The gateway on mls-rs is where ours say that the group is.
fn same_epoch<X: ExternalConfig>(gateway: &ExternalGroup<X>, certificate: &EpochCertificate) {
    let context = gateway.group_context();
    assert_eq!((&context.group_id, context.epoch), (&certificate.group, certificate.epoch));
    assert_eq!(context.tree_hash, certificate.tree_hash);
    assert_eq!(*context.confirmed_transcript_hash, certificate.transcript_hash);
}

/// Desks of both kinds share the epoch that the gateways certified: its public hashes, and its secrets.
pub(crate) fn agree<C: MlsConfig>(ours: &Member, theirs: &ForeignDesk<C>, certificate: &EpochCertificate) {
    let context = theirs.context();
    assert_eq!((&context.group_id, context.epoch), (&certificate.group, certificate.epoch));
    assert_eq!(context.tree_hash, certificate.tree_hash);
    assert_eq!(*context.confirmed_transcript_hash, certificate.transcript_hash);
    assert_eq!(theirs.acknowledgement(certificate), ours.acknowledgement(certificate).unwrap());
}

/// FR's desk opens the case and adds DE's, which joins.
pub(crate) fn case() -> Case<impl MlsConfig, impl ExternalConfig> {
    let world = World::new();
    let applicant = applicant(&world, &world.leaf("DE:central"));
    let key_package = applicant.key_package();
    let admitted = check_key_package(&key_package, &world.fr, world.now).unwrap();
    assert_eq!(admitted.authority, authority("DE:central"));
    assert!(!admitted.last_resort);

    let mut fr = Member::create(&world.leaf("FR:central").identity, &world.binding, &world.fr, world.now).unwrap();
    let first = fr.add(&[&key_package], &world.fr, world.now).unwrap();
    let (gateways, approved) = follow_from(&world, &first);
    assert_eq!(approved.members, ["FR:central", "DE:central"].map(authority));
    fr.merge(&approved.epoch).unwrap();
    assert_eq!(roster::welcomed(&first.welcome).unwrap(), [admitted.reference]);
    let de = applicant.join(&first.welcome).unwrap();
    agree(&fr, &de, &approved.epoch);
    Case { world, gateways, fr, de }
}
