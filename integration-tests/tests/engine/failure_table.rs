//! Failures and their outcomes, row by row. Rows that a promise's own file shows are named here;
//! the others are tested below.
//!
//! | what dies | test |
//! | --- | --- |
//! | api after commit | `j1_nothing_lost::j1_a_job_committed_while_nothing_runs…`, `stories::kills::a_killed_api_changes_no_zero` |
//! | relay between publish and mark | `j1_nothing_lost::j1_relays_that_die_between_publishing_and_marking…` |
//! | broker restarts, or loses its data | `servers_die::j1_the_broker_is_killed…`, `j1_nothing_lost::j1_a_broker_rebuilt…`, `…j1_purged_messages…` |
//! | broker blocks publishers | `supervisor::a_broker_that_blocks_publishers_is_waited_for` |
//! | worker before its commit | `j7_poison::j7_a_job_that_kills_its_worker…`, `stories::kills::a_killed_worker_changes_no_zero`, `j7_lives` |
//! | worker after its commit, before ack | here |
//! | worker that hangs | `j2_effects_once::j2_a_worker_that_lost_its_lease…`, `j7_poison::j7_an_attempt_that_hangs…` |
//! | Postgres restarts or fails over | `servers_die::j1_the_database_is_killed…`, `supervisor::half_open_connections_to_the_database…` |
//! | network cut between any two | here, between a scheduler or a worker and each server; of the api too, and between a worker and the carrier, in the chaos world |

use muster_integration_tests::{Daemon, World, eventually, holds, no_op, seconds};
use muster_jobs::JobKind;
use muster_local::wire::{Passage, Wire};

const KIND: JobKind = JobKind::LeaseExpiry;

#[tokio::test]
async fn j3_a_worker_dies_after_its_commit_and_before_its_acknowledgement() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            world.record_completions().await;
            let _scheduler = world.scheduler("scheduler-1");
            let straight = world.amqp_url();
            let wire = Wire::to(world.stack().rabbitmq.port()).await.unwrap();
            let through = wire.instead(&straight).unwrap();
            world.set("amqp_url", format!("{through:?}"));
            let doomed = world.worker("worker-1");
            doomed.ready().await;
            let gate = world.close_gate().await;
            let id = world.enqueue(&no_op()).await;
            world.until_state(id, "running", seconds(20)).await;

            // Its acknowledgement is said to nobody.
            wire.cut(Passage::Lossy);
            gate.open().await;
            world.until_state(id, "succeeded", seconds(20)).await;
            doomed.abort();
            wire.cut(Passage::Refusing);
            // The broker's side of the connection ends with it, and the message is delivered again.
            world.set("amqp_url", format!("{straight:?}"));
            let worker = world.worker("worker-2");
            eventually(seconds(30), async || {
                let queue = world.queue(KIND).await;
                holds(queue.acknowledged == 1 && queue.messages == 0, queue)
            })
            .await;

            let job = world.job(id).await;
            assert_eq!((job.state.as_str(), job.attempt, job.errors.len()), ("succeeded", 1, 0));
            world.completed_once_each(1).await;
            worker.stop().await;
        })
        .await;
}

/// A scheduler and a worker, each with a wire to each server.
struct Wired {
    daemons: [Daemon; 2],
    /// Of the scheduler and of the worker: to the broker, to the database.
    wires: [[Wire; 2]; 2],
}

async fn wired(world: &World) -> Wired {
    world.record_completions().await;
    let (broker, database) = (world.amqp_url(), world.daemons_database_url());
    let ports = [world.stack().rabbitmq.port(), world.stack().postgres.port()];
    let lay = async || {
        let wires = [Wire::to(ports[0]).await.unwrap(), Wire::to(ports[1]).await.unwrap()];
        let urls = [wires[0].instead(&broker).unwrap(), wires[1].instead(&database).unwrap()];
        (wires, urls)
    };
    let (of_scheduler, [amqp, postgres]) = lay().await;
    world.set("amqp_url", format!("{amqp:?}"));
    world.set("database_url", format!("{postgres:?}"));
    let scheduler = world.scheduler("scheduler-1");
    let (of_worker, [amqp, postgres]) = lay().await;
    world.set("amqp_url", format!("{amqp:?}"));
    world.set("database_url", format!("{postgres:?}"));
    let worker = world.worker("worker-1");
    world.set("amqp_url", format!("{broker:?}"));
    world.set("database_url", format!("{database:?}"));
    tokio::join!(scheduler.ready(), worker.ready());
    Wired { daemons: [scheduler, worker], wires: [of_scheduler, of_worker] }
}

/// Cuts one wire after the other until its daemon says so, while jobs are made; all are done, once
/// each.
async fn every_wire_is_cut(how: Passage) {
    const JOBS: usize = 300;
    World::run(async |world| {
        let Wired { daemons, wires } = wired(&world).await;
        let mut made = 0;
        for (daemon, wires) in daemons.iter().zip(&wires) {
            for wire in wires {
                world.enqueue_no_ops(JOBS).await;
                wire.cut(how);
                world.enqueue_no_ops(JOBS).await;
                made += 2 * JOBS;
                let url = format!("{}/readyz", daemon.url());
                eventually(seconds(90), async || {
                    let ready = reqwest::get(&url).await.map_err(|error| error.to_string())?;
                    holds(ready.status() == 503, ready.status())
                })
                .await;
                wire.mend();
                world.all_succeed(made, seconds(120)).await;
            }
        }
        world.completed_once_each(made).await;
        for daemon in daemons {
            daemon.ready().await;
            daemon.stop().await;
        }
    })
    .await;
}

#[tokio::test]
async fn j1_wires_that_refuse_lose_nothing() {
    every_wire_is_cut(Passage::Refusing).await;
}

#[tokio::test]
async fn j1_wires_that_lose_what_is_sent_lose_no_job() {
    every_wire_is_cut(Passage::Lossy).await;
}
