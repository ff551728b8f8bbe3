//! `muster-rehearsal demo`: a campaign on this machine from the upload to the reminder, with
//! everything going wrong that goes wrong, and the invariants at the end: nothing was lost,
//! repeated or sent to the wrong person.

mod events;
mod evidence;
mod pace;
mod play;
mod progress;
mod report;

use std::process::ExitCode;

use muster_local::{Cluster, ClusterOptions, Stack, StackOptions, programs::Binary, secret, signals::Signals};

use crate::{
    campaign::{
        plan,
        voice::{self, Voice},
    },
    invariants::tables::Reader,
};

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many contacts the files hold together.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(2_000..=59_000))]
    contacts: u32,
    /// The seed of the files and of the carrier's faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leave the folder with data and logs behind, also when all invariants hold.
    #[arg(long)]
    keep: bool,
}

/// Starts everything, plays, reports, stops everything.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    match signals.unless_ended(start_and_play(&arguments)).await? {
        Ok(code) => Ok(code),
        Err(ending) => Ok(ending.exit_code()),
    }
}

async fn start_and_play(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let voice = Voice::new();
    for binary in Binary::ALL {
        binary.path()?;
    }
    voice.say("starting Postgres, RabbitMQ, the carrier simulator, the api, two schedulers and two workers");
    let mut stack = Stack::start(StackOptions { keep_folder: arguments.keep, ..StackOptions::default() }).await?;
    // Of its own each time: a server that the environment names may have the database of another
    // demo.
    let name = format!("muster-demo-{}", secret::hex(4)?);
    let options = ClusterOptions {
        schedulers: 2,
        workers: 2,
        database: name.clone(),
        vhost: name.clone(),
        simulator: plan::carrier(arguments.seed),
        extra_env: plan::environment(),
        folder: stack.folder().join("cluster"),
    };
    let cluster = match Cluster::start(&stack, options).await {
        Ok(cluster) => cluster,
        Err(error) => {
            keep(&mut stack);
            return Err(error);
        }
    };
    let reader = Reader { stack: &stack, database: &name };
    let played = play::play(arguments, &cluster, reader, voice).await;
    if let Err(error) = &played {
        voice.say(&format!("the demo broke off: {error:#}"));
        for member in cluster.members() {
            voice::say(&member.process.log_tail(8));
        }
    }
    let holds = played.unwrap_or(false);
    let stopped = cluster.stop().await;
    if !holds {
        keep(&mut stack);
    } else if arguments.keep {
        voice.say(&format!("data and logs are in {}", stack.folder().display()));
    } else {
        stack.postgres.drop_database(&name).await?;
        stack.rabbitmq.delete_vhost(&name).await?;
    }
    stack.stop().await?;
    stopped?;
    voice.say(if holds { "all invariants hold" } else { "the demo has failed" });
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn keep(stack: &mut Stack) {
    stack.keep_folder();
    voice::say(&format!("data and logs are kept in {}", stack.folder().display()));
}
