use std::{io, panic, time::Duration};

use model::{AuthorityId, PartyId};
use opentelemetry::{KeyValue, global, trace::TracerProvider};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_prometheus::PrometheusExporter;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkError,
    logs::SdkLoggerProvider,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::{Sampler, SdkTracerProvider},
};
use tokio::runtime::Runtime;
use tracing::{Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{Level, Scrape, TARGET, foreign::Foreign};

/// How often metrics are sent.
const METRICS_EVERY: Duration = Duration::from_secs(15);
/// How long the last flush may take.
const FLUSH_MAX: Duration = Duration::from_secs(5);

/// Who speaks, how loud and where to.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program: `gateway`, `desk` or `federation`.
    pub service: &'static str,
    /// The party it works for, where it works for one.
    pub party: Option<PartyId>,
    /// The authority it works for: a desk's.
    pub authority: Option<AuthorityId>,
    /// The collector, as in `http://127.0.0.1:4317` (OTLP over gRPC, without TLS: it stands on this machine or beside it). `None`:
    /// nothing leaves the process but lines on standard error.
    pub otlp_endpoint: Option<String>,
    /// Whether the metrics can be read in this process: [`Guard::scrape`].
    pub scraped: bool,
    /// How lines on standard error look.
    pub log: LogFormat,
    /// Lines quieter than this are dropped.
    pub level: Level,
}

/// How lines on standard error look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Why [`init`] failed.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// [`init`] was called before, or another subscriber was installed.
    #[error("logging is already set up in this process: init may be called once")]
    AlreadySet(#[source] tracing_subscriber::util::TryInitError),
    /// The collector's address is not one.
    #[error("the OTLP endpoint {endpoint:?} cannot be used; give it as http://host:4317")]
    Endpoint {
        /// The address.
        endpoint: String,
        /// Why.
        source: ExporterBuildError,
    },
    /// The instruments cannot be handed over.
    #[error("the metrics cannot be read in this process")]
    Scrape(#[source] OTelSdkError),
    /// The thread that sends could not be started.
    #[error("the thread that sends telemetry cannot be started")]
    Thread(#[source] io::Error),
}

/// Keeps telemetry running. On [`Guard::shutdown`] or drop what is still in the buffers is sent, at most for some seconds.
#[must_use = "telemetry ends when the guard is dropped"]
#[derive(Debug)]
pub struct Guard {
    export: Option<Export>,
    metrics: Option<SdkMeterProvider>,
    scrape: Option<Scrape>,
}

impl Guard {
    /// Where the metrics can be read, where that was asked for.
    pub fn scrape(&self) -> Option<Scrape> {
        self.scrape.clone()
    }

    /// Sends what is still in the buffers and stops.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A collector that is away must not keep the program from ending, nor make its end a failure.
        if let Some(metrics) = self.metrics.take() {
            let _ = metrics.shutdown_with_timeout(FLUSH_MAX);
        }
        if let Some(export) = self.export.take() {
            let _ = export.traces.shutdown_with_timeout(FLUSH_MAX);
            let _ = export.logs.shutdown_with_timeout(FLUSH_MAX);
            // Not dropped: a runtime may not be dropped inside another one.
            export.runtime.shutdown_background();
        }
    }
}

/// Sets up logging, and traces, metrics and logs through OTLP where an endpoint is given. Also installs a panic hook that says
/// where, but not what: a panic's message may hold anything.
pub fn init(options: Options) -> Result<Guard, TelemetryError> {
    let (export, sent) = match &options.otlp_endpoint {
        Some(endpoint) => {
            Export::start(endpoint, resource(&options)).map(|(export, sent)| (Some(export), Some(sent)))?
        }
        None => (None, None),
    };
    let (scrape, read) = match options.scraped {
        true => Scrape::start().map(|(scrape, read)| (Some(scrape), Some(read))).map_err(TelemetryError::Scrape)?,
        false => (None, None),
    };
    let level = options.level.as_tracing();
    let traces = export.as_ref().map(|export| {
        tracing_opentelemetry::layer()
            .with_tracer(export.traces.tracer("rogatory"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_level(false)
            .with_filter(filter_fn(|said| said.is_span() && ours(said)))
    });
    let logs = export.as_ref().map(|export| {
        OpenTelemetryTracingBridge::new(&export.logs)
            .with_filter(filter_fn(move |said| said.is_event() && ours(said) && *said.level() <= level))
    });
    let installed = tracing_subscriber::registry()
        .with(stderr::<Registry, _>(options.log, options.level, io::stderr))
        .with(traces)
        .with(logs)
        .try_init();
    if let Err(source) = installed {
        drop(Guard { export, metrics: None, scrape });
        return Err(TelemetryError::AlreadySet(source));
    }
    let metrics = measured(sent, read, resource(&options));
    if let Some(metrics) = &metrics {
        global::set_meter_provider(metrics.clone());
    }
    report_panics();
    Ok(Guard { export, metrics, scrape })
}

/// What the instruments are handed to; none where nobody wants them.
fn measured(
    sent: Option<PeriodicReader<MetricExporter>>,
    read: Option<PrometheusExporter>,
    resource: Resource,
) -> Option<SdkMeterProvider> {
    let builder = SdkMeterProvider::builder().with_resource(resource);
    let builder = match (sent, read) {
        (None, None) => return None,
        (Some(sent), None) => builder.with_reader(sent),
        (None, Some(read)) => builder.with_reader(read),
        (Some(sent), Some(read)) => builder.with_reader(sent).with_reader(read),
    };
    Some(builder.build())
}

/// The layer that prints: our own lines whole, those of libraries from `Warn` on and without their words.
pub(crate) fn stderr<S, W>(format: LogFormat, level: Level, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Clone + Send + Sync + 'static,
{
    let level = level.as_tracing();
    // Where nobody takes a line (a log on a full disk), it is lost; the library would say so on standard error, and panic.
    let own = fmt::layer().with_writer(writer.clone()).log_internal_errors(false);
    let own = match format {
        LogFormat::Text => own.with_ansi(false).boxed(),
        LogFormat::Json => own.json().with_current_span(false).with_span_list(false).boxed(),
    };
    let foreign = fmt::layer().with_writer(writer).log_internal_errors(false).event_format(Foreign(format));
    own.with_filter(filter_fn(move |said| ours(said) && *said.level() <= level)).and_then(
        foreign.with_filter(filter_fn(|said| said.is_event() && !ours(said) && *said.level() <= LevelFilter::WARN)),
    )
}

fn ours(said: &Metadata<'_>) -> bool {
    said.target().starts_with(TARGET)
}

fn resource(options: &Options) -> Resource {
    let party = options.party.map(|party| KeyValue::new("rogatory.party", party.to_string()));
    let authority = options.authority.as_ref().map(|id| KeyValue::new("rogatory.authority", id.to_string()));
    Resource::builder_empty()
        .with_service_name(options.service)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(party.into_iter().chain(authority))
        .build()
}

fn report_panics() {
    panic::set_hook(Box::new(|panic| {
        let (file, line) = panic.location().map_or(("?", 0), |place| (place.file(), place.line()));
        tracing::error!(target: "rogatory::panic", file, line, message = "panicked: this is a defect of the program");
    }));
}

/// What sends to the collector. The exporters' threads wait on a channel that lives in a runtime of its own, so that a busy or
/// single-threaded program cannot lock its own telemetry up.
#[derive(Debug)]
struct Export {
    traces: SdkTracerProvider,
    logs: SdkLoggerProvider,
    runtime: Runtime,
}

impl Export {
    /// With what sends the metrics.
    fn start(endpoint: &str, resource: Resource) -> Result<(Self, PeriodicReader<MetricExporter>), TelemetryError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("telemetry")
            .enable_all()
            .build()
            .map_err(TelemetryError::Thread)?;
        match Self::in_context(&runtime, endpoint, resource) {
            Ok((traces, metrics, logs)) => Ok((Self { traces, logs, runtime }, metrics)),
            Err(source) => {
                runtime.shutdown_background();
                Err(TelemetryError::Endpoint { endpoint: endpoint.to_owned(), source })
            }
        }
    }

    fn in_context(
        runtime: &Runtime,
        endpoint: &str,
        resource: Resource,
    ) -> Result<(SdkTracerProvider, PeriodicReader<MetricExporter>, SdkLoggerProvider), ExporterBuildError> {
        let _context = runtime.enter();
        let spans = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
        let metrics = MetricExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
        let logs = LogExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
        Ok((
            SdkTracerProvider::builder()
                .with_batch_exporter(spans)
                // Not by the caller's flag: another state does not decide what we record.
                .with_sampler(Sampler::AlwaysOn)
                .with_resource(resource.clone())
                .build(),
            PeriodicReader::builder(metrics).with_interval(METRICS_EVERY).build(),
            SdkLoggerProvider::builder().with_batch_exporter(logs).with_resource(resource).build(),
        ))
    }
}
