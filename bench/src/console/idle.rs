//! Open screens of agents while nothing happens.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures::{StreamExt as _, stream};

use crate::{
    console::plant::{AGENTS, session},
    process,
    report::Report,
    rig::Rig,
    statements,
};

const MINUTE: Duration = Duration::from_mins(1);
/// Until the first looks are over.
const SETTLES: Duration = Duration::from_secs(10);
/// Screens that are opened at a time.
const AT_ONCE: usize = 16;

/// Opens the screens of all agents, and counts the statements that the api makes in a minute.
pub(crate) async fn run(report: &mut Report, rig: &Rig) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/text/events", rig.cluster.api_url);
    let open = async |agent: usize| {
        let cookie = format!("__Host-muster={}", session(agent));
        let mut screen = http.get(&url).header("cookie", cookie).send().await?;
        let first = screen.chunk().await?.context("a screen ended before its first event")?;
        ensure!(
            screen.status().is_success() && first.starts_with(b"event: parts"),
            "the screen of agent {agent} answers {}: {}",
            screen.status(),
            String::from_utf8_lossy(&first)
        );
        Ok(screen)
    };
    let screens: Vec<anyhow::Result<reqwest::Response>> =
        stream::iter(1..=AGENTS).map(open).buffer_unordered(AT_ONCE).collect().await;
    let screens = screens.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    tokio::time::sleep(SETTLES).await;
    statements::log_all(rig).await?;
    let api = rig.pid("api")?;
    let (before, cpu) = (statements::seen(rig, "muster api")?, process::cpu_seconds(api)?);
    tokio::time::sleep(MINUTE).await;
    let (after, cpu_after) = (statements::seen(rig, "muster api")?, process::cpu_seconds(api)?);
    statements::log_none(rig).await?;
    let seconds = MINUTE.as_secs_f64();
    let of = format!("{} open screens of agents", screens.len());
    report.aimed(format!("statements of the api, {of}"), (after.count - before.count) / seconds, "a second", "< 50");
    report.figure("their time in the database", (after.ms - before.ms) / seconds, "ms a second");
    report.figure("processor time of the api meanwhile", (cpu_after - cpu) / seconds * 100.0, "% of a core");
    Ok(())
}
