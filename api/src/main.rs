//! The api daemon.

use std::process::ExitCode;

use muster_service::daemon;

#[tokio::main]
async fn main() -> ExitCode {
    daemon::run("api", muster_api::run).await
}
