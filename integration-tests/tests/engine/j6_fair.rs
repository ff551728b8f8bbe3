//! J6: a tenant with a mountain of jobs does not keep another's single job waiting; pauses and
//! limits hold.

use muster_domain::ids::{GroupId, JobId, OrganizationId};
use muster_integration_tests::{World, eventually, holds, no_op, seconds};
use muster_jobs::{
    JobKind,
    kinds::{HoldRelease, Probe, Task, Upkeep},
};
use muster_storage::engine::enqueue::{JobOrder, Origin, enqueue, enqueue_all};

/// Enqueues probes for a tenant.
async fn probes(world: &World, organization_id: OrganizationId, jobs: usize, line: JobOrder<'_>) -> Vec<JobId> {
    let ids: Vec<_> = (0..jobs).map(|_| JobId::new()).collect();
    let jobs: Vec<_> = ids.iter().map(|id| (*id, &Probe {})).collect();
    let origin = Origin { organization_id: Some(organization_id), traceparent: None };
    let mut tx = world.pool().begin().await.unwrap();
    enqueue_all(&mut tx, &jobs, line, &origin).await.unwrap();
    tx.commit().await.unwrap();
    ids
}

#[tokio::test]
async fn j6_a_single_job_passes_a_mountain_of_another_tenants() {
    const MOUNTAIN: usize = 20_000;
    World::run(async |world| {
        let (big, small) = (OrganizationId::new(), OrganizationId::new());
        probes(&world, big, MOUNTAIN, JobOrder::Ordinary).await;
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        world.jobs().state("succeeded").at_least(500, seconds(30)).await;

        let single = probes(&world, small, 1, JobOrder::Ordinary).await[0];
        world.until_state(single, "succeeded", seconds(30)).await;

        // How many went before it, and not how long it took: between its row and its run there are
        // at most some windows of the kind.
        let before = world
            .count(&format!(
                "job b, job s where s.id = '{single}' and b.organization_id = '{big}' and b.finished_at between \
                 s.created_at and s.finished_at"
            ))
            .await;
        assert!(before < 3 * JobKind::Probe.policy().window, "{before} jobs of the mountain went before");
    })
    .await;
}

#[tokio::test]
async fn j6_an_urgent_job_goes_before_its_tenants_others() {
    // A job that is published anew would count as published later.
    World::with("republish_after_seconds", "600")
        .run(async |world| {
            let tenant = OrganizationId::new();
            probes(&world, tenant, 10_000, JobOrder::Ordinary).await;
            let urgent = probes(&world, tenant, 1, JobOrder::Urgent).await[0];
            let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));

            world.until_state(urgent, "succeeded", seconds(30)).await;
            let earlier =
                format!("job b, job s where s.id = '{urgent}' and b.id <> s.id and b.published_at < s.published_at");
            // Jobs of the same round are marked within one statement, in no order that means
            // anything.
            let earlier = world.count(&earlier).await;
            assert!(earlier < 500, "{earlier} jobs were published before the urgent one, more than go in one round");
        })
        .await;
}

#[tokio::test]
async fn j6_a_limit_is_kept_by_any_number_of_relays() {
    const LIMIT: i64 = 3;
    World::run(async |world| {
        let tenant = OrganizationId::new();
        world
        .execute(&[
            &format!("insert into job_policy (kind, organization_id, at_most) values ('lease-expiry', \
                 '{tenant}', {LIMIT})"),
            // Each time that a job is claimed, how many of the tenant's are published or running is
            // kept.
            "create table seen (live bigint)",
            &format!(
                "create function look() returns trigger language plpgsql as $$
                 begin insert into seen select count(*) from job where organization_id = '{tenant}' and state in ('published', 'running');
                 return null; end $$"
            ),
            "create trigger look after update on job for each row when (new.state = 'running') execute \
                 function look()",
        ])
        .await;
        let payload = no_op();
        let jobs: Vec<_> = (0..60).map(|_| (JobId::new(), &payload)).collect();
        let origin = Origin { organization_id: Some(tenant), traceparent: None };
        let mut tx = world.pool().begin().await.unwrap();
        enqueue_all(&mut tx, &jobs, JobOrder::Ordinary, &origin).await.unwrap();
        tx.commit().await.unwrap();
        world.enqueue_no_ops(60).await;

        let _schedulers =
            [world.scheduler("scheduler-1"), world.scheduler("scheduler-2"), world.scheduler("scheduler-3")];
        let _workers = [world.worker("worker-1"), world.worker("worker-2")];

        world.all_succeed(120, seconds(60)).await;
        assert_eq!(world.rows("seen").above("live", LIMIT).count().await, 0);
        assert!(world.rows("seen").above("live", 1).count().await > 0, "the limit is used");
    })
    .await;
}

#[tokio::test]
async fn j6_what_is_paused_stands_still_until_it_is_resumed() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let (held, held_too, free) = (OrganizationId::new(), OrganizationId::new(), OrganizationId::new());
        for (kind, organization) in
            [("*", held.to_string()), ("probe", held_too.to_string()), ("lease-expiry", uuid::Uuid::nil().to_string())]
        {
            let policy = format!(
                "insert into job_policy (kind, organization_id, paused) values ('{kind}', '{organization}', \
                     true)"
            );
            world.execute(&[&policy]).await;
        }
        let of_held = probes(&world, held, 5, JobOrder::Ordinary).await;
        let of_held_too = probes(&world, held_too, 5, JobOrder::Ordinary).await;
        let of_kind = world.enqueue(&no_op()).await;

        let of_free = probes(&world, free, 5, JobOrder::Ordinary).await;
        for id in of_free {
            world.until_state(id, "succeeded", seconds(20)).await;
        }
        assert_eq!(world.jobs().state("pending").is("attempt", 0).count().await, 11);

        world.job_policies().delete().await;
        for id in of_held.into_iter().chain(of_held_too).chain([of_kind]) {
            world.until_state(id, "succeeded", seconds(20)).await;
        }
    })
    .await;
}

/// A look at the lines costs by their number and not by how many jobs stand in them.
#[tokio::test]
async fn j6_looking_for_due_jobs_reads_few_rows_however_many_wait() {
    World::run(async |world| {
        probes(&world, OrganizationId::new(), 30_000, JobOrder::Ordinary).await;
        probes(&world, OrganizationId::new(), 1, JobOrder::Ordinary).await;
        world
            .execute(&[
                "analyze job",
                // Rows of this count are told at once, and not among those of the looks.
                "do $$ begin
                     update job set run_at = now() + interval '1 day' where ctid < '(3,0)';
                     perform pg_stat_force_next_flush();
                 end $$",
            ])
            .await;

        let read = "select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint from \
         pg_stat_user_tables where relname like 'job%'";
        let options = muster_storage::PoolOptions { max_connections: 1, ..Default::default() };
        let pool = muster_storage::Pool::connect_lazily(&world.database_url().into(), &options).unwrap();
        let before = muster_storage::testing::number(world.pool(), read).await.unwrap();
        for _ in 0..10 {
            let survey = muster_storage::engine::relay::survey(&pool).await.unwrap();
            assert_eq!(survey.lanes.len(), 2);
        }
        pool.close().await;
        let after = eventually(seconds(10), async || {
            let read = muster_storage::testing::number(world.pool(), read).await.unwrap() - before;
            if read > 0 { Ok(read) } else { Err("no statistics yet".to_owned()) }
        })
        .await;
        assert!(after < 2_000, "ten looks read {after} rows");
    })
    .await;
}

#[tokio::test]
async fn j6_a_backlog_travels_in_bundles() {
    // An unclaimed job is not published anew.
    World::with("republish_after_seconds", "600")
        .run(async |world| {
            let scheduler = world.scheduler("scheduler-1");
            probes(&world, OrganizationId::new(), 1_000, JobOrder::Ordinary).await;
            world.jobs().state("published").at_least(1_000, seconds(30)).await;
            eventually(seconds(10), async || {
                let jobs = scheduler.metric("muster_relay_published_total", "").await;
                let messages = scheduler.metric("muster_relay_messages_total", "").await;
                holds((jobs - 1_000.0).abs() < 0.5 && messages <= 100.0, (jobs, messages))
            })
            .await;
            let _worker = world.worker("worker-1");
            world.all_succeed(1_000, seconds(30)).await;
        })
        .await;
}

/// With room for fewer tenants than have jobs, each has its turn before any of them is through.
#[tokio::test]
async fn j6_tenants_take_turns_when_there_is_not_room_for_all() {
    World::run(async |world| {
        world.limit_jobs("probe", 2).await;
        for _ in 0..5 {
            probes(&world, OrganizationId::new(), 40, JobOrder::Ordinary).await;
        }
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));

        world.all_succeed(200, seconds(90)).await;
        let in_turn = "(select max(first) as last_to_begin, min(last) as first_to_end from (
                       select min(finished_at) as first, max(finished_at) as last from job group by organization_id) t) t
                   where last_to_begin < first_to_end";
        assert_eq!(world.count(in_turn).await, 1);
    })
    .await;
}

/// How many of a kind wait in the broker is bounded, so that the order is the database's; an
/// operator may bound a kind further.
#[tokio::test]
async fn j6_no_more_of_a_kind_is_published_than_there_is_room_for() {
    World::run(async |world| {
        world.limit_jobs("probe", 3).await;
        let window = JobKind::LeaseExpiry.policy().window;
        world.enqueue_no_ops(1_000).await;
        probes(&world, OrganizationId::new(), 20, JobOrder::Ordinary).await;
        let _scheduler = world.scheduler("scheduler-1");

        // Two rounds after the room is filled.
        let published = |kind: JobKind| world.jobs().state("published").kind(kind);
        published(JobKind::LeaseExpiry).at_least(window, seconds(20)).await;
        published(JobKind::Probe).at_least(3, seconds(20)).await;
        for _ in 0..2 {
            let other = world.enqueue(&HoldRelease { group_id: GroupId::new() }).await;
            world.until_state(other, "published", seconds(20)).await;
        }
        assert_eq!(published(JobKind::LeaseExpiry).count().await, window);
        assert_eq!(published(JobKind::Probe).count().await, 3);

        let _worker = world.worker("worker-1");
        world.all_succeed(1_022, seconds(60)).await;
    })
    .await;
}

/// A worker's long jobs are never all one tenant's: another's runs beside them, however long they
/// take and however many relays there are.
#[tokio::test]
async fn j6_long_jobs_of_one_tenant_leave_room_for_anothers() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let _schedulers = [world.scheduler("scheduler-1"), world.scheduler("scheduler-2")];
            let _workers = [world.worker("worker-1"), world.worker("worker-2")];
            world.processes().is("role", "worker").at_least(2, seconds(20)).await;
            let upkeep = async |organization_id, task, jobs: usize| {
                let payload = Upkeep { task };
                let jobs: Vec<_> = (0..jobs).map(|_| (JobId::new(), &payload)).collect();
                let origin = Origin { organization_id: Some(organization_id), traceparent: None };
                let mut tx = world.pool().begin().await.unwrap();
                enqueue_all(&mut tx, &jobs, JobOrder::Ordinary, &origin).await.unwrap();
                tx.commit().await.unwrap();
                jobs[0].0
            };
            // All jobs of the one tenant stand still in the middle of their work.
            let gate = world.hold_table("idempotency").await;
            let (big, small) = (OrganizationId::new(), OrganizationId::new());
            upkeep(big, Task::IdempotencyKeys, 50).await;
            let of_big = world.jobs().is("organization_id", big);
            of_big.clone().state("running").at_least(2, seconds(20)).await;

            for _ in 0..5 {
                let single = upkeep(small, Task::Partitions, 1).await;
                world.until_state(single, "succeeded", seconds(20)).await;
            }
            assert_eq!(
                of_big.any_of("state", &["published", "running"]).count().await,
                2,
                "the rest wait in the database"
            );
            gate.open().await;
            world.all_succeed(55, seconds(60)).await;
        })
        .await;
}

/// A limit over all kinds of an organization together holds however many relays and kinds there
/// are, and starves none of them.
#[tokio::test]
async fn j6_a_limit_over_all_kinds_of_an_organization_is_kept() {
    const LIMIT: i64 = 3;
    World::run(async |world| {
        let tenant = OrganizationId::new();
        world
        .execute(&[
            &format!("insert into job_policy (kind, organization_id, at_most) values ('*', '{tenant}', \
                 {LIMIT})"),
            "create table seen (live bigint)",
            &format!(
                "create function look() returns trigger language plpgsql as $$
                 begin insert into seen select count(*) from job where organization_id = '{tenant}' and state in ('published', 'running');
                 return null; end $$"
            ),
            "create trigger look after update on job for each row when (new.state = 'running') execute \
                 function look()",
        ])
        .await;
        let origin = Origin { organization_id: Some(tenant), traceparent: None };
        let expiry = no_op();
        let expiries: Vec<_> = (0..40).map(|_| (JobId::new(), &expiry)).collect();
        let mut tx = world.pool().begin().await.unwrap();
        enqueue_all(&mut tx, &expiries, JobOrder::Ordinary, &origin).await.unwrap();
        for _ in 0..40 {
            enqueue(&mut tx, &HoldRelease { group_id: GroupId::new() }, &origin).await.unwrap();
        }
        tx.commit().await.unwrap();
        // Another organization's are not held back by it.
        probes(&world, OrganizationId::new(), 40, JobOrder::Ordinary).await;

        let _schedulers = [world.scheduler("scheduler-1"), world.scheduler("scheduler-2")];
        let _workers = [world.worker("worker-1"), world.worker("worker-2")];

        world.all_succeed(120, seconds(60)).await;
        assert_eq!(world.rows("seen").above("live", LIMIT).count().await, 0);
        assert!(world.rows("seen").above("live", 1).count().await > 0, "the limit is used");
        let beside = "(select max(first) as last_to_begin, min(last) as first_to_end from (
                      select min(finished_at) as first, max(finished_at) as last from job
                      where kind in ('lease-expiry', 'hold-release') group by kind) k) k
                  where last_to_begin < first_to_end";
        assert_eq!(world.count(beside).await, 1, "neither kind waits for the end of the other");
    })
    .await;
}

/// In the middle of a backlog a pause holds back all but the published jobs, and these are fewer
/// than the kind's window.
#[tokio::test]
async fn j6_a_pause_in_the_middle_of_a_backlog_holds_back_all_but_the_window() {
    const BACKLOG: usize = 2_000;
    World::with("republish_after_seconds", "600")
        .run(async |world| {
            let window = JobKind::LeaseExpiry.policy().window;
            let gate = world.close_gate().await;
            world.enqueue_no_ops(BACKLOG).await;
            let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            // The worker has its hands full, and the window is filled again behind it.
            world.jobs().state("running").at_least(1, seconds(20)).await;
            world.jobs().state("published").at_least(window, seconds(20)).await;

            world.pause_jobs("lease-expiry").await;
            let started = "job where kind = 'lease-expiry' and epoch > 0";
            let before = world.count(started).await;
            // A round that began before the pause is over when a job of another kind has come
            // through.
            let other = world.enqueue(&Probe {}).await;
            world.until_state(other, "succeeded", seconds(20)).await;
            gate.open().await;
            eventually(seconds(60), async || {
                let live = world.jobs().any_of("state", &["published", "running"]).count().await;
                holds(live == 0, live)
            })
            .await;

            let more = world.count(started).await - before;
            assert!((1..=window).contains(&more), "{more} started after the pause");
            let held = world.jobs().state("pending").is("attempt", 0).count().await;
            assert_eq!(before + more + held, i64::try_from(BACKLOG).unwrap());
            assert!(held > 0, "the rest waits");
            world.job_policies().delete().await;
            world.all_succeed(BACKLOG + 1, seconds(60)).await;
        })
        .await;
}
