//! Muster itself on top of a stack: API, schedulers, workers and the carrier simulator, each a
//! process of its own.
//!
//! The processes get one environment and differ by name and port alone, as they would in
//! production.

mod settings;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use futures::future::{join_all, try_join_all};
use reqwest::Client;
use serde::Deserialize;

use crate::{http, ports, process::Process, programs::Binary, stack::Stack};
use settings::Settings;

const READY_LIMIT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(100);
const CLI_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// The names of the processes of which there is one.
const API: &str = "api";
const SIMULATOR: &str = "simulator";

/// The processes to run.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// How many schedulers: `scheduler-1`, …
    pub schedulers: usize,
    /// How many workers: `worker-1`, …
    pub workers: usize,
    /// The database; made when it doesn't exist.
    pub database: String,
    /// The vhost; made when it doesn't exist.
    pub vhost: String,
    /// The simulator's configuration; its `inbound_url` is set here unless it is given.
    pub simulator: serde_json::Value,
    /// More environment for all of Muster's processes; these win over the rig's own.
    pub extra_env: Vec<(String, String)>,
    /// The folder for logs and objects; it may exist.
    pub folder: PathBuf,
}

/// How each process reaches the others, where that is not straight: for proxies that stand between.
#[derive(Debug, Clone, Default)]
pub struct Wiring {
    /// Where the simulator is to listen.
    pub simulator_port: Option<u16>,
    /// More environment for one process, by its name; it wins over that of all.
    pub env: BTreeMap<String, Vec<(String, String)>>,
    /// The folder of the programs that the cluster begins with, where they are of another build:
    /// its schema too. [`Cluster::replace`] puts this build's in their place.
    pub first_programs: Option<PathBuf>,
}

/// A running Muster. Dropping it kills its processes; the database and the vhost stay.
#[derive(Debug)]
pub struct Cluster {
    /// Where the API listens.
    pub api_url: String,
    /// Where the simulated carrier listens.
    pub simulator_url: String,
    /// The simulator's record of the sends that it was asked for.
    pub simulator_log: PathBuf,
    /// The account made at the start.
    pub account_id: String,
    /// The token of that account's first administrator.
    pub bootstrap_token: String,
    // In the order of starting: the simulator, the API, schedulers, workers.
    members: Vec<Member>,
    client: Client,
    settings: Settings,
}

/// One process of the cluster.
#[derive(Debug)]
pub struct Member {
    /// The process.
    pub process: Process,
    /// Where it answers HTTP.
    pub url: String,
    /// The path that answers 200 when it is ready.
    health: &'static str,
}

#[derive(Debug, Deserialize)]
struct CreatedAccount {
    account_id: String,
    token: String,
}

impl Cluster {
    /// Prepares database and vhost, starts every process, waits until each is ready, and makes an
    /// account.
    pub async fn start(stack: &Stack, options: ClusterOptions) -> anyhow::Result<Self> {
        Self::start_wired(stack, options, Wiring::default()).await
    }

    /// The same with processes that reach each other through something else.
    pub async fn start_wired(stack: &Stack, options: ClusterOptions, wiring: Wiring) -> anyhow::Result<Self> {
        // Better said now than after half a start.
        for binary in Binary::ALL {
            binary.path()?;
        }
        std::fs::create_dir_all(&options.folder)
            .with_context(|| format!("making the cluster's folder {}", options.folder.display()))?;
        if !stack.postgres.has_database(&options.database).await? {
            stack.postgres.create_database(&options.database, None).await?;
        }
        stack.rabbitmq.create_vhost(&options.vhost).await?;

        let mut settings = Settings::new(stack, &options, wiring)?;
        settings.write_simulator_config(options.simulator)?;
        // The schema is its owner's; everything else runs with the rights of daemons.
        let owner = [("MUSTER_DATABASE_URL", stack.database_url(&options.database))];
        settings.run_cli_with(&["migrate", "--roles"], &owner).await.context("migrating the database")?;
        stack.postgres.make_app_login().await?;
        settings.run_cli(&["broker", "apply"]).await.context("setting the broker's policy")?;

        let mut members = vec![settings.simulator()?, settings.daemon(API, Binary::Api, settings.api_port)?];
        for number in 1..=options.schedulers {
            members.push(settings.daemon(&format!("scheduler-{number}"), Binary::Scheduler, ports::free_port()?)?);
        }
        for number in 1..=options.workers {
            members.push(settings.daemon(&format!("worker-{number}"), Binary::Worker, ports::free_port()?)?);
        }
        let client = http::client(Duration::from_secs(5))?;
        try_join_all(members.iter().map(|member| member.wait_until_ready(&client))).await?;

        let created = settings.run_cli(&["account", "create", "--name", "Demo", "--json"]).await?;
        let account: CreatedAccount =
            serde_json::from_str(&created).context("reading what `muster account create --json` printed")?;
        settings.begins_no_more();
        Ok(Self {
            api_url: settings.api_url(),
            simulator_url: settings.simulator_url(),
            simulator_log: settings.simulator_log(),
            account_id: account.account_id,
            bootstrap_token: account.token,
            members,
            client,
            settings,
        })
    }

    /// Runs `muster` with the daemons' environment and returns its output.
    pub async fn muster(&self, args: &[&str]) -> anyhow::Result<String> {
        self.settings.run_cli(args).await
    }

    /// The same with more in its environment, such as the owner's URL of the database, which wins.
    pub async fn muster_with(&self, args: &[&str], env: &[(&str, String)]) -> anyhow::Result<String> {
        self.settings.run_cli_with(args, env).await
    }

    /// Returns the environment of Muster's processes, in which their secrets are.
    pub fn environment(&self) -> &[(String, String)] {
        self.settings.environment()
    }

    /// Returns the folder into which mails are written.
    pub fn mails(&self) -> PathBuf {
        self.settings.mails()
    }

    /// Returns all processes, in the order of starting.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Returns the process called `name`: `api`, `simulator`, `scheduler-1`, `worker-1`, …
    pub fn process(&self, name: &str) -> anyhow::Result<&Process> {
        self.member(name).map(|member| &member.process)
    }

    /// Kills a process (`SIGKILL`) and waits until it is gone.
    pub async fn kill(&self, name: &str) -> anyhow::Result<()> {
        self.process(name)?.kill_family().await
    }

    /// Starts a process again with the same name, port and environment, and waits until it is
    /// ready. One that still runs is killed first.
    pub async fn restart(&self, name: &str) -> anyhow::Result<()> {
        let member = self.member(name)?;
        member.process.restart().await?;
        member.wait_until_ready(&self.client).await
    }

    /// Asks a daemon to end, starts this build's program in its place, with the same name, port and
    /// environment, and waits until that is ready.
    pub async fn replace(&self, name: &str, binary: Binary) -> anyhow::Result<()> {
        let member = self.member(name)?;
        member.process.replace(binary.path()?, STOP_LIMIT).await?;
        member.wait_until_ready(&self.client).await
    }

    /// Waits until every process is ready.
    pub async fn ready(&self) -> anyhow::Result<()> {
        try_join_all(self.members.iter().map(|member| member.wait_until_ready(&self.client))).await?;
        Ok(())
    }

    /// Returns the account and the secret with which Muster signs in at the simulated carrier.
    pub fn carrier_account(&self) -> (&str, &str) {
        self.settings.carrier_account()
    }

    /// Asks the daemons to end, waits until they have, then ends the simulator.
    pub async fn stop(self) -> anyhow::Result<()> {
        let (simulator, daemons): (Vec<&Member>, Vec<&Member>) =
            self.members.iter().partition(|member| member.process.name() == SIMULATOR);
        for group in [daemons, simulator] {
            let stopped = join_all(group.iter().map(|member| member.process.stop(STOP_LIMIT))).await;
            stopped.into_iter().collect::<anyhow::Result<()>>().context("stopping the cluster")?;
        }
        Ok(())
    }

    fn member(&self, name: &str) -> anyhow::Result<&Member> {
        self.members
            .iter()
            .find(|member| member.process.name() == name)
            .with_context(|| format!("no process called {name} in this cluster"))
    }
}

impl Member {
    async fn wait_until_ready(&self, client: &Client) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let Err(error) = self.is_ready(client).await else { return Ok(()) };
            if !self.process.is_running() || Instant::now() > deadline {
                let log = self.process.log_tail(40);
                return Err(error.context(format!("{} is not ready\n{log}", self.process.name())));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn is_ready(&self, client: &Client) -> anyhow::Result<()> {
        let url = format!("{}{}", self.url, self.health);
        let response = client.get(url).send().await.with_context(|| format!("asking {}", self.health))?;
        let status = response.status();
        if status != reqwest::StatusCode::OK {
            bail!("{} answers {status}: {}", self.health, response.text().await.unwrap_or_default());
        }
        Ok(())
    }
}
