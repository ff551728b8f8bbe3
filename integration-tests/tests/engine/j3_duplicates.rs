//! J3: a second delivery of a job that runs or is done is acknowledged and does nothing.

use muster_integration_tests::{Harness, eventually, holds, no_op, seconds};
use muster_jobs::JobKind;

const KIND: JobKind = JobKind::LeaseExpiry;

#[tokio::test]
async fn j3_an_envelope_published_many_times_runs_once() {
    let harness = Harness::start().await;
    harness.record_completions().await;
    let id = harness.enqueue(&no_op()).await;
    harness.publish(KIND, id, 50).await;

    let (one, two) = (harness.worker("worker-1"), harness.worker("worker-2"));
    eventually(seconds(30), async || {
        let queue = harness.queue(KIND).await;
        holds(queue.acknowledged == 50 && queue.messages == 0, queue)
    })
    .await;

    let job = harness.job(id).await;
    assert_eq!((job.state.as_str(), job.attempt, job.epoch, job.errors.len()), ("succeeded", 1, 1, 0));
    harness.completed_once_each(1).await;
    tokio::join!(one.stop(), two.stop());
    assert_eq!(harness.waiting(KIND).await, 0, "nothing came back");
    harness.finish().await;
}

#[tokio::test]
async fn j3_a_duplicate_of_a_running_job_is_acknowledged() {
    const DUPLICATES: u64 = 20;
    let harness = Harness::start().await;
    let (one, two) = (harness.worker("worker-1"), harness.worker("worker-2"));
    tokio::join!(one.ready(), two.ready());
    let gate = harness.close_gate().await;
    let id = harness.enqueue(&no_op()).await;
    harness.publish(KIND, id, 1).await;
    harness.until_state(id, "running", seconds(20)).await;

    harness.publish(KIND, id, 20).await;
    eventually(seconds(30), async || {
        let queue = harness.queue(KIND).await;
        holds(queue.acknowledged == DUPLICATES && queue.messages == 1 && queue.unacknowledged == 1, queue)
    })
    .await;
    let running = harness.job(id).await;
    assert_eq!((running.state.as_str(), running.attempt, running.epoch), ("running", 1, 1));

    gate.open().await;
    harness.until_state(id, "succeeded", seconds(20)).await;
    tokio::join!(one.stop(), two.stop());
    assert_eq!(harness.waiting(KIND).await, 0);
    harness.finish().await;
}

#[tokio::test]
async fn j3_a_duplicate_of_a_job_that_is_over_is_acknowledged() {
    let harness = Harness::start().await;
    let worker = harness.worker("worker-1");
    let done = harness.enqueue(&no_op()).await;
    harness.publish(KIND, done, 1).await;
    harness.until_state(done, "succeeded", seconds(20)).await;
    let parked = harness.enqueue(&no_op()).await;
    harness.execute(&[&format!("update job set state = 'parked' where id = '{parked}'")]).await;
    let (before_done, before_parked) = (harness.job(done).await, harness.job(parked).await);

    harness.publish(KIND, done, 10).await;
    harness.publish(KIND, parked, 10).await;
    // A job that never was, or was deleted, is no different.
    harness.publish(KIND, muster_domain::ids::JobId::new(), 10).await;
    eventually(seconds(30), async || {
        let queue = harness.queue(KIND).await;
        holds(queue.acknowledged == 31 && queue.messages == 0, queue)
    })
    .await;

    worker.stop().await;
    assert_eq!(harness.waiting(KIND).await, 0);
    assert_eq!((harness.job(done).await, harness.job(parked).await), (before_done, before_parked));
    harness.finish().await;
}
