//! A state whose gateway is hostile as a whole: real keys, a real channel, a ledger of its own, no rules.

use identity::{RootCertificate, RootOpening, TrustStore};
use jiff::civil::Date;

use super::{
    adversary::Adversary,
    keys::{self, DeskKeys, GatewayKeys},
    line::{Line, PeerLine},
};
use crate::{
    clock,
    failure::Failure,
    states::{State, World},
};

/// The gateway of `own` in hostile hands, on its channel to `peer`, and the desk `name` behind it.
pub(crate) async fn gateway(own: &State, peer: &State, name: &str, today: Date) -> Result<Adversary, Failure> {
    let now = clock::now();
    let root = keys::root(own)?;
    let mut gateway = GatewayKeys::open(own)?;
    let mut directory = gateway.directory.verify(root.certificate().der(), now)?;
    // Its own directory must trust the peer's root, or nothing that the peer signs can be verified.
    let before = gateway.directory.openings.clone();
    if !before.iter().any(|one| one.party() == peer.party) {
        let theirs = RootCertificate::parse(&keys::root_der(peer)?)?;
        let unexpected = |error: identity::KeyError| Failure::unexpected(error.to_string());
        let openings = [before.clone(), vec![RootOpening::draw(theirs).map_err(unexpected)?]].concat();
        directory.trusted = directory.trusted.revised(&before, &openings).map_err(unexpected)?;
        directory.version += 1;
        directory.issued = now;
        gateway.directory =
            root.sign_directory(&directory, &openings).map_err(|error| Failure::unexpected(error.to_string()))?;
    }
    let mut trust = TrustStore::new(root.certificate().der(), &gateway.directory, &[], now)?;
    let line = PeerLine::open(&peer.peer_listen, &keys::root_der(peer)?, own.party, gateway, &mut trust).await?;
    Adversary::new(DeskKeys::open(own, name)?, trust, Line::Peer(Box::new(line)), today)
}

/// A state that was made for this: its operators never started the honest gateway.
pub(crate) async fn state(world: &World, party: &str, peers: &[&str]) -> Result<State, Failure> {
    let rogue = world.rogue(party).await?;
    for peer in peers {
        world.pin(world.state(peer)?, &rogue).await?;
    }
    Ok(rogue)
}
