use std::task::{Context, Poll};

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tower::{Layer, Service};
use tracing::{
    Span,
    instrument::{Instrument, Instrumented},
};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Only this header crosses a border [W3C Trace Context §3.2]; `tracestate` and baggage are free text of another state.
const TRACEPARENT: &str = "traceparent";

/// A layer for servers: each call is a span, child of the caller's where the caller sent one. It records the name of the RPC
/// and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceCalls;

impl<S> Layer<S> for TraceCalls {
    type Service = TracedCalls<S>;

    fn layer(&self, inner: S) -> TracedCalls<S> {
        TracedCalls { inner }
    }
}

/// The service that [`TraceCalls`] makes.
#[derive(Debug, Clone)]
pub struct TracedCalls<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for TracedCalls<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Instrumented<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let span = tracing::debug_span!(
            target: "rogatory::calls",
            "serve",
            otel.name = rpc_name(request.uri().path()),
            otel.kind = "server",
        );
        if !span.is_disabled() {
            let caller = TraceContextPropagator::new().extract(&Headers(request.headers()));
            // Fails only where no OpenTelemetry layer listens: then there is no trace to continue.
            let _ = span.set_parent(caller);
        }
        let call = {
            let _inside = span.enter();
            self.inner.call(request)
        };
        call.instrument(span)
    }
}

/// A service for clients: each call is a span, and its context is sent along.
#[derive(Debug, Clone)]
pub struct Propagate<S> {
    inner: S,
}

impl<S> Propagate<S> {
    /// Sends the trace context along with the calls of `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, B> Service<Request<B>> for Propagate<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Instrumented<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let span = tracing::debug_span!(
            target: "rogatory::calls",
            "call",
            otel.name = rpc_name(request.uri().path()),
            otel.kind = "client",
        );
        inject(&span, request.headers_mut());
        self.inner.call(request).instrument(span)
    }
}

fn inject(span: &Span, headers: &mut HeaderMap) {
    if !span.is_disabled() {
        TraceContextPropagator::new().inject_context(&span.context(), &mut HeadersMut(headers));
    }
}

/// `package.Service/Method` if `path` has that shape and is short; a peer chooses the path, so anything else is not repeated.
fn rpc_name(path: &str) -> &str {
    let name = path.strip_prefix('/').unwrap_or(path);
    let fits = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    match name.split_once('/') {
        Some((service, method))
            if service.contains('.')
                && name.len() <= 100
                && fits(service)
                && method.bytes().all(|b| b.is_ascii_alphabetic())
                && !method.is_empty() =>
        {
            name
        }
        _ => "unknown",
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if key == TRACEPARENT { self.0.get(TRACEPARENT)?.to_str().ok() } else { None }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

struct HeadersMut<'a>(&'a mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if key == TRACEPARENT
            && let Ok(value) = HeaderValue::try_from(value)
        {
            self.0.insert(HeaderName::from_static(TRACEPARENT), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rpc_name;

    #[test]
    fn a_path_that_is_no_rpc_is_not_repeated() {
        assert_eq!(rpc_name("/rogatory.peer.v1.Peer/Relay"), "rogatory.peer.v1.Peer/Relay");
        assert_eq!(rpc_name("/rogatory.peer.v1.Peer/Relay?subject=x"), "unknown");
        assert_eq!(rpc_name("/a/b"), "unknown");
        assert_eq!(rpc_name("/a.b/"), "unknown");
        assert_eq!(rpc_name(&format!("/a.b/{}", "x".repeat(200))), "unknown");
    }
}
