//! The counters of a worker.

use muster_jobs::JobKind;
use muster_service::metrics::Metrics;
use muster_storage::engine::sweep::Swept;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
};

/// Labels of a job's metrics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct JobLabels {
    kind: &'static str,
    outcome: &'static str,
}

/// Label of the checks before calls: `proof` of the connection that hears of stops, or a `look` at
/// the rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CheckLabels {
    by: &'static str,
}

/// The counters of a worker.
#[derive(Debug, Clone)]
pub(crate) struct WorkerMetrics {
    jobs: Family<JobLabels, Counter>,
    seconds: Family<JobLabels, Histogram>,
    leases_expired: Counter,
    jobs_republished: Counter,
    checks: Family<CheckLabels, Counter>,
}

impl WorkerMetrics {
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let own = Self {
            jobs: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 4.0, 9))),
            leases_expired: Counter::default(),
            jobs_republished: Counter::default(),
            checks: Family::default(),
        };
        metrics.register(|registry| {
            registry.register("jobs", "Deliveries by what came of them", own.jobs.clone());
            registry.register("job_seconds", "Time that an attempt took", own.seconds.clone());
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

    pub(crate) fn took(&self, kind: JobKind, outcome: &'static str, seconds: f64) {
        self.seconds.get_or_create(&JobLabels { kind: kind.as_str(), outcome }).observe(seconds);
        self.count(kind, outcome);
    }
}
