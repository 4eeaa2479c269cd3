use std::{io, panic, time::Duration};

use model::{AuthorityId, PartyId};
use opentelemetry::{KeyValue, global, trace::TracerProvider};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
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

use crate::{Level, TARGET, foreign::Foreign};

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
    /// The thread that sends could not be started.
    #[error("the thread that sends telemetry cannot be started")]
    Thread(#[source] io::Error),
}

/// Keeps telemetry running. On [`Guard::shutdown`] or drop what is still in the buffers is sent, at most for some seconds.
#[must_use = "telemetry ends when the guard is dropped"]
#[derive(Debug)]
pub struct Guard {
    export: Option<Export>,
}

impl Guard {
    /// Sends what is still in the buffers and stops.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(export) = self.export.take() {
            // A collector that is away must not keep the program from ending, nor make its end a failure.
            let _ = export.traces.shutdown_with_timeout(FLUSH_MAX);
            let _ = export.logs.shutdown_with_timeout(FLUSH_MAX);
            let _ = export.metrics.shutdown_with_timeout(FLUSH_MAX);
            // Not dropped: a runtime may not be dropped inside another one.
            export.runtime.shutdown_background();
        }
    }
}

/// Sets up logging, and traces, metrics and logs through OTLP where an endpoint is given. Also installs a panic hook that says
/// where, but not what: a panic's message may hold anything.
pub fn init(options: Options) -> Result<Guard, TelemetryError> {
    let export = match &options.otlp_endpoint {
        Some(endpoint) => Some(Export::start(endpoint, resource(&options))?),
        None => None,
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
        drop(Guard { export });
        return Err(TelemetryError::AlreadySet(source));
    }
    if let Some(export) = &export {
        global::set_meter_provider(export.metrics.clone());
    }
    report_panics();
    Ok(Guard { export })
}

/// The layer that prints: our own lines whole, those of libraries from `Warn` on and without their words.
pub(crate) fn stderr<S, W>(format: LogFormat, level: Level, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Clone + Send + Sync + 'static,
{
    let level = level.as_tracing();
    let own = fmt::layer().with_writer(writer.clone());
    let own = match format {
        LogFormat::Text => own.with_ansi(false).boxed(),
        LogFormat::Json => own.json().with_current_span(false).with_span_list(false).boxed(),
    };
    let foreign = fmt::layer().with_writer(writer).event_format(Foreign(format));
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
    metrics: SdkMeterProvider,
    logs: SdkLoggerProvider,
    runtime: Runtime,
}

impl Export {
    fn start(endpoint: &str, resource: Resource) -> Result<Self, TelemetryError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("telemetry")
            .enable_all()
            .build()
            .map_err(TelemetryError::Thread)?;
        match Self::in_context(&runtime, endpoint, resource) {
            Ok((traces, metrics, logs)) => Ok(Self { traces, metrics, logs, runtime }),
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
    ) -> Result<(SdkTracerProvider, SdkMeterProvider, SdkLoggerProvider), ExporterBuildError> {
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
            SdkMeterProvider::builder()
                .with_reader(PeriodicReader::builder(metrics).with_interval(METRICS_EVERY).build())
                .with_resource(resource.clone())
                .build(),
            SdkLoggerProvider::builder().with_batch_exporter(logs).with_resource(resource).build(),
        ))
    }
}
