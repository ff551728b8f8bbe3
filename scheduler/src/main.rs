//! The scheduler daemon.

use std::process::ExitCode;

use muster_service::daemon;

#[tokio::main]
async fn main() -> ExitCode {
    daemon::run("scheduler", muster_scheduler::run).await
}
