//! Somebody else's command, run at our terminal with our input and output.

use std::{
    ffi::OsString,
    io::IsTerminal as _,
    os::unix::process::ExitStatusExt as _,
    process::{ExitCode, ExitStatus},
    time::Duration,
};

use anyhow::Context as _;
use muster_local::{
    process::bound_to_this_process,
    signals::{Ending, Signals},
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

/// How long the command gets to end after a signal.
const GRACE: Duration = Duration::from_secs(30);

/// Runs `command` with `env` added to our environment, hands signals on to it, and gives its exit
/// status.
pub(crate) async fn run(
    command: &[OsString],
    env: &[(&str, String)],
    signals: &mut Signals,
) -> anyhow::Result<ExitCode> {
    let (program, args) = command.split_first().context("no command was given")?;
    // Polled by `main`'s thread, which lives as long as this program does.
    let mut child = Command::from(bound_to_this_process(program, "TERM"))
        .args(args)
        .envs(env.iter().map(|(name, value)| (name, value)))
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    let status = tokio::select! {
        status = child.wait() => status,
        ending = signals.next() => {
            hand_on(&child, ending);
            if let Ok(status) = tokio::time::timeout(GRACE, child.wait()).await {
                status
            } else {
                child.start_kill().context("killing the command")?;
                child.wait().await
            }
        }
    };
    Ok(exit_code(status.context("waiting for the command")?))
}

fn hand_on(child: &Child, ending: Ending) {
    let signal = match ending {
        // At a terminal Ctrl-C has reached the command already; a second one would mean "at once"
        // to many programs.
        Ending::Interrupt if std::io::stdin().is_terminal() => return,
        Ending::Interrupt => Signal::INT,
        Ending::Terminate => Signal::TERM,
        Ending::HangUp => Signal::HUP,
    };
    // `id` is `None` once the child has been reaped.
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _dying = kill_process(pid, signal);
    }
}

/// Returns the status shells use: that of the command, or 128 and the signal that ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
