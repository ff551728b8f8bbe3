//! `muster-local`: the local stack as a command, for `cargo xtask` and for people.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{local, prepare, run};

/// Private database and broker servers, and Muster on top of them.
#[derive(Debug, Parser)]
#[command(name = "muster-local", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts both servers, runs a command against them, and stops them.
    Run(run::Arguments),
    /// Starts Postgres with a migrated database, runs a command with its `DATABASE_URL`, and stops
    /// it.
    Prepare(prepare::Arguments),
    /// Runs the whole system until it is interrupted.
    Local(local::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Run(arguments) => run::run(arguments).await,
        Command::Prepare(arguments) => prepare::run(arguments).await,
        Command::Local(arguments) => local::run(arguments).await,
    };
    done.unwrap_or_else(|error| {
        muster_local::say::say(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
