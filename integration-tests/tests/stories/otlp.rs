//! A small collector of traces: OTLP over HTTP, in protobuf, as the daemons export them.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use muster_integration_tests::{eventually, seconds};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
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
    /// An attribute as text.
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        attribute(&self.span.attributes, key)
    }
}

fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let value = attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?;
    match value.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

/// Listens until it is dropped.
pub(crate) struct Collector {
    pub(crate) url: String,
    spans: Arc<Mutex<Vec<Exported>>>,
    _server: JoinSet<std::io::Result<()>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let spans = Arc::new(Mutex::new(Vec::new()));
        let app = Router::new().route("/v1/traces", post(receive)).with_state(Arc::clone(&spans));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await });
        Self { url, spans, _server: server }
    }

    /// The environment that has daemons export here, soon after each span.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![("MUSTER_OTLP_ENDPOINT", self.url.clone()), ("OTEL_BSP_SCHEDULE_DELAY", "200".to_owned())]
    }

    /// Everything so far.
    pub(crate) fn spans(&self) -> Vec<Exported> {
        self.spans.lock().unwrap().clone()
    }

    /// Waits until there are at least so many spans that fit, and answers them.
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

async fn receive(State(spans): State<Arc<Mutex<Vec<Exported>>>>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    for resource in request.resource_spans {
        let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
        let service = attribute(&attributes, "service.name").unwrap_or_default();
        let new = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.lock().unwrap().extend(new.map(|span| Exported { service: service.clone(), span }));
    }
    StatusCode::OK
}
