//! Logs and traces: JSON lines on stdout, spans over OTLP where a collector is named.

use opentelemetry::{KeyValue, global, trace::TracerProvider};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracerProvider, Tracer},
};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::Process;

/// Keeps telemetry going; dropped at the end of `main`, it sends the rest.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The log's filter cannot be read.
    #[error("configuration: process.log is not a filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The exporter could not be made.
    #[error("configuration: process.otlp_endpoint: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Somebody has set telemetry up before.
    #[error("telemetry: {0}")]
    Installed(#[from] tracing_subscriber::util::TryInitError),
}

/// Sets telemetry up for a process of this role (`api`, `scheduler`, `worker`).
pub fn init(role: &'static str, process: &Process) -> Result<Telemetry, TelemetryError> {
    // Fails only where a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let provider = match &process.otlp_endpoint {
        Some(endpoint) => Some(provider(role, process, endpoint)?),
        None => None,
    };
    let spans = provider.as_ref().map(|provider| {
        let tracer: Tracer = provider.tracer("muster");
        // Spans are wanted with any filter of the log; libraries' own spans are not.
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_filter(EnvFilter::new("off,muster=info"))
    });
    let log = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_filter(EnvFilter::try_new(&process.log)?);
    tracing_subscriber::registry().with(spans).with(log).try_init()?;
    Ok(Telemetry { provider })
}

fn provider(role: &'static str, process: &Process, endpoint: &str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()?;
    let resource = Resource::builder()
        .with_service_name(format!("muster-{role}"))
        .with_attributes([
            KeyValue::new("service.instance.id", process.name.clone()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ])
        .build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = self.provider.take() {
            // At the very end there is nobody left to tell.
            let _ = provider.shutdown();
        }
    }
}
