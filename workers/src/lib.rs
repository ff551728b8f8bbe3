//! The worker: takes jobs from the broker and runs them against Postgres and the carrier.
//!
//! Any number of workers run at once. Each kind of job has one file in `handlers`; `registry` is
//! the table of them by mode; `runner` alone decides the meaning of an outcome for the job and its
//! message.

#[cfg(test)]
mod adding_a_job;
mod choice;
mod consume;
mod context;
pub mod error;
mod handlers;
mod life;
mod mail;
mod metrics;
pub mod modes;
mod registry;
mod restore;
mod rights;
mod runner;
pub mod testing;

use std::time::Duration;

use anyhow::Context as _;
use muster_broker::LineFigures;
use muster_service::{
    config::WorkerSettings,
    connections::{BrokerState, Look, PoolState},
    health::{self, Readiness},
    metrics::Metrics,
    notify, telemetry,
};
use muster_storage::{Pool, db::waits::PoolFigures, engine::processes, people::phone_keys, trust::ledger};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use context::{Context, slot::Slot};
pub use modes::{InTransaction, Leased, Together};

/// How long the database may take to answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

/// How long the database may take to hear of this worker's orderly end.
const LONGEST_FAREWELL: Duration = Duration::from_secs(1);

/// Runs a worker until `stop` is cancelled and its jobs are finished or handed back.
pub async fn run(settings: WorkerSettings, stop: CancellationToken) -> anyhow::Result<()> {
    let address = &settings.process.listen;
    let listener = TcpListener::bind(address).await.with_context(|| format!("listen on {address}"))?;
    let registry = Metrics::default();
    let readiness = Readiness::awaiting(&["database", "broker"]);
    let context = Context::new(settings, metrics::WorkerMetrics::register(&registry))?;
    registry.register_pools(vec![("handlers", look(&context.pool)), ("engine", look(&context.engine_pool))]);
    let line = context.line.clone();
    registry.register_broker(Box::new(move || {
        let LineFigures { connected, blocked, channels, consumers, unacknowledged, unconfirmed } = line.figures();
        BrokerState { connected, blocked, channels, consumers, unacknowledged, unconfirmed }
    }));
    tracing::info!(process = context.settings.process.name, "the worker runs");
    notify::ready();
    let routes = health::routes(readiness.clone(), registry.clone());
    // Nothing is taken with the wrong keys.
    let work = async {
        let waits = |why| readiness.report("database", Err(why));
        let verified = phone_keys::verified(&context.engine_pool, &context.phone_hash_keys, waits);
        match stop.run_until_cancelled(verified).await {
            Some(Err(wrong)) => {
                stop.cancel();
                return Err(wrong.into());
            }
            Some(Ok(())) => {}
            None => return Ok(()),
        }
        if stop.run_until_cancelled(restore::until_replayed(&context, &readiness)).await.is_none() {
            return Ok(());
        }
        let ((), reported, ()) = tokio::join!(
            consume(&context, &readiness, &stop),
            report(&context, &readiness, &stop),
            context.stops.listen(&context.engine_pool, &context.metrics, &stop),
        );
        reported
    };
    let (served, worked, ()) =
        tokio::join!(health::serve(listener, routes, stop.clone()), work, telemetry::push_metrics(&registry, &stop),);
    worked?;
    served.context("health")?;
    tracing::info!("the worker has stopped");
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

/// Consumes until it is time to stop, within a life by which the worker's death is seen.
async fn consume(context: &Context, readiness: &Readiness, stop: &CancellationToken) {
    let Some(mut life) = stop.run_until_cancelled(life::begin(context)).await else { return };
    tokio::select! {
        () = consume::run(context, readiness, stop) => {}
        () = life::keep(context, &mut life) => {}
    }
    // One that is left behind ends as that of a dead worker.
    let _ended = tokio::time::timeout(LONGEST_FAREWELL, life.end()).await;
}

/// Says at once and at intervals that this process is alive, and whether its database answers. Ends
/// the worker when a backup took its database's place: the next one waits for the replay.
async fn report(context: &Context, readiness: &Readiness, stop: &CancellationToken) -> anyhow::Result<()> {
    let mut started = false;
    loop {
        let restored = tokio::time::timeout(LONGEST_ANSWER, ledger::is_restored(&context.engine_pool)).await;
        if matches!(restored, Ok(Ok(true))) {
            readiness.report("ledger", Err(restore::WHY.to_owned()));
            stop.cancel();
            anyhow::bail!("{}", restore::WHY);
        }
        let seen = match tokio::time::timeout(LONGEST_ANSWER, lives(context, &mut started)).await {
            Ok(seen) => seen.map_err(|error| error.to_string()),
            Err(_) => Err("no answer within 10 s".to_owned()),
        };
        readiness.report("database", seen);
        if stop.run_until_cancelled(tokio::time::sleep(Duration::from_secs(2))).await.is_none() {
            return Ok(());
        }
    }
}

/// Says that this process is alive, first with the kinds that it takes, and hears whether an
/// operator has asked it to drain.
async fn lives(context: &Context, started: &mut bool) -> muster_storage::Result<()> {
    let (pool, name) = (&context.engine_pool, &context.settings.process.name);
    let told = if *started { processes::worker_lives(pool, name).await? } else { None };
    let draining = match told {
        Some(draining) => draining,
        None => {
            processes::worker_started(pool, name, context.choice.kinds()).await?;
            *started = true;
            false
        }
    };
    context.draining.send_if_modified(|known| std::mem::replace(known, draining) != draining);
    Ok(())
}
