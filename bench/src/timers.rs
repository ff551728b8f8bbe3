//! `timers`: a thousand timers due a second, among a million that wait and among a thousand.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;

use crate::{process, report::Report, rig::Rig, scaled};

const MANY: usize = 1_000_000;
const FEW: usize = 1_000;
const A_SECOND: usize = 1_000;
const SECONDS: usize = 30;

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("timers");
    let rig = Rig::start(1, 1).await?;
    let many = scaled(MANY, scale);
    let mut runs = Vec::new();
    for pending in [FEW, many / 10, many] {
        let run = fire(&rig, pending).await.with_context(|| format!("{pending} timers pending"))?;
        let of = format!("of {A_SECOND} a second among {pending}");
        report.aimed(format!("lateness {of}, p99"), run.late_p99_ms, "ms", "≤ 50 ms among a million");
        report.figure(format!("lateness {of}, p50"), run.late_p50_ms, "ms");
        report.figure(format!("start of its job {of}, p99"), run.started_p99_ms, "ms");
        report.figure(format!("scheduler's processor time {of}"), run.scheduler_cpu * 100.0, "% of a core");
        report.figure(format!("database's processor time {of}"), run.database_cpu * 100.0, "% of a core");
        runs.push(run);
    }
    let (small, large) = (&runs[0], &runs[runs.len() - 1]);
    report.aimed("lateness p99, large over small", large.late_p99_ms / small.late_p99_ms, "×", "≤ 1.1");
    report.aimed(
        "scheduler's processor time, large over small",
        large.scheduler_cpu / small.scheduler_cpu,
        "×",
        "≤ 1.1",
    );
    report.aimed("database's processor time, large over small", large.database_cpu / small.database_cpu, "×", "≤ 1.1");
    report.figure("peak memory of the scheduler", process::peak_mebibytes(rig.pid("scheduler-1")?)?, "MiB");
    rig.stop().await?;
    Ok(report)
}

struct Run {
    late_p50_ms: f64,
    late_p99_ms: f64,
    started_p99_ms: f64,
    /// Parts of a core.
    scheduler_cpu: f64,
    database_cpu: f64,
}

async fn fire(rig: &Rig, pending: usize) -> anyhow::Result<Run> {
    rig.empty("job, timer").await?;
    rig.execute("drop table if exists due").await?;
    let organization = uuid::Uuid::now_v7();
    rig.execute(&format!(
        "insert into timer (kind, subject, fire_at, organization_id)
         select 'lease-expires', gen_random_uuid(), now() + interval '1 day' + n * interval '1 ms', '{organization}'
         from generate_series(1, {pending}) n"
    ))
    .await?;
    rig.execute("vacuum analyze timer").await?;
    rig.execute("checkpoint").await?;
    // The first is due when all are there.
    rig.execute(&format!(
        "create table due as
         select gen_random_uuid() as subject, now() + interval '4 s' + n * interval '1 s' / {A_SECOND} as fire_at
         from generate_series(1, {}) n",
        A_SECOND * SECONDS
    ))
    .await?;
    rig.execute("create unique index on due (subject)").await?;
    rig.execute(&format!(
        "insert into timer (kind, subject, fire_at, organization_id) select 'lease-expires', subject, fire_at, '{organization}' from due"
    ))
    .await?;
    rig.execute("analyze due").await?;
    let scheduler = rig.pid("scheduler-1")?;
    let before = (process::cpu_seconds(scheduler)?, backends(rig).await?);
    tokio::time::sleep(Duration::from_secs(SECONDS as u64 + 4)).await;
    let after = (process::cpu_seconds(scheduler)?, backends(rig).await?);
    // Processes that were started meanwhile count from their beginning.
    let database: f64 = after.1.iter().map(|(pid, used)| used - before.1.get(pid).copied().unwrap_or_default()).sum();
    rig.until("select count(*) from job where state = 'succeeded'", i64::try_from(A_SECOND * SECONDS)?).await?;
    let percentile = async |part: f64, column: &str| {
        let query = format!(
            "select (percentile_disc({part}) within group (order by extract(epoch from j.{column} - d.fire_at)) * 1000000)::bigint
             from job j join due d on d.subject = (j.payload ->> 'batch_id')::uuid"
        );
        #[expect(clippy::cast_precision_loss, reason = "a latency")]
        let milliseconds = rig.number(&query).await? as f64 / 1_000.0;
        anyhow::Ok(milliseconds)
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let span = SECONDS as f64;
    Ok(Run {
        late_p50_ms: percentile(0.5, "created_at").await?,
        late_p99_ms: percentile(0.99, "created_at").await?,
        started_p99_ms: percentile(0.99, "claimed_at").await?,
        scheduler_cpu: (after.0 - before.0) / span,
        database_cpu: database / span,
    })
}

/// Returns the processes of the database that serve the scheduler, and the processor seconds that
/// each has used so far.
async fn backends(rig: &Rig) -> anyhow::Result<BTreeMap<u32, f64>> {
    let mut used = BTreeMap::new();
    let count = rig.number("select count(*) from pg_stat_activity where application_name like '%scheduler-1%'").await?;
    for offset in 0..count {
        let query = format!(
            "select coalesce((select pid from pg_stat_activity where application_name like '%scheduler-1%' order by pid offset {offset} limit 1), 0)::bigint"
        );
        let pid = u32::try_from(rig.number(&query).await?)?;
        // One that has gone meanwhile counts nothing.
        if let Ok(seconds) = process::cpu_seconds(pid) {
            used.insert(pid, seconds);
        }
    }
    Ok(used)
}
