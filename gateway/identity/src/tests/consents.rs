use model::RefusalCode::R95;

use super::*;
use crate::{ChannelConsent, Fingerprint};

fn consent(from: &State, to: &State) -> ChannelConsent {
    ChannelConsent {
        from: from.root.party(),
        to: to.root.party(),
        own_root: from.root.certificate().fingerprint(),
        their_root: to.root.certificate().fingerprint(),
        at: NOW,
    }
}

#[test]
fn a_consent_names_both_roots_and_is_signed_by_the_gateway() {
    let (japan, france, store) = federation();
    let signed = consent(&france, &japan).sign(&france.ledger);
    assert_eq!(store.verify_consent(&signed, NOW).unwrap().into_inner(), signed.consent);
    let bytes = signed.consent.to_bytes();
    assert_eq!(bytes.len(), 76);
    assert_eq!(ChannelConsent::from_bytes(&bytes).unwrap(), signed.consent);
    assert!(ChannelConsent::from_bytes(&bytes[1..]).is_err());
    assert!(ChannelConsent::from_bytes(&[0; 76]).is_err());
}

#[test]
fn a_consent_to_another_root_or_by_another_key_is_refused_r95() {
    let (japan, france, store) = federation();
    let yes = consent(&france, &japan);
    for wrong in [
        ChannelConsent { own_root: Fingerprint::new([9; 32]), ..yes },
        ChannelConsent { their_root: Fingerprint::new([9; 32]), ..yes },
        ChannelConsent { own_root: yes.their_root, their_root: yes.own_root, ..yes },
    ] {
        assert_denied(store.verify_consent(&wrong.sign(&france.ledger), NOW), R95, "do not mean the same roots");
    }
    assert_denied(store.verify_consent(&yes.sign(&japan.ledger), NOW), R95, "did not sign the consent");
    let mut altered = yes.sign(&france.ledger);
    altered.consent.at = NOW.plus_ms(1);
    assert_denied(store.verify_consent(&altered, NOW), R95, "did not sign the consent");
}

#[test]
fn a_consent_of_others_opens_nothing_r95() {
    let (japan, france, store) = federation();
    let germany = State::new("DE");
    for (from, to) in [(&france, &germany), (&france, &france)] {
        let signed = consent(from, to).sign(&from.ledger);
        assert_denied(store.verify_consent(&signed, NOW), R95, "channel of others");
    }
    let signed = consent(&germany, &japan).sign(&germany.ledger);
    assert_denied(store.verify_consent(&signed, NOW), R95, "No directory of DE");
}
