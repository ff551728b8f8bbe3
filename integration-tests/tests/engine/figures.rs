//! Figures of the whole installation, as schedulers tell them, and the alerts on them.

use std::collections::BTreeSet;

use muster_domain::ids::OrganizationId;
use muster_integration_tests::{World, eventually, holds, seconds};
use muster_storage::engine::enqueue::JobOrder;

use crate::operators::{probes, succeeds};

/// Returns the names of a scrape's metrics.
async fn scrape(url: &str) -> BTreeSet<String> {
    let text = reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
    let names = text.lines().filter(|line| !line.starts_with('#'));
    names.filter_map(|line| line.split(['{', ' ']).next()).map(ToOwned::to_owned).collect()
}

/// Returns the metrics that a file names.
fn named(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("muster_"))
        .map(ToOwned::to_owned)
        .collect()
}

#[tokio::test]
async fn figures_are_taken_by_one_scheduler_and_told_by_all() {
    World::with_api()
        .run(async |world| {
            let tenant = OrganizationId::new();
            succeeds(&world, &["pause", "--kind", "probe", "--reason", "held for the figures"]).await;
            probes(&world, tenant, JobOrder::Ordinary, 7).await;
            probes(&world, tenant, JobOrder::InOrder("one after another"), 3).await;
            let schedulers = [world.scheduler("scheduler-1"), world.scheduler("scheduler-2")];
            for scheduler in &schedulers {
                scheduler.ready().await;
                eventually(seconds(40), async || {
                    let due = scheduler.metric("muster_engine_jobs_due", "kind=\"probe\"").await;
                    let blocked = scheduler.metric("muster_engine_jobs", "state=\"blocked\"").await;
                    let lives = scheduler.metric("muster_processes", "role=\"scheduler\"").await;
                    holds((due, blocked, lives) == (8.0, 2.0, 2.0), (due, blocked, lives))
                })
                .await;
            }
        })
        .await;
}

/// Daemons tell every metric that an alert, a dashboard or the autoscaler names. Every alert has a
/// section in the runbooks.
#[tokio::test]
async fn alerts_and_dashboards_name_metrics_that_are_there_and_alerts_have_a_runbook() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let alerts = std::fs::read_to_string(root.join("deploy/prometheus/alerts.yaml")).unwrap();
    let scaling = std::fs::read_to_string(root.join("deploy/helm/muster/templates/workers.yaml")).unwrap();
    let runbooks = std::fs::read_to_string(root.join("docs/runbooks.md")).unwrap();
    let mut sections: Vec<_> = runbooks.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let mut names: Vec<_> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    sections.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, sections);

    World::with_api()
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            let done = probes(&world, OrganizationId::new(), JobOrder::Ordinary, 1).await;
            world.until_state(done[0], "succeeded", seconds(20)).await;
            world.nobody().get("/v1/account").await;
            let mut told: BTreeSet<_> =
                muster_storage::figures::GAUGES.iter().map(|gauge| format!("muster_{}", gauge.name)).collect();
            told.extend(scrape(scheduler.url()).await);
            told.extend(scrape(worker.url()).await);
            told.extend(scrape(world.api().url()).await);
            let mut asked = named(&alerts);
            asked.extend(named(&scaling));
            for board in ["api", "engine", "floor", "imports", "sending"] {
                let board = std::fs::read_to_string(root.join(format!("deploy/grafana/{board}.json"))).unwrap();
                let board: serde_json::Value = serde_json::from_str(&board).unwrap();
                let panels = board["panels"].as_array().unwrap();
                let queries = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
                asked.extend(queries.flat_map(|query| named(query["expr"].as_str().unwrap())));
            }
            let unknown: Vec<_> = asked.difference(&told).cloned().collect();
            assert!(unknown.is_empty(), "{unknown:?} are not among {told:?}");
        })
        .await;
}
