//! `fair`: 200 agents of one tenant claim and send through an api with a pool of 20, and another
//! tenant's admin looks around; the reference are the other's own requests without the agents, in
//! turns with them.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use muster_rehearsal::client::Client;

use crate::{
    floor::{Agent, Pace, Tally, Tenant, percentile, taken},
    report::Report,
    rig::Rig,
    scaled,
};

const AGENTS: u32 = 200;
const ROUNDS: usize = 6;
const SECONDS: usize = 10;
/// How long an agent thinks between two requests. All together they ask for more than can be done.
const PACE: Pace = Pace { think: Duration::from_millis(100), one_by_one: false };
const OTHERS: [&str; 3] = ["groups", "contacts", "goals"];

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("fair");
    for workers in [0, 1] {
        beside(&mut report, workers, scale).await?;
    }
    Ok(report)
}

/// One tenant beside another, with so many workers that send the agents' queued texts.
async fn beside(report: &mut Report, workers: usize, scale: f64) -> anyhow::Result<()> {
    let rig = Rig::start_with(1, workers, &[("MUSTER_DATABASE_MAX_CONNECTIONS", "20")]).await?;
    let busy = Tenant { number: 1, agents: AGENTS, contacts: 200_000, batch: 5 };
    let other = Tenant { number: 2, agents: 1, contacts: 1_000, batch: 50 };
    busy.plant(&rig).await?;
    other.plant(&rig).await?;
    let api = Client::over(reqwest::Client::new(), &rig.cluster.api_url).once();
    let admin = api.with_token(Some(&other.token(0)));
    let tally = Tally::default();
    let seconds = Duration::from_secs(scaled(SECONDS, scale) as u64);
    look_around(&admin, other, seconds / 4).await?;
    let (mut alone, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut worked = Duration::ZERO;
    for round in 1..=ROUNDS {
        if workers > 0 {
            rig.until("select count(*) from job where state in ('pending', 'published', 'running')", 0).await?;
        }
        let mut unloaded = look_around(&admin, other, seconds / 2).await?;
        let over = AtomicBool::new(false);
        let agents = (1..=AGENTS).map(|number| Agent::of(busy, number, &api, PACE, &tally, &over));
        let agents: Vec<_> = agents.collect();
        let began = Instant::now();
        let work = try_join_all(agents.iter().map(Agent::work));
        let look = async {
            // The agents are all at work by then.
            tokio::time::sleep(PACE.think * 3).await;
            let times = look_around(&admin, other, seconds).await;
            over.store(true, Ordering::Relaxed);
            times
        };
        let (worked_out, loaded) = tokio::join!(work, look);
        worked_out?;
        worked += began.elapsed();
        let mut loaded = loaded?;
        let (before, after) = (percentile(&mut unloaded, 99), percentile(&mut loaded, 99));
        eprintln!(
            "round {round}, {workers} worker(s): p99 {before:.1} ms alone ({} requests), {after:.1} ms beside ({}), {:.1} ×; p50 {:.1} and {:.1} ms",
            unloaded.len(),
            loaded.len(),
            after / before,
            percentile(&mut unloaded, 50),
            percentile(&mut loaded, 50),
        );
        ratios.push(after / before);
        alone.append(&mut unloaded);
        beside.append(&mut loaded);
    }
    let of = if workers == 0 { "nothing sends".to_owned() } else { format!("{workers} worker sends") };
    let (mut claims, mut sends) = (taken(&tally.claims), taken(&tally.sends));
    let (p99_alone, p99_beside) = (percentile(&mut alone, 99), percentile(&mut beside, 99));
    report.figure(format!("another tenant's requests alone, p99, {of}"), p99_alone, "ms");
    report.figure(format!("the same beside {AGENTS} agents, p99, {of}"), p99_beside, "ms");
    report.aimed(format!("ratio over all rounds, {of}"), p99_beside / p99_alone, "×", "≤ 3");
    report.figure(format!("ratio of a round, median, {of}"), percentile(&mut ratios, 50), "×");
    report.figure(format!("ratio of a round, highest, {of}"), percentile(&mut ratios, 100), "×");
    report.figure(format!("alone, p50, {of}"), percentile(&mut alone, 50), "ms");
    report.figure(format!("beside, p50, {of}"), percentile(&mut beside, 50), "ms");
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    #[expect(clippy::cast_precision_loss, reason = "numbers of requests")]
    {
        let done = (claims.len() + sends.len()) as f64;
        report.figure(format!("requests of the agents, {of}"), done / worked.as_secs_f64(), "a second");
        report.figure(format!("of them put off (429), {of}"), count(&tally.put_off) as f64, "");
        report.aimed(format!("answers from 500 on, {of}"), count(&tally.failed) as f64, "", "0");
    }
    report.figure(format!("claims, p50, {of}"), percentile(&mut claims, 50), "ms");
    report.figure(format!("claims, p99, {of}"), percentile(&mut claims, 99), "ms");
    report.figure(format!("sends, p99, {of}"), percentile(&mut sends, 99), "ms");
    anyhow::ensure!(count(&tally.empty) == 0, "the agents had nothing left to do");
    rig.stop().await
}

/// Returns an admin's requests one after the other; returns their times in milliseconds.
async fn look_around(admin: &Client, tenant: Tenant, time: Duration) -> anyhow::Result<Vec<f64>> {
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < time {
        for of in OTHERS {
            let began = Instant::now();
            admin.get(&format!("{}/{of}", tenant.path())).await?;
            times.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    Ok(times)
}
