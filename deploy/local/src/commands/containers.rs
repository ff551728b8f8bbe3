//! `muster-local containers -- COMMAND…`: a container engine and the images for as long as a command runs, whose stacks then start their
//! servers in containers.

use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context as _;
use muster_local::{
    StackFolder,
    containers::{self, Containers},
    say,
};

use super::{foreground, signals::Signals};

/// No engine could be made to run, or no image could be had: `EX_UNAVAILABLE` of sysexits.h.
const UNAVAILABLE: u8 = 69;

/// Arguments of `containers`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder where a private engine keeps its images; a temporary one without it.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Ends the command after so many seconds, as a failure.
    #[arg(long)]
    limit_seconds: Option<u64>,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Prepares containers, runs the command, ends what was started.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    containers::refuse_given_servers()?;
    let mut signals = Signals::listen()?;
    let folder = StackFolder::create(None, false)?;
    let data = arguments.data.unwrap_or_else(|| folder.path().join("engine"));
    let containers = match signals.unless_ended(async { Ok(Containers::prepare(&data).await) }).await? {
        Ok(Ok(containers)) => containers,
        Ok(Err(reason)) => {
            say::say(&format!("no servers in containers: {reason:#}"));
            return Ok(ExitCode::from(UNAVAILABLE));
        }
        Err(ending) => return Ok(ending.exit_code()),
    };
    let running = foreground::run(&arguments.command, containers.environment(), &mut signals);
    let Some(limit) = arguments.limit_seconds else { return running.await };
    // Dropping the command kills it; what it had started is bound to it.
    tokio::time::timeout(Duration::from_secs(limit), running)
        .await
        .with_context(|| format!("the command did not end within {limit} s"))?
}
