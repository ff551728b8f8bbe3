//! `agents`: a thousand agents at a time claim batches and send them text by text, thinking in
//! between, while a worker sends the queued texts; the reference are the same bodies at the same
//! pace, to a handler that only stores them.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use muster_rehearsal::client::{Call, Client};
use reqwest::Method;
use serde_json::json;

use crate::{
    floor::{Agent, Pace, Tally, Tenant, percentile, taken},
    process,
    report::Report,
    rig::Rig,
    scaled,
    store::Store,
};

const AGENTS: usize = 1_000;
const SECONDS: u64 = 60;
/// A text every four seconds from each agent.
const PACE: Pace = Pace { think: Duration::from_secs(4), one_by_one: true };

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("agents");
    let rig = Rig::start(1, 1).await?;
    let (small, whole) = (scaled(AGENTS / 10, scale), scaled(AGENTS, scale));
    let tenant = Tenant { number: 1, agents: u32::try_from(whole)?, contacts: 60_000, batch: 10 };
    tenant.plant(&rig).await?;
    for agents in [small, whole] {
        work(&mut report, &rig, tenant, u32::try_from(agents)?).await?;
    }
    let twice = "select count(*) from (select contact_id from message where kind = 'initial' group by 1 having count(*) > 1) twice";
    #[expect(clippy::cast_precision_loss, reason = "a number of contacts")]
    report.aimed("contacts with two initial texts", rig.number(twice).await? as f64, "", "0");
    report.figure("peak memory of the api", process::peak_mebibytes(rig.pid("api")?)?, "MiB");
    bare(&mut report, &rig, u32::try_from(whole)?).await?;
    rig.stop().await?;
    Ok(report)
}

async fn work(report: &mut Report, rig: &Rig, tenant: Tenant, agents: u32) -> anyhow::Result<()> {
    let api = Client::over(reqwest::Client::new(), &rig.cluster.api_url).once();
    let (tally, over) = (Tally::default(), AtomicBool::new(false));
    let shifts: Vec<_> = (1..=agents).map(|number| Agent::of(tenant, number, &api, PACE, &tally, &over)).collect();
    let began = Instant::now();
    let shift = async {
        tokio::time::sleep(Duration::from_secs(SECONDS)).await;
        over.store(true, Ordering::Relaxed);
    };
    let (worked, ()) = tokio::join!(try_join_all(shifts.iter().map(Agent::work)), shift);
    worked?;
    let took = began.elapsed().as_secs_f64();
    let (mut claims, mut sends, batches) = (taken(&tally.claims), taken(&tally.sends), taken(&tally.batches));
    let different: HashSet<_> = batches.iter().collect();
    let of = format!("{agents} agents");
    report.aimed(format!("claims, p99, {of}"), percentile(&mut claims, 99), "ms", "≤ 50 ms");
    report.figure(format!("claims, p50, {of}"), percentile(&mut claims, 50), "ms");
    report.figure(format!("sends of one text, p99, {of}"), percentile(&mut sends, 99), "ms");
    report.figure(format!("sends of one text, p50, {of}"), percentile(&mut sends, 50), "ms");
    #[expect(clippy::cast_precision_loss, reason = "numbers of requests")]
    {
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed) as f64;
        report.figure(format!("requests, {of}"), (claims.len() + sends.len()) as f64 / took, "a second");
        report.figure(format!("texts, {of}"), count(&tally.texts) / took, "a second");
        report.figure(format!("batches claimed, {of}"), batches.len() as f64, "");
        report.aimed(format!("of them twice, {of}"), (batches.len() - different.len()) as f64, "", "0");
        report.figure(format!("put off (429), {of}"), count(&tally.put_off), "");
        report.aimed(format!("answers from 500 on, {of}"), count(&tally.failed), "", "0");
    }
    anyhow::ensure!(tally.empty.load(Ordering::Relaxed) == 0, "the agents had nothing left to do");
    Ok(())
}

/// The reference: as many callers at the same pace, with bodies that are stored and nothing else.
async fn bare(report: &mut Report, rig: &Rig, agents: u32) -> anyhow::Result<()> {
    let store = Store::start(rig).await?;
    let client = Client::over(reqwest::Client::new(), &store.url).once();
    let (tally, over) = (Tally::default(), AtomicBool::new(false));
    let callers = |number: u32| {
        let client = client.clone();
        let (tally, over) = (&tally, &over);
        async move {
            let think = PACE.think / 2 + PACE.think * (number * 17 % 100) / 100;
            tokio::time::sleep(think).await;
            while !over.load(Ordering::Relaxed) {
                let body = json!({ "lease_token": 1, "contact_ids": [uuid::Uuid::from_u128(number.into())] });
                let began = Instant::now();
                client.call(Method::POST, "", &Call::json(&body)).await?.success()?;
                let took_ms = began.elapsed().as_secs_f64() * 1_000.0;
                tally.claims.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(took_ms);
                tokio::time::sleep(think).await;
            }
            anyhow::Ok(())
        }
    };
    let callers: Vec<_> = (1..=agents).map(callers).collect();
    let shift = async {
        tokio::time::sleep(Duration::from_secs(SECONDS / 2)).await;
        over.store(true, Ordering::Relaxed);
    };
    let (called, ()) = tokio::join!(try_join_all(callers), shift);
    called?;
    drop(client);
    store.stop().await?;
    let mut times = taken(&tally.claims);
    report.figure(format!("a handler that only stores, p99, {agents} callers"), percentile(&mut times, 99), "ms");
    report.figure(format!("a handler that only stores, p50, {agents} callers"), percentile(&mut times, 50), "ms");
    Ok(())
}
