//! `jobs`: no-op jobs, enqueued, relayed, run and completed; then one at a time, for how soon they
//! start; then a worker is killed.

use std::time::{Duration, Instant};

use muster_domain::ids::{JobId, OrganizationId};
use muster_jobs::{Envelope, JobKind, JobRef, kinds::Probe};
use muster_storage::engine::enqueue::{JobOrder, Origin, enqueue, enqueue_all};

use crate::{bare, process, report::Report, rig::Rig, scaled};

const JOBS: usize = 200_000;
/// Jobs that one statement enqueues.
const STATEMENT: usize = 1_000;
/// Jobs a second, and seconds, of the second part.
const PACE: u64 = 100;
const PACED_SECONDS: u64 = 30;

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("jobs");
    let rig = Rig::start(1, 2).await?;
    let (whole, tenth) = (scaled(JOBS, scale), scaled(JOBS / 10, scale));

    let body = Envelope::new(JobKind::Probe, vec![JobRef::new(JobId::new())]).encode()?;
    let bare_tenth = rate(tenth, bare::run(&rig.amqp_url(), tenth, &body).await?);
    let ours_tenth = rate(tenth, through(&rig, tenth).await?.took);
    let through = through(&rig, whole).await?;
    let bare = rate(whole, bare::run(&rig.amqp_url(), whole, &body).await?);
    let ours = rate(whole, through.took);
    report.figure(format!("{whole} jobs: enqueued, relayed, run, completed"), ours, "jobs/s");
    report.figure(format!("{whole} bare messages: published, confirmed, consumed, acknowledged"), bare, "messages/s");
    report.aimed("ratio", ours / bare, "×", "≥ 1.0");
    report.figure(format!("{tenth} jobs"), ours_tenth, "jobs/s");
    report.figure(format!("{tenth} bare messages"), bare_tenth, "messages/s");
    report.figure("ratio of a tenth of the work", ours_tenth / bare_tenth, "×");
    report.figure("enqueued alone", rate(whole, through.enqueued), "jobs/s");
    report.figure("write-ahead log", through.wal_per_job, "bytes a job");
    for daemon in ["scheduler-1", "worker-1", "worker-2"] {
        report.figure(format!("peak memory of {daemon}"), process::peak_mebibytes(rig.pid(daemon)?)?, "MiB");
    }

    let single = bare::single(&rig.amqp_url(), 500, &body).await?;
    report.figure("a bare message: publish to delivery, p50", single.as_secs_f64() * 1_000.0, "ms");
    paced(&rig).await?;
    for (name, part, aim) in [("p50", 0.5, "≤ 5 ms"), ("p99", 0.99, "≤ 25 ms")] {
        let query = format!(
            "select (percentile_disc({part}) within group (order by extract(epoch from j.claimed_at) * 1000000 - e.at))::bigint
             from job j join enqueued e on e.id = j.id"
        );
        let latency = milliseconds(rig.number(&query).await?);
        report.aimed(format!("enqueue to start at {PACE} jobs/s, {name}"), latency, "ms", aim);
    }

    let (short, leased) = (killed(&rig, Work::InOneTransaction).await?, killed(&rig, Work::UnderLease).await?);
    report.figure("worker killed: its short jobs run again after", short.as_secs_f64(), "s");
    report.figure("worker killed: its jobs under a lease (30 s) run again after", leased.as_secs_f64(), "s");
    rig.stop().await?;
    Ok(report)
}

#[expect(clippy::cast_precision_loss, reason = "a number of jobs")]
fn rate(jobs: usize, took: Duration) -> f64 {
    jobs as f64 / took.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a latency")]
fn milliseconds(microseconds: i64) -> f64 {
    microseconds as f64 / 1_000.0
}

struct Through {
    enqueued: Duration,
    took: Duration,
    wal_per_job: f64,
}

/// Sends so many jobs through; the time runs from before the first is enqueued until the last has
/// succeeded.
async fn through(rig: &Rig, jobs: usize) -> anyhow::Result<Through> {
    rig.empty("job").await?;
    rig.execute("vacuum analyze").await?;
    rig.execute("checkpoint").await?;
    let wal = rig.wal_bytes().await?;
    let started = Instant::now();
    let origin = Origin { organization_id: Some(OrganizationId::new()), traceparent: None };
    let mut left = jobs;
    while left > 0 {
        let statement: Vec<_> = (0..left.min(STATEMENT)).map(|_| (JobId::new(), &Probe {})).collect();
        let mut tx = rig.pool.begin().await?;
        enqueue_all(&mut tx, &statement, JobOrder::Ordinary, &origin).await?;
        tx.commit().await?;
        left -= statement.len();
    }
    let enqueued = started.elapsed();
    rig.until("select count(*) from job where state in ('pending', 'published', 'running')", 0).await?;
    let took = started.elapsed();
    let wal = rig.wal_bytes().await? - wal;
    rig.until("select count(*) from job where state = 'succeeded'", i64::try_from(jobs)?).await?;
    #[expect(clippy::cast_precision_loss, reason = "bytes a job")]
    Ok(Through { enqueued, took, wal_per_job: wal as f64 / jobs as f64 })
}

/// Enqueues jobs one by one at a steady pace, and leaves in a table when each enqueuing transaction
/// had committed: microseconds of this machine's clock, which is the database's.
async fn paced(rig: &Rig) -> anyhow::Result<()> {
    rig.empty("job").await?;
    let mut ticks = tokio::time::interval(Duration::from_millis(1_000 / PACE));
    let origin = Origin { organization_id: Some(OrganizationId::new()), traceparent: None };
    let mut enqueued = Vec::new();
    for _ in 0..PACE * PACED_SECONDS {
        ticks.tick().await;
        let mut tx = rig.pool.begin().await?;
        let id = enqueue(&mut tx, &Probe {}, &origin).await?;
        tx.commit().await?;
        let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_micros();
        enqueued.push(format!("('{id}'::uuid, {at}::bigint)"));
    }
    rig.execute("drop table if exists enqueued").await?;
    rig.execute(&format!("create table enqueued as select * from (values {}) as e (id, at)", enqueued.join(",")))
        .await?;
    rig.until("select count(*) from job where state <> 'succeeded'", 0).await
}

/// Work of the killed worker.
#[derive(Clone, Copy)]
enum Work {
    InOneTransaction,
    UnderLease,
}

/// Stops jobs in the middle with both workers, kills one, and returns how long until every job of
/// it has been taken by the other.
async fn killed(rig: &Rig, work: Work) -> anyhow::Result<Duration> {
    rig.empty("job").await?;
    rig.execute(
        "create or replace function stand_still() returns trigger language plpgsql as $$
         begin
             if new.worker = 'worker-1' then perform pg_sleep(3600); end if;
             return new;
         end $$",
    )
    .await?;
    let when = "before update on job for each row when (new.state = 'succeeded') execute function stand_still()";
    rig.execute(&format!("create or replace trigger stand_still {when}")).await?;
    let origin = Origin { organization_id: Some(OrganizationId::new()), traceparent: None };
    let mut tx = rig.pool.begin().await?;
    for _ in 0..64 {
        match work {
            Work::InOneTransaction => enqueue(&mut tx, &Probe {}, &origin).await?,
            Work::UnderLease => {
                let batch_id = muster_domain::ids::BatchId::new();
                enqueue(&mut tx, &muster_jobs::kinds::LeaseExpiry { batch_id }, &origin).await?
            }
        };
    }
    tx.commit().await?;
    let asleep = "select least(count(*), 1) from pg_stat_activity where wait_event = 'PgSleep'";
    rig.until(asleep, 1).await?;
    // By now the other worker has done all that it can do.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let started = Instant::now();
    rig.cluster.kill("worker-1").await?;
    rig.execute("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'").await?;
    rig.until("select count(*) from job where state <> 'succeeded'", 0).await?;
    let took = started.elapsed();
    rig.execute("drop trigger stand_still on job").await?;
    rig.cluster.restart("worker-1").await?;
    Ok(took)
}
