//! A scheduler's counts.

use std::{collections::BTreeMap, time::Duration};

use muster_broker::Message;
use muster_jobs::names;
use muster_service::metrics::Metrics;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
};

/// Labels of sent messages, as the conventions of messaging have them; without an error where there
/// was none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SentLabels {
    messaging_system: &'static str,
    messaging_operation_name: &'static str,
    messaging_destination_name: String,
    error_type: &'static str,
}

/// Labels of publishes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct PublishLabels {
    messaging_system: &'static str,
    messaging_operation_name: &'static str,
    error_type: &'static str,
}

const SYSTEM: &str = "rabbitmq";
const OPERATION: &str = "publish";

/// The counters and gauges of a scheduler.
#[derive(Debug, Clone)]
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
    sent: Family<SentLabels, Counter>,
    publishes: Family<PublishLabels, Histogram>,
}

impl SchedulerMetrics {
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let own = Self {
            jobs_published: Counter::default(),
            messages_published: Counter::default(),
            jobs_returned: Counter::default(),
            relay_errors: Counter::default(),
            timers_fired: Counter::default(),
            ticks_fired: Counter::default(),
            timer_lateness_ms: Gauge::default(),
            leases_expired: Counter::default(),
            jobs_parked: Counter::default(),
            jobs_republished: Counter::default(),
            sent: Family::default(),
            publishes: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 4.0, 8))),
        };
        metrics.register_conventional(|registry| {
            let what = "Messages that were handed to the broker";
            registry.register("messaging_client_sent_messages", what, own.sent.clone());
            let what = "Time of a publish until the broker had confirmed all of it";
            registry.register("messaging_client_operation_duration_seconds", what, own.publishes.clone());
        });
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

    /// Messages were published in so long; the broker's answer to each is known, or none is.
    pub(crate) fn published(&self, messages: &[Message], confirmed: Option<&[bool]>, took: Duration) {
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for (nth, message) in messages.iter().enumerate() {
            *counts
                .entry((message.kind.as_str(), error(confirmed.map(|all| all.get(nth) == Some(&true)))))
                .or_default() += 1;
        }
        for ((kind, error_type), messages) in counts {
            let labels = SentLabels {
                messaging_system: SYSTEM,
                messaging_operation_name: OPERATION,
                messaging_destination_name: format!("{}:{kind}", names::EXCHANGE),
                error_type,
            };
            self.sent.get_or_create(&labels).inc_by(messages);
        }
        let error_type = error(confirmed.map(|all| all.iter().all(|confirmed| *confirmed)));
        let labels = PublishLabels { messaging_system: SYSTEM, messaging_operation_name: OPERATION, error_type };
        self.publishes.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// Returns the word of the conventions for a fault, as spans have it; no word where there is none.
const fn error(confirmed: Option<bool>) -> &'static str {
    match confirmed {
        Some(true) => "",
        Some(false) => "returned",
        None => "_OTHER",
    }
}
