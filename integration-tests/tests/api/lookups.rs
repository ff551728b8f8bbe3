//! Lookups of who serves contacts' numbers (rules C5 and S10).

use muster_simulator::{Behaviour, Lookups, Millis, Receipts};
use serde_json::{Value, json};

use crate::support::World;

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
    world.until("contact where looked_up_at is not null", contacts).await;
    world.settled().await;
}

#[tokio::test]
async fn c5_landlines_are_found_after_an_import_and_never_targeted() {
    let world = World::with_lookups().await;
    answer(&world, Lookups { landline: 0.5, ..Lookups::default() });
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    let phones = ours.contacts(&group, 40).await;
    looked_up(&world, 40).await;
    let landlines = world.harness.count("contact where line_type = 'landline' and carrier is null").await;
    assert!((5..=35).contains(&landlines), "{landlines} of 40");
    assert_eq!(world.harness.count("contact where line_type = 'mobile' and carrier is not null").await, 40 - landlines);
    let mut seen = 0;
    for phone in &phones {
        let contact = ours.contact(phone).await;
        seen += i64::from(contact["line_type"] == "landline" && contact["carrier"] == Value::Null);
    }
    assert_eq!(seen, landlines);
    let goal = ours.open_goal(&world, &group, json!({})).await;
    let targets = world.harness.count(&format!("target where goal_id = '{goal}'")).await;
    assert_eq!(targets, 40 - landlines);
    world.finish().await;
}

#[tokio::test]
async fn s10_an_answer_is_kept_until_its_age_is_over() {
    let world = World::with_lookups().await;
    answer(&world, served_by("Verizon Wireless"));
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    ours.contacts(&group, 5).await;
    looked_up(&world, 5).await;
    assert_eq!(world.carrier().lookups(), 5);
    assert_eq!(world.harness.count("contact where carrier = 'verizon'").await, 5);
    answer(&world, served_by("T-Mobile USA, Inc."));
    ours.contacts(&group, 6).await;
    looked_up(&world, 6).await;
    assert_eq!(world.carrier().lookups(), 6, "only the new contact was looked up");
    world
        .harness
        .execute(&["update contact set looked_up_at = now() - interval '91 days' where e164 < '+16465550002'"])
        .await;
    ours.open_goal(&world, &group, json!({})).await;
    world.until("contact where carrier = 't-mobile'", 3).await;
    world.settled().await;
    assert_eq!(world.carrier().lookups(), 8, "a launch looks up whose answers are too old");
    world.finish().await;
}

#[tokio::test]
async fn s10_more_than_a_page_is_looked_up_and_paid_for_once_though_two_ask_for_it() {
    let world = World::with_lookups().await;
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    ours.contacts(&group, 700).await;
    ours.open_goal(&world, &group, json!({})).await;
    looked_up(&world, 700).await;
    assert_eq!(world.carrier().lookups(), 700);
    assert_eq!(world.harness.count("job where kind = 'carrier-lookup' and state <> 'succeeded'").await, 0);
    world.finish().await;
}

#[tokio::test]
async fn s10_while_the_api_fails_the_answers_that_there_are_count() {
    let world = World::with_lookups().await;
    answer(&world, Lookups { temporary_error: 0.5, ..Lookups::default() });
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    ours.contacts(&group, 60).await;
    world.until("job where kind = 'carrier-lookup' and state = 'pending' and run_at > clock_timestamp()", 1).await;
    let known = world.harness.count("contact where looked_up_at is not null").await;
    assert!((10..=50).contains(&known), "{known} of 60");
    answer(&world, Lookups::default());
    looked_up(&world, 60).await;
    world.finish().await;
}

#[tokio::test]
async fn s10_texts_count_under_the_cap_of_the_carrier_that_a_lookup_names() {
    let world = World::with_lookups().await;
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
    world
        .harness
        .execute(&["update contact set looked_up_at = now() - interval '91 days' where e164 = '+16465550001'"])
        .await;
    // What is held to the next day must not be cancelled by the goal's end.
    world.harness.execute(&["update goal set closes_at = clock_timestamp() + interval '3 days'"]).await;
    crate::rates::send_all(&agent.client, &goal).await;
    world.until("message where state = 'delivered'", 1).await;
    world.until("message where state = 'held' and reason = 'cap'", 1).await;
    assert_eq!(world.harness.count("cap_ledger where carrier = 'verizon' and settled = 1").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn c5_nobody_is_looked_up_where_the_organization_does_not_want_it() {
    let world = World::with_lookups().await;
    let ours = world.organization("Ours").await;
    ours.set(json!({ "carrier_lookups": false, "lookup_max_age_days": 30 })).await;
    let group = ours.group("One").await;
    ours.contacts(&group, 5).await;
    ours.open_goal(&world, &group, json!({})).await;
    world.settled().await;
    assert_eq!(world.carrier().lookups(), 0);
    assert_eq!(world.harness.count("contact where line_type = 'unknown' and looked_up_at is null").await, 5);
    world.finish().await;
}
