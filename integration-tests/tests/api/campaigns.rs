//! Campaigns: one goal for each of their groups (rules G10 and A4).

use std::collections::BTreeSet;

use muster_integration_tests::{World, goal_at, text};
use serde_json::{Value, json};

use crate::goals::goal;

/// Rule G10.
#[tokio::test]
async fn g10_a_campaign_opens_at_the_same_local_time_everywhere_and_obeys_as_a_whole() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let zones = ["America/New_York", "America/Chicago", "America/Phoenix", "Pacific/Honolulu"];
            let mut groups = Vec::new();
            for zone in zones {
                groups.push(ours.group_in(zone, zone).await);
            }
            let new = |goal: Value| json!({ "name": "Everywhere", "group_ids": groups, "goal": goal });
            let made = ours.admin.post(&ours.at("campaigns"), new(goal(json!({})))).await.ok();
            let opens: Vec<&str> =
                made["goals"].as_array().unwrap().iter().map(|goal| goal["opens_at"].as_str().unwrap()).collect();
            let wanted =
                ["2027-06-01T14:00:00Z", "2027-06-01T15:00:00Z", "2027-06-01T17:00:00Z", "2027-06-01T20:00:00Z"];
            assert_eq!(opens, wanted);
            let instant = goal_at("2027-06-01T16:00:00Z", "2027-06-01T23:00:00Z", json!({}));
            let at_once = ours.admin.post(&ours.at("campaigns"), new(instant)).await.ok();
            for goal in at_once["goals"].as_array().unwrap() {
                assert_eq!(goal["opens_at"], "2027-06-01T16:00:00Z");
            }

            let path = ours.at(&format!("campaigns/{}", text(&made["id"])));
            let statuses = async || -> BTreeSet<String> {
                let read = ours.admin.get(&path).await.ok();
                assert_eq!((&read["name"], read["goals"].as_array().unwrap().len()), (&json!("Everywhere"), 4));
                read["goals"].as_array().unwrap().iter().map(|goal| text(&goal["status"])).collect()
            };
            let one = |status: &str| BTreeSet::from([status.to_owned()]);
            assert_eq!(statuses().await, one("scheduled"));
            for (action, status) in
                [("pause", "paused"), ("pause", "paused"), ("resume", "scheduled"), ("resume", "scheduled")]
            {
                assert_eq!(ours.admin.act(&format!("{path}/{action}")).await.status, 204);
                assert_eq!(statuses().await, one(status), "{action}");
            }
            assert_eq!(ours.admin.act(&format!("{path}/close")).await.status, 204);
            assert_eq!(statuses().await, one("completed"));

            // All or none: one group of many is archived.
            ours.admin.act(&ours.at(&format!("groups/{}/archive", groups[3]))).await.ok();
            let before = world.contents().await;
            ours.admin.post(&ours.at("campaigns"), new(goal(json!({})))).await.problem(404, "not-found");
            ours.admin
                .post(&ours.at("campaigns"), new(goal(json!({ "script": "No" }))))
                .await
                .problem(422, "invalid-body");
            assert_eq!(world.contents().await, before);
        })
        .await;
}

/// Rule G10: a group that is named twice has one goal of the campaign, or the request is refused;
/// else its contacts are texted twice.
#[tokio::test]
async fn g10_a_group_that_is_named_twice_has_one_goal() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let twice = json!({ "name": "Twice", "group_ids": [group, group], "goal": goal(json!({})) });
            let answer = ours.admin.post(&ours.at("campaigns"), twice).await;
            let goals = world.goals().has("launched_at").count().await;
            assert!(matches!((answer.status, goals), (201, 1) | (422, 0)), "{goals} launched goals: {}", answer.text);
        })
        .await;
}

/// Rule A4.
#[tokio::test]
async fn a4_an_archived_group_takes_no_new_goals() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            for _ in 0..2 {
                assert_eq!(ours.admin.act(&ours.at(&format!("groups/{group}/archive"))).await.status, 204);
            }
            let body = json!({ "group_id": group, "goal": goal(json!({})) });
            ours.admin.post(&ours.at("goals"), body).await.problem(409, "conflict");
            let read = ours.admin.get(&ours.at(&format!("groups/{group}"))).await.ok();
            assert_eq!(read["archived"], true, "it is still there");
        })
        .await;
}
