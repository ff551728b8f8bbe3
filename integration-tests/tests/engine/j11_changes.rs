//! J11 for schedules that change: their ledger goes on, and the other schedules with it.

use std::time::Duration;

use muster_integration_tests::{World, ago, minutes, seconds};
use muster_jobs::kinds::Probe;
use muster_storage::{
    Page, doctor,
    engine::{
        schedule_ops::{self, Edit, ScheduleFilter},
        schedules::{self, NewSchedule},
    },
};

use crate::j11_ticks::{alone, schedule};

#[tokio::test]
async fn j11_a_schedule_that_begins_later_has_its_first_tick_then() {
    World::run(async |world| {
        alone(&world).await;
        let begins = ("decided_until", "clock_timestamp() + interval '1 hour'");
        schedule(
            &world,
            "later",
            "* * * * * *",
            &[
                begins,
                (
                    "changed_at",
                    "clock_timestamp() + interval '1 \
             hour'",
                ),
            ],
        )
        .await;
        schedule(&world, "each-second", "* * * * * *", &[]).await;
        let _scheduler = world.scheduler("scheduler-1");

        world.ticks().is("schedule", "each-second").at_least(3, seconds(20)).await;
        world.schedules().is("name", "later").and("next_at > decided_until").at_least(1, seconds(20)).await;
        assert_eq!(world.ticks().is("schedule", "later").count().await, 0);
    })
    .await;
}

/// As in a rolling upgrade: jobs of a newer version are left for it, and stop nothing else.
#[tokio::test]
async fn j11_a_schedule_or_timer_of_a_kind_that_is_not_known_stops_no_other() {
    World::run(async |world| {
        alone(&world).await;
        let due = ("decided_until", "clock_timestamp() - interval '1 hour'");
        schedule(&world, "newer", "* * * * *", &[due]).await;
        world
        .execute(&[
            "update schedule set kind = 'from-the-future'",
            "insert into timer (kind, subject, fire_at, organization_id)
             select 'from-the-future', uuid_v7(), now() - n * interval '1 minute', uuid_v7() from generate_series(1, 2000) n",
            "insert into timer (kind, subject, fire_at, organization_id) values ('lease-expires', uuid_v7(), \
                 now(), uuid_v7())",
        ])
        .await;
        schedule(&world, "each-second", "* * * * * *", &[]).await;
        let _scheduler = world.scheduler("scheduler-1");

        world.ticks().is("schedule", "each-second").is("fate", "fired").at_least(2, seconds(20)).await;
        world.jobs().kind("lease-expiry").at_least(1, seconds(20)).await;
        assert_eq!(world.timers().kind("from-the-future").count().await, 2_000);
        assert_eq!(world.schedules().is("name", "newer").lacks("error").count().await, 1);
        assert_eq!(world.ticks().is("schedule", "newer").count().await, 0);
    })
    .await;
}

/// A scheduler that starts may bring newer rules of zones: an older one's result does not count.
#[tokio::test]
async fn j10_a_scheduler_that_starts_computes_the_next_ticks_again() {
    World::run(async |world| {
        alone(&world).await;
        let far = ("next_at", "clock_timestamp() + interval '1 year'");
        schedule(&world, "each-second", "* * * * * *", &[far]).await;
        let _scheduler = world.scheduler("scheduler-1");

        world.ticks().at_least(2, seconds(20)).await;
    })
    .await;
}

#[tokio::test]
async fn j11_ticks_that_nobody_decided_about_before_a_schedule_was_changed_are_skipped_and_say_so() {
    World::run(async |world| {
        alone(&world).await;
        let set = async |cron: &str, jitter: u64| {
            let mut tx = world.pool().begin().await.unwrap();
            let new = NewSchedule {
                name: "mine",
                organization_id: None,
                cron,
                zone: "UTC",
                jitter: Duration::from_secs(jitter),
            };
            schedules::set(&mut tx, &new, &Probe {}).await.unwrap();
            tx.commit().await.unwrap();
        };
        set("* * * * *", 0).await;
        world
            .execute(&["update schedule set decided_until = date_trunc('minute', now()) - interval '2 \
         hours'"])
            .await;
        set("* * * * *", 0).await;
        assert_eq!(world.ticks().count().await, 0, "it is the same");
        set("* * * * *", 5).await;
        let told = "tick where fate = 'skipped' and why = 'changed' and ticks between 120 and 121 and \
         planned_until <= clock_timestamp()";
        assert_eq!(world.count(told).await, 1);
        let anew = world
            .schedules()
            .is("jitter_seconds", 5)
            .and(
                "decided_until = \
         changed_at",
            )
            .above("changed_at", ago(minutes(1)));
        assert_eq!(anew.count().await, 1);
    })
    .await;
}

/// A schedule that is removed leaves its past in the ledger, and its ticks to come; its name is
/// free.
#[tokio::test]
async fn j11_a_schedule_that_is_removed_keeps_its_ticks() {
    World::run(async |world| {
        alone(&world).await;
        let change = async |cron: Option<&str>| {
            let mut tx = world.pool().begin().await.unwrap();
            match cron {
                Some(cron) => {
                    let new =
                        NewSchedule { name: "mine", organization_id: None, cron, zone: "UTC", jitter: Duration::ZERO };
                    schedules::set(&mut tx, &new, &Probe {}).await.unwrap();
                }
                None => schedules::remove(&mut tx, "mine").await.unwrap(),
            }
            tx.commit().await.unwrap();
        };
        let back_by = async |minutes: u32| {
            let to = format!(
                "update schedule set decided_until = date_trunc('minute', now()) - interval '{minutes} \
                     minutes'"
            );
            world.execute(&[&to]).await;
        };
        let listed = async |with_removed| {
            let filter = ScheduleFilter { with_removed, name: None };
            schedule_ops::list(world.pool(), filter, Page::first(1_000)).await.unwrap().len()
        };
        change(None).await;
        change(Some("* * * * * *")).await;
        let scheduler = world.scheduler("scheduler-1");
        world.ticks().is("fate", "fired").at_least(2, seconds(20)).await;
        scheduler.stop().await;
        let fired = world.ticks().is("fate", "fired").count().await;

        change(Some("* * * * *")).await;
        back_by(60).await;
        change(None).await;
        change(None).await;
        assert_eq!((listed(false).await, listed(true).await), (0, 1));
        assert_eq!(world.ticks().is("fate", "fired").count().await, fired, "what fired is told");
        let removed = "tick where fate = 'skipped' and why = 'removed' and ticks between 60 and 61";
        assert_eq!(world.count(removed).await, 1, "and what was to fire");
        assert!(
            !schedule_ops::edit(world.pool(), "mine", &Edit { enabled: Some(true), ..Edit::default() }).await.unwrap()
        );

        // Time in which there is no schedule plans nothing.
        let ticks = world.ticks().count().await;
        back_by(30).await;
        change(Some("* * * * * *")).await;
        assert_eq!(world.ticks().count().await, ticks);
        assert_eq!(listed(false).await, 1);
        let _scheduler = world.scheduler("scheduler-2");
        world.ticks().is("fate", "fired").at_least(fired + 2, seconds(20)).await;
        let ledger = doctor::ticks(world.pool()).await.unwrap().remove(0);
        let planned =
            ledger.schedule.unwrap().fires_after(ledger.after).take_while(|fire| fire.at <= ledger.until).count();
        assert_eq!(i64::try_from(planned).unwrap(), ledger.fired + ledger.coalesced + ledger.skipped, "it adds up");
    })
    .await;
}
