//! Wakes the relays when jobs were enqueued.
//!
//! Not by a NOTIFY of the transaction that enqueues: Postgres lets only one such transaction commit
//! at a time in the whole cluster, from before its log is flushed until after. A process announces
//! its commits behind them, many at once with one statement; if it dies in between, the relays'
//! polling makes up for it.

use std::sync::{Arc, Mutex};

use muster_jobs::names::NOTIFY_JOBS;
use sqlx::PgPool;
use tokio::{sync::Notify, task::JoinSet};

/// Announces the jobs that a pool's transactions have enqueued.
#[derive(Debug)]
pub(crate) struct Announcer {
    wanted: Arc<Notify>,
    // Ends with the pool.
    _task: Mutex<JoinSet<()>>,
}

impl Announcer {
    pub(crate) fn of(pool: &PgPool) -> Arc<Self> {
        let wanted = Arc::new(Notify::new());
        let mut task = JoinSet::new();
        task.spawn(run(pool.clone(), Arc::clone(&wanted)));
        Arc::new(Self { wanted, _task: Mutex::new(task) })
    }

    /// A transaction with jobs has committed. Commits that follow before the announcement is out
    /// share it.
    pub(crate) fn announce(&self) {
        self.wanted.notify_one();
    }
}

async fn run(pool: PgPool, wanted: Arc<Notify>) {
    loop {
        wanted.notified().await;
        // A failure does no harm: a relay that is not woken looks by itself within a second.
        let _ = sqlx::query!("select pg_notify($1, '')", NOTIFY_JOBS).execute(&pool).await;
    }
}
