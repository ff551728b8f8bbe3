//! Logs, traces and metrics: JSON lines on stdout and a scrape, and over OTLP where a collector is
//! named. Spans go there always, logs and metrics where they are asked for.

mod exposition;
mod metrics;

use opentelemetry::{KeyValue, global, trace::TracerProvider};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{ExporterBuildError, LogExporter, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    propagation::TraceContextPropagator,
    trace::{SdkTracerProvider, Tracer},
};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub use metrics::push_metrics;

use crate::config::Process;

/// Keeps telemetry going; dropped at the end of `main`, it sends the rest.
#[derive(Debug)]
pub struct Telemetry {
    spans: Option<SdkTracerProvider>,
    logs: Option<SdkLoggerProvider>,
}

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The log's filter cannot be read.
    #[error("configuration: process.log is not a filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The exporter could not be made.
    #[error("configuration: process.otlp_endpoint: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// The client of the collector could not be made.
    #[error("configuration: process.otlp_endpoint: {0}")]
    Client(#[from] reqwest::Error),
    /// Logs or metrics are asked for, and no collector is named.
    #[error("configuration: process.{0} needs process.otlp_endpoint")]
    NoCollector(&'static str),
    /// Somebody has set telemetry up before.
    #[error("telemetry: {0}")]
    Installed(#[from] tracing_subscriber::util::TryInitError),
}

/// Sets telemetry up for a process of this role (`api`, `scheduler`, `worker`).
pub fn init(role: &'static str, process: &Process) -> Result<Telemetry, TelemetryError> {
    // Fails only where a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let collector = process.otlp_endpoint.as_deref().map(|endpoint| Exports { endpoint, role, process });
    let asked = [("otlp_metrics", process.otlp_metrics), ("otlp_logs", process.otlp_logs)];
    if let (None, Some((key, _))) = (&collector, asked.iter().find(|(_, asked)| *asked)) {
        return Err(TelemetryError::NoCollector(key));
    }
    let spans = collector.as_ref().map(Exports::spans).transpose()?;
    let logs = collector.as_ref().filter(|_| process.otlp_logs).map(Exports::logs).transpose()?;
    if let Some(collector) = collector.as_ref().filter(|_| process.otlp_metrics) {
        metrics::Collector::install(collector.endpoint, &collector.resource())?;
    }
    let spans_layer = spans.as_ref().map(|provider| {
        // Spans that are over when they are told are made by the provider itself.
        global::set_tracer_provider(provider.clone());
        let tracer: Tracer = provider.tracer("muster");
        // Spans are wanted with any filter of the log; libraries' own spans are not.
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_filter(EnvFilter::new("off,muster=info"))
    });
    let logs_layer = match &logs {
        // An exporter's own lines would make it export more.
        Some(provider) => {
            let quiet = format!("{},opentelemetry=off,reqwest=off,hyper=off,hyper_util=off", process.log);
            Some(OpenTelemetryTracingBridge::new(provider).with_filter(EnvFilter::try_new(quiet)?))
        }
        None => None,
    };
    let log = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_filter(EnvFilter::try_new(&process.log)?);
    tracing_subscriber::registry().with(spans_layer).with(logs_layer).with(log).try_init()?;
    Ok(Telemetry { spans, logs })
}

/// A process's way to its collector.
struct Exports<'a> {
    endpoint: &'a str,
    role: &'static str,
    process: &'a Process,
}

impl Exports<'_> {
    /// Returns the attributes that describe the process, by OpenTelemetry's semantic conventions.
    fn resource(&self) -> [(&'static str, String); 3] {
        [
            ("service.name", format!("muster-{}", self.role)),
            ("service.instance.id", self.process.name.clone()),
            ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ]
    }

    fn described(&self) -> Resource {
        let attributes = self.resource().map(|(name, value)| KeyValue::new(name, value));
        Resource::builder().with_attributes(attributes).build()
    }

    fn url(&self, signal: &str) -> String {
        format!("{}/v1/{signal}", self.endpoint.trim_end_matches('/'))
    }

    fn spans(&self) -> Result<SdkTracerProvider, ExporterBuildError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(self.url("traces"))
            .build()?;
        Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(self.described()).build())
    }

    fn logs(&self) -> Result<SdkLoggerProvider, ExporterBuildError> {
        let exporter = LogExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(self.url("logs"))
            .build()?;
        Ok(SdkLoggerProvider::builder().with_batch_exporter(exporter).with_resource(self.described()).build())
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        // At the very end there is nobody left to tell.
        if let Some(logs) = self.logs.take() {
            let _ = logs.shutdown();
        }
        if let Some(spans) = self.spans.take() {
            let _ = spans.shutdown();
        }
    }
}
