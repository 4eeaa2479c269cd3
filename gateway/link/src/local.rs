use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use hyper_util::rt::TokioIo;
use telemetry::{TraceCalls, say};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::mpsc,
    time::sleep,
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Status,
    service::Routes,
    transport::{Endpoint, Uri},
};
use tower::{service_fn, util::MapResponseLayer};

use crate::{
    CallLimits, Channel, EdgeLimits, LinkError,
    caps::Cap,
    client::configured,
    edge::{guarded_server, too_large, until_shutdown},
    guarded::{Guarded, Life},
};

/// Programs on this machine that may be connected at the same time.
const CONNECTIONS_MAX: usize = 64;
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Serves `routes` on a Unix socket at `path` until `shutdown` ends. Only programs of the same user, or of root, are answered: the socket
/// is for its owner only (0600), and each connection's user is asked of the kernel. A socket that a dead program left is replaced.
/// Nothing here is TLS: no certificate, no [`PeerInfo`](crate::PeerInfo).
///
/// # Errors
/// [`LinkError::Socket`] if the socket cannot be made, [`LinkError::Serve`] if tonic fails.
pub async fn serve_local(
    path: &Path,
    routes: Routes,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), LinkError> {
    let (listener, own_uid) = bind(path).await?;
    let _remove = RemoveOnDrop(path.to_owned());
    let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
    let _cut_on_drop = cut.clone().drop_guard();
    let limits = EdgeLimits::default();
    let (ready, incoming) = mpsc::channel::<io::Result<_>>(1);
    let server = guarded_server(&limits)
        .layer(TraceCalls)
        .layer(MapResponseLayer::new(too_large::<tonic::body::Body>))
        .add_routes(routes)
        .serve_with_incoming_shutdown(ReceiverStream::new(incoming), stop.clone().cancelled_owned());
    let accepting = {
        let cut = cut.clone();
        async move {
            let cap = Cap::new(CONNECTIONS_MAX);
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let uid = stream.peer_cred().ok().map(|peer| peer.uid()).filter(|uid| *uid == own_uid || *uid == 0);
                let (Some(uid), Some(place)) = (uid, cap.enter(())) else {
                    say!(Warn, "local connection refused");
                    continue;
                };
                let age = limits.connection_age.saturating_add(limits.grace);
                let life = Life { preface: limits.preface_time, age, cut: cut.clone() };
                if ready.send(Ok(Guarded::new(stream, LocalPeer { uid }, place, life))).await.is_err() {
                    return;
                }
            }
        }
    };
    until_shutdown(server, accepting, shutdown, &stop, &cut, limits.grace).await.map_err(LinkError::Serve)
}

/// A channel to the program that listens at `path`. It connects when it is first used. Call it within a tokio runtime.
pub fn connect_local(path: &Path) -> Channel {
    let path = path.to_owned();
    let endpoint = configured(Endpoint::from_static("http://localhost"), &CallLimits::default());
    let connection = endpoint.connect_with_connector_lazy(service_fn(move |_: Uri| {
        let path = path.clone();
        async move {
            match UnixStream::connect(&path).await {
                Ok(stream) => Ok(TokioIo::new(stream)),
                Err(source) => Err(LinkError::NoProgram { path, source }),
            }
        }
    }));
    Channel::over(connection, [])
}

/// The user whose program sent `request` over a local socket.
///
/// # Errors
/// `UNAUTHENTICATED` where the request did not come over a local socket.
pub fn local_uid_of<T>(request: &Request<T>) -> Result<u32, Status> {
    request.extensions().get::<LocalPeer>().map(|peer| peer.uid).ok_or_else(not_local)
}

/// The same of a request that tonic has not taken yet.
///
/// # Errors
/// As [`local_uid_of`].
pub fn local_uid_in(extensions: &http::Extensions) -> Result<u32, Status> {
    extensions.get::<LocalPeer>().map(|peer| peer.uid).ok_or_else(not_local)
}

fn not_local() -> Status {
    Status::unauthenticated("this service is reached over the local socket only")
}

#[derive(Debug, Clone)]
struct LocalPeer {
    uid: u32,
}

/// Removes the socket when the server ends.
struct RemoveOnDrop(PathBuf);

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = fs::remove_file(&self.0);
    }
}

/// Binds, for the owner only, and says who that is.
async fn bind(path: &Path) -> Result<(UnixListener, u32), LinkError> {
    let failed =
        |why: &'static str, source: Option<io::Error>| LinkError::Socket { path: path.to_owned(), why, source };
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(failed("something else is there", None)),
        Ok(_) if UnixStream::connect(path).await.is_ok() => return Err(failed("another program listens there", None)),
        Ok(_) => fs::remove_file(path).map_err(|error| failed("the old one cannot be removed", Some(error)))?,
        Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(|error| failed("it cannot be bound", Some(error)))?;
    let own_uid = fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        .and_then(|()| fs::metadata(path))
        .map(|socket| socket.uid())
        .map_err(|error| failed("its rights cannot be set", Some(error)))?;
    Ok((listener, own_uid))
}
