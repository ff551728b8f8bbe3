//! `muster config check`.

use muster_service::Settings;

use crate::out::say;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Read the configuration as a daemon would and print what is in force, without secrets.
    Check {
        /// Print one JSON object: each key and its value, `[REDACTED]` for secrets, null for what is not set.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Check { json } = command;
    let settings = Settings::load()?;
    if *json {
        say!("{}", serde_json::to_string(&settings)?)?;
    } else {
        say!("{settings:#?}")?;
    }
    Ok(())
}
