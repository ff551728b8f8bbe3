//! What comes late: an opt-out just before the carrier's call, an outcome or a receipt of a hand-over that was given up (rules S2 and S9).

use muster_domain::ids::{JobId, MessageId};
use muster_integration_tests::{eventually, seconds};
use muster_jobs::payloads::DeliveryReceipt;
use muster_simulator::{Behaviour, Millis};
use muster_storage::{
    receipts,
    sending::{self, Held, Outcomes},
};

use crate::plant::{Plant, silent};

#[tokio::test]
async fn s9_an_opt_out_keeps_back_what_was_marked_and_not_called_for() {
    let mut plant = Plant::start(5, 1_000).await;
    plant.harness = plant.harness.with("carrier_concurrency", "1");
    let slow = Behaviour { latency_ms: Millis { min: 1_500, max: 1_500 }, ..Behaviour::default() };
    plant.carrier.set_behaviour(silent(slow)).unwrap();
    let worker = plant.harness.worker("worker");
    // The carrier has the first and is slow to say so; the others are marked and wait for their calls.
    eventually(seconds(20), async || match plant.accepted().len() {
        0 => Err("nothing at the carrier".to_owned()),
        _ => Ok(()),
    })
    .await;
    assert_eq!(plant.harness.count("message where state = 'sending'").await, 5);
    plant.harness.execute(&["update contact set opted_out_at = clock_timestamp()"]).await;
    plant.until_settled(40).await;
    let went = plant.accepted().len();
    assert!(went <= 2, "{went} of 5 were texted after they had opted out");
    let cancelled = plant.harness.count("message where state = 'cancelled' and reason = 'opted_out'").await;
    assert_eq!(cancelled, 5 - i64::try_from(went).unwrap());
    worker.stop().await;
    plant.finish().await;
}

/// A message that was handed over once, by the job that is answered, and is back in line under another one; where it was reserved is known.
async fn given_up(plant: &Plant) -> (MessageId, JobId) {
    let (first, second) = (JobId::new(), JobId::new());
    plant
        .harness
        .execute(&[
            &format!(
                "update message set state = 'queued', send_job_id = '{second}', send_attempts = 1, handed_over_at = now(),
                     cap_carrier = 't-mobile', cap_day = current_date"
            ),
            "insert into cap_ledger (brand_id, carrier, day, daily_limit)
             select brand_id, 't-mobile', current_date, 1000 from organization",
        ])
        .await;
    let id: uuid::Uuid = plant.harness.row("select to_json(id) from message").await;
    (MessageId(id), first)
}

#[tokio::test]
async fn s2_an_outcome_that_comes_late_counts_only_if_the_carrier_has_the_text() {
    let plant = Plant::start(1, 1_000).await;
    let (id, first) = given_up(&plant).await;
    let settle = async |outcomes: Outcomes| {
        let mut tx = plant.harness.pool().begin().await.unwrap();
        sending::settle(&mut tx, first, &outcomes).await.unwrap();
        sending::settle_caps(
            &mut tx,
            brand(&plant).await,
            &outcomes.accepted.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    };
    let postponed = vec![Held { id, reason: "carrier", until: None, lane: None }];
    for state in ["queued", "sending"] {
        plant.harness.execute(&[&format!("update message set state = '{state}'")]).await;
        settle(Outcomes { postponed: postponed.clone(), ..Outcomes::default() }).await;
        settle(Outcomes { refused: vec![(id, 21_610)], ..Outcomes::default() }).await;
        settle(Outcomes { unknown: vec![id], ..Outcomes::default() }).await;
        assert_eq!(plant.harness.count(&format!("message where state = '{state}'")).await, 1);
    }
    plant.harness.execute(&["update message set state = 'held', reason = 'carrier'"]).await;
    for _ in 0..2 {
        settle(Outcomes { accepted: vec![(id, "SM1".to_owned())], ..Outcomes::default() }).await;
        assert_eq!(plant.harness.count("message where state = 'sent' and carrier_sid = 'SM1'").await, 1);
        let counted =
            "cap_ledger l, message m where l.settled = m.segments and l.reserved = 0 and m.cap_state = 'settled'";
        assert_eq!(plant.harness.count(counted).await, 1, "it counts, once");
    }
    plant.finish().await;
}

async fn brand(plant: &Plant) -> muster_domain::ids::BrandId {
    muster_domain::ids::BrandId(plant.harness.row("select to_json(brand_id) from organization").await)
}

#[tokio::test]
async fn s2_a_receipt_proves_that_a_hand_over_came_through_after_all() {
    let plant = Plant::start(1, 1_000).await;
    let (id, _) = given_up(&plant).await;
    plant
        .harness
        .execute(&["update message set state = 'held', reason = 'carrier', held_until = now() + interval '1 hour'"])
        .await;
    let mut tx = plant.harness.pool().begin().await.unwrap();
    receipts::record(&mut tx, id, "SM1", muster_domain::message::ReceiptStatus::Delivered, None).await.unwrap();
    tx.commit().await.unwrap();
    let worker = plant.harness.worker("worker");
    plant.harness.enqueue(&DeliveryReceipt { shard: receipts::shard(id) }).await;
    plant.harness.until_count("message where state = 'delivered' and carrier_sid = 'SM1'", 1, seconds(20)).await;
    assert_eq!(plant.harness.count("cap_ledger l, message m where l.settled = m.segments").await, 1);
    assert!(plant.accepted().is_empty(), "it does not go again");
    worker.stop().await;
    plant.finish().await;
}
