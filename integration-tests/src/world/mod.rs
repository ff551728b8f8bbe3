//! The words that tests are written in, one file a subject.

mod broker;
mod browser;
mod certificates;
mod client;
mod clock;
mod conform;
mod contacts;
mod daemon;
mod dice;
mod eventually;
mod gate;
mod goals;
mod jobs;
mod organization;
mod rows;
mod s3;
mod services;
mod settings;
mod setup;
mod smtp;
mod sql;
mod tables;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use chrono::{DateTime, Utc};
use muster_local::Stack;
use muster_simulator::Simulator;
use muster_storage::Pool;
use tempfile::TempDir;

pub use broker::QueueCounts;
pub use browser::{Browser, PageSeen};
pub use certificates::{certificates, tls_acceptor};
pub use client::{Answer, Call, Client, Events, urlencoded};
pub use conform::{DOCUMENT, Document};
pub use daemon::Daemon;
pub use dice::Dice;
pub use eventually::{eventually, eventually_or, holds, seconds};
pub use gate::Gate;
pub use goals::{goal_at, open_goal, set};
pub use jobs::{Job, JobError, no_op};
pub use organization::{Organization, Person, all_are, text};
pub use rows::{Moment, Rows, Value as RowValue, ago, ahead, days, minutes, now};
pub use s3::{S3, S3_SECRET};
pub use settings::{CARRIER_ACCOUNT, CARRIER_SECRET, TestSettings};
pub use setup::Setup;
pub use smtp::{SMTP_LOGIN, Smtp, SmtpWays, TakenMail};

/// Bytes that may be uploaded.
pub const UPLOAD_LIMIT: usize = 1024 * 1024;

/// The sentence that a redaction asks for.
pub const CONFIRMATION: &str = "I understand this cannot be undone";

/// A script that may be saved.
pub const SCRIPT: &str = "Hi {{first_name|there}}! Reply STOP to opt out";

/// A database, a vhost, a folder, and the daemons on them. Clones are the same world.
#[derive(Debug, Clone)]
pub struct World(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stack: Arc<Stack>,
    database: String,
    vhost: String,
    http: reqwest::Client,
    pool: Pool,
    folder: TempDir,
    settings: Mutex<TestSettings>,
    running: Mutex<Running>,
    carrier: OnceLock<Simulator>,
}

/// The daemons that the world itself has started.
#[derive(Debug, Default)]
struct Running {
    api: Option<Arc<Daemon>>,
    /// A scheduler and a worker.
    engine: Option<[Daemon; 2]>,
}

impl World {
    /// Returns the connections of the test itself.
    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// Returns the servers.
    pub fn stack(&self) -> &Stack {
        &self.0.stack
    }

    /// Returns the test's folder; uploaded files are in it.
    pub fn folder(&self) -> &Path {
        self.0.folder.path()
    }

    /// Returns the files of imports that are kept.
    pub fn objects(&self) -> Vec<PathBuf> {
        fn files(folder: &Path, found: &mut Vec<PathBuf>) {
            let Ok(entries) = std::fs::read_dir(folder) else { return };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() { files(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        files(&self.folder().join("imports"), &mut found);
        found
    }

    /// Returns the URL with which daemons use the test's database: with their rights alone.
    pub fn daemons_database_url(&self) -> String {
        self.stack().postgres.app_url(&self.0.database)
    }

    /// Returns the URL of the test's database, for its owner.
    pub fn database_url(&self) -> String {
        self.stack().postgres.url(&self.0.database)
    }

    /// Returns the URL of the test's vhost.
    pub fn amqp_url(&self) -> String {
        self.stack().rabbitmq.amqp_url(&self.0.vhost)
    }

    /// Returns the client of HTTP that the world's own words use.
    pub fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    /// Returns the api that the world has started.
    pub fn api(&self) -> Arc<Daemon> {
        self.running(|running| running.api.clone()).expect("the world has an api")
    }

    /// Returns where the scheduler and the worker that the world has started answer `/metrics`.
    pub fn engine_urls(&self) -> Vec<String> {
        self.running(|running| running.engine.iter().flatten().map(|daemon| daemon.url().to_owned()).collect())
    }

    /// Somebody without a token.
    pub fn nobody(&self) -> Client {
        Client::new(self.0.http.clone(), self.pool().clone(), self.api().url())
    }

    /// Returns the carrier that the world has started.
    pub fn carrier(&self) -> &Simulator {
        self.0.carrier.get().expect("the world has a carrier")
    }

    /// Returns the database's time.
    pub async fn now(&self) -> DateTime<Utc> {
        let mut tx = self.pool().begin().await.unwrap();
        tx.clock().await.unwrap()
    }

    fn running<T>(&self, look: impl FnOnce(&mut Running) -> T) -> T {
        look(&mut self.0.running.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
