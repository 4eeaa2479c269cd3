//! FR asks DE. ZZ is a state whose root both know, but which is not in the case.

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
use openmls::prelude::CredentialWithKey;
use roster::{CaseBinding, x509_credential};
use seal::{LeafIdentity, Member, PreparedKeyPackage, prepare_key_packages};
use zeroize::Zeroizing;

pub(crate) const MONTH: Duration = Duration::from_secs(28 * 24 * 3600);

pub(crate) struct World {
    pub(crate) now: Timestamp,
    roots: BTreeMap<PartyId, Root>,
    /// What FR's gateway and desks believe.
    pub(crate) fr: TrustStore,
    /// What DE's gateway and desks believe.
    pub(crate) de: TrustStore,
    pub(crate) binding: CaseBinding,
}

/// A leaf as an attacker would use it: with its parts.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) identity: LeafIdentity,
}

impl Leaf {
    pub(crate) fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: x509_credential(&self.chain).unwrap(),
            signature_key: self.identity.public_key().into(),
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "openmls holds lifetimes against this clock, so the tests must too"
        )]
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = Timestamp(i64::try_from(since_1970.as_millis()).unwrap());
        let parties = ["FR", "DE", "ZZ"].map(party);
        let roots: BTreeMap<_, _> = parties.into_iter().map(|id| (id, Root::generate(id, now).unwrap())).collect();
        let trust = |own: PartyId| {
            let signed: BTreeMap<_, _> = parties.into_iter().map(|id| (id, directory(id, &roots, now))).collect();
            let foreign: Vec<_> =
                signed.iter().filter(|(id, _)| **id != own).map(|(_, signed)| signed.clone()).collect();
            TrustStore::new(roots[&own].certificate().der(), &signed[&own], &foreign, now).unwrap()
        };
        let (fr, de) = (trust(party("FR")), trust(party("DE")));
        let binding = binding(1);
        Self { now, roots, fr, de, binding }
    }

    /// A leaf of an authority, certified by its state.
    pub(crate) fn leaf(&self, id: &str) -> Leaf {
        self.leaf_at(id, self.now)
    }

    /// A leaf that is certified at another moment.
    pub(crate) fn leaf_at(&self, id: &str, issued: Timestamp) -> Leaf {
        certify(&self.roots[&authority(id).party()], id, &SigningKey::generate().unwrap(), issued)
    }

    /// A leaf with a key of one's own choice (PKCS#8).
    pub(crate) fn leaf_with_key(&self, id: &str, pkcs8: &[u8]) -> Leaf {
        certify(&self.roots[&authority(id).party()], id, &SigningKey::from_pkcs8(pkcs8).unwrap(), self.now)
    }

    /// A leaf whose certificate is for another key than the one it is used with.
    pub(crate) fn leaf_with_stolen_certificate(&self, id: &str) -> Leaf {
        let chain = self.leaf(id).chain;
        let key = SigningKey::generate().unwrap().to_pkcs8().unwrap();
        Leaf { identity: LeafIdentity::from_pkcs8(&chain, &key).unwrap(), chain }
    }

    /// A leaf certified by a root that calls itself the state's.
    pub(crate) fn leaf_of_false_root(&self, id: &str) -> Leaf {
        let root = Root::generate(authority(id).party(), self.now).unwrap();
        certify(&root, id, &SigningKey::generate().unwrap(), self.now)
    }

    pub(crate) fn key_package(&self, leaf: &Leaf) -> PreparedKeyPackage {
        prepare_key_packages(&leaf.identity, 1, false, self.now).unwrap().remove(0)
    }
}

/// A desk of a case with its database: rows, and its leaf identities.
pub(crate) struct Desk {
    pub(crate) member: Member,
    pub(crate) identities: Vec<LeafIdentity>,
    rows: BTreeMap<Vec<u8>, Zeroizing<Vec<u8>>>,
    restarts: bool,
}

impl Desk {
    /// With `restarts`, the desk's program ends and starts again after every operation.
    pub(crate) fn new(member: Member, leaf: &Leaf, restarts: bool) -> Self {
        let mut desk = Self { member, identities: vec![leaf.identity.clone()], rows: BTreeMap::new(), restarts };
        desk.store();
        desk
    }

    /// Writes what changed; a restarting desk begins again from what was written.
    pub(crate) fn store(&mut self) {
        for row in self.member.changes().unwrap() {
            match row.value {
                Some(value) => self.rows.insert(row.key, value),
                None => self.rows.remove(&row.key),
            };
        }
        assert!(self.member.changes().unwrap().is_empty(), "what is stored has not changed");
        if self.restarts {
            let case = self.member.binding().case;
            self.member = Member::restore(&self.identities, case, self.rows.clone()).unwrap();
        }
    }

    /// Does something and stores it.
    pub(crate) fn run<T>(&mut self, operation: impl FnOnce(&mut Member) -> T) -> T {
        let result = operation(&mut self.member);
        self.store();
        result
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

pub(crate) fn binding(case: u8) -> CaseBinding {
    CaseBinding::new(CaseId::new([case; 16]), Pin(Digest::of(&[b"rule"])), party("FR"), party("DE"))
}

#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, impl Into<Denial>>, code: RefusalCode, field: &str) {
    match result.map_err(Into::<Denial>::into).unwrap_err() {
        Denial::Refused(refusal) => {
            assert_eq!((refusal.code, refusal.field.as_deref()), (code, Some(field)), "{refusal}");
        }
        failed => panic_with(&failed),
    }
}

#[track_caller]
fn panic_with(denial: &Denial) {
    assert_eq!(denial.reason(), "a refusal", "{denial}");
}

fn certify(root: &Root, id: &str, key: &SigningKey, now: Timestamp) -> Leaf {
    let certificate = root.issue_leaf(&authority(id), &key.public_key(), now, MONTH).unwrap();
    let chain = vec![certificate.to_vec()];
    Leaf { identity: LeafIdentity::from_pkcs8(&chain, &key.to_pkcs8().unwrap()).unwrap(), chain }
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
        // A service called bnd has a certificate of the root, but no accreditation.
        trusted: Commitments::to(&openings).unwrap(),
        authorities: ["central", "court", "police"].map(accredited).to_vec(),
    };
    roots[&own].sign_directory(&directory, &openings).unwrap()
}
