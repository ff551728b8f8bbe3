//! `muster audit`: acts, and whether their chains are as they were written (rule R9).

mod heads;
mod list;
mod verify;

use muster_domain::trust::audit::INSTALLATION;
use uuid::Uuid;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List acts, the newest first; with --whole all of a chain in its order, as `verify --file`
    /// reads them.
    List(list::Args),
    /// Verify chains against their heads, those in the object store included. Without an account,
    /// every chain.
    Verify(verify::Args),
    /// Show the heads of chains, and the last ones that were published.
    Heads {
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(args) => list::run(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Heads { json } => heads::run(json).await,
    }
}

/// Returns the name of a chain.
fn named(chain: Uuid) -> String {
    if chain == INSTALLATION { "installation".to_owned() } else { chain.to_string() }
}
