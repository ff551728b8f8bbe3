//! Late arrivals: an opt-out just before the carrier's call, an outcome or a receipt of a hand-over
//! that was given up, and outcomes that can no longer be found out (rules S2 and S9).

use muster_domain::{
    ids::{JobId, MessageId},
    sending::{HoldReason, message::ReceiptStatus},
};
use muster_integration_tests::{ago, eventually, minutes, now, seconds};
use muster_jobs::kinds::{DeliveryReceipt, Task, Upkeep};
use muster_local::programs::Binary;
use muster_simulator::{Behaviour, Millis};
use muster_storage::sending::{
    self, Held, Outcomes,
    receipts::{self, Receipt},
};

use crate::plant::{Plant, silent};

#[tokio::test]
async fn s9_an_opt_out_keeps_back_what_was_marked_and_not_called_for() {
    Plant::start(5, 1_000)
        .run(async |plant| {
            for (key, value) in [
                ("carrier_concurrency", "1"),
                ("carrier_timeout_ms", "8000"),
                ("reconcile_after_seconds", "40"),
                ("job_lease_seconds", "20"),
            ] {
                plant.set(key, value);
            }
            // Long enough for a slow machine to look and to write.
            let slow = Behaviour { latency_ms: Millis { min: 5_000, max: 5_000 }, ..Behaviour::default() };
            plant.carrier().set_behaviour(silent(slow)).unwrap();
            let worker = plant.worker("worker");
            // The carrier has the first and is slow to say so; the others are marked and wait for
            // their calls.
            eventually(seconds(20), async || match plant.accepted().len() {
                0 => Err("nothing at the carrier".to_owned()),
                _ => Ok(()),
            })
            .await;
            assert_eq!(plant.messages().state("sending").count().await, 5);
            plant.contacts().set("opted_out_at", now()).await;
            plant.until_settled(40).await;
            let went = plant.accepted().len();
            assert!(went <= 2, "{went} of 5 were texted after they had opted out");
            let cancelled = plant.messages().state("cancelled").reason("opted_out").count().await;
            assert_eq!(cancelled, 5 - i64::try_from(went).unwrap());
            worker.stop().await;
        })
        .await;
}

#[tokio::test]
async fn s6_nothing_is_called_for_after_its_goal_has_closed() {
    Plant::start(5, 1_000)
        .run(async |plant| {
            plant.set("carrier_concurrency", "1");
            let slow = Behaviour { latency_ms: Millis { min: 1_500, max: 1_500 }, ..Behaviour::default() };
            plant.carrier().set_behaviour(silent(slow)).unwrap();
            // After a call there have to be five seconds left at the carrier, and a second for the
            // call.
            plant.execute(&["update goal set closes_at = clock_timestamp() + interval '6.5 seconds'"]).await;
            let worker = plant.worker("worker");
            plant.until_settled(40).await;
            let went = plant.accepted().len();
            assert!(went <= 1, "{went} of 5: the second call would be for after the end");
            worker.stop().await;
        })
        .await;
}

/// Returns a message that was handed over once, by the job that is answered, and is back in line
/// under another one. Where it was reserved is known.
async fn given_up(plant: &Plant) -> (MessageId, JobId) {
    let (first, second) = (JobId::new(), JobId::new());
    plant
        .execute(&[
            &format!(
                "update message set state = 'queued', send_job_id = '{second}', send_attempts = 1, handed_over_at = now(),
                     cap_carrier = 't-mobile', cap_day = current_date"
            ),
            "insert into cap_ledger (brand_id, carrier, day, daily_limit)
             select brand_id, 't-mobile', current_date, 1000 from organization",
        ])
        .await;
    let id: uuid::Uuid = plant.messages().the("id").await;
    (MessageId(id), first)
}

#[tokio::test]
async fn s2_an_outcome_that_comes_late_counts_only_if_the_carrier_has_the_text() {
    Plant::start(1, 1_000)
        .run(async |plant| {
            let (id, first) = given_up(&plant).await;
            let settle = async |outcomes: Outcomes| {
                let mut tx = plant.pool().begin().await.unwrap();
                let settled = sending::settle(&mut tx, &[first], &outcomes).await.unwrap();
                sending::settle_ledger(&mut tx, brand(&plant).await, &outcomes, &settled).await.unwrap();
                tx.commit().await.unwrap();
            };
            let postponed = vec![Held { id, reason: HoldReason::Carrier, until: None, lane: None }];
            for state in ["queued", "sending"] {
                plant.messages().set("state", &state).await;
                settle(Outcomes { postponed: postponed.clone(), ..Outcomes::default() }).await;
                settle(Outcomes { refused: vec![(id, 21_610)], ..Outcomes::default() }).await;
                settle(Outcomes { unknown: vec![id], ..Outcomes::default() }).await;
                assert_eq!(plant.messages().state(state).count().await, 1);
            }
            plant.execute(&["update message set state = 'held', reason = 'carrier'"]).await;
            for _ in 0..2 {
                settle(Outcomes { accepted: vec![(id, "SM1".to_owned())], ..Outcomes::default() }).await;
                assert_eq!(plant.messages().state("sent").is("carrier_sid", "SM1").count().await, 1);
                let counted = "cap_ledger l, message m where l.settled = m.segments and l.reserved = 0 and m.cap_state = \
                     'settled'";
                assert_eq!(plant.count(counted).await, 1, "it counts, once");
            }
        })
        .await;
}

async fn brand(plant: &Plant) -> muster_domain::ids::BrandId {
    muster_domain::ids::BrandId(plant.row("select to_json(brand_id) from organization").await)
}

#[tokio::test]
async fn s2_a_receipt_proves_that_a_hand_over_came_through_after_all() {
    Plant::start(1, 1_000)
        .run(async |plant| {
            let (id, _) = given_up(&plant).await;
            plant
                .execute(&[
                    "update message set state = 'held', reason = 'carrier', held_until = now() + interval '1 hour'",
                ])
                .await;
            let mut tx = plant.pool().begin().await.unwrap();
            let receipt = Receipt {
                message_id: id,
                carrier_sid: "SM1".to_owned(),
                status: ReceiptStatus::Delivered,
                error_code: None,
            };
            receipts::record(&mut tx, std::iter::once(&receipt)).await.unwrap();
            tx.commit().await.unwrap();
            let worker = plant.worker("worker");
            plant.enqueue(&DeliveryReceipt { shard: receipts::shard(id) }).await;
            plant.messages().state("delivered").is("carrier_sid", "SM1").at_least(1, seconds(20)).await;
            assert_eq!(plant.count("cap_ledger l, message m where l.settled = m.segments").await, 1);
            assert!(plant.accepted().is_empty(), "it does not go again");
            worker.stop().await;
        })
        .await;
}

/// A text within the window is sent, because the carrier never had it: this one shows that every
/// repair has run.
#[tokio::test]
async fn s2_what_is_unknown_for_over_a_day_is_never_sent_again_whatever_mends() {
    Plant::singles(3, 1_000)
        .run(async |plant| {
            let handed_over = |n: u32, state: &str, hours: u32| {
                format!(
                    "update message set state = '{state}', send_attempts = 1, send_epoch = 0, handed_over_at = now() \
                 - interval '{hours} hours'
             where contact_id = (select contact_id from seed where n = {n})"
                )
            };
            let (given_up, left_behind, in_reach) =
                (handed_over(0, "unknown", 25), handed_over(1, "sending", 25), handed_over(2, "unknown", 23));
            plant.execute(&[&given_up, &left_behind, &in_reach]).await;
            let worker = plant.worker("worker");
            plant.jobs().kind("send").state("succeeded").at_least(3, seconds(30)).await;

            // Timers that were set in time and fire late, the upkeep, and an operator.
            let timers = "insert into timer (kind, subject, fire_at, organization_id)
        select 'reconcile-due', m.send_job_id, clock_timestamp(), m.organization_id
        from message m where m.handed_over_at < now() - interval '24 hours'";
            plant.execute(&[timers]).await;
            let upkeep = plant.enqueue(&Upkeep { task: Task::Reconcile }).await;
            plant.until_state(upkeep, "succeeded", seconds(30)).await;
            let file = plant.folder().join("muster.toml");
            std::fs::write(&file, plant.settings("muster").toml()).unwrap();
            let mut doctor = tokio::process::Command::new(Binary::Cli.path().unwrap());
            doctor.env_clear().env("MUSTER_CONFIG", file).args(["doctor", "--repair", "--json"]);
            let said = String::from_utf8(doctor.output().await.unwrap().stdout).unwrap();
            assert!(said.contains("2 texts without a known outcome for over 24 hours"), "{said}");

            plant.messages().state("sent").is("send_attempts", 2).at_least(1, seconds(30)).await;
            let over = plant.jobs().kind("message-reconcile").state("succeeded");
            over.at_least(3, seconds(30)).await;
            eventually(seconds(30), async || {
                let left = plant.jobs().any_of("state", &["pending", "published", "running"]).count().await;
                if left == 0 { Ok(()) } else { Err(plant.census().await) }
            })
            .await;
            assert_eq!(plant.accepted().len(), 1);
            let stays =
                plant.messages().state("unknown").is("send_attempts", 1).below("handed_over_at", ago(minutes(1440)));
            assert_eq!(stays.count().await, 2);
            assert_eq!(plant.timers().kind("reconcile-due").count().await, 0, "nobody asks any more");
            worker.stop().await;
        })
        .await;
}
