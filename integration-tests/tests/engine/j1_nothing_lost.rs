//! J1: a job with a committed row comes to its end, whichever process dies; one that has not
//! committed never was.

use muster_domain::ids::{GroupId, OrganizationId};
use muster_integration_tests::{Daemon, Dice, World, eventually, holds, no_op, seconds};
use muster_jobs::{JobKind, kinds::HoldRelease};
use muster_storage::engine::enqueue::{Origin, enqueue};

const KIND: JobKind = JobKind::LeaseExpiry;

#[tokio::test]
async fn j1_a_job_committed_while_nothing_runs_is_done_later() {
    World::run(async |world| {
        let ids = [world.enqueue(&no_op()).await, world.enqueue(&HoldRelease { group_id: GroupId::new() }).await];

        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));

        for id in ids {
            let job = world.until_state(id, "succeeded", seconds(20)).await;
            assert_eq!((job.attempt, job.epoch, job.worker.as_deref()), (1, 1, Some("worker-1")));
        }
    })
    .await;
}

#[tokio::test]
async fn j1_a_transaction_that_is_rolled_back_leaves_no_job() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let origin = Origin { organization_id: Some(OrganizationId::new()), traceparent: None };

        let held = HoldRelease { group_id: GroupId::new() };
        let mut tx = world.pool().begin().await.unwrap();
        enqueue(&mut tx, &no_op(), &origin).await.unwrap();
        let rolled_back = enqueue(&mut tx, &held, &origin).await.unwrap();
        tx.rollback().await.unwrap();

        let after = world.enqueue(&no_op()).await;
        world.until_state(after, "succeeded", seconds(20)).await;
        assert_eq!(world.jobs().count().await, 1);
        // Nor does it keep its key.
        assert_ne!(world.enqueue(&held).await, rolled_back);
        world.all_succeed(2, seconds(20)).await;
    })
    .await;
}

/// The broker has confirmed, and the relay dies before it has said so: its jobs are published
/// again, and run once.
#[tokio::test]
async fn j1_relays_that_die_between_publishing_and_marking_lose_nothing() {
    const JOBS: usize = 1_200;
    // No worker loses a lease to a busy machine.
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let gate = world.close_publish_gate().await;
            world.enqueue_no_ops(JOBS).await;
            let schedulers = [world.scheduler("scheduler-1"), world.scheduler("scheduler-2")];
            eventually(seconds(20), async || {
                // Bundles of both.
                let waiting = world.waiting(KIND).await;
                holds(waiting >= 16, waiting)
            })
            .await;
            assert_eq!(world.jobs().state("published").count().await, 0);

            for scheduler in schedulers {
                scheduler.abort();
            }
            gate.open().await;

            let (_scheduler, _worker) = (world.scheduler("scheduler-3"), world.worker("worker-1"));
            world.all_succeed(JOBS, seconds(90)).await;
            assert_eq!(world.jobs().not("attempt", 1).count().await, 0, "no worker died, so every job ran once");
        })
        .await;
}

#[tokio::test]
async fn j1_purged_messages_are_published_again() {
    const JOBS: usize = 100;
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let _scheduler = world.scheduler("scheduler-1");
            world.enqueue_no_ops(JOBS).await;
            world.jobs().state("published").at_least(100, seconds(20)).await;

            world.purge(KIND).await;
            assert_eq!(world.waiting(KIND).await, 0);

            let _worker = world.worker("worker-1");
            world.all_succeed(JOBS, seconds(30)).await;
            assert_eq!(world.jobs().not("attempt", 1).count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn j1_a_deleted_queue_comes_back_with_its_work() {
    const JOBS: usize = 100;
    World::run(async |world| {
        let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        tokio::join!(scheduler.ready(), worker.ready());
        let gate = world.close_gate().await;
        world.enqueue_no_ops(JOBS).await;
        world.jobs().state("running").at_least(1, seconds(20)).await;

        world.delete_queue(KIND).await;
        gate.open().await;
        world.enqueue_no_ops(JOBS).await;

        world.all_succeed(2 * JOBS, seconds(45)).await;
    })
    .await;
}

#[tokio::test]
async fn j1_a_broker_rebuilt_from_nothing_gets_the_work_again() {
    const JOBS: usize = 300;
    World::run(async |world| {
        let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        tokio::join!(scheduler.ready(), worker.ready());
        let gate = world.close_gate().await;
        world.enqueue_no_ops(JOBS).await;
        world.jobs().any_of("state", &["published", "running"]).at_least(300, seconds(20)).await;

        world.delete_vhost().await;
        world.enqueue_no_ops(JOBS).await;
        eventually(seconds(20), async || {
            let errors = scheduler.metric("muster_relay_errors", "").await;
            holds(errors > 0.0, "the relay has not noticed")
        })
        .await;
        world.create_vhost().await;
        gate.open().await;

        world.all_succeed(2 * JOBS, seconds(60)).await;
    })
    .await;
}

/// Two schedulers and two workers are killed twenty times while four thousand jobs flow. When, is
/// said by how many jobs are done.
#[tokio::test]
async fn j1_daemons_that_die_at_random_moments_lose_nothing() {
    const JOBS: usize = 4_000;
    const DEATHS: u64 = 20;
    World::run(async |world| {
        world.record_completions().await;
        let mut dice = Dice::new(20_260_807);
        let starters: [fn(&World) -> Daemon; 4] = [
            |world| world.scheduler("scheduler-1"),
            |world| world.scheduler("scheduler-2"),
            |world| world.worker("worker-1"),
            |world| world.worker("worker-2"),
        ];
        let mut daemons = starters.map(|start| (start, Some(start(&world))));

        for enqueued in 0..4 {
            world.enqueue_no_ops(JOBS / 4).await;
            for death in 0..DEATHS / 4 {
                let share = i64::try_from(JOBS as u64 / DEATHS).unwrap();
                let round = i64::try_from(enqueued * (DEATHS / 4) + death).unwrap();
                let moment = round * share + i64::try_from(dice.between(0, 150)).unwrap();
                world.jobs().state("succeeded").at_least(moment, seconds(60)).await;
                let (start, daemon) = dice.one_of(&mut daemons);
                daemon.take().unwrap().abort();
                *daemon = Some(start(&world));
            }
        }

        world.all_succeed(JOBS, seconds(90)).await;
        world.completed_once_each(JOBS).await;
    })
    .await;
}

/// A message without a queue reaches no worker: the broker gives it back, and the job is as pending
/// as before.
#[tokio::test]
async fn j1_jobs_that_the_broker_returns_stay_pending() {
    const JOBS: usize = 20;
    World::with("republish_after_seconds", "600")
        .run(async |world| {
            let scheduler = world.scheduler("scheduler-1");
            scheduler.ready().await;
            world.delete_queue(KIND).await;
            world.enqueue_no_ops(JOBS).await;

            eventually(seconds(20), async || {
                let returned = scheduler.metric("muster_relay_returned_total", "").await;
                holds(returned > 0.0, "the relay has noticed nothing")
            })
            .await;
            assert_eq!(world.jobs().state("pending").lacks("published_at").count().await, 20);

            // A worker declares the queue, and no sweep is needed.
            let _worker = world.worker("worker-1");
            world.all_succeed(JOBS, seconds(30)).await;
        })
        .await;
}

/// The relay does not look by itself for as long as this test runs.
#[tokio::test]
async fn j1_a_relay_is_woken_by_the_commit_of_a_job() {
    World::with("relay_poll_ms", "600000")
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());
            let listening = "pg_stat_activity where datname = current_database() and query like 'LISTEN%'";
            world.until_count(listening, 1, seconds(20)).await;

            let id = world.enqueue(&no_op()).await;

            world.until_state(id, "succeeded", seconds(30)).await;
        })
        .await;
}
