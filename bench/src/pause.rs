//! `pause`: a goal with a million queued messages is paused while they go out; how long until the
//! last hand-over to the carrier.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use muster_domain::{
    goals::lifecycle::GoalCommand,
    ids::{GoalId, OrganizationId},
};
use muster_storage::{
    Tx, goals,
    tenancy::organizations,
    testing::plant::{ID, Planted, QUEUE_JOBS},
};
use serde_json::Value;

use crate::{report::Report, rig::Rig, scaled};

const MESSAGES: usize = 1_000_000;
const ROUNDS: usize = 30;

/// Has a goal obey, as the API does.
async fn obey(tx: &mut Tx, organization: OrganizationId, id: GoalId, command: GoalCommand) -> anyhow::Result<()> {
    let goal = goals::lock(tx, organization, id).await?.context("the planted goal")?;
    let after = goal.clock.after(command, tx.clock().await?)?;
    goals::set_clock(tx, &goal, &after).await?;
    Ok(())
}

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("pause");
    let rig = Rig::start(1, 2).await?;
    let messages = scaled(MESSAGES, scale);
    let planted = Planted { messages: u32::try_from(messages)?, numbers: 1_000, ..Planted::default() };
    for statement in planted.statements() {
        rig.execute(&statement).await?;
    }
    rig.execute("vacuum analyze").await?;
    rig.execute("checkpoint").await?;
    rig.execute(QUEUE_JOBS).await?;
    let (goal, organization) = (GoalId(ID.parse()?), OrganizationId(ID.parse()?));
    let (mut last_ms, mut paused_ms, mut written) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = accepted(&rig).await?.0;
        while accepted(&rig).await?.0 < before + 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let wal = rig.wal_bytes().await?;
        let began = SystemTime::now();
        let mut tx = rig.pool.begin().await?;
        organizations::lock_terms(&mut tx, organization).await?;
        obey(&mut tx, organization, goal, GoalCommand::Pause).await?;
        tx.commit().await?;
        let paused = SystemTime::now();
        written.push(rig.wal_bytes().await? - wal);
        paused_ms.push(paused.duration_since(began)?.as_secs_f64() * 1_000.0);
        let last = silence(&rig).await?;
        let paused = paused.duration_since(UNIX_EPOCH)?.as_secs_f64() * 1_000.0;
        last_ms.push((last - paused).max(0.0));
        eprintln!(
            "round {}: the pause {:.0} ms, the last hand-over {:.0} ms after it",
            last_ms.len(),
            paused_ms[last_ms.len() - 1],
            last - paused
        );
        let mut tx = rig.pool.begin().await?;
        organizations::lock_terms(&mut tx, organization).await?;
        obey(&mut tx, organization, goal, GoalCommand::Resume).await?;
        tx.commit().await?;
        rig.execute(&format!(
            "insert into timer (kind, subject, fire_at, organization_id) values ('hold-ends', '{ID}', now(), '{ID}') on conflict do nothing"
        ))
        .await?;
    }
    last_ms.sort_by(f64::total_cmp);
    paused_ms.sort_by(f64::total_cmp);
    written.sort_unstable();
    let of = format!("with {messages} messages queued");
    report.aimed(
        format!("from the pause to the last hand-over, p99, {of}"),
        last_ms[ROUNDS * 99 / 100],
        "ms",
        "≤ 100 ms",
    );
    report.figure(format!("from the pause to the last hand-over, p50, {of}"), last_ms[ROUNDS / 2], "ms");
    report.figure("the pause itself, p50", paused_ms[ROUNDS / 2], "ms");
    #[expect(clippy::cast_precision_loss, reason = "bytes")]
    report.figure(
        "write-ahead log while it was written, of the whole database, p50",
        written[ROUNDS / 2] as f64,
        "bytes",
    );
    rig.stop().await?;
    Ok(report)
}

/// Waits until the carrier has got nothing for a second, and returns when it got the last.
async fn silence(rig: &Rig) -> anyhow::Result<f64> {
    let (mut seen, mut since) = (accepted(rig).await?, Instant::now());
    while since.elapsed() < Duration::from_secs(1) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = accepted(rig).await?;
        if now.0 != seen.0 {
            (seen, since) = (now, Instant::now());
        }
    }
    Ok(seen.1)
}

/// Returns how many texts the carrier has, and when it got the last, in milliseconds since 1970.
async fn accepted(rig: &Rig) -> anyhow::Result<(u64, f64)> {
    let url = &rig.cluster.simulator_url;
    let stats: Value = reqwest::get(format!("{url}/_sim/stats")).await?.json().await?;
    let count = stats["accepted"].as_u64().unwrap_or_default();
    let after = count.saturating_sub(1);
    let page: Value = reqwest::get(format!("{url}/_sim/messages?after={after}&limit=1000")).await?.json().await?;
    let last = page["messages"].as_array().and_then(|messages| messages.last());
    let at = last.and_then(|message| message["accepted_at"].as_str()).unwrap_or("1970-01-01T00:00:00Z");
    let at: chrono::DateTime<chrono::Utc> = at.parse()?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
    Ok((count, at.timestamp_millis() as f64))
}
