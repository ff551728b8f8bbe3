//! Two-step shutdown: the first signal asks the process to finish its work, the second ends it at
//! once.

use std::{future::Future, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::notify;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The work came to its end by itself or after it was asked to.
    Finished,
    /// The grace time ran out, or a second signal came; work under way is left to leases.
    Abandoned,
}

/// Runs a process's work until it ends. SIGTERM and SIGINT cancel `stop`; from then on the work has
/// `grace` to end.
pub async fn run<T>(
    stop: CancellationToken,
    grace: Duration,
    work: impl Future<Output = T>,
) -> std::io::Result<(Ended, Option<T>)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut next_signal = async || {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    };
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return Ok((Ended::Finished, Some(done))),
        name = next_signal() => tracing::info!(signal = name, "stopping: finishing what is under way"),
    }
    notify::stopping();
    stop.cancel();
    tokio::select! {
        done = &mut work => Ok((Ended::Finished, Some(done))),
        name = next_signal() => {
            tracing::warn!(signal = name, "stopping at once");
            Ok((Ended::Abandoned, None))
        }
        () = tokio::time::sleep(grace) => {
            tracing::warn!(grace_seconds = grace.as_secs(), "the grace time is over: stopping at once");
            Ok((Ended::Abandoned, None))
        }
    }
}
