//! A witness that goes back convicts itself, and an honest one is never convicted.

use std::slice::from_ref;

use ledger::{Retreat, SignBytes as _, SignedCheckpoint, WitnessName};
use model::Timestamp;

use crate::{Home, Signer, leaves, origin};

const NOON_S: i64 = 1_790_000_000;

fn witness() -> WitnessName {
    WitnessName("FR".parse().unwrap())
}

fn cosigned(head: &SignedCheckpoint, at_s: i64) -> Vec<u8> {
    head.with(&head.cosign(witness(), &Signer::new(2), Timestamp(at_s * 1000)).unwrap())
}

fn retreat(first: Vec<u8>, then: Vec<u8>) -> Retreat {
    Retreat::of(origin(), witness(), &first, &then).unwrap()
}

fn head(size: u64) -> SignedCheckpoint {
    Home::of(leaves(0..size)).head()
}

#[test]
fn a_smaller_head_that_was_cosigned_later_convicts_its_witness_to_who_has_its_key_alone() {
    let (other, key) = (Signer::new(3).public_key(), Signer::new(2).public_key());
    let retreat = retreat(cosigned(&head(12), NOON_S), cosigned(&head(5), NOON_S + 1));
    let [first, then] = retreat.verify(origin(), witness(), &[other.clone(), key.clone()]).unwrap();
    assert_eq!((first.head.size, first.time_s), (12, NOON_S as u64));
    assert_eq!((then.head.size, then.time_s), (5, NOON_S as u64 + 1));
    assert!(retreat.verify(origin(), witness(), from_ref(&other)).is_err());
    assert!(retreat.verify(origin(), WitnessName("KE".parse().unwrap()), from_ref(&key)).is_err());
    assert!(retreat.verify("rogatory.internal/jp/ke".parse().unwrap(), witness(), from_ref(&key)).is_err());
}

#[test]
fn two_heads_of_one_size_that_a_witness_cosigned_convict_it_whatever_the_time() {
    let key = Signer::new(2).public_key();
    let other = Home::of(leaves(100..105)).head();
    for at in [NOON_S - 9, NOON_S, NOON_S + 9] {
        let split = retreat(cosigned(&head(5), NOON_S), cosigned(&other, at));
        assert!(split.verify(origin(), witness(), from_ref(&key)).is_ok());
    }
}

#[test]
fn a_witness_that_only_went_on_or_said_the_same_again_is_not_convicted() {
    let key = Signer::new(2).public_key();
    for (first, then) in [
        ((5, NOON_S), (12, NOON_S + 1)),
        ((12, NOON_S), (12, NOON_S + 1)),
        // In which order they came within a second nobody can say; and the smaller one may have been the first.
        ((12, NOON_S), (5, NOON_S)),
        ((12, NOON_S), (5, NOON_S - 1)),
    ] {
        let [first, then] = [first, then].map(|(size, at)| cosigned(&head(size), at));
        assert!(retreat(first, then).verify(origin(), witness(), from_ref(&key)).is_err());
    }
    let (whole, smaller) = (cosigned(&head(12), NOON_S), head(5).note().to_vec());
    assert!(Retreat::of(origin(), witness(), &whole, &smaller).is_err(), "it has not cosigned that");
    let with_more = Retreat { first: whole, then: cosigned(&head(5), NOON_S + 1) };
    assert!(with_more.verify(origin(), witness(), from_ref(&key)).is_err(), "a signature that nobody has checked");
}
