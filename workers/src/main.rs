//! The worker daemon.

use std::process::ExitCode;

use muster_service::daemon;

#[tokio::main]
async fn main() -> ExitCode {
    daemon::run("worker", muster_workers::run).await
}
