//! What happens when something dies, row by row. Rows that a promise's own file shows are named here; the others are tested below.
//!
//! | what dies | test |
//! | --- | --- |
//! | api after commit | `j1_nothing_lost::j1_a_job_committed_while_nothing_runs…`, `stories::kills::a_killed_api_changes_no_zero` |
//! | relay between publish and mark | `j1_nothing_lost::j1_relays_that_die_between_publishing_and_marking…` |
//! | broker restarts, or loses its data | `servers_die::j1_the_broker_is_killed…`, `j1_nothing_lost::j1_a_broker_rebuilt…`, `…j1_purged_messages…` |
//! | broker blocks publishers | `supervisor::a_broker_that_blocks_publishers_is_waited_for` |
//! | worker before its commit | `j7_poison::j7_a_job_that_kills_its_worker…`, `stories::kills::a_killed_worker_changes_no_zero` |
//! | worker after its commit, before ack | here |
//! | worker that hangs | `j2_effects_once::j2_a_worker_that_lost_its_lease…`, `j7_poison::j7_an_attempt_that_hangs…` |
//! | Postgres restarts or fails over | `servers_die::j1_the_database_is_killed…`, `supervisor::half_open_connections_to_the_database…` |
//! | network cut between any two | here, between a scheduler or a worker and each server; of the api too, and between a worker and the carrier, in the chaos harness |

use muster_integration_tests::{Daemon, Harness, eventually, holds, no_op, seconds};
use muster_jobs::JobKind;
use muster_local::wire::{Passage, Wire};

const KIND: JobKind = JobKind::LeaseExpiry;

#[tokio::test]
async fn j3_a_worker_dies_after_its_commit_and_before_its_acknowledgement() {
    let harness = Harness::start().await;
    harness.record_completions().await;
    let _scheduler = harness.scheduler("scheduler-1");
    let straight = harness.amqp_url();
    let wire = Wire::to(harness.stack().rabbitmq.port()).await.unwrap();
    let through = wire.instead(&straight).unwrap();
    let harness = harness.with("amqp_url", format!("{through:?}"));
    let doomed = harness.worker("worker-1");
    doomed.ready().await;
    let gate = harness.close_gate().await;
    let id = harness.enqueue(&no_op()).await;
    harness.until_state(id, "running", seconds(20)).await;

    // Its acknowledgement is said to nobody.
    wire.cut(Passage::Lossy);
    gate.open().await;
    harness.until_state(id, "succeeded", seconds(20)).await;
    doomed.abort();
    wire.cut(Passage::Refusing);
    // The broker's side of the connection ends with it, and the message is delivered again.
    let harness = harness.with("amqp_url", format!("{straight:?}"));
    let worker = harness.worker("worker-2");
    eventually(seconds(30), async || {
        let queue = harness.queue(KIND).await;
        holds(queue.acknowledged == 1 && queue.messages == 0, queue)
    })
    .await;

    let job = harness.job(id).await;
    assert_eq!((job.state.as_str(), job.attempt, job.errors.len()), ("succeeded", 1, 0));
    harness.completed_once_each(1).await;
    worker.stop().await;
    harness.finish().await;
}

/// A scheduler and a worker, each with a wire to each server.
struct Wired {
    harness: Harness,
    daemons: [Daemon; 2],
    /// Of the scheduler and of the worker: to the broker, to the database.
    wires: [[Wire; 2]; 2],
}

async fn wired() -> Wired {
    let mut harness = Harness::start().await;
    harness.record_completions().await;
    let (broker, database) = (harness.amqp_url(), harness.database_url());
    let ports = [harness.stack().rabbitmq.port(), harness.stack().postgres.port()];
    let lay = async || {
        let wires = [Wire::to(ports[0]).await.unwrap(), Wire::to(ports[1]).await.unwrap()];
        let urls = [wires[0].instead(&broker).unwrap(), wires[1].instead(&database).unwrap()];
        (wires, urls)
    };
    let (of_scheduler, [amqp, postgres]) = lay().await;
    harness = harness.with("amqp_url", format!("{amqp:?}")).with("database_url", format!("{postgres:?}"));
    let scheduler = harness.scheduler("scheduler-1");
    let (of_worker, [amqp, postgres]) = lay().await;
    harness = harness.with("amqp_url", format!("{amqp:?}")).with("database_url", format!("{postgres:?}"));
    let worker = harness.worker("worker-1");
    harness = harness.with("amqp_url", format!("{broker:?}")).with("database_url", format!("{database:?}"));
    tokio::join!(scheduler.ready(), worker.ready());
    Wired { harness, daemons: [scheduler, worker], wires: [of_scheduler, of_worker] }
}

/// Cuts one wire after the other until its daemon says so, while jobs are made; all are done, once each.
async fn every_wire_is_cut(how: Passage) {
    const JOBS: usize = 300;
    let Wired { harness, daemons, wires } = wired().await;
    let mut made = 0;
    for (daemon, wires) in daemons.iter().zip(&wires) {
        for wire in wires {
            harness.enqueue_no_ops(JOBS).await;
            wire.cut(how);
            harness.enqueue_no_ops(JOBS).await;
            made += 2 * JOBS;
            let url = format!("{}/readyz", daemon.url());
            eventually(seconds(90), async || {
                let ready = reqwest::get(&url).await.map_err(|error| error.to_string())?;
                holds(ready.status() == 503, ready.status())
            })
            .await;
            wire.mend();
            harness.all_succeed(made, seconds(120)).await;
        }
    }
    harness.completed_once_each(made).await;
    for daemon in daemons {
        daemon.ready().await;
        daemon.stop().await;
    }
    harness.finish().await;
}

#[tokio::test]
async fn j1_wires_that_refuse_lose_nothing() {
    every_wire_is_cut(Passage::Refusing).await;
}

#[tokio::test]
async fn j1_wires_that_lose_what_is_sent_lose_no_job() {
    every_wire_is_cut(Passage::Lossy).await;
}
