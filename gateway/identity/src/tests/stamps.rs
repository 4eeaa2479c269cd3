//! Time-stamps by OpenSSL, as authority and as verifier.

use std::{fs, path::Path, process::Command};

use crate::{StampRequest, StampRoots, StampToken};
use model::{Digest, Timestamp};

const CONFIG: &str = "\
[tsa]
default_tsa = one
[one]
dir = .
serial = serial
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[stamping]
basicConstraints = CA:FALSE
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
";

fn openssl(folder: &Path, arguments: &str) -> bool {
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    done.status.success()
}

/// An authority with an RSA or an elliptic key, whose certificate is for `usage`.
fn authority(key: &str, usage: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("tsa.cnf"), CONFIG).unwrap();
    fs::write(at.join("serial"), "01\n").unwrap();
    let new = match key {
        "rsa" => "-newkey rsa:2048",
        _ => "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
    };
    assert!(openssl(at, &format!("req -x509 {new} -nodes -keyout ca.key -out ca.pem -subj /CN=TSA-CA -days 30")));
    assert!(openssl(at, &format!("req {new} -nodes -keyout tsa.key -out tsa.csr -subj /CN=TSA")));
    let issue = "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 20 -extfile tsa.cnf";
    assert!(openssl(at, &format!("{issue} -extensions {usage}")));
    folder
}

fn roots(folder: &Path) -> StampRoots {
    pinned(folder, "ca.pem")
}

fn pinned(folder: &Path, name: &str) -> StampRoots {
    StampRoots::of_pem(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

fn answer(folder: &Path, request: &StampRequest) -> Vec<u8> {
    fs::write(folder.join("query.tsq"), request.to_der()).unwrap();
    assert!(openssl(folder, "ts -reply -config tsa.cnf -section one -queryfile query.tsq -out reply.tsr"));
    fs::read(folder.join("reply.tsr")).unwrap()
}

const DATA: &[u8] = b"a head of a log";

fn request() -> StampRequest {
    StampRequest { digest: Digest::of(&[DATA]), nonce: [0xff; 16] }
}

/// The clock that OpenSSL reads too.
fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the authority of the test stamps by this clock")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn refused(roots: &StampRoots, answer: &[u8], request: &StampRequest) -> String {
    let refusal = roots.verify_answer(answer, request, now()).unwrap_err();
    assert_eq!(refusal.code.as_str(), "R95");
    refusal.reason
}

#[test]
fn a_time_stamp_by_openssl_verifies_and_openssl_verifies_what_is_kept() {
    for key in ["rsa", "ec"] {
        let folder = authority(key, "stamping");
        let at = folder.path();
        let answer = answer(at, &request());
        for trusted in ["ca.pem", "tsa.pem"] {
            let token = pinned(at, trusted).verify_answer(&answer, &request(), now()).unwrap();
            let again = StampToken::read(token.der(), request().digest).unwrap();
            pinned(at, trusted).believe(&again).unwrap();
            assert_eq!(again, token);
            assert_eq!(token.not_later_than(), token.at().plus_ms(1000), "its accuracy is one second");
            assert!(token.signer().contains("CN=TSA"), "{}", token.signer());
            fs::write(at.join("token"), token.der()).unwrap();
        }
        fs::write(at.join("data"), DATA).unwrap();
        assert!(openssl(at, "ts -verify -in token -token_in -data data -CAfile ca.pem"), "{key}");
    }
}

#[test]
fn a_request_says_to_openssl_what_it_says() {
    let folder = authority("ec", "stamping");
    let at = folder.path();
    fs::write(at.join("query.tsq"), request().to_der()).unwrap();
    let told = Command::new("openssl").args(["ts", "-query", "-in", "query.tsq", "-text"]).current_dir(at).output();
    let told = String::from_utf8(told.unwrap().stdout).unwrap();
    for said in ["Hash Algorithm: sha256", "Nonce: 0x7FFFFFFF", "Certificate required: yes"] {
        assert!(told.contains(said), "{said}\n{told}");
    }
}

#[test]
fn an_answer_to_another_request_is_refused_r95() {
    let folder = authority("ec", "stamping");
    let at = folder.path();
    let good = answer(at, &request());
    let other = StampRequest { nonce: [1; 16], ..request() };
    assert!(refused(&roots(at), &good, &other).contains("answers another request"));
    let other = StampRequest { digest: Digest::of(&[b"something else"]), ..request() };
    assert!(refused(&roots(at), &good, &other).contains("stamps something else"));
}

#[test]
fn an_answer_of_another_authority_is_refused_r95() {
    let folder = authority("ec", "stamping");
    let at = folder.path();
    let good = answer(at, &request());
    let another = authority("ec", "stamping");
    for trusted in ["ca.pem", "tsa.pem"] {
        let said = refused(&pinned(another.path(), trusted), &good, &request());
        assert!(said.contains("none of the authorities"), "{said}");
    }
    assert!(StampRoots::of_pem("").is_err());
}

#[test]
fn an_authority_whose_clock_is_not_ours_is_refused_r95() {
    let folder = authority("ec", "stamping");
    let at = folder.path();
    let good = answer(at, &request());
    for off in [-3_600_000, 3_600_000] {
        let refusal = roots(at).verify_answer(&good, &request(), now().plus_ms(off)).unwrap_err();
        assert!(refusal.reason.contains("s apart"), "{}", refusal.reason);
    }
}

#[test]
fn what_is_no_answer_is_refused_r95() {
    let folder = authority("ec", "stamping");
    let at = folder.path();
    let good = answer(at, &request());
    // Another digest than the authority takes: OpenSSL answers with status 2, rejection.
    fs::write(at.join("tsa.cnf"), CONFIG.replace("digests = sha256, sha512", "digests = sha512")).unwrap();
    let rejected = answer(at, &request());
    assert!(refused(&roots(at), &rejected, &request()).contains("status 2"));
    // The same token, and a status that denies it.
    let mut denied = good.clone();
    let place = denied.windows(3).position(|window| window == [0x02, 0x01, 0x00]).unwrap();
    denied[place + 2] = 2;
    assert!(refused(&roots(at), &denied, &request()).contains("status 2"));
    let long = [&good[..], &[0; 70_000]].concat();
    assert!(refused(&roots(at), &long, &request()).contains("too long"));
    for length in (0..good.len()).step_by(7) {
        refused(&roots(at), &good[..length], &request());
    }
    refused(&roots(at), b"<html>not found</html>", &request());
}

#[test]
fn a_certificate_that_may_not_stamp_time_stamps_none() {
    let folder = authority("ec", "stamping");
    let at = folder.path();
    let answer = answer(at, &request());
    // OpenSSL itself does not stamp with such a certificate: the usage is altered where it stands.
    let usage = [0x2b, 6, 1, 5, 5, 7, 3, 8];
    let place = answer.windows(8).position(|window| window == usage).unwrap();
    let mut altered = answer.clone();
    altered[place + 7] = 1;
    refused(&roots(at), &altered, &request());
}

#[test]
fn a_token_with_any_byte_changed_says_nothing_else() {
    let folder = authority("ec", "stamping");
    let at = folder.path();
    let roots = roots(at);
    let good = roots.verify_answer(&answer(at, &request()), &request(), now()).unwrap();
    for position in 0..good.der().len() {
        let mut bad = good.der().to_vec();
        bad[position] ^= 1;
        // What nothing covers, such as a version or an unused certificate, may change; the time and what is stamped may not.
        if let Ok(read) = StampToken::read(&bad, request().digest) {
            assert_eq!((read.at(), read.signer()), (good.at(), good.signer()), "byte {position}");
        }
    }
}
