//! The instruments as Prometheus asks for them.

use std::fmt;

use opentelemetry_prometheus::PrometheusExporter;
use opentelemetry_sdk::error::OTelSdkError;
use prometheus::{Registry, TextEncoder};

/// What Prometheus may read: the instruments of this process, by the names that a collector gives them, too.
#[derive(Clone)]
pub struct Scrape(Registry);

impl Scrape {
    /// The media type of [`Scrape::text`].
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// With what hands the instruments over.
    pub(crate) fn start() -> Result<(Self, PrometheusExporter), OTelSdkError> {
        let registry = Registry::new();
        // The scope is `rogatory` everywhere: a label that tells nothing.
        let exporter = opentelemetry_prometheus::exporter().with_registry(registry.clone()).scope_info_enabled(false);
        Ok((Self(registry), exporter.build()?))
    }

    /// All instruments now; nothing where they cannot be written.
    pub fn text(&self) -> Option<String> {
        TextEncoder::new().encode_to_string(&self.0.gather()).ok()
    }
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}
