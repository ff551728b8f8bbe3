//! Statements that a daemon makes, counted in the log of the database.

use anyhow::Context as _;

use crate::rig::Rig;

/// Statements so far, and their time in the database.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) count: f64,
    /// With parsing and planning.
    pub(crate) ms: f64,
}

/// From now on every statement is a line of the log, with the name of its client and its time.
pub(crate) async fn log_all(rig: &Rig) -> anyhow::Result<()> {
    log(rig, 0).await
}

/// From now on none is.
pub(crate) async fn log_none(rig: &Rig) -> anyhow::Result<()> {
    log(rig, -1).await
}

async fn log(rig: &Rig, least_ms: i32) -> anyhow::Result<()> {
    rig.execute("alter system set log_line_prefix = '%a|'").await?;
    rig.execute(&format!("alter system set log_min_duration_statement = {least_ms}")).await?;
    rig.execute("select pg_reload_conf()").await?;
    // Each connection reads it before its next statement.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    Ok(())
}

/// Returns the statements of a client that the log has.
pub(crate) fn seen(rig: &Rig, client: &str) -> anyhow::Result<Seen> {
    let log = rig.stack.postgres.log().context("the database is not a process of ours")?;
    let log = String::from_utf8_lossy(&std::fs::read(&log).with_context(|| log.display().to_string())?).into_owned();
    // Only the first of several lines of a statement begins with the name.
    let prefix = format!("{client}|LOG:  duration: ");
    let mut seen = Seen::default();
    for line in log.lines().filter_map(|line| line.strip_prefix(&prefix)) {
        let Some((ms, rest)) = line.split_once(" ms  ") else { continue };
        seen.ms += ms.parse().unwrap_or(0.0);
        // A prepared statement has a line for its execution, and some for its preparation.
        if rest.starts_with("execute ") || rest.starts_with("statement: ") {
            seen.count += 1.0;
        }
    }
    Ok(seen)
}
