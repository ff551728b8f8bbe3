//! J7 for workers that die where it is seen: their jobs run again before their leases end, and a
//! worker that lives loses none.

use std::time::Duration;

use muster_domain::ids::JobId;
use muster_integration_tests::{World, eventually, holds, no_op, seconds};
use muster_local::{
    programs::Binary,
    wire::{Passage, Wire},
};
use muster_storage::engine::{
    claim::{self, Holder},
    lives::{self, Life},
    sweep,
};

/// Of ten minutes, so that nothing here happens because it ends.
const LEASE: &str = "600";

/// The locks of workers' lives.
const LOCKS: &str = "pg_locks where locktype = 'advisory' and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())";

/// Ends the sessions that have these; returns how many there were.
async fn end_sessions(world: &World) -> i64 {
    world.count(&format!("(select pg_terminate_backend(pid, 60000) from {LOCKS}) ended")).await
}

/// Claims one job in a life.
async fn claim(world: &World, life: &Life) -> JobId {
    let id = world.enqueue(&no_op()).await;
    let holder = Holder { worker: "worker-1", life: Some(life.id()) };
    let claimed = claim::claim_all(world.pool(), &[id], holder, Duration::from_mins(10)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    id
}

/// Returns how many leases are ended with the life; none where it is not over.
async fn ended(world: &World, id: i32) -> Option<u64> {
    lives::end(world.pool(), id).await.unwrap().map(|death| death.jobs)
}

/// Waits until no session has a life's lock.
async fn until_missed(world: &World, id: i32) {
    eventually(seconds(30), async || {
        let missed = lives::missed(world.pool()).await.unwrap();
        holds(missed.iter().any(|life| life.id == id), missed)
    })
    .await;
}

#[tokio::test]
async fn j7_a_killed_workers_jobs_run_again_before_their_leases_end() {
    World::with("job_lease_seconds", LEASE)
        .run(async |world| {
            let _scheduler = world.scheduler("scheduler-1");
            let killed = world.process(Binary::Worker, "worker-1");
            let gate = world.close_gate().await;
            let id = world.enqueue(&no_op()).await;
            world.until_state(id, "running", seconds(60)).await;
            let lease_until: String = world.jobs().id(id).the("lease_until").await;
            let other = world.worker("worker-2");
            other.ready().await;

            killed.kill_family().await.unwrap();
            world.jobs().id(id).is("worker", "worker-2").state("running").at_least(1, seconds(60)).await;
            gate.open().await;
            let job = world.until_state(id, "succeeded", seconds(60)).await;
            assert_eq!((job.attempt, job.errors.len(), job.worker.as_deref()), (2, 1, Some("worker-2")));
            let in_time = world.jobs().id(id).and(&format!("claimed_at < '{lease_until}'"));
            assert_eq!(in_time.count().await, 1, "before the end of the lease that the dead one had");
            world.rows("life").is("worker", "worker-1").until(0).await;
        })
        .await;
}

#[tokio::test]
async fn j7_a_worker_that_lives_keeps_its_jobs_when_its_session_ends() {
    World::with("job_lease_seconds", LEASE)
        .run(async |world| {
            world.record_completions().await;
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());
            let gate = world.close_gate().await;
            let id = world.enqueue(&no_op()).await;
            world.until_state(id, "running", seconds(60)).await;

            for _ in 0..3 {
                assert_eq!(end_sessions(&world).await, 1);
                // Another session has the lock, or there would be none to end in the next round.
                eventually(seconds(30), async || {
                    let locks = world.count(LOCKS).await;
                    holds(locks == 1 && lives::missed(world.pool()).await.unwrap().is_empty(), locks)
                })
                .await;
            }
            gate.open().await;
            let job = world.until_state(id, "succeeded", seconds(60)).await;
            assert_eq!((job.attempt, job.errors.len(), job.worker.as_deref()), (1, 0, Some("worker-1")));
            world.completed_once_each(1).await;
            worker.stop().await;
            assert_eq!(world.rows("life").count().await, 0, "an orderly end leaves no life behind");
        })
        .await;
}

/// A process that stands still keeps its session, and cannot be told from one that is busy.
#[tokio::test]
async fn j7_a_worker_that_stands_still_keeps_its_job_until_its_lease_ends() {
    World::with("job_lease_seconds", "12")
        .run(async |world| {
            world.record_completions().await;
            let _scheduler = world.scheduler("scheduler-1");
            let frozen = world.process(Binary::Worker, "worker-1");
            let gate = world.close_gate().await;
            let id = world.enqueue(&no_op()).await;
            world.until_state(id, "running", seconds(60)).await;
            let other = world.worker("worker-2");
            other.ready().await;

            frozen.pause();
            let lease_until: String = world.jobs().id(id).the("lease_until").await;
            world.jobs().id(id).is("worker", "worker-2").state("running").at_least(1, seconds(60)).await;
            let after = format!("(errors -> 0 ->> 'at')::timestamptz >= '{lease_until}'");
            assert_eq!(world.jobs().id(id).and(&after).count().await, 1, "its lease had ended");
            let alive = world.rows("life").is("worker", "worker-1").lacks("over_at");
            assert_eq!(alive.count().await, 1);
            gate.open().await;
            let job = world.until_state(id, "succeeded", seconds(60)).await;
            assert_eq!((job.attempt, job.worker.as_deref()), (2, Some("worker-2")));
            frozen.resume();
            // It says that it is ready again, and its late outcome is counted nowhere.
            let more = world.enqueue_no_ops(20).await;
            world.all_succeed(more.len() + 1, seconds(60)).await;
            world.completed_once_each(more.len() + 1).await;
        })
        .await;
}

/// Cut off, with its session ended behind its back: it does nothing until it hears from the
/// database, and hears then that its jobs are others'.
#[tokio::test]
async fn j7_a_worker_that_is_cut_off_does_no_more_with_jobs_that_are_others() {
    World::with("job_lease_seconds", LEASE)
        .run(async |world| {
            world.record_completions().await;
            let _scheduler = world.scheduler("scheduler-1");
            let straight = world.daemons_database_url();
            let wire = Wire::to(world.stack().postgres.port()).await.unwrap();
            world.set("database_url", format!("{:?}", wire.instead(&straight).unwrap()));
            let cut_off = world.worker("worker-1");
            cut_off.ready().await;
            world.set("database_url", format!("{straight:?}"));
            let gate = world.close_gate().await;
            let id = world.enqueue(&no_op()).await;
            world.until_state(id, "running", seconds(60)).await;

            wire.cut(Passage::Silent);
            assert_eq!(end_sessions(&world).await, 1);
            let other = world.worker("worker-2");
            world.jobs().id(id).is("worker", "worker-2").state("running").at_least(1, seconds(60)).await;
            gate.open().await;
            world.until_state(id, "succeeded", seconds(60)).await;
            wire.mend();
            eventually(seconds(60), async || {
                let ended = cut_off.metric("muster_jobs_total", "lost").await
                    + cut_off.metric("muster_jobs_total", "database_lost").await;
                holds(ended > 0.0, ended)
            })
            .await;
            world.completed_once_each(1).await;
            other.stop().await;
            // It has begun another life, in which it takes jobs again.
            world.enqueue_no_ops(20).await;
            world.all_succeed(21, seconds(60)).await;
            assert_eq!(world.jobs().is("worker", "worker-1").count().await, 20);
        })
        .await;
}

#[tokio::test]
async fn j7_a_life_is_over_only_when_no_session_has_its_lock() {
    World::run(async |world| {
        let first = Life::begin(world.pool(), "worker-1").await.unwrap();
        let id = first.id();
        let (held, fenced) = (claim(&world, &first).await, claim(&world, &first).await);
        let second = first.go_on(world.pool()).await.unwrap().unwrap();
        assert_eq!(ended(&world, id).await, None, "two sessions");
        drop(first);
        world.until(LOCKS, 1).await;
        assert_eq!(lives::missed(world.pool()).await.unwrap(), []);
        assert_eq!(ended(&world, id).await, None, "one session");

        // Its session ends, and it does not know.
        assert_eq!(end_sessions(&world).await, 1);
        until_missed(&world, id).await;
        let third = second.go_on(world.pool()).await.unwrap().expect("nobody has ended it");
        assert_eq!(ended(&world, id).await, None);
        assert_eq!(end_sessions(&world).await, 1);
        until_missed(&world, id).await;
        // A transaction that may commit is waited for.
        let locked = world.hold(&format!("select from job where id = '{fenced}' for no key update")).await;
        assert_eq!(ended(&world, id).await, Some(1));
        assert!(third.go_on(world.pool()).await.unwrap().is_none(), "it is over");
        let back =
            async || sweep::return_expired(world.pool()).await.unwrap().iter().map(|job| job.id).collect::<Vec<_>>();
        assert_eq!(back().await, [held]);
        locked.open().await;
        assert_eq!(ended(&world, id).await, Some(1));
        assert_eq!(back().await, [fenced]);
        assert_eq!(ended(&world, id).await, Some(0));
        assert_eq!(world.rows("life").count().await, 0, "it is gone with its last job");
    })
    .await;
}

/// A database that was started again, or another that took over, knows of no session.
#[tokio::test]
async fn j7_another_server_tells_nothing_of_a_life() {
    World::run(async |world| {
        let life = Life::begin(world.pool(), "worker-1").await.unwrap();
        let id = life.id();
        claim(&world, &life).await;
        world.execute(&["update life set server_started_at = server_started_at - interval '1 hour'"]).await;
        assert_eq!(end_sessions(&world).await, 1);
        until_missed(&world, id).await;
        let missed = lives::missed(world.pool()).await.unwrap();
        assert!(missed.iter().all(|life| !life.same_server && !life.is_over), "{missed:?}");
        assert_eq!(ended(&world, id).await, None);
        lives::forget(world.pool(), id).await.unwrap();
        let back = life.go_on(world.pool()).await.unwrap();
        assert!(back.is_some(), "a life with jobs is not forgotten, and goes on");
        assert_eq!(world.jobs().state("running").count().await, 1);
    })
    .await;
}
