//! The port for those who look after a program: whether it lives, whether it is ready, what it counted. Plain HTTP/1.1, without TLS and
//! without a password, so it belongs on loopback or on a network of one's own; nothing of a case is in any answer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{Readiness, Scrape, say};

/// Who looks at the same time; others wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 16;
/// A connection is for one question: in this time it is asked and answered, or cut.
const CONNECTION_TIME: Duration = Duration::from_secs(10);
const HEAD_TIME: Duration = Duration::from_secs(5);
const HEAD_BYTES_MAX: usize = 8 * 1024;
const HEADERS_MAX: usize = 32;
/// After a failure to accept (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const PATHS: &str = "/livez\n/readyz\n/readyz?verbose\n/metrics\n";

/// What the port tells.
#[derive(Debug)]
pub struct Ops {
    /// For `/readyz`.
    pub readiness: Arc<Readiness>,
    /// For `/metrics`.
    pub scrape: Scrape,
}

impl Ops {
    /// Answers until it is dropped: also while the program stops, so that it is seen.
    pub async fn serve(self, listener: TcpListener) {
        let ops = Arc::new(self);
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut answering = JoinSet::new();
        loop {
            while answering.try_join_next().is_some() {}
            // Never closed.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let ops = ops.clone();
                    answering.spawn(async move {
                        // Who is slower, or breaks off, has no answer.
                        let _ = timeout(CONNECTION_TIME, ops.answer_one(stream)).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    say!(Warn, "a connection cannot be accepted", error = error.kind());
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn answer_one(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(move |request: Request<Incoming>| {
            let ops = self.clone();
            async move { Ok::<_, Infallible>(ops.answer(&request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        // Fails where the other side breaks off or does not speak HTTP.
        let _ = connection.await;
    }

    async fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".to_owned());
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return answer;
        }
        match request.uri().path() {
            "/livez" => text(StatusCode::OK, "lives\n".to_owned()),
            "/readyz" => {
                let report = self.readiness.look().await;
                let status = if report.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                if wants_json(request.headers()) {
                    return respond(status, "application/json", format!("{}\n", report.to_json()));
                }
                let verbose = request.uri().query().is_some_and(|query| query.split('&').any(|one| one == "verbose"));
                text(status, report.to_text(verbose))
            }
            "/metrics" => match self.scrape.text() {
                Some(metrics) => respond(StatusCode::OK, Scrape::CONTENT_TYPE, metrics),
                None => text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written\n".to_owned()),
            },
            _ => text(StatusCode::NOT_FOUND, PATHS.to_owned()),
        }
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("application/json"))
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", body)
}

fn respond(status: StatusCode, media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A port with one counter, and where it is.
    async fn served() -> (std::net::SocketAddr, Arc<Readiness>, SdkMeterProvider) {
        let (scrape, exporter) = Scrape::start().unwrap();
        let provider = SdkMeterProvider::builder().with_reader(exporter).build();
        provider.meter("rogatory").u64_counter("rogatory.entries.admitted").with_unit("{entry}").build().add(3, &[]);
        let readiness = Arc::new(Readiness::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(Ops { readiness: readiness.clone(), scrape }.serve(listener));
        (address, readiness, provider)
    }

    /// What is answered to these bytes, until the connection is closed.
    async fn asked(address: std::net::SocketAddr, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // It may have been hung up on meanwhile, which is what is tried.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_counter_is_read_by_the_name_that_the_rules_use() {
        // A provider that is dropped has no metrics left to be read.
        let (address, _, _provider) = served().await;
        let answer = asked(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("\nrogatory_entries_admitted_total 3\n"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn a_program_that_stops_lives_and_is_not_ready() {
        let (address, readiness, _provider) = served().await;
        assert!(asked(address, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").await.starts_with("HTTP/1.1 200"));
        readiness.stop();
        let answer = asked(address, b"GET /readyz HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(r#""why":"the program stops""#), "{answer}");
        assert!(asked(address, b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn what_is_no_question_is_refused_and_what_is_too_large_is_not_read() {
        let (address, ..) = served().await;
        assert!(asked(address, b"POST /readyz HTTP/1.1\r\nHost: x\r\n\r\n").await.starts_with("HTTP/1.1 405"));
        assert!(asked(address, b"GET /else HTTP/1.1\r\nHost: x\r\n\r\n").await.starts_with("HTTP/1.1 404"));
        let long = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(HEAD_BYTES_MAX));
        let answer = asked(address, long.as_bytes()).await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        let many = format!("GET /livez HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(HEADERS_MAX));
        assert!(!asked(address, many.as_bytes()).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn those_who_say_nothing_do_not_keep_others_out_for_good() {
        let (address, ..) = served().await;
        let mut silent = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let answer = asked(address, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}
