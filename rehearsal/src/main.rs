//! `muster-rehearsal`: the demo, the chaos harness and the living system as commands, for `cargo
//! xtask` and for people.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use muster_rehearsal::{chaos, demo, live};

/// Plays a campaign on private servers and checks its outcome.
#[derive(Debug, Parser)]
#[command(name = "muster-rehearsal", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays a campaign on the whole system and checks its outcome.
    Demo(demo::Arguments),
    /// Plays a campaign while a seed breaks things, and checks every invariant.
    Chaos(chaos::Arguments),
    /// Plays a campaign slowly until it is interrupted, to click through it.
    Live(live::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Chaos(arguments) => chaos::run(arguments).await,
        Command::Live(arguments) => live::run(arguments).await,
    };
    done.unwrap_or_else(|error| {
        muster_local::say::say(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
