//! The broker and the database are killed while jobs flow; every job is done, and done once.

use muster_integration_tests::{Daemon, Harness, eventually, holds, no_op, seconds};
use muster_jobs::JobKind;

const JOBS: usize = 3_000;

async fn flowing(harness: &Harness) -> [Daemon; 4] {
    harness.record_completions().await;
    let daemons = [
        harness.scheduler("scheduler-1"),
        harness.scheduler("scheduler-2"),
        harness.worker("worker-1"),
        harness.worker("worker-2"),
    ];
    for daemon in &daemons {
        daemon.ready().await;
    }
    harness.enqueue_no_ops(JOBS).await;
    harness.until_count("job where state = 'succeeded'", 200, seconds(60)).await;
    daemons
}

#[tokio::test]
async fn j1_the_broker_is_killed_and_started_again() {
    let harness = Harness::start_with_own_servers().await;
    let _daemons = flowing(&harness).await;

    harness.stack().rabbitmq.kill().await.unwrap();
    // Jobs go on being made while it is away.
    harness.enqueue_no_ops(500).await;
    harness.stack().rabbitmq.start_again().await.unwrap();

    harness.all_succeed(JOBS + 500, seconds(120)).await;
    harness.completed_once_each(JOBS + 500).await;
    harness.finish().await;
}

#[tokio::test]
async fn j1_the_database_is_killed_and_started_again() {
    let harness = Harness::start_with_own_servers().await;
    let daemons = flowing(&harness).await;

    harness.stack().postgres.kill().await.unwrap();
    for daemon in &daemons {
        eventually(seconds(20), async || {
            let ready = reqwest::get(format!("{}/readyz", daemon.url())).await.map_err(|error| error.to_string())?;
            if ready.status() == 503 { Ok(()) } else { Err(format!("{} says that it is ready", daemon.url())) }
        })
        .await;
    }
    harness.stack().postgres.start_again().await.unwrap();

    harness.all_succeed(JOBS, seconds(120)).await;
    harness.completed_once_each(JOBS).await;
    for daemon in &daemons {
        daemon.ready().await;
    }
    harness.finish().await;
}

/// While the database is away nothing is taken, and what was taken is not acknowledged: it goes back to its queue.
#[tokio::test]
async fn j1_nothing_is_acknowledged_while_the_database_is_away() {
    const KIND: JobKind = JobKind::LeaseExpiry;
    let harness = Harness::start_with_own_servers().await;
    let (scheduler, worker) = (harness.scheduler("scheduler-1"), harness.worker("worker-1"));
    tokio::join!(scheduler.ready(), worker.ready());
    let gate = harness.close_gate().await;
    for _ in 0..KIND.policy().prefetch() {
        // Each in a message of its own.
        let id = harness.enqueue(&no_op()).await;
        harness.until_state(id, "running", seconds(20)).await;
    }
    scheduler.stop().await;
    assert_eq!(harness.waiting(KIND).await, 0, "the worker has all of them");

    harness.stack().postgres.kill().await.unwrap();
    drop(gate);

    eventually(seconds(30), async || {
        let waiting = harness.waiting(KIND).await;
        holds(waiting == usize::from(KIND.policy().prefetch()), waiting)
    })
    .await;
    harness.stack().postgres.start_again().await.unwrap();
    let _scheduler = harness.scheduler("scheduler-2");
    harness.all_succeed(KIND.policy().prefetch().into(), seconds(60)).await;
    harness.finish().await;
}
