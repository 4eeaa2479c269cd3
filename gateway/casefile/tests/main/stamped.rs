//! Time-stamps in a case file; the authority is `openssl ts`.

use std::{fs, path::Path, process::Command};

use casefile::{Check, Material, Report, StampProof, Trusted, verify};
use identity::{StampRequest, StampRoots};
use ledger::{ConsistencyProof, InclusionProof, LeafSalt, Log, Muster, Origin, SignBytes, TimedHead};
use model::{Digest, Timestamp};

use crate::world::{Story, now, party};

const CONFIG: &str = "\
[one]
dir = .
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[req]
distinguished_name = name
x509_extensions = stamping
[name]
[stamping]
extendedKeyUsage = critical, timeStamping
";

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority with a certificate that it made itself.
fn authority() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tsa.cnf"), CONFIG).unwrap();
    fs::write(folder.path().join("serial"), "01\n").unwrap();
    let new = "req -x509 -config tsa.cnf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(folder.path(), &format!("{new} -keyout tsa.key -out tsa.pem -subj /CN=A-clock -days 30"));
    folder
}

fn believed(folder: &tempfile::TempDir) -> StampRoots {
    StampRoots::of_pem(&fs::read_to_string(folder.path().join("tsa.pem")).unwrap()).unwrap()
}

fn token(folder: &tempfile::TempDir, stamped: &[u8]) -> Vec<u8> {
    let request = StampRequest { digest: Digest::of(&[stamped]), nonce: [7; 16] };
    fs::write(folder.path().join("query.tsq"), request.to_der()).unwrap();
    openssl(folder.path(), "ts -reply -config tsa.cnf -section one -queryfile query.tsq -out reply.tsr");
    let answer = fs::read(folder.path().join("reply.tsr")).unwrap();
    believed(folder).verify_answer(&answer, &request, now()).unwrap().der().to_vec()
}

/// The third stroke of JP's log of heads, when its ledger had so many leaves; signed by `signer`, not stamped yet.
fn timed(story: &Story, leaves: u64, signer: &impl SignBytes) -> StampProof {
    let log = Origin::new(party("JP"), party("FR")).unwrap();
    let then = Log::restore(leaves, &story.rows).unwrap().head(log);
    let muster = Muster::new(party("JP"), Timestamp(story.start.0), LeafSalt([1; 32]), None, [then]).unwrap();
    let (tick, salt) = (muster.tick().unwrap(), LeafSalt([2; 32]));
    let others = [LeafSalt([3; 32]), LeafSalt([4; 32])].map(|salt| tick.leaf(&salt));
    let (heads, rows) = Log::default().append(&[others[0], others[1], tick.leaf(&salt)]).unwrap();
    let note = heads.head(Origin::heads(party("JP"))).sign(signer).unwrap().note().to_vec();
    let timed = TimedHead {
        place: muster.open(log).unwrap(),
        tick,
        salt,
        inclusion: InclusionProof::prove(3, 2, &rows.into_iter().collect()).unwrap(),
        note,
    };
    let consistency = ConsistencyProof::prove(leaves, story.log.size(), &story.rows).unwrap();
    StampProof { timed, consistency, token: Vec::new() }
}

/// A case whose first four leaves are stamped, changed by `change`.
fn checked(change: impl FnOnce(&Story, &tempfile::TempDir, &mut Material), trusted: bool) -> Report {
    checked_of(Story::small(), change, trusted)
}

fn checked_of(story: Story, change: impl FnOnce(&Story, &tempfile::TempDir, &mut Material), trusted: bool) -> Report {
    let tsa = authority();
    let mut material = story.material();
    let mut stamp = timed(&story, 4, &story.jp.ledger);
    stamp.token = token(&tsa, &stamp.timed.note);
    material.held.stamps.push(stamp);
    change(&story, &tsa, &mut material);
    let (pins, roots) = (story.pins(), believed(&tsa));
    verify(&story.export(&material), Trusted { roots: &pins, stamps: trusted.then_some(&roots) }, now()).unwrap()
}

fn contradicts(what: &str, change: impl FnOnce(&Story, &tempfile::TempDir, &mut Material)) {
    let report = checked(change, false);
    let told = report.contradicted.iter().any(|one| one.rule == Check::TimeStamp && one.what.contains(what));
    assert!(told && !report.holds, "{what}\n{}", report.to_text());
}

#[test]
fn a_time_stamp_says_for_which_entries_it_is_to_who_believes_the_authority() {
    let report = checked(|_, _, _| {}, true);
    let text = report.to_text();
    let (proved, _) = text.split_once("NOT PROVED").unwrap();
    assert!(report.holds && proved.contains("Entries 0 to 1 existed before"), "{text}");
    assert!(proved.contains("according to CN=A-clock"), "{text}");
}

#[test]
fn without_the_authoritys_certificate_it_is_listed_as_not_checked() {
    let report = checked(|_, _, _| {}, false);
    let text = report.to_text();
    let (proved, limits) = text.split_once("NOT PROVED").unwrap();
    assert!(report.holds && !proved.contains("existed before"), "{text}");
    assert!(limits.contains("That 4 leaves of the ledger existed before"), "{text}");
    assert!(limits.contains("was not checked: no certificate of it was given (--tsa FILE.pem)"), "{text}");
}

#[test]
fn a_token_over_another_head_contradicts() {
    contradicts("stamps something else", |_, tsa, material| {
        material.held.stamps[0].token = token(tsa, b"another head");
    });
}

#[test]
fn a_token_whose_signature_does_not_hold_contradicts() {
    contradicts("does not hold", |_, _, material| {
        *material.held.stamps[0].token.last_mut().unwrap() ^= 1;
    });
}

#[test]
fn a_log_of_heads_that_its_gateway_did_not_sign_contradicts() {
    contradicts("no valid signature", |story, tsa, material| {
        let mut stamp = timed(story, 4, &story.fr.ledger);
        stamp.token = token(tsa, &stamp.timed.note);
        material.held.stamps[0] = stamp;
    });
}

#[test]
fn a_stamped_head_that_does_not_lead_to_the_one_of_both_contradicts() {
    contradicts("consistency proof does not lead", |story, tsa, material| {
        let other = Story::small();
        let mut stamp = timed(&other, 4, &story.jp.ledger);
        stamp.token = token(tsa, &stamp.timed.note);
        material.held.stamps[0] = stamp;
    });
}

#[test]
fn a_place_that_is_not_in_the_stamped_head_contradicts() {
    contradicts("does not lead from the leaf to the root", |_, _, material| {
        material.held.stamps[0].timed.salt = LeafSalt([9; 32]);
    });
}

#[test]
fn a_clock_that_was_ahead_of_the_stamp_is_told_as_one_and_the_peers_pins_nothing_on_the_home() {
    const HOUR_MS: i64 = 3_600_000;
    for ahead in [[0, 2 * HOUR_MS], [2 * HOUR_MS, 0]] {
        let mut story = Story::new();
        story.ahead = ahead;
        story.play();
        let report = checked_of(story, |_, _, _| {}, true);
        let text = report.to_text();
        assert!(report.holds && report.misstated.is_empty(), "{text}");
        let told = report.clocks.iter().any(|one| one.what.contains("CN=A-clock stamped"));
        assert_eq!(told, ahead[0] > 0, "only the home dates leaves of entries: {text}");
    }
}
