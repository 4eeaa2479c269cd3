use model::RefusalCode::R95;

use super::*;
use crate::{Fingerprint, IssueError, RootCertificate, SignedDirectory, TRAINING_MARK, limits};

/// Signs any text with a root, as a broken or hostile state would.
fn sign_text(state: &State, toml: String) -> SignedDirectory {
    let framed = crate::Domain::Directory.frame(toml.as_bytes());
    let signature = rcgen::SigningKey::sign(state.rogue().key(), &framed).unwrap();
    SignedDirectory { toml, signature, openings: Vec::new() }
}

fn believed(store: &mut TrustStore, state: &State) -> Result<PartyId, Denial> {
    store.add(&state.signed(), NOW)
}

#[test]
fn a_directory_is_readable_text_and_survives_it() {
    let (japan, _, _) = federation();
    let toml = japan.directory.to_toml().unwrap();
    assert!(
        toml.starts_with("format = 2\nparty = \"JP\"\nversion = 1\nissued = \"2026-11-22T00:00:00.000Z\"\n"),
        "{toml}"
    );
    assert!(toml.contains("-----BEGIN CERTIFICATE-----\n"), "{toml}");
    assert!(toml.contains("[[authorities]]\nid = \"JP:central\"\nkind = \"central\"\n"), "{toml}");
    assert_eq!(Directory::from_toml(&toml).unwrap(), japan.directory);
    let signed = japan.signed();
    assert_eq!(signed.verify(japan.root.certificate().der(), NOW).unwrap(), japan.directory);
    assert_eq!(signed.claimed_party().unwrap(), party("JP"));
}

#[test]
fn a_directory_with_an_unknown_field_is_malformed() {
    let (japan, _, _) = federation();
    let toml = japan.directory.to_toml().unwrap();
    for (from, to) in [
        ("version = 1\n", "version = 1\nsuper = true\n"),
        ("kind = \"central\"\n", "kind = \"central\"\nsuper = true\n"),
        ("version = 1\n", "version = 1\nversion = 2\n"),
        ("version = 1\n", ""),
        ("version = 1\n", "version = 0\n"),
        ("kind = \"central\"", "kind = \"spy\""),
        ("2026-11-22T00:00:00.000Z", "yesterday"),
        ("BEGIN CERTIFICATE", "BEGIN CERTIFICATF"),
        ("format = 2\n", "format = 1\n"),
        ("format = 2\n", ""),
    ] {
        assert!(toml.contains(from), "{from}");
        let altered = toml.replacen(from, to, 1);
        assert!(Directory::from_toml(&altered).is_err(), "{to}");
        let signed = sign_text(&japan, altered);
        assert_failed(signed.verify(japan.root.certificate().der(), NOW), Fault::Malformed);
    }
    let long = format!("{toml}#{}", "x".repeat(limits::DIRECTORY_BYTES_MAX));
    assert_failed(sign_text(&japan, long).verify(japan.root.certificate().der(), NOW), Fault::TooLarge);
}

/// The commitments of a directory, altered where their type does not allow it.
fn recommitted(directory: &Directory, alter: impl FnOnce(&mut Vec<toml::Value>)) -> Commitments {
    let mut values = toml::Value::try_from(&directory.trusted).unwrap().as_array().unwrap().clone();
    alter(&mut values);
    toml::Value::Array(values).try_into().unwrap()
}

type Alteration = fn(&mut Directory, &State);

#[test]
fn a_directory_that_contradicts_itself_is_neither_signed_nor_believed() {
    let other = State::new("FR");
    let alterations: [(&str, Alteration); 14] = [
        ("an authority twice", |d, _| d.authorities[1].id = d.authorities[0].id.clone()),
        ("an authority of another party", |d, _| d.authorities[0].id = authority("FR:central")),
        ("an authority called like the gateway", |d, _| d.authorities[0].id = authority("JP:gw")),
        ("a desk key twice", |d, _| d.authorities[1].desk_key = d.authorities[0].desk_key),
        ("an officer's key twice", |d, _| d.authorities[1].officers[0].key = d.authorities[0].officers[0].key),
        ("an officer with the ledger key", |d, _| d.authorities[0].officers[0].key = d.ledger_key),
        ("an officer with a desk key", |d, _| d.authorities[0].officers[0].key = d.authorities[0].desk_key),
        ("a title with a line end", |d, _| d.authorities[0].title = "a\nb".to_owned()),
        ("no pseudonym", |d, _| d.authorities[0].officers[0].pseudonym = String::new()),
        ("another state's root as own", |d, other| d.root = other.root.certificate().der().to_vec()),
        ("fewer commitments than the bucket holds", |d, _| d.trusted = recommitted(d, |all| drop(all.pop()))),
        ("commitments in another order", |d, _| d.trusted = recommitted(d, |all| all.reverse())),
        ("a commitment twice", |d, _| d.trusted = recommitted(d, |all| all[1] = all[0].clone())),
        ("no end", |d, _| d.expires = d.issued.plus_ms(401 * DAY_MS)),
    ];
    for (what, alter) in alterations {
        let mut state = State::new("JP");
        alter(&mut state.directory, &other);
        assert!(state.directory.check().is_err(), "{what}");
        let refused = state.root.sign_directory(&state.directory, &[]);
        assert!(matches!(refused, Err(IssueError::Directory(_))), "{what}");
        let signed = sign_text(&state, format!("format = 2\n{}", toml::to_string(&state.directory).unwrap()));
        assert_failed(signed.verify(state.root.certificate().der(), NOW), Fault::Malformed);
    }
}

#[test]
fn a_thousand_authorities_fit_and_one_more_does_not() {
    let mut state = State::new("JP");
    for i in state.directory.authorities.len()..limits::AUTHORITIES_MAX {
        let mut key = [1; 32];
        key[..8].copy_from_slice(&(i as u64).to_be_bytes());
        let id = AuthorityId::new(party("JP"), &format!("office-{i}")).unwrap();
        let kind = AuthorityKind::Executing;
        state.directory.authorities.push(Authority {
            id,
            kind,
            title: "An office".to_owned(),
            desk_key: key.into(),
            officers: vec![],
        });
    }
    let signed = state.signed();
    signed.verify(state.root.certificate().der(), NOW).unwrap();
    let mut one_more = state.directory.authorities[0].clone();
    one_more.id = authority("JP:one-more");
    state.directory.authorities.push(one_more);
    assert!(state.directory.check().unwrap_err().to_string().contains("1000"));
}

#[test]
fn each_altered_byte_of_text_or_signature_is_refused() {
    let (japan, _, _) = federation();
    let signed = japan.signed();
    let root = japan.root.certificate().der();
    for at in 0..signed.signature.len() {
        let mut altered = signed.clone();
        altered.signature[at] ^= 1;
        assert_denied(altered.verify(root, NOW), R95, "not signed by the root");
    }
    for (from, to) in [("version = 1", "version = 2"), ("A-1", "A-3"), ("\"judge\"", "\"decider\"")] {
        let altered = SignedDirectory { toml: signed.toml.replacen(from, to, 1), ..signed.clone() };
        assert_ne!(altered, signed);
        assert_denied(altered.verify(root, NOW), R95, "not signed by the root");
    }
}

#[test]
fn a_directory_under_another_root_than_the_pinned_one_is_refused_r95() {
    let (japan, france, mut store) = federation();
    let impostor = State::new("FR");
    let signed = impostor.signed();
    assert_denied(signed.verify(france.root.certificate().der(), NOW), R95, "not signed by the root");
    assert_denied(store.add(&signed, NOW), R95, "not signed by the root");
    // Signed by the right root, but naming another.
    let mut altered = france.directory.clone();
    altered.root = impostor.root.certificate().der().to_vec();
    let signed = sign_text(&france, altered.to_toml().unwrap());
    assert_denied(store.add(&signed, NOW), R95, "names another root");
    assert!(matches!(japan.root.sign_directory(&france.directory, &[]), Err(IssueError::Name { .. })));
}

#[test]
fn a_directory_outside_its_time_is_refused_r95() {
    let (japan, _, _) = federation();
    let signed = japan.signed();
    let root = japan.root.certificate().der();
    signed.verify(root, NOW.plus_ms(365 * DAY_MS)).unwrap();
    assert_denied(signed.verify(root, NOW.plus_ms(365 * DAY_MS + 1)), R95, "has expired");
    signed.verify(root, NOW.plus_ms(-5 * 60 * 1000)).unwrap();
    assert_denied(signed.verify(root, NOW.plus_ms(-5 * 60 * 1000 - 1)), R95, "not valid yet");
    assert_denied(signed.verify(root, NOW.plus_ms(4000 * DAY_MS)), R95, "root of JP is not within its validity");
}

#[test]
fn a_party_whose_root_the_own_directory_does_not_trust_is_refused_r95() {
    let (japan, _, mut store) = federation();
    let germany = State::new("DE");
    assert_denied(believed(&mut store, &germany), R95, "does not trust a root of DE");
    let own = japan.signed();
    let foreign = [germany.signed()];
    let store = TrustStore::new(japan.root.certificate().der(), &own, &foreign, NOW);
    assert_denied(store.map(|store| store.own_party()), R95, "does not trust a root of DE");
    let impostor = State::new("JP");
    let store = TrustStore::new(impostor.root.certificate().der(), &own, &[], NOW);
    assert_denied(store.map(|store| store.own_party()), R95, "not signed by the root");
}

#[test]
fn a_directory_is_followed_by_a_higher_version_only_r95() {
    let (_, mut france, mut store) = federation();
    assert_eq!(believed(&mut store, &france).unwrap(), party("FR"), "the same again changes nothing");
    france.directory.authorities.pop();
    assert_denied(believed(&mut store, &france), R95, "Version 1 of the directory of FR does not follow version 1");
    france.directory.version = 3;
    believed(&mut store, &france).unwrap();
    assert!(store.authority(&authority("FR:court")).is_none());
    assert!(store.authority(&authority("FR:central")).is_some());
    let newest = france.directory.clone();
    france.directory.version = 2;
    assert_denied(believed(&mut store, &france), R95, "does not follow version 3");
    assert!(newest.supersedes(&france.directory) && !france.directory.supersedes(&newest));
    assert!(!newest.supersedes(&newest));
    assert_eq!(store.directory(party("FR")), Some(&newest));
}

#[test]
fn a_root_that_is_no_longer_trusted_takes_its_directory_with_it() {
    let (mut japan, france, mut store) = federation();
    assert_eq!(store.parties().collect::<Vec<_>>(), [party("FR"), party("JP")]);
    japan.directory.trusted = japan.directory.trusted.revised(&japan.openings, &[]).unwrap();
    japan.directory.version = 2;
    assert_eq!(believed(&mut store, &japan).unwrap(), party("JP"));
    assert_eq!(store.parties().collect::<Vec<_>>(), [party("JP")]);
    assert!(store.anchor_for(party("FR")).is_none());
    assert_denied(believed(&mut store, &france), R95, "does not trust a root of FR");
}

#[test]
fn the_store_answers_by_party_and_key() {
    let (japan, france, store) = federation();
    assert_eq!(store.own_party(), party("JP"));
    assert_eq!(store.desk_key(&authority("FR:central")), Some(france.desk.verifying_key()));
    assert_eq!(store.ledger_key(party("FR")), Some(france.ledger.verifying_key()));
    let der = japan.root.certificate().der();
    assert_eq!(store.fingerprint(party("JP")), Some(Fingerprint::of_root(der).unwrap()));
    assert_eq!(store.root(party("JP")).unwrap().der(), der);
    let (listed, officer) = store.officer(party("FR"), &france.judge.key_id()).unwrap();
    assert_eq!((listed.id.clone(), officer.pseudonym.as_str()), (authority("FR:court"), "J-1"));
    assert!(store.officer(party("JP"), &france.judge.key_id()).is_none());
    assert_eq!(france.directory.officer(&france.judge.key_id()).unwrap().1, officer);
}

#[test]
fn a_state_for_training_says_so_in_its_root_and_in_each_title_and_trusts_no_real_one() {
    let (japan, france, _) = federation();
    let simulated = Root::generate_training(party("JP"), NOW).unwrap();
    assert!(simulated.certificate().is_training() && !japan.root.certificate().is_training());
    assert_eq!(RootCertificate::parse(simulated.certificate().der()).unwrap().party(), party("JP"));
    let trusting = |directory: &Directory, root: &Root| {
        let openings = [opening(root)];
        (Directory { trusted: Commitments::to(&openings).unwrap(), ..directory.clone() }, openings)
    };
    let mut directory = Directory { trusted: Commitments::to(&[]).unwrap(), ..japan.directory.clone() };
    directory.root = simulated.certificate().der().to_vec();
    assert!(directory.check().is_err(), "its authorities are not marked");
    for authority in &mut directory.authorities {
        authority.title = format!("{TRAINING_MARK}: {}", authority.title);
    }
    directory.check().unwrap();
    let (credulous, openings) = trusting(&directory, &france.root);
    assert!(credulous.pins(&openings).is_err(), "it trusts a real state");
    assert!(simulated.sign_directory(&credulous, &openings).is_err());
    let exercise = Root::generate_training(party("FR"), NOW).unwrap();
    let (directory, openings) = trusting(&directory, &exercise);
    simulated.sign_directory(&directory, &openings).unwrap();
    // Nor does a real one trust it, or call its own authorities simulated.
    let (real, openings) = trusting(&japan.directory, &exercise);
    assert!(real.pins(&openings).is_err());
    let signed = SignedDirectory { openings: openings.to_vec(), ..japan.root.sign_directory(&real, &[]).unwrap() };
    let store = TrustStore::new(japan.root.certificate().der(), &signed, &[], NOW);
    assert_failed(store.map(|store| store.own_party()), Fault::Malformed);
    let mut marked = japan.directory.clone();
    marked.authorities[0].title = format!("{TRAINING_MARK}: {}", marked.authorities[0].title);
    assert!(marked.check().is_err());
}
