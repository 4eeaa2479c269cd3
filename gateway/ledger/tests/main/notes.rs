//! Signed heads, cosignatures and opened leaves.

use ledger::{
    Cosignature, InclusionProof, LeafSalt, NOTE_BYTES_MAX, Opening, SignBytes as _, SignedCheckpoint, Statement,
    WitnessName,
};
use model::{Digest, EntryId, EnvelopeDigest, HeaderDigest, Timestamp};
use signed_note::{Note, StandardVerifier, VerifierList};

use crate::{Home, Signer, leaves, origin};

const NOON: Timestamp = Timestamp(1_790_000_000_999);

fn witness() -> WitnessName {
    WitnessName(origin().peer())
}

#[test]
fn a_signed_head_is_read_back() {
    let head = Home::of(leaves(0..5)).head();
    let read = SignedCheckpoint::verify(head.note(), origin(), &Signer::new(1).public_key()).unwrap();
    assert_eq!(read, head);
    assert_eq!(read.checkpoint().size, 5);
}

#[test]
fn a_head_by_another_key_is_refused_r95() {
    let head = Home::of(leaves(0..5)).head();
    let denial = SignedCheckpoint::verify(head.note(), origin(), &Signer::new(2).public_key()).unwrap_err();
    assert_eq!(denial.reason(), "R95");
}

#[test]
fn a_head_of_another_log_or_with_another_text_is_refused() {
    let key = Signer::new(1).public_key();
    let note = String::from_utf8(Home::of(leaves(0..5)).head().note().to_vec()).unwrap();
    let reversed = "rogatory.internal/fr/jp".parse().unwrap();
    assert!(SignedCheckpoint::verify(note.as_bytes(), reversed, &key).is_err());
    for forged in [
        note.replacen("\n5\n", "\n6\n", 1),
        note.replacen("\n5\n", "\n05\n", 1),
        note.replacen("\n\n", "\nextension\n\n", 1),
        note.replacen("\n\n", "\n", 1),
        format!("{note}garbage"),
        format!("{note}{}", "x".repeat(NOTE_BYTES_MAX)),
        String::new(),
    ] {
        assert!(SignedCheckpoint::verify(forged.as_bytes(), origin(), &key).is_err(), "{forged}");
    }
}

#[test]
fn a_signed_text_that_is_no_checkpoint_of_three_lines_is_refused() {
    let signer = Signer::new(1);
    let text = String::from_utf8(Home::of(leaves(0..5)).log.head(origin()).text()).unwrap();
    for odd in [
        format!("{text}extension\n"),
        text.replacen("\n5\n", "\n+5\n", 1),
        text.replacen("\n5\n", "\n281474976710657\n", 1),
    ] {
        let vkey = signer.public_key().to_vkey(origin(), false);
        let id = u32::from_str_radix(vkey.split('+').nth(1).unwrap(), 16).unwrap();
        let signature = signed_note::Signature::new(origin().to_string(), id, signer.sign(odd.as_bytes())).unwrap();
        let note = Note::new(odd.as_bytes(), &[signature]).unwrap().to_bytes();
        let denial = SignedCheckpoint::verify(&note, origin(), &signer.public_key()).unwrap_err();
        assert_eq!(denial.reason(), "MALFORMED", "{odd}");
    }
}

#[test]
fn a_foreign_verifier_accepts_our_note_by_its_vkey() {
    let signer = Signer::new(1);
    let head = Home::of(leaves(0..5)).head();
    let note = head.with(&head.cosign(witness(), &Signer::new(2), NOON).unwrap());
    let verifier = StandardVerifier::new(&signer.public_key().to_vkey(origin(), false)).unwrap();
    let (known, unknown) =
        Note::from_bytes(&note).unwrap().verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((known.len(), unknown.len()), (1, 1));
}

#[test]
fn a_signer_that_does_not_sign_is_an_internal_fault() {
    struct Broken;
    impl ledger::SignBytes for Broken {
        fn public_key(&self) -> ledger::LedgerKey {
            Signer::new(1).public_key()
        }
        fn sign(&self, _: &[u8]) -> Vec<u8> {
            vec![0; 64]
        }
    }
    let head = Home::of(leaves(0..5)).log.head(origin());
    assert_eq!(head.sign(&Broken).unwrap_err().reason(), "INTERNAL");
}

#[test]
fn a_cosignature_is_read_back_with_its_time() {
    let head = Home::of(leaves(0..5)).head();
    let peer = Signer::new(2);
    let cosignature = head.cosign(witness(), &peer, NOON).unwrap();
    let read = Cosignature::verify(cosignature.line(), head.checkpoint(), witness(), &peer.public_key()).unwrap();
    assert_eq!(read, cosignature);
    assert_eq!(read.time_s(), 1_790_000_000);
    let cosigned = head.with(&cosignature);
    assert!(SignedCheckpoint::verify(&cosigned, origin(), &Signer::new(1).public_key()).is_ok());
}

#[test]
fn a_cosignature_by_another_key_over_another_head_or_at_another_time_is_refused() {
    let home = Home::of(leaves(0..5));
    let (head, peer) = (home.head(), Signer::new(2));
    let line = head.cosign(witness(), &peer, NOON).unwrap().line().to_vec();
    let refused = |line: &[u8], head: &SignedCheckpoint, name, key| {
        Cosignature::verify(line, head.checkpoint(), name, &key).unwrap_err().reason()
    };
    let other_head = Home::of(leaves(0..6)).head();
    assert_eq!(refused(&line, &head, witness(), Signer::new(3).public_key()), "R95");
    assert_eq!(refused(&line, &other_head, witness(), peer.public_key()), "R95");
    assert_eq!(refused(&line, &head, WitnessName(origin().home()), peer.public_key()), "R95");
    let signed = signed_note::Signature::from_bytes(line.strip_suffix(b"\n").unwrap()).unwrap();
    let mut later = signed.signature().to_vec();
    later[7] += 1;
    let later = signed_note::Signature::new(signed.name().to_owned(), signed.id(), later).unwrap().to_bytes();
    assert_eq!(refused(&later, &head, witness(), peer.public_key()), "R95");
    for bad in [&line[..line.len() - 1], b"\n", &head.note()[head.note().len() - 20..], &[0; 600]] {
        assert_eq!(refused(bad, &head, witness(), peer.public_key()), "MALFORMED");
    }
}

#[test]
fn a_signature_on_a_head_is_no_cosignature() {
    let (head, home) = (Home::of(leaves(0..5)).head(), Signer::new(1));
    let signature_line = &head.note()[head.checkpoint().text().len() + 1..];
    let name = WitnessName(origin().home());
    assert!(Cosignature::verify(signature_line, head.checkpoint(), name, &home.public_key()).is_err());
}

/// The wire form that foreign tools read: Ed25519 is deterministic, so that all of it can be held still.
#[test]
fn note_stability() {
    let head = Home::of(leaves(0..3)).head();
    let note = String::from_utf8(head.with(&head.cosign(witness(), &Signer::new(2), NOON).unwrap())).unwrap();
    assert_eq!(note, include_str!("note.golden"));
}

fn opening() -> Opening {
    let statement = Statement::of_entry(
        EntryId::new([7; 16]),
        HeaderDigest(Digest::of(&[b"header"])),
        EnvelopeDigest(Digest::of(&[b"envelope"])),
        NOON,
    );
    let salt = LeafSalt([9; 32]);
    let mut home = Home::of(leaves(0..4));
    home.append(&[statement.leaf(&salt)]);
    home.append(&leaves(5..11));
    let head = home.head();
    let cosignature = head.cosign(witness(), &Signer::new(2), NOON).unwrap();
    Opening {
        statement,
        salt,
        inclusion: InclusionProof::prove(11, 4, &home.rows).unwrap(),
        head: head.note().to_vec(),
        cosignature: cosignature.line().to_vec(),
    }
}

#[test]
fn an_opened_leaf_proves_itself_with_two_public_keys() {
    let (home, peer) = (Signer::new(1).public_key(), Signer::new(2).public_key());
    assert_eq!(opening().verify(origin(), &home, &peer).unwrap().time_s(), 1_790_000_000);
}

#[test]
fn an_opening_with_anything_changed_is_refused() {
    let (home, peer) = (Signer::new(1).public_key(), Signer::new(2).public_key());
    let mut at = opening();
    at.statement.at = NOON.plus_ms(1);
    let mut salt = opening();
    salt.salt.0[0] ^= 1;
    let mut size = opening();
    size.inclusion.size = 10;
    for changed in [at, salt, size] {
        assert!(changed.verify(origin(), &home, &peer).is_err());
    }
    assert!(opening().verify(origin(), &peer, &home).is_err());
}
