//! `muster contacts`: contacts by the API: searched, saved, edited, moved between groups, and
//! changed in bulk.

mod bulk;
pub(crate) mod filter;
mod membership;
mod read;
mod write;

use std::process::ExitCode;

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List contacts, the youngest first, or search among them.
    List(read::List),
    /// Show a contact.
    Show(read::Show),
    /// Save a contact in a group; a number that is there is updated, and joins the group.
    Save(write::Save),
    /// Edit a contact. Refused when somebody else has edited it meanwhile.
    Edit(write::Edit),
    /// Add a contact to a group.
    Join(membership::InGroup),
    /// Take a contact out of a group, with its work there.
    Leave(membership::InGroup),
    /// Assign a contact of a group to an agent, or to none.
    Assign(membership::Assign),
    /// Deactivate a contact in a group: no goal of it texts them.
    Deactivate(membership::InGroup),
    /// Activate a contact in a group again.
    Reactivate(membership::InGroup),
    /// Record that a contact has opted out.
    OptOut(membership::OptOut),
    /// Change all contacts that match a filter.
    #[command(subcommand)]
    Bulk(bulk::Command),
}

pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(args) => read::list(&args).await?,
        Command::Show(args) => read::show(&args).await?,
        Command::Save(args) => write::save(&args).await?,
        Command::Edit(args) => write::edit(&args).await?,
        Command::Join(args) => membership::join(&args).await?,
        Command::Leave(args) => membership::leave(&args).await?,
        Command::Assign(args) => membership::assign(&args).await?,
        Command::Deactivate(args) => membership::set_active(&args, false).await?,
        Command::Reactivate(args) => membership::set_active(&args, true).await?,
        Command::OptOut(args) => membership::opt_out(&args).await?,
        Command::Bulk(command) => return bulk::run(command).await,
    }
    Ok(ExitCode::SUCCESS)
}
