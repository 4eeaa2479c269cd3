//! What leaves the process, seen by a collector: a receiver of the OTLP services on a socket.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use model::{EntryId, PartyId, RefusalCode, Step, Timestamp};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{
            ExportLogsServiceRequest, ExportLogsServiceResponse,
            logs_service_server::{LogsService, LogsServiceServer},
        },
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_client::TraceServiceClient,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::KeyValue,
    metrics::v1::{Metric, metric::Data},
    trace::v1::{Span, span::SpanKind},
};
use telemetry::{Instrument, Level, LogFormat, Metrics, Options, Propagate, TraceCalls};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
struct Collector {
    /// Whether it says a line within a call.
    speaks: bool,
    traces: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    metrics: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
    logs: Arc<Mutex<Vec<ExportLogsServiceRequest>>>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.traces.lock().unwrap().push(request.into_inner());
        if self.speaks {
            telemetry::say!(Info, "within the call");
        }
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.metrics.lock().unwrap().push(request.into_inner());
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Collector {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.logs.lock().unwrap().push(request.into_inner());
        Ok(Response::new(Default::default()))
    }
}

/// Serves a collector; with `traced` also as a service whose calls are spans.
async fn serve(collector: Collector, traced: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpListenerStream::new(listener);
    let traces = TraceServiceServer::new(collector.clone());
    if traced {
        tokio::spawn(Server::builder().layer(TraceCalls).add_service(traces).serve_with_incoming(incoming));
    } else {
        let server = Server::builder()
            .add_service(traces)
            .add_service(MetricsServiceServer::new(collector.clone()))
            .add_service(LogsServiceServer::new(collector));
        tokio::spawn(server.serve_with_incoming(incoming));
    }
    address
}

async fn call(service: SocketAddr) {
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{service}")).unwrap().connect_lazy();
    let mut client = TraceServiceClient::new(Propagate::new(channel));
    let mut request = Request::new(ExportTraceServiceRequest::default());
    request.metadata_mut().insert("tracestate", "leak=Jane".parse().unwrap());
    client.export(request).await.unwrap();
}

/// Everything that must stay at home.
fn misspeak() {
    tracing::info!(subject = "Jane Roe", "direct: Jane Roe");
    tracing::error!(target: "sqlx::query", subject = "Jane Roe", "a library: Jane Roe");
    tracing::info_span!("direct", subject = "Jane Roe").in_scope(|| tracing::warn!("Jane Roe"));
}

fn record(metrics: &Metrics, party: PartyId) {
    metrics.admitted(party, Step::SealSend);
    metrics.refused(party, RefusalCode::R92);
    metrics.queued(party, 7);
    metrics.relayed(party, 3);
    metrics.admit_took(Duration::from_micros(80));
    metrics.commit_took(Duration::from_millis(2), 12);
    metrics.handshake_refused(telemetry::word!("expired"));
    metrics.ready(true);
    metrics.channel(party, true, false);
    metrics.certificate_expires(telemetry::word!("tls"), Timestamp(1_700_000_000_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_traced_call_reaches_the_collector_and_carries_nothing_outside_the_allow_list() {
    let (collector, service) = (Collector::default(), Collector { speaks: true, ..Collector::default() });
    let endpoint = serve(collector.clone(), false).await;
    let traced = serve(service.clone(), true).await;
    let party: PartyId = "JP".parse().unwrap();
    let options = Options {
        service: "gateway",
        party: Some(party),
        authority: None,
        otlp_endpoint: Some(format!("http://{endpoint}")),
        scraped: true,
        log: LogFormat::Json,
        level: Level::Info,
    };
    let guard = telemetry::init(options.clone()).unwrap();
    assert!(telemetry::init(Options { otlp_endpoint: None, ..options }).is_err(), "twice");

    let id = EntryId::new([9; 16]);
    async {
        telemetry::say!(Warn, "entry refused", party = party, code = RefusalCode::R92, entry = id, bytes = 12_u64);
        call(traced).await;
        misspeak();
    }
    .instrument(telemetry::span!("admit", party = party, step = Step::SealSend))
    .await;
    record(&Metrics::new(), party);
    scraped(&guard.scrape().unwrap().text().unwrap());
    tokio::task::spawn_blocking(|| drop(std::panic::catch_unwind(|| std::panic::panic_any("Jane Roe")))).await.unwrap();
    tokio::task::spawn_blocking(|| guard.shutdown()).await.unwrap();

    drop(std::panic::take_hook());
    assert_eq!(service.traces.lock().unwrap().len(), 1, "the call itself");
    spans_are_clean(&collector);
    logs_are_clean(&collector);
    metrics_are_clean(&collector);
}

fn keys(attributes: &[KeyValue]) -> BTreeSet<&str> {
    attributes.iter().map(|attribute| attribute.key.as_str()).collect()
}

fn subset(attributes: &[KeyValue], allowed: &[&str]) {
    let found = keys(attributes);
    assert!(found.iter().all(|key| allowed.contains(key)), "{found:?} beyond {allowed:?}");
}

fn spans_are_clean(collector: &Collector) {
    let exports = collector.traces.lock().unwrap();
    assert!(!format!("{exports:?}").contains("Jane"), "{exports:?}");
    let resources = exports.iter().flat_map(|export| &export.resource_spans);
    for resource in resources.clone() {
        subset(&resource.resource.as_ref().unwrap().attributes, &["service.name", "service.version", "rogatory.party"]);
    }
    let spans: Vec<&Span> = resources.flat_map(|r| &r.scope_spans).flat_map(|scope| &scope.spans).collect();
    for span in &spans {
        subset(&span.attributes, &["party", "step"]);
        assert!(span.events.is_empty() && span.trace_state.is_empty(), "{span:?}");
    }
    let of_kind = |kind: SpanKind| spans.iter().find(|span| span.kind == kind as i32).copied().unwrap();
    let (server, client) = (of_kind(SpanKind::Server), of_kind(SpanKind::Client));
    let admit = spans.iter().find(|span| span.name == "admit").unwrap();
    assert_eq!(spans.len(), 3, "{spans:?}");
    assert_eq!(server.name, "opentelemetry.proto.collector.trace.v1.TraceService/Export");
    assert_eq!(server.name, client.name);
    assert_eq!(server.parent_span_id, client.span_id);
    assert_eq!(client.parent_span_id, admit.span_id);
    assert_eq!((&server.trace_id, &client.trace_id), (&admit.trace_id, &admit.trace_id));
}

fn logs_are_clean(collector: &Collector) {
    let exports = collector.logs.lock().unwrap();
    let text = format!("{exports:?}");
    assert!(!text.contains("Jane"), "{text}");
    let records: Vec<_> = exports
        .iter()
        .flat_map(|e| &e.resource_logs)
        .flat_map(|r| &r.scope_logs)
        .flat_map(|s| &s.log_records)
        .collect();
    for record in &records {
        subset(&record.attributes, &["party", "code", "entry", "bytes", "file", "line"]);
    }
    assert_eq!(records.len(), 3, "refused, within the call, panicked: {records:?}");
    assert!(["entry refused", "R92", "09090909", "within the call", "panicked"].iter().all(|said| text.contains(said)));
}

fn metrics_are_clean(collector: &Collector) {
    let exports = collector.metrics.lock().unwrap();
    let metrics: Vec<&Metric> = exports
        .iter()
        .flat_map(|e| &e.resource_metrics)
        .flat_map(|r| &r.scope_metrics)
        .flat_map(|s| &s.metrics)
        .collect();
    for metric in &metrics {
        let attributes: Vec<&[KeyValue]> = match metric.data.as_ref().unwrap() {
            Data::Gauge(gauge) => gauge.data_points.iter().map(|p| p.attributes.as_slice()).collect(),
            Data::Sum(sum) => sum.data_points.iter().map(|p| p.attributes.as_slice()).collect(),
            Data::Histogram(histogram) => histogram.data_points.iter().map(|p| p.attributes.as_slice()).collect(),
            other => unreachable!("{other:?}"),
        };
        for attributes in attributes {
            let allowed =
                ["rogatory.party", "rogatory.step", "rogatory.code", "rogatory.reason", "rogatory.certificate"];
            subset(attributes, &allowed);
        }
    }
    let names: BTreeSet<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    let expected = [
        "rogatory.admit.duration",
        "rogatory.certificate.expires",
        "rogatory.channel.frozen",
        "rogatory.channel.open",
        "rogatory.commit.duration",
        "rogatory.commit.entries",
        "rogatory.entries.admitted",
        "rogatory.entries.queued",
        "rogatory.entries.refused",
        "rogatory.entries.relayed",
        "rogatory.handshakes.refused",
        "rogatory.ready",
    ];
    assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
}

/// The same instruments as Prometheus reads them: by the names that a collector's exporter gives them, which the rules use.
fn scraped(text: &str) {
    let expected = [
        "rogatory_admit_duration_seconds_count 1",
        r#"rogatory_certificate_expires_seconds{rogatory_certificate="tls"} 1700000000"#,
        r#"rogatory_channel_frozen{rogatory_party="JP"} 0"#,
        r#"rogatory_channel_open{rogatory_party="JP"} 1"#,
        "rogatory_commit_duration_seconds_count 1",
        "rogatory_commit_entries_count 1",
        r#"rogatory_entries_admitted_total{rogatory_party="JP",rogatory_step="seal_send"} 1"#,
        r#"rogatory_entries_queued{rogatory_party="JP"} 7"#,
        r#"rogatory_entries_refused_total{rogatory_code="R92",rogatory_party="JP"} 1"#,
        r#"rogatory_entries_relayed_total{rogatory_party="JP"} 3"#,
        r#"rogatory_handshakes_refused_total{rogatory_reason="expired"} 1"#,
        "rogatory_ready 1",
    ];
    for line in expected {
        assert!(text.lines().any(|told| told == line), "no line {line} in\n{text}");
    }
}
