//! HTTP/1.1 with every bound set: who says nothing, or says it slowly, is hung up on.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use telemetry::say;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Browsers at the same time, each with a few connections.
const CONNECTIONS_MAX: usize = 256;
/// In this time the head of a request has come in, the next one of a connection likewise.
const HEAD_TIME: Duration = Duration::from_secs(15);
const HEAD_BYTES_MAX: usize = 32 * 1024;
const HEADERS_MAX: usize = 64;
/// After this a connection ends with the answer that it gives.
const CONNECTION_AGE: Duration = Duration::from_secs(10 * 60);
/// How long an answer may go on when its connection, or the console, ends.
const GRACE: Duration = Duration::from_secs(30);
/// After a failure to accept (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`, then lets the answers that are being given end.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        let next = async {
            // Never closed.
            let place = places.clone().acquire_owned().await.ok()?;
            Some((place, listener.accept().await))
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = next => accepted,
        };
        match accepted {
            Some((place, Ok((stream, _)))) => {
                let (router, stop) = (router.clone(), stop.clone());
                tasks.spawn(async move {
                    answer(stream, router, stop).await;
                    drop(place);
                });
            }
            Some((_, Err(error))) => {
                say!(Warn, "a connection cannot be accepted", error = error.kind());
                sleep(ACCEPT_PAUSE).await;
            }
            None => break,
        }
    }
    let _ = timeout(GRACE, async { while tasks.join_next().await.is_some() {} }).await;
}

async fn answer(stream: TcpStream, router: Router, stop: CancellationToken) {
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let answer = router.oneshot(request.map(Body::new)).await;
            Ok::<_, Infallible>(answer.unwrap_or_else(|never: Infallible| match never {}))
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // What a browser breaks off is its own affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = sleep(CONNECTION_AGE) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(GRACE, connection).await;
}
