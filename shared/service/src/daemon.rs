//! The frame of a daemon: configuration, telemetry, two-step shutdown, and an end that is told.

use std::{error::Error, future::Future, process::ExitCode};

use tokio_util::sync::CancellationToken;

use crate::{config::DaemonSettings, notify, shutdown, telemetry, zones};

type AnyError = Box<dyn Error + Send + Sync>;

/// Runs a daemon of this role (`api`, `scheduler`, `worker`) until its work ends or it is asked to
/// stop. `work` is given a token that is cancelled when it should finish its work.
///
/// Exits with 0 if the work ended without an error or was stopped, with 1 if it failed. The reason
/// of its failure is in the log as one line; before there is a log, because of the configuration,
/// on standard error.
pub async fn run<S, W, R, E>(role: &'static str, work: W) -> ExitCode
where
    S: DaemonSettings,
    W: FnOnce(S, CancellationToken) -> R,
    R: Future<Output = Result<(), E>>,
    E: Into<AnyError>,
{
    let (settings, _telemetry) = match begin::<S>(role) {
        Ok(begun) => begun,
        Err(error) => return failed(&*error),
    };
    zones::compare_in_background();
    let stop = CancellationToken::new();
    let grace = settings.process().shutdown_grace();
    let work = async {
        tokio::select! {
            done = work(settings, stop.clone()) => done,
            never = notify::keep_watchdog() => match never {},
        }
    };
    let error = match shutdown::run(stop.clone(), grace, work).await {
        Ok((_, None | Some(Ok(())))) => return ExitCode::SUCCESS,
        Ok((_, Some(Err(error)))) => told(&*error.into()),
        Err(error) => format!("signals cannot be waited for: {error}"),
    };
    tracing::error!(error, "the {role} has failed");
    ExitCode::FAILURE
}

fn begin<S: DaemonSettings>(role: &'static str) -> Result<(S, telemetry::Telemetry), AnyError> {
    let settings = S::load()?;
    let telemetry = telemetry::init(role, settings.process())?;
    Ok((settings, telemetry))
}

/// Says on standard error why a program ends, and gives the exit code 1. For programs without a
/// log.
pub fn failed(error: &(dyn Error + 'static)) -> ExitCode {
    failed_as(error, |line| line)
}

/// The same where the line is to be shown in another way, because strangers' text may be in it.
#[expect(clippy::print_stderr, reason = "there is no log")]
pub fn failed_as(error: &(dyn Error + 'static), shown: impl FnOnce(String) -> String) -> ExitCode {
    eprintln!("error: {}", shown(told(error)));
    ExitCode::FAILURE
}

/// Returns an error and its causes on one line. A cause that an error has told already is not told
/// twice.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.ends_with(&text) {
            line = format!("{line}: {text}");
        }
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Trouble {
        #[error("the file: {0}")]
        Told(#[source] std::fmt::Error),
        #[error("the file")]
        Named(#[source] std::fmt::Error),
    }

    #[test]
    fn a_cause_is_told_once() {
        let cause = std::fmt::Error.to_string();
        for trouble in [Trouble::Told(std::fmt::Error), Trouble::Named(std::fmt::Error)] {
            assert_eq!(told(&trouble), format!("the file: {cause}"));
        }
    }
}
