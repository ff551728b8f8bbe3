//! Connections of a process to the database and to the broker, as metrics, and the names that
//! OpenTelemetry's semantic conventions have for metrics of databases and of messaging.
//!
//! A daemon hands over how to look; a scrape looks. In a scrape a conventional name has underscores
//! in place of its dots, its unit, and no prefix; over OTLP it is as the conventions have it.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::metrics::Metrics;

/// A metric of the conventions: its name in a scrape without a suffix, its own name, and its unit.
pub(crate) const CONVENTIONAL: [(&str, &str, &str); 9] = [
    ("db_client_connection_count", "db.client.connection.count", "{connection}"),
    ("db_client_connection_max", "db.client.connection.max", "{connection}"),
    ("db_client_connection_pending_requests", "db.client.connection.pending_requests", "{request}"),
    ("db_client_connection_timeouts", "db.client.connection.timeouts", "{timeout}"),
    ("db_client_connection_wait_time_seconds", "db.client.connection.wait_time", "s"),
    ("messaging_client_sent_messages", "messaging.client.sent.messages", "{message}"),
    ("messaging_client_consumed_messages", "messaging.client.consumed.messages", "{message}"),
    ("messaging_client_operation_duration_seconds", "messaging.client.operation.duration", "s"),
    ("messaging_process_duration_seconds", "messaging.process.duration", "s"),
];

/// Attributes of the conventions: the label in a scrape, and the name.
pub(crate) const ATTRIBUTES: [(&str, &str); 6] = [
    (POOL, "db.client.connection.pool.name"),
    (STATE, "db.client.connection.state"),
    ("messaging_system", "messaging.system"),
    ("messaging_operation_name", "messaging.operation.name"),
    ("messaging_destination_name", "messaging.destination.name"),
    ("error_type", "error.type"),
];

const POOL: &str = "db_client_connection_pool_name";
const STATE: &str = "db_client_connection_state";

/// State of a pool of connections to the database.
#[derive(Debug, Clone, Default)]
pub struct PoolState {
    /// Connections that it may have.
    pub max: u32,
    /// Connections that callers have.
    pub used: u32,
    /// Connections that no caller has.
    pub idle: u32,
    /// Callers that wait for one.
    pub waiting: u64,
    /// Callers that were given none in time.
    pub timeouts: u64,
    /// Seconds that all callers together have waited.
    pub waited_seconds: f64,
    /// Waits, each with the longest of them in seconds: those above the bound before.
    pub waits: Vec<(f64, u64)>,
}

/// State of the connection to the broker.
#[derive(Debug, Clone, Copy, Default)]
pub struct BrokerState {
    /// There is one.
    pub connected: bool,
    /// The broker takes nothing.
    pub blocked: bool,
    /// Channels of the connection.
    pub channels: u64,
    /// Consumers on them.
    pub consumers: u64,
    /// Deliveries that are not acknowledged.
    pub unacknowledged: u64,
    /// Messages that are published and not confirmed.
    pub unconfirmed: u64,
}

/// A way to look at something.
pub type Look<T> = Box<dyn Fn() -> T + Send + Sync>;

impl Metrics {
    /// Adds the metrics of a process's pools, each under its name.
    pub fn register_pools(&self, pools: Vec<(&'static str, Look<PoolState>)>) {
        self.register_conventional(|registry| registry.register_collector(Box::new(Pools(pools))));
    }

    /// Adds the metrics of a process's connection to the broker.
    pub fn register_broker(&self, look: Look<BrokerState>) {
        self.register(|registry| registry.register_collector(Box::new(Broker(look))));
    }
}

/// Pools with their names.
struct Pools(Vec<(&'static str, Look<PoolState>)>);

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Collector for Pools {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let pools: Vec<_> = self.0.iter().map(|(name, look)| (*name, look())).collect();
        let name = "db_client_connection_count";
        let help = "Connections to Postgres by pool and state";
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (name, pool) in &pools {
            for (state, connections) in [("used", pool.used), ("idle", pool.idle)] {
                let labels = [(POOL, *name), (STATE, state)];
                ConstGauge::new(i64::from(connections)).encode(metric.encode_family(&labels)?)?;
            }
        }
        let (name, help) = ("db_client_connection_max", "Connections that a pool may have");
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (name, pool) in &pools {
            ConstGauge::new(u64::from(pool.max)).encode(metric.encode_family(&[(POOL, *name)])?)?;
        }
        let (name, help) = ("db_client_connection_pending_requests", "Callers that wait for a connection");
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (name, pool) in &pools {
            ConstGauge::new(pool.waiting).encode(metric.encode_family(&[(POOL, *name)])?)?;
        }
        let (name, help) = ("db_client_connection_timeouts", "Callers that were given no connection in time");
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (name, pool) in &pools {
            ConstCounter::new(pool.timeouts).encode(metric.encode_family(&[(POOL, *name)])?)?;
        }
        let (name, help) = ("db_client_connection_wait_time_seconds", "Time until a caller had its connection");
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (name, PoolState { waited_seconds, waits, .. }) in &pools {
            let count = waits.iter().map(|(_, waits)| waits).sum();
            let labels = [(POOL, *name)];
            let mut family = metric.encode_family(&labels)?;
            family.encode_histogram::<NoLabelSet>(*waited_seconds, count, waits, None)?;
        }
        Ok(())
    }
}

/// The connection to the broker.
struct Broker(Look<BrokerState>);

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broker")
    }
}

impl Collector for Broker {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let BrokerState { connected, blocked, channels, consumers, unacknowledged, unconfirmed } = (self.0)();
        for (name, help, value) in [
            ("broker_connected", "Whether there is a connection to the broker", connected.into()),
            ("broker_blocked", "Whether the broker takes nothing, for lack of memory or disk space", blocked.into()),
            ("broker_channels", "Channels to the broker", channels),
            ("broker_consumers", "Consumers at the broker", consumers),
            ("broker_unacknowledged", "Deliveries that this process has not acknowledged", unacknowledged),
            ("broker_unconfirmed", "Messages that the broker has not confirmed", unconfirmed),
        ] {
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_and_the_broker_are_told_in_a_scrape() {
        let metrics = Metrics::default();
        let pool = || PoolState {
            max: 8,
            used: 3,
            idle: 2,
            waiting: 4,
            timeouts: 1,
            waited_seconds: 2.5,
            waits: vec![(0.1, 5), (f64::INFINITY, 1)],
        };
        metrics.register_pools(vec![("handlers", Box::new(pool)), ("engine", Box::new(PoolState::default))]);
        metrics.register_broker(Box::new(|| BrokerState { blocked: true, consumers: 7, ..BrokerState::default() }));
        let told = metrics.encode();
        for line in [
            "db_client_connection_count{db_client_connection_pool_name=\"handlers\",db_client_connection_state=\"used\"} 3\n",
            "db_client_connection_count{db_client_connection_pool_name=\"engine\",db_client_connection_state=\"idle\"} 0\n",
            "db_client_connection_max{db_client_connection_pool_name=\"handlers\"} 8\n",
            "db_client_connection_pending_requests{db_client_connection_pool_name=\"handlers\"} 4\n",
            "db_client_connection_timeouts_total{db_client_connection_pool_name=\"handlers\"} 1\n",
            "db_client_connection_wait_time_seconds_count{db_client_connection_pool_name=\"handlers\"} 6\n",
            "db_client_connection_wait_time_seconds_bucket{le=\"+Inf\",db_client_connection_pool_name=\"handlers\"} 6\n",
            "muster_broker_connected 0\n",
            "muster_broker_blocked 1\n",
            "muster_broker_consumers 7\n",
        ] {
            assert!(told.contains(line), "{line} is not in\n{told}");
        }
        assert_eq!(told.matches("# EOF").count(), 1, "{told}");
    }
}
