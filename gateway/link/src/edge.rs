use std::{io, net::IpAddr, net::SocketAddr, sync::Arc, time::Duration};

use identity::Subject;
use telemetry::{Metrics, TraceCalls, Word, say, word};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Status,
    service::{Interceptor, InterceptorLayer, Routes},
    transport::Server,
};
use tower::util::MapResponseLayer;

use crate::{
    Anchors, EdgeLimits, LinkError, PeerInfo, ServerTls,
    caps::{Cap, Entered, source_of},
    guarded::{Guarded, Life},
    server::Refused,
    throttle::Throttle,
};

/// After a failure to accept (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from: TCP, or a simulated network.
pub trait Listener: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, and whence. Must be cancel-safe.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = TcpListener::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok((stream, address))
    }
}

/// Serves `routes` over mutual TLS until `shutdown` ends; then lets the calls that run end, for at most [`EdgeLimits::grace`], and
/// cuts what is left. Handlers learn the caller by [`subject_of`](crate::subject_of). Each call asks [`Anchors::allows`] again, so that
/// a frozen channel is closed at once. Give each generated service its `max_decoding_message_size`; what is larger is answered with
/// `RESOURCE_EXHAUSTED`. Dropping the future cuts all connections.
///
/// # Errors
/// [`LinkError::Serve`] if tonic fails.
pub async fn serve<L: Listener>(
    listener: L,
    tls: ServerTls,
    limits: EdgeLimits,
    routes: Routes,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), LinkError> {
    let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
    let _cut_on_drop = cut.clone().drop_guard();
    let (ready, incoming) = mpsc::channel(limits.handshakes.max(1));
    let allowed = InterceptorLayer::new(StillAllowed(tls.anchors().clone()));
    let server = guarded_server(&limits)
        .layer(TraceCalls)
        .layer(allowed)
        .layer(MapResponseLayer::new(too_large::<tonic::body::Body>))
        .add_routes(routes)
        .serve_with_incoming_shutdown(ReceiverStream::new(incoming), stop.clone().cancelled_owned());
    let edge = Arc::new(Edge {
        tls,
        limits,
        sources: Cap::new(limits.connections_per_address),
        shaking: Cap::new(limits.handshakes_per_address),
        subjects: Cap::new(limits.connections_per_subject),
        metrics: Metrics::new(),
        lines: Throttle::default(),
        cut: cut.clone(),
    });
    let accepting = edge.accept_all(listener, ready);
    until_shutdown(server, accepting, shutdown, &stop, &cut, limits.grace).await.map_err(LinkError::Serve)
}

/// Runs `server` and `accepting` until `shutdown`, then `server` alone until it has ended or was cut.
pub(crate) async fn until_shutdown<E>(
    server: impl Future<Output = Result<(), E>>,
    accepting: impl Future<Output = ()>,
    shutdown: impl Future<Output = ()>,
    stop: &CancellationToken,
    cut: &CancellationToken,
    grace: Duration,
) -> Result<(), E> {
    let mut server = std::pin::pin!(server);
    tokio::select! {
        ended = &mut server => return ended,
        () = accepting => {}
        () = shutdown => {}
    }
    stop.cancel();
    match timeout(grace, &mut server).await {
        Ok(ended) => ended,
        Err(_) => {
            cut.cancel();
            server.await
        }
    }
}

/// tonic with every guard set: it passes "no limit" down where it is told nothing.
pub(crate) fn guarded_server(limits: &EdgeLimits) -> Server {
    Server::builder()
        .max_concurrent_streams(limits.streams)
        .http2_max_local_error_reset_streams(Some(limits.local_resets))
        .http2_max_pending_accept_reset_streams(Some(limits.pending_resets))
        .http2_max_header_list_size(limits.header_bytes)
        .http2_keepalive_interval(Some(limits.keepalive))
        .http2_keepalive_timeout(Some(limits.keepalive_time))
        .timeout(limits.request_time)
        .concurrency_limit_per_connection(usize::try_from(limits.streams).unwrap_or(usize::MAX))
        .load_shed(true)
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        // Without tonic's own grace: with it, tonic 0.14 never asks the connection to end and only cuts it. `Guarded` cuts.
        .max_connection_age(limits.connection_age)
}

/// gRPC says RESOURCE_EXHAUSTED for a message over the limit; tonic's decoder says OUT_OF_RANGE.
pub(crate) fn too_large<B>(mut response: http::Response<B>) -> http::Response<B> {
    let is = |name: &str, holds: fn(&str) -> bool| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).is_some_and(holds)
    };
    let of_decoder = |text: &str| text.replace("%20", " ").contains("message length too large");
    if is("grpc-status", |code| code == "11") && is("grpc-message", of_decoder) {
        response.headers_mut().insert("grpc-status", http::HeaderValue::from_static("8"));
    }
    response
}

/// Asks for each call whether its sender is still allowed.
#[derive(Debug, Clone)]
struct StillAllowed(Arc<dyn Anchors>);

impl Interceptor for StillAllowed {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        match request.extensions().get::<PeerInfo>() {
            Some(peer) if self.0.allows(&peer.subject) => Ok(request),
            _ => Err(Status::permission_denied("the channel is not open here, or frozen")),
        }
    }
}

/// All that the tasks of one edge share.
struct Edge {
    tls: ServerTls,
    limits: EdgeLimits,
    sources: Arc<Cap<IpAddr>>,
    shaking: Arc<Cap<IpAddr>>,
    subjects: Arc<Cap<Subject>>,
    metrics: Metrics,
    lines: Throttle,
    cut: CancellationToken,
}

/// What a connection holds while it lives.
type Places = (OwnedSemaphorePermit, Entered<IpAddr>, Entered<Subject>);
type Ready<S> = Guarded<TlsStream<S>, PeerInfo, Places>;

impl Edge {
    async fn accept_all<L: Listener>(
        self: Arc<Self>,
        mut listener: L,
        ready: mpsc::Sender<Result<Ready<L::Stream>, io::Error>>,
    ) {
        let handshakes = Arc::new(Semaphore::new(self.limits.handshakes));
        let connections = Arc::new(Semaphore::new(self.limits.connections));
        let mut tasks = JoinSet::new();
        loop {
            while tasks.try_join_next().is_some() {}
            // Neither semaphore is ever closed.
            let (Ok(handshake), Ok(connection)) =
                (handshakes.clone().acquire_owned().await, connections.clone().acquire_owned().await)
            else {
                return;
            };
            let (stream, address) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    say!(Warn, "a connection cannot be accepted", error = error.kind());
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let source = source_of(address.ip());
            let (Some(source), Some(shaking)) = (self.sources.enter(source), self.shaking.enter(source)) else {
                self.refused(word!("address_cap"), None, address);
                continue;
            };
            let (edge, ready) = (self.clone(), ready.clone());
            tasks.spawn(async move {
                let shaken = edge.shake_hands(stream, address, connection, source).await;
                drop((handshake, shaking));
                match shaken {
                    // Fails only when the server has ended.
                    Ok(connection) => drop(ready.send(Ok(connection)).await),
                    Err(Refused::Peer(fault)) => edge.refused(fault.word(), fault.party(), address),
                    Err(Refused::Tls(reason)) => edge.refused(reason, None, address),
                }
            });
        }
    }

    async fn shake_hands<S>(
        &self,
        stream: S,
        address: SocketAddr,
        connection: OwnedSemaphorePermit,
        source: Entered<IpAddr>,
    ) -> Result<Ready<S>, Refused>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (stream, peer) = timeout(self.limits.handshake_time, self.tls.accept(stream))
            .await
            .unwrap_or(Err(Refused::Tls(word!("timeout"))))?;
        let place = self.subjects.enter(peer.subject.clone()).ok_or(Refused::Tls(word!("subject_cap")))?;
        let life = Life {
            preface: self.limits.preface_time,
            age: self.limits.connection_age.saturating_add(self.limits.grace),
            cut: self.cut.clone(),
        };
        let info = PeerInfo { subject: Arc::new(peer.subject), certificate: peer.certificate, address };
        Ok(Guarded::new(stream, info, (connection, source, place), life))
    }

    /// Counts and says that a connection was refused. `claimed`: the state that its certificate names, proven or not.
    fn refused(&self, reason: Word, claimed: Option<model::PartyId>, address: SocketAddr) {
        self.metrics.handshake_refused(reason);
        if self.lines.admits() {
            say!(Warn, "connection refused", reason = reason, claimed = claimed, address = address.ip());
        }
    }
}
