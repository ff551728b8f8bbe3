//! Metrics over OTLP: those of a scrape, pushed to a collector as protobuf. Counters and
//! histograms are cumulative since the process began.

use std::{
    collections::BTreeMap,
    env,
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    metrics::v1::{
        AggregationTemporality, Exemplar, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, Sum, exemplar, metric::Data, number_data_point,
    },
    resource::v1::Resource,
};
use prost::Message;
use tokio_util::sync::CancellationToken;

use super::exposition::{self, Family, Kind, Sample};
use crate::{clock, connections, metrics::Metrics};

/// Time between two pushes, unless `OTEL_METRIC_EXPORT_INTERVAL` names another in milliseconds.
const INTERVAL: Duration = Duration::from_secs(15);
/// The longest wait for a collector's answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

/// Where this process pushes its metrics, once telemetry is set up and they are asked for.
static COLLECTOR: OnceLock<Collector> = OnceLock::new();

/// A collector of metrics.
#[derive(Debug)]
pub(super) struct Collector {
    url: String,
    resource: Vec<KeyValue>,
    began: SystemTime,
    http: reqwest::Client,
}

impl Collector {
    /// Has this process push its metrics there; `resource` describes the process.
    pub(super) fn install(endpoint: &str, resource: &[(&str, String)]) -> Result<(), reqwest::Error> {
        let collector = Self {
            url: format!("{}/v1/metrics", endpoint.trim_end_matches('/')),
            resource: resource.iter().map(|(name, value)| attribute(name, value)).collect(),
            began: clock::machine_now().into(),
            http: reqwest::Client::builder().timeout(LONGEST_ANSWER).build()?,
        };
        // A process sets its telemetry up once.
        let _ = COLLECTOR.set(collector);
        Ok(())
    }

    async fn push(&self, metrics: &Metrics) {
        let request = self.request(&exposition::read(&metrics.encode()), clock::machine_now().into());
        let sent =
            self.http.post(&self.url).header("content-type", "application/x-protobuf").body(request.encode_to_vec());
        match sent.send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => {}
            // The next push tells the same and more.
            Err(error) => tracing::debug!(%error, "metrics could not be pushed"),
        }
    }

    fn request(&self, families: &[Family], now: SystemTime) -> ExportMetricsServiceRequest {
        let times = Times { began: nanoseconds(self.began), now: nanoseconds(now) };
        let scope = ScopeMetrics {
            scope: Some(InstrumentationScope { name: "muster".to_owned(), ..InstrumentationScope::default() }),
            metrics: families.iter().map(|family| metric(family, &times)).collect(),
            ..ScopeMetrics::default()
        };
        let resource = Resource { attributes: self.resource.clone(), ..Resource::default() };
        let resource_metrics = vec![ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![scope],
            ..ResourceMetrics::default()
        }];
        ExportMetricsServiceRequest { resource_metrics }
    }
}

/// Pushes a process's metrics until it is time to stop, and once more then. Does nothing where no
/// collector is named.
pub async fn push_metrics(metrics: &Metrics, stop: &CancellationToken) {
    let Some(collector) = COLLECTOR.get() else { return };
    let asked = env::var("OTEL_METRIC_EXPORT_INTERVAL").ok().and_then(|interval| interval.parse().ok());
    let interval = asked.filter(|interval| *interval > 0).map_or(INTERVAL, Duration::from_millis);
    while stop.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
        collector.push(metrics).await;
    }
    collector.push(metrics).await;
}

/// Nanoseconds since 1970.
struct Times {
    began: u64,
    now: u64,
}

fn nanoseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn metric(family: &Family, times: &Times) -> Metric {
    let conventional = connections::CONVENTIONAL.iter().find(|(name, ..)| *name == family.name);
    let cumulative = AggregationTemporality::Cumulative.into();
    let data = match family.kind {
        Kind::Counter => Data::Sum(Sum {
            data_points: family.samples.iter().map(|sample| number(sample, times.began, times)).collect(),
            aggregation_temporality: cumulative,
            is_monotonic: true,
        }),
        // The conventions count figures that go up and down as a sum.
        Kind::Gauge if conventional.is_some() => Data::Sum(Sum {
            data_points: family.samples.iter().map(|sample| number(sample, times.began, times)).collect(),
            aggregation_temporality: cumulative,
            is_monotonic: false,
        }),
        Kind::Gauge => {
            Data::Gauge(Gauge { data_points: family.samples.iter().map(|sample| number(sample, 0, times)).collect() })
        }
        Kind::Histogram => {
            Data::Histogram(Histogram { data_points: histograms(family, times), aggregation_temporality: cumulative })
        }
    };
    let (name, unit) = match conventional {
        Some((_, name, unit)) => (*name, *unit),
        None => (family.name.as_str(), if family.name.ends_with("_seconds") { "s" } else { "" }),
    };
    Metric {
        name: name.to_owned(),
        description: family.help.clone(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn number(sample: &Sample, began: u64, times: &Times) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(&sample.labels),
        start_time_unix_nano: began,
        time_unix_nano: times.now,
        value: Some(number_data_point::Value::AsDouble(sample.value)),
        ..NumberDataPoint::default()
    }
}

/// Returns a point for each set of labels. A scrape's buckets count all below their bound, a
/// point's the ones between two bounds.
fn histograms(family: &Family, times: &Times) -> Vec<HistogramDataPoint> {
    let mut points: BTreeMap<Vec<(String, String)>, HistogramDataPoint> = BTreeMap::new();
    let mut below: BTreeMap<Vec<(String, String)>, u64> = BTreeMap::new();
    for sample in &family.samples {
        let labels: Vec<_> = sample.labels.iter().filter(|(name, _)| name != "le").cloned().collect();
        let point = points.entry(labels.clone()).or_insert_with(|| HistogramDataPoint {
            attributes: attributes(&labels),
            start_time_unix_nano: times.began,
            time_unix_nano: times.now,
            ..HistogramDataPoint::default()
        });
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let count = sample.value as u64;
        match sample.suffix.as_str() {
            "_sum" => point.sum = Some(sample.value),
            "_count" => point.count = count,
            "_bucket" => {
                let bound =
                    sample.labels.iter().find(|(name, _)| name == "le").and_then(|(_, le)| le.parse::<f64>().ok());
                let below = below.entry(labels).or_default();
                point.bucket_counts.push(count.saturating_sub(*below));
                *below = count;
                point.explicit_bounds.extend(bound.filter(|bound| bound.is_finite()));
                point.exemplars.extend(sample.exemplar.as_ref().map(exemplar));
            }
            _ => {}
        }
    }
    points.into_values().collect()
}

fn exemplar(told: &exposition::Exemplar) -> Exemplar {
    let id = |name: &str| {
        let found = told.labels.iter().find(|(own, _)| own == name);
        found.and_then(|(_, value)| bytes(value)).unwrap_or_default()
    };
    let at = told.at.filter(|at| *at > 0.0).map_or(Duration::ZERO, Duration::from_secs_f64);
    Exemplar {
        time_unix_nano: u64::try_from(at.as_nanos()).unwrap_or(u64::MAX),
        trace_id: id("trace_id"),
        span_id: id("span_id"),
        value: Some(exemplar::Value::AsDouble(told.value)),
        ..Exemplar::default()
    }
}

/// Reads hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn attributes(labels: &[(String, String)]) -> Vec<KeyValue> {
    // A label without a value is none.
    let labels = labels.iter().filter(|(_, value)| !value.is_empty());
    labels.map(|(name, value)| attribute(name, value)).collect()
}

fn attribute(label: &str, value: &str) -> KeyValue {
    let conventional = connections::ATTRIBUTES.iter().find(|(known, _)| *known == label);
    let name = conventional.map_or(label, |(_, name)| *name);
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_told_by_its_buckets_between_bounds_and_its_exemplars() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let text = format!(
            "# TYPE x_seconds histogram\nx_seconds_sum{{k=\"a\"}} 4.5\nx_seconds_count{{k=\"a\"}} 6\n\
             x_seconds_bucket{{le=\"1.0\",k=\"a\"}} 2 # {{trace_id=\"{trace}\",span_id=\"b7ad6b7169203331\"}} 0.5\n\
             x_seconds_bucket{{le=\"2.0\",k=\"a\"}} 5\nx_seconds_bucket{{le=\"+Inf\",k=\"a\"}} 6\n# EOF\n"
        );
        let told = metric(&exposition::read(&text)[0], &Times { began: 1, now: 2 });
        let Some(Data::Histogram(histogram)) = told.data else { panic!("{told:?}") };
        let point = &histogram.data_points[0];
        assert_eq!((point.count, point.sum, &point.bucket_counts[..]), (6, Some(4.5), &[2, 3, 1][..]));
        assert_eq!((&point.explicit_bounds[..], point.attributes.len(), told.unit.as_str()), (&[1.0, 2.0][..], 1, "s"));
        assert_eq!((point.exemplars[0].trace_id.len(), point.exemplars[0].span_id.len()), (16, 8));
    }

    #[test]
    fn metrics_of_the_conventions_have_their_names_attributes_and_units() {
        let text = "# TYPE db_client_connection_count gauge\n\
             db_client_connection_count{db_client_connection_pool_name=\"engine\",db_client_connection_state=\"idle\"} 3\n\
             # TYPE db_client_connection_wait_time_seconds histogram\n\
             db_client_connection_wait_time_seconds_count{db_client_connection_pool_name=\"engine\"} 1\n# EOF\n";
        let told: Vec<_> =
            exposition::read(text).iter().map(|family| metric(family, &Times { began: 1, now: 2 })).collect();
        let names: Vec<_> = told.iter().map(|told| (told.name.as_str(), told.unit.as_str())).collect();
        assert_eq!(names, [("db.client.connection.count", "{connection}"), ("db.client.connection.wait_time", "s")]);
        let Some(Data::Sum(sum)) = &told[0].data else { panic!("{told:?}") };
        let attributes: Vec<_> = sum.data_points[0].attributes.iter().map(|attribute| &*attribute.key).collect();
        let wanted = ["db.client.connection.pool.name", "db.client.connection.state"];
        assert!(!sum.is_monotonic && attributes == wanted, "{attributes:?}");
    }

    #[test]
    fn counters_grow_and_gauges_do_not() {
        let text = "# TYPE x counter\nx_total 3\n# TYPE y gauge\ny 1.5\n# EOF\n";
        let told: Vec<_> =
            exposition::read(text).iter().map(|family| metric(family, &Times { began: 1, now: 2 })).collect();
        assert!(
            matches!(&told[0].data, Some(Data::Sum(sum)) if sum.is_monotonic && sum.data_points[0].start_time_unix_nano == 1)
        );
        assert!(matches!(&told[1].data, Some(Data::Gauge(gauge)) if gauge.data_points[0].time_unix_nano == 2));
    }
}
