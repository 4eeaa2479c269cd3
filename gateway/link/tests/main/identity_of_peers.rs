//! Who is refused, and how clearly.

use identity::{RootCertificate, Subject, TlsIdentity};
use link::{LinkError, PeerFault, Remote, cause, explain};
use model::Blame;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::{AlertDescription, crypto::aws_lc_rs};
use tokio::io::AsyncReadExt;
use tonic::Code;

use crate::world::{DAY, Server, World, ask, days_ago, desk, gateway, now, party, root, tls};

/// The alert with which Japan answers.
async fn alert(remote: &Remote) -> AlertDescription {
    match remote.probe().await {
        Err(LinkError::RefusedByPeer { alert, .. }) => alert,
        other => panic!("{other:?}"),
    }
}

/// What France finds in Japan's certificate.
async fn fault(remote: &Remote) -> PeerFault {
    match remote.probe().await {
        Err(LinkError::Certificate { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

/// The beginning of the day that is `days` from now.
macro_rules! midnight {
    ($days:expr) => {{
        let day = days_ago(-$days).date().unwrap();
        let small = |number: i8| u8::try_from(number).unwrap();
        rcgen::date_time_ymd(i32::from(day.year()), small(day.month()), small(day.day()))
    }};
}

/// A root of `code` that follows no rule, and a TLS certificate that it issues for `names`.
fn lawless(
    code: &str,
    names: &[&str],
    usages: Vec<ExtendedKeyUsagePurpose>,
    days: i64,
) -> (RootCertificate, TlsIdentity) {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Rogatory root {code}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names =
        names.iter().map(|name| SanType::DnsName(name.to_string().try_into().unwrap())).collect();
    params.extended_key_usages = usages;
    (params.not_before, params.not_after) = (midnight!(-1), midnight!(days));
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let identity = TlsIdentity { chain: vec![leaf.into()], key_pkcs8: key.serialize_der().into() };
    (RootCertificate::parse(issuer.der()).unwrap(), identity)
}

#[tokio::test]
async fn a_certificate_of_another_root_of_the_same_state_is_refused() {
    let world = World::new();
    let server = world.serve().await;
    let impostor = tls(&root("FR"), &gateway("FR"));
    assert_eq!(alert(&world.remote_as(&server, &impostor)).await, AlertDescription::UnknownCA);
}

#[tokio::test]
async fn a_party_that_is_not_pinned_is_refused() {
    let world = World::new();
    let server = world.serve().await;
    let stranger = tls(&root("BR"), &gateway("BR"));
    assert_eq!(alert(&world.remote_as(&server, &stranger)).await, AlertDescription::UnknownCA);
}

#[tokio::test]
async fn a_server_of_another_root_is_found_out_and_the_error_says_so() {
    let world = World::new();
    let server = world.serve_as(&tls(&root("JP"), &gateway("JP")), link::EdgeLimits::default()).await;
    let remote = world.remote(&server);
    let status = ask(&remote.connect().unwrap(), "who").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let told = format!("the certificate of {} does not chain to the root pinned for JP", server.address);
    assert_eq!(explain(&status), told);
    assert_eq!(cause(&status).unwrap().blame(), Blame::Peer);
    assert!(link::is_transient(&status));
}

#[tokio::test]
async fn an_expired_certificate_is_refused_on_both_ends() {
    let world = World::new();
    let server = world.serve().await;
    let expired = world.fr.issue_tls(&gateway("FR"), days_ago(40), DAY).unwrap();
    let remote = world.remote_as(&server, &expired);
    assert_eq!(alert(&remote).await, AlertDescription::CertificateExpired);
    assert_eq!(remote.probe().await.unwrap_err().blame(), Blame::Us);

    let expired = world.jp.issue_tls(&gateway("JP"), days_ago(40), DAY).unwrap();
    let server = world.serve_as(&expired, link::EdgeLimits::default()).await;
    let error = world.remote(&server).probe().await.unwrap_err();
    assert!(explain(&error).contains("expired on 20"), "{}", explain(&error));
}

#[tokio::test]
async fn a_root_cannot_speak_for_another_state() {
    let world = World::new();
    let both = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    let (french, japanese_gateway) = lawless("FR", &["gw.jp.rogatory.internal"], both, 20);
    world.at_fr.pin(party("FR"), french.clone());
    let server = world.serve_as(&japanese_gateway, link::EdgeLimits::default()).await;
    assert_eq!(fault(&world.remote(&server)).await, PeerFault::Root(party("JP")), "it is not asked");
    world.at_fr.pin(party("JP"), french);
    assert_eq!(fault(&world.remote(&server)).await, PeerFault::Zone(party("JP")), "even if it were pinned there");
}

/// The alert that a client of another make gets, after its own end of the handshake is done; `None` if it is welcome.
async fn foreign_alert(world: &World, server: &Server, own: &TlsIdentity) -> Option<AlertDescription> {
    let mut stream = world.foreign_client_as(server, own, aws_lc_rs::ALL_KX_GROUPS).await.unwrap();
    let error = stream.read_u8().await.err()?;
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::AlertReceived(alert)) => Some(*alert),
        _ => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_certificate_with_two_names_or_for_another_use_or_for_years_is_refused() {
    use AlertDescription::{BadCertificate, UnsupportedCertificate};
    let world = World::new();
    let server = world.serve().await;
    let (client, only_server) = (vec![ExtendedKeyUsagePurpose::ClientAuth], vec![ExtendedKeyUsagePurpose::ServerAuth]);
    let gw = "gw.fr.rogatory.internal";
    for (names, usages, days, expected) in [
        (&[gw][..], &client, 20, None),
        (&[gw, "central.fr.rogatory.internal"], &client, 20, Some(BadCertificate)),
        (&["*.fr.rogatory.internal"], &client, 20, Some(BadCertificate)),
        (&["gw.fr.example"], &client, 20, Some(BadCertificate)),
        (&[], &client, 20, Some(BadCertificate)),
        (&[gw], &only_server, 20, Some(UnsupportedCertificate)),
        (&[gw], &vec![], 20, Some(UnsupportedCertificate)),
        (&[gw], &client, 900, Some(UnsupportedCertificate)),
    ] {
        let (french, own) = lawless("FR", names, usages.clone(), days);
        world.at_jp.pin(party("FR"), french);
        assert_eq!(foreign_alert(&world, &server, &own).await, expected, "{names:?} {usages:?} {days}");
    }
}

#[tokio::test]
async fn a_desk_cannot_pose_as_the_gateway() {
    let world = World::new();
    let server = world.serve_as(&tls(&world.jp, &desk("JP:central")), link::EdgeLimits::default()).await;
    let found = fault(&world.remote(&server)).await;
    assert_eq!(found, PeerFault::Subject { expected: gateway("JP"), found: desk("JP:central") });
    let reserved = Subject::Desk(model::AuthorityId::new(party("JP"), "gw").unwrap());
    assert!(world.jp.issue_tls(&reserved, now(), DAY).is_err(), "nor bear its name");
}

#[tokio::test]
async fn a_frozen_channel_is_closed_at_the_next_call_and_at_the_next_connection() {
    let world = World::new();
    let server = world.serve().await;
    let remote = world.remote(&server);
    let channel = remote.connect().unwrap();
    ask(&channel, "who").await.unwrap();
    world.at_jp.freeze(gateway("FR"));
    assert_eq!(ask(&channel, "who").await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(alert(&remote).await, AlertDescription::AccessDenied);
    world.at_fr.freeze(gateway("JP"));
    assert!(matches!(remote.probe().await, Err(LinkError::NotOpen(_))), "we do not knock either");
}

#[tokio::test]
async fn an_error_says_what_the_system_said() {
    let world = World::new();
    let server = world.serve().await;
    let mut remote = world.remote(&server);
    remote.endpoint = "127.0.0.1:1".to_owned();
    let status = ask(&remote.connect().unwrap(), "who").await.unwrap_err();
    let told = explain(&status);
    assert!(told.starts_with("127.0.0.1:1 cannot be reached: Connection refused"), "{told}");
    remote.endpoint = "nowhere".to_owned();
    assert!(matches!(remote.connect(), Err(LinkError::Endpoint(_))));
}
