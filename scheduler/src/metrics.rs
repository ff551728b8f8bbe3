//! A scheduler's counts.

use muster_service::metrics::Metrics;
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

/// The counters and gauges of a scheduler.
#[derive(Debug, Clone, Default)]
pub(crate) struct SchedulerMetrics {
    pub(crate) jobs_published: Counter,
    pub(crate) messages_published: Counter,
    pub(crate) jobs_returned: Counter,
    pub(crate) relay_errors: Counter,
    pub(crate) timers_fired: Counter,
    pub(crate) ticks_fired: Counter,
    pub(crate) timer_lateness_ms: Gauge,
    pub(crate) leases_expired: Counter,
    pub(crate) jobs_parked: Counter,
    pub(crate) jobs_republished: Counter,
}

impl SchedulerMetrics {
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let own = Self::default();
        metrics.register(|registry| {
            registry.register("relay_published", "Jobs that the broker confirmed", own.jobs_published.clone());
            registry.register("relay_messages", "Messages that they travelled in", own.messages_published.clone());
            registry.register("relay_returned", "Jobs that the broker returned or refused", own.jobs_returned.clone());
            registry.register("relay_errors", "Rounds of the relay that failed", own.relay_errors.clone());
            registry.register("ticks_fired", "Ticks of schedules that made a job", own.ticks_fired.clone());
            registry.register("timers_fired", "Timers fired", own.timers_fired.clone());
            registry.register(
                "timer_lateness_ms",
                "Lateness of the latest timer of the last round",
                own.timer_lateness_ms.clone(),
            );
            registry.register(
                "leases_expired",
                "Jobs brought back because their lease ran out",
                own.leases_expired.clone(),
            );
            registry.register(
                "jobs_parked_by_sweep",
                "Jobs parked because their last lease ran out",
                own.jobs_parked.clone(),
            );
            registry.register(
                "jobs_republished",
                "Published jobs that nobody claimed in time",
                own.jobs_republished.clone(),
            );
        });
        own
    }
}
