//! `muster-local local`: the whole system on this machine until it is interrupted.
#![expect(clippy::print_stdout, reason = "standard output is this command's result, read by people and by scripts")]

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use muster_local::{
    Cluster, ClusterOptions, Postgres, RabbitMq, Stack, StackOptions,
    programs::Binary,
    sign_in_link::{self, ADDRESS},
    signals::Signals,
};
use serde::Serialize;

/// Arguments of `local`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many schedulers to run.
    #[arg(long, default_value_t = 1)]
    schedulers: usize,
    /// How many workers to run.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Run three nodes of `RabbitMQ` and two Postgres servers, so that one of each may go.
    #[arg(long)]
    ha: bool,
    /// A file with the simulator's configuration, as JSON.
    #[arg(long)]
    simulator_config: Option<PathBuf>,
    /// Leave the folder with data and logs behind.
    #[arg(long)]
    keep: bool,
    /// Print one JSON object on one line instead of text.
    #[arg(long)]
    json: bool,
}

/// The addresses and processes of a running system.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    api_url: &'a str,
    account_id: &'a str,
    token: &'a str,
    simulator_url: &'a str,
    simulator_log: &'a Path,
    mails: PathBuf,
    postgres_url: String,
    amqp_url: String,
    rabbitmq_management_url: String,
    folder: &'a Path,
    postgres_pid: Option<u32>,
    rabbitmq_pid: Option<u32>,
    standby_pid: Option<u32>,
    other_node_pids: Vec<u32>,
    processes: Vec<Running<'a>>,
}

#[derive(Debug, Serialize)]
struct Running<'a> {
    name: &'a str,
    pid: u32,
    url: &'a str,
    log: &'a Path,
}

const NAME: &str = "muster";

/// Starts everything, prints where it is, waits for a signal, stops everything.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let (stack, cluster) = match signals.unless_ended(start(&arguments)).await? {
        Ok(running) => running,
        Err(ending) => return Ok(ending.exit_code()),
    };
    let summary = summarise(&stack, &cluster);
    if arguments.json {
        println!("{}", serde_json::to_string(&summary).context("writing the summary as JSON")?);
    } else {
        let made = sign_in_link::make(summary.api_url, summary.token, &summary.mails);
        match signals.unless_ended(made).await? {
            Ok(link) => print(&summary, &link),
            Err(ending) => return Ok(ending.exit_code()),
        }
    }
    signals.next().await;
    let stopped = cluster.stop().await;
    stack.stop().await?;
    stopped.map(|()| ExitCode::SUCCESS)
}

async fn start(arguments: &Arguments) -> anyhow::Result<(Stack, Cluster)> {
    let simulator = match &arguments.simulator_config {
        Some(file) => {
            let text = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
            serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", file.display()))?
        }
        None => serde_json::json!({}),
    };
    for binary in Binary::ALL {
        binary.path()?;
    }
    let options = StackOptions { keep_folder: arguments.keep, ..StackOptions::default() };
    let stack = Stack::start(if arguments.ha { options.highly_available() } else { options }).await?;
    let options = ClusterOptions {
        schedulers: arguments.schedulers,
        workers: arguments.workers,
        database: NAME.to_owned(),
        vhost: NAME.to_owned(),
        simulator,
        extra_env: Vec::new(),
        folder: stack.folder().join("cluster"),
    };
    let cluster = Cluster::start(&stack, options).await?;
    Ok((stack, cluster))
}

fn summarise<'a>(stack: &'a Stack, cluster: &'a Cluster) -> Summary<'a> {
    let processes = cluster.members().iter().map(|member| Running {
        name: member.process.name(),
        pid: member.process.pid(),
        url: &member.url,
        log: member.process.log(),
    });
    Summary {
        api_url: &cluster.api_url,
        account_id: &cluster.account_id,
        token: &cluster.bootstrap_token,
        simulator_url: &cluster.simulator_url,
        simulator_log: &cluster.simulator_log,
        mails: cluster.mails(),
        postgres_url: stack.database_url(NAME),
        amqp_url: stack.amqp_url(NAME),
        rabbitmq_management_url: stack.management_url(),
        folder: stack.folder(),
        postgres_pid: stack.postgres.pid(),
        rabbitmq_pid: stack.rabbitmq.pid(),
        standby_pid: stack.standby.as_ref().and_then(Postgres::pid),
        other_node_pids: stack.other_nodes.iter().filter_map(RabbitMq::pid).collect(),
        processes: processes.collect(),
    }
}

fn print(summary: &Summary, link: &str) {
    println!("Muster is running; Ctrl-C ends it.\n");
    println!("console     {}", summary.api_url);
    println!("sign in     {link}");
    println!("            once; later with codes to {ADDRESS}, which are in {}\n", summary.mails.display());
    println!("API         {}", summary.api_url);
    println!("account     {}", summary.account_id);
    println!("token       {}", summary.token);
    println!("simulator   {}  (record: {})", summary.simulator_url, summary.simulator_log.display());
    println!("Postgres    {}", summary.postgres_url);
    println!("RabbitMQ    {}", summary.amqp_url);
    println!("management  {}\n", summary.rabbitmq_management_url);
    for process in &summary.processes {
        println!("{:<13} pid {:<8} {}  {}", process.name, process.pid, process.url, process.log.display());
    }
}
