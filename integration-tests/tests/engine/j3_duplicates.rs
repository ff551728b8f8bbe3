//! J3: a second delivery of a job that runs or is done is acknowledged and does nothing.

use muster_domain::ids::JobId;
use muster_integration_tests::{Daemon, World, ahead, eventually, holds, minutes, no_op, seconds};
use muster_jobs::{JobKind, kinds::Probe};
use muster_storage::engine::enqueue::{JobOrder, Origin, enqueue_all};

const KIND: JobKind = JobKind::LeaseExpiry;

/// Returns how many deliveries these workers have counted that did nothing.
async fn duplicates(workers: &[&Daemon]) -> String {
    let mut counted = 0.0;
    for worker in workers {
        counted += worker.metric("muster_jobs_total", "duplicate").await;
    }
    counted.to_string()
}

#[tokio::test]
async fn j3_an_envelope_published_many_times_runs_once() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            world.record_completions().await;
            let id = world.enqueue(&no_op()).await;
            world.publish(KIND, id, 50).await;

            let (one, two) = (world.worker("worker-1"), world.worker("worker-2"));
            eventually(seconds(30), async || {
                let queue = world.queue(KIND).await;
                holds(queue.acknowledged == 50 && queue.messages == 0, queue)
            })
            .await;

            let job = world.job(id).await;
            assert_eq!((job.state.as_str(), job.attempt, job.epoch, job.errors.len()), ("succeeded", 1, 1, 0));
            world.completed_once_each(1).await;
            assert_eq!(duplicates(&[&one, &two]).await, "49", "each but the first is counted");
            tokio::join!(one.stop(), two.stop());
            assert_eq!(world.waiting(KIND).await, 0, "nothing came back");
        })
        .await;
}

/// Of a short kind, with claim, effects and completion in one transaction.
#[tokio::test]
async fn j3_an_envelope_of_a_short_kind_published_many_times_runs_once() {
    World::run(async |world| {
        world.record_completions().await;
        let (id, parked) = (world.enqueue(&Probe {}).await, world.enqueue(&Probe {}).await);
        world.jobs().id(parked).set("state", "parked").await;
        let before = world.job(parked).await;
        world.publish(JobKind::Probe, id, 50).await;
        world.publish(JobKind::Probe, parked, 10).await;

        let (one, two) = (world.worker("worker-1"), world.worker("worker-2"));
        eventually(seconds(30), async || {
            let queue = world.queue(JobKind::Probe).await;
            holds(queue.acknowledged == 60 && queue.messages == 0, queue)
        })
        .await;

        let job = world.job(id).await;
        assert_eq!((job.state.as_str(), job.attempt, job.epoch, job.errors.len()), ("succeeded", 1, 1, 0));
        assert_eq!(world.job(parked).await, before);
        world.completed_once_each(1).await;
        assert_eq!(duplicates(&[&one, &two]).await, "59", "each that did nothing is counted");
        tokio::join!(one.stop(), two.stop());
        assert_eq!(world.waiting(JobKind::Probe).await, 0, "nothing came back");
    })
    .await;
}

#[tokio::test]
async fn j3_a_duplicate_of_a_running_job_is_acknowledged() {
    const DUPLICATES: u64 = 20;
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let (one, two) = (world.worker("worker-1"), world.worker("worker-2"));
            tokio::join!(one.ready(), two.ready());
            let gate = world.close_gate().await;
            let id = world.enqueue(&no_op()).await;
            world.publish(KIND, id, 1).await;
            world.until_state(id, "running", seconds(20)).await;

            world.publish(KIND, id, 20).await;
            eventually(seconds(30), async || {
                let queue = world.queue(KIND).await;
                holds(queue.acknowledged == DUPLICATES && queue.messages == 1 && queue.unacknowledged == 1, queue)
            })
            .await;
            assert_eq!(duplicates(&[&one, &two]).await, DUPLICATES.to_string(), "each is counted");
            let running = world.job(id).await;
            assert_eq!((running.state.as_str(), running.attempt, running.epoch), ("running", 1, 1));

            gate.open().await;
            world.until_state(id, "succeeded", seconds(20)).await;
            tokio::join!(one.stop(), two.stop());
            assert_eq!(world.waiting(KIND).await, 0);
        })
        .await;
}

#[tokio::test]
async fn j3_a_duplicate_of_a_job_that_is_over_is_acknowledged() {
    World::run(async |world| {
        let worker = world.worker("worker-1");
        let done = world.enqueue(&no_op()).await;
        world.publish(KIND, done, 1).await;
        world.until_state(done, "succeeded", seconds(20)).await;
        let parked = world.enqueue(&no_op()).await;
        world.jobs().id(parked).set("state", "parked").await;
        let (before_done, before_parked) = (world.job(done).await, world.job(parked).await);

        world.publish(KIND, done, 10).await;
        world.publish(KIND, parked, 10).await;
        // A job that never was, or was deleted, is no different.
        world.publish(KIND, JobId::new(), 10).await;
        eventually(seconds(30), async || {
            let queue = world.queue(KIND).await;
            holds(queue.acknowledged == 31 && queue.messages == 0, queue)
        })
        .await;

        assert_eq!(duplicates(&[&worker]).await, "30", "each is counted");
        worker.stop().await;
        assert_eq!(world.waiting(KIND).await, 0);
        assert_eq!((world.job(done).await, world.job(parked).await), (before_done, before_parked));
    })
    .await;
}

/// A message does not make a job due that is not, nor one the next that has another before it: of
/// either way of running jobs.
#[tokio::test]
async fn j3_a_message_that_comes_too_early_does_nothing() {
    World::run(async |world| {
        let worker = world.worker("worker-1");
        let payload = no_op();
        let (first, second) = (JobId::new(), JobId::new());
        let (first_probe, second_probe) = (JobId::new(), JobId::new());
        let mut tx = world.pool().begin().await.unwrap();
        let origin = Origin::default();
        let line = JobOrder::InOrder;
        enqueue_all(&mut tx, &[(first, &payload), (second, &payload)], line("key"), &origin).await.unwrap();
        enqueue_all(&mut tx, &[(first_probe, &Probe {}), (second_probe, &Probe {})], line("other key"), &origin)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.jobs().and("not blocked").set("run_at", ahead(minutes(60))).await;

        for (kind, ids) in [(KIND, [first, second]), (JobKind::Probe, [first_probe, second_probe])] {
            for id in ids {
                world.publish(kind, id, 1).await;
            }
        }
        eventually(seconds(30), async || {
            let early = worker.metric("muster_jobs_total", "duplicate").await;
            holds(early > 3.5, early)
        })
        .await;

        worker.stop().await;
        assert_eq!(world.jobs().state("pending").is("attempt", 0).is("epoch", 0).count().await, 4);
        assert_eq!(world.waiting(KIND).await + world.waiting(JobKind::Probe).await, 0);
    })
    .await;
}
