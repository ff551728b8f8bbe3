//! J7: poison is parked with its errors, the queue goes on, and the neighbours are none the worse.

use muster_broker::{Management, Session, Source};
use muster_domain::ids::{BatchId, GoalId, JobId};
use muster_integration_tests::{World, ahead, eventually, holds, no_op, seconds};
use muster_jobs::{
    JobKind,
    kinds::{GoalTransition, HoldRelease},
};
use muster_local::programs::Binary;
use muster_service::config::BrokerSettings;

pub(crate) const KIND: JobKind = JobKind::LeaseExpiry;

#[tokio::test]
async fn j7_a_message_that_cannot_be_decoded_is_parked_and_the_queue_goes_on() {
    let poison: [&[u8]; 7] = [
        b"",
        b"garbage",
        b"\xff\xfe\x00",
        b"{}",
        br#"{"v":2,"kind":"lease-expiry","jobs":[]}"#,
        br#"{"v":1,"kind":"no-such-kind","jobs":[{"id":"019876b4-6a7e-7000-8000-000000000000"}]}"#,
        br#"{"v":1,"kind":"lease-expiry","jobs":[]}"#,
    ];
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            world.publish_raw(KIND, poison.map(<[u8]>::to_vec)).await;
            world.publish_raw(KIND, [vec![b'x'; 1_000_000]]).await;
            world.enqueue_no_ops(100).await;

            world.all_succeed(100, seconds(30)).await;
            world.dead_letters().at_least(8, seconds(20)).await;
            assert_eq!(world.jobs().not("attempt", 1).count().await, 0);
            tokio::join!(scheduler.stop(), worker.stop());
            assert_eq!(world.dead_letters().is("queue", "muster.lease-expiry").not("error", "").count().await, 8);
            assert_eq!(world.dead_letters().and("body = 'garbage'::bytea").count().await, 1);
            assert_eq!(
                world.dead_letters().and("length(body) = 65536").count().await,
                1,
                "of a long body a part \
             is kept"
            );
            assert_eq!(world.waiting(KIND).await, 0);
        })
        .await;
}

/// Postgres takes no NUL in a text, and serde's error on a message repeats its words.
#[tokio::test]
async fn j7_a_message_whose_error_holds_a_nul_is_parked_too() {
    World::run(async |world| {
        let (_scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        world.publish_raw(KIND, [br#"{"v":1,"kind":"\u0000","jobs":[]}"#.to_vec()]).await;

        world.dead_letters().at_least(1, seconds(10)).await;
        world.enqueue_no_ops(10).await;
        world.all_succeed(10, seconds(20)).await;
        worker.stop().await;
        assert_eq!(world.waiting(KIND).await, 0);
    })
    .await;
}

#[tokio::test]
async fn j7_a_payload_of_the_wrong_shape_is_parked_at_once() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let ids = world.enqueue_no_ops(50).await;
        let poisoned = JobId::new();
        world
            .execute(&[&format!(
                "insert into job (id, kind, payload, max_attempts) values ('{poisoned}', 'lease-expiry', \
                 '{{\"goal\": 1}}', 8)"
            )])
            .await;

        let job = world.until_state(poisoned, "parked", seconds(20)).await;
        assert_eq!((job.attempt, job.errors.len()), (1, 1));
        assert!(job.errors[0].error.contains("payload") && job.errors[0].error.contains("goal"), "{:?}", job.errors);
        assert_eq!((job.errors[0].attempt, job.errors[0].worker.as_deref()), (1, Some("worker-1")));
        for id in ids {
            world.until_state(id, "succeeded", seconds(20)).await;
        }
    })
    .await;
}

/// The others of its bundle are done at their first attempt, whichever way the kind is run.
#[tokio::test]
async fn j7_a_bad_job_fails_alone_in_its_bundle() {
    let lease_expiry = format!(r#"{{"batch_id": "{}"}}"#, BatchId::new());
    for (kind, good) in [(KIND, lease_expiry.as_str()), (JobKind::Probe, "{}")] {
        // Published anew, they would be in other bundles.
        World::with("republish_after_seconds", "600")
            .with("job_lease_seconds", "60")
            .run(async |world| {
                world
                    .execute(&[&format!(
                        "insert into job (id, kind, payload, max_attempts)
                 select uuid_v7(), '{kind}', case when n = 20 then '{{\"bad\": 1}}' else '{good}' end::jsonb, 8
                 from generate_series(1, 40) n"
                    )])
                    .await;
                let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));

                world.jobs().state("parked").and("jsonb_array_length(errors) = 1").at_least(1, seconds(30)).await;
                world.jobs().state("succeeded").is("errors", "[]").at_least(39, seconds(30)).await;
                assert_eq!(world.jobs().not("attempt", 1).count().await, 0, "{kind}");
            })
            .await;
    }
}

#[tokio::test]
async fn j7_a_job_that_says_it_can_never_succeed_is_parked_at_once() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));

        let id = world.enqueue(&GoalTransition { goal_id: GoalId::new() }).await;

        let job = world.until_state(id, "parked", seconds(20)).await;
        assert_eq!((job.attempt, job.errors.len()), (1, 1));
        assert!(job.errors[0].error.contains("organization"), "{:?}", job.errors);
    })
    .await;
}

#[tokio::test]
async fn j7_a_job_that_keeps_failing_is_parked_with_every_error() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());
            // Each completes only when the gate opens, and by then one of them is sabotaged.
            let gate = world.close_gate().await;
            let failing = world.enqueue(&no_op()).await;
            world.sabotage(failing, "raise exception 'sabotaged'").await;
            world.enqueue_no_ops(200).await;
            gate.open().await;

            let job = world.until_state(failing, "parked", seconds(40)).await;
            let attempts: Vec<_> = job.errors.iter().map(|error| error.attempt).collect();
            assert_eq!(attempts, (1..=KIND.policy().max_attempts).collect::<Vec<_>>());
            assert_eq!((job.attempt, job.epoch), (KIND.policy().max_attempts, i64::from(KIND.policy().max_attempts)));
            for error in job.errors {
                assert!(error.error.contains("sabotaged") && error.worker.as_deref() == Some("worker-1"), "{error:?}");
            }
            world.jobs().state("succeeded").is("attempt", 1).at_least(200, seconds(20)).await;
            tokio::join!(scheduler.stop(), worker.stop());
            assert_eq!(world.waiting(KIND).await, 0);
        })
        .await;
}

/// Where the first delay is anything up to ten minutes, four that are over within seconds would be
/// less than one chance in a million.
#[tokio::test]
async fn j7_a_job_that_failed_waits_before_its_next_attempt() {
    World::with("retry_base_ms", "600000")
        .with("retry_max_ms", "600000")
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());
            let gate = world.close_gate().await;
            for _ in 0..4 {
                let failing = world.enqueue(&no_op()).await;
                world.sabotage(failing, "raise exception 'sabotaged'").await;
            }
            gate.open().await;
            let waits = world.jobs().state("pending").is("attempt", 1).above("run_at", ahead(seconds(1)));
            eventually(seconds(30), async || match waits.count().await {
                0 => Err(world.census().await),
                _ => Ok(()),
            })
            .await;
            tokio::join!(scheduler.stop(), worker.stop());
        })
        .await;
}

/// The broker gives up a message that is delivered again and again and never acknowledged, without
/// anybody able to say why. That is counted as an attempt, and the last one parks the job.
#[tokio::test]
async fn j7_what_the_broker_gives_up_is_counted_and_parked() {
    World::with("republish_after_seconds", "120")
        .run(async |world| {
            let BrokerSettings { broker } = world.settings("test").settings();
            let management_url = broker.management_url.as_ref().unwrap();
            Management::new(management_url, &broker.url).unwrap().apply_policy().await.unwrap();
            let scheduler = world.scheduler("scheduler-1");
            scheduler.ready().await;
            let (once, last) = (world.enqueue(&no_op()).await, world.enqueue(&no_op()).await);
            world.jobs().id(last).set("max_attempts", 1).await;
            world.jobs().state("published").at_least(2, seconds(20)).await;

            // Every consumer goes away with its deliveries.
            eventually(seconds(90), async || {
                let mut session =
                    Session::open(&broker.url, "victim", &[KIND], |_| 10).await.map_err(|e| e.to_string())?;
                let delivery = tokio::time::timeout(seconds(5), session.next()).await;
                let source = delivery.ok().flatten().map(|delivery| delivery.source);
                holds(source == Some(Source::Dead), format!("{source:?}"))
            })
            .await;
            let _worker = world.worker("worker-1");

            let job = world.until_state(last, "parked", seconds(30)).await;
            assert!(job.errors[0].error.contains("gave it up"), "{:?}", job.errors);
            let job = world.until_state(once, "succeeded", seconds(30)).await;
            assert_eq!((job.attempt, job.errors.len()), (2, 1));
            assert!(job.errors[0].error.contains("gave it up"), "{:?}", job.errors);
        })
        .await;
}

/// A kind's poison holds up neither its own queue nor another's.
#[tokio::test]
async fn j7_many_poisonous_jobs_do_not_hold_up_the_others() {
    World::run(async |world| {
        let (_scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        for _ in 0..50 {
            world.enqueue(&GoalTransition { goal_id: GoalId::new() }).await;
        }
        world.publish_raw(JobKind::HoldRelease, vec![b"poison".to_vec(); 50]).await;
        for _ in 0..50 {
            world.enqueue(&HoldRelease { group_id: muster_domain::ids::GroupId::new() }).await;
        }

        world.jobs().state("succeeded").at_least(50, seconds(30)).await;
        world.jobs().state("parked").at_least(50, seconds(30)).await;
        world.dead_letters().at_least(50, seconds(30)).await;
        eventually(seconds(10), async || {
            let counted = worker.metric("muster_jobs_total", "undecodable").await;
            holds(counted >= 50.0, counted)
        })
        .await;
    })
    .await;
}

/// A handler that hangs is ended when its kind's time is over, which for this worker is ten times
/// sooner than for the others: after half a minute. So is the patience of everything else it does:
/// an attempt may be ended for a heartbeat that came late before one is for its time.
#[tokio::test]
async fn j7_an_attempt_that_hangs_is_ended_and_counted() {
    World::run(async |world| {
        // The broker's heartbeats would come ten times too seldom.
        let url = format!("{}?heartbeat=0", world.amqp_url());
        world.set("amqp_url", format!("{url:?}"));
        let library = muster_local::faketime_library().await.expect(
            "libfaketime, which Debian's package \
             faketime has",
        );
        let _scheduler = world.scheduler("scheduler-1");
        let gate = world.close_gate().await;
        let environment = [("LD_PRELOAD", library.as_str()), ("FAKETIME", "+0 x10")];
        let worker = world.process_with(Binary::Worker, "worker-1", &environment);
        let id = world.enqueue(&no_op()).await;

        let ended = format!(r#"job where id = '{id}' and errors @? '$[*].error ? (@ starts with "the time limit")'"#);
        world.until_count(&ended, 1, seconds(150)).await;
        worker.kill();
        gate.open().await;

        let _worker = world.worker("worker-2");
        let job = world.until_state(id, "succeeded", seconds(30)).await;
        assert!(job.attempt > 1, "{job:?}");
    })
    .await;
}
