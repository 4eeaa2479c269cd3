//! Programs on the same machine.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use link::{LinkError, cause, connect_local, explain, serve_local};
use tokio::sync::oneshot;
use tonic::{Code, service::Routes};

use crate::world::{Who, ask};

#[tokio::test]
async fn the_owner_is_served_over_a_socket_of_his_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "left by a dead program");

    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn({
        let path = path.clone();
        async move { serve_local(&path, Routes::new(Who), async { drop(stopped.await) }).await }
    });
    let channel = connect_local(&path);
    let uid = loop {
        match ask(&channel, "uid").await {
            Ok(uid) => break uid,
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let socket = std::fs::metadata(&path).unwrap();
    assert_eq!(uid, socket.uid().to_string());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    assert_eq!(ask(&channel, "who").await.unwrap_err().code(), Code::Unauthenticated, "no certificate, no subject");

    let second = serve_local(&path, Routes::new(Who), std::future::pending()).await.unwrap_err();
    assert!(explain(&second).contains("another program listens there"));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(!path.exists());
    let status = ask(&connect_local(&path), "uid").await.unwrap_err();
    assert!(matches!(cause(&status), Some(LinkError::NoProgram { .. })), "{status:?}");
}

#[tokio::test]
async fn a_file_in_the_way_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "keep").unwrap();
    assert!(serve_local(&path, Routes::new(Who), std::future::pending()).await.is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"keep");
}
