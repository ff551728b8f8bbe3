//! The scheduler: fires timers, relays jobs from Postgres to the broker, and brings back work of
//! dead processes.
//!
//! Any number of schedulers run at once, all active, none a leader: each takes due rows with
//! `FOR UPDATE SKIP LOCKED` and finishes them in the transaction that took them. It emits jobs and
//! does no business work.

mod figures;
mod listen;
mod lives;
mod metrics;
mod relay;
mod schedules;
mod sweeps;
mod timers;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use muster_broker::{LineFigures, Publisher};
use muster_domain::engine::process::ProcessRole;
use muster_service::{
    config::SchedulerSettings,
    connections::{BrokerState, Look, PoolState},
    health::{self, Readiness},
    metrics::Metrics,
    notify, telemetry,
};
use muster_storage::{
    Pool, PoolOptions,
    db::{
        room::{Asker, alone},
        waits::PoolFigures,
    },
    engine,
    trust::ledger,
};
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::sync::CancellationToken;

use crate::{figures::LatestFigures, metrics::SchedulerMetrics};

/// The longest that a round of anything may take. A database that does not answer looks the same as
/// one that is slow; a caller that waits longer gives the connection up and takes another.
const LONGEST_ROUND: Duration = Duration::from_secs(30);

/// After how long without an answer the database counts as away.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

/// State shared by the parts of a scheduler.
#[derive(Debug, Clone)]
struct Scheduler {
    pool: Pool,
    settings: Arc<SchedulerSettings>,
    readiness: Readiness,
    metrics: SchedulerMetrics,
    /// Wakes the relay: a job was enqueued.
    enqueued: Arc<Notify>,
    /// Wakes the timers' loop: one was set that is due soon.
    timer_set: Arc<Notify>,
    stop: CancellationToken,
}

/// Runs a scheduler until `stop` is cancelled.
pub async fn run(settings: SchedulerSettings, stop: CancellationToken) -> anyhow::Result<()> {
    let options = PoolOptions {
        name: settings.process.name.clone(),
        max_connections: settings.database.max_connections,
        by_index: true,
        ..PoolOptions::default()
    };
    let address = &settings.process.listen;
    let listener = TcpListener::bind(address).await.with_context(|| format!("listen on {address}"))?;
    let registry = Metrics::default();
    let scheduler = Scheduler {
        pool: Pool::connect_lazily(&settings.database.url, &options)?,
        readiness: Readiness::awaiting(&["database", "broker"]),
        metrics: SchedulerMetrics::register(&registry),
        enqueued: Arc::new(Notify::new()),
        timer_set: Arc::new(Notify::new()),
        settings: Arc::new(settings),
        stop: stop.clone(),
    };
    let latest = LatestFigures::default();
    registry.register(|registry| registry.register_collector(Box::new(latest.clone())));
    let relay_pool = relay::pool(&scheduler.settings)?;
    let publisher = Publisher::new(scheduler.settings.broker.url.clone(), &scheduler.settings.process.name);
    registry.register_pools(vec![("engine", look(&scheduler.pool)), ("relay", look(&relay_pool))]);
    let line = publisher.line();
    registry.register_broker(Box::new(move || {
        let LineFigures { connected, blocked, channels, consumers, unacknowledged, unconfirmed } = line.figures();
        BrokerState { connected, blocked, channels, consumers, unacknowledged, unconfirmed }
    }));
    tracing::info!(process = scheduler.settings.process.name, "the scheduler runs");
    notify::ready();
    let routes = health::routes(scheduler.readiness.clone(), registry.clone());
    let (served, ..) = tokio::join!(
        health::serve(listener, routes, stop.clone()),
        telemetry::push_metrics(&registry, &stop),
        work(&scheduler, &relay_pool, publisher),
        alone(Asker::Ours, figures::run(&scheduler, &latest)),
        alone(Asker::Ours, report(&scheduler)),
    );
    served.context("health")?;
    tracing::info!("the scheduler has stopped");
    Ok(())
}

/// Returns how to look at a pool, for a scrape.
fn look(pool: &Pool) -> Look<PoolState> {
    let pool = pool.clone();
    Box::new(move || {
        let PoolFigures { max, used, idle, waiting, timeouts, waited_seconds, waits } = pool.figures();
        PoolState { max, used, idle, waiting, timeouts, waited_seconds, waits }
    })
}

/// Does the scheduler's work, once the database is none that came back from a backup (rule R6).
async fn work(scheduler: &Scheduler, relay_pool: &Pool, publisher: Publisher) {
    loop {
        let why = match alone(Asker::Ours, ledger::is_restored(&scheduler.pool)).await {
            Ok(false) => break,
            Ok(true) => "the database came back from a backup; nothing is relayed: run muster ledger replay".to_owned(),
            // A database that does not answer may be one that came back.
            Err(error) => error.to_string(),
        };
        scheduler.readiness.report("ledger", Err(why));
        if !scheduler.pause(Duration::from_secs(2)).await {
            return;
        }
    }
    scheduler.readiness.report("ledger", Ok(()));
    tokio::join!(
        alone(Asker::Ours, relay::run(scheduler, relay_pool, publisher)),
        listen::run(scheduler),
        // Each uses one connection at a time.
        alone(Asker::Ours, timers::run(scheduler)),
        alone(Asker::Ours, schedules::run(scheduler)),
        alone(Asker::Ours, sweeps::run(scheduler)),
        alone(Asker::Ours, lives::run(scheduler)),
    );
}

/// Says at once and at intervals that this process is alive, and whether its database answers.
async fn report(scheduler: &Scheduler) {
    loop {
        let seen =
            engine::processes::heartbeat(&scheduler.pool, &scheduler.settings.process.name, ProcessRole::Scheduler);
        let seen = match tokio::time::timeout(LONGEST_ANSWER, seen).await {
            Ok(seen) => seen.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {LONGEST_ANSWER:?}")),
        };
        scheduler.readiness.report("database", seen);
        if !scheduler.pause(Duration::from_secs(2)).await {
            return;
        }
    }
}

impl Scheduler {
    /// Waits; false when it is time to stop.
    async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }
}
