//! J4: while a job with a unique key waits to be claimed, enqueuing again answers the first.

use muster_domain::ids::{GroupId, JobId, OrganizationId};
use muster_integration_tests::{World, seconds};
use muster_jobs::{kinds::HoldRelease, timer::TimerKind};
use muster_storage::{
    Tx,
    engine::{
        claim::{self, RetryOutcome},
        enqueue::{Origin, enqueue},
        sweep, timers,
    },
};
use tokio::task::JoinSet;
use uuid::Uuid;

const LEASE: std::time::Duration = seconds(30);

async fn enqueue_in(tx: &mut Tx, payload: &HoldRelease) -> JobId {
    let origin = Origin { organization_id: Some(OrganizationId::new()), traceparent: None };
    enqueue(tx, payload, &origin).await.unwrap()
}

#[tokio::test]
async fn j4_a_key_has_one_waiting_job() {
    World::run(async |world| {
        let payload = HoldRelease { group_id: GroupId::new() };
        let first = world.enqueue(&payload).await;

        assert_eq!(world.enqueue(&payload).await, first);
        world.execute(&["update job set state = 'published', published_at = now()"]).await;
        assert_eq!(world.enqueue(&payload).await, first, "a published job waits as well");
        assert_ne!(world.enqueue(&HoldRelease { group_id: GroupId::new() }).await, first);
        assert_eq!(world.jobs().count().await, 2);

        claim::claim(world.pool(), first, "worker", LEASE).await.unwrap().unwrap();
        let second = world.enqueue(&payload).await;
        assert_ne!(second, first, "whoever has claimed it may have read the state already");
        assert_eq!(world.enqueue(&payload).await, second);
        assert_eq!(world.jobs().count().await, 3);
    })
    .await;
}

#[tokio::test]
async fn j4_of_many_who_enqueue_at_once_one_makes_the_job() {
    World::run(async |world| {
        let payload = HoldRelease { group_id: GroupId::new() };

        let ids = futures::future::join_all((0..40).map(|_| world.enqueue(&payload))).await;

        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(world.jobs().count().await, 1);
        assert_eq!(world.unique_keys().count().await, 1);
    })
    .await;
}

/// The lost wake-up: somebody has been answered "that job will see it", and the job starts before
/// their commit.
#[tokio::test]
async fn j4_a_claim_waits_for_those_who_were_told_that_the_job_will_see_their_work() {
    for commits in [true, false] {
        World::run(async |world| {
            let payload = HoldRelease { group_id: GroupId::new() };
            let first = world.enqueue(&payload).await;

            let mut tx = world.pool().begin().await.unwrap();
            let at = tx.clock().await.unwrap() + seconds(3_600);
            timers::set(&mut tx, TimerKind::HoldEnds, Uuid::now_v7(), at, OrganizationId::new()).await.unwrap();
            assert_eq!(enqueue_in(&mut tx, &payload).await, first);

            let mut claiming = JoinSet::new();
            let pool = world.pool().clone();
            claiming.spawn(async move { claim::claim(&pool, first, "worker", LEASE).await.unwrap() });
            world
                .until_count(
                    "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
                    1,
                    seconds(10),
                )
                .await;
            assert!(claiming.try_join_next().is_none());
            assert_eq!(world.job(first).await.state, "pending");

            if commits {
                tx.commit().await.unwrap();
            } else {
                tx.rollback().await.unwrap();
            }
            claiming.join_next().await.unwrap().unwrap().expect("now it is claimed");
            assert_eq!(world.timers().count().await, i64::from(commits), "what was promised to be seen can be seen");
            assert_ne!(world.enqueue(&payload).await, first);
        })
        .await;
    }
}

/// The other order: the claim is first, and an enqueuer meanwhile gets a job of its own.
#[tokio::test]
async fn j4_with_real_daemons_the_last_word_is_always_heard() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let payload = HoldRelease { group_id: GroupId::new() };
        world.execute(&["create table word (number int not null, job_id uuid not null)"]).await;

        for number in 0..200 {
            let mut tx = world.pool().begin().await.unwrap();
            let id = enqueue_in(&mut tx, &payload).await;
            tx.commit().await.unwrap();
            world.execute(&[&format!("insert into word values ({number}, '{id}')")]).await;
        }

        let jobs = usize::try_from(world.jobs().count().await).unwrap();
        world.all_succeed(jobs, seconds(30)).await;
        assert_eq!(world.count("word w where not exists (select from job j where j.id = w.job_id)").await, 0);
        assert_eq!(world.unique_keys().count().await, 0);
    })
    .await;
}

/// A claimed job that is put back holds its key again, unless a newer job waits with it: then that
/// one does the work of both.
#[tokio::test]
async fn j4_a_job_that_comes_back_holds_its_key_or_makes_way() {
    for ending in ["retry", "handed back", "lease"] {
        for newer_waits in [false, true] {
            World::run(async |world| {
                let payload = HoldRelease { group_id: GroupId::new() };
                let first = world.enqueue(&payload).await;
                let lease = if ending == "lease" { seconds(0) } else { LEASE };
                let job = claim::claim(world.pool(), first, "worker", lease).await.unwrap().unwrap();
                let newer = if newer_waits { Some(world.enqueue(&payload).await) } else { None };

                match ending {
                    "retry" => {
                        let fate = claim::retry(world.pool(), &job, seconds(0), "failed", None).await.unwrap();
                        assert_eq!(fate, if newer_waits { RetryOutcome::Superseded } else { RetryOutcome::Pending });
                    }
                    "handed back" => claim::requeue(world.pool(), &[&job], seconds(0), "not yet").await.unwrap(),
                    _ => assert_eq!(sweep::return_expired(world.pool()).await.unwrap().len(), 1),
                }

                let state = world.job(first).await.state;
                assert_eq!(state, if newer_waits { "cancelled" } else { "pending" }, "{ending}");
                assert_eq!(world.enqueue(&payload).await, newer.unwrap_or(first), "{ending}");
            })
            .await;
        }
    }
}

/// A parked job waits no more, for any reason of parking.
#[tokio::test]
async fn j4_a_job_that_the_broker_gave_up_for_good_keeps_no_key() {
    World::run(async |world| {
        let payload = HoldRelease { group_id: GroupId::new() };
        let (once, last) =
            (world.enqueue(&HoldRelease { group_id: GroupId::new() }).await, world.enqueue(&payload).await);
        world.execute(&["update job set state = 'published', published_at = now()"]).await;
        world.jobs().id(last).set("max_attempts", 1).await;

        assert_eq!(sweep::return_given_up(world.pool(), &[once, last]).await.unwrap(), 1);
        assert_eq!(world.job(last).await.state, "parked");
        assert_ne!(world.enqueue(&payload).await, last);
        assert_eq!(world.unique_keys().is("job_id", once).count().await, 1, "it waits again");
    })
    .await;
}
