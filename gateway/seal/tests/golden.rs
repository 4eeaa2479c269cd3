//! State that an earlier version stored must still be readable: a group outlives an upgrade.
//!
//! `tests/golden` was written by [`write`]; write it anew only when a release migrates what is stored.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use model::{AuthorityId, Handshake, Refusal, Sealed, Timestamp};
use roster::{Accreditation, Follower, Grace};
use seal::{LeafIdentity, Member};
use zeroize::Zeroizing;

use crate::{
    flow::Gateways,
    world::{World, authority, binding, header},
};

/// PKCS#8 of an Ed25519 key whose seed is known to everybody [RFC 8410 §7].
fn open_secret() -> Vec<u8> {
    let prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    [&prefix[..], &[7; 32]].concat()
}

/// The certificates of the golden group have expired: what is proven here is that its state is read.
struct AnyFrench;

impl Accreditation for AnyFrench {
    fn authority_of(&self, _: &[&[u8]], _: &[u8], _: Timestamp) -> Result<AuthorityId, Refusal> {
        Ok(authority("FR:central"))
    }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn read(name: &str) -> Bytes {
    Bytes::from(fs::read(file(name)).unwrap())
}

/// Rows as pairs of key and value, each behind its length.
fn rows() -> Vec<(Vec<u8>, Zeroizing<Vec<u8>>)> {
    let bytes = read("member.rows");
    let mut rest = &bytes[..];
    let mut part = || {
        let (len, tail) = rest.split_first_chunk::<4>()?;
        let (part, tail) = tail.split_at(u32::from_be_bytes(*len) as usize);
        rest = tail;
        Some(part.to_vec())
    };
    let mut rows = Vec::new();
    while let (Some(key), Some(value)) = (part(), part()) {
        rows.push((key, Zeroizing::new(value)));
    }
    rows
}

fn handshake() -> Handshake {
    let (commit, group_info) = (read("commit.mls"), read("group_info.mls"));
    Handshake { opening: Bytes::new(), commit, group_info, ..Handshake::default() }
}

#[test]
fn a_stored_follower_follows_on_stability() {
    let follower = Follower::from_blob(&read("follower.blob")).unwrap();
    assert_eq!((follower.epoch(), follower.binding()), (1, &binding(1)));
    assert_eq!(follower.members(), ["FR:central", "DE:central"].map(authority));
    assert_eq!(follower.to_blob().unwrap(), read("follower.blob"));
    let sealed = Sealed::from_wire(read("sealed.mls"));
    follower.check_sealed(&sealed, header("golden"), Grace::None).unwrap();
    let approved = follower.check(&handshake(), &AnyFrench, Timestamp(0)).unwrap();
    assert_eq!((approved.next.epoch(), approved.committer), (2, authority("FR:central")));
    assert_eq!(roster::certificate_digest(&approved.epoch).to_string(), include_str!("golden/epoch.digest"));
}

#[test]
fn a_stored_member_opens_and_follows_on_stability() {
    let nobody: [Vec<u8>; 1] = [vec![0]];
    let identity = LeafIdentity::from_pkcs8(&nobody, &open_secret()).unwrap();
    let mut member = Member::restore(&[identity], binding(1).case, rows()).unwrap();
    let sealed = Sealed::from_wire(read("sealed.mls"));
    let opened = member.open(&sealed, header("golden")).unwrap();
    assert_eq!((opened.plaintext.as_slice(), opened.sender), (&b"golden"[..], authority("FR:central")));
    let follower = Follower::from_blob(&read("follower.blob")).unwrap();
    let epoch = follower.check(&handshake(), &AnyFrench, Timestamp(0)).unwrap().epoch;
    member.follow(&handshake(), &epoch, &AnyFrench, Timestamp(0)).unwrap();
    assert_eq!(member.epoch(), 2);
    assert!(member.seal(b"on", header("on")).is_ok());
}

#[test]
#[ignore = "writes tests/golden anew"]
fn write() {
    let world = World::new();
    let (fr_leaf, de_leaf) = (world.leaf("FR:central"), world.leaf_with_key("DE:central", &open_secret()));
    let package = world.key_package(&de_leaf);
    let mut fr = Member::create(&fr_leaf.identity, &world.binding, &world.fr, world.now).unwrap();
    let first = fr.add(&[&package.public], &world.fr, world.now).unwrap();
    let (gateways, approved) = Gateways::open(&world, &first);
    fr.merge(&approved.epoch).unwrap();
    let (id, private) = (&de_leaf.identity, &package.private);
    let de = Member::join(
        std::slice::from_ref(id),
        private,
        &first.welcome,
        &world.binding,
        &approved.epoch,
        &world.de,
        world.now,
    );
    let mut de = de.unwrap();
    let sealed = fr.seal(b"golden", header("golden")).unwrap();
    let next = fr.rotate(None, &world.fr, world.now).unwrap();
    let epoch = gateways.home().check(&next, &world.fr, world.now).unwrap().epoch;

    let mut rows = Vec::new();
    for row in de.changes().unwrap() {
        for part in [row.key.as_slice(), row.value.as_ref().unwrap()] {
            rows.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
            rows.extend_from_slice(part);
        }
    }
    fs::create_dir_all(file("")).unwrap();
    fs::write(file("follower.blob"), gateways.home().to_blob().unwrap()).unwrap();
    fs::write(file("commit.mls"), &next.commit).unwrap();
    fs::write(file("group_info.mls"), &next.group_info).unwrap();
    fs::write(file("sealed.mls"), sealed.wire()).unwrap();
    fs::write(file("member.rows"), rows).unwrap();
    fs::write(file("epoch.digest"), roster::certificate_digest(&epoch).to_string()).unwrap();
}
