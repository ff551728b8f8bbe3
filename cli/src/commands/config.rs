//! `muster config check`.

use muster_service::Settings;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Read the configuration as a daemon would and print what is in force, without secrets.
    Check,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Check => println!("{:#?}", Settings::load()?),
    }
    Ok(())
}
