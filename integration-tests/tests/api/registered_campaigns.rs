//! Several registered campaigns of a brand, each with its pace and its numbers (rule S4).

use muster_integration_tests::{Organization, World, text};
use serde_json::json;

use crate::rates::send_all;

async fn add(ours: &Organization, body: serde_json::Value) -> String {
    text(&ours.admin.post(&ours.at("registered-campaigns"), body).await.ok()["id"])
}

#[tokio::test]
async fn s4_a_registered_campaign_has_its_class_and_numbers_of_the_organization() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.add_numbers(&["+12125559911", "+12125559912"]).await;
            let first = add(&ours, json!({ "name": "Political", "class": "K" })).await;
            let second = add(&ours, json!({ "name": "Slow", "class": "T", "segments_per_minute": { "att": 50, "verizon": 60 } })).await;
            let numbers = |id: &str| ours.at(&format!("registered-campaigns/{id}/numbers"));
            ours.admin.put(&numbers(&first), json!({ "numbers": ["+12125559911", "+12125559912"] })).await.ok();
            ours.admin.put(&numbers(&second), json!({ "numbers": ["+12125559912"] })).await.ok();
            let listed = ours.admin.get(&ours.at("registered-campaigns")).await.ok();
            assert_eq!(
                listed,
                json!([
                    { "id": first, "name": "Political", "class": "K", "segments_per_minute": { "att": 4500 }, "numbers": ["+12125559911"] },
                    { "id": second, "name": "Slow", "class": "T", "segments_per_minute": { "att": 50, "verizon": 60 }, "numbers": ["+12125559912"] },
                ])
            );
            let theirs = world.organization("Theirs").await;
            theirs.admin.get(&theirs.at("registered-campaigns")).await.ok().as_array().unwrap().is_empty().then_some(()).unwrap();
            let foreign = theirs.at(&format!("registered-campaigns/{first}"));
            theirs.admin.put(&foreign, json!({ "name": "Mine" })).await.problem(404, "not-found");
            ours.admin.put(&numbers(&first), json!({ "numbers": ["+12125550000"] })).await.problem(422, "invalid-body");
            let unknown = json!({ "name": "Odd", "class": "Z" });
            ours.admin.post(&ours.at("registered-campaigns"), unknown).await.problem(422, "invalid-body");
        })
        .await;
}

/// A slow campaign keeps its own numbers' texts back, and no others.
#[tokio::test]
async fn s4_texts_take_time_in_the_lane_of_their_numbers_campaign() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let slow = add(&ours, json!({ "name": "Slow", "segments_per_minute": { "att": 1 } })).await;
            let mut agents = Vec::new();
            for name in ["Slow", "Fast"] {
                let group = ours.group(name).await;
                let (agent, number) = ours.agent(&group).await;
                agents.push((group, agent, number));
            }
            let path = ours.at(&format!("registered-campaigns/{slow}/numbers"));
            ours.admin.put(&path, json!({ "numbers": [agents[0].2] })).await.ok();
            for (group, agent, _) in &agents {
                ours.contacts(group, 5).await;
                world.contacts().set("carrier", "att").await;
                let goal = ours.open_goal(&world, group, json!({})).await;
                send_all(&agent.client, &goal).await;
            }
            let of = |number: &str, state: &str| {
                let thread = format!("thread_id in (select id from thread where sender_e164 = '{number}')");
                world.messages().kind("initial").state(state).and(&thread)
            };
            of(&agents[1].2, "delivered").until(5).await;
            of(&agents[0].2, "held").reason("rate").until(4).await;
            let lane = format!("carrier:{slow}:att");
            assert_eq!(world.rows("rate_lane").is("key", &lane).above("waiting_segments", 0).count().await, 1);
            // A faster pace lets them go on.
            let faster = json!({ "name": "Slow", "segments_per_minute": { "att": 60_000 } });
            ours.admin.put(&ours.at(&format!("registered-campaigns/{slow}")), faster).await.ok();
            of(&agents[0].2, "delivered").until(5).await;
        })
        .await;
}
