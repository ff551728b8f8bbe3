//! The worker daemon.

use std::process::ExitCode;

use clap::Parser;
use muster_service::{
    config::{Worker, WorkerSettings},
    daemon,
};

/// Runs jobs. The configuration is that of `MUSTER_*` and `MUSTER_CONFIG`; arguments go before it.
#[derive(Parser)]
#[command(name = "muster-worker", version)]
struct Args {
    /// Kinds of jobs that it takes, and no others.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Kinds of jobs that it does not take.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    except: Vec<String>,
    /// Jobs of a kind that it runs at a time.
    #[arg(long, value_name = "KIND=JOBS", value_delimiter = ',')]
    concurrency: Vec<String>,
    /// Seconds that one attempt of a kind's job may take.
    #[arg(long, value_name = "KIND=SECONDS", value_delimiter = ',')]
    time_limits: Vec<String>,
}

impl Args {
    /// Puts the arguments that were given in the place of the configuration's values.
    fn over(self, worker: &mut Worker) {
        let Self { kinds, except, concurrency, time_limits } = self;
        for (given, value) in [
            (kinds, &mut worker.kinds),
            (except, &mut worker.except),
            (concurrency, &mut worker.concurrency),
            (time_limits, &mut worker.time_limits),
        ] {
            if !given.is_empty() {
                *value = given;
            }
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    daemon::run("worker", |mut settings: WorkerSettings, stop| {
        args.over(&mut settings.worker);
        muster_workers::run(settings, stop)
    })
    .await
}
