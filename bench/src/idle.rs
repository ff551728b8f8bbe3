//! `idle`: a scheduler and a worker with nothing to do.

use std::time::Duration;

use crate::{
    process,
    report::Report,
    rig::Rig,
    scaled,
    statements::{self, Seen},
};

const SECONDS: usize = 60;

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("idle");
    let rig = Rig::start(1, 1).await?;
    statements::log_all(&rig).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let seconds = scaled(SECONDS, scale);
    let daemons = ["scheduler-1", "worker-1"];
    let before = look(&rig, &daemons)?;
    tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
    let after = look(&rig, &daemons)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let span = seconds as f64;
    for (daemon, (before, after)) in daemons.iter().zip(before.iter().zip(&after)) {
        let statements = (after.seen.count - before.seen.count) / span;
        report.aimed(format!("statements of {daemon}"), statements, "a second", "< 5");
        let cpu = (after.cpu_seconds - before.cpu_seconds) / span * 100.0;
        report.aimed(format!("processor time of {daemon}"), cpu, "% of a core", "< 1");
        report.figure(format!("peak memory of {daemon}"), process::peak_mebibytes(rig.pid(daemon)?)?, "MiB");
    }
    rig.stop().await?;
    Ok(report)
}

struct Look {
    cpu_seconds: f64,
    seen: Seen,
}

fn look(rig: &Rig, daemons: &[&str]) -> anyhow::Result<Vec<Look>> {
    let look = |daemon: &&str| {
        let seen = statements::seen(rig, &format!("muster {daemon}"))?;
        Ok(Look { cpu_seconds: process::cpu_seconds(rig.pid(daemon)?)?, seen })
    };
    daemons.iter().map(look).collect()
}
