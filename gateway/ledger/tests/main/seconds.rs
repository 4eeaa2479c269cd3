//! The second signature: by ML-DSA-44, promised by the key itself, so that nobody forgets to ask.

use std::slice::from_ref;

use aws_lc_rs::signature::{KeyPair as _, ML_DSA_44_SIGNING, PqdsaKeyPair};
use ledger::{
    Cosignature, LedgerKey, Objection, Replica, Retreat, SECOND_SIGNATURE_BYTES, SecondKey, SignBytes,
    SignedCheckpoint, WitnessName,
};
use model::Timestamp;

use crate::{Home, Signer, leaves, origin};

const NOON: Timestamp = Timestamp(1_790_000_000_999);

/// A gateway with both keys.
struct Both {
    first: Signer,
    second: PqdsaKeyPair,
}

impl Both {
    fn new(seed: u8) -> Self {
        Self { first: Signer::new(seed), second: PqdsaKeyPair::from_seed(&ML_DSA_44_SIGNING, &[seed; 32]).unwrap() }
    }

    fn second_key(&self) -> SecondKey {
        SecondKey::try_from(self.second.public_key().as_ref()).unwrap()
    }
}

impl SignBytes for Both {
    fn public_key(&self) -> LedgerKey {
        self.first.public_key().with_second(Some(self.second_key()))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.first.sign(message)
    }

    fn sign_second(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; SECOND_SIGNATURE_BYTES];
        self.second.sign(message, &mut signature).ok()?;
        Some(signature)
    }
}

fn witness() -> WitnessName {
    WitnessName(origin().peer())
}

fn head_by(signer: &impl SignBytes) -> SignedCheckpoint {
    Home::of(leaves(0..5)).log.head(origin()).sign(signer).unwrap()
}

/// The lines of a note that are signatures.
fn lines(note: &[u8]) -> Vec<String> {
    let text = String::from_utf8(note.to_vec()).unwrap();
    text.split_once("\n\n").unwrap().1.split_inclusive('\n').map(str::to_owned).collect()
}

fn without(note: &[u8], line: &str) -> Vec<u8> {
    String::from_utf8(note.to_vec()).unwrap().replacen(line, "", 1).into_bytes()
}

#[test]
fn a_head_that_is_signed_twice_holds_by_both_keys_and_by_the_first_alone() {
    let home = Both::new(1);
    let head = head_by(&home);
    assert_eq!(lines(head.note()).len(), 2);
    for key in [home.public_key(), home.first.public_key()] {
        assert_eq!(SignedCheckpoint::verify(head.note(), origin(), &key).unwrap(), head);
    }
}

#[test]
fn a_head_without_the_promised_second_signature_is_refused_r95() {
    let home = Both::new(1);
    let head = head_by(&home);
    let second = lines(head.note())[1].clone();
    let stripped = without(head.note(), &second);
    assert!(SignedCheckpoint::verify(&stripped, origin(), &home.first.public_key()).is_ok());
    let denial = SignedCheckpoint::verify(&stripped, origin(), &home.public_key()).unwrap_err();
    assert_eq!(denial.reason(), "R95");
    assert!(denial.to_string().contains("promises a second signature (ML-DSA-44)"), "{denial}");
    // Of another key, and of another head.
    for other in [head_by(&Both::new(2)), Home::of(leaves(0..6)).log.head(origin()).sign(&home).unwrap()] {
        let forged = [&stripped[..], lines(other.note())[1].as_bytes()].concat();
        assert_eq!(SignedCheckpoint::verify(&forged, origin(), &home.public_key()).unwrap_err().reason(), "R95");
    }
}

#[test]
fn the_second_signature_alone_is_none() {
    let home = Both::new(1);
    let head = head_by(&home);
    let alone = without(head.note(), &lines(head.note())[0]);
    assert!(SignedCheckpoint::verify(&alone, origin(), &home.public_key()).is_err());
}

#[test]
fn a_cosignature_is_two_lines_of_one_time_and_neither_may_be_left_out() {
    let (home, peer) = (Both::new(1), Both::new(2));
    let head = head_by(&home);
    let cosignature = head.cosign(witness(), &peer, NOON).unwrap();
    let key = peer.public_key();
    assert_eq!(Cosignature::verify(cosignature.line(), head.checkpoint(), witness(), &key).unwrap(), cosignature);
    let note = head.with(&cosignature);
    assert_eq!(Cosignature::find(&note, head.checkpoint(), witness(), &key).unwrap(), cosignature);
    assert!(SignedCheckpoint::verify(&note, origin(), &home.public_key()).is_ok());
    assert_eq!(Cosignature::named_in(&note).unwrap(), [(witness(), 1_790_000_000)]);

    let text = String::from_utf8(cosignature.line().to_vec()).unwrap();
    let parts: Vec<&str> = text.split_inclusive('\n').collect();
    let [first, second] = parts[..] else { panic!("{text}") };
    // Who does not know of the second key keeps the first line alone.
    let read = Cosignature::verify(text.as_bytes(), head.checkpoint(), witness(), &peer.first.public_key()).unwrap();
    assert_eq!(read.line(), first.as_bytes());
    let later = head.cosign(witness(), &peer, NOON.plus_ms(5000)).unwrap();
    let later = String::from_utf8(later.line().to_vec()).unwrap();
    let later = later.split_inclusive('\n').nth(1).unwrap();
    for wrong in [first.to_owned(), second.to_owned(), format!("{first}{later}"), format!("{first}{first}")] {
        let denial = Cosignature::verify(wrong.as_bytes(), head.checkpoint(), witness(), &key).unwrap_err();
        assert!(["R95", "MALFORMED"].contains(&denial.reason()), "{denial}");
        let note = [head.note(), wrong.as_bytes()].concat();
        assert!(Cosignature::find(&note, head.checkpoint(), witness(), &key).is_err());
    }
    assert!(Cosignature::verify(format!("{text}{second}").as_bytes(), head.checkpoint(), witness(), &key).is_err());
}

#[test]
fn a_log_that_is_signed_twice_is_replicated_as_any() {
    let home = Both::new(1);
    let all = leaves(0..5);
    let head = head_by(&home);
    let head = SignedCheckpoint::verify(head.note(), origin(), &home.public_key()).unwrap();
    let batch = ledger::Batch { first: 0, leaves: &all };
    let copy = Replica::new(origin()).replicate(batch, &head, &Default::default());
    let (copy, _) = copy.map_err(|objection: Objection| objection.to_string()).unwrap();
    assert_eq!(copy.head().unwrap().note(), head.note());
}

#[test]
fn a_key_has_one_spelling_and_a_verifier_key_for_foreign_tools() {
    let key = Both::new(1).second_key();
    assert_eq!(key.to_string().parse::<SecondKey>().unwrap(), key);
    assert!(key.to_string()[4..].parse::<SecondKey>().is_err());
    let vkey = key.to_vkey(origin());
    // Six bits of the type byte 0x06 are the first letter.
    assert!(
        vkey.starts_with("rogatory.internal/jp/fr+") && vkey.splitn(3, '+').nth(2).unwrap().starts_with('B'),
        "{vkey}"
    );
}

#[test]
fn a_witness_that_signs_twice_is_convicted_by_both_signatures_and_by_no_one_of_them() {
    let (home, fr) = (Both::new(1), Both::new(2));
    let cosigned = |size: u64, at: Timestamp| {
        let head = Home::of(leaves(0..size)).log.head(origin()).sign(&home).unwrap();
        head.with(&head.cosign(witness(), &fr, at).unwrap())
    };
    let [first, then] = [cosigned(12, NOON), cosigned(5, NOON.plus_ms(1000))];
    let retreat = Retreat::of(origin(), witness(), &first, &then).unwrap();
    assert_eq!(
        [&retreat.first, &retreat.then].map(|note| lines(note).len()),
        [2, 2],
        "its own two, and not the home's"
    );
    let [key, alone] = [fr.public_key(), fr.first.public_key()];
    assert!(retreat.verify(origin(), witness(), from_ref(&key)).is_ok());
    assert!(retreat.verify(origin(), witness(), from_ref(&alone)).is_err(), "a signature that nobody has checked");
    let second = lines(&retreat.then)[1].clone();
    let stripped = Retreat { then: without(&retreat.then, &second), ..retreat };
    let denial = stripped.verify(origin(), witness(), &[key]).unwrap_err();
    assert!(denial.to_string().contains("promises a second signature (ML-DSA-44)"), "{denial}");
}

#[test]
fn a_second_verifier_key_is_read_back_for_its_own_name_alone() {
    let key = Both::new(1).second_key();
    let text = key.to_vkey(origin());
    assert_eq!(SecondKey::from_vkey(&text, origin()).unwrap(), key);
    assert!(SecondKey::from_vkey(&text, witness()).is_err());
    assert!(SecondKey::from_vkey(&Both::new(1).first.public_key().to_vkey(origin(), false), origin()).is_err());
}
