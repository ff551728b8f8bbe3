//! J7 for jobs that end their worker: they are counted and parked, and their neighbours succeed.

use std::time::Duration;

use muster_integration_tests::{World, eventually, holds, no_op, seconds};
use muster_jobs::{JobKind, kinds::Probe};
use muster_storage::engine::claim;

use crate::j7_poison::KIND;

/// Each attempt ends with the worker's death, as far as anybody can see: a claim, and then no
/// heartbeat.
#[tokio::test]
async fn j7_a_job_whose_worker_dies_each_time_is_parked_by_the_sweep() {
    World::run(async |world| {
        let _scheduler = world.scheduler("scheduler-1");
        let deadly = world.enqueue(&no_op()).await;

        for attempt in 1..=KIND.policy().max_attempts {
            eventually(seconds(20), async || {
                let claimed = claim::claim(world.pool(), deadly, &format!("victim-{attempt}"), Duration::ZERO).await;
                claimed.unwrap().map(|_| ()).ok_or_else(|| "not back yet".to_owned())
            })
            .await;
        }

        let job = world.until_state(deadly, "parked", seconds(20)).await;
        assert_eq!(job.attempt, KIND.policy().max_attempts);
        for (error, attempt) in job.errors.iter().zip(1..) {
            assert_eq!((error.attempt, error.worker.clone()), (attempt, Some(format!("victim-{attempt}"))));
            assert!(error.error.contains("lease ran out"), "{error:?}");
        }
        assert_eq!(job.errors.len(), usize::try_from(KIND.policy().max_attempts).unwrap());
    })
    .await;
}

/// Jobs of a bundle that ends with its worker are all suspects, and travel alone from then on: no
/// second death is theirs.
#[tokio::test]
async fn j7_a_job_that_kills_its_worker_hits_its_neighbours_at_most_once() {
    const NEIGHBOURS: usize = 300;
    World::run(async |world| {
        let _scheduler = world.scheduler("scheduler-1");
        let deadly = world.enqueue(&no_op()).await;
        world.sabotage(deadly, "perform pg_sleep(3600)").await;
        world.enqueue_no_ops(NEIGHBOURS).await;

        for death in 1..=KIND.policy().max_attempts {
            let worker = world.worker(&format!("worker-{death}"));
            let sleeper = "pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
            world.until_count(sleeper, 1, seconds(60)).await;
            worker.abort();
            world.execute(&[&format!("select pg_terminate_backend(pid) from {sleeper}")]).await;
            eventually(seconds(20), async || {
                let left = world.count(sleeper).await;
                holds(left == 0, left)
            })
            .await;
        }

        let _survivor = world.worker("survivor");
        let job = world.until_state(deadly, "parked", seconds(30)).await;
        assert_eq!(job.errors.len(), usize::try_from(KIND.policy().max_attempts).unwrap());
        world.jobs().state("succeeded").at_least(300, seconds(60)).await;
        assert_eq!(world.jobs().not("id", deadly).above("attempt", 2).count().await, 0);
    })
    .await;
}

/// This one takes the worker's connection to the database with it, and so its session with the
/// broker, at each attempt.
#[tokio::test]
async fn j7_a_job_that_cuts_its_worker_off_is_parked_and_its_neighbours_succeed() {
    World::run(async |world| {
        let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        tokio::join!(scheduler.ready(), worker.ready());
        let gate = world.close_gate().await;
        let deadly = world.enqueue(&no_op()).await;
        world.sabotage(deadly, "perform pg_terminate_backend(pg_backend_pid())").await;
        world.enqueue_no_ops(500).await;
        gate.open().await;

        world.jobs().state("succeeded").at_least(500, seconds(40)).await;
        // More neighbours come while it goes on.
        world.enqueue_no_ops(500).await;
        world.jobs().state("succeeded").at_least(1_000, seconds(40)).await;

        let job = world.until_state(deadly, "parked", seconds(90)).await;
        assert_eq!(
            (job.attempt, job.errors.len()),
            (KIND.policy().max_attempts, usize::try_from(KIND.policy().max_attempts).unwrap())
        );
        assert_eq!(world.jobs().state("parked").count().await, 1);
        tokio::join!(scheduler.stop(), worker.stop());
        assert_eq!(world.waiting(KIND).await, 0);
    })
    .await;
}

/// Of short kinds claim and completion are one transaction, which ends with the worker and leaves
/// nothing to count. So a job that was delivered before is claimed first: a job that kills its
/// worker is counted, and its bundle hit once more at most.
#[tokio::test]
async fn j7_a_short_job_that_kills_its_worker_is_parked_too() {
    const NEIGHBOURS: i64 = 300;
    const MAX: i32 = JobKind::Probe.policy().max_attempts;
    // A job that is published anew was not delivered before.
    World::with("republish_after_seconds", "600")
        .run(async |world| {
            let deadly = world.enqueue(&Probe {}).await;
            world.sabotage(deadly, "perform pg_sleep(3600)").await;
            for _ in 0..NEIGHBOURS {
                world.enqueue(&Probe {}).await;
            }
            let _scheduler = world.scheduler("scheduler-1");

            // The first death is in a transaction that nobody else has seen.
            for death in 0..=MAX {
                let worker = world.worker(&format!("worker-{death}"));
                let sleeper = "pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
                world.until_count(sleeper, 1, seconds(60)).await;
                worker.abort();
                world.execute(&[&format!("select pg_terminate_backend(pid) from {sleeper}")]).await;
                eventually(seconds(20), async || {
                    let left = world.count(sleeper).await;
                    holds(left == 0, left)
                })
                .await;
            }

            let _survivor = world.worker("survivor");
            let job = world.until_state(deadly, "parked", seconds(30)).await;
            assert_eq!((job.attempt, job.errors.len()), (MAX, usize::try_from(MAX).unwrap()));
            world.jobs().state("succeeded").at_least(NEIGHBOURS, seconds(60)).await;
            assert_eq!(world.jobs().not("id", deadly).above("attempt", 2).count().await, 0);
        })
        .await;
}
