//! A scheduler or a worker inside the test's process.

use std::pin::Pin;

use muster_service::config::DaemonSettings;
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{eventually, seconds};

/// A running daemon. It has a runtime of its own, so that it can die with everything that it has spawned.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    url: String,
    stop: CancellationToken,
    // Both are there until it has been stopped.
    running: Option<(Runtime, JoinHandle<anyhow::Result<()>>)>,
}

impl Daemon {
    pub(crate) fn start<S, F>(settings: S, run: impl FnOnce(S, CancellationToken) -> F) -> Self
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
        Self { name, url, stop, running: Some((runtime, done)) }
    }

    /// Where it answers `/livez`, `/readyz` and `/metrics`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&self) {
        let url = format!("{}/readyz", self.url);
        eventually(seconds(20), async || {
            let response = reqwest::get(&url).await.map_err(|error| format!("{}: {error}", self.name))?;
            let status = response.status();
            let said = response.text().await.unwrap_or_default();
            if status.is_success() { Ok(()) } else { Err(format!("{} is not ready: {said}", self.name)) }
        })
        .await;
    }

    /// One of its metrics: the sum over all series of this name whose labels contain `labels`.
    pub async fn metric(&self, name: &str, labels: &str) -> f64 {
        let response = reqwest::get(format!("{}/metrics", self.url)).await.expect("a scrape");
        let text = response.text().await.expect("a scrape's text");
        text.lines()
            .filter(|line| line.starts_with(name) && line.contains(labels))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
            .sum()
    }

    /// Asks it to stop, as SIGTERM does, and waits until it has.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let (runtime, done) = self.running.take().expect("a daemon is stopped once");
        let name = &self.name;
        let ended = tokio::time::timeout(seconds(30), done).await;
        runtime.shutdown_background();
        ended
            .unwrap_or_else(|_| panic!("{name} has not stopped within 30 s"))
            .unwrap_or_else(|panic| panic!("{name} panicked: {panic}"))
            .unwrap_or_else(|error| panic!("{name} failed: {error:#}"));
    }

    /// Ends it at once, wherever it is: nothing is finished, handed back, acknowledged or committed any more.
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
