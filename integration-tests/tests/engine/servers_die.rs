//! The broker and the database are killed while jobs flow; every job is done, and done once.

use muster_integration_tests::{Daemon, World, eventually, holds, no_op, seconds};
use muster_jobs::JobKind;

const JOBS: usize = 3_000;

async fn flowing(world: &World) -> [Daemon; 4] {
    world.record_completions().await;
    let daemons = [
        world.scheduler("scheduler-1"),
        world.scheduler("scheduler-2"),
        world.worker("worker-1"),
        world.worker("worker-2"),
    ];
    for daemon in &daemons {
        daemon.ready().await;
    }
    world.enqueue_no_ops(JOBS).await;
    world.jobs().state("succeeded").at_least(200, seconds(60)).await;
    daemons
}

#[tokio::test]
async fn j1_the_broker_is_killed_and_started_again() {
    World::on_own_servers()
        .run(async |world| {
            let _daemons = flowing(&world).await;

            world.stack().rabbitmq.kill().await.unwrap();
            // Jobs go on being made while it is away.
            world.enqueue_no_ops(500).await;
            world.stack().rabbitmq.start_again().await.unwrap();

            world.all_succeed(JOBS + 500, seconds(120)).await;
            world.completed_once_each(JOBS + 500).await;
        })
        .await;
}

#[tokio::test]
async fn j1_the_database_is_killed_and_started_again() {
    World::on_own_servers()
        .run(async |world| {
            let daemons = flowing(&world).await;

            world.stack().postgres.kill().await.unwrap();
            for daemon in &daemons {
                eventually(seconds(20), async || {
                    let ready =
                        reqwest::get(format!("{}/readyz", daemon.url())).await.map_err(|error| error.to_string())?;
                    if ready.status() == 503 { Ok(()) } else { Err(format!("{} says that it is ready", daemon.url())) }
                })
                .await;
            }
            world.stack().postgres.start_again().await.unwrap();

            world.all_succeed(JOBS, seconds(120)).await;
            world.completed_once_each(JOBS).await;
            for daemon in &daemons {
                daemon.ready().await;
            }
        })
        .await;
}

/// While the database is away no job is taken, and a taken one is not acknowledged: it goes back to
/// its queue.
#[tokio::test]
async fn j1_nothing_is_acknowledged_while_the_database_is_away() {
    const KIND: JobKind = JobKind::LeaseExpiry;
    World::on_own_servers()
        .with("job_lease_seconds", "20")
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());
            let gate = world.close_gate().await;
            for _ in 0..KIND.policy().prefetch() {
                // Each in a message of its own.
                let id = world.enqueue(&no_op()).await;
                world.until_state(id, "running", seconds(20)).await;
            }
            scheduler.stop().await;
            assert_eq!(world.waiting(KIND).await, 0, "the worker has all of them");

            world.stack().postgres.kill().await.unwrap();
            drop(gate);

            eventually(seconds(30), async || {
                let waiting = world.waiting(KIND).await;
                holds(waiting == usize::from(KIND.policy().prefetch()), waiting)
            })
            .await;
            world.stack().postgres.start_again().await.unwrap();
            let _scheduler = world.scheduler("scheduler-2");
            world.all_succeed(KIND.policy().prefetch().into(), seconds(60)).await;
        })
        .await;
}
