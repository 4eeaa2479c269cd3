//! Whatever bytes come, the answer is a refusal or a fault, never a panic.

use std::sync::LazyLock;

use bytes::Bytes;
use model::{CaseId, Handshake, Sealed};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use roster::{CaseBinding, Follower, Frame, Grace, check_key_package, decode_chain, welcomed};
use seal::Member;
use zeroize::Zeroizing;

use crate::{
    raw::{Raw, key_package},
    world::{Leaf, World, header},
};

struct Good {
    world: World,
    leaf: Leaf,
    package: seal::PreparedKeyPackage,
    follower: Follower,
    handshake: Handshake,
    sealed: Sealed,
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let world = World::new();
    let leaf = world.leaf("DE:central");
    let package = world.key_package(&leaf);
    let mut raw = Raw::new(&world);
    let follower = raw.follower(&world);
    let handshake = raw.add(key_package(&package.public));
    let mut member = Member::create(&world.leaf("FR:central").identity, &world.binding, &world.fr, world.now).unwrap();
    let sealed = member.seal(b"facts", header("x")).unwrap();
    Good { world, leaf, package, follower, handshake, sealed }
});

/// Bytes from nowhere, or `good` with a few bytes changed, cut or doubled.
fn mangled(good: Vec<u8>) -> impl Strategy<Value = Bytes> {
    let len = good.len();
    let edits = proptest::collection::vec((0..len, any::<u8>()), 0..8);
    let edited = (Just(good), edits, 0..=len, any::<bool>()).prop_map(|(mut bytes, edits, cut, longer)| {
        edits.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        if longer {
            bytes.extend_from_within(cut..)
        } else {
            bytes.truncate(cut.max(bytes.len() / 2))
        }
        Bytes::from(bytes)
    });
    prop_oneof![3 => edited, 1 => proptest::collection::vec(any::<u8>(), 0..600).prop_map(Bytes::from)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_handshake_makes_a_gateway_panic(
        opening in mangled(GOOD.handshake.opening.to_vec()),
        commit in mangled(GOOD.handshake.commit.to_vec()),
        group_info in mangled(GOOD.handshake.group_info.to_vec()),
        welcome in mangled(GOOD.handshake.welcome.to_vec()),
    ) {
        let Good { world, follower, handshake: good, .. } = &*GOOD;
        let (fr, now) = (&world.fr, world.now);
        let _ = Follower::open(&opening, &world.binding, fr, now);
        let _ = follower.check(&Handshake { commit, ..good.clone() }, fr, now);
        let _ = follower.check(&Handshake { group_info, ..good.clone() }, fr, now);
        let _ = welcomed(&welcome);
        let _ = follower.check(&Handshake { welcome, ..good.clone() }, fr, now);
    }

    #[test]
    fn no_welcome_key_package_or_stored_part_makes_a_desk_panic(
        welcome in mangled(GOOD.handshake.welcome.to_vec()),
        public in mangled(GOOD.package.public.clone()),
        blob in mangled(GOOD.follower.to_blob().unwrap()),
        row in mangled(b"rogatory member v1".to_vec()),
    ) {
        let Good { world, leaf, package, follower, handshake, .. } = &*GOOD;
        let epoch = follower.check(handshake, &world.fr, world.now).unwrap().epoch;
        let (id, private) = (&leaf.identity, &package.private);
        let _ = Member::join(std::slice::from_ref(id), private, &welcome, &world.binding, &epoch, &world.de, world.now);
        let _ = check_key_package(&public, &world.fr, world.now);
        if let Ok(follower) = Follower::from_blob(&blob) {
            let _ = follower.check(handshake, &world.fr, world.now);
        }
        let row = Zeroizing::new(row.to_vec());
        let _ = Member::restore(&[], CaseId::new([1; 16]), [(b"rogatory member v1".to_vec(), row)]);
    }

    #[test]
    fn no_sealed_body_binding_or_chain_makes_a_reader_panic(
        body in mangled(GOOD.sealed.wire().to_vec()),
        binding in mangled(GOOD.world.binding.encode()),
    ) {
        let sealed = Sealed::from_wire(body.clone());
        let framed = Frame::read(&sealed).is_ok();
        // Our reader of the framing admits nothing that openmls would not read.
        let read = tls_codec::Deserialize::tls_deserialize_exact(&*body);
        assert!(!framed || read.is_ok_and(|message: openmls::prelude::MlsMessageIn| message.try_into_protocol_message().is_ok()));
        let _ = GOOD.follower.check_sealed(&sealed, header("x"), Grace::PreviousEpoch);
        let _ = decode_chain(&body);
        if let Ok(read) = CaseBinding::decode(&binding) {
            assert_eq!(read.encode(), &*binding);
        }
    }
}
