//! A database, a vhost, a folder, and daemons that use them.

use std::sync::Arc;

use muster_local::{Process, ProcessSpec, Stack, ports, programs::Binary};
use muster_service::config::ApiSettings;
use muster_storage::{
    Pool, PoolOptions,
    testing::{clone_template, execute},
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Daemon, TestSettings, seconds, services};

/// What a test works with. [`Harness::finish`] takes the database and the vhost away again; a test that fails leaves them
/// behind, and they go with the servers.
#[derive(Debug)]
pub struct Harness {
    pub(crate) stack: Arc<Stack>,
    pub(crate) database: String,
    pub(crate) vhost: String,
    pub(crate) http: reqwest::Client,
    pool: Pool,
    folder: TempDir,
    settings: TestSettings,
}

impl Harness {
    /// A migrated database and a vhost, both empty, on the servers that all tests share. The installation's schedules are turned off.
    pub async fn start() -> Self {
        Self::on(services::shared().await).await
    }

    /// The same on servers that this test alone uses and may kill.
    pub async fn start_with_own_servers() -> Self {
        Self::on(services::own().await).await
    }

    async fn on(stack: Arc<Stack>) -> Self {
        log();
        let id = Uuid::now_v7().simple().to_string();
        let (database, vhost) = (format!("muster_test_{id}"), format!("muster-test-{id}"));
        let (admin, template) = (stack.postgres.admin_url(), services::template());
        let (cloned, made) = tokio::join!(
            clone_template(&admin, &template, &database, |name| stack.postgres.url(name)),
            stack.rabbitmq.create_vhost(&vhost),
        );
        cloned.expect("cloning the migrated template");
        made.expect("making a vhost");
        let options = PoolOptions { max_connections: 8, ..PoolOptions::default() };
        let database_url = stack.postgres.url(&database);
        let pool = Pool::connect_lazily(&database_url.as_str().into(), &options).expect("the test's own pool");
        let folder = tempfile::Builder::new().prefix("muster-test-").tempdir().expect("a folder for the test");
        let objects = format!("file://{}", folder.path().display());
        let (amqp_url, management_url) = (stack.rabbitmq.amqp_url(&vhost), stack.rabbitmq.management_url());
        let settings = TestSettings::new(&database_url, &amqp_url, &management_url, &objects);
        // Upkeep comes at its own times, and tests count jobs.
        execute(&pool, "update schedule set enabled = false").await.expect("turning upkeep off");
        Self { stack, database, vhost, http: reqwest::Client::new(), pool, folder, settings }
    }

    /// Changes a key of all daemons started from now on; `value` is in TOML's syntax.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.settings = self.settings.with(key, value);
        self
    }

    /// The same where the harness is in use.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.settings = self.settings.clone().with(key, value);
    }

    /// The test's own connections.
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The servers.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The test's folder; uploaded files are in it.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The URL of the test's database.
    pub fn database_url(&self) -> String {
        self.stack.postgres.url(&self.database)
    }

    /// The URL of the test's vhost.
    pub fn amqp_url(&self) -> String {
        self.stack.rabbitmq.amqp_url(&self.vhost)
    }

    /// The settings of a process of this name, listening on a port of its own.
    pub fn settings(&self, name: &str) -> TestSettings {
        let port = ports::free_port().expect("a free port");
        self.settings.clone().with("process_name", format!("{name:?}")).with("listen", format!("\"127.0.0.1:{port}\""))
    }

    /// Starts a scheduler in this process.
    pub fn scheduler(&self, name: &str) -> Daemon {
        Daemon::start(self.settings(name).settings(), muster_scheduler::run)
    }

    /// Starts a worker in this process.
    pub fn worker(&self, name: &str) -> Daemon {
        Daemon::start(self.settings(name).settings(), muster_workers::run)
    }

    /// Starts an api in this process.
    pub fn daemon<F>(&self, name: &str, run: impl FnOnce(ApiSettings, CancellationToken) -> F) -> Daemon
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        Daemon::start(self.settings(name).settings(), run)
    }

    /// Starts a daemon as a process of its own, which takes signals. Its log is in the test's folder.
    pub fn process(&self, binary: Binary, name: &str) -> Process {
        self.process_with(binary, name, &[])
    }

    /// The same with more in its environment.
    pub fn process_with(&self, binary: Binary, name: &str, environment: &[(&str, &str)]) -> Process {
        let file = self.folder.path().join(format!("{name}.toml"));
        std::fs::write(&file, self.settings(name).toml()).expect("writing a daemon's configuration");
        let program = binary.path().expect("Muster's binaries are built before its integration tests run");
        let mut spec = ProcessSpec::new(name, program, self.folder.path().join(format!("{name}.log")))
            .env("MUSTER_CONFIG", file.display().to_string());
        for (key, value) in environment {
            spec = spec.env(*key, *value);
        }
        Process::spawn(spec).expect("starting a daemon")
    }

    /// Takes away what [`Harness::start`] has made.
    pub async fn finish(self) {
        // A transaction that the test has not ended would never give its connection back.
        let closed = tokio::time::timeout(seconds(10), self.pool.close()).await;
        closed.expect("the test has ended its transactions");
        let (dropped, deleted) = tokio::join!(
            self.stack.postgres.drop_database(&self.database),
            self.stack.rabbitmq.delete_vhost(&self.vhost)
        );
        dropped.expect("dropping the test's database");
        deleted.expect("deleting the test's vhost");
        if let Some(stack) = Arc::into_inner(self.stack) {
            stack.stop().await.expect("stopping the servers");
        }
    }
}

/// What daemons log goes to the test's output, if it is asked for.
fn log() {
    let Ok(filter) = std::env::var("MUSTER_TEST_LOG") else { return };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr);
    // Another test of this process may have been first.
    let _ = log.try_init();
}
