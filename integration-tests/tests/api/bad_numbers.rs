//! Effects of a carrier's word about a number on its contact (rules S7 and T2).

use muster_integration_tests::World;
use muster_simulator::{Behaviour, Millis, Receipts};
use serde_json::json;

use crate::rates::send_all;

/// A text to one contact of a carrier that behaves so; the contact's line has this type then, and
/// nobody targets it again.
async fn marked(behaviour: Behaviour, line_type: &str) {
    World::with_engine()
        .run(async |world| {
            let receipts = Receipts { delay_ms: Millis { min: 20, max: 80 }, ..Receipts::default() };
            world.carrier().set_behaviour(Behaviour { receipts, ..behaviour }).unwrap();
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let phones = ours.contacts(&group, 1).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            send_all(&agent.client, &goal).await;
            world.contacts().is("line_type", line_type).has("looked_up_at").until(1).await;
            assert_eq!(ours.contact(&phones[0]).await["line_type"], line_type);
            let second = ours.open_goal(&world, &group, json!({})).await;
            assert_eq!(world.targets().goal(&second).count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn s7_a_receipt_that_nobody_has_the_number_marks_it_invalid() {
    marked(Behaviour { undelivered: 1.0, undelivered_codes: vec![30005], ..Behaviour::default() }, "invalid").await;
}

#[tokio::test]
async fn s7_a_receipt_from_a_landline_marks_it_so() {
    marked(Behaviour { undelivered: 1.0, undelivered_codes: vec![30006], ..Behaviour::default() }, "landline").await;
}

#[tokio::test]
async fn s7_a_refusal_of_an_invalid_number_marks_it_invalid() {
    marked(Behaviour { permanent_error: 1.0, permanent_codes: vec![21211], ..Behaviour::default() }, "invalid").await;
}

#[tokio::test]
async fn s9_a_queued_text_to_a_number_that_turned_out_invalid_is_cancelled() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 1).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let gate = world.close_publish_gate().await;
            send_all(&agent.client, &goal).await;
            world.contacts().set("line_type", "invalid").await;
            gate.open().await;
            world.messages().state("cancelled").reason("not_textable").until(1).await;
            assert!(world.carrier().accepted().is_empty());
        })
        .await;
}
