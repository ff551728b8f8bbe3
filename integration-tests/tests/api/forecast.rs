//! A forecast under a cap, and the events that follow (rules S3, S6 and S11).

use chrono::{NaiveDate, TimeDelta};
use muster_integration_tests::{Organization, World, open_goal};
use serde_json::{Value, json};

use crate::rates::send_all;

async fn forecast(ours: &Organization, goal: &str) -> Value {
    ours.admin.get(&ours.at(&format!("goals/{goal}/forecast"))).await.ok()
}

/// Segments by carrier day, in order.
fn days(told: &Value) -> Vec<(NaiveDate, i64)> {
    let days = told["segments_by_day"].as_object().unwrap().iter();
    let mut days: Vec<_> = days.map(|(day, segments)| (day.parse().unwrap(), segments.as_i64().unwrap())).collect();
    days.sort_unstable();
    days
}

/// The carrier's day turns: past texts are so many days old, and texts that wait for the next day
/// are due.
async fn turn_the_day(world: &World, days: usize) {
    world
        .execute(&[
            &format!("update cap_ledger set day = day - {days}"),
            &format!("update message set cap_day = cap_day - {days} where cap_day is not null"),
            "update message set held_until = clock_timestamp() where state = 'held' and reason = 'cap'",
            "update timer set fire_at = clock_timestamp() where kind = 'hold-ends'",
        ])
        .await;
}

#[tokio::test]
async fn s11_each_day_under_a_cap_has_the_texts_that_were_forecast() {
    World::with_moved_clock()
        .run(async |world| {
            world.at_the_carriers_noon().await;
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 10).await;
            ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 4 })).await.ok();
            let closes = (world.now().await + TimeDelta::days(3)).to_rfc3339();
            let plan = json!({ "closes": closes, "release_plan": { "pace": "all_at_open", "paced_to_caps": false } });
            let goal = ours.draft(&group, open_goal(&world, plan).await).await;
            let told = forecast(&ours, &goal).await;
            assert_eq!((&told["reached"], &told["unreached"]), (&json!(10), &json!(0)), "{told}");
            assert!(told["finishes_at"].is_string(), "{told}");
            let told = days(&told);
            assert_eq!(told.iter().map(|(_, segments)| *segments).collect::<Vec<_>>(), [4, 4, 2]);

            ours.goal_act(&goal, "launch").await;
            world.goals().has("partitioned_at").until(1).await;
            world.batches().state("held").until(0).await;
            send_all(&agent.client, &goal).await;
            let mut gone = 0;
            for (nth, (_, segments)) in told.iter().enumerate() {
                gone += segments;
                world.messages().state("delivered").until(gone).await;
                world.messages().state("held").reason("cap").until(10 - gone).await;
                world.settled().await;
                let accepted: i64 = world.carrier().accepted().iter().map(|text| i64::from(text.segments)).sum();
                assert_eq!(accepted, gone, "day {nth}");
                let Some((tomorrow, _)) = told.get(nth + 1) else { break };
                // The database's day is still the first one.
                let waits = format!(
                    "message where state = 'held' and held_until = (date '{tomorrow}' - {nth})::timestamp at time \
                 zone 'America/Los_Angeles'"
                );
                assert_eq!(world.count(&waits).await, 10 - gone, "who waits knows until when");
                if nth == 0 {
                    let now = forecast(&ours, &goal).await;
                    assert_eq!((now["reached"].as_i64(), days(&now)), (Some(6), told[1..].to_vec()), "{now}");
                }
                // Further each time, so that no two days meet on the way.
                turn_the_day(&world, 1 + 10 * nth).await;
            }
            let over = forecast(&ours, &goal).await;
            assert_eq!((&over["reached"], &over["unreached"]), (&json!(0), &json!(0)), "nobody is left: {over}");
        })
        .await;
}
