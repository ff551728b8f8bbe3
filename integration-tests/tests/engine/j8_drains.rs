//! J8: a worker that is asked to stop finishes its work or hands it back, and exits 0; asked twice,
//! it stops at once.

use muster_integration_tests::{Gate, World, eventually, holds, seconds};
use muster_jobs::JobKind;
use muster_local::{Process, programs::Binary};

const KIND: JobKind = JobKind::LeaseExpiry;
const JOBS: usize = 40;
const CLAIMED: i64 = 40;
/// Handlers that wait at the gate.
const BEGUN: &str = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

/// Returns a worker in a process of its own that has claimed all the jobs, in as many bundles as it
/// takes at once. The first of each is in the middle of its handler.
async fn busy_worker(world: &World) -> (Process, Gate) {
    let gate = world.close_gate().await;
    world.enqueue_no_ops(JOBS).await;
    let worker = world.process(Binary::Worker, "worker-1");
    eventually(seconds(20), async || {
        let running = world.jobs().state("running").count().await;
        let begun = world.count(BEGUN).await;
        holds(running == CLAIMED && begun == i64::from(KIND.policy().prefetch()), (running, begun, worker.log_tail(5)))
    })
    .await;
    (worker, gate)
}

/// It ends by itself, however slow the machine is.
async fn assert_exit_0(worker: &Process) {
    match worker.wait(seconds(60)).await {
        Ok(status) => assert!(status.success(), "{status}: {}", worker.log_tail(20)),
        Err(error) => panic!("{error:#}: {}", worker.log_tail(20)),
    }
}

#[tokio::test]
async fn j8_a_worker_finishes_what_it_has_and_exits_0() {
    World::with("shutdown_grace_seconds", "60")
        .with("job_lease_seconds", "60")
        .run(async |world| {
            let scheduler = world.scheduler("scheduler-1");
            let (worker, gate) = busy_worker(&world).await;

            worker.terminate();
            eventually(seconds(10), async || {
                let log = worker.log_tail(20);
                holds(log.contains("stopping"), log)
            })
            .await;
            gate.open().await;

            assert_exit_0(&worker).await;
            assert_eq!(world.jobs().state("running").count().await, 0);
            assert_eq!(
                world.jobs().state("succeeded").count().await,
                i64::from(KIND.policy().prefetch()),
                "what it had begun, and no more"
            );
            let other = world.worker("worker-2");
            world.all_succeed(JOBS, seconds(30)).await;
            assert_eq!(world.jobs().not("attempt", 1).count().await, 0);
            tokio::join!(other.stop(), scheduler.stop());
            assert_eq!(world.waiting(KIND).await, 0);
        })
        .await;
}

#[tokio::test]
async fn j8_a_worker_hands_back_what_it_cannot_finish_and_exits_0() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let _scheduler = world.scheduler("scheduler-1");
            let (worker, gate) = busy_worker(&world).await;

            worker.terminate();
            // The grace time is 8 s; the gate stays closed.
            assert_exit_0(&worker).await;

            assert_eq!(world.jobs().state("running").count().await, 0, "handed back, not left to the leases");
            assert_eq!(
                world.jobs().not("attempt", 0).count().await,
                0,
                "an attempt that was handed back does not count"
            );
            assert_eq!(world.jobs().not("errors", "[]").count().await, 0);
            // Each row tells of it (J11).
            let told = world
                .jobs()
                .and("jsonb_array_length(hand_backs) = 1")
                .and("hand_backs -> 0 ->> 'why' = 'the worker stops'")
                .and("hand_backs -> 0 ->> 'worker' = 'worker-1'")
                .and("(hand_backs -> 0 ->> 'at')::timestamptz >= claimed_at");
            assert_eq!(told.count().await, CLAIMED);
            gate.open().await;
            let _other = world.worker("worker-2");
            world.all_succeed(JOBS, seconds(30)).await;
            assert_eq!(world.jobs().not("attempt", 1).count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn j8_a_second_signal_stops_at_once_and_the_leases_bring_the_work_back() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let scheduler = world.scheduler("scheduler-1");
            let (worker, gate) = busy_worker(&world).await;
            scheduler.stop().await;

            worker.terminate();
            eventually(seconds(10), async || {
                let log = worker.log_tail(20);
                holds(log.contains("stopping"), log)
            })
            .await;
            worker.terminate();
            assert_exit_0(&worker).await;

            // At the end of its grace time it would have handed all of them back.
            assert_eq!(world.jobs().state("running").count().await, CLAIMED, "nothing was handed back");
            gate.open().await;
            let (_scheduler, _other) = (world.scheduler("scheduler-2"), world.worker("worker-2"));
            world.all_succeed(JOBS, seconds(40)).await;
            assert_eq!(world.jobs().is("attempt", 2).count().await, CLAIMED);
            assert_eq!(world.jobs().above("attempt", 2).count().await, 0);
        })
        .await;
}

/// The worker has lost its broker and tries to get it back when it is asked to stop; its jobs are
/// handed back all the same.
#[tokio::test]
async fn j8_a_worker_without_its_broker_hands_back_too() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let scheduler = world.scheduler("scheduler-1");
            let (worker, gate) = busy_worker(&world).await;
            scheduler.stop().await;
            world.delete_vhost().await;
            eventually(seconds(20), async || {
                let log = worker.log_tail(20);
                holds(log.contains("the broker cannot be consumed from"), log)
            })
            .await;

            worker.terminate();
            assert_exit_0(&worker).await;

            assert_eq!(world.jobs().state("running").count().await, 0, "handed back, not left to the leases");
            gate.open().await;
            world.create_vhost().await;
            let (_scheduler, _other) = (world.scheduler("scheduler-2"), world.worker("worker-2"));
            world.all_succeed(JOBS, seconds(40)).await;
        })
        .await;
}

#[tokio::test]
async fn j8_a_scheduler_exits_0() {
    World::run(async |world| {
        let scheduler = world.process(Binary::Scheduler, "scheduler-1");
        world.enqueue_no_ops(JOBS).await;
        world.jobs().state("published").at_least(1, seconds(20)).await;

        scheduler.terminate();
        assert_exit_0(&scheduler).await;

        let (_scheduler, _worker) = (world.scheduler("scheduler-2"), world.worker("worker-1"));
        world.all_succeed(JOBS, seconds(30)).await;
    })
    .await;
}

/// The database stands still, so that nothing can be finished or handed back: the grace time is
/// over at some point.
#[tokio::test]
async fn j8_a_worker_that_can_do_neither_ends_with_its_grace_time() {
    World::on_own_servers()
        .run(async |world| {
            let scheduler = world.scheduler("scheduler-1");
            let (worker, gate) = busy_worker(&world).await;
            scheduler.stop().await;

            world.stack().postgres.pause().unwrap();
            worker.terminate();
            // The grace time is 8 s. An answer of the database is waited for longer, after a part
            // of it.
            assert_exit_0(&worker).await;

            world.stack().postgres.resume().unwrap();
            gate.open().await;
            let (_scheduler, _other) = (world.scheduler("scheduler-2"), world.worker("worker-2"));
            world.all_succeed(JOBS, seconds(40)).await;
        })
        .await;
}

/// Units of `Type=notify` know when a daemon works, and that it finishes its work.
#[tokio::test]
async fn j8_systemd_is_told_that_a_daemon_works_and_that_it_stops() {
    World::run(async |world| {
        let path = world.folder().join("notify");
        let socket = tokio::net::UnixDatagram::bind(&path).unwrap();
        let hears = async |word: &str| {
            let mut told = [0; 256];
            let length = tokio::time::timeout(seconds(80), socket.recv(&mut told)).await.expect("a word").unwrap();
            let told = String::from_utf8_lossy(&told[..length]).into_owned();
            assert!(told.lines().any(|line| line == word), "{told:?} is not {word}");
        };
        let address = path.display().to_string();
        for (binary, name) in [(Binary::Api, "api"), (Binary::Scheduler, "scheduler"), (Binary::Worker, "worker")] {
            let daemon = world.process_with(binary, name, &[("NOTIFY_SOCKET", &address)]);
            hears("READY=1").await;
            daemon.terminate();
            hears("STOPPING=1").await;
            assert_exit_0(&daemon).await;
        }
    })
    .await;
}
