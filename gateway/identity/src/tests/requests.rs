use std::{fs, process::Command};

use model::RefusalCode::R95;
use x509_parser::{certification_request::X509CertificationRequest, prelude::FromDer};

use super::*;
use crate::{CertificateRequest, IssueError, Purpose, RootCertificate, Subject};

const BOTH: [Purpose; 2] = [Purpose::Tls, Purpose::Leaf];

fn central() -> Subject {
    Subject::Desk(authority("JP:central"))
}

#[test]
fn what_a_root_issues_on_request_is_for_the_key_that_never_left_its_place() {
    let root = Root::generate(party("JP"), NOW).unwrap();
    let certificate: &RootCertificate = root.certificate();
    for purpose in BOTH {
        let key = purpose.draw().unwrap();
        let asked = CertificateRequest::all_from_pem(&purpose.request(&central(), &key).unwrap()).unwrap();
        let [asked] = asked.as_slice() else { unreachable!("one was asked for") };
        assert_eq!((asked.subject(), asked.purpose()), (&central(), purpose));
        let issued = [root.issue_requested(asked, NOW, purpose.lifetime_max()).unwrap()];
        let until = purpose.check(certificate, &issued, &central(), &key, NOW).unwrap();
        assert!(until > NOW.plus_ms(27 * DAY_MS));
        let other = purpose.draw().unwrap();
        assert_refused(&purpose.check(certificate, &issued, &central(), &other, NOW).unwrap_err(), R95, "another key");
        let gateway = Subject::Gateway(party("JP"));
        assert_refused(&purpose.check(certificate, &issued, &gateway, &key, NOW).unwrap_err(), R95, "not of ");
        assert_refused(
            &purpose.check(certificate, &issued, &central(), &key, until.plus_ms(1000)).unwrap_err(),
            R95,
            "expired",
        );
        let foreign = Root::generate(party("JP"), NOW).unwrap();
        assert_refused(
            &purpose.check(foreign.certificate(), &issued, &central(), &key, NOW).unwrap_err(),
            R95,
            "not issued by",
        );
    }
}

#[test]
fn a_leaf_is_no_certificate_for_tls_and_a_gateway_gets_none() {
    let root = Root::generate(party("JP"), NOW).unwrap();
    let key = Purpose::Leaf.draw().unwrap();
    assert!(Purpose::Tls.request(&central(), &key).is_err(), "a leaf's key is not on P-256");
    let gateway = Purpose::Leaf.request(&Subject::Gateway(party("JP")), &key).unwrap();
    let asked = CertificateRequest::all_from_pem(&gateway).unwrap();
    assert!(matches!(root.issue_requested(&asked[0], NOW, DAY), Err(IssueError::Name { .. })));
    let foreign = Purpose::Leaf.request(&Subject::Desk(authority("FR:central")), &key).unwrap();
    let asked = CertificateRequest::all_from_pem(&foreign).unwrap();
    assert!(matches!(root.issue_requested(&asked[0], NOW, DAY), Err(IssueError::Name { .. })));
}

#[test]
fn a_request_that_is_not_signed_with_its_key_is_not_read() {
    for purpose in BOTH {
        let pem = purpose.request(&central(), &purpose.draw().unwrap()).unwrap();
        let der = pkcs8::der::pem::decode_vec(pem.as_bytes()).unwrap().1;
        // All but the name of the algorithm, which the kind of the key decides.
        let (_, parsed) = X509CertificationRequest::from_der(&der).unwrap();
        let info = parsed.certification_request_info.raw.len() + 4;
        let signature = der.len() - parsed.signature_value.data.len();
        for at in (0..info - 1).chain(signature..der.len()) {
            let mut changed = der.clone();
            changed[at] ^= 1;
            let pem = pkcs8::der::pem::encode_string("CERTIFICATE REQUEST", pkcs8::der::pem::LineEnding::LF, &changed)
                .unwrap();
            assert!(CertificateRequest::all_from_pem(&pem).is_err(), "{purpose} byte {at}");
        }
    }
    for nothing in ["", "-----BEGIN", "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n"] {
        assert!(CertificateRequest::all_from_pem(nothing).is_err());
    }
}

#[test]
fn openssl_verifies_the_requests_of_a_desk() {
    let dir = tempfile::tempdir().unwrap();
    for purpose in BOTH {
        let path = dir.path().join("request.pem");
        fs::write(&path, purpose.request(&central(), &purpose.draw().unwrap()).unwrap()).unwrap();
        let told =
            Command::new("openssl").args(["req", "-verify", "-noout", "-text", "-in"]).arg(&path).output().unwrap();
        let text = String::from_utf8_lossy(&told.stdout).into_owned() + &String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success() && text.to_lowercase().contains("verify ok"), "{text}");
        assert!(text.contains("central.jp.rogatory.internal"), "{text}");
    }
}
