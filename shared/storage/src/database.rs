//! The pool, transactions, notifications and migrations.

use std::{ops::Deref, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    PgPool, Postgres,
    migrate::{Migrate, Migrator},
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};

use crate::{Error, Result, announce::Announcer, trust::Trust};

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// How a process connects.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Of the process, for `pg_stat_activity`.
    pub name: String,
    /// Connections at most.
    pub max_connections: u32,
    /// How long to wait for one.
    pub acquire_timeout: Duration,
    /// Commits wait until they are on disk. Without, the last ones are gone after a crash of Postgres, though never one that others which
    /// are on disk have seen: for what is harmless to do again.
    pub durable: bool,
    /// Statements follow indexes, in their order, whatever the planner believes about the tables: for queues, which are empty when statistics
    /// are made and full when they count, so that it would read and sort all that waits to find the first.
    pub by_index: bool,
    /// How long a transaction may stand still before the database ends it, and with it the locks of a process that hangs.
    pub idle_transaction_limit: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            name: String::new(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            durable: true,
            by_index: false,
            idle_transaction_limit: Duration::from_mins(1),
        }
    }
}

/// A pool of connections.
#[derive(Debug, Clone)]
pub struct Pool(pub(crate) PgPool, Arc<Announcer>, Arc<Trust>);

/// A transaction; dropped without [`Tx::commit`], it rolls back.
#[derive(Debug)]
pub struct Tx {
    // First, so that it speaks before the connection is given back.
    copying: Copying,
    inner: sqlx::Transaction<'static, Postgres>,
    announcer: Arc<Announcer>,
    enqueued: bool,
}

/// Whether a COPY is under way. A connection on which one was dropped in the middle may be an answer behind: whoever had it next would be
/// given the answer to another question.
#[derive(Debug)]
struct Copying {
    now: bool,
    trust: Arc<Trust>,
}

impl Drop for Copying {
    fn drop(&mut self) {
        if self.now {
            self.trust.distrust_all();
        }
    }
}

impl Pool {
    /// Makes a pool that connects when it is first used, so that a process can start before its database does.
    pub fn connect_lazily(url: &SecretString, options: &PoolOptions) -> Result<Self> {
        let connect: PgConnectOptions = url.expose_secret().parse()?;
        let trust = Arc::new(Trust::new());
        let (lending, keeping) = (Arc::clone(&trust), Arc::clone(&trust));
        let application = if options.name.is_empty() { "muster" } else { &format!("muster {}", options.name) };
        let planned = if options.by_index { "off" } else { "on" }.to_owned();
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                let trust = Arc::clone(&lending);
                Box::pin(async move { trust.lend(connection, &meta).await })
            })
            .after_release(move |connection, meta| {
                let trust = Arc::clone(&keeping);
                Box::pin(async move { trust.keep(connection, &meta).await })
            })
            .connect_lazy_with(connect.application_name(application).options([
                ("idle_in_transaction_session_timeout", options.idle_transaction_limit.as_millis().to_string()),
                // A client that is cut off and holds locks is given up as soon.
                ("tcp_user_timeout", options.idle_transaction_limit.as_millis().to_string()),
                ("jit", "off".to_owned()),
                ("enable_sort", planned.clone()),
                ("enable_bitmapscan", planned.clone()),
                ("enable_seqscan", planned),
                ("synchronous_commit", if options.durable { "on" } else { "off" }.to_owned()),
            ]));
        let announcer = Announcer::of(&pool);
        Ok(Self(pool, announcer, trust))
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Tx> {
        let inner = self.0.begin().await?;
        let copying = Copying { now: false, trust: Arc::clone(&self.2) };
        Ok(Tx { copying, inner, announcer: Arc::clone(&self.1), enqueued: false })
    }

    /// Asks the database for its time: it answers, and this is its clock.
    pub async fn now(&self) -> Result<DateTime<Utc>> {
        Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(&self.0).await?)
    }

    /// Listens to channels of the database.
    pub async fn listen(&self, channels: &[&str]) -> Result<Listener> {
        let mut listener = PgListener::connect_with(&self.0).await?;
        listener.listen_all(channels.iter().copied()).await?;
        Ok(Listener(listener))
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

impl Tx {
    /// Makes what was written durable.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await?;
        if self.enqueued {
            self.announcer.announce();
        }
        Ok(())
    }

    /// Drops what was written.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }

    /// Begins a part that [`Tx::end_part`] keeps or undoes alone.
    pub async fn begin_part(&mut self) -> Result<()> {
        sqlx::query!("savepoint part").execute(self.conn()).await?;
        Ok(())
    }

    /// Ends a part: keeps what it wrote, or undoes it and leaves the rest of the transaction as it was.
    pub async fn end_part(&mut self, keep: bool) -> Result<()> {
        if !keep {
            sqlx::query!("rollback to savepoint part").execute(self.conn()).await?;
        }
        sqlx::query!("release savepoint part").execute(self.conn()).await?;
        Ok(())
    }

    /// The database's clock at this moment, not at the transaction's begin.
    pub async fn clock(&mut self) -> Result<DateTime<Utc>> {
        Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(self.conn()).await?)
    }

    /// Sends rows in COPY's text format; answers how many there were.
    pub(crate) async fn copy(
        &mut self,
        statement: &str,
        chunks: impl Iterator<Item = impl Deref<Target = [u8]> + Send>,
    ) -> Result<u64> {
        self.copying.now = true;
        let mut copy = self.inner.copy_in_raw(statement).await?;
        for chunk in chunks {
            copy.send(chunk).await?;
        }
        let rows = copy.finish().await?;
        self.copying.now = false;
        Ok(rows)
    }

    /// Jobs come with this transaction: relays are woken when it has committed.
    pub(crate) const fn has_enqueued(&mut self) {
        self.enqueued = true;
    }

    pub(crate) fn conn(&mut self) -> &mut sqlx::PgConnection {
        &mut self.inner
    }
}

/// Wakes when somebody notifies a channel.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// Waits for the next notification and answers its channel. After a lost connection it reconnects by itself and answers `None`, so
    /// that the caller looks for what it may have missed.
    pub async fn wait(&mut self) -> Result<Option<String>> {
        Ok(self.0.try_recv().await?.map(|notification| notification.channel().to_owned()))
    }

    /// The same, and answers what was said.
    pub async fn wait_for_payload(&mut self) -> Result<Option<String>> {
        Ok(self.0.try_recv().await?.map(|notification| notification.payload().to_owned()))
    }
}

/// Brings the schema up to date. Only `muster migrate` calls this; no daemon does.
pub async fn migrate(pool: &Pool) -> Result<()> {
    Ok(MIGRATOR.run(&pool.0).await?)
}

/// How many migrations this version knows and the database has not got.
pub async fn pending_migrations(pool: &Pool) -> Result<usize> {
    let mut connection = pool.0.acquire().await?;
    connection.ensure_migrations_table("_sqlx_migrations").await.map_err(Error::Migrate)?;
    let applied = connection.list_applied_migrations("_sqlx_migrations").await.map_err(Error::Migrate)?;
    Ok(MIGRATOR.iter().filter(|m| !applied.iter().any(|a| a.version == m.version)).count())
}
