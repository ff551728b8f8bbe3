//! A reference: a handler that only stores the bodies of its requests.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::post};
use muster_storage::{Pool, PoolOptions, testing};
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet};

use crate::rig::{NAME, Rig};

/// As many connections as an api has by default.
const CONNECTIONS: u32 = 20;

/// The handler at work, at `/store` of its URL.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) url: String,
    pool: Arc<Pool>,
    stop: oneshot::Sender<()>,
    serving: JoinSet<std::io::Result<()>>,
}

impl Store {
    /// Starts it over a table of its own in the rig's database.
    pub(crate) async fn start(rig: &Rig) -> anyhow::Result<Self> {
        rig.execute("create table if not exists bare (id bigint generated always as identity primary key, body text)")
            .await?;
        let options = PoolOptions { max_connections: CONNECTIONS, ..PoolOptions::default() };
        let pool = Arc::new(Pool::connect_lazily(&rig.stack.postgres.url(NAME).as_str().into(), &options)?);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/store", listener.local_addr()?);
        let router = Router::new().route("/store", post(store)).with_state(Arc::clone(&pool));
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = axum::serve(listener, router).with_graceful_shutdown(async {
            let _told = stopped.await;
        });
        let mut serving = JoinSet::new();
        serving.spawn(async { serve.await });
        Ok(Self { url, pool, stop, serving })
    }

    /// Ends it, once no client keeps a connection.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stop);
        while let Some(served) = self.serving.join_next().await {
            served??;
        }
        self.pool.close().await;
        Ok(())
    }
}

async fn store(State(pool): State<Arc<Pool>>, body: String) -> Result<StatusCode, StatusCode> {
    let body = body.replace('\'', "''");
    let stored = testing::execute(&pool, &format!("insert into bare (body) values ('{body}')")).await;
    stored.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(StatusCode::CREATED)
}
