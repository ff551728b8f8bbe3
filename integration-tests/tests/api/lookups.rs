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
async fn s10_more_than_a_page_is_looked_up_though_the_api_fails_now_and_then() {
    let world = World::with_lookups().await;
    answer(&world, Lookups { temporary_error: 0.002, ..Lookups::default() });
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    ours.contacts(&group, 1_200).await;
    looked_up(&world, 1_200).await;
    assert_eq!(world.harness.count("job where kind = 'carrier-lookup' and state <> 'succeeded'").await, 0);
    // What came before an error is kept; what was under way beside it is asked for again.
    assert!(world.carrier().lookups() < 1_400, "{} lookups of 1,200 numbers", world.carrier().lookups());
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
