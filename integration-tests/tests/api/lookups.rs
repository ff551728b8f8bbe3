//! Lookups of the carriers of contacts' numbers (rules C5 and S10).

use muster_integration_tests::{World, ago, ahead, days, now};
use muster_simulator::{Behaviour, Lookups, Millis, Receipts};
use serde_json::{Value, json};

/// The world's carrier answers lookups so, and delivers at once.
fn answer(world: &World, lookups: Lookups) {
    let receipts = Receipts { delay_ms: Millis { min: 20, max: 80 }, ..Receipts::default() };
    world.carrier().set_behaviour(Behaviour { receipts, lookups, ..Behaviour::default() }).unwrap();
}

/// Everybody is served by this carrier.
fn served_by(carrier: &str) -> Lookups {
    Lookups { carriers: vec![carrier.to_owned()], ..Lookups::default() }
}

async fn looked_up(world: &World, contacts: i64) {
    world.contacts().has("looked_up_at").until(contacts).await;
    world.settled().await;
}

#[tokio::test]
async fn c5_landlines_are_found_after_an_import_and_never_targeted() {
    World::with_lookups()
        .run(async |world| {
            answer(&world, Lookups { landline: 0.5, ..Lookups::default() });
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let phones = ours.contacts(&group, 40).await;
            looked_up(&world, 40).await;
            let landlines = world.contacts().is("line_type", "landline").lacks("carrier").count().await;
            assert!((5..=35).contains(&landlines), "{landlines} of 40");
            assert_eq!(world.contacts().is("line_type", "mobile").has("carrier").count().await, 40 - landlines);
            let mut seen = 0;
            for phone in &phones {
                let contact = ours.contact(phone).await;
                seen += i64::from(contact["line_type"] == "landline" && contact["carrier"] == Value::Null);
            }
            assert_eq!(seen, landlines);
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let targets = world.targets().goal(&goal).count().await;
            assert_eq!(targets, 40 - landlines);
        })
        .await;
}

#[tokio::test]
async fn s10_an_answer_is_kept_until_its_age_is_over() {
    World::with_lookups()
        .run(async |world| {
            answer(&world, served_by("Verizon Wireless"));
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 5).await;
            looked_up(&world, 5).await;
            assert_eq!(world.carrier().lookups(), 5);
            assert_eq!(world.contacts().is("carrier", "verizon").count().await, 5);
            answer(&world, served_by("T-Mobile USA, Inc."));
            ours.contacts(&group, 6).await;
            looked_up(&world, 6).await;
            assert_eq!(world.carrier().lookups(), 6, "only the new contact was looked up");
            world.contacts().below("e164", "+16465550002").set("looked_up_at", ago(days(91))).await;
            ours.open_goal(&world, &group, json!({})).await;
            world.contacts().is("carrier", "t-mobile").until(3).await;
            world.settled().await;
            assert_eq!(world.carrier().lookups(), 8, "a launch looks up whose answers are too old");
        })
        .await;
}

#[tokio::test]
async fn s10_more_than_a_page_is_looked_up_and_paid_for_once_though_two_ask_for_it() {
    World::with_lookups()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 700).await;
            ours.open_goal(&world, &group, json!({})).await;
            looked_up(&world, 700).await;
            assert_eq!(world.carrier().lookups(), 700);
            assert_eq!(world.jobs().kind("carrier-lookup").not("state", "succeeded").count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn s10_while_the_api_fails_the_answers_that_there_are_count() {
    World::with_lookups()
        .run(async |world| {
            answer(&world, Lookups { temporary_error: 0.5, ..Lookups::default() });
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 60).await;
            world.jobs().kind("carrier-lookup").state("pending").above("run_at", now()).until(1).await;
            let known = world.contacts().has("looked_up_at").count().await;
            assert!((10..=50).contains(&known), "{known} of 60");
            answer(&world, Lookups::default());
            looked_up(&world, 60).await;
        })
        .await;
}

#[tokio::test]
async fn s10_texts_count_under_the_cap_of_the_carrier_that_a_lookup_names() {
    World::with_lookups()
        .run(async |world| {
            answer(&world, served_by("Verizon Wireless"));
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 2).await;
            looked_up(&world, 2).await;
            ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 0 })).await.ok();
            ours.admin.put(&ours.at("caps"), json!({ "carrier": "verizon", "daily_segments": 100 })).await.ok();
            let plan = json!({ "release_plan": { "pace": "all_at_open", "paced_to_caps": false } });
            let goal = ours.open_goal(&world, &group, plan).await;
            world.settled().await;
            // The other's answer is too old to count: the number may have moved.
            world.contacts().is("e164", "+16465550001").set("looked_up_at", ago(days(91))).await;
            // The goal's end must not cancel texts that are held to the next day.
            world.goals().set("closes_at", ahead(days(3))).await;
            crate::rates::send_all(&agent.client, &goal).await;
            world.messages().state("delivered").until(1).await;
            world.messages().state("held").reason("cap").until(1).await;
            assert_eq!(world.ledgers().is("carrier", "verizon").is("settled", 1).count().await, 1);
        })
        .await;
}

#[tokio::test]
async fn c5_nobody_is_looked_up_where_the_organization_does_not_want_it() {
    World::with_lookups()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "carrier_lookups": false, "lookup_max_age_days": 30 })).await;
            let group = ours.group("One").await;
            ours.contacts(&group, 5).await;
            ours.open_goal(&world, &group, json!({})).await;
            world.settled().await;
            assert_eq!(world.carrier().lookups(), 0);
            assert_eq!(world.contacts().is("line_type", "unknown").lacks("looked_up_at").count().await, 5);
        })
        .await;
}
