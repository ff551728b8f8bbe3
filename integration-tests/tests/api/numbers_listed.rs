//! Numbers with the group and the agent that have them, and edits of groups (rules A1, A3, A4, A5).

use muster_integration_tests::{Call, World, ahead, days, goal_at, text};
use reqwest::Method;
use serde_json::{Value, json};

fn numbers(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|one| text(&one["number"])).collect()
}

#[tokio::test]
async fn a3_numbers_are_listed_with_their_group_and_agent() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (mine, other) = (ours.group("Mine").await, ours.group("Other").await);
            let (admin, _) = ours.member_of("group_admin", &[&mine]).await;
            let ((agent, one), (_, two)) = (ours.agent(&mine).await, ours.agent(&other).await);
            ours.add_numbers(&["+12125559999"]).await;
            let list = async |query: &str| ours.admin.get(&ours.at(&format!("numbers?{query}"))).await.ok();
            let mut all = vec![one.clone(), two.clone(), "+12125559999".to_owned()];
            all.sort();
            assert_eq!(numbers(&list("").await), all);
            assert_eq!(numbers(&list("free=true").await), ["+12125559999"]);
            let page = list(&format!("group_id={mine}")).await;
            assert_eq!(numbers(&page), [one.as_str()]);
            let item = &page["items"][0];
            assert_eq!((&item["group_id"], &item["group_name"]), (&json!(mine), &json!("Mine")));
            assert_eq!((&item["agent_id"], &item["agent_name"]), (&json!(agent.id), &json!("Ada agent")));
            assert_eq!(item["area_code"], "212");
            let first = list("limit=2").await;
            let rest = list(&format!("limit=2&cursor={}", text(&first["next"]))).await;
            assert_eq!([numbers(&first), numbers(&rest)].concat(), all);
            // Rule A5.
            let seen = admin.client.get(&ours.at("numbers")).await.ok();
            assert_eq!(numbers(&seen), [one.as_str()]);
            admin.client.get(&ours.at(&format!("numbers?group_id={other}"))).await.problem(404, "not-found");
            // A removed agent's number is free.
            let path = ours.at(&format!("members/{}", agent.id));
            ours.admin.call(Method::DELETE, &path, Call::empty()).await.ok();
            assert_eq!(numbers(&list("free=true").await), [one, "+12125559999".to_owned()]);
        })
        .await;
}

#[tokio::test]
async fn a1_a_group_is_edited_by_version_and_its_drafts_keep_their_time_on_the_clock() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let path = ours.at(&format!("groups/{group}"));
            let draft = goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({}));
            let draft = ours.draft(&group, draft).await;
            let etag = ours.admin.get(&path).await.header("etag").to_owned();
            let edit = async |body: Value, tag: &str| {
                ours.admin.call(Method::PATCH, &path, Call::json(&body).header("if-match", tag)).await
            };
            let moved =
                edit(json!({ "name": "West", "zone": "America/Los_Angeles", "area_code": "213" }), &etag).await.ok();
            assert_eq!((&moved["name"], &moved["zone"]), (&json!("West"), &json!("America/Los_Angeles")));
            edit(json!({ "name": "Late" }), &etag).await.problem(412, "edited-meanwhile");
            let goal = ours.goal(&draft).await;
            assert_eq!(
                (&goal["opens"], &goal["opens_at"]),
                (&json!("2027-06-01T10:00:00"), &json!("2027-06-01T17:00:00Z"))
            );
            edit(json!({ "zone": "Mars/Olympus" }), "*").await.problem(422, "invalid-body");

            // The times of a launched goal were told.
            world.goals().id(&draft).set("launched_at", ahead(days(0))).await;
            edit(json!({ "zone": "America/Denver" }), "*").await.problem(409, "conflict");
            edit(json!({ "name": "Still", "zone": "America/Los_Angeles" }), "*").await.ok();

            let (admin, _) = ours.member_of("group_admin", &[&group]).await;
            admin.client.patch(&path, json!({ "name": "Mine" })).await.problem(403, "forbidden");
        })
        .await;
}

#[tokio::test]
async fn a4_an_archived_group_takes_goals_again_after_it_is_taken_back_into_use() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let goal = goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({}));
            let draft = json!({ "group_id": group, "goal": goal });
            ours.admin.act(&ours.at(&format!("groups/{group}/archive"))).await.ok();
            ours.admin.post(&ours.at("goals"), draft.clone()).await.problem(409, "conflict");
            ours.admin.act(&ours.at(&format!("groups/{group}/unarchive"))).await.ok();
            let read = ours.admin.get(&ours.at(&format!("groups/{group}"))).await.ok();
            assert_eq!((&read["archived"], &read["version"]), (&json!(false), &json!(3)));
            ours.admin.post(&ours.at("goals"), draft).await.ok();
        })
        .await;
}
