//! A small collector of traces, metrics and logs: OTLP over HTTP, in protobuf, as the daemons
//! export them.

use std::{
    io::Read as _,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use muster_integration_tests::{eventually, seconds};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{KeyValue, any_value::Value},
    logs::v1::LogRecord,
    metrics::v1::Metric,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;
use tokio::{net::TcpListener, task::JoinSet};

/// A span, and the service that it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Exported {
    pub(crate) service: String,
    pub(crate) span: Span,
}

impl Exported {
    /// Returns an attribute that is a number.
    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        match value(&self.span.attributes, key)? {
            Value::IntValue(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the span's faults by the conventions: attributes of another type or unknown ones,
    /// and missing ones that its kind must have.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for attribute in &self.span.attributes {
            let key = attribute.key.as_str();
            let seen = attribute.value.as_ref().and_then(|value| value.value.as_ref());
            let fits = match seen {
                Some(Value::StringValue(_)) => TEXTS.contains(&key),
                Some(Value::IntValue(_)) => NUMBERS.contains(&key),
                _ => false,
            };
            if !fits {
                wrong.push(format!("{}: {key} is {seen:?}", self.span.name));
            }
        }
        let needed: &[&str] = match SpanKind::try_from(self.span.kind) {
            Ok(SpanKind::Server) => &["http.request.method", "http.response.status_code", "url.scheme"],
            Ok(SpanKind::Client) if self.span.name == "COMMIT" => &["db.system.name", "db.operation.name"],
            Ok(SpanKind::Client) => &["http.request.method", "server.address", "server.port"],
            Ok(SpanKind::Producer) => &[
                "messaging.system",
                "messaging.destination.name",
                "messaging.rabbitmq.destination.routing_key",
                "messaging.operation.name",
                "messaging.operation.type",
                "messaging.batch.message_count",
                "server.address",
                "server.port",
            ],
            Ok(SpanKind::Consumer) => &[
                "messaging.system",
                "messaging.destination.name",
                "messaging.rabbitmq.destination.routing_key",
                "messaging.operation.name",
                "messaging.operation.type",
            ],
            _ => &[],
        };
        let missing = needed.iter().filter(|key| value(&self.span.attributes, key).is_none());
        wrong.extend(missing.map(|key| format!("{}: no {key}", self.span.name)));
        if self.span.start_time_unix_nano > self.span.end_time_unix_nano {
            wrong.push(format!("{} ends before it begins", self.span.name));
        }
        wrong
    }

    /// Returns an attribute as text.
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        attribute(&self.span.attributes, key)
    }
}

/// Attributes that are texts: OpenTelemetry's semantic conventions for databases, HTTP and
/// messaging, then our own.
const TEXTS: [&str; 20] = [
    "db.operation.name",
    "db.system.name",
    "error.type",
    "http.request.method",
    "http.route",
    "messaging.destination.name",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.rabbitmq.destination.routing_key",
    "messaging.system",
    "server.address",
    "url.full",
    "url.scheme",
    "job.id",
    "job.kind",
    "job.run_at",
    "message.id",
    "organization.id",
    "outcome",
    "target",
];

/// Attributes that are whole numbers.
const NUMBERS: [&str; 9] = [
    "http.response.status_code",
    "messaging.batch.message_count",
    "server.port",
    "job.attempt",
    "job.bundle",
    "job.wait_ms",
    "message.segments",
    "busy_ns",
    "idle_ns",
];

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?.value.as_ref()
}

fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    match value(attributes, key)? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

/// Everything that was exported, each with the service that it comes from.
#[derive(Debug, Default)]
struct Received {
    spans: Vec<Exported>,
    metrics: Vec<(String, Metric)>,
    logs: Vec<(String, LogRecord)>,
}

type Shared = Arc<Mutex<Received>>;

/// Listens until it is dropped.
pub(crate) struct Collector {
    pub(crate) url: String,
    received: Shared,
    _server: JoinSet<std::io::Result<()>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let received = Shared::default();
        let app = Router::new()
            .route("/v1/traces", post(take_spans))
            .route("/v1/metrics", post(take_metrics))
            .route("/v1/logs", post(take_logs))
            .with_state(Arc::clone(&received));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await });
        Self { url, received, _server: server }
    }

    /// Returns the environment that has daemons export spans here, soon after each.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![("MUSTER_OTLP_ENDPOINT", self.url.clone()), ("OTEL_BSP_SCHEDULE_DELAY", "200".to_owned())]
    }

    /// Returns the metrics of a name so far, each with its service.
    pub(crate) fn metrics(&self, name: &str) -> Vec<(String, Metric)> {
        let received = self.received.lock().unwrap();
        received.metrics.iter().filter(|(_, metric)| metric.name == name).cloned().collect()
    }

    /// Returns the lines of a service's log so far.
    pub(crate) fn logs(&self, service: &str) -> Vec<LogRecord> {
        let received = self.received.lock().unwrap();
        received.logs.iter().filter(|(own, _)| own == service).map(|(_, line)| line.clone()).collect()
    }

    /// Everything so far.
    pub(crate) fn spans(&self) -> Vec<Exported> {
        self.received.lock().unwrap().spans.clone()
    }

    /// Waits until there are at least so many spans that fit, and returns them.
    pub(crate) async fn until(&self, what: &str, count: usize, fits: impl Fn(&Exported) -> bool) -> Vec<Exported> {
        eventually(seconds(30), async || {
            let (fitting, others): (Vec<_>, Vec<_>) = self.spans().into_iter().partition(&fits);
            let names =
                || others.iter().map(|other| other.span.name.clone()).collect::<std::collections::BTreeSet<_>>();
            let found = fitting.len();
            if found >= count { Ok(fitting) } else { Err(format!("{found} of {what}; others: {:?}", names())) }
        })
        .await
    }
}

/// Returns a body without its compression: a collector passes it on packed.
fn unpacked(body: Bytes) -> Bytes {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    if !body.starts_with(GZIP) {
        return body;
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
    plain.into()
}

async fn take_spans(State(received): State<Shared>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(unpacked(body)) else { return StatusCode::BAD_REQUEST };
    for resource in request.resource_spans {
        let service = service(resource.resource.map(|resource| resource.attributes));
        let new = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        received.lock().unwrap().spans.extend(new.map(|span| Exported { service: service.clone(), span }));
    }
    StatusCode::OK
}

async fn take_metrics(State(received): State<Shared>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportMetricsServiceRequest::decode(unpacked(body)) else { return StatusCode::BAD_REQUEST };
    for resource in request.resource_metrics {
        let service = service(resource.resource.map(|resource| resource.attributes));
        let new = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
        received.lock().unwrap().metrics.extend(new.map(|metric| (service.clone(), metric)));
    }
    StatusCode::OK
}

async fn take_logs(State(received): State<Shared>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportLogsServiceRequest::decode(unpacked(body)) else { return StatusCode::BAD_REQUEST };
    for resource in request.resource_logs {
        let service = service(resource.resource.map(|resource| resource.attributes));
        let new = resource.scope_logs.into_iter().flat_map(|scope| scope.log_records);
        received.lock().unwrap().logs.extend(new.map(|line| (service.clone(), line)));
    }
    StatusCode::OK
}

fn service(attributes: Option<Vec<KeyValue>>) -> String {
    attribute(&attributes.unwrap_or_default(), "service.name").unwrap_or_default()
}
