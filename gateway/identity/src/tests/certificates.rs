use model::RefusalCode::{R93, R95};
use rcgen::{BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, PKCS_ED25519};
use rustls_pki_types::TrustAnchor;

use super::*;
use crate::{
    LEAF_KEY_USAGE_OID, LEAF_LIFETIME_MAX, Subject, TLS_LIFETIME_MAX,
    certificate::{Usage, verify_chain},
};

/// The extension that makes a leaf, by hand.
fn leaf_usage() -> CustomExtension {
    let der = [&[0x30, 21, 0x06, 19][..], &LEAF_KEY_USAGE_OID].concat();
    CustomExtension::from_oid_content(&[2, 5, 29, 37], der)
}

/// A leaf by hand, issued by a root that keeps no rule; and its key.
fn leaf_by_hand(issuer: &Issuer<'static, KeyPair>, names: &[&str], days: i64) -> (Vec<u8>, Vec<u8>) {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let mut params = params(names, days);
    params.custom_extensions = vec![leaf_usage()];
    (params.signed_by(&key, issuer).unwrap().der().to_vec(), key.public_key_raw().to_vec())
}

#[test]
fn a_leaf_of_an_accredited_authority_is_believed_at_home_and_abroad() {
    let (japan, france, store) = federation();
    for (state, name) in [(&japan, "JP:central"), (&france, "FR:central")] {
        let key = SigningKey::generate().unwrap().public_key();
        let leaf = state.root.issue_leaf(&authority(name), &key, NOW, LEAF_LIFETIME_MAX).unwrap();
        for moment in [NOW.plus_ms(-299_000), NOW, NOW.plus_ms(27 * DAY_MS)] {
            assert_eq!(store.verify_leaf(&[&leaf], &key, moment).unwrap(), authority(name));
        }
    }
}

#[test]
fn a_leaf_before_or_after_its_time_is_refused_r95() {
    let (_, france, store) = federation();
    let key = SigningKey::generate().unwrap().public_key();
    let leaf = france.root.issue_leaf(&authority("FR:central"), &key, NOW, DAY).unwrap();
    let late = store.verify_leaf(&[&leaf], &key, NOW.plus_ms(DAY_MS + 1000)).unwrap_err();
    assert_refused(&late, R95, "expired");
    assert_eq!(late.owner, Some(party("FR")));
    let early = store.verify_leaf(&[&leaf], &key, NOW.plus_ms(-3_601_000)).unwrap_err();
    assert_refused(&early, R95, "within its validity");
    let old = france.root.issue_leaf(&authority("FR:central"), &key, NOW.plus_ms(-30 * DAY_MS), DAY).unwrap();
    assert_refused(&store.verify_leaf(&[&old], &key, NOW).unwrap_err(), R95, "expired");
    let future = france.root.issue_leaf(&authority("FR:central"), &key, NOW.plus_ms(DAY_MS), DAY).unwrap();
    assert_refused(&store.verify_leaf(&[&future], &key, NOW).unwrap_err(), R95, "not valid yet");
}

#[test]
fn a_root_that_only_bears_the_states_name_is_refused_r95() {
    let (_, _, store) = federation();
    let impostor = Root::generate(party("FR"), NOW).unwrap();
    let key = SigningKey::generate().unwrap().public_key();
    let leaf = impostor.issue_leaf(&authority("FR:central"), &key, NOW, DAY).unwrap();
    assert_refused(&store.verify_leaf(&[&leaf], &key, NOW).unwrap_err(), R95, "not issued by the root");
    let tls = impostor.issue_tls(&Subject::Gateway(party("FR")), NOW, DAY).unwrap();
    assert_refused(&store.verify_peer_certificate(&[&tls.chain[0]], NOW).unwrap_err(), R95, "not issued by the root");
}

#[test]
fn a_root_cannot_speak_for_another_state_r95() {
    let (_, france, store) = federation();
    let (leaf, key) = leaf_by_hand(&france.rogue(), &["central.jp.rogatory.internal"], 10);
    assert_refused(&store.verify_leaf(&[&leaf], &key, NOW).unwrap_err(), R95, "not issued by the root");
    let unknown = State::new("DE");
    let key = SigningKey::generate().unwrap().public_key();
    let leaf = unknown.root.issue_leaf(&authority("DE:central"), &key, NOW, DAY).unwrap();
    assert_refused(&store.verify_leaf(&[&leaf], &key, NOW).unwrap_err(), R95, "No directory of DE");
}

#[test]
fn the_imposed_constraint_holds_even_where_the_root_constrains_nothing() {
    let (_, france, store) = federation();
    let (leaf, _) = leaf_by_hand(&france.rogue(), &["central.jp.rogatory.internal"], 10);
    let imposed = store.anchor_for(party("FR")).unwrap();
    let refusal = verify_chain(&[&leaf], &imposed, Usage::Leaf, NOW).unwrap_err();
    assert_refused(&refusal, R95, "may not speak for the name");
    let unconstrained = TrustAnchor { name_constraints: None, ..imposed };
    verify_chain(&[&leaf], &unconstrained, Usage::Leaf, NOW).unwrap();
}

#[test]
fn an_issuer_below_the_root_works_within_the_zone_only() {
    let (_, france, store) = federation();
    for (name, ok) in [("ca.fr.rogatory.internal", true), ("ca.jp.rogatory.internal", false)] {
        let mut ca = params(&[name], 100);
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        ca.custom_extensions = vec![leaf_usage()];
        let key = KeyPair::generate().unwrap();
        let certificate = ca.signed_by(&key, &france.rogue()).unwrap();
        let (leaf, public) = leaf_by_hand(&Issuer::new(ca, key), &["central.fr.rogatory.internal"], 10);
        let verdict = store.verify_leaf(&[&leaf, certificate.der()], &public, NOW);
        if ok {
            assert_eq!(verdict.unwrap(), authority("FR:central"));
            let alone = store.verify_leaf(&[&leaf], &public, NOW).unwrap_err();
            assert_refused(&alone, R95, "not issued by the root");
        } else {
            assert_refused(&verdict.unwrap_err(), R95, "may not speak for the name");
        }
    }
}

#[test]
fn a_certificate_for_tls_is_no_leaf_and_a_leaf_is_none_for_tls_r95() {
    let (_, france, store) = federation();
    let desk = Subject::Desk(authority("FR:central"));
    let tls = france.root.issue_tls(&desk, NOW, DAY).unwrap();
    assert_refused(&store.verify_leaf(&[&tls.chain[0]], &[0; 32], NOW).unwrap_err(), R95, "not for this use");
    let key = SigningKey::generate().unwrap().public_key();
    let leaf = france.root.issue_leaf(&authority("FR:central"), &key, NOW, DAY).unwrap();
    assert_refused(&store.verify_peer_certificate(&[&leaf], NOW).unwrap_err(), R95, "not for this use");
}

#[test]
fn tls_needs_both_ends_and_no_certificate_serves_without_a_usage_r95() {
    let (_, france, store) = federation();
    let key = KeyPair::generate().unwrap();
    let both = [ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    for usages in [&both[..1], &both[1..], &[][..], &[ExtendedKeyUsagePurpose::Any][..]] {
        let mut params = params(&["gw.fr.rogatory.internal"], 10);
        params.extended_key_usages = usages.to_vec();
        let certificate = params.signed_by(&key, &france.rogue()).unwrap();
        let refusal = store.verify_peer_certificate(&[certificate.der()], NOW).unwrap_err();
        assert_refused(&refusal, R95, "not for this use");
        assert!(store.verify_leaf(&[certificate.der()], &[0; 32], NOW).is_err());
    }
}

#[test]
fn a_leaf_for_another_key_is_refused_r95() {
    let (_, france, store) = federation();
    let (key, other) = (SigningKey::generate().unwrap().public_key(), SigningKey::generate().unwrap().public_key());
    let leaf = france.root.issue_leaf(&authority("FR:central"), &key, NOW, DAY).unwrap();
    for wrong in [&other[..], &key[..31], &[]] {
        assert_refused(&store.verify_leaf(&[&leaf], wrong, NOW).unwrap_err(), R95, "another key");
    }
    let p256 = KeyPair::generate().unwrap();
    let mut params = params(&["central.fr.rogatory.internal"], 10);
    params.custom_extensions = vec![leaf_usage()];
    let certificate = params.signed_by(&p256, &france.rogue()).unwrap();
    let refusal = store.verify_leaf(&[certificate.der()], p256.public_key_raw(), NOW).unwrap_err();
    assert_refused(&refusal, R95, "another key");
}

#[test]
fn a_certificate_bears_exactly_one_name_of_the_federation_r95() {
    let (_, france, store) = federation();
    let name = "central.fr.rogatory.internal";
    for names in [&[][..], &[name, name], &[name, "gw.fr.rogatory.internal"]] {
        let (leaf, key) = leaf_by_hand(&france.rogue(), names, 10);
        assert_refused(&store.verify_leaf(&[&leaf], &key, NOW).unwrap_err(), R95, "exactly one DNS name");
    }
    for foreign in
        ["central.fr.example.org", "*.fr.rogatory.internal", "fr.rogatory.internal", "a.b.fr.rogatory.internal"]
    {
        let (leaf, key) = leaf_by_hand(&france.rogue(), &[foreign], 10);
        assert_refused(&store.verify_leaf(&[&leaf], &key, NOW).unwrap_err(), R95, "not one of a gateway or desk");
    }
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    for other in [
        SanType::IpAddress([127, 0, 0, 1].into()),
        SanType::URI("spiffe://jp/central".try_into().unwrap()),
        SanType::Rfc822Name("a@jp.rogatory.internal".try_into().unwrap()),
    ] {
        let mut params = params(&[name], 10);
        params.custom_extensions = vec![leaf_usage()];
        params.subject_alt_names.push(other);
        let certificate = params.signed_by(&key, &france.rogue()).unwrap();
        let refusal = store.verify_leaf(&[certificate.der()], key.public_key_raw(), NOW).unwrap_err();
        assert_refused(&refusal, R95, "exactly one DNS name");
    }
}

#[test]
fn a_certificate_that_lives_too_long_is_refused_r95() {
    let (_, france, store) = federation();
    let (leaf, key) = leaf_by_hand(&france.rogue(), &["central.fr.rogatory.internal"], 29);
    assert_refused(&store.verify_leaf(&[&leaf], &key, NOW).unwrap_err(), R95, "more than 28 days");
    let key = KeyPair::generate().unwrap();
    let mut params = params(&["gw.fr.rogatory.internal"], 91);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(&key, &france.rogue()).unwrap();
    let refusal = store.verify_peer_certificate(&[certificate.der()], NOW).unwrap_err();
    assert_refused(&refusal, R95, "more than 90 days");
}

#[test]
fn an_authority_that_is_not_accredited_is_refused_r93() {
    let (_, france, store) = federation();
    let key = SigningKey::generate().unwrap().public_key();
    let leaf = france.root.issue_leaf(&authority("FR:secret-service"), &key, NOW, DAY).unwrap();
    let refusal = store.verify_leaf(&[&leaf], &key, NOW).unwrap_err();
    assert_refused(&refusal, R93, "not in the directory of FR");
    let tls = france.root.issue_tls(&Subject::Desk(authority("FR:secret-service")), NOW, DAY).unwrap();
    let refusal = store.verify_peer_certificate(&[&tls.chain[0]], NOW).unwrap_err();
    assert_refused(&refusal, R93, "not in the directory of FR");
}

#[test]
fn a_gateway_is_no_member_of_a_group_r93() {
    let (_, france, store) = federation();
    let (leaf, key) = leaf_by_hand(&france.rogue(), &["gw.fr.rogatory.internal"], 10);
    assert_refused(&store.verify_leaf(&[&leaf], &key, NOW).unwrap_err(), R93, "no member");
}

#[test]
fn a_connection_is_known_by_its_certificate() {
    let (japan, france, store) = federation();
    for (state, subject) in [
        (&japan, Subject::Gateway(party("JP"))),
        (&japan, Subject::Desk(authority("JP:court"))),
        (&france, Subject::Gateway(party("FR"))),
        (&france, Subject::Desk(authority("FR:central"))),
    ] {
        let tls = state.root.issue_tls(&subject, NOW, TLS_LIFETIME_MAX).unwrap();
        assert_eq!(store.verify_peer_certificate(&[&tls.chain[0]], NOW).unwrap(), subject);
        let late = store.verify_peer_certificate(&[&tls.chain[0]], NOW.plus_ms(91 * DAY_MS)).unwrap_err();
        assert_refused(&late, R95, "expired");
    }
}

#[test]
fn each_altered_byte_breaks_a_leaf() {
    let (_, france, store) = federation();
    let key = SigningKey::generate().unwrap().public_key();
    let leaf = france.root.issue_leaf(&authority("FR:central"), &key, NOW, DAY).unwrap().to_vec();
    store.verify_leaf(&[&leaf], &key, NOW).unwrap();
    for at in 0..leaf.len() {
        let mut altered = leaf.clone();
        altered[at] ^= 0x01;
        assert!(store.verify_leaf(&[&altered], &key, NOW).is_err(), "byte {at}");
        assert!(store.verify_leaf(&[&leaf[..at]], &key, NOW).is_err(), "cut at {at}");
    }
}

#[test]
fn no_chain_a_long_chain_and_a_chain_with_a_tail_are_refused_r95() {
    let (_, france, store) = federation();
    let key = SigningKey::generate().unwrap().public_key();
    let leaf = france.root.issue_leaf(&authority("FR:central"), &key, NOW, DAY).unwrap().to_vec();
    assert_refused(&store.verify_leaf(&[], &key, NOW).unwrap_err(), R95, "no certificate");
    assert_refused(&store.verify_leaf(&[leaf.as_slice(); 5], &key, NOW).unwrap_err(), R95, "too large");
    assert_refused(&store.verify_leaf(&[&[0; 9000]], &key, NOW).unwrap_err(), R95, "too large");
    let tail = [&leaf[..], &[0]].concat();
    assert_refused(&store.verify_leaf(&[&tail], &key, NOW).unwrap_err(), R95, "cannot be read");
    assert!(store.verify_leaf(&[&leaf], &key, Timestamp(-1)).is_err());
}

#[test]
fn an_expired_directory_accredits_nobody_r95() {
    let (japan, mut france, _) = federation();
    france.directory.expires = NOW.plus_ms(DAY_MS);
    let store = japan.store(&[&france]);
    let key = SigningKey::generate().unwrap().public_key();
    let leaf = france.root.issue_leaf(&authority("FR:central"), &key, NOW, DAY * 3).unwrap();
    store.verify_leaf(&[&leaf], &key, NOW).unwrap();
    let refusal = store.verify_leaf(&[&leaf], &key, NOW.plus_ms(2 * DAY_MS)).unwrap_err();
    assert_refused(&refusal, R95, "directory of FR has expired");
    // The gateway itself stays known, or it could not deliver its new directory.
    let tls = france.root.issue_tls(&Subject::Gateway(party("FR")), NOW, DAY * 3).unwrap();
    store.verify_peer_certificate(&[&tls.chain[0]], NOW.plus_ms(2 * DAY_MS)).unwrap();
}
