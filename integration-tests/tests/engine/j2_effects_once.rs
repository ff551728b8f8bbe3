//! J2: effects commit with the completion and only under a live lease; whoever lost the lease writes nothing.

use std::time::Duration;

use muster_domain::ids::{JobId, OrganizationId, WebhookId};
use muster_integration_tests::{Harness, eventually, holds, no_op, seconds};
use muster_jobs::{kinds::InboundMessage, timer::TimerKind};
use muster_local::wire::{Passage, Wire};
use muster_storage::{
    Error, Tx,
    conversations::webhooks,
    engine::{
        claim::{self, ClaimedJob, Fate},
        enqueue::{Line, Origin, enqueue_all},
        sweep, timers,
    },
};
use serde_json::json;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(30);
/// Over as soon as it is given.
const NO_LEASE: Duration = Duration::ZERO;

/// An effect that can be counted: a timer.
async fn effect(tx: &mut Tx) {
    let at = tx.clock().await.unwrap() + Duration::from_hours(1);
    timers::set(tx, TimerKind::HoldEnds, Uuid::now_v7(), at, OrganizationId::new()).await.unwrap();
}

async fn claim(harness: &Harness, id: JobId, worker: &str, lease: Duration) -> ClaimedJob {
    claim::claim(harness.pool(), id, worker, lease).await.unwrap().expect("the job can be claimed")
}

/// Extends a lease; false when it is lost.
async fn beats(harness: &Harness, job: &ClaimedJob) -> bool {
    claim::heartbeat(harness.pool(), &[(job.id, job.epoch)], LEASE).await.unwrap() == [job.id]
}

/// A job that was claimed, whose lease ran out, and that another worker has claimed since.
async fn stale_and_fresh(harness: &Harness) -> (ClaimedJob, ClaimedJob) {
    let id = harness.enqueue(&no_op()).await;
    let stale = claim(harness, id, "stale", NO_LEASE).await;
    let expired = sweep::return_expired(harness.pool()).await.unwrap();
    assert_eq!(expired.iter().map(|job| (job.id, job.parked)).collect::<Vec<_>>(), [(id, false)]);
    let fresh = claim(harness, id, "fresh", LEASE).await;
    assert!(fresh.epoch > stale.epoch && fresh.attempt == 2);
    (stale, fresh)
}

#[tokio::test]
async fn j2_a_stale_claims_completion_fails_and_takes_its_effects_along() {
    let harness = Harness::start().await;
    let (stale, fresh) = stale_and_fresh(&harness).await;

    let mut tx = harness.pool().begin().await.unwrap();
    effect(&mut tx).await;
    assert!(matches!(claim::complete(&mut tx, &stale).await, Err(Error::StaleLease)));
    // The runner drops the transaction on an error.
    drop(tx);

    let mut tx = harness.pool().begin().await.unwrap();
    effect(&mut tx).await;
    claim::complete(&mut tx, &fresh).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(harness.count("timer").await, 1, "the effect of one attempt is there");
    let job = harness.job(fresh.id).await;
    assert_eq!((job.state.as_str(), job.worker.as_deref(), job.errors.len()), ("succeeded", Some("fresh"), 1));

    // A completion that comes twice is stale as well.
    let mut tx = harness.pool().begin().await.unwrap();
    assert!(matches!(claim::complete(&mut tx, &fresh).await, Err(Error::StaleLease)));
    drop(tx);
    harness.finish().await;
}

#[tokio::test]
async fn j2_a_lease_that_ran_out_completes_nothing_even_before_the_sweep() {
    let harness = Harness::start().await;
    let id = harness.enqueue(&no_op()).await;
    let late = claim(&harness, id, "late", NO_LEASE).await;

    let mut tx = harness.pool().begin().await.unwrap();
    assert!(matches!(claim::complete(&mut tx, &late).await, Err(Error::StaleLease)));
    assert!(matches!(claim::fence(&mut tx, &late).await, Err(Error::StaleLease)));
    drop(tx);
    assert!(!beats(&harness, &late).await, "it cannot be had back either");
    assert_eq!(harness.job(id).await.state, "running");
    harness.finish().await;
}

#[tokio::test]
async fn j2_a_stale_claim_can_neither_fence_nor_beat_nor_decide() {
    let harness = Harness::start().await;
    let (stale, fresh) = stale_and_fresh(&harness).await;
    let before = harness.job(fresh.id).await;

    let mut tx = harness.pool().begin().await.unwrap();
    assert!(matches!(claim::fence(&mut tx, &stale).await, Err(Error::StaleLease)));
    drop(tx);
    assert!(!beats(&harness, &stale).await);
    assert_eq!(claim::retry(harness.pool(), &stale, NO_LEASE, "stale", None).await.unwrap(), Fate::Taken);
    claim::hand_back(harness.pool(), &[&stale], NO_LEASE, "not yet").await.unwrap();
    claim::park(harness.pool(), &stale, "stale").await.unwrap();
    claim::progress(harness.pool(), &stale, 1, None, "steps").await.unwrap();

    assert_eq!(harness.job(fresh.id).await, before);
    assert_eq!(harness.count("job where progress_done is not null").await, 0);
    assert!(beats(&harness, &fresh).await);
    harness.finish().await;
}

/// From the fence to its commit nobody else gets the job, even if the lease runs out on the way.
#[tokio::test]
async fn j2_a_fenced_job_is_not_taken_before_its_transaction_ends() {
    let harness = Harness::start().await;
    let id = harness.enqueue(&no_op()).await;
    let job = claim(&harness, id, "fencing", Duration::from_millis(500)).await;
    let mut tx = harness.pool().begin().await.unwrap();
    claim::fence(&mut tx, &job).await.unwrap();
    effect(&mut tx).await;

    harness.until_count("job where lease_until < clock_timestamp()", 1, seconds(10)).await;
    assert!(sweep::return_expired(harness.pool()).await.unwrap().is_empty(), "the sweep passes it by");
    tx.commit().await.unwrap();
    assert_eq!(sweep::return_expired(harness.pool()).await.unwrap().len(), 1);
    harness.finish().await;
}

/// A completion that was in time stands, however long its commit takes.
#[tokio::test]
async fn j2_a_sweep_during_the_commit_takes_nothing_away() {
    let harness = Harness::start().await;
    let id = harness.enqueue(&no_op()).await;
    let job = claim(&harness, id, "slow commit", Duration::from_millis(500)).await;
    let mut tx = harness.pool().begin().await.unwrap();
    effect(&mut tx).await;
    claim::complete(&mut tx, &job).await.unwrap();

    harness.until_count("job where lease_until < clock_timestamp()", 1, seconds(10)).await;
    assert!(sweep::return_expired(harness.pool()).await.unwrap().is_empty());
    assert!(claim::claim(harness.pool(), id, "other", LEASE).await.unwrap().is_none());
    tx.commit().await.unwrap();

    assert!(sweep::return_expired(harness.pool()).await.unwrap().is_empty());
    assert_eq!(harness.job(id).await.state, "succeeded");
    harness.finish().await;
}

/// A worker stands still in its handler while its lease is taken; when it goes on, it writes nothing.
#[tokio::test]
async fn j2_a_worker_that_lost_its_lease_commits_nothing() {
    let harness = Harness::start().await;
    harness.record_completions().await;
    let hung = harness.worker("worker-hung");
    hung.ready().await;
    let gate = harness.close_gate().await;
    let id = harness.enqueue(&no_op()).await;
    harness.publish(muster_jobs::JobKind::LeaseExpiry, id, 1).await;
    harness.until_state(id, "running", seconds(20)).await;

    // As if it had not beaten for longer than its lease, and another worker had claimed the job.
    harness.execute(&["update job set lease_until = clock_timestamp() - interval '1 s' where state = 'running'"]).await;
    assert_eq!(sweep::return_expired(harness.pool()).await.unwrap().len(), 1);
    let fresh = claim(&harness, id, "fresh", LEASE).await;
    gate.open().await;

    eventually(seconds(20), async || {
        let lost = hung.metric("muster_jobs_total", "lost").await;
        holds(lost > 0.0, lost)
    })
    .await;
    assert_eq!(harness.count("completion").await, 0);
    let mut tx = harness.pool().begin().await.unwrap();
    claim::complete(&mut tx, &fresh).await.unwrap();
    tx.commit().await.unwrap();
    hung.stop().await;
    harness.completed_once_each(1).await;
    harness.finish().await;
}

/// Handlers that wait hold as many connections as the worker has; their heartbeats go on all the same.
#[tokio::test]
async fn j2_slow_handlers_keep_their_leases_however_many_they_are() {
    const JOBS: usize = 8;
    // A worker runs two jobs fewer at once than it has connections for them: every one of these is taken by a handler that waits.
    let harness = Harness::start().await.with("database_max_connections", "10");
    let (scheduler, worker) = (harness.scheduler("scheduler-1"), harness.worker("worker-1"));
    tokio::join!(scheduler.ready(), worker.ready());
    let gate = harness.close_gate().await;
    harness.enqueue_no_ops(JOBS).await;
    harness.until_count("job where state = 'running'", 8, seconds(20)).await;

    // Nearly three leases of 3 s.
    harness.until_count("job where created_at < clock_timestamp() - interval '8 s'", 8, seconds(20)).await;
    let lost = harness.count("job where attempt <> 1 or errors <> '[]'").await;
    gate.open().await;
    assert_eq!(lost, 0, "jobs that lost a lease while their worker was well; {}", harness.census().await);
    harness.all_succeed(JOBS, seconds(20)).await;
    harness.finish().await;
}

/// The handler does not have to come to its end to learn that its lease is gone: what it would still do is not done.
#[tokio::test]
async fn j2_an_attempt_ends_when_its_lease_is_lost() {
    let harness = Harness::start().await;
    let worker = harness.worker("worker-1");
    worker.ready().await;
    let gate = harness.close_gate().await;
    let id = harness.enqueue(&no_op()).await;
    harness.publish(muster_jobs::JobKind::LeaseExpiry, id, 1).await;
    harness.until_state(id, "running", seconds(20)).await;

    harness.execute(&["update job set lease_until = clock_timestamp() - interval '1 s' where state = 'running'"]).await;
    assert_eq!(sweep::return_expired(harness.pool()).await.unwrap().len(), 1);

    // The gate is closed all the time.
    eventually(seconds(20), async || {
        let lost = worker.metric("muster_jobs_total", "lost").await;
        holds(lost > 0.0, lost)
    })
    .await;
    gate.open().await;
    worker.stop().await;
    assert_eq!(harness.job(id).await.state, "pending");
    harness.finish().await;
}

/// Of short kinds a whole bundle is one transaction, and what does not complete has no effects there either.
#[tokio::test]
async fn j2_a_short_jobs_effects_are_undone_when_it_does_not_complete() {
    let harness = Harness::start().await;
    let (_scheduler, _worker) = (harness.scheduler("scheduler-1"), harness.worker("worker-1"));
    let mut jobs = Vec::new();
    let mut tx = harness.pool().begin().await.unwrap();
    for sid in ["SM1", "SM2"] {
        // To a number that nobody has: that it was dealt with is all that comes of it.
        let text = json!({ "MessageSid": sid, "From": "+12125550100", "To": "+12125550101", "Body": "Hello" });
        let webhook_id = WebhookId::new();
        webhooks::record(&mut tx, webhook_id, "twilio", sid, &text).await.unwrap();
        jobs.push((JobId::new(), InboundMessage { webhook_id }));
    }
    harness.sabotage(jobs[0].0, "raise exception 'sabotaged'").await;
    let all: Vec<_> = jobs.iter().map(|(id, payload)| (*id, payload)).collect();
    enqueue_all(&mut tx, &all, Line::Ordinary, &Origin::default()).await.unwrap();
    tx.commit().await.unwrap();

    harness.until_state(jobs[0].0, "parked", seconds(40)).await;
    harness.until_state(jobs[1].0, "succeeded", seconds(20)).await;
    assert_eq!(harness.count("webhook where carrier_sid = 'SM1' and processed_at is not null").await, 0);
    assert_eq!(harness.count("webhook where carrier_sid = 'SM2' and processed_at is not null").await, 1);
    harness.finish().await;
}

/// What Postgres refuses to do for one job of a bundle aborts the part of the transaction that is that job's: it alone runs again, under a
/// lease, where its failure is counted and its error kept. The others are done at their first delivery, in the bundle's transaction.
#[tokio::test]
async fn j2_of_a_bundle_in_one_transaction_only_what_failed_runs_under_a_lease() {
    const TEXTS: usize = 24;
    // Nothing is mended by being published again.
    let harness = Harness::start().await.with("republish_after_seconds", "600");
    let mut jobs = Vec::new();
    let mut tx = harness.pool().begin().await.unwrap();
    for number in 0..TEXTS {
        let sid = format!("SM{number}");
        let text = json!({ "MessageSid": sid, "From": "+12125550100", "To": "+12125550101", "Body": "Hello" });
        let webhook_id = WebhookId::new();
        webhooks::record(&mut tx, webhook_id, "twilio", &sid, &text).await.unwrap();
        jobs.push((JobId::new(), InboundMessage { webhook_id }));
    }
    let all: Vec<_> = jobs.iter().map(|(id, payload)| (*id, payload)).collect();
    enqueue_all(&mut tx, &all, Line::Ordinary, &Origin::default()).await.unwrap();
    tx.commit().await.unwrap();
    harness
        .execute(&[
            "create table leased (job_id uuid not null)",
            "create function record_lease() returns trigger language plpgsql as $$
             begin insert into leased values (new.id); return null; end $$",
            "create trigger record_lease after update on job for each row when (new.state = 'running') execute function record_lease()",
            "create function refuse_text() returns trigger language plpgsql as $$ begin raise exception 'sabotaged'; end $$",
            "create trigger refuse_text before update on webhook for each row
             when (new.carrier_sid = 'SM9') execute function refuse_text()",
        ])
        .await;
    let (_scheduler, _worker) = (harness.scheduler("scheduler-1"), harness.worker("worker-1"));

    harness.until_count("job where state = 'succeeded'", 23, seconds(30)).await;
    let failing = jobs[9].0;
    let job = harness.until_state(failing, "parked", seconds(40)).await;
    assert_eq!((job.attempt, job.errors.len()), (8, 8));
    assert!(job.errors.iter().all(|error| error.error.contains("sabotaged")), "{:?}", job.errors);
    let others = harness.count(&format!("leased where job_id <> '{failing}'")).await;
    assert_eq!(others, 0, "jobs that ran under a lease for one that failed");
    assert_eq!(harness.count("webhook where processed_at is not null").await, 23);
    harness.finish().await;
}

/// A process that was cut off in the middle of a transaction holds its locks only until the database ends it.
#[tokio::test]
async fn j2_locks_of_a_process_that_was_cut_off_are_given_up() {
    const JOBS: usize = 50;
    let harness = Harness::start().await;
    let wire = Wire::to(harness.stack().postgres.port()).await.unwrap();
    let gate = harness.close_publish_gate().await;
    harness.enqueue_no_ops(JOBS).await;
    let straight = harness.database_url();
    let through = wire.instead(&straight).unwrap();
    let harness = harness.with("database_url", format!("{through:?}"));
    let _cut_off = harness.scheduler("scheduler-1");
    let harness = harness.with("database_url", format!("{straight:?}"));
    let marking = "pg_stat_activity where datname = current_database() and application_name = 'muster scheduler-1'
                   and wait_event_type = 'Lock'";
    harness.until_count(marking, 1, seconds(20)).await;

    // It has locked what it publishes, and is never heard of again.
    wire.cut(Passage::Lossy);
    gate.open().await;

    let (_scheduler, _worker) = (harness.scheduler("scheduler-2"), harness.worker("worker-1"));
    harness.all_succeed(JOBS, seconds(60)).await;
    harness.finish().await;
}
