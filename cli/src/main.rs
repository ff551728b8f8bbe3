//! `muster`: the tool of operators and admins.

mod commands;
mod out;
mod table;
mod visible;

use std::process::ExitCode;

use crate::visible::visible;
use clap::{CommandFactory, Parser, Subcommand};
use muster_service::daemon;

use crate::out::NobodyReads;

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
    /// Back the database up, by `pg_dump`.
    Backup(commands::backup::Args),
    /// Restore a backup into an empty database. Nothing is sent from it before the ledger was
    /// replayed.
    Restore(commands::restore::Args),
    /// The ledger of redactions and opt-outs, which is kept apart from the database.
    #[command(subcommand)]
    Ledger(commands::ledger::Command),
    /// Accounts.
    #[command(subcommand)]
    Account(commands::account::Command),
    /// Numbers to text from, and the accounts that they belong to.
    #[command(subcommand)]
    Numbers(commands::numbers::Command),
    /// Acts of members and operators, and whether their record is as it was written.
    #[command(subcommand)]
    Audit(commands::audit::Command),
    /// Operators of the installation, and their tokens.
    #[command(subcommand)]
    Operators(commands::operators::Command),
    /// Jobs.
    #[command(subcommand)]
    Jobs(commands::jobs::Command),
    /// Acts on all jobs that match a filter, each a job of its own.
    #[command(subcommand)]
    Acts(commands::acts::Command),
    /// Show the jobs that are not over, by kind: how many, how old, how fast.
    Queues(commands::queues::Args),
    /// Show everything that stands still: late and parked jobs, pauses, silent workers, texts of
    /// unknown outcome.
    Stuck(commands::stuck::Args),
    /// Show the live daemons, their jobs, and which are safe to stop.
    Workers(commands::workers::Args),
    /// Hold back jobs of a kind, of an organization, or both.
    Pause(commands::policy::Whose),
    /// Let paused jobs go on.
    Resume(commands::policy::Whose),
    /// Limit how many jobs of a kind, of an organization, or both are published and running at a
    /// time.
    Limit(commands::policy::Limit),
    /// Say whether daemons live and can work, by their URLs.
    Health(commands::health::Args),
    /// Wait until a queue is drained, or an import, a goal or an act on many jobs is over.
    #[command(subcommand)]
    Wait(commands::wait::Command),
    /// Check that everything is as it should be and adds up.
    Doctor(commands::doctor::Args),
    /// Settings of the broker that AMQP cannot make.
    #[command(subcommand)]
    Broker(commands::broker::Command),
    /// Recurring schedules.
    #[command(subcommand)]
    Schedule(commands::schedule::Command),
    /// Contacts: searched, saved, edited, moved between groups, and changed in bulk.
    #[command(subcommand)]
    Contacts(commands::contacts::Command),
    /// Records as files: contacts, conversations, results, opt-outs, acts.
    #[command(subcommand)]
    Export(commands::export::Command),
    /// Everything that is held of one person, as a file.
    #[command(subcommand)]
    AccessRequest(commands::access_request::Command),
    /// Files of contacts.
    #[command(subcommand)]
    Import(commands::import::Command),
    /// Opt-outs in force: by number, as a list, as a file.
    #[command(subcommand)]
    OptOuts(commands::opt_outs::Command),
    /// Tags: list, make, rename, lock, merge.
    #[command(subcommand)]
    Tags(commands::tags::Command),
    /// Plan the installation that a campaign needs, by a model.
    Plan(commands::plan::Args),
    /// Count the segments of a text, as carriers bill it.
    Segments(commands::segments::Args),
    /// Say whether a contact's text opts out, opts in or asks for help, and by which rule.
    Classify(commands::classify::Args),
    /// Say why somebody was or was not texted in a goal.
    Why(commands::why::Args),
    /// Configuration.
    #[command(subcommand)]
    Config(commands::config::Command),
    /// Work with an installation by its operators' API from now on.
    Login(commands::profiles::Login),
    /// Forget an installation's token.
    Logout(commands::profiles::Logout),
    /// List the installations that were logged in to, or choose one.
    Profiles(commands::profiles::Profiles),
    /// Print the script that completes commands in a shell.
    Completions(commands::completions::Completions),
    /// Write a page of the manual for each command.
    Man(commands::completions::Man),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(code) => code,
        Err(error) if error.is::<NobodyReads>() => ExitCode::from(NobodyReads::EXIT_CODE),
        Err(error) => daemon::failed_as(&*error, |line| visible(&line).into_owned()),
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Export(command) => return commands::export::run(command).await,
        Command::AccessRequest(command) => return commands::access_request::run(command).await,
        Command::Import(command) => return commands::import::run(command).await,
        Command::OptOuts(command) => commands::opt_outs::run(command).await,
        Command::Tags(command) => commands::tags::run(command).await,
        Command::Wait(command) => return commands::wait::run(command).await,
        Command::Contacts(command) => return commands::contacts::run(command).await,
        Command::Migrate(args) => commands::migrate::run(args).await,
        Command::Backup(args) => commands::backup::run(args).await,
        Command::Restore(args) => commands::restore::run(args).await,
        Command::Ledger(command) => commands::ledger::run(command).await,
        Command::Account(command) => commands::account::run(command).await,
        Command::Numbers(command) => commands::numbers::run(command).await,
        Command::Audit(command) => commands::audit::run(command).await,
        Command::Operators(command) => commands::operators::run(command).await,
        Command::Jobs(command) => commands::jobs::run(command).await,
        Command::Acts(command) => commands::acts::run(command).await,
        Command::Workers(args) => commands::workers::run(args).await,
        Command::Health(args) => commands::health::run(args).await,
        Command::Pause(whose) => commands::policy::set_paused(whose, true).await,
        Command::Resume(whose) => commands::policy::set_paused(whose, false).await,
        Command::Limit(limit) => commands::policy::limit(limit).await,
        Command::Doctor(args) => commands::doctor::run(args).await,
        Command::Broker(command) => commands::broker::run(&command).await,
        Command::Stuck(args) => commands::stuck::run(args).await,
        Command::Queues(args) => commands::queues::run(args).await,
        Command::Schedule(command) => commands::schedule::run(command).await,
        Command::Plan(args) => commands::plan::run(&args),
        Command::Segments(args) => commands::segments::run(&args),
        Command::Classify(args) => commands::classify::run(&args),
        Command::Why(args) => commands::why::run(args).await,
        Command::Config(command) => commands::config::run(&command),
        Command::Login(args) => commands::profiles::login(args).await,
        Command::Logout(args) => commands::profiles::logout(&args),
        Command::Profiles(args) => commands::profiles::profiles(args),
        Command::Completions(args) => commands::completions::print(&args, Cli::command()),
        Command::Man(args) => commands::completions::write_man(&args, Cli::command()),
    }?;
    Ok(ExitCode::SUCCESS)
}
