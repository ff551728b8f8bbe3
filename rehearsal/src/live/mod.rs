//! `muster-rehearsal live` (`cargo xtask local --demo`): the demo's campaign, played slowly until
//! it is interrupted, to click through the console meanwhile. Nothing is killed and nothing is
//! judged.

mod doors;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use muster_local::{Cluster, ClusterOptions, Stack, StackOptions, programs::Binary, secret, signals::Signals};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    campaign::{
        agents::{self, Pace},
        csv,
        floor::Floor,
        imports, plan, setup,
        voice::{self, Voice},
    },
    client::Client,
};
use doors::Doors;

/// From then after the launch on agents remind people.
const REMINDERS_AFTER: Duration = Duration::from_mins(3);

/// Arguments of `live`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many contacts the files hold together.
    #[arg(long, default_value_t = 6_000, value_parser = clap::value_parser!(u32).range(600..=59_000))]
    contacts: u32,
    /// How many schedulers to run.
    #[arg(long, default_value_t = 1)]
    schedulers: usize,
    /// How many workers to run.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// The seed of the files and of the carrier's faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object on one line instead of text.
    #[arg(long)]
    json: bool,
}

/// A campaign that goes on.
struct Playing {
    working: JoinSet<anyhow::Result<()>>,
    floor: Arc<Floor>,
}

/// Starts everything, prints the ways in, plays until a signal comes, stops everything.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    // Of its own each time: a server that the environment names may have the database of another.
    let name = format!("muster-live-{}", secret::hex(4)?);
    let (stack, cluster) = match signals.unless_ended(start(&arguments, &name)).await? {
        Ok(running) => running,
        Err(ending) => return Ok(ending.exit_code()),
    };
    let ended = match signals.unless_ended(play(&arguments, &cluster)).await {
        Ok(Ok(mut playing)) => {
            go_on(&mut playing, &mut signals).await;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Err(ending)) => Ok(ending.exit_code()),
        Err(error) => Err(error),
    };
    let stopped = cluster.stop().await;
    stack.postgres.drop_database(&name).await?;
    stack.rabbitmq.delete_vhost(&name).await?;
    stack.stop().await?;
    stopped?;
    ended
}

async fn start(arguments: &Arguments, name: &str) -> anyhow::Result<(Stack, Cluster)> {
    for binary in Binary::ALL {
        binary.path()?;
    }
    let stack = Stack::start(StackOptions::default()).await?;
    let options = ClusterOptions {
        schedulers: arguments.schedulers,
        workers: arguments.workers,
        database: name.to_owned(),
        vhost: name.to_owned(),
        simulator: plan::carrier(arguments.seed),
        extra_env: plan::environment(),
        folder: stack.folder().join("cluster"),
    };
    let cluster = Cluster::start(&stack, options).await?;
    Ok((stack, cluster))
}

/// Sets the stage, prints the ways in, and seats the agents.
async fn play(arguments: &Arguments, cluster: &Cluster) -> anyhow::Result<Playing> {
    let quiet = arguments.json;
    let voice = Voice::new();
    let say = |line: &str| {
        if !quiet {
            voice.say(line);
        }
    };
    let admin = Client::new(&cluster.api_url, &cluster.bootstrap_token)?;
    say("everything runs; making an organization with six groups in four zones and four agents each");
    let organization = setup::organization(&admin).await.context("setting up")?;
    // Small batches of which an agent has an hour, so that somebody at the console finds one.
    admin.patch(&organization.path, json!({ "lease_minutes": 60, "batch_size": 10 })).await?;
    let contacts = usize::try_from(arguments.contacts).unwrap_or(usize::MAX);
    let files = csv::files(plan::GROUPS.map(|group| group.area_code), contacts, arguments.seed);
    say(&format!("uploading {} files", files.len()));
    let imports = imports::run(&admin, &organization, &files).await.context("the imports")?;
    let created: i64 = imports.iter().map(|import| import.counted.created).sum();
    setup::cap(&admin, &organization, created * 2).await?;
    let campaign = setup::launch(&admin, &organization, REMINDERS_AFTER).await.context("the launch")?;
    say(&format!("{created} contacts; launched in six groups; the agents text as people do, one after another"));
    let doors = Doors::open(cluster, &admin, &organization).await.context("the ways in")?;
    let floor = Arc::new(Floor::default());
    floor.open_reminders();
    let working = agents::start(&organization, &campaign, &floor, Pace::LIVE);
    voice::say(&if quiet { doors.json(cluster)? } else { doors.text(cluster) });
    Ok(Playing { working, floor })
}

/// Lets the agents work until a signal comes. One that fails goes home, and it is said.
async fn go_on(playing: &mut Playing, signals: &mut Signals) {
    let Playing { working, floor } = playing;
    let watching = async {
        while let Some(ended) = working.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => muster_local::say::say(&format!("an agent went home: {error:#}")),
                Err(error) => muster_local::say::say(&format!("an agent went home: {error}")),
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = watching => {}
        _ = signals.next() => {}
    }
    floor.close();
    working.shutdown().await;
}
