//! The trace of an entry that waits: its context is kept beside it, so that the trace goes on after an outbox, a restart or a
//! border. A context is a `traceparent` [W3C Trace Context §3.2]: random numbers, no case data.

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Length of a `traceparent`.
const LENGTH: usize = 55;

/// The context of `span`, to be kept beside an entry; empty where nothing is traced.
pub fn traceparent(span: &Span) -> String {
    let mut kept = Kept(String::new());
    if !span.is_disabled() {
        TraceContextPropagator::new().inject_context(&span.context(), &mut kept);
    }
    kept.0
}

/// Makes `span` a child of the context that was kept. What is no context is ignored: it may come from outside.
pub fn follow(span: &Span, traceparent: &str) {
    let plain = traceparent.len() == LENGTH && traceparent.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if plain && !span.is_disabled() {
        let parent = TraceContextPropagator::new().extract(&Kept(traceparent.to_owned()));
        // Fails only where no OpenTelemetry layer listens: then there is no trace to continue.
        let _ = span.set_parent(parent);
    }
}

struct Kept(String);

impl Injector for Kept {
    fn set(&mut self, key: &str, value: String) {
        if key == "traceparent" {
            self.0 = value;
        }
    }
}

impl Extractor for Kept {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0.as_str())
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}
