//! The connections of daemons go wrong in every way but by the death of an end (that is in
//! `servers_die`): each is given up and replaced, and every job is done, and done once.

use std::time::Instant;

use futures::future::join_all;
use muster_integration_tests::{Daemon, World, eventually, holds, seconds};
use muster_jobs::JobKind;
use muster_local::wire::{Passage, Wire};

const JOBS: usize = 200;

/// Returns a scheduler and a worker, and jobs that have gone through both.
async fn flowing(world: &World) -> [Daemon; 2] {
    world.record_completions().await;
    let daemons = [world.scheduler("scheduler-1"), world.worker("worker-1")];
    for daemon in &daemons {
        daemon.ready().await;
    }
    world.enqueue_no_ops(JOBS).await;
    world.all_succeed(JOBS, seconds(60)).await;
    daemons
}

/// More jobs; they have to go through after any damage to the connections.
async fn more_go_through(world: &World) {
    world.enqueue_no_ops(JOBS).await;
    world.all_succeed(2 * JOBS, seconds(120)).await;
    world.completed_once_each(2 * JOBS).await;
}

async fn not_ready(daemon: &Daemon) -> String {
    let url = format!("{}/readyz", daemon.url());
    eventually(seconds(60), async || {
        let ready = reqwest::get(&url).await.map_err(|error| error.to_string())?;
        if ready.status() == 503 { Ok(ready.text().await.unwrap_or_default()) } else { Err(format!("{url} is ready")) }
    })
    .await
}

/// The broker's side of every connection goes away without a word: no end of the connection, no
/// reset, no answer.
#[tokio::test]
async fn half_open_connections_to_the_broker_are_given_up() {
    World::run(async |world| {
        let wire = Wire::to(world.stack().rabbitmq.port()).await.unwrap();
        let url = wire.instead(&world.amqp_url()).unwrap();
        world.set("amqp_url", format!("{url:?}"));
        let _daemons = flowing(&world).await;

        wire.forget_connections();

        more_go_through(&world).await;
    })
    .await;
}

/// The same with the database, as when it fails over to another machine.
#[tokio::test]
async fn half_open_connections_to_the_database_are_given_up() {
    World::run(async |world| {
        let wire = Wire::to(world.stack().postgres.port()).await.unwrap();
        let url = wire.instead(&world.daemons_database_url()).unwrap();
        world.set("database_url", format!("{url:?}"));
        let daemons = flowing(&world).await;

        wire.forget_connections();

        more_go_through(&world).await;
        for daemon in &daemons {
            daemon.ready().await;
        }
    })
    .await;
}

/// A link is cut without a word, and nothing has to be done meanwhile: readiness names the server
/// behind it.
#[tokio::test]
async fn a_silently_cut_link_is_named_by_readiness() {
    World::run(async |world| {
        let broker = Wire::to(world.stack().rabbitmq.port()).await.unwrap();
        let database = Wire::to(world.stack().postgres.port()).await.unwrap();
        let url = broker.instead(&world.amqp_url()).unwrap();
        world.set("amqp_url", format!("{url:?}"));
        let url = database.instead(&world.daemons_database_url()).unwrap();
        world.set("database_url", format!("{url:?}"));
        let daemons = [world.scheduler("scheduler-1"), world.worker("worker-1")];
        for (wire, server) in [(&broker, "broker"), (&database, "database")] {
            for daemon in &daemons {
                daemon.ready().await;
            }
            wire.cut(Passage::Silent);
            let cut = Instant::now();
            join_all(daemons.iter().map(async |daemon| {
                let said = not_ready(daemon).await;
                assert!(said.contains(server), "{said}");
                eprintln!("{} named the {server} {:.1} s after the cut", daemon.url(), cut.elapsed().as_secs_f64());
            }))
            .await;
            wire.mend();
        }
        for daemon in &daemons {
            daemon.ready().await;
        }
    })
    .await;
}

/// Out of memory, the broker reads nothing more from publishers: jobs stay pending, readiness says
/// so, and nothing is lost.
#[tokio::test]
async fn a_broker_that_blocks_publishers_is_waited_for() {
    World::on_own_servers()
        .run(async |world| {
            let [scheduler, _worker] = flowing(&world).await;
            let rabbitmq = &world.stack().rabbitmq;

            rabbitmq.ctl(&["set_vm_memory_high_watermark", "absolute", "1MB"]).await.unwrap();
            world.enqueue_no_ops(JOBS).await;
            let said = not_ready(&scheduler).await;
            assert!(said.contains("broker"), "{said}");
            assert_eq!(world.jobs().state("pending").count().await, i64::try_from(JOBS).unwrap());
            rabbitmq.ctl(&["set_vm_memory_high_watermark", "0.4"]).await.unwrap();

            world.all_succeed(2 * JOBS, seconds(120)).await;
            world.completed_once_each(2 * JOBS).await;
            scheduler.ready().await;
        })
        .await;
}

/// Publishing to an exchange that is gone closes the channel; the next one declares it again.
#[tokio::test]
async fn an_error_of_the_relays_channel_is_mended() {
    World::run(async |world| {
        let _daemons = flowing(&world).await;

        world.delete_exchange().await;

        more_go_through(&world).await;
    })
    .await;
}

/// The broker ends the channels, and with them their connections, of everybody.
#[tokio::test]
async fn channels_that_the_broker_kills_are_replaced() {
    World::on_own_servers()
        .run(async |world| {
            let _daemons = flowing(&world).await;

            world
                .stack()
                .rabbitmq
                .ctl(&["eval", "[exit(P, kill) || P <- rabbit_channel:list_local()]."])
                .await
                .unwrap();

            more_go_through(&world).await;
        })
        .await;
}

/// The broker closes the relay's channel alone, with an error of the protocol, while there is
/// nothing to publish: readiness would go on saying that all is well, and the next job would wait
/// for the delay after an error.
#[tokio::test]
async fn a_relays_channel_that_the_broker_closes_is_replaced_before_it_is_needed() {
    World::on_own_servers()
        .run(async |world| {
            let [scheduler, _worker] = flowing(&world).await;
            let rabbitmq = &world.stack().rabbitmq;
            // Only the relay asks for confirmations.
            let relays =
                "[P || P <- rabbit_channel:list_local(), rabbit_channel:info(P, [confirm]) =:= [{confirm, true}]]";
            let channels = async || rabbitmq.ctl(&["eval", &format!("{relays}.")]).await.unwrap().trim().to_owned();
            let before = channels().await;
            assert_ne!(before, "[]");
            let errors = scheduler.metric("muster_relay_errors_total", "").await;

            // As if it had acknowledged a message that was never delivered.
            let close = format!("[rabbit_channel:do(P, {{'basic.ack', 1000, false}}) || P <- {relays}].");
            rabbitmq.ctl(&["eval", &close]).await.unwrap();

            eventually(seconds(30), async || {
                let now = channels().await;
                holds(now != "[]" && now != before, format!("{now}, before it was {before}"))
            })
            .await;
            more_go_through(&world).await;
            let more = scheduler.metric("muster_relay_errors_total", "").await - errors;
            assert!(more < 0.5, "the relay met {more} errors");
        })
        .await;
}

/// The broker cancels the consumers of a queue that is deleted; consuming again declares it.
#[tokio::test]
async fn consumers_that_the_broker_cancels_are_replaced() {
    World::run(async |world| {
        let _daemons = flowing(&world).await;

        world.delete_queue(JobKind::LeaseExpiry).await;

        more_go_through(&world).await;
    })
    .await;
}
