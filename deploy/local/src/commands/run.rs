//! `muster-local run -- COMMAND…`: a stack for as long as a command runs.

use std::{ffi::OsString, process::ExitCode};

use muster_local::{Stack, StackOptions, signals::Signals};

use super::foreground;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Leave the folder with data and logs behind.
    #[arg(long)]
    keep: bool,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Starts the stack, runs the command with the stack's URLs in its environment, stops the stack.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let options = StackOptions { keep_folder: arguments.keep, ..StackOptions::default() };
    let stack = match signals.unless_ended(Stack::start(options)).await? {
        Ok(stack) => stack,
        Err(ending) => return Ok(ending.exit_code()),
    };
    let code = foreground::run(&arguments.command, &stack.environment(), &mut signals).await;
    stack.stop().await?;
    code
}
