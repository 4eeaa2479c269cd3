//! FR asks DE. ZZ is a state whose root all know, but which is not in the case. Certificates, directories and trust are the real ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use identity::{
    Authority, Commitments, Directory, Officer, Root, RootOpening, SignedDirectory, SigningKey, TrustStore,
};
use model::{
    AuthorityId, AuthorityKind, CaseId, Denial, Digest, HeaderDigest, PartyId, Pin, RefusalCode, Role, Timestamp,
};
use roster::CaseBinding;
use seal::LeafIdentity;

const MONTH: Duration = Duration::from_secs(28 * 24 * 3600);

pub(crate) struct World {
    pub(crate) now: Timestamp,
    roots: BTreeMap<PartyId, Root>,
    /// The roots, DER, that a desk or gateway on mls-rs takes for those of the states.
    pub(crate) believed: Vec<Vec<u8>>,
    /// What FR's gateway and desks believe.
    pub(crate) fr: TrustStore,
    /// What DE's gateway and desks believe.
    pub(crate) de: TrustStore,
    pub(crate) binding: CaseBinding,
}

/// A desk's leaf: its chain, and the parts of its key, for an implementation that is not ours.
pub(crate) struct Leaf {
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) identity: LeafIdentity,
    pub(crate) seed: Vec<u8>,
    pub(crate) public_key: [u8; 32],
}

impl World {
    pub(crate) fn new() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "openmls and mls-rs hold lifetimes against this clock, so the tests must too"
        )]
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = Timestamp(i64::try_from(since_1970.as_millis()).unwrap());
        let parties = ["FR", "DE", "ZZ"].map(party);
        let roots: BTreeMap<_, _> = parties.into_iter().map(|id| (id, Root::generate(id, now).unwrap())).collect();
        let signed: BTreeMap<_, _> = parties.into_iter().map(|id| (id, directory(id, &roots, now))).collect();
        let trust = |own: PartyId| {
            let foreign: Vec<_> = signed.iter().filter(|(id, _)| **id != own).map(|(_, each)| each.clone()).collect();
            TrustStore::new(roots[&own].certificate().der(), &signed[&own], &foreign, now).unwrap()
        };
        let (fr, de) = (trust(party("FR")), trust(party("DE")));
        let binding = CaseBinding::new(CaseId::new([1; 16]), Pin(Digest::of(&[b"rule"])), party("FR"), party("DE"));
        let believed = roots.values().map(|root| root.certificate().der().to_vec()).collect();
        Self { now, roots, believed, fr, de, binding }
    }

    /// A new leaf of an authority, certified by its state.
    pub(crate) fn leaf(&self, id: &str) -> Leaf {
        certify(&self.roots[&authority(id).party()], id, self.now)
    }

    /// The root of a state, DER.
    pub(crate) fn root(&self, id: &str) -> Vec<u8> {
        self.roots[&party(id)].certificate().der().to_vec()
    }
}

pub(crate) fn party(id: &str) -> PartyId {
    id.parse().unwrap()
}

pub(crate) fn authority(id: &str) -> AuthorityId {
    id.parse().unwrap()
}

pub(crate) fn header(text: &str) -> HeaderDigest {
    HeaderDigest::of(text.as_bytes())
}

#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Denial>, code: RefusalCode, field: &str) {
    let denial = result.unwrap_err();
    let found = match &denial {
        Denial::Refused(refusal) => Some((refusal.code, refusal.field.as_deref())),
        _ => None,
    };
    assert_eq!(found, Some((code, Some(field))), "{denial}");
}

fn certify(root: &Root, id: &str, now: Timestamp) -> Leaf {
    let key = SigningKey::generate().unwrap();
    let pkcs8 = key.to_pkcs8().unwrap();
    let chain = vec![root.issue_leaf(&authority(id), &key.public_key(), now, MONTH).unwrap().to_vec()];
    Leaf {
        identity: LeafIdentity::from_pkcs8(&chain, &pkcs8).unwrap(),
        // In version 1 the seed stands last [RFC 8410 §7].
        seed: pkcs8[pkcs8.len() - 32..].to_vec(),
        public_key: key.public_key(),
        chain,
    }
}

fn directory(own: PartyId, roots: &BTreeMap<PartyId, Root>, now: Timestamp) -> SignedDirectory {
    let key = || SigningKey::generate().unwrap().verifying_key();
    let accredited = |name: &str| Authority {
        id: AuthorityId::new(own, name).unwrap(),
        kind: AuthorityKind::Central,
        title: name.to_owned(),
        desk_key: key(),
        officers: vec![Officer { pseudonym: "1".to_owned(), key: key(), roles: BTreeSet::from([Role::Central]) }],
    };
    let der = |id: PartyId| roots[&id].certificate().der().to_vec();
    let others = roots.values().filter(|root| root.party() != own);
    let openings: Vec<_> = others.map(|root| RootOpening::draw(root.certificate().clone()).unwrap()).collect();
    let directory = Directory {
        party: own,
        version: 1,
        issued: now,
        expires: now.plus_ms(30 * 24 * 3600 * 1000),
        ledger_key: key(),
        ledger_key_ml_dsa_44: None,
        ledger_keys_before: Vec::new(),
        root: der(own),
        trusted: Commitments::to(&openings).unwrap(),
        authorities: ["central", "court"].map(accredited).to_vec(),
    };
    roots[&own].sign_directory(&directory, &openings).unwrap()
}
