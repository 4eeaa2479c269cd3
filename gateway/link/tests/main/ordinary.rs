//! What works, and how it ends.

use std::{collections::BTreeSet, time::Duration};

use link::{CallLimits, EdgeLimits};
use rustls::{NamedGroup, crypto::aws_lc_rs::kx_group};
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, client::Grpc};

use crate::world::{MESSAGE_BYTES_MAX, World, ask, ask_with, desk, gateway, tls};

#[tokio::test]
async fn each_end_proves_itself_and_the_handler_sees_who_calls() {
    let world = World::new();
    let server = world.serve().await;
    let channel = world.remote(&server).connect().unwrap();
    assert_eq!(ask(&channel, "who").await.unwrap(), "gw.fr.rogatory.internal");
    world.remote(&server).probe().await.unwrap();
    let desk = world.remote_as(&server, &tls(&world.jp, &desk("JP:central")));
    assert_eq!(ask(&desk.connect().unwrap(), "who").await.unwrap(), "central.jp.rogatory.internal");
}

#[tokio::test]
async fn keys_are_agreed_on_with_the_hybrid_group() {
    let world = World::new();
    let server = world.serve().await;
    let stream = world.foreign_client(&server).await;
    let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap();
    assert_eq!(group.name(), NamedGroup::X25519MLKEM768);
    let own = tls(&world.fr, &gateway("FR"));
    assert!(world.foreign_client_as(&server, &own, &[kx_group::X25519]).await.is_ok());
    let error = world.foreign_client_as(&server, &own, &[kx_group::SECP256R1]).await.unwrap_err();
    assert!(error.to_string().contains("HandshakeFailure"), "{error}");
}

#[tokio::test]
async fn a_message_over_the_limit_is_answered_resource_exhausted() {
    let world = World::new();
    let server = world.serve().await;
    let channel = world.remote(&server).connect().unwrap();
    let fits = "x".repeat(MESSAGE_BYTES_MAX - 100);
    assert_eq!(ask(&channel, &fits).await.unwrap(), fits.len().to_string());
    let status = ask(&channel, &"x".repeat(MESSAGE_BYTES_MAX + 1)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
}

#[tokio::test]
async fn calls_go_round_the_connections() {
    let world = World::new();
    let server = world.serve().await;
    let mut remote = world.remote(&server);
    remote.limits = CallLimits { connections: 3, ..CallLimits::default() };
    let mut client = Grpc::new(remote.connect().unwrap());
    let mut seen = BTreeSet::new();
    for _ in 0..6 {
        seen.insert(ask_with(&mut client, "address").await.unwrap());
    }
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn a_connection_that_broke_is_made_again() {
    let world = World::new();
    let server =
        world.serve_limited(EdgeLimits { connection_age: Duration::from_millis(200), ..EdgeLimits::default() }).await;
    let channel = world.remote(&server).connect().unwrap();
    let first = ask(&channel, "address").await.unwrap();
    sleep(Duration::from_millis(400)).await;
    assert_ne!(ask(&channel, "address").await.unwrap(), first, "verified anew");
}

#[tokio::test]
async fn a_certificate_is_replaced_without_a_restart() {
    let world = World::new();
    let server = world.serve().await;
    let old = world.foreign_client(&server).await.get_ref().1.peer_certificates().unwrap().to_vec();
    let renewed = tls(&world.jp, &gateway("JP"));
    server.own.replace(&renewed).unwrap();
    let new = world.foreign_client(&server).await.get_ref().1.peer_certificates().unwrap().to_vec();
    assert_ne!(old, new);
    assert_eq!(new, renewed.chain);
    assert!(server.own.replace(&tls(&world.jp, &desk("JP:central"))).is_err(), "of another subject");
}

#[tokio::test]
async fn a_shutdown_waits_for_the_grace_and_then_cuts() {
    let world = World::new();
    let server = world.serve_limited(EdgeLimits { grace: Duration::from_millis(300), ..EdgeLimits::default() }).await;
    let channel = world.remote(&server).connect().unwrap();
    ask(&channel, "who").await.unwrap();
    let waiting = tokio::spawn({
        let channel = channel.clone();
        async move { ask(&channel, "wait").await }
    });
    sleep(Duration::from_millis(100)).await;
    let begin = Instant::now();
    server.stop.send(()).unwrap();
    timeout(Duration::from_secs(5), server.task).await.unwrap().unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(250));
    assert!(waiting.await.unwrap().is_err());
}
