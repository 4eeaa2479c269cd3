#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod certificates;
mod commitments;
mod consents;
mod directories;
mod entries;
mod issuance;
mod receipts;
mod requests;
mod stamps;
mod treaty;

use std::{collections::BTreeSet, time::Duration};

use model::{AuthorityId, AuthorityKind, Denial, Fault, PartyId, Refusal, RefusalCode, Role, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair, SanType};
use rustls_pki_types::CertificateDer;
use x509_parser::time::ASN1Time;

use crate::{
    Authority, Commitments, Directory, Officer, Passphrase, Root, RootOpening, SignedDirectory, SigningKey, TrustStore,
    open_pkcs8,
};

/// 22 November 2026, 00:00 UTC.
const NOW: Timestamp = Timestamp(1_795_305_600_000);
const DAY: Duration = Duration::from_secs(24 * 3600);
const DAY_MS: i64 = 24 * 3600 * 1000;

fn party(code: &str) -> PartyId {
    code.parse().unwrap()
}

fn authority(text: &str) -> AuthorityId {
    text.parse().unwrap()
}

/// A whole state with all its private keys: a central authority with two officers, a duty point with one, a court with a judge.
struct State {
    root: Root,
    ledger: SigningKey,
    desk: SigningKey,
    officers: [SigningKey; 2],
    duty_officer: SigningKey,
    judge: SigningKey,
    directory: Directory,
    openings: Vec<RootOpening>,
}

impl State {
    fn new(code: &str) -> Self {
        let key = || SigningKey::generate().unwrap();
        let root = Root::generate(party(code), NOW).unwrap();
        let (ledger, desk, officers, duty_officer, judge) = (key(), key(), [key(), key()], key(), key());
        let officer = |key: &SigningKey, pseudonym: &str, roles: &[Role]| Officer {
            pseudonym: pseudonym.to_owned(),
            key: key.verifying_key(),
            roles: roles.iter().copied().collect::<BTreeSet<_>>(),
        };
        let listed = |name: &str, kind, desk: &SigningKey, officers| Authority {
            id: AuthorityId::new(party(code), name).unwrap(),
            kind,
            title: format!("The {name} authority"),
            desk_key: desk.verifying_key(),
            officers,
        };
        let central = vec![
            officer(&officers[0], "A-1", &[Role::Officer, Role::Central]),
            officer(&officers[1], "A-2", &[Role::Central, Role::Decider]),
        ];
        let authorities = vec![
            listed("central", AuthorityKind::Central, &desk, central),
            listed("duty", AuthorityKind::DutyPoint, &key(), vec![officer(&duty_officer, "D-1", &[Role::Central])]),
            listed("court", AuthorityKind::Judicial, &key(), vec![officer(&judge, "J-1", &[Role::Judge])]),
        ];
        let directory = Directory {
            party: party(code),
            version: 1,
            issued: NOW,
            expires: NOW.plus_ms(365 * DAY_MS),
            ledger_key: ledger.verifying_key(),
            ledger_key_ml_dsa_44: None,
            ledger_keys_before: Vec::new(),
            root: root.certificate().der().to_vec(),
            trusted: Commitments::to(&[]).unwrap(),
            authorities,
        };
        Self { root, ledger, desk, officers, duty_officer, judge, directory, openings: Vec::new() }
    }

    fn trusting(mut self, other: &Root) -> Self {
        self.openings.push(opening(other));
        self.directory.trusted = Commitments::to(&self.openings).unwrap();
        self
    }

    /// Its directory as it stands, signed, with all openings.
    fn signed(&self) -> SignedDirectory {
        self.root.sign_directory(&self.directory, &self.openings).unwrap()
    }

    /// What this state believes of itself and of `others`.
    fn store(&self, others: &[&Self]) -> TrustStore {
        let own = self.signed();
        let foreign: Vec<_> = others.iter().map(|state| state.signed()).collect();
        TrustStore::new(self.root.certificate().der(), &own, &foreign, NOW).unwrap()
    }

    /// The root as a certification authority that keeps no rule of ours.
    fn rogue(&self) -> Issuer<'static, KeyPair> {
        rogue(&self.root)
    }
}

fn opening(root: &Root) -> RootOpening {
    RootOpening::draw(root.certificate().clone()).unwrap()
}

/// Two states that trust each other, and what the first believes.
fn federation() -> (State, State, TrustStore) {
    let japan = State::new("JP");
    let france = State::new("FR").trusting(&japan.root);
    let japan = japan.trusting(&france.root);
    let store = japan.store(&[&france]);
    (japan, france, store)
}

fn rogue(root: &Root) -> Issuer<'static, KeyPair> {
    let passphrase = Passphrase::new(b"correct horse battery staple").unwrap();
    let der = open_pkcs8(&root.seal(&passphrase).unwrap(), &passphrase).unwrap();
    let key = KeyPair::try_from(der.as_slice()).unwrap();
    Issuer::from_ca_cert_der(&CertificateDer::from(root.certificate().der()), key).unwrap()
}

/// A certificate's parameters by hand: these names, valid for `days` from now.
fn params(names: &[&str], days: i64) -> CertificateParams {
    let moment = |ms: i64| ASN1Time::from_timestamp(ms / 1000).unwrap().to_datetime();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "by hand");
    params.subject_alt_names = names.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect();
    params.not_before = moment(NOW.0 - 1000);
    params.not_after = moment(NOW.0 + days * DAY_MS);
    params
}

#[track_caller]
fn assert_refused(refusal: &Refusal, code: RefusalCode, words: &str) {
    assert_eq!(refusal.code, code, "{refusal}");
    assert!(refusal.reason.contains(words), "{refusal}");
    assert!(refusal.remedy.ends_with('.') && refusal.reason.ends_with('.'), "{refusal:?}");
}

#[track_caller]
fn assert_denied<T: std::fmt::Debug>(result: Result<T, Denial>, code: RefusalCode, words: &str) {
    match result {
        Err(Denial::Refused(refusal)) => assert_refused(&refusal, code, words),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_failed<T: std::fmt::Debug>(result: Result<T, Denial>, expected: Fault) {
    match result {
        Err(Denial::Failed { fault, .. }) => assert_eq!(fault, expected),
        other => panic!("{other:?}"),
    }
}
