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
    /// `waits`: where there are several servers, all commits wait
    /// ([`PoolOptions::durable`](crate::PoolOptions::durable)).
    pub(crate) fn of(pool: &PgPool, waits: bool) -> Arc<Self> {
        let wanted = Arc::new(Notify::new());
        let mut task = JoinSet::new();
        task.spawn(run(pool.clone(), waits, Arc::clone(&wanted)));
        Arc::new(Self { wanted, _task: Mutex::new(task) })
    }

    /// A transaction with jobs has committed. Commits that follow before the announcement is out
    /// share it.
    pub(crate) fn announce(&self) {
        self.wanted.notify_one();
    }
}

async fn run(pool: PgPool, waits: bool, wanted: Arc<Notify>) {
    loop {
        wanted.notified().await;
        // A failure does no harm: a relay that is not woken looks by itself within a second. No
        // other announcement commits while one waits for the disk, so that it does not.
        let _ = sqlx::query!(
            "select pg_notify($1, ''), set_config('synchronous_commit', case when $2 then current_setting('synchronous_commit') else 'off' end, true)",
            NOTIFY_JOBS,
            waits,
        )
        .fetch_one(&pool)
        .await;
    }
}
