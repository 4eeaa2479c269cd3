use std::{fs, process::Command};

use model::RefusalCode::R95;
use rcgen::{CustomExtension, PKCS_ED25519};
use signed_note::{Note, StandardVerifier, VerifierList};

use super::*;
use crate::{
    IssueError, LEAF_KEY_USAGE_OID, TREATY_KEY_USAGE_OID, TREATY_LIFETIME, TREATY_LIFETIME_MAX, certificate_to_pem,
    treaty::{FileStatement, SignError, TreatySigner, TreatyVerifier, verify_note},
    treaty_name,
};

const PHRASE: &[u8] = b"correct horse battery staple\n";
const TEXT: &str = "rogatory treaty file v1\npath parties/JP.toml\nversion 3\n\
    sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nsigned 2026-11-22\n";

/// Of the key with the seed 07…07, made with OpenSSL and SHA-256 alone.
const SIGNATURE: &str = "— jp.rogatory.internal/treaty 1ZGZIuD4V5Nff4RwBkTMExtGxGjOHz13A618+EAyJMBL2Tg+qwfOcGMqBo9joEX8z9v5kHXjwcPxMl6g3/hnhtl82gw=\n";
const VERIFIER_KEY: &str = "jp.rogatory.internal/treaty+d5919922+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

/// A root and the treaty key it certified, as they stand in files.
struct Chancery {
    root: Root,
    certificate_pem: String,
    signer: TreatySigner,
}

impl Chancery {
    fn new(code: &str) -> Self {
        Self::of(Root::generate(party(code), NOW).unwrap(), &SigningKey::generate().unwrap(), NOW)
    }

    fn of(root: Root, key: &SigningKey, issued: Timestamp) -> Self {
        let der = root.issue_treaty(&key.public_key(), issued, TREATY_LIFETIME).unwrap();
        let certificate_pem = certificate_to_pem(&der).unwrap();
        let passphrase = Passphrase::new(PHRASE).unwrap();
        let signer = TreatySigner::open(&key.seal(&passphrase).unwrap(), &passphrase, &certificate_pem).unwrap();
        Self { root, certificate_pem, signer }
    }

    /// The same root with a new treaty key.
    fn renewed(&self, issued: Timestamp) -> Self {
        let pkcs8 = self.rogue_pkcs8();
        let root = Root::from_parts(self.root.certificate().der(), &pkcs8).unwrap();
        Self::of(root, &SigningKey::generate().unwrap(), issued)
    }

    fn rogue_pkcs8(&self) -> Vec<u8> {
        let passphrase = Passphrase::new(PHRASE).unwrap();
        open_pkcs8(&self.root.seal(&passphrase).unwrap(), &passphrase).unwrap().to_vec()
    }

    fn root_pem(&self) -> String {
        certificate_to_pem(self.root.certificate().der()).unwrap()
    }

    fn verifier_at(&self, now: Timestamp) -> Result<TreatyVerifier, Denial> {
        TreatyVerifier::new(self.root.party(), &self.root_pem(), &self.certificate_pem, now)
    }

    fn verifier(&self) -> TreatyVerifier {
        self.verifier_at(NOW).unwrap()
    }

    /// What a certificate that this root's key signed by hand is worth here.
    fn verdict_on(&self, usage: &[u8], name: &str, days: i64) -> Result<TreatyVerifier, Denial> {
        let mut params = params(&[name], days);
        let der = [&[0x30, 21, 0x06, 19][..], usage].concat();
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 37], der)];
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let certificate = params.signed_by(&key, &rogue(&self.root)).unwrap();
        let pem = certificate_to_pem(certificate.der()).unwrap();
        TreatyVerifier::new(self.root.party(), &self.root_pem(), &pem, NOW)
    }
}

fn known_key() -> SigningKey {
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    SigningKey::from_pkcs8(&[&prefix[..], &[7; 32]].concat()).unwrap()
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn what_a_party_signed_is_verified_with_its_root_alone() {
    let japan = Chancery::new("JP");
    let note = japan.signer.sign(TEXT).unwrap();
    let verified = verify_note(&note, &[japan.verifier()], NOW).unwrap();
    assert_eq!((verified.text(), verified.signed().to_string()), (TEXT, "2026-11-22".to_owned()));
    assert_eq!(verified.parties(), &BTreeSet::from([party("JP")]));
    assert!(verified.is_signed_by_all(&[party("JP")]) && !verified.is_signed_by_all(&[party("JP"), party("FR")]));
    assert_eq!(verified.text().parse::<FileStatement>().unwrap().path, "parties/JP.toml");
    assert_eq!((japan.signer.party(), japan.verifier().party()), (party("JP"), party("JP")));
    assert_eq!(japan.verifier().days().map(|day| day.to_string()), ["2026-11-21", "2028-11-21"]);
    assert_eq!(format!("{:?}", japan.signer), "TreatySigner(JP)");
}

#[test]
fn a_note_and_a_verifier_key_stability() {
    let japan = Chancery::of(Root::generate(party("JP"), NOW).unwrap(), &known_key(), NOW);
    assert_eq!(japan.signer.sign(TEXT).unwrap(), format!("{TEXT}\n{SIGNATURE}"));
    assert_eq!(japan.signer.verifier_key(), VERIFIER_KEY);
    assert_eq!(japan.verifier().verifier_key(), VERIFIER_KEY);
}

#[test]
fn a_foreign_implementation_of_notes_takes_note_and_verifier_key() {
    let (japan, france) = (Chancery::new("JP"), Chancery::new("FR"));
    let note = france.signer.countersign(&japan.signer.sign(TEXT).unwrap(), TEXT).unwrap();
    for chancery in [&japan, &france] {
        let verifier = StandardVerifier::new(&chancery.verifier().verifier_key()).unwrap();
        let (held, unknown) =
            Note::from_bytes(note.as_bytes()).unwrap().verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!((held.len(), unknown.len()), (1, 1));
    }
}

#[test]
fn openssl_verifies_the_chain_and_the_signature() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let japan = Chancery::new("JP");
    fs::write(at("root.pem"), japan.root_pem()).unwrap();
    fs::write(at("treaty.pem"), &japan.certificate_pem).unwrap();
    let moment = (NOW.0 / 1000).to_string();
    openssl(&["verify", "-x509_strict", "-attime", &moment, "-CAfile", &at("root.pem"), &at("treaty.pem")]);
    let shown = openssl(&["x509", "-in", &at("treaty.pem"), "-noout", "-ext", "subjectAltName,extendedKeyUsage"]);
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("DNS:treaty.jp.rogatory.internal"), "{shown}");
    assert!(shown.contains("2.25.72216487580561884856945169369624247121"), "{shown}");

    let note = japan.signer.sign(TEXT).unwrap();
    let line = signed_note::Signature::from_bytes(note.lines().last().unwrap().as_bytes()).unwrap();
    fs::write(at("text"), TEXT).unwrap();
    fs::write(at("signature"), line.signature()).unwrap();
    fs::write(at("key.pem"), openssl(&["x509", "-in", &at("treaty.pem"), "-noout", "-pubkey"])).unwrap();
    let [key, text, signature] = ["key.pem", "text", "signature"].map(at);
    let verify = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", &key, "-in", &text, "-sigfile", &signature];
    openssl(&verify);
    fs::write(&text, TEXT.replace("version 3", "version 4")).unwrap();
    assert!(!Command::new("openssl").args(verify).output().unwrap().status.success());
}

#[test]
fn a_note_with_one_flipped_bit_fails() {
    let japan = Chancery::new("JP");
    let note = japan.signer.sign(TEXT).unwrap();
    let verifiers = [japan.verifier()];
    for bit in 0..note.len() * 8 {
        let mut bytes = note.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(flipped) = String::from_utf8(bytes) else { continue };
        assert!(verify_note(&flipped, &verifiers, NOW).is_err(), "bit {bit}");
    }
    let altered = note.replace("version 3", "version 4");
    assert_denied(verify_note(&altered, &verifiers, NOW), R95, "signature of JP does not hold");
}

#[test]
fn a_note_of_another_states_root_fails() {
    let (japan, france) = (Chancery::new("JP"), Chancery::new("FR"));
    let note = france.signer.sign(TEXT).unwrap();
    assert_denied(verify_note(&note, &[japan.verifier()], NOW), R95, "No known treaty key");
    let impostor = Chancery::new("JP");
    let note = impostor.signer.sign(TEXT).unwrap();
    assert_denied(verify_note(&note, &[japan.verifier()], NOW), R95, "No known treaty key");
    let pinned = TreatyVerifier::new(party("JP"), &japan.root_pem(), &impostor.certificate_pem, NOW);
    assert_denied(pinned, R95, "not issued by the root");
    let foreign = TreatyVerifier::new(party("JP"), &japan.root_pem(), &france.certificate_pem, NOW);
    assert_denied(foreign, R95, "treaty key of FR");
    let swapped = TreatyVerifier::new(party("JP"), &france.root_pem(), &france.certificate_pem, NOW);
    assert_denied(swapped, R95, "one of FR, not of JP");
}

#[test]
fn a_root_cannot_certify_another_states_treaty_key() {
    let (japan, france) = (Chancery::new("JP"), Chancery::new("FR"));
    let verdict = france.verdict_on(&TREATY_KEY_USAGE_OID, &treaty_name(party("JP")), 10);
    assert_denied(verdict, R95, "treaty key of JP");
    japan.verdict_on(&TREATY_KEY_USAGE_OID, &treaty_name(party("JP")), 10).unwrap();
}

#[test]
fn a_certificate_for_another_use_is_none_of_a_treaty_key() {
    let japan = Chancery::new("JP");
    let name = treaty_name(party("JP"));
    assert_denied(japan.verdict_on(&LEAF_KEY_USAGE_OID, &name, 10), R95, "not for this use");
    for other in ["central.jp.rogatory.internal", "gw.jp.rogatory.internal", "jp.rogatory.internal"] {
        assert_denied(japan.verdict_on(&TREATY_KEY_USAGE_OID, other, 10), R95, "not one of a treaty key");
    }
    let key = SigningKey::generate().unwrap();
    let leaf = japan.root.issue_leaf(&authority("JP:central"), &key.public_key(), NOW, DAY).unwrap();
    let pem = certificate_to_pem(&leaf).unwrap();
    let verdict = TreatyVerifier::new(party("JP"), &japan.root_pem(), &pem, NOW);
    assert_denied(verdict, R95, "not one of a treaty key");
    assert!(matches!(TreatySigner::new(key, &pem), Err(SignError::Certificate(_))));
}

#[test]
fn a_treaty_key_is_no_leaf_and_no_end_of_a_connection() {
    let (_, france, store) = federation();
    let key = SigningKey::generate().unwrap().public_key();
    let treaty = france.root.issue_treaty(&key, NOW, TREATY_LIFETIME).unwrap();
    assert_refused(&store.verify_leaf(&[&treaty], &key, NOW).unwrap_err(), R95, "not one of a gateway or desk");
    let refusal = store.verify_peer_certificate(&[&treaty], NOW).unwrap_err();
    assert_refused(&refusal, R95, "not one of a gateway or desk");
    let disguised = authority("FR:treaty");
    assert!(matches!(france.root.issue_leaf(&disguised, &key, NOW, DAY), Err(IssueError::Name { .. })));
}

#[test]
fn two_parties_sign_the_same_text() {
    let (japan, france) = (Chancery::new("JP"), Chancery::new("FR"));
    let first = japan.signer.sign(TEXT).unwrap();
    let both = france.signer.countersign(&first, TEXT).unwrap();
    assert!(both.starts_with(&first));
    let verified = verify_note(&both, &[france.verifier(), japan.verifier()], NOW).unwrap();
    assert!(verified.is_signed_by_all(&[party("FR"), party("JP")]));
    let known = verify_note(&both, &[france.verifier()], NOW).unwrap();
    assert_eq!(known.parties(), &BTreeSet::from([party("FR")]), "the line of an unknown key is ignored");
    assert_eq!(japan.signer.countersign(&both, TEXT).unwrap(), both, "the same signature again changes nothing");
    let other = TEXT.replace("version 3", "version 4");
    assert!(matches!(france.signer.countersign(&first, &other), Err(SignError::OtherText)));
    let altered = both.replace("version 3", "version 4");
    assert!(matches!(france.signer.countersign(&altered, &other), Err(SignError::Forged(_))));
}

#[test]
fn a_bad_line_of_a_known_key_fails_the_whole_note() {
    let (japan, france) = (Chancery::new("JP"), Chancery::new("FR"));
    let good = japan.signer.sign(TEXT).unwrap();
    let other = france.signer.sign(&TEXT.replace("version 3", "version 4")).unwrap();
    let mixed = format!("{good}{}\n", other.lines().last().unwrap());
    let verdict = verify_note(&mixed, &[japan.verifier(), france.verifier()], NOW);
    assert_denied(verdict, R95, "signature of FR does not hold");
    verify_note(&mixed, &[japan.verifier()], NOW).unwrap();
}

#[test]
fn a_second_different_signature_of_the_same_party_is_refused() {
    let japan = Chancery::new("JP");
    let renewed = japan.renewed(NOW);
    let note = japan.signer.sign(TEXT).unwrap();
    let second = renewed.signer.countersign(&note, TEXT);
    assert!(matches!(second, Err(SignError::SignedAlready(of)) if of == party("JP")));
    let by_hand = format!("{note}{}\n", renewed.signer.sign(TEXT).unwrap().lines().last().unwrap());
    let both = [japan.verifier(), renewed.verifier()];
    assert_denied(verify_note(&by_hand, &both, NOW), R95, "twice");
    let repeated = format!("{note}{}\n", note.lines().last().unwrap());
    assert_denied(verify_note(&repeated, &both, NOW), R95, "twice");
    verify_note(&note, &both, NOW).unwrap();
    verify_note(&renewed.signer.sign(TEXT).unwrap(), &both, NOW).unwrap();
}

#[test]
fn what_was_signed_in_time_stays_good_after_the_certificate_has_expired() {
    let japan = Chancery::new("JP");
    let note = japan.signer.sign(TEXT).unwrap();
    let later = NOW.plus_ms(800 * DAY_MS);
    let old = japan.verifier_at(later).unwrap();
    verify_note(&note, std::slice::from_ref(&old), later).unwrap();

    let late = TEXT.replace("2026-11-22", "2029-01-01");
    assert!(matches!(japan.signer.sign(&late), Err(SignError::Day { .. })));
    let renewed = japan.renewed(NOW.plus_ms(700 * DAY_MS));
    let verifiers = [old, renewed.verifier_at(later).unwrap()];
    verify_note(&renewed.signer.sign(&late).unwrap(), &verifiers, later).unwrap();
    verify_note(&note, &verifiers, later).unwrap();
}

#[test]
fn a_signature_on_a_day_outside_its_certificate_is_refused() {
    let japan = Chancery::new("JP");
    // A longer certificate for the same key lets it sign what the shorter one does not cover.
    let key = SigningKey::generate().unwrap();
    let long = Chancery::of(Root::generate(party("JP"), NOW).unwrap(), &key, NOW);
    let der = japan.root.issue_treaty(&key.public_key(), NOW, DAY * 10).unwrap();
    let short = TreatyVerifier::new(party("JP"), &japan.root_pem(), &certificate_to_pem(&der).unwrap(), NOW).unwrap();
    let later = NOW.plus_ms(20 * DAY_MS);
    for (day, words) in [("2026-12-03", Some("its certificate was not valid")), ("2026-12-02", None)] {
        let note = long.signer.sign(&TEXT.replace("2026-11-22", day)).unwrap();
        let verdict = verify_note(&note, std::slice::from_ref(&short), later);
        match words {
            Some(words) => assert_denied(verdict, R95, words),
            None => assert!(verdict.is_ok(), "{verdict:?}"),
        }
    }
}

#[test]
fn a_certificate_or_a_day_that_has_not_come_is_refused() {
    let japan = Chancery::new("JP");
    let future = japan.renewed(NOW.plus_ms(10 * DAY_MS));
    assert_denied(future.verifier_at(NOW), R95, "not valid yet");
    assert_denied(japan.verifier_at(NOW.plus_ms(-2 * 3600 * 1000)), R95, "not valid yet");
    assert!(matches!(future.signer.sign(TEXT), Err(SignError::Day { .. })));
    let tomorrow = japan.signer.sign(&TEXT.replace("2026-11-22", "2026-11-23")).unwrap();
    assert_denied(verify_note(&tomorrow, &[japan.verifier()], NOW), R95, "has not come");
    // A clock that is behind by five minutes is forgiven.
    let evening = NOW.plus_ms(DAY_MS - 4 * 60 * 1000);
    verify_note(&tomorrow, &[japan.verifier()], evening).unwrap();
}

#[test]
fn a_root_that_began_after_the_signing_day_does_not_vouch_for_it() {
    let key = SigningKey::generate().unwrap();
    let young = Root::generate(party("JP"), NOW.plus_ms(5 * DAY_MS)).unwrap();
    let der = young.issue_treaty(&key.public_key(), NOW, TREATY_LIFETIME).unwrap();
    let (root, pem) = (certificate_to_pem(young.certificate().der()).unwrap(), certificate_to_pem(&der).unwrap());
    assert_denied(TreatyVerifier::new(party("JP"), &root, &pem, NOW), R95, "root is not valid yet");
    let later = NOW.plus_ms(6 * DAY_MS);
    let verifier = TreatyVerifier::new(party("JP"), &root, &pem, later).unwrap();
    let note = TreatySigner::new(key, &pem).unwrap().sign(TEXT).unwrap();
    assert_denied(verify_note(&note, &[verifier], later), R95, "its certificate was not valid");
}

#[test]
fn a_treaty_certificate_lives_at_most_five_years() {
    let japan = Chancery::new("JP");
    let long = japan.root.issue_treaty(&[7; 32], NOW, TREATY_LIFETIME_MAX + Duration::from_secs(1));
    assert!(matches!(long, Err(IssueError::Lifetime { .. })));
    let name = treaty_name(party("JP"));
    assert_denied(japan.verdict_on(&TREATY_KEY_USAGE_OID, &name, 1827), R95, "more than five years");
    let key = SigningKey::generate().unwrap();
    let der = japan.root.issue_treaty(&key.public_key(), NOW, TREATY_LIFETIME_MAX).unwrap();
    TreatyVerifier::new(party("JP"), &japan.root_pem(), &certificate_to_pem(&der).unwrap(), NOW).unwrap();
}

#[test]
fn a_treaty_key_signs_nothing_but_texts_of_treaties() {
    let japan = Chancery::new("JP");
    let note = japan.signer.sign(TEXT).unwrap();
    for text in ["", "\n", "gw.jp.rogatory.internal\n0\n", "rogatory treaty file v1\n", TEXT.trim_end(), &note] {
        assert!(matches!(japan.signer.sign(text), Err(SignError::Text(_))), "{text:?}");
    }
    for odd in ["\0", "\r", "\t"] {
        let text = TEXT.replace("version 3", &format!("version 3{odd}"));
        assert!(matches!(japan.signer.sign(&text), Err(SignError::Text(_))), "{odd:?}");
    }
    let long = TEXT.replace("version 3", &"x".repeat(1_000_000));
    assert!(matches!(japan.signer.sign(&long), Err(SignError::Text(_))));
    let other = SigningKey::generate().unwrap();
    assert!(matches!(TreatySigner::new(other, &japan.certificate_pem), Err(SignError::OtherKey(_))));
}

#[test]
fn a_note_has_at_most_a_hundred_lines_and_one_megabyte() {
    let japan = Chancery::new("JP");
    let note = japan.signer.sign(TEXT).unwrap();
    let verifiers = [japan.verifier()];
    let unknown = Chancery::new("FR").signer.sign(TEXT).unwrap().lines().last().unwrap().to_owned() + "\n";
    let full = format!("{note}{}", unknown.repeat(99));
    verify_note(&full, &verifiers, NOW).unwrap();
    assert!(matches!(Chancery::new("DE").signer.countersign(&full, TEXT), Err(SignError::Full)));
    assert_failed(verify_note(&format!("{full}{unknown}"), &verifiers, NOW), Fault::Malformed);
    assert_failed(verify_note(&format!("{}{note}", "x\n".repeat(500_000)), &verifiers, NOW), Fault::Malformed);
    for at in 0..note.len() {
        if note.is_char_boundary(at) {
            assert!(verify_note(&note[..at], &verifiers, NOW).is_err(), "cut at {at}");
        }
    }
}

#[test]
fn only_certificates_are_taken_for_certificates() {
    let japan = Chancery::new("JP");
    let root = japan.root_pem();
    for pem in ["", "-----BEGIN CERTIFICATE-----\n", &"-".repeat(70_000)] {
        assert_failed(TreatyVerifier::new(party("JP"), &root, pem, NOW), Fault::Malformed);
        assert_failed(TreatyVerifier::new(party("JP"), pem, &japan.certificate_pem, NOW), Fault::Malformed);
    }
    let two = format!("{root}{root}");
    assert_failed(TreatyVerifier::new(party("JP"), &two, &japan.certificate_pem, NOW), Fault::Malformed);
    let p256 = KeyPair::generate().unwrap();
    let mut params = params(&[&treaty_name(party("JP"))], 10);
    let der = [&[0x30, 21, 0x06, 19][..], &TREATY_KEY_USAGE_OID].concat();
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 37], der)];
    let certificate = params.signed_by(&p256, &rogue(&japan.root)).unwrap();
    let pem = certificate_to_pem(certificate.der()).unwrap();
    assert_denied(TreatyVerifier::new(party("JP"), &root, &pem, NOW), R95, "not for an Ed25519 key");
}
