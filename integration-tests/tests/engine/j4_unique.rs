//! J4: while a job with a unique key waits to be claimed, enqueuing again answers the first.

use muster_domain::ids::{GroupId, JobId, OrganizationId};
use muster_integration_tests::{Harness, seconds};
use muster_jobs::{kinds::HoldRelease, timer::TimerKind};
use muster_storage::{
    Tx,
    engine::{
        claim::{self, Fate},
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
    let harness = Harness::start().await;
    let payload = HoldRelease { group_id: GroupId::new() };
    let first = harness.enqueue(&payload).await;

    assert_eq!(harness.enqueue(&payload).await, first);
    harness.execute(&["update job set state = 'published', published_at = now()"]).await;
    assert_eq!(harness.enqueue(&payload).await, first, "a published job waits as well");
    assert_ne!(harness.enqueue(&HoldRelease { group_id: GroupId::new() }).await, first);
    assert_eq!(harness.count("job").await, 2);

    claim::claim(harness.pool(), first, "worker", LEASE).await.unwrap().unwrap();
    let second = harness.enqueue(&payload).await;
    assert_ne!(second, first, "whoever has claimed it may have read the state already");
    assert_eq!(harness.enqueue(&payload).await, second);
    assert_eq!(harness.count("job").await, 3);
    harness.finish().await;
}

#[tokio::test]
async fn j4_of_many_who_enqueue_at_once_one_makes_the_job() {
    let harness = Harness::start().await;
    let payload = HoldRelease { group_id: GroupId::new() };

    let ids = futures::future::join_all((0..40).map(|_| harness.enqueue(&payload))).await;

    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(harness.count("job").await, 1);
    assert_eq!(harness.count("job_unique").await, 1);
    harness.finish().await;
}

/// The lost wake-up: somebody has been answered "that job will see it", and the job starts before their commit.
#[tokio::test]
async fn j4_a_claim_waits_for_those_who_were_told_that_the_job_will_see_their_work() {
    for commits in [true, false] {
        let harness = Harness::start().await;
        let payload = HoldRelease { group_id: GroupId::new() };
        let first = harness.enqueue(&payload).await;

        let mut tx = harness.pool().begin().await.unwrap();
        let at = tx.clock().await.unwrap() + seconds(3_600);
        timers::set(&mut tx, TimerKind::HoldEnds, Uuid::now_v7(), at, OrganizationId::new()).await.unwrap();
        assert_eq!(enqueue_in(&mut tx, &payload).await, first);

        let mut claiming = JoinSet::new();
        let pool = harness.pool().clone();
        claiming.spawn(async move { claim::claim(&pool, first, "worker", LEASE).await.unwrap() });
        harness
            .until_count(
                "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
                1,
                seconds(10),
            )
            .await;
        assert!(claiming.try_join_next().is_none());
        assert_eq!(harness.job(first).await.state, "pending");

        if commits {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
        claiming.join_next().await.unwrap().unwrap().expect("now it is claimed");
        assert_eq!(harness.count("timer").await, i64::from(commits), "what was promised to be seen can be seen");
        assert_ne!(harness.enqueue(&payload).await, first);
        harness.finish().await;
    }
}

/// The other order: the claim is first, and whoever enqueues meanwhile gets a job of their own.
#[tokio::test]
async fn j4_with_real_daemons_the_last_word_is_always_heard() {
    let harness = Harness::start().await;
    let (_scheduler, _worker) = (harness.scheduler("scheduler-1"), harness.worker("worker-1"));
    let payload = HoldRelease { group_id: GroupId::new() };
    harness.execute(&["create table word (number int not null, job_id uuid not null)"]).await;

    for number in 0..200 {
        let mut tx = harness.pool().begin().await.unwrap();
        let id = enqueue_in(&mut tx, &payload).await;
        tx.commit().await.unwrap();
        harness.execute(&[&format!("insert into word values ({number}, '{id}')")]).await;
    }

    let jobs = usize::try_from(harness.count("job").await).unwrap();
    harness.all_succeed(jobs, seconds(30)).await;
    assert_eq!(harness.count("word w where not exists (select from job j where j.id = w.job_id)").await, 0);
    assert_eq!(harness.count("job_unique").await, 0);
    harness.finish().await;
}

/// Whoever puts a claimed job back holds its key again, unless a newer job waits with it: then that one does the work of both.
#[tokio::test]
async fn j4_a_job_that_comes_back_holds_its_key_or_makes_way() {
    for ending in ["retry", "handed back", "lease"] {
        for newer_waits in [false, true] {
            let harness = Harness::start().await;
            let payload = HoldRelease { group_id: GroupId::new() };
            let first = harness.enqueue(&payload).await;
            let lease = if ending == "lease" { seconds(0) } else { LEASE };
            let job = claim::claim(harness.pool(), first, "worker", lease).await.unwrap().unwrap();
            let newer = if newer_waits { Some(harness.enqueue(&payload).await) } else { None };

            match ending {
                "retry" => {
                    let fate = claim::retry(harness.pool(), &job, seconds(0), "failed", None).await.unwrap();
                    assert_eq!(fate, if newer_waits { Fate::Superseded } else { Fate::Pending });
                }
                "handed back" => claim::hand_back(harness.pool(), &[&job], seconds(0), "not yet").await.unwrap(),
                _ => assert_eq!(sweep::return_expired(harness.pool()).await.unwrap().len(), 1),
            }

            let state = harness.job(first).await.state;
            assert_eq!(state, if newer_waits { "cancelled" } else { "pending" }, "{ending}");
            assert_eq!(harness.enqueue(&payload).await, newer.unwrap_or(first), "{ending}");
            harness.finish().await;
        }
    }
}

/// Who is parked waits no more, whatever parked it.
#[tokio::test]
async fn j4_a_job_that_the_broker_gave_up_for_good_keeps_no_key() {
    let harness = Harness::start().await;
    let payload = HoldRelease { group_id: GroupId::new() };
    let (once, last) =
        (harness.enqueue(&HoldRelease { group_id: GroupId::new() }).await, harness.enqueue(&payload).await);
    harness.execute(&["update job set state = 'published', published_at = now()"]).await;
    harness.execute(&[&format!("update job set max_attempts = 1 where id = '{last}'")]).await;

    assert_eq!(sweep::return_given_up(harness.pool(), &[once, last]).await.unwrap(), 1);
    assert_eq!(harness.job(last).await.state, "parked");
    assert_ne!(harness.enqueue(&payload).await, last);
    assert_eq!(harness.count(&format!("job_unique where job_id = '{once}'")).await, 1, "it waits again");
    harness.finish().await;
}
