use std::{fs, process::Command};

use super::*;
use crate::{
    IssueError, KeyError, LEAF_LIFETIME_MAX, RootCertificate, Subject, TLS_LIFETIME_MAX, certificate_to_pem,
    certificates_from_pem,
};

#[test]
fn a_root_survives_its_seal_and_only_its_own_key_fits() {
    let root = Root::generate(party("JP"), NOW).unwrap();
    let other = Root::generate(party("JP"), NOW).unwrap();
    let passphrase = Passphrase::new(b"correct horse battery staple\n").unwrap();
    let der = root.certificate().der();
    let again = Root::open(der, &root.seal(&passphrase).unwrap(), &passphrase).unwrap();
    assert_eq!(again.certificate().fingerprint(), root.certificate().fingerprint());
    let tls = again.issue_tls(&Subject::Gateway(party("JP")), NOW, DAY).unwrap();
    let state = State::new("FR").trusting(&root);
    assert!(state.store(&[]).verify_peer_certificate(&[&tls.chain[0]], NOW).is_err(), "no directory of JP yet");
    let wrong = Root::open(der, &other.seal(&passphrase).unwrap(), &passphrase);
    assert!(matches!(wrong, Err(IssueError::Key(KeyError::NotP256))));
    assert_eq!(format!("{root:?} {tls:?}"), "Root(JP) TlsIdentity(1 certificates)");
}

#[test]
fn nothing_is_issued_beyond_the_longest_lifetime_or_for_another_state() {
    let root = Root::generate(party("JP"), NOW).unwrap();
    let gateway = Subject::Gateway(party("JP"));
    let second = Duration::from_secs(1);
    for lifetime in [TLS_LIFETIME_MAX + second, Duration::ZERO] {
        assert!(matches!(root.issue_tls(&gateway, NOW, lifetime), Err(IssueError::Lifetime { .. })));
    }
    let central = authority("JP:central");
    let long = root.issue_leaf(&central, &[1; 32], NOW, LEAF_LIFETIME_MAX + second);
    assert!(matches!(long, Err(IssueError::Lifetime { .. })));
    assert!(matches!(root.issue_leaf(&authority("FR:central"), &[1; 32], NOW, DAY), Err(IssueError::Name { .. })));
    let foreign = Subject::Gateway(party("FR"));
    assert!(matches!(root.issue_tls(&foreign, NOW, DAY), Err(IssueError::Name { .. })));
    for moment in [Timestamp(i64::MAX), Timestamp(i64::MIN)] {
        assert!(matches!(root.issue_tls(&gateway, moment, DAY), Err(IssueError::Moment)));
    }
}

#[test]
fn no_desk_can_pass_for_the_gateway() {
    let root = Root::generate(party("JP"), NOW).unwrap();
    let disguised = authority("JP:gw");
    assert!(matches!(root.issue_leaf(&disguised, &[1; 32], NOW, DAY), Err(IssueError::Name { .. })));
    assert!(matches!(root.issue_tls(&Subject::Desk(disguised), NOW, DAY), Err(IssueError::Name { .. })));
}

#[test]
fn a_root_is_a_self_signed_ca_that_names_its_state() {
    let root = Root::generate(party("JP"), NOW).unwrap();
    let der = root.certificate().der();
    let parsed = RootCertificate::parse(der).unwrap();
    assert_eq!((parsed.party(), parsed.fingerprint()), (party("JP"), root.certificate().fingerprint()));
    parsed.check_at(NOW).unwrap();
    assert!(parsed.check_at(NOW.plus_ms(3654 * DAY_MS)).is_err());
    assert!(parsed.check_at(NOW.plus_ms(-DAY_MS)).is_err());
    let tls = root.issue_tls(&Subject::Gateway(party("JP")), NOW, DAY).unwrap();
    assert!(RootCertificate::parse(&tls.chain[0]).is_err());
    for at in 0..der.len() {
        let mut altered = der.to_vec();
        altered[at] ^= 1;
        assert!(RootCertificate::parse(&altered).is_err(), "byte {at}");
    }
}

#[test]
fn openssl_holds_the_chain_and_the_constraint_to_be_good() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let state = State::new("JP");
    fs::write(at("root.pem"), certificate_to_pem(state.root.certificate().der()).unwrap()).unwrap();
    let good = state.root.issue_tls(&Subject::Gateway(party("JP")), NOW, DAY).unwrap();
    let leaf = state.root.issue_leaf(&authority("JP:central"), &[7; 32], NOW, DAY).unwrap();
    let bad = params(&["gw.fr.rogatory.internal"], 1).signed_by(&KeyPair::generate().unwrap(), &state.rogue()).unwrap();
    let moment = (NOW.0 / 1000).to_string();
    for (der, accepted) in [(&good.chain[0], true), (&leaf, true), (bad.der(), false)] {
        fs::write(at("leaf.pem"), certificate_to_pem(der).unwrap()).unwrap();
        let output = Command::new("openssl")
            .args(["verify", "-x509_strict", "-attime", &moment, "-CAfile", &at("root.pem"), &at("leaf.pem")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), accepted, "{said}");
        assert!(accepted || said.contains("permitted subtree violation"), "{said}");
    }
}

#[test]
fn serial_numbers_are_random_and_pem_is_read_back() {
    let root = Root::generate(party("JP"), NOW).unwrap();
    let subject = Subject::Gateway(party("JP"));
    let pair = [0, 1].map(|_| root.issue_tls(&subject, NOW, DAY).unwrap().chain.remove(0));
    let serials = pair.each_ref().map(|der| crate::certificate::parse(der).unwrap().raw_serial().to_vec());
    assert_ne!(serials[0], serials[1]);
    assert!(serials.iter().all(|serial| serial.len() == 16));
    let pem: String = pair.iter().map(|der| certificate_to_pem(der).unwrap()).collect();
    assert_eq!(certificates_from_pem(&pem).unwrap(), pair);
    assert!(certificates_from_pem("").is_err());
    assert!(certificates_from_pem(&pem[..pem.len() / 3]).is_err());
}
