//! Alerts fire in systems with their faults, and no others do.
//!
//! A test makes faults and scrapes the daemons. Then promtool evaluates `deploy/prometheus` as if
//! all stayed as it is for hours: gauges keep their values, and counters grow at the speed that was
//! seen between two scrapes. Where promtool cannot be had, a test says so and ends.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use muster_domain::ids::OrganizationId;
use muster_integration_tests::{Daemon, World, ago, ahead, eventually, holds, minutes, no_op, seconds};
use muster_jobs::{JobKind, kinds::Probe, timer::TimerKind};
use muster_simulator::{Behaviour, Receipts};
use muster_storage::{
    engine::timers,
    testing::plant::{self, Planted},
};
use serde_json::json;
use uuid::Uuid;

use crate::exposition::{Series, scrape};

/// Minutes for which all stays as it is: longer than each alert's `for`.
const MINUTES: u32 = 130;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the path of promtool, if it can be had.
pub(crate) fn promtool() -> Option<PathBuf> {
    let found = Command::new(root().join("deploy/checks/alerts/tool")).output().unwrap();
    let told = String::from_utf8_lossy(&found.stderr);
    match found.status.code() {
        Some(0) => Some(String::from_utf8(found.stdout).unwrap().trim().into()),
        Some(69) => {
            #[allow(clippy::print_stderr, reason = "a test that looks at nothing says so")]
            {
                eprintln!(
                    "NOT COVERED: alerts in a system with their faults, and the autoscaler. promtool cannot be had: {told}"
                );
            }
            None
        }
        other => panic!("{other:?}: {told}"),
    }
}

/// Daemons that are watched, and their first scrape.
struct Watch {
    promtool: PathBuf,
    urls: Vec<String>,
    first: BTreeMap<String, f64>,
    since: Instant,
}

impl Watch {
    /// Scrapes daemons before their faults begin.
    async fn begin(promtool: &Path, daemons: &[&Daemon]) -> Self {
        let urls = daemons.iter().map(|daemon| daemon.url().to_owned()).collect();
        let mut watch = Self { promtool: promtool.to_owned(), urls, first: BTreeMap::new(), since: Instant::now() };
        watch.first = watch.scrape().await;
        watch
    }

    /// Returns the values of all series, each under the name that promtool reads.
    async fn scrape(&self) -> BTreeMap<String, f64> {
        let mut values = BTreeMap::new();
        for (nth, url) in self.urls.iter().enumerate() {
            for Series { name, labels, value } in scrape(url).await {
                let mut line = format!("{name}{{instance=\"daemon-{nth}\"");
                for (label, value) in labels {
                    write!(line, ",{label}=\"{value}\"").unwrap();
                }
                values.insert(line + "}", value);
            }
        }
        values
    }

    /// Waits until these alerts fire, and no others.
    async fn until(&self, alerts: &[&str]) {
        eventually(seconds(60), async || {
            let now = self.scrape().await;
            let told = self.evaluate(&now, alerts);
            holds(told.is_empty(), told)
        })
        .await;
    }

    /// Returns the difference between the alerts that fire and these, in promtool's words.
    fn evaluate(&self, now: &BTreeMap<String, f64>, alerts: &[&str]) -> String {
        let passed = self.since.elapsed().as_secs_f64().max(1.0);
        let rules = root().join("deploy/prometheus/alerts.yaml");
        let words = std::fs::read_to_string(&rules).unwrap();
        let series: Vec<_> = now
            .iter()
            .filter(|(name, _)| name.split_once('{').is_some_and(|(name, _)| words.contains(name)))
            .map(|(name, value)| {
                let is_counter = name.contains("_total{");
                let before = self.first.get(name).copied().unwrap_or_default();
                let a_minute = if is_counter { (value - before) / passed * 60.0 } else { 0.0 };
                json!({ "series": name, "values": format!("{value}+{a_minute}x{MINUTES}") })
            })
            .collect();
        let firing: BTreeSet<_> = alerts.iter().collect();
        let firing: Vec<_> =
            firing.iter().map(|alert| json!({ "labels": format!("{{alertname=\"{alert}\"}}"), "value": 1 })).collect();
        let expected = json!({
            // An alert on jobs may fire for several kinds.
            "expr": r#"count by (alertname) (count by (alertname, alertstate) (ALERTS{alertstate="firing"}))"#,
            "eval_time": format!("{}m", MINUTES - 1),
            "exp_samples": firing,
        });
        let test = json!({
            "rule_files": [rules],
            "evaluation_interval": "5m",
            "tests": [{ "interval": "1m", "input_series": series, "promql_expr_test": [expected] }],
        });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scraped.test.yaml");
        // JSON is YAML.
        std::fs::write(&file, test.to_string()).unwrap();
        let ended = Command::new(&self.promtool).args(["test", "rules"]).arg(file).output().unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        if ended.status.success() { String::new() } else { told }
    }
}

#[tokio::test]
async fn a_system_without_schedulers_or_workers_is_told_and_a_whole_one_is_not() {
    let Some(promtool) = promtool() else { return };
    World::with_api()
        .run(async |world| {
            let api = world.api();
            Watch::begin(&promtool, &[&api]).await.until(&["MusterNoScheduler"]).await;
            let scheduler = world.scheduler("scheduler-1");
            scheduler.ready().await;
            Watch::begin(&promtool, &[&api, &scheduler]).await.until(&["MusterNoWorker"]).await;
            let worker = world.worker("worker-1");
            world.enqueue_no_ops(3).await;
            world.all_succeed(3, seconds(30)).await;
            Watch::begin(&promtool, &[&api, &scheduler, &worker]).await.until(&[]).await;
            tokio::join!(scheduler.stop(), worker.stop());
            // Its metrics are gone with the scheduler.
            Watch::begin(&promtool, &[&api]).await.until(&["MusterNoScheduler"]).await;
            drop(api);
        })
        .await;
}

#[tokio::test]
async fn jobs_that_wait_long_fail_or_cannot_be_read_are_told() {
    let Some(promtool) = promtool() else { return };
    World::run(async |world| {
        let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let done = world.enqueue(&Probe {}).await;
        world.until_state(done, "succeeded", seconds(30)).await;
        // It stays among those of the last minute: the speed is one a minute.
        world.jobs().id(done).set("finished_at", ahead(minutes(30))).await;
        world.pause_jobs("probe").await;
        for _ in 0..70 {
            world.enqueue(&Probe {}).await;
        }
        let watch = Watch::begin(&promtool, &[&scheduler, &worker]).await;
        watch.until(&["MusterDrainSlow"]).await;
        world.jobs().state("pending").backdate("run_at", minutes(10)).await;
        watch.until(&["MusterDrainSlow", "MusterJobsLate"]).await;

        world.parked().await;
        world.publish_raw(JobKind::LeaseExpiry, [b"garbage".to_vec()]).await;
        watch.until(&["MusterDrainSlow", "MusterJobsLate", "MusterJobsParked", "MusterDeadLetters"]).await;
        tokio::join!(scheduler.stop(), worker.stop());
    })
    .await;
}

#[tokio::test]
async fn timers_and_schedules_that_stand_still_are_told() {
    let Some(promtool) = promtool() else { return };
    World::run(async |world| {
        let mut tx = world.pool().begin().await.unwrap();
        let due = tx.clock().await.unwrap() - minutes(5);
        timers::set(&mut tx, TimerKind::HoldEnds, Uuid::now_v7(), due, OrganizationId::new()).await.unwrap();
        tx.commit().await.unwrap();
        let broken = world.schedules().is("name", "reconcile");
        broken.set("cron", "61 * * * *").await;
        broken.set("enabled", true).await;
        // Transactions that do not end hold the timer, and the ledger of ticks.
        let gates = [world.hold("select 1 from timer for update").await, world.hold_writes("tick").await];
        let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        broken.has("error").at_least(1, seconds(60)).await;
        world
            .execute(&["update schedule set enabled = true, next_at = now() - interval '5 minutes',
                 decided_until = now() - interval '2 hours' where name = 'partitions'"])
            .await;
        let watch = Watch::begin(&promtool, &[&scheduler, &worker]).await;
        watch.until(&["MusterTimersLate", "MusterSchedulesOverdue", "MusterSchedulesBroken"]).await;
        for gate in gates {
            gate.open().await;
        }
        watch.until(&["MusterSchedulesBroken"]).await;
        tokio::join!(scheduler.stop(), worker.stop());
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_is_away_is_told_by_the_relay() {
    let Some(promtool) = promtool() else { return };
    World::run(async |world| {
        let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        tokio::join!(scheduler.ready(), worker.ready());
        let watch = Watch::begin(&promtool, &[&scheduler, &worker]).await;
        world.delete_vhost().await;
        world.enqueue(&no_op()).await;
        watch.until(&["MusterRelayFails"]).await;
        world.create_vhost().await;
        world.all_succeed(1, seconds(60)).await;
        tokio::join!(scheduler.stop(), worker.stop());
    })
    .await;
}

#[tokio::test]
async fn a_broker_without_memory_is_told_and_its_work_goes_on_afterwards() {
    let Some(promtool) = promtool() else { return };
    World::on_own_servers()
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());
            let watch = Watch::begin(&promtool, &[&scheduler, &worker]).await;
            let rabbitmq = &world.stack().rabbitmq;
            rabbitmq.ctl(&["set_vm_memory_high_watermark", "absolute", "1MB"]).await.unwrap();
            // It blocks a connection at its first publish.
            world.enqueue(&no_op()).await;
            watch.until(&["MusterBrokerBlocked"]).await;
            rabbitmq.ctl(&["set_vm_memory_high_watermark", "0.4"]).await.unwrap();
            world.all_succeed(1, seconds(60)).await;
            tokio::join!(scheduler.stop(), worker.stop());
        })
        .await;
}

#[tokio::test]
async fn a_pool_without_a_free_connection_is_told() {
    let Some(promtool) = promtool() else { return };
    World::with("database_max_connections", "4")
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            eventually(seconds(60), async || {
                let workers = scheduler.metric("muster_processes", "role=\"worker\"").await;
                holds(workers > 0.5, workers)
            })
            .await;
            let watch = Watch::begin(&promtool, &[&scheduler, &worker]).await;
            // Timers, schedules, figures and heartbeats stand before locks, and sweeps wait.
            let mut gates = Vec::new();
            for table in ["timer", "schedule", "process"] {
                gates.push(world.hold_table(table).await);
            }
            watch.until(&["MusterPoolExhausted"]).await;
            for gate in gates {
                gate.open().await;
            }
            watch.until(&[]).await;
            tokio::join!(scheduler.stop(), worker.stop());
        })
        .await;
}

#[tokio::test]
async fn texts_that_the_carrier_keeps_back_or_loses_and_those_that_nobody_reads_are_told() {
    let Some(promtool) = promtool() else { return };
    // Unknown texts are not asked about for as long as the test takes.
    World::with("reconcile_after_seconds", "3600")
        // A slow machine makes no text unknown by itself.
        .with("carrier_timeout_ms", "60000")
        .run(async |world| {
            let silent =
                |behaviour| Behaviour { receipts: Receipts { enabled: false, ..Receipts::default() }, ..behaviour };
            let refuses = Behaviour { permanent_error: 1.0, permanent_codes: vec![20_429], ..Behaviour::default() };
            world.start_carrier(silent(refuses)).await;
            let planted = Planted { messages: 300, cap: Some(10_000), ..Planted::default() };
            let planted = planted.statements();
            world.execute(&planted.iter().map(String::as_str).collect::<Vec<_>>()).await;
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            let watch = Watch::begin(&promtool, &[&scheduler, &worker]).await;
            world.execute(&[plant::QUEUE_JOBS]).await;
            watch.until(&["MusterCarrierRefuses"]).await;

            let loses = Behaviour { drop_after_accept: 1.0, ..Behaviour::default() };
            world.carrier().set_behaviour(silent(loses)).unwrap();
            eventually(seconds(60), async || {
                world.messages().state("held").set("held_until", ago(seconds(1))).await;
                world.timers().kind("hold-ends").set("fire_at", ago(seconds(1))).await;
                let unknown = world.messages().state("unknown").count().await;
                // A worker that has lost some holds the others back, one after another.
                holds(unknown >= 5, unknown)
            })
            .await;
            watch.until(&["MusterUnknownTexts"]).await;

            // Rows as webhooks leave them.
            world
                .execute(&[
                    "insert into receipt (shard, message_id, carrier_sid, status)
                     select 0, uuid_v7(), 'SM' || n, 'delivered' from generate_series(1, 10001) n",
                    "update thread set unread_since = now() - interval '5 hours'
                     where id = (select id from thread limit 1)",
                ])
                .await;
            watch.until(&["MusterUnknownTexts", "MusterReceiptsBehind", "MusterRepliesWait"]).await;
            tokio::join!(scheduler.stop(), worker.stop());
        })
        .await;
}

#[tokio::test]
async fn an_api_that_fails_or_puts_requests_off_is_told() {
    let Some(promtool) = promtool() else { return };
    World::with_api()
        .own_servers()
        .with("token_requests_a_minute", "40")
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let api = world.api();
            // There is no scheduler either.
            let watch = Watch::begin(&promtool, &[&api]).await;
            let agent = ours.member("agent").await.client;
            for _ in 0..80 {
                agent.get("/v1/account").await;
            }
            watch.until(&["MusterApiPutsOff", "MusterNoScheduler"]).await;

            let watch = Watch::begin(&promtool, &[&api]).await;
            world.stack().postgres.kill().await.unwrap();
            for _ in 0..20 {
                ours.admin.get("/v1/account").await;
            }
            watch.until(&["MusterApiFails", "MusterNoScheduler"]).await;
            world.stack().postgres.start_again().await.unwrap();
            api.ready().await;
            drop(api);
        })
        .await;
}
