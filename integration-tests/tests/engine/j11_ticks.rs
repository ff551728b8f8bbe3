//! J9 and J11 for recurring schedules: every planned tick has one row that tells its outcome, with
//! any number of schedulers.

use muster_integration_tests::{World, eventually, holds, no_op, seconds};

/// Only the test's own schedules tick.
pub(crate) async fn alone(world: &World) {
    world.schedules().delete().await;
}

pub(crate) async fn schedule(world: &World, name: &str, cron: &str, more: &[(&str, &str)]) {
    let columns: Vec<&str> = more.iter().map(|(column, _)| *column).collect();
    let values: Vec<&str> = more.iter().map(|(_, value)| *value).collect();
    let (columns, values) = (columns.join(", "), values.join(", "));
    let comma = if more.is_empty() { "" } else { ", " };
    world
        .execute(&[&format!(
            "insert into schedule (name, cron, zone, kind, payload{comma}{columns})
             values ('{name}', '{cron}', 'America/New_York', 'probe', '{{}}'{comma}{values})"
        )])
        .await;
}

/// Faults of a ledger that should have one tick each second.
const GAPS: &str = "(select planned_at, lag(planned_until) over (order by planned_at) as before from tick where schedule = 'each-second') t
                    where before is not null and planned_at <> before + interval '1 s'";

#[tokio::test]
async fn j11_a_tick_fires_once_however_many_schedulers_there_are_and_whichever_die() {
    World::run(async |world| {
        alone(&world).await;
        schedule(&world, "each-second", "* * * * * *", &[]).await;
        let doomed = world.scheduler("scheduler-1");
        let _others = [world.scheduler("scheduler-2"), world.scheduler("scheduler-3")];
        let _worker = world.worker("worker-1");

        world.ticks().at_least(3, seconds(30)).await;
        doomed.abort();
        world.ticks().at_least(8, seconds(30)).await;

        assert_eq!(world.count(GAPS).await, 0, "every second has its tick");
        assert_eq!(world.count("tick where fate <> 'fired' or ticks <> 1").await, 0, "all on time");
        eventually(seconds(10), async || {
            let done = world.count("tick t join job j on j.id = t.job_id where j.state = 'succeeded'").await;
            holds(done >= 8, done)
        })
        .await;
        assert_eq!(world.count("job j where not exists (select from tick t where t.job_id = j.id)").await, 0);
    })
    .await;
}

/// Nothing ran for two hours; missed ticks are accounted for by each policy.
#[tokio::test]
async fn j11_after_an_outage_every_missed_tick_is_accounted_for() {
    World::run(async |world| {
        alone(&world).await;
        // Ticks in the middle of ten minutes, with the next one minutes away: none comes meanwhile.
        let minute: u32 = world.row("select to_json(extract(minute from clock_timestamp())::int)").await;
        let minutes = format!("{}-59/10 * * * *", (minute + 5) % 10);
        let outage = ("decided_until", "date_trunc('hour', clock_timestamp()) - interval '2 hours'");
        for (name, policy) in [("skips", "'skip'"), ("coalesces", "'coalesce'"), ("all", "'all'")] {
            let at_most = ("catch_up_at_most", "3");
            schedule(&world, name, &minutes, &[outage, ("catch_up", policy), at_most, ("grace_seconds", "0")]).await;
        }
        let _scheduler = world.scheduler("scheduler-1");
        let planned = |name| {
            format!(
                "tick where schedule = '{name}' and planned_at <= date_trunc('hour', \
                 clock_timestamp())"
            )
        };
        for name in ["skips", "coalesces", "all"] {
            world.until_count(&planned(name), 12, seconds(20)).await;
            assert_eq!(world.count(&planned(name)).await, 12, "two hours of ticks every ten minutes");
        }

        // Ticks of the running hour may be missed too, so late ones are counted over all.
        let fate = |name: &str, fate: &str| world.ticks().is("schedule", name).is("fate", fate);
        assert_eq!(fate("skips", "late").count().await, 0);
        assert_eq!(fate("coalesces", "late").count().await, 1, "one for all");
        assert_eq!(fate("all", "late").count().await, 3, "the newest three");
        assert_eq!(
            world.ticks().is("fate", "skipped").lacks("why").count().await,
            0,
            "whoever does not fire \
             says why"
        );
        assert_eq!(world.ticks().is("fate", "coalesced").lacks("coalesced_into").count().await, 0);
        assert_eq!(
            world.ticks().is("fate", "late").and("(late_ms is null or late_ms < 0)").count().await,
            0,
            "and how late"
        );
        let jobs = world.jobs().count().await;
        assert_eq!(world.ticks().any_of("fate", &["fired", "late"]).count().await, jobs);
    })
    .await;
}

/// A schedule that ticks each second was down for days: its ledger stays small and still adds up.
#[tokio::test]
async fn j11_a_long_outage_makes_a_bounded_ledger_that_adds_up() {
    World::run(async |world| {
        alone(&world).await;
        schedule(
            &world,
            "each-second",
            "* * * * * *",
            &[("decided_until", "date_trunc('second', clock_timestamp()) - interval '3 days'")],
        )
        .await;
        let _scheduler = world.scheduler("scheduler-1");
        world.ticks().is("fate", "fired").at_least(3, seconds(30)).await;

        assert!(world.ticks().count().await < 2_500);
        assert_eq!(world.count(GAPS).await, 0);
        let adds_up = "(select sum(ticks) as ticks, extract(epoch from max(planned_until) - min(planned_at)) + 1 \
         as seconds from tick) t
                   where ticks = seconds";
        assert_eq!(world.count(adds_up).await, 1);
    })
    .await;
}

#[tokio::test]
async fn j11_a_schedule_that_cannot_be_read_is_out_of_service_and_says_why() {
    World::run(async |world| {
        alone(&world).await;
        schedule(&world, "broken", "61 * * * *", &[]).await;
        schedule(&world, "each-second", "* * * * * *", &[]).await;
        let _scheduler = world.scheduler("scheduler-1");

        world.schedules().is("name", "broken").like("error", "%61%").at_least(1, seconds(20)).await;
        world.ticks().is("schedule", "each-second").at_least(3, seconds(20)).await;
        assert_eq!(world.ticks().is("schedule", "broken").count().await, 0);
    })
    .await;
}

/// The installation's own upkeep is in the ledger like everything else.
#[tokio::test]
async fn j11_upkeep_runs_by_schedules() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let missing = "to_char((now() at time zone 'UTC') + interval '2 months', 'YYYY_MM')";
        world.execute(&[&format!("do $$ begin execute 'drop table job_' || {missing}; end $$")]).await;
        world
            .execute(&["update schedule set enabled = true, decided_until = clock_timestamp() - interval '2 \
             days', jitter_seconds = 0"])
            .await;

        for name in [
            "audit-addresses",
            "audit-heads",
            "partitions",
            "job-history",
            "engine-history",
            "engine-sweep",
            "idempotency-keys",
            "exports",
            "import-rejects",
            "ledger",
            "reconcile",
            "retention",
            "zone-rules",
        ] {
            world
                .until_count(
                    &format!(
                        "tick t join job j on j.id = t.job_id where t.schedule = '{name}' and j.state = \
                     'succeeded'"
                    ),
                    1,
                    seconds(30),
                )
                .await;
        }
        assert_eq!(
            world
                .count(&format!(
                    "pg_class where relname = 'job_' || \
         {missing}"
                ))
                .await,
            1,
            "it is there again"
        );
    })
    .await;
}

/// Nothing sweeps here but the schedule's job.
#[tokio::test]
async fn j11_a_tick_of_the_sweep_brings_back_what_a_worker_and_the_broker_have_lost() {
    World::with("sweep_interval_ms", "86400000")
        .run(async |world| {
            let (held, lost) = (world.enqueue(&no_op()).await, world.enqueue(&no_op()).await);
            world
                .execute(&[
                    &format!(
                        "update job set state = 'running', attempt = 1, epoch = 1, worker = 'dead', claimed_at = \
                     now() - interval '1 hour',
                     lease_until = now() - interval '1 minute' where id = '{held}'"
                    ),
                    &format!(
                        "update job set state = 'published', published_at = now() - interval '1 hour' where id \
                 = '{lost}'"
                    ),
                    "update schedule set enabled = true, decided_until = clock_timestamp() - interval '2 minutes',
                 changed_at = clock_timestamp() - interval '2 minutes' where name = 'engine-sweep'",
                ])
                .await;
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));

            let of_dead = world.until_state(held, "succeeded", seconds(40)).await;
            assert_eq!((of_dead.attempt, of_dead.errors.len()), (2, 1));
            assert!(of_dead.errors[0].error.contains("the lease ran out"), "{of_dead:?}");
            let of_broker = world.until_state(lost, "succeeded", seconds(40)).await;
            assert_eq!((of_broker.attempt, of_broker.errors.len()), (1, 0));
            let sweeps = "tick t join job j on j.id = t.job_id where t.schedule = 'engine-sweep' and j.state = \
         'succeeded'";
            world.until_count(sweeps, 1, seconds(20)).await;
            let expired = "muster_leases_expired_total";
            assert!(scheduler.metric(expired, "").await < 0.5, "the scheduler has not swept");
            assert!(worker.metric(expired, "").await > 0.5, "the schedule's job has");
        })
        .await;
}

/// A tick's row and its job commit together: a tick that says it fired has a job.
#[tokio::test]
async fn j11_a_tick_whose_job_cannot_be_made_is_decided_again() {
    World::run(async |world| {
        alone(&world).await;
        world
            .execute(&[
                "create sequence refused",
                "create function refuse_twice() returns trigger language plpgsql as $$
             begin if nextval('refused') <= 2 then raise exception 'not now'; end if; return new; end $$",
                "create trigger refuse_twice before insert on job for each row execute function \
                     refuse_twice()",
            ])
            .await;
        schedule(&world, "each-second", "* * * * * *", &[]).await;
        let _scheduler = world.scheduler("scheduler-1");

        world.ticks().is("fate", "fired").at_least(4, seconds(20)).await;
        let without = "tick t where t.job_id is not null and not exists (select from job j where j.id = \
             t.job_id)";
        assert_eq!(world.count(without).await, 0);
        assert_eq!(world.count(GAPS).await, 0, "every second has its tick");
    })
    .await;
}

/// Schedules of the same time are spread, each tick within its bound.
#[tokio::test]
async fn j11_jitter_delays_the_job_and_not_the_tick() {
    World::run(async |world| {
        alone(&world).await;
        schedule(&world, "each-second", "* * * * * *", &[("jitter_seconds", "3600")]).await;
        let _scheduler = world.scheduler("scheduler-1");

        world.ticks().is("fate", "fired").at_least(4, seconds(20)).await;
        let jobs = "tick t join job j on j.id = t.job_id";
        let outside = format!(
            "{jobs} where j.run_at not between t.planned_at and t.planned_at + interval '1 \
             hour'"
        );
        assert_eq!(world.count(&outside).await, 0);
        assert!(world.count(&format!("{jobs} where j.run_at > t.planned_at")).await > 0);
        assert_eq!(world.count(GAPS).await, 0, "the ledger is as planned");
    })
    .await;
}
