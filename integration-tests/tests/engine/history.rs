//! The engine's records for operators leave after a time, step by step, and nothing goes with them
//! that is still needed.

use std::time::Duration;

use muster_domain::ids::GoalId;
use muster_integration_tests::{World, ago, days, seconds};
use muster_jobs::kinds::GoalTransition;
use muster_storage::{
    doctor,
    engine::{history, partitions},
};

const DAY: Duration = Duration::from_hours(24);

/// A schedule that ticked each hour from so many days ago until so many days ago, and is decided
/// about until so many.
async fn hourly(world: &World, name: &str, days: [u32; 3], enabled: bool) {
    let [from, until, decided] = days;
    let ago = |days: u32| format!("date_trunc('hour', now()) - interval '{days} days'");
    world
        .execute(&[
            &format!(
                "insert into schedule (name, cron, zone, kind, payload, enabled, decided_until, changed_at)
                 values ('{name}', '0 * * * *', 'UTC', 'probe', '{{}}', {enabled}, {}, now() - interval '1 year')",
                ago(decided)
            ),
            &format!(
                "insert into tick (schedule, planned_at, planned_until, local, note, fate, why)
                 select '{name}', at, at, at at time zone 'UTC', 'plain', 'skipped', 'missed'
                 from generate_series({}, {}, interval '1 hour') at",
                ago(from),
                ago(until)
            ),
        ])
        .await;
}

#[tokio::test]
async fn j11_old_ticks_leave_and_the_ledger_still_adds_up() {
    World::run(async |world| {
        world.schedules().delete().await;
        hourly(&world, "ticks", [200, 0, 0], true).await;
        // It has been undecided for as long: it is audited where it is.
        hourly(&world, "was left", [260, 200, 200], true).await;
        hourly(&world, "is off", [200, 150, 0], false).await;
        hourly(&world, "young", [80, 70, 0], false).await;
        let ledgers = async || {
            let mut ledgers = doctor::ticks(world.pool()).await.unwrap();
            ledgers.sort_by(|one, other| one.name.cmp(&other.name));
            ledgers.into_iter().map(|ledger| (ledger.name, ledger.skipped)).collect::<Vec<_>>()
        };
        let before = ledgers().await;
        assert_eq!(before, [("ticks".to_owned(), 48), ("was left".to_owned(), 48)]);

        let mut tx = world.pool().begin().await.unwrap();
        let forgotten = history::forget_ticks(&mut tx, 90 * DAY).await.unwrap();
        let again = history::forget_ticks(&mut tx, 90 * DAY).await.unwrap();
        tx.commit().await.unwrap();

        assert!(forgotten > 4_000 && again == 0, "{forgotten}, and then {again}");
        let of = async |name: &str| world.ticks().is("schedule", name).count().await;
        assert!((2_160..=2_161).contains(&of("ticks").await), "90 days of hours");
        assert_eq!(world.ticks().is("schedule", "ticks").below("planned_at", ago(days(90))).count().await, 0);
        assert_eq!(of("was left").await, 49, "two days of hours, with both ends");
        assert_eq!(of("is off").await, 1, "its last one");
        assert_eq!(of("young").await, 241);
        assert_eq!(ledgers().await, before);
    })
    .await;
}

/// A schedule that was removed leaves when its ticks do.
#[tokio::test]
async fn j11_schedules_that_were_removed_leave_with_their_last_ticks() {
    World::run(async |world| {
        world.schedules().delete().await;
        for (name, [from, until], removed) in
            [("old", [110, 100], Some(100)), ("young", [20, 10], Some(10)), ("is there", [110, 0], None)]
        {
            hourly(&world, name, [from, until, until], removed.is_none()).await;
            if let Some(days) = removed {
                let retired = format!(
                    "update schedule set retired_at = now() - interval '{days} days' where name = \
                         '{name}'"
                );
                world.execute(&[&retired]).await;
            }
        }
        let mut tx = world.pool().begin().await.unwrap();
        history::forget_ticks(&mut tx, 90 * DAY).await.unwrap();
        let forgotten = history::forget_schedules(&mut tx, 90 * DAY).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(forgotten, 1);
        assert_eq!(
            world.schedules().is("name", "old").count().await + world.ticks().is("schedule", "old").count().await,
            0
        );
        assert_eq!(world.ticks().is("schedule", "young").count().await, 241);
        assert_eq!(world.schedules().count().await, 2);
    })
    .await;
}

/// In steps, each a job that is done in one transaction; jobs that are parked stay as they are.
#[tokio::test]
async fn dead_letters_and_processes_that_are_gone_leave_in_steps() {
    World::run(async |world| {
        let many = 2 * history::STEP + 1;
        world
        .execute(&[
            &format!(
                "insert into dead_letter (id, queue, body, error, received_at)
                 select uuid_v7_floor(at), 'muster.probe', 'x'::bytea, 'garbage', at
                 from (select now() - interval '91 days' - n * interval '1 s' as at from generate_series(1, {many}) n) old"
            ),
            "insert into dead_letter (queue, body, error) values ('muster.probe', 'kept'::bytea, 'garbage')",
            "insert into process (name, role, seen_at) values
                 ('gone', 'worker', now() - interval '31 days'), ('away', 'worker', now() - interval '29 days')",
        ])
        .await;
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let parked = world.enqueue(&GoalTransition { goal_id: GoalId::new() }).await;
        let job = world.until_state(parked, "parked", seconds(20)).await;

        world
            .execute(&["update schedule set enabled = true, decided_until = clock_timestamp() - interval '2 \
             days', jitter_seconds = 0
                    where name = 'engine-history'"])
            .await;

        world.jobs().kind("upkeep").state("succeeded").at_least(3, seconds(60)).await;
        assert_eq!(world.jobs().kind("upkeep").not("state", "succeeded").count().await, 0, "three steps are all");
        assert_eq!(world.dead_letters().count().await, 1);
        assert_eq!(world.dead_letters().and("body = 'kept'::bytea").count().await, 1);
        assert_eq!(world.processes().is("name", "gone").count().await, 0);
        assert_eq!(world.processes().is("name", "away").count().await, 1);
        assert_eq!(world.job(parked).await, job);
    })
    .await;
}

/// Names of the months' partitions of a table, the coming ones of `in_months`.
fn month(table: &str, in_months: u32) -> String {
    format!("to_regclass('{table}_' || to_char((now() at time zone 'UTC') + interval '{in_months} months', 'YYYY_MM'))")
}

/// A job from a machine with a clock that is a month ahead, in a month that has no partition: that
/// month's can't be made any more, others' can.
#[tokio::test]
async fn j10_a_month_that_cannot_have_its_partition_leaves_others_alone() {
    World::run(async |world| {
        let gone = format!(
            "do $$ begin execute format('drop table %s', {}); execute format('drop table %s', {}); execute \
             format('drop table %s', {}); end $$",
            month("job", 1),
            month("job", 2),
            month("message", 2),
        );
        world.execute(&[&gone]).await;
        let doctors = async |what: &str| {
            let findings = doctor::audit(world.pool()).await.unwrap();
            findings.iter().find(|finding| finding.what == what).map(|finding| finding.count)
        };
        assert_eq!(doctors("missing_partition").await, Some(1));
        let ahead = world.enqueue(&GoalTransition { goal_id: GoalId::new() }).await;
        world
        .execute(&[&format!(
            "insert into job (id, kind, payload, max_attempts)
             select uuid_v7_floor(now() + interval '1 month'), kind, payload, max_attempts from job where id = '{ahead}'"
        )])
        .await;

        assert!(partitions::ensure(world.pool()).await.unwrap());
        let there = async |table: &str, in_months: u32| {
            world.count(&format!("(select where {} is not null) there", month(table, in_months))).await == 1
        };
        assert!(!there("job", 1).await && there("job", 2).await && there("message", 2).await);
        assert_eq!(doctors("default_partition").await, Some(1));
    })
    .await;
}

/// A backup may have a table open for hours: a statement that wants it for itself does not make all
/// others wait behind it.
#[tokio::test]
async fn a_table_that_is_in_use_is_left_for_later() {
    World::run(async |world| {
        world
            .execute(&[&format!(
                "do $$ begin execute format('drop table %s', {}); end \
             $$",
                month("job", 2)
            )])
            .await;
        let gate = world.hold("lock table job in access share mode").await;
        assert!(!partitions::ensure(world.pool()).await.unwrap());
        gate.open().await;
        assert!(partitions::ensure(world.pool()).await.unwrap());
    })
    .await;
}
