//! Edits and copies of goals (rules G6, G8 and G9).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use muster_integration_tests::{Call, World, open_goal, set, text};
use reqwest::Method;
use serde_json::json;

use crate::goals::{DAY, goal};

#[tokio::test]
async fn g6_after_launch_targeting_type_and_reminders_stay_and_the_rest_can_change() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            world.plant_tags(&ours.id, &["a"]).await;
            let content = goal(json!({}));
            let id = ours.draft(&group, content.clone()).await;
            let path = ours.at(&format!("goals/{id}"));
            ours.goal_act(&id, "launch").await;
            let before = world.contents().await;
            let reminder = json!({ "script": "Reply STOP", "opens": DAY.0, "closes": DAY.1 });
            for more in [
                json!({ "targeting": { "tags_all": ["a"] } }),
                json!({ "goal_type": "turnout" }),
                json!({ "strategy": "assigned" }),
                json!({ "release_plan": { "pace": { "every": { "batches": 1, "minutes": 5 } } } }),
                json!({ "reminder": reminder }),
            ] {
                let mut edit = content.clone();
                set(&mut edit, more.clone());
                ours.admin.put(&path, edit).await.problem(409, "conflict");
                assert_eq!(world.contents().await, before, "{more}");
            }
            let mut edit = content.clone();
            set(
                &mut edit,
                json!({
                    "name": "March", "description": "For us", "instructions": "Be kind", "script": "Come! Reply STOP",
                    "date": "2027-06-05T09:00:00", "opens": "2027-06-01T11:00:00", "closes": "2027-06-03T10:00:00",
                }),
            );
            let answer = ours.admin.put(&path, edit).await.ok();
            for (name, value) in [
                ("name", "March"),
                ("description", "For us"),
                ("instructions", "Be kind"),
                ("script", "Come! Reply STOP"),
                ("opens_at", "2027-06-01T15:00:00Z"),
                ("closes_at", "2027-06-03T14:00:00Z"),
            ] {
                assert_eq!(answer[name], value, "{answer}");
            }
            let timers = "timer where fire_at in ('2027-06-01T15:00:00Z', '2027-06-03T14:00:00Z')";
            assert_eq!(world.count(timers).await, 2, "the timers have moved with it");

            // With reminders on, they cannot go off; their script can change.
            let with = goal(json!({ "reminder": reminder }));
            let id = ours.draft(&group, with.clone()).await;
            let path = ours.at(&format!("goals/{id}"));
            ours.goal_act(&id, "launch").await;
            ours.admin.put(&path, content).await.problem(409, "conflict");
            let mut edit = with;
            edit["reminder"]["script"] = "See you! Reply STOP".into();
            assert_eq!(ours.admin.put(&path, edit).await.ok()["reminder_script"], "See you! Reply STOP");
        })
        .await;
}

/// Rule G6 speaks of fields that cannot change after launch: a draft is still being written.
#[tokio::test]
async fn g6_everything_of_a_draft_can_change() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            world.plant_tags(&ours.id, &["a"]).await;
            let id = ours.draft(&group, goal(json!({}))).await;
            let path = ours.at(&format!("goals/{id}"));
            let mut wrong = Vec::new();
            for more in [
                json!({ "targeting": { "tags_all": ["a"] } }),
                json!({ "reminder": { "script": "Reply STOP", "opens": DAY.0, "closes": DAY.1 } }),
                json!({ "goal_type": "turnout" }),
                json!({ "strategy": "assigned" }),
                json!({ "release_plan": { "pace": { "every": { "batches": 1, "minutes": 5 } } } }),
            ] {
                let answer = ours.admin.put(&path, goal(more)).await;
                if answer.status != 200 {
                    wrong.push(answer.text);
                }
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
        })
        .await;
}

#[tokio::test]
async fn an_edit_of_an_old_version_answers_412() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let id = ours.draft(&group, goal(json!({}))).await;
            let path = ours.at(&format!("goals/{id}"));
            let read = ours.admin.get(&path).await;
            let etag = read.header("etag").to_owned();
            assert_eq!(etag, format!("\"{}\"", read.ok()["version"]));
            let put = async |etag: &str, name: &str| {
                let call = Call::json(&goal(json!({ "name": name }))).header("if-match", etag);
                ours.admin.call(Method::PUT, &path, call).await
            };
            let first = put(&etag, "First").await;
            first.ok();
            assert_ne!(first.header("etag"), etag);
            put(&etag, "Second").await.problem(412, "edited-meanwhile");
            put("\"garbage\"", "Third").await.problem(412, "edited-meanwhile");
            assert_eq!(ours.goal(&id).await["name"], "First");
            put(first.header("etag"), "Fourth").await.ok();

            // Two at once: one of them wins.
            let etag = ours.admin.get(&path).await.header("etag").to_owned();
            let (one, two) = tokio::join!(put(&etag, "One"), put(&etag, "Two"));
            let statuses = BTreeSet::from([one.status, two.status]);
            assert_eq!(statuses, BTreeSet::from([200, 412]));
        })
        .await;
}

/// RFC 9110, section 13.1.1: `If-Match: *` is any version, and a list is any of its versions.
#[tokio::test]
async fn if_match_takes_a_star_and_a_list() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            world.plant_tags(&ours.id, &["a"]).await;
            let id = ours.draft(&group, goal(json!({}))).await;
            let path = ours.at(&format!("goals/{id}"));
            let mut wrong = Vec::new();
            for (etag, version) in [("*", 1), ("\"9\", \"2\"", 2)] {
                let call = Call::json(&goal(json!({}))).header("if-match", etag);
                let answer = ours.admin.call(Method::PUT, &path, call).await;
                if answer.status != 200 {
                    wrong.push(format!("{etag} at version {version}: {}", answer.text));
                    ours.admin.put(&path, goal(json!({}))).await.ok();
                }
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
        })
        .await;
}

/// Rule G9.
#[tokio::test]
async fn g9_a_duplicate_is_a_draft_at_the_same_local_times_elsewhere() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (east, west) = (ours.group("East").await, ours.group_in("West", "America/Los_Angeles").await);
            world.plant_tags(&ours.id, &["a"]).await;
            let reminder = json!({ "script": "Reply STOP", "opens": "2027-06-01T18:00:00", "closes": DAY.1 });
            let id = ours.draft(&east, goal(json!({ "reminder": reminder, "targeting": { "tags_all": ["a"] } }))).await;
            ours.goal_act(&id, "launch").await;
            let path = ours.at(&format!("goals/{id}/duplicate"));
            let made = ours.admin.post(&path, json!({ "group_ids": [west, east], "name": "Again" })).await.ok();
            let west_copy = ours.goal(made["goals"][0]["id"].as_str().unwrap()).await;
            let wanted = json!({
                "status": "draft", "name": "Again", "zone": "America/Los_Angeles", "launched_at": null, "campaign_id": null,
                "opens": "2027-06-01T10:00:00", "opens_at": "2027-06-01T17:00:00Z", "closes_at": "2027-06-02T17:00:00Z",
                "reminder_opens_at": "2027-06-02T01:00:00Z", "reminder_closes_at": "2027-06-02T17:00:00Z",
            });
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(&west_copy[name], value, "{name} of {west_copy}");
            }
            assert_eq!(made["goals"][1]["group_id"], east.as_str());
            let named = ours.admin.post(&path, json!({ "group_ids": [east] })).await.ok();
            assert_eq!(ours.goal(named["goals"][0]["id"].as_str().unwrap()).await["name"], "Rally");

            let earlier = json!({ "targeting": { "earlier_goals": [{ "goal_id": id, "any_of": ["yes"] }] } });
            let second = ours.draft(&east, goal(earlier)).await;
            let path = ours.at(&format!("goals/{second}/duplicate"));
            ours.admin.post(&path, json!({ "group_ids": [west] })).await.problem(409, "conflict");
            ours.admin.act(&ours.at(&format!("groups/{west}/archive"))).await.ok();
            let path = ours.at(&format!("goals/{id}/duplicate"));
            let count = world.goals().count().await;
            ours.admin.post(&path, json!({ "group_ids": [east, west] })).await.problem(404, "not-found");
            assert_eq!(world.goals().count().await, count, "all or none");
        })
        .await;
}

/// Rules G6, G8 and G9: a goal that is closed early keeps the reminder window that it was to have,
/// and goes on being one to edit and to copy.
#[tokio::test]
async fn g9_a_goal_with_reminders_that_was_closed_early_can_be_renamed_and_duplicated() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (east, west) = (ours.group("East").await, ours.group_in("West", "America/Los_Angeles").await);
            let now = world.now().await;
            let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
            let reminder = json!({ "script": "Reply STOP", "opens": at(60), "closes": at(110) });
            let content = open_goal(&world, json!({ "reminder": reminder })).await;
            let alone = ours.draft(&east, content.clone()).await;
            ours.goal_act(&alone, "launch").await;
            let campaign = json!({ "name": "Everywhere", "group_ids": [east], "goal": content });
            let campaign = ours.admin.post(&ours.at("campaigns"), campaign).await.ok();
            let of_campaign = text(&campaign["goals"][0]["id"]);
            ours.goal_act(&alone, "close").await;
            let path = ours.at(&format!("campaigns/{}", text(&campaign["id"])));
            assert_eq!(ours.admin.act(&format!("{path}/close")).await.status, 204);
            for id in [&alone, &of_campaign] {
                let path = ours.at(&format!("goals/{id}"));
                // As an admin's screen sends it back.
                let closed = ours.goal(id).await;
                assert_eq!(closed["status"], "completed");
                let mut edit = content.clone();
                let reminder = json!({
                    "script": "Reply STOP", "opens": closed["reminder_opens_at"], "closes": closed["reminder_closes_at"],
                });
                set(
                    &mut edit,
                    json!({ "name": "Over", "opens": closed["opens"], "closes": closed["closes"], "reminder": reminder }),
                );
                let renamed = ours.admin.put(&path, edit.clone()).await.ok();
                for name in ["opens_at", "closes_at", "reminder_opens_at", "reminder_closes_at", "status"] {
                    assert_eq!(renamed[name], closed[name], "{name}");
                }
                assert_eq!(renamed["name"], "Over");

                let copies = json!({ "group_ids": [east, west], "name": "Again" });
                let made = ours.admin.post(&format!("{path}/duplicate"), copies).await.ok();
                for copy in made["goals"].as_array().unwrap() {
                    let copy = text(&copy["id"]);
                    let launch = ours.admin.act(&ours.at(&format!("goals/{copy}/launch"))).await;
                    launch.problem(409, "conflict");
                    // With times of its own it is a goal like any other.
                    let next = ours.admin.put(&ours.at(&format!("goals/{copy}")), content.clone()).await.ok();
                    assert_eq!((&next["status"], &next["name"]), (&json!("draft"), &json!("Rally")));
                    ours.goal_act(&copy, "launch").await;
                }
                // Open again, a window has to fit.
                let mut again = edit;
                set(&mut again, json!({ "closes": at(90) }));
                ours.admin.put(&path, again.clone()).await.problem(422, "invalid-body");
                set(&mut again, json!({ "closes": at(120) }));
                assert_eq!(ours.admin.put(&path, again).await.ok()["status"], "active");
            }
        })
        .await;
}
