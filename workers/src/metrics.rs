//! The counters of a worker.

use std::time::Instant;

use muster_broker::Source;
use muster_jobs::{JobKind, names};
use muster_service::{clock, metrics::Metrics, trace};
use muster_storage::engine::{claim::ClaimedJob, sweep::Swept};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        exemplar::HistogramWithExemplars,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
};
use tracing::Span;

/// Labels of a job's metrics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct JobLabels {
    kind: &'static str,
    outcome: &'static str,
}

/// Labels of a job's wait: `relay`, from the time at which it could run to the publish, or
/// `broker`, from there to the claim.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct WaitLabels {
    kind: &'static str,
    part: &'static str,
}

/// Label of the checks before calls: `proof` of the connection that hears of stops, or a `look` at
/// the rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CheckLabels {
    by: &'static str,
}

/// Labels of a message's metrics, as the conventions of messaging have them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct MessageLabels {
    messaging_system: &'static str,
    messaging_operation_name: &'static str,
    messaging_destination_name: String,
}

/// The trace of an attempt that stands for those of its bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct AttemptTrace {
    trace_id: String,
    span_id: String,
}

/// Times of attempts, with a trace for each bucket where spans are exported.
type Attempts = HistogramWithExemplars<AttemptTrace>;

/// The counters of a worker.
#[derive(Debug, Clone)]
pub(crate) struct WorkerMetrics {
    jobs: Family<JobLabels, Counter>,
    seconds: Family<JobLabels, Attempts>,
    waits: Family<WaitLabels, Histogram>,
    in_hand: Gauge,
    leases_expired: Counter,
    jobs_republished: Counter,
    checks: Family<CheckLabels, Counter>,
    consumed: Family<MessageLabels, Counter>,
    processed: Family<MessageLabels, Histogram>,
}

impl WorkerMetrics {
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let own = Self {
            jobs: Family::default(),
            seconds: Family::new_with_constructor(|| Attempts::new(exponential_buckets(0.001, 4.0, 9))),
            waits: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 4.0, 11))),
            in_hand: Gauge::default(),
            leases_expired: Counter::default(),
            jobs_republished: Counter::default(),
            checks: Family::default(),
            consumed: Family::default(),
            processed: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 4.0, 9))),
        };
        metrics.register_conventional(|registry| {
            let what = "Messages that this worker was given";
            registry.register("messaging_client_consumed_messages", what, own.consumed.clone());
            let what = "Time from a message's arrival until all of its jobs were dealt with";
            registry.register("messaging_process_duration_seconds", what, own.processed.clone());
        });
        metrics.register(|registry| {
            registry.register("jobs", "Deliveries by what came of them", own.jobs.clone());
            registry.register("job_seconds", "Time that an attempt took", own.seconds.clone());
            let what = "Time that a job could run and did not, by the part of its way";
            registry.register("job_wait_seconds", what, own.waits.clone());
            let what = "Messages in this worker's hands; without any it is safe to stop";
            registry.register("worker_messages", what, own.in_hand.clone());
            let what = "Jobs that a scheduled sweep brought back because their lease ran out";
            registry.register("leases_expired", what, own.leases_expired.clone());
            let what = "Published jobs that nobody claimed in time, found by a scheduled sweep";
            registry.register("jobs_republished", what, own.jobs_republished.clone());
            let what = "Statements before calls to the carrier that made sure of many texts";
            registry.register("call_checks", what, own.checks.clone());
        });
        own
    }

    pub(crate) fn count(&self, kind: JobKind, outcome: &'static str) {
        self.jobs.get_or_create(&JobLabels { kind: kind.as_str(), outcome }).inc();
    }

    /// A job was claimed.
    pub(crate) fn claimed(&self, job: &ClaimedJob) {
        let published_at = job.published_at.filter(|at| *at >= job.run_at);
        let parts =
            [("relay", published_at.map(|at| at - job.run_at)), ("broker", published_at.map(|at| job.claimed_at - at))];
        for (part, wait) in parts {
            if let Some(wait) = wait {
                let labels = WaitLabels { kind: job.kind.as_str(), part };
                self.waits.get_or_create(&labels).observe(wait.as_seconds_f64().max(0.0));
            }
        }
    }

    /// A message has come.
    pub(crate) fn begun(&self, from: Source) -> Begun {
        self.in_hand.inc();
        self.consumed.get_or_create(&labels("consume", from)).inc();
        Begun { from, at: clock::start() }
    }

    /// A message was dealt with.
    pub(crate) fn ended(&self, Begun { from, at }: Begun) {
        self.in_hand.dec();
        self.processed.get_or_create(&labels("process", from)).observe(at.elapsed().as_secs_f64());
    }

    pub(crate) fn swept(&self, swept: &Swept) {
        self.leases_expired.inc_by(swept.expired.len() as u64);
        self.jobs_republished.inc_by(swept.republished);
    }

    /// A check before calls.
    pub(crate) fn checked(&self, by: &'static str) {
        self.checks.get_or_create(&CheckLabels { by }).inc();
    }

    /// A message that names no job.
    pub(crate) fn undecodable(&self) {
        self.jobs.get_or_create(&JobLabels { kind: "none", outcome: "undecodable" }).inc();
    }

    /// An attempt is over, of which this is the span.
    pub(crate) fn took(&self, kind: JobKind, outcome: &'static str, seconds: f64, span: &Span) {
        let trace = trace::ids(span).map(|(trace_id, span_id)| AttemptTrace { trace_id, span_id });
        let labels = JobLabels { kind: kind.as_str(), outcome };
        self.seconds.get_or_create(&labels).observe(seconds, trace, Some(clock::machine_now().into()));
        self.count(kind, outcome);
    }
}

/// A message in this worker's hands.
#[derive(Debug)]
pub(crate) struct Begun {
    from: Source,
    at: Instant,
}

/// Returns the labels of messages from a queue, which has the name that spans give it.
fn labels(operation: &'static str, from: Source) -> MessageLabels {
    let messaging_destination_name = match from {
        Source::Kind(kind) => format!("{}:{kind}:{}", names::EXCHANGE, names::queue(kind)),
        Source::Dead => names::DEAD.to_owned(),
    };
    MessageLabels { messaging_system: "rabbitmq", messaging_operation_name: operation, messaging_destination_name }
}
