//! J9: any number of schedulers, all active; a timer fires once under any interleaving, and killing
//! one delays nothing.

use chrono::TimeDelta;
use muster_domain::ids::OrganizationId;
use muster_integration_tests::{World, eventually, seconds};
use muster_jobs::timer::TimerKind;
use muster_storage::{Pool, PoolOptions, engine::timers, testing::number};
use uuid::Uuid;

/// Sets timers for random subjects, a millisecond apart.
async fn set_timers(world: &World, count: i64, first_in: TimeDelta) {
    let mut tx = world.pool().begin().await.unwrap();
    let first = tx.clock().await.unwrap() + first_in;
    for number in 0..count {
        let at = first + TimeDelta::milliseconds(number);
        timers::set(&mut tx, TimerKind::HoldEnds, Uuid::now_v7(), at, OrganizationId::new()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// From here on, each timer that fires leaves a row in `fired`, written by the transaction that
/// fires it.
async fn record_firings(world: &World) {
    world
        .execute(&[
            "create table fired (subject uuid not null, fire_at timestamptz not null, fired_at timestamptz not null)",
            "create function record_firing() returns trigger language plpgsql as $$
             begin insert into fired values (old.subject, old.fire_at, clock_timestamp()); return null; end $$",
            "create trigger record_firing after delete on timer for each row execute function record_firing()",
        ])
        .await;
}

#[tokio::test]
async fn j9_three_schedulers_fire_each_timer_once_though_one_dies() {
    const TIMERS: i64 = 2_000;
    World::run(async |world| {
        record_firings(&world).await;
        set_timers(&world, TIMERS, TimeDelta::seconds(1)).await;
        let doomed = world.scheduler("scheduler-1");
        let (_two, _three) = (world.scheduler("scheduler-2"), world.scheduler("scheduler-3"));

        world.jobs().at_least(TIMERS / 4, seconds(30)).await;
        doomed.abort();
        world.jobs().at_least(TIMERS, seconds(30)).await;

        let _worker = world.worker("worker-1");
        world.all_succeed(2_000, seconds(120)).await;
        assert_eq!(world.timers().count().await, 0);
        assert_eq!(world.count("(select distinct payload->>'group_id' from job) d").await, TIMERS);
        assert_eq!(world.rows("fired").count().await, TIMERS);
        assert_eq!(
            world
                .count(
                    "fired f join job j on j.payload->>'group_id' = \
             f.subject::text"
                )
                .await,
            TIMERS
        );
        assert_eq!(
            world.rows("fired").and("fired_at < fire_at").count().await,
            0,
            "early by the database's \
             clock"
        );
    })
    .await;
}

#[tokio::test]
async fn j9_a_timer_fires_though_the_scheduler_that_saw_it_first_is_dead() {
    World::run(async |world| {
        let first = world.scheduler("scheduler-1");
        first.ready().await;
        set_timers(&world, 1, TimeDelta::seconds(4)).await;
        first.abort();
        assert_eq!(world.jobs().count().await, 0);

        let _second = world.scheduler("scheduler-2");
        world.jobs().at_least(1, seconds(20)).await;
        assert_eq!((world.timers().count().await, world.jobs().count().await), (0, 1));
    })
    .await;
}

/// The survivor wakes for each timer, and not only when it has waited for its longest: its rounds
/// are counted, by the transactions that fired, over the time that the database's clock shows.
#[tokio::test]
async fn j9_killing_one_of_two_schedulers_delays_nothing() {
    const TIMERS: i32 = 80;
    World::with("timer_poll_ms", "60000")
        .run(async |world| {
            let (doomed, survivor) = (world.scheduler("scheduler-1"), world.scheduler("scheduler-2"));
            tokio::join!(doomed.ready(), survivor.ready());
            record_firings(&world).await;
            let mut tx = world.pool().begin().await.unwrap();
            let first = tx.clock().await.unwrap() + TimeDelta::seconds(1);
            for number in 0..TIMERS {
                let at = first + TimeDelta::milliseconds(100) * number;
                timers::set(&mut tx, TimerKind::HoldEnds, Uuid::now_v7(), at, OrganizationId::new()).await.unwrap();
            }
            tx.commit().await.unwrap();

            world.rows("fired").at_least(10, seconds(20)).await;
            doomed.abort();
            world.execute(&["create table death as select clock_timestamp() as at"]).await;
            world.rows("fired").at_least(TIMERS.into(), seconds(60)).await;

            let rounds =
                world.count("(select distinct f.xmin::text from fired f, death d where f.fired_at > d.at) r").await;
            let longest_waits = number(
                world.pool(),
                &format!(
                    "select ceil(extract(epoch from max(f.fired_at) - min(d.at)) / {})::bigint from fired f, death d",
                    timers::LONGEST_WAIT.as_secs()
                ),
            )
            .await
            .unwrap();
            assert!(rounds > 2 * longest_waits, "{rounds} rounds within {longest_waits} times the longest wait");
        })
        .await;
}

#[tokio::test]
async fn j9_a_timer_that_is_moved_fires_once_at_its_new_time() {
    World::run(async |world| {
        let _schedulers = [world.scheduler("scheduler-1"), world.scheduler("scheduler-2")];
        let (moved, cancelled, organization) = (Uuid::now_v7(), Uuid::now_v7(), OrganizationId::new());
        let mut tx = world.pool().begin().await.unwrap();
        let now = tx.clock().await.unwrap();
        for subject in [moved, cancelled] {
            timers::set(&mut tx, TimerKind::HoldEnds, subject, now + TimeDelta::hours(1), organization).await.unwrap();
        }
        tx.commit().await.unwrap();

        let mut tx = world.pool().begin().await.unwrap();
        timers::set(&mut tx, TimerKind::HoldEnds, moved, now + TimeDelta::seconds(1), organization).await.unwrap();
        timers::set_earliest(&mut tx, TimerKind::HoldEnds, moved, now + TimeDelta::hours(2), organization)
            .await
            .unwrap();
        timers::cancel(&mut tx, TimerKind::HoldEnds, cancelled).await.unwrap();
        tx.commit().await.unwrap();

        world.jobs().at_least(1, seconds(20)).await;
        assert_eq!((world.jobs().count().await, world.timers().count().await), (1, 0));
        assert_eq!(world.jobs().and(&format!("payload->>'group_id' = '{moved}'")).count().await, 1);
    })
    .await;
}

/// A poll looks at due timers, not at waiting ones.
#[tokio::test]
async fn j9_looking_for_due_timers_costs_the_same_however_many_wait() {
    const WAITING: i64 = 50_000;
    const READ: &str = "select (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_user_tables where relname = \
             'timer'";
    World::run(async |world| {
        world
            .execute(&[
                &format!(
                    "insert into timer (kind, subject, fire_at, organization_id)
                 select 'hold-ends', gen_random_uuid(), now() + interval '1 day' + n * interval '1 s', gen_random_uuid()
                 from generate_series(1, {WAITING}) n"
                ),
                "analyze timer",
            ])
            .await;
        set_timers(&world, 1, TimeDelta::zero()).await;

        // A connection of its own; its statistics are in when it is closed.
        let options = PoolOptions { max_connections: 1, ..PoolOptions::default() };
        let pool = Pool::connect_lazily(&world.database_url().into(), &options).unwrap();
        let before = number(world.pool(), READ).await.unwrap();
        assert_eq!(timers::fire_due(&pool, 1_000).await.unwrap().timers, 1);
        for _ in 0..10 {
            assert_eq!(timers::fire_due(&pool, 1_000).await.unwrap().timers, 0);
        }
        pool.close().await;

        let read = eventually(seconds(10), async || {
            let read = number(world.pool(), READ).await.unwrap() - before;
            if read > 0 { Ok(read) } else { Err("no statistics yet".to_owned()) }
        })
        .await;
        assert!(read < 1_000, "eleven polls read {read} rows of {WAITING} timers that wait");
    })
    .await;
}

/// A timer goes and its job comes in one transaction: a failure that keeps the job from coming
/// keeps the timer.
#[tokio::test]
async fn j9_a_timer_whose_job_cannot_be_made_is_fired_again() {
    World::run(async |world| {
        world
            .execute(&[
                "create sequence refused",
                "create function refuse_twice() returns trigger language plpgsql as $$
             begin if nextval('refused') <= 2 then raise exception 'not now'; end if; return new; end $$",
                "create trigger refuse_twice before insert on job for each row execute function \
                     refuse_twice()",
            ])
            .await;
        set_timers(&world, 1, TimeDelta::zero()).await;
        let _scheduler = world.scheduler("scheduler-1");

        world.jobs().at_least(1, seconds(20)).await;
        assert_eq!((world.timers().count().await, world.jobs().count().await), (0, 1));
    })
    .await;
}
