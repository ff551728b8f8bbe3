//! Servers and daemons for one benchmark, and its own connections to them.

use anyhow::Context as _;
use muster_local::{Cluster, ClusterOptions, Stack, StackOptions};
use muster_storage::{Pool, PoolOptions, testing};

/// A running Muster of its own.
#[derive(Debug)]
pub(crate) struct Rig {
    pub(crate) stack: Stack,
    pub(crate) cluster: Cluster,
    pub(crate) pool: Pool,
}

/// The database and the vhost.
pub(crate) const NAME: &str = "muster_bench";

impl Rig {
    /// Starts so many schedulers and workers with the settings of production, without upkeep.
    pub(crate) async fn start(schedulers: usize, workers: usize) -> anyhow::Result<Self> {
        Self::start_with(schedulers, workers, &[]).await
    }

    /// The same with more environment.
    pub(crate) async fn start_with(
        schedulers: usize,
        workers: usize,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let stack = Stack::start(StackOptions { always_own: true, ..StackOptions::default() }).await?;
        let log = ("MUSTER_LOG", "warn");
        let extra_env = std::iter::once(&log).chain(environment);
        let extra_env = extra_env.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let options = ClusterOptions {
            schedulers,
            workers,
            database: NAME.to_owned(),
            vhost: NAME.to_owned(),
            // However many receipts wait, the carrier takes the next text: how fast they are taken
            // is not how fast texts go.
            simulator: serde_json::json!({ "max_pending_webhooks": 10_000_000 }),
            extra_env,
            folder: stack.folder().join("cluster"),
        };
        let cluster = Cluster::start(&stack, options).await?;
        let options = PoolOptions { max_connections: 4, ..PoolOptions::default() };
        let pool = Pool::connect_lazily(&stack.postgres.url(NAME).as_str().into(), &options)?;
        let rig = Self { stack, cluster, pool };
        rig.execute("update schedule set enabled = false").await?;
        Ok(rig)
    }

    /// Returns the broker's URL.
    pub(crate) fn amqp_url(&self) -> String {
        self.stack.rabbitmq.amqp_url(NAME)
    }

    /// Runs a statement.
    pub(crate) async fn execute(&self, statement: &str) -> anyhow::Result<u64> {
        testing::execute(&self.pool, statement).await.with_context(|| statement.to_owned())
    }

    /// Empties tables. Triggers keep jobs and the history of messages; a superuser may leave them
    /// out.
    pub(crate) async fn empty(&self, tables: &str) -> anyhow::Result<u64> {
        self.execute(&format!("do $$ begin set local session_replication_role = replica; truncate {tables}; end $$"))
            .await
    }

    /// Reads one whole number.
    pub(crate) async fn number(&self, query: &str) -> anyhow::Result<i64> {
        testing::number(&self.pool, query).await.with_context(|| query.to_owned())
    }

    /// Waits until a query answers this number. It asks seldom, because counting is work on the
    /// same machine.
    pub(crate) async fn until(&self, query: &str, wanted: i64) -> anyhow::Result<()> {
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(15);
        loop {
            let seen = self.number(query).await?;
            if seen == wanted {
                return Ok(());
            }
            anyhow::ensure!(
                std::time::Instant::now() < deadline,
                "{query} is {seen} and not {wanted} after 15 minutes"
            );
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
    }

    /// Bytes of write-ahead log written so far.
    pub(crate) async fn wal_bytes(&self) -> anyhow::Result<i64> {
        self.number("select (pg_current_wal_insert_lsn() - '0/0')::bigint").await
    }

    /// Returns the process id of a daemon.
    pub(crate) fn pid(&self, daemon: &str) -> anyhow::Result<u32> {
        Ok(self.cluster.process(daemon)?.pid())
    }

    /// Ends everything.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.pool.close().await;
        self.cluster.stop().await?;
        self.stack.stop().await
    }
}
