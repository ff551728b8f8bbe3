//! A world's beginning and end: a test's set-up, and the tidying when it is over.

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use futures::FutureExt as _;
use muster_local::Stack;
use muster_service::config::ApiSettings;
use muster_simulator::{Behaviour, Config, Millis, Receipts, Simulator};
use muster_storage::{
    Pool, PoolOptions,
    testing::{clone_template, execute},
    trust::objects::folder_of,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Inner, Running, clock, services};
use crate::{CARRIER_ACCOUNT, CARRIER_SECRET, Daemon, TestSettings, UPLOAD_LIMIT, World, eventually, holds, seconds};

/// A test's set-up. [`Setup::run`] makes it and takes it away again.
#[derive(Debug, Default)]
#[must_use]
#[expect(clippy::struct_excessive_bools, reason = "each asks for one part of the world")]
pub struct Setup {
    settings: Vec<(String, String)>,
    unset: Vec<String>,
    has_api: bool,
    has_engine: bool,
    has_lookups: bool,
    has_own_servers: bool,
    has_moved_clock: bool,
}

impl World {
    /// Runs a test in a world with an empty database, and a vhost, where nothing runs.
    pub async fn run<T>(test: impl AsyncFnOnce(Self) -> T) -> T {
        Setup::default().run(test).await
    }

    /// The same with another setting of all daemons; `value` is in TOML's syntax.
    pub fn with(key: &str, value: impl Into<String>) -> Setup {
        Setup::default().with(key, value)
    }

    /// Returns a world with an api alone: jobs stay pending.
    pub fn with_api() -> Setup {
        Setup { has_api: true, ..Setup::default() }
    }

    /// Returns a world with an api, a scheduler, a worker, and a carrier that delivers at once and
    /// has contacts that say nothing by themselves.
    pub fn with_engine() -> Setup {
        Setup { has_engine: true, ..Self::with_api() }
    }

    /// [`World::with_engine`] where numbers are looked up at the carrier.
    pub fn with_lookups() -> Setup {
        Setup { has_lookups: true, ..Self::with_engine() }
    }

    /// [`World::with_engine`] with a clock that the test moves.
    pub fn with_moved_clock() -> Setup {
        Self::with_engine().moved_clock()
    }

    /// Returns a world on servers that this test alone uses, and may freeze and kill.
    pub fn on_own_servers() -> Setup {
        Setup::default().own_servers()
    }
}

impl Setup {
    /// Changes a setting of all daemons; `value` is in TOML's syntax.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.settings.push((key.to_owned(), value.into()));
        self
    }

    /// Leaves a setting of all daemons unset.
    pub fn without(mut self, key: &str) -> Self {
        self.unset.push(key.to_owned());
        self
    }

    /// Changes more of them.
    pub fn with_all<'a, T: AsRef<str> + 'a>(self, settings: impl IntoIterator<Item = &'a (&'a str, T)>) -> Self {
        settings.into_iter().fold(self, |setup, (key, value)| setup.with(key, value.as_ref()))
    }

    /// Asks for an api.
    pub fn api(mut self) -> Self {
        self.has_api = true;
        self
    }

    /// Asks for a clock that the test moves.
    pub fn moved_clock(mut self) -> Self {
        self.has_moved_clock = true;
        self
    }

    /// Asks for servers that this test alone uses.
    pub fn own_servers(mut self) -> Self {
        self.has_own_servers = true;
        self
    }

    /// Makes the world, runs the test in it, and ends the world: its daemons stop in order, the
    /// database and the vhost go. A test that panics has its world described and taken away too.
    pub async fn run<T>(self, test: impl AsyncFnOnce(World) -> T) -> T {
        let world = self.start().await;
        let outcome = AssertUnwindSafe(Box::pin(test(world.clone()))).catch_unwind().await;
        match outcome {
            Ok(answer) => {
                world.end().await;
                answer
            }
            Err(panic) => {
                world.give_up().await;
                resume_unwind(panic)
            }
        }
    }

    async fn start(self) -> World {
        let stack = if self.has_own_servers { services::own().await } else { services::shared().await };
        let world = World::on(stack, self.has_moved_clock).await;
        for key in &self.unset {
            world.unset(key);
        }
        for (key, value) in &self.settings {
            world.set(key, value);
        }
        if self.has_api {
            world.start_api().await;
        }
        if self.has_engine {
            world.start_engine(self.has_lookups).await;
        }
        world
    }
}

impl World {
    /// Returns a migrated database and a vhost, both empty. The installation's schedules are turned
    /// off.
    async fn on(stack: Arc<Stack>, has_moved_clock: bool) -> Self {
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
        let database_url = stack.postgres.url(&database);
        if has_moved_clock {
            clock::give(&database_url).await;
        }
        let options = PoolOptions { max_connections: 8, ..PoolOptions::default() };
        let pool = Pool::connect_lazily(&database_url.as_str().into(), &options).expect("the test's own pool");
        let folder = tempfile::Builder::new().prefix("muster-test-").tempdir().expect("a folder for the test");
        let objects = format!("file://{}", folder.path().display());
        let (amqp_url, management_url) = (stack.rabbitmq.amqp_url(&vhost), stack.rabbitmq.management_url());
        let mails = format!("\"{}\"", folder.path().join("mails").display());
        let settings = TestSettings::new(&stack.postgres.app_url(&database), &amqp_url, &management_url, &objects)
            .with("mail_folder", mails)
            // Tests ask as fast as the machine allows; rates are a subject of their own.
            .with("token_requests_a_minute", "10000000");
        // Upkeep comes at its own times, and tests count jobs.
        execute(&pool, "update schedule set enabled = false").await.expect("turning upkeep off");
        Self(Arc::new(Inner {
            stack,
            database,
            vhost,
            http: reqwest::Client::new(),
            pool,
            folder,
            settings: Mutex::new(settings),
            running: Mutex::new(Running::default()),
            carrier: OnceLock::new(),
        }))
    }

    /// Starts an api; the daemons are told its URL.
    async fn start_api(&self) {
        let api = self.daemon("api", serve);
        api.ready().await;
        self.set("public_url", format!("{:?}", api.url()));
        self.running(|running| running.api = Some(Arc::new(api)));
    }

    async fn start_engine(&self, looks_up: bool) {
        let receipts = Receipts { delay_ms: Millis { min: 20, max: 80 }, ..Receipts::default() };
        self.start_carrier(Behaviour { receipts, ..Behaviour::default() }).await;
        if looks_up {
            self.set("lookup_url", format!("{:?}", self.carrier().url));
        }
        let daemons = [self.scheduler("scheduler"), self.worker("worker")];
        tokio::join!(daemons[0].ready(), daemons[1].ready());
        self.running(|running| running.engine = Some(daemons));
    }

    /// Starts a carrier; daemons that are started from now on are told its URL.
    pub async fn start_carrier(&self, behaviour: Behaviour) -> &Simulator {
        let config = Config {
            account_sid: CARRIER_ACCOUNT.to_owned(),
            auth_token: CARRIER_SECRET.to_owned(),
            behaviour,
            ..Config::default()
        };
        let carrier = muster_simulator::start(config).await.expect("starting a carrier");
        self.set("carrier_url", format!("{:?}", carrier.url));
        assert!(self.0.carrier.set(carrier).is_ok(), "a world has one carrier");
        self.carrier()
    }

    /// Starts the scheduler and the worker anew, and beside the api one with other settings, in
    /// TOML's syntax, which takes its place.
    pub async fn restart_with(&self, settings: &[(&str, &str)]) {
        for (key, value) in settings {
            self.set(key, *value);
        }
        let [scheduler, worker] = self.running(|running| running.engine.take()).expect("the world has an engine");
        tokio::join!(scheduler.stop(), worker.stop());
        let api = self.daemon("api", serve);
        api.ready().await;
        let before = self.running(|running| running.api.replace(Arc::new(api))).expect("the world has an api");
        alone(before).stop().await;
        let daemons = [self.scheduler("scheduler-2"), self.worker("worker-2")];
        tokio::join!(daemons[0].ready(), daemons[1].ready());
        self.running(|running| running.engine = Some(daemons));
    }

    /// Stops the api, as SIGTERM does.
    pub async fn stop_api(&self) {
        let api = self.running(|running| running.api.take()).expect("the world has an api");
        alone(api).stop().await;
    }

    /// Ends the rest of the test, in order.
    async fn end(self) {
        // Tasks that the test has dropped may hold the world for a moment longer.
        let holders = || Arc::strong_count(&self.0);
        eventually(seconds(10), async || holds(holders() == 1, format!("{} hold the world", holders()))).await;
        let Running { api, engine } = self.running(std::mem::take);
        if let Some([scheduler, worker]) = engine {
            tokio::join!(scheduler.stop(), worker.stop());
        }
        let inner = Arc::into_inner(self.0).expect("the test alone held the world");
        every_object_is_in_the_registry(inner.folder.path());
        if let Some(carrier) = inner.carrier.into_inner() {
            carrier.shutdown().await;
        }
        if let Some(api) = api {
            alone(api).stop().await;
        }
        // A transaction that the test has not ended would never give its connection back.
        tokio::time::timeout(seconds(60), inner.pool.close()).await.expect("the test has ended its transactions");
        let (dropped, deleted) =
            tokio::join!(drop_database(&inner.stack, &inner.database), inner.stack.rabbitmq.delete_vhost(&inner.vhost));
        dropped.expect("dropping the test's database");
        deleted.expect("deleting the test's vhost");
        if let Some(stack) = Arc::into_inner(inner.stack) {
            stack.stop().await.expect("stopping the servers");
        }
    }

    /// Names the leftovers of a test that has failed, and removes them as far as that is possible.
    #[allow(clippy::print_stderr, reason = "a test that has failed says what it saw")]
    async fn give_up(self) {
        const PATIENCE: Duration = seconds(5);
        let left = tokio::time::timeout(PATIENCE, self.story()).await;
        eprintln!("The world at the end: {}", left.as_deref().unwrap_or("the database does not answer"));
        // Nothing that runs is needed any more.
        drop(self.running(std::mem::take));
        let gone = async {
            tokio::join!(
                drop_database(self.stack(), &self.0.database),
                self.stack().rabbitmq.delete_vhost(&self.0.vhost)
            )
        };
        if !matches!(tokio::time::timeout(PATIENCE, gone).await, Ok((Ok(()), Ok(())))) {
            eprintln!("The database {} and the vhost {} go with their servers.", self.0.database, self.0.vhost);
        }
    }
}

/// Webhooks are signed for the URL that the carrier knows.
async fn serve(mut settings: ApiSettings, stop: CancellationToken) -> anyhow::Result<()> {
    settings.carrier.public_url = format!("http://{}", settings.process.listen);
    settings.imports.upload_limit_bytes = UPLOAD_LIMIT as u64;
    muster_api::run(settings, stop).await
}

fn alone(api: Arc<Daemon>) -> Daemon {
    Arc::into_inner(api).expect("no test keeps the api for later")
}

/// Rule R5a: no writer puts an object into a folder of the object store that the registry does not
/// have.
fn every_object_is_in_the_registry(store: &Path) {
    for entry in std::fs::read_dir(store).expect("the world's folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Mails are beside the store's folders.
        let known = !entry.path().is_dir() || name == "mails" || folder_of(&name).is_some();
        assert!(known, "say in shared/storage/src/trust/objects.rs what the objects in {name}/ hold of people");
    }
}

async fn drop_database(stack: &Stack, name: &str) -> muster_storage::Result<()> {
    let options = PoolOptions { max_connections: 1, ..PoolOptions::default() };
    let admin = Pool::connect_lazily(&stack.postgres.admin_url().into(), &options)?;
    execute(&admin, &format!("drop database if exists {name} with (force)")).await?;
    admin.close().await;
    Ok(())
}

/// Daemons' logs go to the test's output, if it is asked for.
fn log() {
    let Ok(filter) = std::env::var("MUSTER_TEST_LOG") else { return };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr);
    // Another test of this process may have been first.
    let _ = log.try_init();
}
