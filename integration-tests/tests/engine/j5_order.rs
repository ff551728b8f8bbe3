//! J5: jobs with the same order key run one after another, in the order in which they were
//! enqueued.

use muster_domain::ids::{JobId, OrganizationId};
use muster_integration_tests::{World, no_op, seconds};
use muster_jobs::kinds::Probe;
use muster_storage::{
    Tx,
    engine::{
        claim,
        enqueue::{JobOrder, Origin, enqueue_all},
        look::Filter,
        operate,
    },
};
use tokio::task::JoinSet;

fn origin() -> Origin {
    Origin { organization_id: Some(OrganizationId::new()), traceparent: None }
}

/// Probes run in one transaction, so that their completions are their runs.
async fn enqueue_in_order(tx: &mut Tx, key: &str, jobs: usize) -> Vec<JobId> {
    let ids: Vec<_> = (0..jobs).map(|_| JobId::new()).collect();
    let jobs: Vec<_> = ids.iter().map(|id| (*id, &Probe {})).collect();
    enqueue_all(tx, &jobs, JobOrder::InOrder(key), &origin()).await.unwrap();
    ids
}

/// Each completion leaves a row with a number, written by the transaction that completes the job.
async fn number_completions(world: &World) {
    world
        .execute(&[
            "create table completed (number bigserial, job_id uuid not null)",
            "create function number_completion() returns trigger language plpgsql as $$
             begin insert into completed (job_id) values (new.id); return null; end $$",
            "create trigger number_completion after update on job for each row
             when (new.state = 'succeeded') execute function number_completion()",
        ])
        .await;
}

async fn completed_in_order(world: &World, jobs: &[JobId]) {
    let order: Vec<JobId> = world.rows("completed").any_of("job_id", jobs).list("job_id", "number").await;
    assert_eq!(order, jobs);
}

#[tokio::test]
async fn j5_jobs_with_a_key_run_in_the_order_of_their_enqueuing_whoever_runs_them() {
    const KEYS: usize = 10;
    const JOBS: usize = 20;
    World::run(async |world| {
        number_completions(&world).await;
        let mut enqueued = vec![Vec::new(); KEYS];
        for _ in 0..JOBS / 2 {
            for (key, ids) in enqueued.iter_mut().enumerate() {
                let mut tx = world.pool().begin().await.unwrap();
                ids.extend(enqueue_in_order(&mut tx, &format!("key {key}"), 2).await);
                tx.commit().await.unwrap();
            }
        }
        assert_eq!(world.jobs().and("not blocked").count().await, 10, "the first of each key");

        let _schedulers = [world.scheduler("scheduler-1"), world.scheduler("scheduler-2")];
        let _workers = [world.worker("worker-1"), world.worker("worker-2")];

        world.all_succeed(KEYS * JOBS, seconds(60)).await;
        for ids in enqueued {
            completed_in_order(&world, &ids).await;
        }
    })
    .await;
}

/// An order is that of commits: an enqueuer with a key waits for earlier ones.
#[tokio::test]
async fn j5_whoever_enqueues_at_the_same_time_waits_its_turn() {
    World::run(async |world| {
        let mut tx = world.pool().begin().await.unwrap();
        let first = enqueue_in_order(&mut tx, "key", 1).await[0];
        let pool = world.pool().clone();
        let mut others = JoinSet::new();
        others.spawn(async move {
            let mut tx = pool.begin().await.unwrap();
            let id = enqueue_in_order(&mut tx, "key", 1).await[0];
            tx.commit().await.unwrap();
            id
        });
        let waiting = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        world.until_count(waiting, 1, seconds(10)).await;
        tx.commit().await.unwrap();

        let second = others.join_next().await.unwrap().unwrap();
        let blocked = |id: JobId| world.jobs().id(id).is("blocked", true);
        assert_eq!((blocked(first).count().await, blocked(second).count().await), (0, 1));
    })
    .await;
}

/// Also under a lease, where a job is seen to run.
#[tokio::test]
async fn j5_the_next_does_not_run_before_the_first_is_over() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let gate = world.close_gate().await;
        let payload = no_op();
        let (first, second) = (JobId::new(), JobId::new());
        let mut tx = world.pool().begin().await.unwrap();
        enqueue_all(&mut tx, &[(first, &payload), (second, &payload)], JobOrder::InOrder("key"), &origin())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let other = world.enqueue(&no_op()).await;

        world.until_state(first, "running", seconds(20)).await;
        world.until_state(other, "running", seconds(20)).await;
        assert_eq!(world.job(second).await.state, "pending");
        gate.open().await;
        world.all_succeed(3, seconds(20)).await;
    })
    .await;
}

/// A failed job waits for its retry with everything behind it; a parked or cancelled one makes way.
#[tokio::test]
async fn j5_a_retry_keeps_its_place_and_a_parked_or_cancelled_job_makes_way() {
    World::with("retry_base_ms", "500")
        .run(async |world| {
            number_completions(&world).await;
            let mut tx = world.pool().begin().await.unwrap();
            let ids = enqueue_in_order(&mut tx, "key", 5).await;
            tx.commit().await.unwrap();
            world
                .execute(&[
                    &format!("update job set payload = '{{\"poison\": 1}}' where id = '{}'", ids[0]),
                    &format!("update job set state = 'cancelled' where id = '{}'", ids[3]),
                ])
                .await;
            // The second fails twice.
            world
                .execute(&[
                    "create sequence failures",
                    "create function fail_twice() returns trigger language plpgsql as $$
                 begin if nextval('failures') <= 3 then raise exception 'not yet'; end if; return new; end $$",
                    &format!(
                        "create trigger fail_twice before update on job for each row
                 when (new.id = '{}' and new.state = 'succeeded') execute function fail_twice()",
                        ids[1]
                    ),
                ])
                .await;

            let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));

            world.rows("completed").at_least(3, seconds(40)).await;
            assert_eq!(world.job(ids[0]).await.state, "parked");
            assert!(world.job(ids[1]).await.attempt > 1);
            completed_in_order(&world, &[ids[1], ids[2], ids[4]]).await;
        })
        .await;
}

/// The other side of the same lock: the transaction that ends the job before waits for enqueuers
/// that have seen it alive, and lets theirs go.
#[tokio::test]
async fn j5_a_job_that_ends_while_another_is_enqueued_lets_it_go() {
    World::run(async |world| {
        let mut tx = world.pool().begin().await.unwrap();
        let first = enqueue_in_order(&mut tx, "key", 1).await[0];
        tx.commit().await.unwrap();
        let job = claim::claim(world.pool(), first, "worker", seconds(30)).await.unwrap().unwrap();

        let mut enqueuing = world.pool().begin().await.unwrap();
        let second = enqueue_in_order(&mut enqueuing, "key", 1).await[0];
        let pool = world.pool().clone();
        let mut ending = JoinSet::new();
        ending.spawn(async move {
            let mut tx = pool.begin().await.unwrap();
            claim::complete(&mut tx, &job).await.unwrap();
            tx.commit().await.unwrap();
        });
        let waiting = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        world.until_count(waiting, 1, seconds(10)).await;
        enqueuing.commit().await.unwrap();
        ending.join_next().await.unwrap().unwrap();

        assert_eq!(world.jobs().id(second).and("not blocked").count().await, 1);
    })
    .await;
}

/// Ids come from machines with differing clocks; the order is that of enqueuing.
#[tokio::test]
async fn j5_jobs_that_are_replayed_keep_their_order_whatever_their_ids_say() {
    World::run(async |world| {
        number_completions(&world).await;
        let mut ids: Vec<_> = (0..4).map(|_| JobId::new()).collect();
        ids.reverse();
        let jobs: Vec<_> = ids.iter().map(|id| (*id, &Probe {})).collect();
        let mut tx = world.pool().begin().await.unwrap();
        enqueue_all(&mut tx, &jobs, JobOrder::InOrder("key"), &origin()).await.unwrap();
        tx.commit().await.unwrap();
        world
            .execute(&["update job set state = 'parked', finished_at = now() - interval '1 minute', blocked \
                 = false"])
            .await;

        let before = world.pool().begin().await.unwrap().clock().await.unwrap();
        let filter = Filter::default();
        let first = operate::replay(world.pool(), &filter, before, 2).await.unwrap();
        assert_eq!(first.len(), 2);
        assert!(ids[..2].iter().all(|id| first.contains(id)), "those that came first");
        operate::replay(world.pool(), &filter, before, 2).await.unwrap();
        assert_eq!(world.jobs().state("pending").and("not blocked").count().await, 1);
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        world.jobs().state("succeeded").at_least(4, seconds(30)).await;
        completed_in_order(&world, &ids).await;
    })
    .await;
}
