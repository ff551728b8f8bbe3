//! Two versions at a time, as in a rolling upgrade: work of a newer one that meets an older worker
//! or scheduler waits for a newer one, is no failure, and stops nothing else (engine promises J1
//! and J7).

use muster_domain::ids::JobId;
use muster_integration_tests::{World, ago, no_op, seconds};
use muster_jobs::{
    Job, JobKind,
    kinds::{LeaseExpiry, Probe},
};

/// Enqueues a job and gives it a payload as a newer version writes it.
async fn newer<P: Job>(world: &World, payload: &P) -> JobId {
    let id = world.enqueue(payload).await;
    let written = r#"update job set payload = payload || '{"v": 2, "from_the_future": [1]}' where id = "#;
    world.execute(&[&format!("{written}'{id}'")]).await;
    id
}

/// Waits until a worker has handed the job back.
async fn until_handed_back(world: &World, id: JobId, times: i64) {
    let back =
        format!("jsonb_array_length(hand_backs) >= {times} and hand_backs -> -1 ->> 'why' like '%newer version%'");
    world.jobs().id(id).state("pending").and(&back).at_least(1, seconds(30)).await;
    let job = world.job(id).await;
    assert_eq!((job.attempt, job.errors.len()), (0, 0), "waiting is no attempt: {job:?}");
}

/// The time passes after which a job is tried again.
async fn time_passes(world: &World) {
    world.jobs().state("pending").set("run_at", ago(seconds(1))).await;
}

#[tokio::test]
async fn j7_a_payload_of_a_newer_version_waits_for_a_worker_of_that_version() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            // One in a transaction of its bundle, and one under a lease.
            let jobs = [newer(&world, &Probe {}).await, newer(&world, &no_op()).await];
            world.enqueue_no_ops(20).await;
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            for job in jobs {
                until_handed_back(&world, job, 1).await;
            }
            world.jobs().state("succeeded").until(20).await;

            // However often it meets an older worker.
            time_passes(&world).await;
            for job in jobs {
                until_handed_back(&world, job, 2).await;
            }
            // A worker that reads it takes it.
            world.execute(&["update job set payload = payload - '{v,from_the_future}'::text[]"]).await;
            time_passes(&world).await;
            world.all_succeed(22, seconds(30)).await;
            assert_eq!(world.jobs().not("attempt", 1).count().await, 0);
            tokio::join!(scheduler.stop(), worker.stop());
        })
        .await;
}

/// A payload of this form that cannot be read will never be: it is parked.
#[tokio::test]
async fn j7_a_payload_that_no_version_can_read_is_parked() {
    World::run(async |world| {
        let spoiled = world.enqueue(&no_op()).await;
        world.execute(&[r#"update job set payload = '{"v": 1, "batch_id": "no id"}'"#]).await;
        let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let parked = world.until_state(spoiled, "parked", seconds(30)).await;
        assert!(parked.errors[0].error.starts_with("payload: "), "{parked:?}");
        tokio::join!(scheduler.stop(), worker.stop());
    })
    .await;
}

#[tokio::test]
async fn j1_a_job_of_a_newer_kind_waits_and_stops_no_other() {
    World::run(async |world| {
        let newer = world.enqueue(&no_op()).await;
        world.jobs().id(newer).set("kind", "from-the-future").await;
        let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        world.enqueue_no_ops(20).await;
        world.jobs().state("succeeded").until(20).await;
        assert_eq!(world.job(newer).await.state, "pending");
        // A daemon that knows the kind runs it.
        world.jobs().id(newer).set("kind", LeaseExpiry::NAME).await;
        world.all_succeed(21, seconds(30)).await;
        tokio::join!(scheduler.stop(), worker.stop());
    })
    .await;
}

#[tokio::test]
async fn j7_a_message_of_a_newer_version_leaves_its_jobs_to_a_worker_of_that_version() {
    World::run(async |world| {
        let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        scheduler.ready().await;
        worker.ready().await;
        scheduler.stop().await;
        // As a newer relay leaves it: published, with a message that this worker cannot read.
        let job = world.enqueue(&no_op()).await;
        world.jobs().id(job).set("state", "published").await;
        world.jobs().id(job).set("published_at", ago(seconds(0))).await;
        let message = format!(r#"{{"v":2,"kind":"lease-expiry","lane":7,"jobs":[{{"id":"{job}","hint":"x"}}]}}"#);
        world.publish_raw(JobKind::LeaseExpiry, [message.into_bytes()]).await;
        world.jobs().id(job).state("pending").above("run_at", ago(seconds(0))).at_least(1, seconds(30)).await;
        assert_eq!((world.job(job).await.attempt, world.dead_letters().count().await), (0, 0));

        let scheduler = world.scheduler("scheduler-2");
        time_passes(&world).await;
        world.all_succeed(1, seconds(30)).await;
        assert_eq!(world.dead_letters().count().await, 0);
        tokio::join!(scheduler.stop(), worker.stop());
    })
    .await;
}
