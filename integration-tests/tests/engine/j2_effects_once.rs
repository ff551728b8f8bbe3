//! J2: effects commit with the completion and only under a live lease; a worker that lost the lease
//! writes nothing.

use std::time::Duration;

use muster_domain::ids::{JobId, OrganizationId, WebhookId};
use muster_integration_tests::{World, ago, eventually, holds, no_op, now, seconds};
use muster_jobs::{kinds::InboundMessage, timer::TimerKind};
use muster_local::wire::{Passage, Wire};
use muster_storage::{
    Error, Tx,
    conversations::webhooks,
    engine::{
        claim::{self, ClaimedJob, RetryOutcome},
        enqueue::{JobOrder, Origin, enqueue_all},
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

async fn claim(world: &World, id: JobId, worker: &str, lease: Duration) -> ClaimedJob {
    claim::claim(world.pool(), id, worker, lease).await.unwrap().expect("the job can be claimed")
}

/// Extends a lease; false when it is lost.
async fn beats(world: &World, job: &ClaimedJob) -> bool {
    claim::heartbeat(world.pool(), &[(job.id, job.epoch)], LEASE).await.unwrap() == [job.id]
}

/// Returns a job that was claimed, lost its lease, and has been claimed by another worker since.
async fn stale_and_fresh(world: &World) -> (ClaimedJob, ClaimedJob) {
    let id = world.enqueue(&no_op()).await;
    let stale = claim(world, id, "stale", NO_LEASE).await;
    let expired = sweep::return_expired(world.pool()).await.unwrap();
    assert_eq!(expired.iter().map(|job| (job.id, job.parked)).collect::<Vec<_>>(), [(id, false)]);
    let fresh = claim(world, id, "fresh", LEASE).await;
    assert!(fresh.epoch > stale.epoch && fresh.attempt == 2);
    (stale, fresh)
}

#[tokio::test]
async fn j2_a_stale_claims_completion_fails_and_takes_its_effects_along() {
    World::run(async |world| {
        let (stale, fresh) = stale_and_fresh(&world).await;

        let mut tx = world.pool().begin().await.unwrap();
        effect(&mut tx).await;
        assert!(matches!(claim::complete(&mut tx, &stale).await, Err(Error::StaleLease)));
        // The runner drops the transaction on an error.
        drop(tx);

        let mut tx = world.pool().begin().await.unwrap();
        effect(&mut tx).await;
        claim::complete(&mut tx, &fresh).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.timers().count().await, 1, "the effect of one attempt is there");
        let job = world.job(fresh.id).await;
        assert_eq!((job.state.as_str(), job.worker.as_deref(), job.errors.len()), ("succeeded", Some("fresh"), 1));

        // A completion that comes twice is stale as well.
        let mut tx = world.pool().begin().await.unwrap();
        assert!(matches!(claim::complete(&mut tx, &fresh).await, Err(Error::StaleLease)));
        drop(tx);
    })
    .await;
}

#[tokio::test]
async fn j2_a_lease_that_ran_out_completes_nothing_even_before_the_sweep() {
    World::run(async |world| {
        let id = world.enqueue(&no_op()).await;
        let late = claim(&world, id, "late", NO_LEASE).await;

        let mut tx = world.pool().begin().await.unwrap();
        assert!(matches!(claim::complete(&mut tx, &late).await, Err(Error::StaleLease)));
        assert!(matches!(claim::fence(&mut tx, &late).await, Err(Error::StaleLease)));
        drop(tx);
        assert!(!beats(&world, &late).await, "it cannot be had back either");
        assert_eq!(world.job(id).await.state, "running");
    })
    .await;
}

#[tokio::test]
async fn j2_a_stale_claim_can_neither_fence_nor_beat_nor_decide() {
    World::run(async |world| {
        let (stale, fresh) = stale_and_fresh(&world).await;
        let before = world.job(fresh.id).await;

        let mut tx = world.pool().begin().await.unwrap();
        assert!(matches!(claim::fence(&mut tx, &stale).await, Err(Error::StaleLease)));
        drop(tx);
        assert!(!beats(&world, &stale).await);
        assert_eq!(claim::retry(world.pool(), &stale, NO_LEASE, "stale", None).await.unwrap(), RetryOutcome::Taken);
        claim::requeue(world.pool(), &[&stale], NO_LEASE, "not yet").await.unwrap();
        claim::park(world.pool(), &stale, "stale").await.unwrap();
        claim::progress(world.pool(), &stale, 1, None, "steps").await.unwrap();

        assert_eq!(world.job(fresh.id).await, before);
        assert_eq!(world.jobs().has("progress_done").count().await, 0);
        assert!(beats(&world, &fresh).await);
    })
    .await;
}

/// From the fence to its commit nobody else gets the job, even if the lease runs out on the way.
#[tokio::test]
async fn j2_a_fenced_job_is_not_taken_before_its_transaction_ends() {
    World::run(async |world| {
        let id = world.enqueue(&no_op()).await;
        let job = claim(&world, id, "fencing", Duration::from_millis(500)).await;
        let mut tx = world.pool().begin().await.unwrap();
        claim::fence(&mut tx, &job).await.unwrap();
        effect(&mut tx).await;

        world.jobs().below("lease_until", now()).at_least(1, seconds(10)).await;
        assert!(sweep::return_expired(world.pool()).await.unwrap().is_empty(), "the sweep passes it by");
        tx.commit().await.unwrap();
        assert_eq!(sweep::return_expired(world.pool()).await.unwrap().len(), 1);
    })
    .await;
}

/// A completion that was in time stands, however long its commit takes.
#[tokio::test]
async fn j2_a_sweep_during_the_commit_takes_nothing_away() {
    World::run(async |world| {
        let id = world.enqueue(&no_op()).await;
        let job = claim(&world, id, "slow commit", Duration::from_millis(500)).await;
        let mut tx = world.pool().begin().await.unwrap();
        effect(&mut tx).await;
        claim::complete(&mut tx, &job).await.unwrap();

        world.jobs().below("lease_until", now()).at_least(1, seconds(10)).await;
        assert!(sweep::return_expired(world.pool()).await.unwrap().is_empty());
        assert!(claim::claim(world.pool(), id, "other", LEASE).await.unwrap().is_none());
        tx.commit().await.unwrap();

        assert!(sweep::return_expired(world.pool()).await.unwrap().is_empty());
        assert_eq!(world.job(id).await.state, "succeeded");
    })
    .await;
}

/// A worker stands still in its handler while its lease is taken; when it goes on, it writes
/// nothing.
#[tokio::test]
async fn j2_a_worker_that_lost_its_lease_commits_nothing() {
    World::run(async |world| {
        world.record_completions().await;
        let hung = world.worker("worker-hung");
        hung.ready().await;
        let gate = world.close_gate().await;
        let id = world.enqueue(&no_op()).await;
        world.publish(muster_jobs::JobKind::LeaseExpiry, id, 1).await;
        world.until_state(id, "running", seconds(20)).await;

        // As if it had not beaten for longer than its lease, and another worker had claimed the
        // job.
        world.jobs().state("running").set("lease_until", ago(seconds(1))).await;
        assert_eq!(sweep::return_expired(world.pool()).await.unwrap().len(), 1);
        let fresh = claim(&world, id, "fresh", LEASE).await;
        gate.open().await;

        eventually(seconds(20), async || {
            let lost = hung.metric("muster_jobs_total", "lost").await;
            holds(lost > 0.0, lost)
        })
        .await;
        assert_eq!(world.rows("completion").count().await, 0);
        let mut tx = world.pool().begin().await.unwrap();
        claim::complete(&mut tx, &fresh).await.unwrap();
        tx.commit().await.unwrap();
        hung.stop().await;
        world.completed_once_each(1).await;
    })
    .await;
}

/// Handlers that wait hold as many connections as the worker has; their heartbeats go on all the
/// same.
#[tokio::test]
async fn j2_slow_handlers_keep_their_leases_however_many_they_are() {
    const JOBS: usize = 8;
    // A worker runs two jobs fewer at once than it has connections for them: every one of these is
    // taken by a handler that waits.
    World::with("database_max_connections", "10")
        .with("job_lease_seconds", "6")
        .with("republish_after_seconds", "6")
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());
            let gate = world.close_gate().await;
            world.enqueue_no_ops(JOBS).await;
            world.jobs().state("running").at_least(8, seconds(20)).await;

            // More than two leases of 6 s.
            world.jobs().below("created_at", ago(seconds(14))).at_least(8, seconds(20)).await;
            let lost = world.count("job where attempt <> 1 or errors <> '[]'").await;
            gate.open().await;
            assert_eq!(lost, 0, "jobs that lost a lease while their worker was well; {}", world.census().await);
            world.all_succeed(JOBS, seconds(20)).await;
        })
        .await;
}

/// The handler does not have to come to its end to learn that its lease is gone: the rest of it is
/// not done.
#[tokio::test]
async fn j2_an_attempt_ends_when_its_lease_is_lost() {
    World::run(async |world| {
        let worker = world.worker("worker-1");
        worker.ready().await;
        let gate = world.close_gate().await;
        let id = world.enqueue(&no_op()).await;
        world.publish(muster_jobs::JobKind::LeaseExpiry, id, 1).await;
        world.until_state(id, "running", seconds(20)).await;

        world.jobs().state("running").set("lease_until", ago(seconds(1))).await;
        assert_eq!(sweep::return_expired(world.pool()).await.unwrap().len(), 1);

        // The gate is closed all the time.
        eventually(seconds(20), async || {
            let lost = worker.metric("muster_jobs_total", "lost").await;
            holds(lost > 0.0, lost)
        })
        .await;
        gate.open().await;
        worker.stop().await;
        assert_eq!(world.job(id).await.state, "pending");
    })
    .await;
}

/// Of short kinds a whole bundle is one transaction, and a job that does not complete has no
/// effects there either.
#[tokio::test]
async fn j2_a_short_jobs_effects_are_undone_when_it_does_not_complete() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let mut jobs = Vec::new();
        let mut tx = world.pool().begin().await.unwrap();
        for sid in ["SM1", "SM2"] {
            // To a number that nobody has: that it was dealt with is all that comes of it.
            let text = json!({ "MessageSid": sid, "From": "+12125550100", "To": "+12125550101", "Body": "Hello" });
            let webhook_id = WebhookId::new();
            webhooks::record(&mut tx, webhook_id, "twilio", sid, &text).await.unwrap();
            jobs.push((JobId::new(), InboundMessage { webhook_id }));
        }
        world.sabotage(jobs[0].0, "raise exception 'sabotaged'").await;
        let all: Vec<_> = jobs.iter().map(|(id, payload)| (*id, payload)).collect();
        enqueue_all(&mut tx, &all, JobOrder::Ordinary, &Origin::default()).await.unwrap();
        tx.commit().await.unwrap();

        world.until_state(jobs[0].0, "parked", seconds(40)).await;
        world.until_state(jobs[1].0, "succeeded", seconds(20)).await;
        assert_eq!(world.webhooks().is("carrier_sid", "SM1").has("processed_at").count().await, 0);
        assert_eq!(world.webhooks().is("carrier_sid", "SM2").has("processed_at").count().await, 1);
    })
    .await;
}

/// A statement that Postgres refuses for one job of a bundle aborts the part of the transaction
/// that is that job's: it alone runs again, under a lease, where its failure is counted and its
/// error kept. The others are done at their first delivery, in the bundle's transaction.
#[tokio::test]
async fn j2_of_a_bundle_in_one_transaction_only_what_failed_runs_under_a_lease() {
    const TEXTS: usize = 24;
    // Nothing is mended by being published again.
    World::with("republish_after_seconds", "600")
        .run(async |world| {
            let mut jobs = Vec::new();
            let mut tx = world.pool().begin().await.unwrap();
            for number in 0..TEXTS {
                let sid = format!("SM{number}");
                let text = json!({ "MessageSid": sid, "From": "+12125550100", "To": "+12125550101", "Body": "Hello" });
                let webhook_id = WebhookId::new();
                webhooks::record(&mut tx, webhook_id, "twilio", &sid, &text).await.unwrap();
                jobs.push((JobId::new(), InboundMessage { webhook_id }));
            }
            let all: Vec<_> = jobs.iter().map(|(id, payload)| (*id, payload)).collect();
            enqueue_all(&mut tx, &all, JobOrder::Ordinary, &Origin::default()).await.unwrap();
            tx.commit().await.unwrap();
            world
                .execute(&[
                    "create table leased (job_id uuid not null)",
                    "create function record_lease() returns trigger language plpgsql as $$
             begin insert into leased values (new.id); return null; end $$",
                    "create trigger record_lease after update on job for each row when (new.state = 'running') \
                 execute function record_lease()",
                    "create function refuse_text() returns trigger language plpgsql as $$ begin raise exception \
                 'sabotaged'; end $$",
                    "create trigger refuse_text before update on webhook for each row
             when (new.carrier_sid = 'SM9') execute function refuse_text()",
                ])
                .await;
            let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));

            world.jobs().state("succeeded").at_least(23, seconds(30)).await;
            let failing = jobs[9].0;
            let job = world.until_state(failing, "parked", seconds(40)).await;
            assert_eq!((job.attempt, job.errors.len()), (8, 8));
            assert!(job.errors.iter().all(|error| error.error.contains("sabotaged")), "{:?}", job.errors);
            let others = world.rows("leased").not("job_id", failing).count().await;
            assert_eq!(others, 0, "jobs that ran under a lease for one that failed");
            assert_eq!(world.webhooks().has("processed_at").count().await, 23);
        })
        .await;
}

/// A process that was cut off in the middle of a transaction holds its locks only until the
/// database ends it.
#[tokio::test]
async fn j2_locks_of_a_process_that_was_cut_off_are_given_up() {
    const JOBS: usize = 50;
    World::run(async |world| {
        let wire = Wire::to(world.stack().postgres.port()).await.unwrap();
        let gate = world.close_publish_gate().await;
        world.enqueue_no_ops(JOBS).await;
        let straight = world.daemons_database_url();
        let through = wire.instead(&straight).unwrap();
        world.set("database_url", format!("{through:?}"));
        let _cut_off = world.scheduler("scheduler-1");
        world.set("database_url", format!("{straight:?}"));
        let marking = "pg_stat_activity where datname = current_database() and application_name = 'muster \
             scheduler-1'
                   and wait_event_type = 'Lock'";
        world.until_count(marking, 1, seconds(20)).await;

        // It has locked the jobs that it publishes, and is never heard of again.
        wire.cut(Passage::Lossy);
        gate.open().await;

        let (_scheduler, _worker) = (world.scheduler("scheduler-2"), world.worker("worker-1"));
        world.all_succeed(JOBS, seconds(60)).await;
    })
    .await;
}
