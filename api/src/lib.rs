//! The HTTP API: admins, agents and carriers' webhooks.
//!
//! One endpoint is one file in `admin`, `agent` or `webhooks`. An endpoint checks who asks (`auth`), what is asked (`extract`), and
//! writes state and jobs in one transaction; it never talks to the broker or a carrier. Errors are problem+json (`problem`).

mod admin;
mod agent;
mod auth;
mod bounds;
mod compose;
mod csv;
mod document;
mod extract;
mod goal_input;
mod idempotency;
mod openapi;
mod problem;
mod shapes;
mod state;
mod trace;
mod webhooks;

use std::time::Duration;

use anyhow::Context;
use muster_service::{
    Settings,
    health::{self, Readiness},
    metrics::Metrics,
};
use muster_storage::{Pool, PoolOptions, engine::processes};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::state::Api;

/// Runs the api until `stop` is cancelled and what is under way is answered.
pub async fn run(settings: Settings, stop: CancellationToken) -> anyhow::Result<()> {
    let listener =
        TcpListener::bind(&settings.listen).await.with_context(|| format!("listen on {}", settings.listen))?;
    let options = PoolOptions {
        name: settings.process_name.clone(),
        max_connections: settings.database_max_connections,
        ..PoolOptions::default()
    };
    let pool = Pool::connect_lazily(&settings.database_url, &options)?;
    let metrics = Metrics::default();
    let readiness = Readiness::awaiting(&["database"]);
    let process = settings.process_name.clone();
    let api = Api::new(settings, pool.clone(), &metrics)?;
    let routes = openapi::router(api).merge(health::routes(readiness.clone(), metrics));
    tracing::info!(process, "the api runs");
    let report = async {
        loop {
            let seen = processes::seen(&pool, &process, "api").await;
            readiness.report("database", seen.map_err(|error| error.to_string()));
            if stop.run_until_cancelled(tokio::time::sleep(Duration::from_secs(2))).await.is_none() {
                return;
            }
        }
    };
    let (served, ()) = tokio::join!(health::serve(listener, routes, stop.clone()), report);
    served.context("serve")?;
    tracing::info!("the api has stopped");
    Ok(())
}

/// The OpenAPI 3.1 document of this version, as JSON.
pub fn openapi_json() -> serde_json::Result<String> {
    openapi::document().to_pretty_json()
}
