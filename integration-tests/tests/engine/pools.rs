//! Workers by choice: a worker takes the kinds of jobs that it was told, so many at a time, for so
//! long, and none while it drains.

use muster_domain::ids::OrganizationId;
use muster_integration_tests::{World, eventually, holds, no_op, seconds};
use muster_jobs::JobKind;
use muster_local::programs::Binary;
use muster_storage::engine::enqueue::JobOrder;
use serde_json::Value;

use crate::operators::{json, muster, probes, succeeds};

/// Handlers that wait at the gate.
const BEGUN: &str = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

/// Returns a daemon as `muster workers` tells it.
async fn daemon(world: &World, name: &str) -> Value {
    let all = json(world, &["workers", "--json"]).await;
    all.as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_worker_takes_jobs_of_its_kinds_and_another_takes_the_rest() {
    World::run(async |world| {
        let _scheduler = world.scheduler("scheduler-1");
        world.set("worker_kinds", "[\"probe\"]");
        let first = world.worker("worker-1");
        let other = world.enqueue(&no_op()).await;
        let probe = probes(&world, OrganizationId::new(), JobOrder::Ordinary, 1).await[0];
        let done = world.until_state(probe, "succeeded", seconds(20)).await;
        assert_eq!(done.worker.as_deref(), Some("worker-1"));
        world.until_state(other, "published", seconds(20)).await;
        assert_eq!(daemon(&world, "worker-1").await["kinds"], serde_json::json!(["probe"]));

        world.set("worker_kinds", "[]");
        world.set("worker_except", "[\"probe\"]");
        let second = world.worker("worker-2");
        let done = world.until_state(other, "succeeded", seconds(20)).await;
        assert_eq!(done.worker.as_deref(), Some("worker-2"));
        let kinds = daemon(&world, "worker-2").await["kinds"].clone();
        let kinds: Vec<_> = kinds.as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
        assert_eq!(kinds.len(), JobKind::ALL.len() - 1);
        assert!(!kinds.contains(&"probe"));
        tokio::join!(first.stop(), second.stop());
    })
    .await;
}

#[tokio::test]
async fn a_worker_runs_as_many_jobs_of_a_kind_as_it_was_told() {
    World::run(async |world| {
        let _scheduler = world.scheduler("scheduler-1");
        world.set("worker_concurrency", "[\"lease-expiry=2\"]");
        let _worker = world.worker("worker-1");
        let gate = world.close_gate().await;
        world.enqueue_no_ops(40).await;
        eventually(seconds(20), async || {
            let counts = world.queue(JobKind::LeaseExpiry).await;
            let (begun, running) = (world.count(BEGUN).await, world.jobs().state("running").count().await);
            holds(counts.unacknowledged == 2 && begun == 2 && running >= 2, (counts, begun, running))
        })
        .await;
        gate.open().await;
        world.all_succeed(40, seconds(30)).await;
    })
    .await;
}

#[tokio::test]
async fn j7_a_kinds_time_limit_is_the_workers_own() {
    World::run(async |world| {
        let _scheduler = world.scheduler("scheduler-1");
        world.set("worker_time_limits", "[\"lease-expiry=1\"]");
        let _worker = world.worker("worker-1");
        let gate = world.close_gate().await;
        let id = world.enqueue(&no_op()).await;
        world
            .jobs()
            .id(id)
            .and("errors -> 0 ->> 'error' = 'the time limit of 1 s is over'")
            .at_least(1, seconds(20))
            .await;
        gate.open().await;
        world.until_state(id, "succeeded", seconds(20)).await;
    })
    .await;
}

#[tokio::test]
async fn j8_a_worker_that_drains_finishes_its_jobs_and_takes_no_more_until_it_is_told() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());
            let consumers = async |wanted: u64| {
                eventually(seconds(20), async || {
                    let consumers = world.queue(JobKind::Probe).await.consumers;
                    holds(consumers == wanted, consumers)
                })
                .await;
            };
            consumers(1).await;
            let gate = world.close_gate().await;
            let begun = world.enqueue(&no_op()).await;
            world.until_state(begun, "running", seconds(20)).await;

            succeeds(&world, &["workers", "drain", "worker-1", "--reason", "a new kernel"]).await;
            consumers(0).await;
            let draining = daemon(&world, "worker-1").await;
            assert_eq!((&draining["alive"], &draining["safe_to_stop"]), (&Value::from(true), &Value::from(false)));
            assert!(draining["draining_since"].is_string(), "{draining}");
            gate.open().await;
            let done = world.until_state(begun, "succeeded", seconds(20)).await;
            assert_eq!(
                (done.attempt, done.worker.as_deref()),
                (1, Some("worker-1")),
                "it was finished and not handed back"
            );
            assert_eq!(daemon(&world, "worker-1").await["safe_to_stop"], true);
            let waits = probes(&world, OrganizationId::new(), JobOrder::Ordinary, 1).await[0];
            world.until_state(waits, "published", seconds(20)).await;
            assert_eq!(world.queue(JobKind::Probe).await.consumers, 0);

            succeeds(&world, &["workers", "undrain", "worker-1"]).await;
            world.until_state(waits, "succeeded", seconds(20)).await;
            assert_eq!(world.count("audit_entry where operation = 'workers_drain'").await, 1);
            let other = muster(&world, &["workers", "drain", "scheduler-1"]).await;
            assert!(String::from_utf8_lossy(&other.stderr).contains("is no worker"), "{other:?}");
            let gone = muster(&world, &["workers", "drain", "worker-9"]).await;
            assert!(String::from_utf8_lossy(&gone.stderr).contains("there is no process worker-9"), "{gone:?}");
            // Started anew under its name, it is another one.
            succeeds(&world, &["workers", "drain", "worker-1"]).await;
            worker.stop().await;
            let _again = world.worker("worker-1");
            let again = probes(&world, OrganizationId::new(), JobOrder::Ordinary, 1).await[0];
            world.until_state(again, "succeeded", seconds(20)).await;
        })
        .await;
}

#[tokio::test]
async fn a_kind_that_is_not_known_ends_a_worker_at_its_start() {
    World::run(async |world| {
        let file = world.folder().join("worker.toml");
        std::fs::write(&file, world.settings("worker").toml()).unwrap();
        let mut command = tokio::process::Command::new(Binary::Worker.path().unwrap());
        let started = command.env_clear().env("MUSTER_CONFIG", file).args(["--kinds", "send,no-such"]);
        let output = started.output().await.unwrap();
        let log = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains("no-such") && log.contains("is not a kind of job"), "{log}");
    })
    .await;
}
