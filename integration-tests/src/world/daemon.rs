//! Daemons: inside the test's process, where they can be looked into, or beside it, where they take
//! signals.

use std::{pin::Pin, sync::PoisonError};

use muster_local::{Process, ProcessSpec, ports, programs::Binary};
use muster_service::config::{ApiSettings, DaemonSettings};
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{TestSettings, World, eventually, seconds};

/// A running daemon. It has a runtime of its own, so that it can die with everything that it has
/// spawned.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    url: String,
    http: reqwest::Client,
    stop: CancellationToken,
    // Both are there until it has been stopped.
    running: Option<(Runtime, JoinHandle<anyhow::Result<()>>)>,
}

impl Daemon {
    fn start<S, F>(settings: S, http: reqwest::Client, run: impl FnOnce(S, CancellationToken) -> F) -> Self
    where
        S: DaemonSettings,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (name, url) = (settings.process().name.clone(), format!("http://{}", settings.process().listen));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(&name)
            .enable_all()
            .build()
            .expect("a runtime for a daemon");
        let stop = CancellationToken::new();
        let run: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(run(settings, stop.clone()));
        let done = runtime.spawn(run);
        Self { name, url, http, stop, running: Some((runtime, done)) }
    }

    /// Returns where it answers `/livez`, `/readyz` and `/metrics`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&self) {
        let url = format!("{}/readyz", self.url);
        eventually(seconds(20), async || {
            let response = self.http.get(&url).send().await.map_err(|error| format!("{}: {error}", self.name))?;
            let status = response.status();
            let said = response.text().await.unwrap_or_default();
            if status.is_success() { Ok(()) } else { Err(format!("{} is not ready: {said}", self.name)) }
        })
        .await;
    }

    /// Returns one of its metrics: the sum over all series of this name with `labels` among their
    /// labels. A daemon that has just begun may not listen yet.
    pub async fn metric(&self, name: &str, labels: &str) -> f64 {
        let url = format!("{}/metrics", self.url);
        let scrape = async || -> Result<String, String> {
            let response = self.http.get(&url).send().await.map_err(|error| format!("{}: {error}", self.name))?;
            response.text().await.map_err(|error| format!("{}: {error}", self.name))
        };
        eventually(seconds(20), scrape)
            .await
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(labels))
            // A bucket may end with the trace of one of its values.
            .map(|line| line.split_once(" # ").map_or(line, |(line, _)| line))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
            .sum()
    }

    /// Asks it to stop, as SIGTERM does, and waits until it has.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let (runtime, done) = self.running.take().expect("a daemon is stopped once");
        let name = &self.name;
        let ended = tokio::time::timeout(seconds(120), done).await;
        runtime.shutdown_background();
        ended
            .unwrap_or_else(|_| panic!("{name} has not stopped within 30 s"))
            .unwrap_or_else(|panic| panic!("{name} panicked: {panic}"))
            .unwrap_or_else(|error| panic!("{name} failed: {error:#}"));
    }

    /// Ends it at once, wherever it is: nothing is finished, handed back, acknowledged or committed
    /// any more.
    pub fn abort(self) {
        drop(self);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some((runtime, _)) = self.running.take() {
            // Every task is dropped where it waits, and with it every connection.
            runtime.shutdown_background();
        }
    }
}

impl World {
    /// Changes a setting of all daemons that are started from now on; `value` is in TOML's syntax.
    pub fn set(&self, key: &str, value: impl Into<String>) {
        let mut settings = self.0.settings.lock().unwrap_or_else(PoisonError::into_inner);
        *settings = settings.clone().with(key, value);
    }

    /// Leaves a setting unset.
    pub fn unset(&self, key: &str) {
        let mut settings = self.0.settings.lock().unwrap_or_else(PoisonError::into_inner);
        *settings = settings.clone().without(key);
    }

    /// Returns the settings of a process of this name, listening on a port of its own.
    pub fn settings(&self, name: &str) -> TestSettings {
        let port = ports::free_port().expect("a free port");
        let settings = self.0.settings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        settings.with("process_name", format!("{name:?}")).with("listen", format!("\"127.0.0.1:{port}\""))
    }

    /// Starts a scheduler in this process.
    pub fn scheduler(&self, name: &str) -> Daemon {
        Daemon::start(self.settings(name).settings(), self.http().clone(), muster_scheduler::run)
    }

    /// Starts a worker in this process.
    pub fn worker(&self, name: &str) -> Daemon {
        Daemon::start(self.settings(name).settings(), self.http().clone(), muster_workers::run)
    }

    /// Starts an api in this process.
    pub fn daemon<F>(&self, name: &str, run: impl FnOnce(ApiSettings, CancellationToken) -> F) -> Daemon
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        Daemon::start(self.settings(name).settings(), self.http().clone(), run)
    }

    /// Starts a daemon as a process of its own, which takes signals. Its log is in the test's
    /// folder.
    pub fn process(&self, binary: Binary, name: &str) -> Process {
        self.process_with(binary, name, &[])
    }

    /// The same with more in its environment.
    pub fn process_with(&self, binary: Binary, name: &str, environment: &[(&str, &str)]) -> Process {
        let file = self.folder().join(format!("{name}.toml"));
        std::fs::write(&file, self.settings(name).toml()).expect("writing a daemon's configuration");
        let program = binary.path().expect("Muster's binaries are built before its integration tests run");
        let mut spec = ProcessSpec::new(name, program, self.folder().join(format!("{name}.log")))
            .env("MUSTER_CONFIG", file.display().to_string());
        for (key, value) in environment {
            spec = spec.env(*key, *value);
        }
        Process::spawn(spec).expect("starting a daemon")
    }
}
