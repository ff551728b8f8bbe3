//! The HTTP API: admins, agents and carriers' webhooks.
//!
//! One endpoint is one file in `admin`, `agent` or `webhooks`. An endpoint checks the caller
//! (`auth`) and the request (`extract`), and writes state and jobs in one transaction. It never
//! talks to the broker or a carrier. Errors are problem+json (`problem`).

mod admin;
mod agent;
mod asker;
mod audit;
mod auth;
mod bounds;
mod compose;
mod console;
mod credentials;
mod document;
mod downloads;
mod extract;
mod idempotency;
mod keys;
mod limits;
mod list;
mod looks;
mod openapi;
mod operator;
mod problem;
mod rates;
mod shapes;
mod sign_in;
mod sign_ups;
mod state;
mod stops;
mod trace;
mod webhooks;

use std::{
    num::NonZero,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::Context;
use muster_domain::engine::process::ProcessRole;
use muster_service::{
    config::{ApiSettings, Database},
    connections::{Look, PoolState},
    health::{self, Readiness},
    metrics::Metrics,
    notify,
    serve::{self, Connections},
    telemetry,
};
use muster_storage::{
    Pool, PoolOptions,
    db::{
        room::{self, Asker, RoomFigures, RoomOptions},
        waits::PoolFigures,
    },
    engine::processes,
    people::phone_keys::{self, WrongKeys},
    trust::ledger,
};
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::state::Api;

/// Longest statement of a request; the caller has been answered by then.
const LONGEST_STATEMENT: Duration = Duration::from_mins(2);

/// Requests that have their turn at once at least, on a machine with fewer processors: while one
/// waits for the disk, another goes on.
const AT_ONCE: usize = 4;

/// Said by `readyz`.
const RESTORED: &str = "the database came back from a backup; nothing is answered: run muster ledger replay";

/// How long the database may take to say that it is there.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

/// Runs the api until `stop` is cancelled and the requests under way are answered.
pub async fn run(settings: ApiSettings, stop: CancellationToken) -> anyhow::Result<()> {
    let address = &settings.process.listen;
    let listener = TcpListener::bind(address).await.with_context(|| format!("listen on {address}"))?;
    let options = PoolOptions {
        name: settings.process.name.clone(),
        max_connections: settings.database.max_connections,
        statement_limit: Some(LONGEST_STATEMENT),
        room: Some(room(&settings.database)),
        refuses_when_away: true,
        ..PoolOptions::default()
    };
    let pool = Pool::connect_lazily(&settings.database.url, &options)?;
    let health_listener = match &settings.http.health_listen {
        Some(address) => Some(TcpListener::bind(address).await.with_context(|| format!("listen on {address}"))?),
        None => None,
    };
    let metrics = Metrics::default();
    let readiness = Readiness::awaiting(&["database"]);
    let (process, limits) = (settings.process.name.clone(), settings.http.limits());
    let connections = Connections::register(&metrics);
    let gauges = Gauges::register(&metrics);
    metrics.register_pools(vec![("requests", look(&pool))]);
    let api = Api::new(settings, pool.clone(), &metrics, stop.clone())?;
    let writing = api.writing.clone();
    let (keys, keys_confirmed) = (api.phone_hash_keys.clone(), Arc::clone(&api.keys_confirmed));
    let restored = Arc::clone(&api.restored);
    let (mut routes, mut beyond) = (console::with_console(api), health::no_room());
    let health = health::routes(readiness.clone(), metrics.clone());
    if health_listener.is_none() {
        routes = routes.merge(health.clone());
        beyond = beyond.merge(health.clone());
    }
    tracing::info!(process, "the api runs");
    notify::ready();
    let report_all = async {
        let waits = |why| readiness.report("database", Err(why));
        room::alone(Asker::Ours, phone_keys::verified(&pool, &keys, waits)).await?;
        loop {
            // A look that fails says nothing: the one before stands.
            if let Ok(Ok(is_restored)) = tokio::time::timeout(LONGEST_ANSWER, restored_now(&pool)).await {
                restored.store(is_restored, Ordering::Release);
                keys_confirmed.store(true, Ordering::Release);
                readiness.report("ledger", if is_restored { Err(RESTORED.to_owned()) } else { Ok(()) });
            }
            let seen = room::alone(Asker::Ours, processes::heartbeat(&pool, &process, ProcessRole::Api));
            let seen = match tokio::time::timeout(LONGEST_ANSWER, seen).await {
                Ok(seen) => seen.map_err(|error| error.to_string()),
                Err(_) => Err(format!("no answer within {LONGEST_ANSWER:?}")),
            };
            readiness.report("database", seen);
            gauges.set(&pool);
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    };
    let report = async {
        let wrong: Option<Result<(), WrongKeys>> = stop.run_until_cancelled(report_all).await;
        readiness.report("api", Err("stops".to_owned()));
        // Nothing is answered with the wrong keys.
        stop.cancel();
        wrong.unwrap_or(Ok(()))
    };
    // Health is answered until everything else has been.
    let answered = CancellationToken::new();
    let serve_health = async {
        match health_listener {
            Some(listener) => health::serve(listener, health, answered.clone()).await,
            None => Ok(()),
        }
    };
    let serve_clients = async {
        let served = serve::serve(listener, routes, beyond, limits, connections, stop.clone()).await;
        writing.close();
        writing.wait().await;
        answered.cancel();
        served
    };
    let (served, healthy, reported, ()) =
        tokio::join!(serve_clients, serve_health, report, telemetry::push_metrics(&metrics, &stop));
    reported?;
    served.and(healthy).context("serve")?;
    tracing::info!("the api has stopped");
    Ok(())
}

/// Returns whether the database came back from a backup, and writes down the place of a new one.
async fn restored_now(pool: &Pool) -> muster_storage::Result<bool> {
    room::alone(Asker::Ours, ledger::compare(pool, None)).await
}

/// A fifth of the connections is kept for webhooks and the api itself. One tenant's requests use
/// all connections that are not kept for others, unless the configuration says less.
fn room(database: &Database) -> RoomOptions {
    RoomOptions {
        reserved: (database.max_connections / 5).max(2),
        share: database.tenant_connections,
        at_once: std::thread::available_parallelism().map_or(AT_ONCE, NonZero::get).max(AT_ONCE),
    }
}

/// Returns how to look at a pool, for a scrape.
fn look(pool: &Pool) -> Look<PoolState> {
    let pool = pool.clone();
    Box::new(move || {
        let PoolFigures { max, used, idle, waiting, timeouts, waited_seconds, waits } = pool.figures();
        PoolState { max, used, idle, waiting, timeouts, waited_seconds, waits }
    })
}

/// Gauges of the pool, which is looked at when its readiness is.
#[derive(Default)]
struct Gauges {
    second: Gauge<i64>,
    at_once: Gauge<i64>,
    used: Gauge<i64>,
    waiting: Gauge<i64>,
}

impl Gauges {
    fn register(metrics: &Metrics) -> Self {
        let gauges = Self::default();
        metrics.register(|registry| {
            let second = "Times that a request held a connection to Postgres and asked for another, which is a fault";
            registry.register("second_connections", second, gauges.second.clone());
            registry.register("turns", "Requests that may have their turn at once", gauges.at_once.clone());
            registry.register("turns_used", "Requests that have begun", gauges.used.clone());
            registry.register("turns_waiting", "Requests that wait for their turn", gauges.waiting.clone());
        });
        gauges
    }

    fn set(&self, pool: &Pool) {
        let RoomFigures { at_once, used, waiting } = pool.room();
        self.second.set(i64::try_from(room::second_connections()).unwrap_or(i64::MAX));
        for (gauge, figure) in [(&self.at_once, at_once), (&self.used, used), (&self.waiting, waiting)] {
            gauge.set(i64::try_from(figure).unwrap_or(i64::MAX));
        }
    }
}

/// Returns the OpenAPI 3.1 document of this version, as JSON.
pub fn openapi_json() -> serde_json::Result<String> {
    openapi::document().to_pretty_json()
}
