//! `send`: queued messages through the hand-over to the simulated carrier, with caps, rates, hours
//! and receipts on; beside that the same without caps and rates, and a bare loop of HTTP requests
//! against the same simulator.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::{StreamExt as _, stream};
use muster_storage::testing::plant::{Planted, QUEUE_JOBS};
use serde_json::Value;

use crate::{process, report::Report, rig::Rig, scaled};

const MESSAGES: usize = 200_000;
/// The fastest pace, so that lanes are used and stop next to nothing.
const RATE: i64 = 1_000_000;
const NUMBERS: u32 = 1_000;
/// Requests of the bare loop at a time.
const CONCURRENCY: usize = 64;

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("send");
    let (whole, tenth) = (scaled(MESSAGES, scale), scaled(MESSAGES / 10, scale));
    for workers in [1, 2, 4] {
        let rig = Rig::start(1, workers).await?;
        let limited = |messages, job| Run { messages, job, limited: true };
        let small = through(&rig, limited(tenth, 100)).await?;
        // Between two of the reference, so that neither has the fresher disk or the quieter moment
        // for itself.
        let free = Run { messages: whole, job: 100, limited: false };
        let before = through(&rig, free).await?;
        let ours = through(&rig, limited(whole, 100)).await?;
        let after = through(&rig, free).await?;
        let free = f64::midpoint(before, after);
        let single_free = through(&rig, Run { messages: tenth, job: 1, limited: false }).await?;
        let single = through(&rig, limited(tenth, 1)).await?;
        let bare = bare(&rig, tenth).await?;
        let of = format!("with {workers} worker(s)");
        report.figure(format!("{whole} messages in batches of 100, caps and rates on, {of}"), ours, "messages/s");
        report.figure(format!("the same without caps and rates, before it, {of}"), before, "messages/s");
        report.figure(format!("the same without caps and rates, after it, {of}"), after, "messages/s");
        report.aimed(format!("ratio, {of}"), ours / free, "×", "≥ 0.9");
        report.figure(format!("a bare loop of HTTP requests, {of}"), bare, "messages/s");
        report.aimed(format!("ratio to the bare loop, {of}"), ours / bare, "×", "≥ 0.5");
        report.figure(format!("{tenth} messages in batches of 100, {of}"), small, "messages/s");
        report.figure(format!("{tenth} messages one by one, {of}"), single, "messages/s");
        report.figure(format!("the same one by one without caps and rates, {of}"), single_free, "messages/s");
        report.figure(format!("ratio of single messages, {of}"), single / single_free, "×");
        report.figure(format!("peak memory of a worker, {of}"), process::peak_mebibytes(rig.pid("worker-1")?)?, "MiB");
        rig.stop().await?;
    }
    Ok(report)
}

#[derive(Debug, Clone, Copy)]
struct Run {
    messages: usize,
    job: u32,
    limited: bool,
}

impl Run {
    /// Returns the segments of all its messages: every third has two. As a cap they are used up to
    /// the last one and stop nothing.
    fn segments(self) -> anyhow::Result<i64> {
        Ok(i64::try_from(self.messages + self.messages.div_ceil(3))?)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of messages")]
fn rate(messages: usize, took: Duration) -> f64 {
    messages as f64 / took.as_secs_f64()
}

/// Waits until the carrier has told the outcome of all its texts, and that is written: receipts of
/// one run are no work of the next.
async fn receipts_applied(rig: &Rig) -> anyhow::Result<()> {
    while stats(rig).await?["receipts"]["pending"] != 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    rig.until("select count(*) from receipt", 0).await
}

/// Empties the tables of the run before.
async fn clear(rig: &Rig) -> anyhow::Result<()> {
    receipts_applied(rig).await?;
    rig.until("select count(*) from job where state in ('pending', 'published', 'running')", 0).await?;
    rig.execute("drop table if exists seed, seed_job").await?;
    rig.empty("job, timer, receipt, message_event, message, rate_lane, brand_hold").await?;
    // Contacts and the rows that belong to them reference nothing that is truncated here.
    rig.execute("truncate account, contact, membership, target, thread cascade").await?;
    Ok(())
}

/// Sends so many messages through; the time runs from when their jobs are made until the carrier
/// has all of them. Receipts come meanwhile.
async fn through(rig: &Rig, run: Run) -> anyhow::Result<f64> {
    clear(rig).await?;
    let planted = Planted {
        messages: u32::try_from(run.messages)?,
        job: run.job,
        numbers: NUMBERS,
        cap: run.limited.then_some(run.segments()?),
        rate: run.limited.then_some(RATE),
    };
    for statement in planted.statements() {
        rig.execute(&statement).await?;
    }
    rig.execute("checkpoint").await?;
    let (before, billed_before) = (carrier_counts(rig, "accepted").await?, carrier_counts(rig, "segments").await?);
    let started = Instant::now();
    rig.execute(QUEUE_JOBS).await?;
    let wanted = before + i64::try_from(run.messages)?;
    while carrier_counts(rig, "accepted").await? < wanted {
        anyhow::ensure!(started.elapsed() < Duration::from_mins(30), "the carrier has not got all after half an hour");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = started.elapsed();
    anyhow::ensure!(carrier_counts(rig, "accepted").await? == wanted, "the carrier got more than there is");
    let billed = carrier_counts(rig, "segments").await? - billed_before;
    anyhow::ensure!(billed == run.segments()?, "the carrier bills {billed} segments");
    if run.limited {
        // The ledger counts as many segments as the carrier bills, exactly: the cap.
        rig.until("select coalesce(sum(settled), 0)::bigint from cap_ledger where reserved = 0", billed).await?;
    }
    let delivered = rig.number("select count(*) from message where state = 'delivered'").await?;
    eprintln!(
        "{run:?}: {:.1} s, and so many receipts behind: {}",
        took.as_secs_f64(),
        i64::try_from(run.messages)? - delivered
    );
    Ok(rate(run.messages, took))
}

async fn stats(rig: &Rig) -> anyhow::Result<Value> {
    Ok(reqwest::get(format!("{}/_sim/stats", rig.cluster.simulator_url)).await?.json().await?)
}

/// One of the simulator's counts.
async fn carrier_counts(rig: &Rig, what: &str) -> anyhow::Result<i64> {
    stats(rig).await?[what].as_i64().with_context(|| format!("the simulator's count of {what}"))
}

/// Returns the reference: as many creates as ever fit, with nothing kept.
async fn bare(rig: &Rig, messages: usize) -> anyhow::Result<f64> {
    receipts_applied(rig).await?;
    let client = reqwest::Client::new();
    let (account, secret) = rig.cluster.carrier_account();
    let settings = (account.to_owned(), secret.to_owned());
    let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", rig.cluster.simulator_url, settings.0);
    let started = Instant::now();
    let calls = stream::iter(0..messages).map(|n| {
        let (client, url, settings) = (client.clone(), url.clone(), settings.clone());
        async move {
            let form = [
                ("To", format!("+1646{}", 2_000_000 + n)),
                ("From", "+12125550000".to_owned()),
                ("Body", format!("Hi Ada{n}! Reply STOP to opt out")),
            ];
            let answer = client.post(&url).basic_auth(&settings.0, Some(&settings.1)).form(&form).send().await?;
            answer.error_for_status()?.bytes().await?;
            anyhow::Ok(())
        }
    });
    let mut calls = calls.buffer_unordered(CONCURRENCY);
    while let Some(call) = calls.next().await {
        call?;
    }
    Ok(rate(messages, started.elapsed()))
}
