//! W3C trace context across processes: it is stored beside a job, sent in a message, and taken up
//! again.

use std::{collections::HashMap, time::SystemTime};

use opentelemetry::{
    Context, KeyValue, global,
    trace::{Span as _, SpanKind, TraceContextExt, Tracer},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The key of W3C trace context.
const TRACEPARENT: &str = "traceparent";

/// Returns the trace context of the current span; none when spans are not exported.
pub fn current() -> Option<String> {
    of(&Span::current())
}

/// Returns the trace context of a span.
pub fn of(span: &Span) -> Option<String> {
    let mut carrier = HashMap::new();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&span.context(), &mut carrier));
    carrier.remove(TRACEPARENT)
}

fn context(traceparent: &str) -> Context {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    global::get_text_map_propagator(|propagator| propagator.extract_with_context(&Context::new(), &carrier))
}

/// Makes the span a child of a stored trace context.
pub fn set_parent(span: &Span, traceparent: Option<&str>) {
    if let Some(traceparent) = traceparent {
        // Fails only where spans are not exported.
        let _ = span.set_parent(context(traceparent));
    }
}

/// Returns the ids of a span's trace and of the span itself, as exemplars have them; none when
/// spans are not exported.
pub fn ids(span: &Span) -> Option<(String, String)> {
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_sampled().then(|| (context.trace_id().to_string(), context.span_id().to_string()))
}

/// A span that is over when it is told, such as a wait.
#[derive(Debug)]
pub struct Past {
    /// Its name.
    pub name: String,
    /// When it began.
    pub from: SystemTime,
    /// When it was over.
    pub until: SystemTime,
    /// Its attributes.
    pub attributes: [(&'static str, String); 2],
}

/// Tells a span that is over as a child of a stored trace context. Does nothing when spans are not
/// exported.
pub fn over(past: Past, parent: &str) {
    let Past { name, from, until, attributes } = past;
    let context = context(parent);
    if !context.span().span_context().is_sampled() {
        return;
    }
    let tracer = global::tracer("muster");
    let attributes = attributes.map(|(name, value)| KeyValue::new(name, value));
    let span =
        tracer.span_builder(name).with_kind(SpanKind::Internal).with_start_time(from).with_attributes(attributes);
    tracer.build_with_context(span, &context).end_with_timestamp(until.max(from));
}

/// Records the status of an HTTP answer, as a number.
pub fn record_status(span: &Span, status: u16) {
    span.record("http.response.status_code", i64::from(status));
}

/// Records that the span's subject has failed: `kind` is a word or a code, never a message.
pub fn record_error(span: &Span, kind: &str) {
    span.record("error.type", kind);
    span.record("otel.status_code", "ERROR");
}

/// Links the span to a stored trace context that is not its parent.
pub fn link(span: &Span, traceparent: Option<&str>) {
    if let Some(traceparent) = traceparent {
        let linked = context(traceparent).span().span_context().clone();
        if linked.is_valid() {
            span.add_link(linked);
        }
    }
}
