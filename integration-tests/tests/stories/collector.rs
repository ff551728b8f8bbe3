//! Metrics and logs go to a collector where they are asked for, and through one of others' making:
//! a histogram with the trace of one of its attempts, and lines; neither names anybody.

use std::{path::Path, process::Command};

use muster_integration_tests::{eventually, holds, seconds};
use muster_local::{Process, ProcessSpec, ports};
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, Metric, metric::Data};

use crate::{
    otlp::Collector,
    rig::{Rig, RigOptions},
    trace::{PEOPLE, campaign, hex, watched},
};

#[tokio::test]
async fn metrics_and_logs_go_to_the_collector_where_they_are_asked_for() {
    let collector = Collector::start().await;
    arrives(&collector, &collector.url).await;
}

/// The collector reads all of it as the protocol has it, and passes it on.
#[tokio::test]
async fn a_collector_of_others_making_reads_traces_metrics_and_logs() {
    let Some(agent) = agent() else { return };
    let collector = Collector::start().await;
    let folder = tempfile::tempdir().unwrap();
    let [http, grpc] = [(); 2].map(|()| ports::free_port().unwrap());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let arguments = [
        ("--otlp-http-endpoint", format!("127.0.0.1:{http}")),
        ("--otlp-grpc-endpoint", format!("127.0.0.1:{grpc}")),
        ("--exporter", "otlp".to_owned()),
        ("--otlp-exporter-protocol", "http".to_owned()),
        ("--otlp-exporter-compression", "none".to_owned()),
        ("--otlp-exporter-endpoint", collector.url.clone()),
        ("--pid-file", file("rotel.pid")),
        ("--log-file", file("rotel.log")),
    ];
    let spec = ProcessSpec::new("rotel", agent, folder.path().join("rotel.out")).args(["start"]);
    let spec = arguments.into_iter().fold(spec, |spec, (name, value)| spec.args([name.to_owned(), value]));
    let between = Process::spawn(spec).expect("starting the collector");
    let url = format!("http://127.0.0.1:{http}");
    eventually(seconds(60), async || {
        let reached = tokio::net::TcpStream::connect(("127.0.0.1", http)).await;
        reached.map(drop).map_err(|error| error.to_string())
    })
    .await;
    arrives(&collector, &url).await;
    drop(between);
}

/// Returns the path of the collector's program, if it can be had.
fn agent() -> Option<std::path::PathBuf> {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/checks/otel/tool");
    let found = Command::new(tool).output().unwrap();
    let told = String::from_utf8_lossy(&found.stderr);
    match found.status.code() {
        Some(0) => Some(String::from_utf8(found.stdout).unwrap().trim().into()),
        Some(69) => {
            #[allow(clippy::print_stderr, reason = "a test that looks at nothing says so")]
            {
                eprintln!("NOT COVERED: telemetry through a collector of others' making: {told}");
            }
            None
        }
        other => panic!("{other:?}: {told}"),
    }
}

/// Plays a small campaign with daemons that export to `url`, and waits until all signals of all
/// daemons have arrived.
async fn arrives(collector: &Collector, url: &str) {
    let options = watched(collector);
    let mut env = options.env;
    env.retain(|(name, _)| *name != "MUSTER_OTLP_ENDPOINT");
    env.extend([
        ("MUSTER_OTLP_ENDPOINT", url.to_owned()),
        ("MUSTER_OTLP_METRICS", "true".to_owned()),
        ("MUSTER_OTLP_LOGS", "true".to_owned()),
        ("OTEL_METRIC_EXPORT_INTERVAL", "300".to_owned()),
        ("OTEL_BLRP_SCHEDULE_DELAY", "200".to_owned()),
    ]);
    Rig::run(RigOptions { env, ..watched(collector) }, async |rig| {
        let (agent, batch) = campaign(rig).await;
        agent.send(&batch, &batch.contacts, &[]).await;
        rig.until_none("message where kind = 'initial' and state <> 'delivered'", seconds(40)).await;

        let runs = collector.until("runs", 1, |span| span.span.name == "run send").await;
        let traces: Vec<_> = runs.iter().map(|run| hex(&run.span.trace_id)).collect();
        eventually(seconds(60), async || {
            let told: Vec<_> =
                collector.metrics("muster_job_seconds").into_iter().flat_map(|(_, told)| points(told)).collect();
            let exemplars = told.iter().flat_map(|point| &point.exemplars);
            let linked = exemplars.filter(|exemplar| traces.contains(&hex(&exemplar.trace_id))).count();
            holds(linked > 0, format!("{} points", told.len()))
        })
        .await;
        for (name, service) in [
            ("muster_requests", "muster-api"),
            ("muster_relay_published", "muster-scheduler"),
            ("muster_processes", "muster-scheduler"),
            ("muster_jobs", "muster-worker"),
            ("db.client.connection.count", "muster-api"),
            ("db.client.connection.wait_time", "muster-worker"),
            ("muster_broker_connected", "muster-worker"),
            ("messaging.client.sent.messages", "muster-scheduler"),
        ] {
            eventually(seconds(60), async || {
                let told = collector.metrics(name);
                holds(told.iter().any(|(own, _)| own == service), format!("{name} of {service}"))
            })
            .await;
        }
        for service in ["muster-api", "muster-scheduler", "muster-worker"] {
            eventually(seconds(60), async || {
                let told = collector.logs(service);
                holds(told.iter().any(|line| line.body.is_some()), format!("{} lines of {service}", told.len()))
            })
            .await;
            for line in collector.logs(service) {
                let shown = format!("{line:?}");
                for (first, last, phone) in PEOPLE {
                    assert!(![first, last, phone].iter().any(|secret| shown.contains(secret)), "{shown}");
                }
            }
        }
    })
    .await;
}

fn points(metric: Metric) -> Vec<HistogramDataPoint> {
    match metric.data {
        Some(Data::Histogram(histogram)) => histogram.data_points,
        _ => Vec::new(),
    }
}
