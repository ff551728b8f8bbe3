//! J9: any number of schedulers, all active; a timer fires once whatever they do, and killing one delays nothing.

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::ids::OrganizationId;
use muster_integration_tests::{Harness, seconds};
use muster_jobs::timer::TimerKind;
use muster_storage::engine::timers;
use uuid::Uuid;

/// Sets timers for random subjects, a millisecond apart, and answers the last one's time.
async fn set_timers(harness: &Harness, count: i64, first_in: TimeDelta) -> DateTime<Utc> {
    let mut tx = harness.pool().begin().await.unwrap();
    let first = tx.clock().await.unwrap() + first_in;
    let mut last = first;
    for number in 0..count {
        last = first + TimeDelta::milliseconds(number);
        timers::set(&mut tx, TimerKind::HoldEnds, Uuid::now_v7(), last, OrganizationId::new()).await.unwrap();
    }
    tx.commit().await.unwrap();
    last
}

#[tokio::test]
async fn j9_three_schedulers_fire_each_timer_once_though_one_dies() {
    const TIMERS: i64 = 2_000;
    let harness = Harness::start().await;
    harness.execute(&["create table planned as select subject, fire_at from timer"]).await;
    set_timers(&harness, TIMERS, TimeDelta::seconds(1)).await;
    harness.execute(&["insert into planned select subject, fire_at from timer"]).await;
    let doomed = harness.scheduler("scheduler-1");
    let (_two, _three) = (harness.scheduler("scheduler-2"), harness.scheduler("scheduler-3"));

    harness.until_count("job", TIMERS / 4, seconds(30)).await;
    doomed.abort();
    harness.until_count("job", TIMERS, seconds(30)).await;

    let _worker = harness.worker("worker-1");
    harness.all_succeed(2_000, seconds(60)).await;
    assert_eq!(harness.count("timer").await, 0);
    assert_eq!(harness.count("(select distinct payload->>'group_id' from job) d").await, TIMERS);
    assert_eq!(
        harness
            .count("planned p join job j on j.payload->>'group_id' = p.subject::text and j.created_at >= p.fire_at")
            .await,
        TIMERS,
        "each has its job, and none was early by the database's clock"
    );
    harness.finish().await;
}

#[tokio::test]
async fn j9_a_timer_fires_though_the_scheduler_that_saw_it_first_is_dead() {
    let harness = Harness::start().await;
    let first = harness.scheduler("scheduler-1");
    first.ready().await;
    set_timers(&harness, 1, TimeDelta::seconds(1)).await;
    first.abort();
    assert_eq!(harness.count("job").await, 0);

    let _second = harness.scheduler("scheduler-2");
    harness.until_count("job", 1, seconds(20)).await;
    assert_eq!((harness.count("timer").await, harness.count("job").await), (0, 1));
    harness.finish().await;
}

#[tokio::test]
async fn j9_killing_one_of_two_schedulers_delays_nothing() {
    let harness = Harness::start().await;
    let (doomed, survivor) = (harness.scheduler("scheduler-1"), harness.scheduler("scheduler-2"));
    tokio::join!(doomed.ready(), survivor.ready());
    set_timers(&harness, 500, TimeDelta::seconds(1)).await;
    harness.execute(&["create table planned as select subject, fire_at from timer"]).await;

    harness.until_count("job", 100, seconds(20)).await;
    doomed.abort();
    harness.until_count("job", 500, seconds(20)).await;

    let late = "planned p join job j on j.payload->>'group_id' = p.subject::text
                where j.created_at > p.fire_at + interval '2 s'";
    assert_eq!(harness.count(late).await, 0, "timers that fired more than two seconds late");
    harness.finish().await;
}

#[tokio::test]
async fn j9_a_timer_that_is_moved_fires_once_at_its_new_time() {
    let harness = Harness::start().await;
    let _schedulers = [harness.scheduler("scheduler-1"), harness.scheduler("scheduler-2")];
    let (moved, cancelled, organization) = (Uuid::now_v7(), Uuid::now_v7(), OrganizationId::new());
    let mut tx = harness.pool().begin().await.unwrap();
    let now = tx.clock().await.unwrap();
    for subject in [moved, cancelled] {
        timers::set(&mut tx, TimerKind::HoldEnds, subject, now + TimeDelta::hours(1), organization).await.unwrap();
    }
    tx.commit().await.unwrap();

    let mut tx = harness.pool().begin().await.unwrap();
    timers::set(&mut tx, TimerKind::HoldEnds, moved, now + TimeDelta::seconds(1), organization).await.unwrap();
    timers::set_earliest(&mut tx, TimerKind::HoldEnds, moved, now + TimeDelta::hours(2), organization).await.unwrap();
    timers::cancel(&mut tx, TimerKind::HoldEnds, cancelled).await.unwrap();
    tx.commit().await.unwrap();

    harness.until_count("job", 1, seconds(20)).await;
    assert_eq!((harness.count("job").await, harness.count("timer").await), (1, 0));
    assert_eq!(harness.count(&format!("job where payload->>'group_id' = '{moved}'")).await, 1);
    harness.finish().await;
}
