//! A collector of telemetry: the OTLP services over gRPC on a socket, which keep all that the programs send them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

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
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{KeyValue, any_value::Value},
    logs::v1::LogRecord,
    metrics::v1::{Metric, NumberDataPoint, metric::Data},
    resource::v1::Resource,
    trace::v1::Span,
};
use prost::Message;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// A collector that serves as long as the test's runtime.
#[derive(Clone, Default)]
pub(crate) struct Collector {
    traces: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    metrics: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
    logs: Arc<Mutex<Vec<ExportLogsServiceRequest>>>,
}

/// What a program told, and which: `desk JP`.
#[derive(Debug, Clone)]
pub(crate) struct Told<T> {
    pub(crate) program: String,
    pub(crate) what: T,
}

impl Collector {
    /// Starts one; where it listens.
    pub(crate) fn start() -> (Self, SocketAddr) {
        let collector = Self::default();
        let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = incoming.local_addr().unwrap();
        let server = Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .add_service(MetricsServiceServer::new(collector.clone()))
            .add_service(LogsServiceServer::new(collector.clone()));
        tokio::spawn(server.serve_with_incoming(incoming));
        (collector, address)
    }

    pub(crate) fn spans(&self) -> Vec<Told<Span>> {
        let exports = self.traces.lock().unwrap();
        let resources = exports.iter().flat_map(|export| &export.resource_spans);
        let spans = resources.flat_map(|one| {
            let spans = one.scope_spans.iter().flat_map(|scope| &scope.spans);
            spans.map(|span| told(one.resource.as_ref(), span))
        });
        spans.collect()
    }

    pub(crate) fn metrics(&self) -> Vec<Told<Metric>> {
        let exports = self.metrics.lock().unwrap();
        let resources = exports.iter().flat_map(|export| &export.resource_metrics);
        let metrics = resources.flat_map(|one| {
            let metrics = one.scope_metrics.iter().flat_map(|scope| &scope.metrics);
            metrics.map(|metric| told(one.resource.as_ref(), metric))
        });
        metrics.collect()
    }

    pub(crate) fn logs(&self) -> Vec<Told<LogRecord>> {
        let exports = self.logs.lock().unwrap();
        let resources = exports.iter().flat_map(|export| &export.resource_logs);
        let records = resources.flat_map(|one| {
            let records = one.scope_logs.iter().flat_map(|scope| &scope.log_records);
            records.map(|record| told(one.resource.as_ref(), record))
        });
        records.collect()
    }

    /// What the programs say of themselves, of each export.
    pub(crate) fn resources(&self) -> Vec<Resource> {
        let traces = self.traces.lock().unwrap();
        let metrics = self.metrics.lock().unwrap();
        let logs = self.logs.lock().unwrap();
        let of_traces = traces.iter().flat_map(|export| &export.resource_spans).map(|one| &one.resource);
        let of_metrics = metrics.iter().flat_map(|export| &export.resource_metrics).map(|one| &one.resource);
        let of_logs = logs.iter().flat_map(|export| &export.resource_logs).map(|one| &one.resource);
        of_traces.chain(of_metrics).chain(of_logs).flatten().cloned().collect()
    }

    /// Whether these bytes are anywhere in what came over the wire, of whatever kind.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let within = |message: Vec<u8>| message.windows(bytes.len()).any(|window| window == bytes);
        self.traces.lock().unwrap().iter().any(|export| within(export.encode_to_vec()))
            || self.metrics.lock().unwrap().iter().any(|export| within(export.encode_to_vec()))
            || self.logs.lock().unwrap().iter().any(|export| within(export.encode_to_vec()))
    }
}

/// The text of an attribute.
pub(crate) fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// The points of a counter or a gauge; none of a histogram.
pub(crate) fn points(metric: &Metric) -> &[NumberDataPoint] {
    match &metric.data {
        Some(Data::Sum(sum)) => &sum.data_points,
        Some(Data::Gauge(gauge)) => &gauge.data_points,
        _ => &[],
    }
}

fn told<T: Clone>(resource: Option<&Resource>, what: &T) -> Told<T> {
    let attributes = resource.map(|resource| resource.attributes.as_slice()).unwrap_or_default();
    let part = |key| text(attributes, key).unwrap_or("nobody");
    Told { program: format!("{} {}", part("service.name"), part("rogatory.party")), what: what.clone() }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.traces.lock().unwrap().push(request.into_inner());
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
