//! The worker daemon.

use muster_service::{Settings, shutdown, telemetry, zones};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::load()?;
    let _telemetry = telemetry::init("worker", &settings)?;
    zones::compare_in_background();
    let stop = CancellationToken::new();
    let grace = settings.shutdown_grace();
    let (_, result) = shutdown::run(stop.clone(), grace, muster_workers::run(settings, stop)).await?;
    result.unwrap_or(Ok(()))
}
