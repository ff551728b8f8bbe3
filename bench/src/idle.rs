//! `idle`: a scheduler and a worker with nothing to do.

use std::time::Duration;

use anyhow::Context as _;

use crate::{process, report::Report, rig::Rig, scaled};

const SECONDS: usize = 60;

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("idle");
    let rig = Rig::start(1, 1).await?;
    // Every statement is then a line of the server's log with the name of its client.
    rig.execute("alter system set log_line_prefix = '%a|'").await?;
    rig.execute("alter system set log_statement = 'all'").await?;
    rig.execute("select pg_reload_conf()").await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let seconds = scaled(SECONDS, scale);
    let daemons = ["scheduler-1", "worker-1"];
    let before = look(&rig, &daemons)?;
    tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
    let after = look(&rig, &daemons)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let span = seconds as f64;
    for (daemon, (before, after)) in daemons.iter().zip(before.iter().zip(&after)) {
        let statements = (after.statements - before.statements) / span;
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
    statements: f64,
}

fn look(rig: &Rig, daemons: &[&str]) -> anyhow::Result<Vec<Look>> {
    let log = rig.stack.postgres.log().context("the database is not a process of ours")?;
    let log = String::from_utf8_lossy(&std::fs::read(&log).with_context(|| log.display().to_string())?).into_owned();
    let look = |daemon: &&str| {
        // A prepared statement is logged when it is executed; only the first of several log lines
        // begins with the name.
        let prefix = format!("muster {daemon}|");
        let statements = log.lines().filter(|line| line.starts_with(&prefix) && is_statement(line)).count();
        #[expect(clippy::cast_precision_loss, reason = "a number of statements")]
        let statements = statements as f64;
        Ok(Look { cpu_seconds: process::cpu_seconds(rig.pid(daemon)?)?, statements })
    };
    daemons.iter().map(look).collect()
}

fn is_statement(line: &str) -> bool {
    line.contains("LOG:  execute ") || line.contains("LOG:  statement: ")
}
