//! Running a short command to its end and reading its output. Servers are started by `process`
//! instead.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::{io::AsyncWriteExt as _, process::Command};

/// Runs `command` with `input` on its standard input; gives its standard output, or an error with
/// its standard error.
pub(crate) async fn capture(mut command: Command, input: Option<&[u8]>, limit: Duration) -> anyhow::Result<String> {
    let program = Path::new(command.as_std().get_program()).display().to_string();
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let run = async {
        let mut child = command.spawn().with_context(|| format!("starting {program}"))?;
        let pipe = child.stdin.take();
        let feed = async {
            if let (Some(mut pipe), Some(input)) = (pipe, input) {
                // A command that ends early closes the pipe; its status tells the reason better
                // than the pipe does.
                let _closed_early = pipe.write_all(input).await;
            }
        };
        let (output, ()) = tokio::join!(child.wait_with_output(), feed);
        output.with_context(|| format!("waiting for {program}"))
    };
    let Output { status, stdout, stderr } = tokio::time::timeout(limit, run)
        .await
        .with_context(|| format!("{program} did not end within {} s", limit.as_secs()))??;
    if !status.success() {
        bail!("{program} ended with {status}: {}", String::from_utf8_lossy(&stderr).trim());
    }
    String::from_utf8(stdout).with_context(|| format!("{program} printed bytes that are no text"))
}
