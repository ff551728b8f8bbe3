//! `muster`: the tool of operators and admins.
#![expect(clippy::print_stdout, reason = "this is the command line's own output")]

mod commands;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "muster", version, about = "Operates a Muster installation")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the database's schema up to date. Daemons never do so by themselves.
    Migrate(commands::migrate::Args),
    /// Accounts.
    #[command(subcommand)]
    Account(commands::account::Command),
    /// Show a summary of the jobs that are not over.
    Queues(commands::queues::Args),
    /// Recurring schedules.
    #[command(subcommand)]
    Schedule(commands::schedule::Command),
    /// Count the segments of a text, as carriers bill it.
    Segments(commands::segments::Args),
    /// Configuration.
    #[command(subcommand)]
    Config(commands::config::Command),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Migrate(args) => commands::migrate::run(args).await,
        Command::Account(command) => commands::account::run(command).await,
        Command::Queues(args) => commands::queues::run(args).await,
        Command::Schedule(command) => commands::schedule::run(command),
        Command::Segments(args) => commands::segments::run(&args),
        Command::Config(command) => commands::config::run(&command),
    }
}
