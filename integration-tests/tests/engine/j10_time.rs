//! J10: due-ness is the database's; a scheduler on a machine with a wrong clock fires nothing early
//! and nothing late.

use chrono::TimeDelta;
use muster_domain::ids::OrganizationId;
use muster_integration_tests::{World, ago, eventually, no_op, now, seconds};
use muster_jobs::timer::TimerKind;
use muster_local::{Process, programs::Binary};
use muster_storage::engine::timers;
use uuid::Uuid;

/// Starts a daemon in a process with a wall clock that is off.
async fn process_off_by(world: &World, binary: Binary, name: &str, offset: &str) -> Process {
    let library = muster_local::faketime_library().await.expect("libfaketime, which Debian's package faketime has");
    let environment = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME", offset),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("FAKETIME_DONT_RESET", "1"),
    ];
    world.process_with(binary, name, &environment)
}

#[tokio::test]
async fn j10_a_scheduler_whose_clock_is_an_hour_off_fires_on_time() {
    for offset in ["+3600s", "-3600s"] {
        World::run(async |world| {
            // A schedule of one tick a second, from now on.
            world
            .execute(&[
                "update schedule set enabled = false",
                "insert into schedule (name, cron, zone, kind, payload, grace_seconds) values ('each-second', '* * * * * *', 'UTC', 'probe', '{}', 5)",
                "create table fired (fire_at timestamptz not null, fired_at timestamptz not null)",
                "create function record_firing() returns trigger language plpgsql as $$
                 begin insert into fired values (old.fire_at, clock_timestamp()); return null; end $$",
                "create trigger record_firing after delete on timer for each row execute function record_firing()",
            ])
            .await;
            let mut tx = world.pool().begin().await.unwrap();
            let began = tx.clock().await.unwrap();
            let organization = OrganizationId::new();
            // In an hour, less than that, and soon.
            for after in [TimeDelta::seconds(2), TimeDelta::minutes(30), TimeDelta::minutes(61)] {
                timers::set(&mut tx, TimerKind::HoldEnds, Uuid::now_v7(), began + after, organization).await.unwrap();
            }
            tx.commit().await.unwrap();

            let scheduler = process_off_by(&world, Binary::Scheduler, "scheduler-1", offset).await;
            eventually(seconds(20), async || {
                let log = scheduler.log_tail(5);
                // Its log carries its own, wrong, time: so it is really off.
                let said: String =
                    world.row("select to_json(to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24'))").await;
                if log.is_empty() || log.contains(&said) { Err(log) } else { Ok(()) }
            })
            .await;
            world.rows("fired").at_least(1, seconds(20)).await;
            world.ticks().is("fate", "fired").at_least(4, seconds(20)).await;

            assert_eq!(world.timers().above("fire_at", now()).count().await, 2, "with {offset}: the others wait");
            assert_eq!(world.rows("fired").and("fired_at < fire_at").count().await, 0, "with {offset}: fired early");
            assert_eq!(world.ticks().and("decided_at < planned_at").count().await, 0, "with {offset}: ticked early");
            assert_eq!(world.jobs().state("pending").above("run_at", now()).count().await, 0);
            let _worker = world.worker("worker-1");
            let probes = world.jobs().kind("probe").state("succeeded");
            probes.at_least(4, seconds(20)).await;
            scheduler.terminate();
            scheduler.wait(seconds(10)).await.unwrap();
        })
        .await;
    }
}

/// Leases and retries are the database's as well, whichever time the worker's machine has.
#[tokio::test]
async fn j10_a_worker_whose_clock_is_an_hour_off_keeps_its_leases_and_retries_on_time() {
    for offset in ["+3600s", "-3600s"] {
        let leases = World::with("job_lease_seconds", "6").with("republish_after_seconds", "6");
        leases
            .run(async |world| {
                let _scheduler = world.scheduler("scheduler-1");
                let gate = world.close_gate().await;
                let worker = process_off_by(&world, Binary::Worker, "worker-1", offset).await;
                let (id, failing) = (world.enqueue(&no_op()).await, world.enqueue(&no_op()).await);
                world.sabotage(failing, "raise exception 'sabotaged'").await;
                world.jobs().state("running").at_least(2, seconds(20)).await;
                // More than two leases of 6 s.
                world.jobs().below("created_at", ago(seconds(14))).at_least(2, seconds(20)).await;
                let leases = "job where lease_until between clock_timestamp() and clock_timestamp() + interval '6 s'";
                assert_eq!(world.count(leases).await, 2, "with {offset}");
                gate.open().await;

                let job = world.until_state(id, "succeeded", seconds(20)).await;
                assert_eq!((job.attempt, job.errors.len()), (1, 0), "with {offset}");
                let job = world.until_state(failing, "parked", seconds(30)).await;
                assert!(
                    job.errors.iter().all(|error| error.error.contains("sabotaged")),
                    "with {offset}: {:?}",
                    job.errors
                );
                worker.terminate();
                worker.wait(seconds(10)).await.unwrap();
            })
            .await;
    }
}
