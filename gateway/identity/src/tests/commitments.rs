use std::slice;

use model::RefusalCode::R95;

use super::*;
use crate::RootCertificate;

/// The values of a directory's commitments.
fn values(commitments: &Commitments) -> BTreeSet<String> {
    let values = toml::Value::try_from(commitments).unwrap();
    values.as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// What of a root could give its state away: its certificate, its public key, its names.
#[track_caller]
fn assert_no_trace(text: &str, root: &RootCertificate) {
    let pem = crate::certificate_to_pem(root.der()).unwrap();
    let body: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    assert!(!body.iter().any(|line| text.contains(line)), "{text}");
    assert!(!contains(text.as_bytes(), root.public_key()) && !contains(text.as_bytes(), root.der()));
    let code = root.party().to_string();
    let names =
        [format!("\"{code}\""), format!("{code}:"), format!("root {code}"), format!("{}.", code.to_lowercase())];
    assert!(!names.iter().any(|name| text.contains(name)), "{names:?} in {text}");
}

#[test]
fn a_directory_tells_nobody_whom_its_party_trusts_nor_how_many() {
    let others = ["FR", "DE", "SG"].map(State::new);
    let [france, germany, _] = &others;
    let japan = others.iter().fold(State::new("JP"), |state, other| state.trusting(&other.root));
    let signed = japan.signed();
    assert_eq!(values(&japan.directory.trusted).len(), values(&State::new("JP").directory.trusted).len());
    for other in &others {
        assert_no_trace(&signed.toml, other.root.certificate());
    }
    // FR is shown that it is trusted, and nothing of the others.
    let shown = signed.opened_to(france.root.party(), &japan.openings);
    let [only] = shown.openings.as_slice() else { panic!("{:?}", shown.openings) };
    assert_eq!(only.root(), france.root.certificate());
    assert!(!contains(&only.to_bytes(), germany.root.certificate().public_key()));
    assert_eq!(france.store(&[]).verify_trust(&shown).unwrap(), *only);
    assert_eq!(signed.opened_to(party("IT"), &japan.openings).openings, []);
    assert_eq!(signed.opened_to(party("JP"), &japan.openings).openings.len(), 3);
    // Whoever guesses a root cannot test the guess without the salt.
    assert!(!japan.directory.trusted.contains(&opening(&germany.root)));
}

#[test]
fn an_opening_is_its_commitments_preimage_and_nothing_else() {
    let (japan, france, _) = federation();
    let opening = &japan.openings[0];
    let bytes = opening.to_bytes();
    assert_eq!(RootOpening::from_bytes(&bytes).unwrap(), *opening);
    assert_eq!(model::Digest::of(&[&bytes]), opening.commitment());
    assert_eq!((&bytes[32..34], &bytes[34..]), (&b"FR"[..], france.root.certificate().der()));
    assert_eq!(format!("{opening:?}"), "RootOpening(…)");
    let renamed = [&bytes[..32], b"DE", &bytes[34..]].concat();
    for wrong in [&bytes[..31], &bytes[..34], &renamed, &[bytes.as_slice(), b"\0"].concat()] {
        assert!(RootOpening::from_bytes(wrong).is_err());
    }
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        let held = RootOpening::from_bytes(&altered).is_ok_and(|one| japan.directory.trusted.contains(&one));
        assert!(!held, "byte {at}");
    }
}

#[test]
fn a_root_that_a_gateway_slips_in_is_not_believed_r95() {
    let (japan, france, _) = federation();
    let impostor = State::new("FR");
    let slipped = SignedDirectory { openings: vec![opening(&impostor.root)], ..japan.signed() };
    let root = japan.root.certificate().der();
    let mut store = TrustStore::new(root, &slipped, &[], NOW).unwrap();
    assert!(store.pinned_root(party("FR")).is_none());
    assert_denied(store.add(&impostor.signed(), NOW), R95, "does not trust a root of FR");
    // The true one comes later, with the same text; the false one changes nothing then, either.
    store.add(&japan.signed(), NOW).unwrap();
    store.add(&slipped, NOW).unwrap();
    assert_eq!(store.pinned_root(party("FR")), Some(france.root.certificate()));
    assert_denied(store.add(&impostor.signed(), NOW), R95, "not signed by the root");
    store.add(&france.signed(), NOW).unwrap();
    // What was opened once need not be opened again.
    let silent = SignedDirectory { openings: Vec::new(), ..japan.signed() };
    store.add(&silent, NOW).unwrap();
    assert!(store.directory(party("FR")).is_some() && store.openings().len() == 1);
}

#[test]
fn two_roots_of_one_party_are_neither_signed_nor_believed() {
    let (mut japan, _, _) = federation();
    japan.openings.push(opening(&State::new("FR").root));
    japan.directory.trusted = Commitments::to(&japan.openings).unwrap();
    assert!(japan.root.sign_directory(&japan.directory, &japan.openings).is_err());
    let own = japan.openings.iter().cloned().chain([opening(&japan.root)]).collect::<Vec<_>>();
    japan.directory.trusted = Commitments::to(&own).unwrap();
    let signed = SignedDirectory { openings: own, ..japan.root.sign_directory(&japan.directory, &[]).unwrap() };
    let store = TrustStore::new(japan.root.certificate().der(), &signed, &[], NOW);
    assert_failed(store.map(|store| store.own_party()), Fault::Malformed);
}

#[test]
fn a_party_that_does_not_show_its_trust_in_us_is_refused_r95() {
    let (japan, france, store) = federation();
    let shown = france.signed();
    assert_eq!(store.verify_trust(&shown).unwrap(), france.openings[0]);
    let another = SignedDirectory { openings: vec![opening(&japan.root)], ..shown.clone() };
    for directory in [SignedDirectory { openings: Vec::new(), ..shown }, another] {
        assert_denied(store.verify_trust(&directory), R95, "does not show that it trusts the root of JP");
    }
}

#[test]
fn a_new_version_keeps_the_commitments_of_the_roots_that_stay_and_always_changes_one_value() {
    let [france, germany, other] = ["FR", "DE", "DE"].map(|code| opening(&State::new(code).root));
    let first = Commitments::to(&[]).unwrap();
    let steps: [(&[RootOpening], &[RootOpening]); 5] = [
        (&[], slice::from_ref(&france)),
        (slice::from_ref(&france), &[france.clone(), germany.clone()]),
        (&[france.clone(), germany.clone()], &[france.clone(), other.clone()]),
        (&[france.clone(), other.clone()], &[france.clone(), other.clone()]),
        (&[france.clone(), other.clone()], slice::from_ref(&france)),
    ];
    let mut now = first;
    for (before, after) in steps {
        let next = now.revised(before, after).unwrap();
        assert_eq!(values(&next).difference(&values(&now)).count(), 1, "{} to {}", before.len(), after.len());
        assert_eq!(values(&next).len(), values(&now).len());
        assert!(after.iter().all(|one| next.contains(one)));
        assert!(before.iter().filter(|one| !after.contains(one)).all(|one| !next.contains(one)));
        now = next;
    }
}
